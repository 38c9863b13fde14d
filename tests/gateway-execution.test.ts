/** What a client gets when subgraphs fail: the other parts whole, the missing one null with an error, never a guess. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import {
  answerJson,
  answerRoot,
  answerWith,
  type Fault,
  startTestGateway,
  startTinyGraph,
  type TestGateway,
  type TinyGraph,
} from "./gateway-graph.ts";

let graph: TinyGraph;
let gateway: TestGateway;

beforeAll(async () => {
  graph = await startTinyGraph();
  gateway = await startTestGateway(graph.sdl, { SUBGRAPH_TIMEOUT_MS: "2000", SUBGRAPH_MAX_BYTES: "100000" });
});
afterEach(() => {
  for (const each of Object.values(graph.subgraphs)) {
    each.fault = null;
    each.requests.length = 0;
  }
});
afterAll(async () => {
  await gateway.close();
  await graph.close();
});

const record = `query ($by: PersonIdentifier!) {
  person(by: $by) {
    fin
    courtCases { id caseType kind orders { decidedAt } source { system asOf } }
    custodyStays { id }
  }
}`;
const by = { aNumber: "A 000-000-011" };
const courtPath = ["person", "courtCases"];
/** The key by which the court found the person: every answer about an entity names it. */
const fin = "FIN000001";

test("one operation is answered from three subgraphs, identifiers in canonical form", async () => {
  const { status, body } = await gateway.ask(record, { by });
  expect(status).toBe(200);
  expect(body.errors).toBeUndefined();
  expect(body.data.person.courtCases.map(({ id }: { id: string }) => id)).toEqual(["C000000011", "C000000012"]);
  expect(body.data.person.custodyStays).toEqual([{ id: "SFIN000001" }]);
  expect(graph.subgraphs.people.requests[0]?.variables).toEqual({ v1_: { aNumber: "000000011" } });
});

describe("one subgraph fails: its part is null with an error naming agency and code, the rest is whole", () => {
  const hang: Fault = (request) => void request.resume();
  const drip: Fault = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(" "), 50);
    response.once("close", () => clearInterval(timer));
  };
  const broken = "SUBREQUEST_MALFORMED_RESPONSE";
  const entities = (...values: unknown[]) => answerJson({ data: { _entities: values } });
  const faults: readonly [string, Fault, string][] = [
    ["is down", (request) => void request.socket.destroy(), "SUBREQUEST_HTTP_ERROR"],
    ["never answers", hang, "GATEWAY_TIMEOUT"],
    ["answers one byte at a time", drip, "GATEWAY_TIMEOUT"],
    ["answers 500", answerWith(500, "application/json", "{}"), "SUBREQUEST_HTTP_ERROR"],
    ["answers 401 with a page", answerWith(401, "text/html", "<h1>no</h1>"), "SUBREQUEST_HTTP_ERROR"],
    ["redirects", answerWith(302, "application/json", '{"data":{"_entities":[null]}}'), "SUBREQUEST_HTTP_ERROR"],
    ["answers 200 with a page", answerWith(200, "text/html", "<h1>hello</h1>"), broken],
    ["answers truncated JSON", answerWith(200, "application/json", '{"data":{"_entities":[{"courtC'), broken],
    ["answers text that is not UTF-8", answerWith(200, "application/json", Buffer.from([0x22, 0xe9, 0x22])), broken],
    ["answers far too much", answerWith(200, "application/json", `{"data":"${"x".repeat(200_000)}"}`), broken],
    ["answers nothing", answerWith(200, "application/json", ""), broken],
    ["answers a list", answerJson([]), broken],
    ["answers null", answerJson(null), broken],
    ["answers without data", answerJson({ data: null }), broken],
    ["answers for nobody", entities(), broken],
    ["answers for two where one was asked", entities({ courtCases: [] }, { courtCases: [] }), broken],
    ["answers a text for the entity", entities("person"), broken],
    ["answers another type of entity", entities({ __typename: "CourtCase", courtCases: [] }), "ENTITY_MISMATCH"],
    ["leaves the field out", entities({ __typename: "Person", fin }), broken],
    ["leaves the key out", entities({ __typename: "Person", courtCases: [] }), broken],
    ["answers about another person", entities({ fin: "FIN000002", courtCases: [] }), "ENTITY_MISMATCH"],
    ["answers about nobody", entities({ fin: null, courtCases: [] }), "ENTITY_MISMATCH"],
    ["answers a text for the list", entities({ fin, courtCases: "none" }), broken],
    ["answers an object for the list", entities({ fin, courtCases: {} }), broken],
    ["answers with an error of its own", answerJson({ errors: [{ message: "A000000011 boom" }] }), "SUBGRAPH_ERROR"],
    [
      "answers null with an error that does not say where",
      answerJson({ data: { _entities: [{ fin, courtCases: null }] }, errors: [{ message: "A000000011 boom" }] }),
      "SUBGRAPH_ERROR",
    ],
    [
      "answers null for the entity with an error there",
      answerJson({
        data: { _entities: [null] },
        errors: [{ path: ["_entities", 0], extensions: { code: "SOURCE_TIMEOUT" } }],
      }),
      "SOURCE_TIMEOUT",
    ],
    [
      "answers with a code that may pass",
      answerJson({
        data: { _entities: [{ fin, courtCases: null }] },
        errors: [{ path: ["_entities", 0, "courtCases"], extensions: { code: "SOURCE_UNAVAILABLE" } }],
      }),
      "SOURCE_UNAVAILABLE",
    ],
  ];
  test.each(faults)("when it %s", async (_title, fault, code) => {
    graph.subgraphs.court.fault = fault;
    const { status, body, text } = await gateway.ask(record, { by });
    expect(status).toBe(200);
    expect(body.data).toEqual({ person: { fin: "FIN000001", courtCases: null, custodyStays: [{ id: "SFIN000001" }] } });
    expect(body.errors).toEqual([
      { message: expect.any(String), path: courtPath, extensions: { code, agency: "court" } },
    ]);
    expect(text).not.toContain("000000011");
    expect(text).not.toContain("boom");
  });
});

describe("inside an answer", () => {
  const court = (entity: object, errors?: unknown) =>
    answerJson({ data: { _entities: [{ fin, ...entity }] }, ...(errors ? { errors } : {}) });
  const good = {
    id: "C1",
    caseType: "RMV",
    kind: "REMOVAL",
    orders: [],
    source: { system: "CASE", asOf: "2026-10-19" },
  };
  const broken = "SUBREQUEST_MALFORMED_RESPONSE";

  test.each([
    ["a number for a text", { ...good, caseType: 7 }, { caseType: null }, ["caseType"]],
    ["an unknown member of an enum", { ...good, kind: "OTHER" }, { kind: null }, ["kind"]],
    ["a text for a list", { ...good, orders: "none" }, { orders: null }, ["orders"]],
    ["a list element that is no object", { ...good, orders: [3] }, { orders: null }, ["orders", 0]],
  ])("%s is null with an error at its own path, and what is beside it stays", async (_title, given, expected, at) => {
    graph.subgraphs.court.fault = court({ courtCases: [good, given] });
    const { body } = await gateway.ask(record, { by });
    expect(body.data.person.courtCases).toEqual([good, { ...good, ...expected }]);
    expect(body.errors).toEqual([
      { message: expect.any(String), path: [...courtPath, 1, ...at], extensions: { code: broken, agency: "court" } },
    ]);
  });

  test("a null where none may be makes the list null, with the error where it happened", async () => {
    graph.subgraphs.court.fault = court({ courtCases: [good, { ...good, source: null }] });
    const { body } = await gateway.ask(record, { by });
    expect(body.data.person.courtCases).toBeNull();
    expect(body.errors?.map(({ path }) => path)).toEqual([[...courtPath, 1, "source"]]);
  });

  test("an error about a list that was answered all the same reaches the client beside the list", async () => {
    const error = {
      message: "CASE: 2 rows, one of A000000011",
      path: ["_entities", 0, "courtCases"],
      extensions: { code: "RECORD_UNREADABLE", system: "CASE", count: 2, row: "A000000011" },
    };
    graph.subgraphs.court.fault = court({ courtCases: [good] }, [error]);
    const { body, text } = await gateway.ask(record, { by });
    expect(body.data.person.courtCases).toEqual([good]);
    expect(body.errors).toEqual([
      {
        message: expect.any(String),
        path: courtPath,
        extensions: { code: "RECORD_UNREADABLE", agency: "court", system: "CASE" },
      },
    ]);
    expect(text).not.toContain("A000000011");
  });

  test("a system's name that is not of its form does not pass", async () => {
    const error = {
      path: ["_entities", 0, "courtCases"],
      extensions: { code: "SOURCE_REFUSED", system: "A 000000011" },
    };
    graph.subgraphs.court.fault = court({ courtCases: null }, [error]);
    const { body } = await gateway.ask(record, { by });
    expect(body.errors?.[0]?.extensions).toEqual({ code: "SOURCE_REFUSED", agency: "court" });
  });

  test("members called __proto__ change nothing and reach nobody", async () => {
    graph.subgraphs.court.fault = answerWith(
      200,
      "application/json",
      '{"data":{"_entities":[{"__proto__":{"polluted":1},"fin":"FIN000001","courtCases":[]}]},"__proto__":{"polluted":1}}',
    );
    const { body } = await gateway.ask(record, { by });
    expect(body.data.person.courtCases).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("what a later fetch needs", () => {
  test("null with an error is not sent on as a fact: the dependent part is null with that same error", async () => {
    graph.subgraphs.people.fault = answerRoot({ __typename: "Person", fin: "FIN000001", aNumbers: null }, [
      { path: ["#", "aNumbers"], extensions: { code: "SOURCE_UNAVAILABLE", system: "IDENT" } },
    ]);
    const { body } = await gateway.ask(record, { by });
    expect(body.data.person).toEqual({ fin: "FIN000001", courtCases: null, custodyStays: [{ id: "SFIN000001" }] });
    expect(body.errors).toEqual([
      {
        message: expect.any(String),
        path: courtPath,
        extensions: { code: "SOURCE_UNAVAILABLE", agency: "people", system: "IDENT" },
      },
    ]);
    expect(graph.subgraphs.court.requests).toHaveLength(0);
  });

  test("missing without any error is not sent on either", async () => {
    graph.subgraphs.people.fault = answerRoot({ __typename: "Person", fin: "FIN000001" });
    const { body } = await gateway.ask(record, { by });
    expect(body.data.person.courtCases).toBeNull();
    expect(body.errors?.map(({ path, extensions }) => [path, extensions.agency])).toEqual([[courtPath, "people"]]);
    expect(graph.subgraphs.court.requests).toHaveLength(0);
  });

  test("null without an error is a fact", async () => {
    graph.subgraphs.people.fault = answerRoot({ __typename: "Person", fin: "FIN000001", aNumbers: null });
    const { body } = await gateway.ask(record, { by });
    expect(body.data.person.courtCases).toEqual([]);
    expect(body.errors).toBeUndefined();
  });

  test.each<[string, readonly unknown[], number, unknown, readonly unknown[], number]>([
    ["what was found with a list that lacks records says so", ["000000011"], 9, [{ id: "C000000011" }], [], 1],
    ["nothing found with a list that lacks records is null, not empty", ["000000011"], 0, null, [], 1],
    ["a list with a null that is an error is not sent on", [null, "000000011"], 9, null, [0], 0],
  ])("%s", async (_title, aNumbers, first, courtCases, below, asked) => {
    graph.subgraphs.people.fault = answerRoot({ __typename: "Person", fin: "FIN000001", aNumbers }, [
      { path: ["#", "aNumbers", ...below], extensions: { code: "RECORD_UNREADABLE", system: "IDENT" } },
    ]);
    const { body } = await gateway.ask(
      `query ($by: PersonIdentifier!) { person(by: $by) { courtCases(first: ${first}) { id } } }`,
      { by },
    );
    expect(body.data.person).toEqual({ courtCases });
    expect(body.errors).toEqual([
      {
        message: expect.any(String),
        path: courtPath,
        extensions: { code: "RECORD_UNREADABLE", agency: "people", system: "IDENT" },
      },
    ]);
    expect(graph.subgraphs.court.requests).toHaveLength(asked);
  });

  test("in a list only the tainted element is left out, and its error says which one it is", async () => {
    const [first, second] = ["FIN000001", "FIN000002"];
    graph.subgraphs.people.fault = answerRoot(
      [
        { __typename: "Person", fin: first, aNumbers: null },
        { __typename: "Person", fin: second, aNumbers: ["000000021"] },
      ],
      [{ path: ["#", 0, "aNumbers"], extensions: { code: "SOURCE_TIMEOUT" } }],
    );
    const { body } = await gateway.ask("{ all: people { courts: courtCases { id } } }");
    expect(body.data.all).toEqual([{ courts: null }, { courts: [{ id: "C000000021" }] }]);
    expect(body.errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["all", 0, "courts"], "SOURCE_TIMEOUT"],
    ]);
    expect(graph.subgraphs.court.requests[0]?.variables.representations).toHaveLength(1);
  });
});

test("an error about one element of a list that was answered says which element it is", async () => {
  const incomplete = {
    path: ["_entities", 1, "courtCases"],
    extensions: { code: "RECORD_UNREADABLE", system: "CASE" },
  };
  graph.subgraphs.court.fault = answerJson({
    data: {
      _entities: [
        { fin: "FIN000001", courtCases: [] },
        { fin: "FIN000002", courtCases: [] },
      ],
    },
    errors: [incomplete],
  });
  const { body } = await gateway.ask("{ people { courtCases { id } } }");
  expect(body.data.people).toEqual([{ courtCases: [] }, { courtCases: [] }]);
  expect(body.errors?.map(({ path }) => path)).toEqual([["people", 1, "courtCases"]]);
});

test("the root subgraph down leaves null with an error at the client's own key", async () => {
  graph.subgraphs.people.fault = (request) => void request.socket.destroy();
  const { body } = await gateway.ask('{ who: person(by: { fin: "FIN000001" }) { fin } }');
  expect(body.data).toEqual({ who: null });
  expect(body.errors?.[0]).toMatchObject({
    path: ["who"],
    extensions: { code: "SUBREQUEST_HTTP_ERROR", agency: "people" },
  });
});

test("codes of a subgraph's own, its texts and its other extensions do not pass", async () => {
  const { body, text } = await gateway.ask("{ unsure }");
  expect(body.errors).toEqual([
    { message: expect.any(String), path: ["unsure"], extensions: { code: "SUBGRAPH_ERROR", agency: "people" } },
  ]);
  expect(text).not.toContain("000000011");
});

test("a subgraph that answers 401 is told of, once until it answers again, with its name and nothing else", async () => {
  const before = gateway.lines.length;
  const refuse = answerWith(401, "text/plain", "A000000011 not signed by the gateway");
  for (const fault of [refuse, refuse, null, refuse]) {
    graph.subgraphs.people.fault = fault;
    await gateway.ask("{ people { fin } }");
  }
  const told = gateway.lines.slice(before).filter((line) => line.includes("signature-refused"));
  expect(told.map((line) => JSON.parse(line))).toEqual(
    [1, 2].map(() => ({
      time: expect.any(String),
      event: "signature-refused",
      subgraph: "people",
      remedy: "compare its key with the gateway's, and both clocks",
    })),
  );
  const metrics = await (await fetch(`${gateway.internalUrl}/metrics`)).text();
  expect(metrics).toContain('crosswalk_subgraph_signatures_refused_total{subgraph="people"} 3');
});

test("an identifier of several persons is refused by its owner under its own code", async () => {
  const { body, text } = await gateway.ask('{ person(by: { fbiNumber: "999" }) { fin } }');
  expect(body.data).toEqual({ person: null });
  expect(body.errors?.[0]).toMatchObject({
    path: ["person"],
    extensions: { code: "AMBIGUOUS_IDENTIFIER", system: "IDENT" },
  });
  expect(text).not.toContain("999");
});

test("nobody by that identifier is null without an error, and nobody else is asked", async () => {
  const { body } = await gateway.ask(record, { by: { fin: "FIN000009" } });
  expect(body).toEqual({ data: { person: null } });
  expect(graph.subgraphs.court.requests).toHaveLength(0);
});

test("when the client goes, the subgraph's request goes too", async () => {
  // Without that it would go with its timeout, after a minute.
  const patient = await startTestGateway(graph.sdl, { SUBGRAPH_TIMEOUT_MS: "60000" });
  const gone = new Promise<void>((resolve) => {
    graph.subgraphs.people.fault = (request) => void request.socket.once("close", () => resolve());
  });
  const asked = new Promise<void>((resolve) => {
    const fault = graph.subgraphs.people.fault;
    graph.subgraphs.people.fault = (request, response) => {
      fault?.(request, response);
      resolve();
    };
  });
  const leaving = new AbortController();
  const answer = fetch(patient.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ unsure }" }),
    signal: leaving.signal,
  }).catch(() => "left");
  await asked;
  const startedAt = performance.now();
  leaving.abort();
  await gone;
  expect(await answer).toBe("left");
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await patient.close();
});

test("what is not kept is not joined by who asks after something of its source was announced", async () => {
  const folder = await mkdtemp(join(tmpdir(), "subgraphs-"));
  const file = join(folder, "subgraphs.json");
  await writeFile(file, JSON.stringify([{ name: "people", systems: ["IDENT"], fetches: "common" }]));
  const watched = await startTestGateway(graph.sdl, { GATEWAY_SUBGRAPHS: file });
  const announce = (message: object) =>
    fetch(`${watched.internalUrl}/changes`, {
      method: "POST",
      body: JSON.stringify({
        subgraph: "people",
        message: { source: "IDENT", epoch: "e", heartbeat: null, ...message },
      }),
    });
  expect((await announce({ seq: 0, changes: [] })).status).toBe(200);
  const { people } = graph.subgraphs;
  const held = Promise.withResolvers<void>();
  const isAsked = Promise.withResolvers<void>();
  people.fault = (request, response) => {
    people.fault = null;
    request.resume();
    void held.promise.then(() =>
      response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"people":[]}}'),
    );
    isAsked.resolve();
  };
  const first = watched.ask("{ people { fin } }");
  await isAsked.promise;
  expect((await announce({ seq: 1, changes: [{ about: [["ANumber", "200000001"]] }] })).status).toBe(200);
  const second = await watched.ask("{ people { fin } }");
  expect(second.body.data).not.toEqual({ people: [] });
  held.resolve();
  expect((await first).body.data).toEqual({ people: [] });
  await watched.close();
  await rm(folder, { recursive: true });
});
