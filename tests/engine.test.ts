/** What the engine promises of every plan: nothing is attributed to another, nothing is polluted, parts come when they are there. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
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
  gateway = await startTestGateway(graph.sdl);
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

type Sent = { readonly variables: { readonly representations: readonly { readonly fin: string }[] } };

/** Answers an entity fetch by what was asked of it. */
function answering(answer: (fins: readonly string[]) => unknown): Fault {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as Sent;
      answerJson(answer(variables.representations.map(({ fin }) => fin)))(request, response);
    });
  };
}

describe("T72: an answer about another person is never attributed to this one", () => {
  const count = 100;
  const fins = Array.from({ length: count }, (_, index) => `FIN${String(index).padStart(6, "0")}`);
  const rounds = Number(process.env.PROOF_ROUNDS ?? 60);
  const entity = (fin: string) => ({ fin, custodyStays: [{ id: `S${fin}` }] });

  test(`whatever a subgraph reorders, repeats, leaves out or calls by another key (${rounds * count} attributions)`, async () => {
    graph.subgraphs.people.fault = answerRoot(fins.map((fin) => ({ __typename: "Person", fin, aNumbers: [] })));
    let [withheld, own] = [0, 0];
    const spoiled = fc.array(
      fc.tuple(fc.nat(count - 1), fc.nat(count - 1), fc.constantFrom("swap", "repeat", "null", "key")),
      {
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(spoiled, async (faults) => {
        graph.subgraphs.custody.fault = answering((asked) => {
          const entities: unknown[] = asked.map(entity);
          for (const [one, other, kind] of faults) {
            const [first, second] = [entities[one], entities[other]];
            if (kind === "null") entities[one] = null;
            else if (kind === "key") entities[one] = { custodyStays: [{ id: `S${asked[other]}` }] };
            else entities[one] = second;
            if (kind === "swap") entities[other] = first;
          }
          return { data: { _entities: entities } };
        });
        const { body } = await gateway.ask("{ people { fin custodyStays { id } } }");
        for (const [index, person] of body.data.people.entries()) {
          if (person.custodyStays === null) withheld += 1;
          else {
            own += 1;
            expect(person).toEqual(entity(fins[index] as string));
          }
        }
        const mismatched = body.errors?.filter(({ extensions }) => extensions.code === "ENTITY_MISMATCH") ?? [];
        for (const { path } of mismatched) {
          const [, index] = path as [string, number];
          expect(body.data.people[index].custodyStays).toBeNull();
        }
      }),
      { numRuns: rounds },
    );
    expect(withheld).toBeGreaterThan(0);
    expect(own).toBeGreaterThan(withheld);
    console.log(`result: ${own + withheld} attributions, ${withheld} withheld, 0 to another person`);
  }, 600_000);
});

describe("T88: names that objects have by themselves", () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];
  const untouched = () => {
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  };

  test.each(names)("%s as an alias, at the root, in a list and in an entity of another subgraph", async (name) => {
    const query = `{ ${name}: people { ${name}: fin courtCases { ${name}: id } } }`;
    // Twice: the second answer of a shape is projected by compiled code.
    for (const _time of ["first", "second"]) {
      const { body, text } = await gateway.ask(query);
      expect(body.errors).toBeUndefined();
      expect(text).toBe(
        `{"data":{"${name}":[{"${name}":"FIN000001","courtCases":[{"${name}":"C000000011"},{"${name}":"C000000012"}]},{"${name}":"FIN000002","courtCases":[{"${name}":"C000000021"}]}]}}`,
      );
    }
    untouched();
  });

  test.each(names)("%s as a variable and as the name of operation and fragment", async (name) => {
    const query = `query ${name}($${name}: PersonIdentifier!) { person(by: $${name}) { ...${name} } } fragment ${name} on Person { fin }`;
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"query":${JSON.stringify(query)},"variables":{"${name}":{"fin":"FIN000001"}}}`,
    });
    expect(await response.json()).toEqual({ data: { person: { fin: "FIN000001" } } });
    untouched();
  });

  test.each(names)(
    "%s as a member of a subgraph's answer, its entities, lists, errors and extensions",
    async (name) => {
      const bad = `"${name}":{"polluted":1}`;
      graph.subgraphs.custody.fault = answerWith(
        200,
        "application/json",
        `{${bad},"data":{${bad},"_entities":[{${bad},"fin":"FIN000001","custodyStays":[{${bad},"id":"S1"}]}]},"errors":[{"path":["${name}"],"extensions":{${bad}}}],"extensions":{${bad}}}`,
      );
      const { body } = await gateway.ask('{ person(by: { fin: "FIN000001" }) { custodyStays { id } } }');
      expect(body.data).toEqual({ person: { custodyStays: [{ id: "S1" }] } });
      expect(body.errors?.map(({ extensions }) => extensions.code)).toEqual(["SUBGRAPH_ERROR"]);
      untouched();
    },
  );
});

describe("T73: more errors than anybody reads", () => {
  test("2,000 errors about each of 200 entities become a bounded list, each place once", async () => {
    const fins = Array.from({ length: 200 }, (_, index) => `FIN${String(index).padStart(6, "0")}`);
    graph.subgraphs.people.fault = answerRoot(fins.map((fin) => ({ __typename: "Person", fin, aNumbers: [] })));
    graph.subgraphs.custody.fault = answering((asked) => ({
      data: { _entities: asked.map((fin) => ({ fin, custodyStays: null })) },
      errors: asked.flatMap((_, index) =>
        Array.from({ length: 2000 }, () => ({ path: ["_entities", index, "custodyStays"], message: "x" })),
      ),
    }));
    const { body } = await gateway.ask("{ people { fin custodyStays { id } } }");
    expect(body.errors?.length).toBeLessThanOrEqual(1001);
    expect(body.data.people).toHaveLength(200);
  }, 60_000);

  test("an error of a whole fetch is told once, not for every entity", async () => {
    const fins = Array.from({ length: 2000 }, (_, index) => `FIN${String(index).padStart(6, "0")}`);
    graph.subgraphs.people.fault = answerRoot(fins.map((fin) => ({ __typename: "Person", fin, aNumbers: [] })));
    graph.subgraphs.custody.fault = answerJson({
      errors: Array.from({ length: 2000 }, () => ({ message: "x", extensions: { code: "SOURCE_UNAVAILABLE" } })),
    });
    const { body } = await gateway.ask("{ people { fin custodyStays { id } } }");
    expect(body.errors).toEqual([
      {
        message: expect.any(String),
        path: ["people"],
        extensions: { code: "SOURCE_UNAVAILABLE", agency: "custody" },
      },
    ]);
  });
});

describe("requests to one subgraph", () => {
  test("that can go out together are one, entities of which the same is asked stand in it once", async () => {
    const { body } = await gateway.ask(
      '{ a: person(by: { fin: "FIN000001" }) { custodyStays { id } } b: people { custodyStays { id } } }',
    );
    expect(body.data.a.custodyStays).toEqual(body.data.b[0].custodyStays);
    expect(graph.subgraphs.custody.requests).toHaveLength(1);
    expect(graph.subgraphs.custody.requests[0]?.variables.representations).toEqual([
      { __typename: "Person", fin: "FIN000001" },
      { __typename: "Person", fin: "FIN000002" },
    ]);
  });

  test("with different questions have an alias each, and an error of one is told of that one alone", async () => {
    graph.subgraphs.court.fault = (request, response) => {
      request.resume();
      answerJson({
        data: {
          _e0: [{ fin: "FIN000001", c2_: [] }],
          _e1: [
            { fin: "FIN000001", c4_: null },
            { fin: "FIN000002", c4_: [] },
          ],
        },
        errors: [{ path: ["_e1", 0, "c4_"], extensions: { code: "SOURCE_TIMEOUT" } }],
      })(request, response);
    };
    const { body } = await gateway.ask(
      '{ a: person(by: { fin: "FIN000001" }) { few: courtCases(first: 1) { id } } b: people { many: courtCases(first: 9) { id } } }',
    );
    expect(body.data).toEqual({ a: { few: [] }, b: [{ many: null }, { many: [] }] });
    expect(body.errors?.map(({ path }) => path)).toEqual([["b", 0, "many"]]);
  });
});

describe("conditions", () => {
  const query =
    "query ($cases: Boolean!) { people { fin courtCases @include(if: $cases) { id } custodyStays @skip(if: $cases) { id } } }";

  test("are answered each by its value, in whatever order they are asked", async () => {
    for (const cases of [true, false, false, true, true, false]) {
      const { body } = await gateway.ask(query, { cases });
      expect(Object.keys(body.data.people[0])).toEqual(["fin", cases ? "courtCases" : "custodyStays"]);
    }
  });

  test("keep what they leave out from being asked for, and what it would have required", async () => {
    await gateway.ask(query, { cases: false });
    const { people, court, custody } = graph.subgraphs;
    expect([people, court, custody].map(({ requests }) => requests.length)).toEqual([1, 0, 1]);
    expect(people.requests[0]?.query).not.toContain("aNumbers");
  });
});

describe("identical operations at once", () => {
  test("are executed once where no answer depends on who asks, and those with other variables apart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "engine-"));
    const file = join(folder, "subgraphs.json");
    await writeFile(file, JSON.stringify(["people", "court", "custody"].map((name) => ({ name, fetches: "common" }))));
    const shared = await startTestGateway(graph.sdl, { GATEWAY_SUBGRAPHS: file });
    try {
      const query = "query ($by: PersonIdentifier!) { person(by: $by) { fin } }";
      const fins = ["FIN000001", "FIN000002", "FIN000001", "FIN000002", "FIN000009"];
      const ask = (fin: string) => shared.ask(query, { by: { fin } });
      await ask("FIN000001");
      graph.subgraphs.people.requests.length = 0;
      // The first answer waits until all have come.
      const held: (() => void)[] = [];
      graph.subgraphs.people.fault = (request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.once("end", () => {
          const { query: sent, variables } = JSON.parse(Buffer.concat(chunks).toString());
          const [by] = Object.values(variables) as { fin: string }[];
          const key = /\{\s*(\w+)/.exec(sent.slice(sent.indexOf("{")))?.[1] ?? "";
          const person = by?.fin === "FIN000009" ? null : { __typename: "Person", fin: by?.fin };
          held.push(() => answerJson({ data: { [key]: person } })(request, response));
        });
      };
      const asked = Promise.all(fins.map(ask));
      for (let turn = 0; turn < 100 || held.length < new Set(fins).size; turn++)
        await new Promise((resolve) => setImmediate(resolve));
      for (const answer of held) answer();
      const answers = await asked;
      expect(answers.map(({ body }) => body.data.person?.fin ?? null)).toEqual([...fins.slice(0, 4), null]);
      expect(held).toHaveLength(3);
    } finally {
      await shared.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe("what is deferred", () => {
  const ask = async (query: string) => {
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "multipart/mixed;deferSpec=20220824,application/json" },
      body: JSON.stringify({ query }),
    });
    const parts = (await response.text())
      .split("\r\n---")
      .map((part) => part.slice(part.indexOf("\r\n\r\n") + 4))
      .filter((part) => part.startsWith("{"));
    return { type: response.headers.get("content-type"), parts: parts.map((part) => JSON.parse(part)) };
  };

  test("comes in parts, each at its path and under the client's label and names, nested ones after theirs", async () => {
    const { type, parts } = await ask(
      '{ all: people { fin ... @defer(label: "cases") { courts: courtCases { id ... @defer { type: caseType } } } } }',
    );
    expect(type).toBe('multipart/mixed; boundary="-"; deferSpec=20220824');
    expect(parts[0]).toEqual({ data: { all: [{ fin: "FIN000001" }, { fin: "FIN000002" }] }, hasNext: true });
    expect(parts[1]).toEqual({
      incremental: [
        { data: { courts: [{ id: "C000000011" }, { id: "C000000012" }] }, path: ["all", 0], label: "cases" },
        { data: { courts: [{ id: "C000000021" }] }, path: ["all", 1], label: "cases" },
      ],
      hasNext: true,
    });
    expect(parts[2].hasNext).toBe(false);
    expect(parts[2].incremental[0]).toEqual({ data: { type: "RMV" }, path: ["all", 0, "courts", 0] });
    expect(parts).toHaveLength(3);
  });

  test("and fails has its own errors, and takes nothing from what was answered", async () => {
    graph.subgraphs.court.fault = (request) => void request.socket.destroy();
    const { parts } = await ask('{ person(by: { fin: "FIN000001" }) { fin ... @defer { courtCases { id } } } }');
    expect(parts[0]).toEqual({ data: { person: { fin: "FIN000001" } }, hasNext: true });
    expect(parts[1].incremental[0]).toMatchObject({
      data: { courtCases: null },
      path: ["person"],
      errors: [{ path: ["person", "courtCases"], extensions: { code: "SUBREQUEST_HTTP_ERROR", agency: "court" } }],
    });
  });

  test("to a client that takes one answer comes in it", async () => {
    const { body } = await gateway.ask('{ person(by: { fin: "FIN000001" }) { fin ... @defer { courtCases { id } } } }');
    expect(body).toEqual({
      data: { person: { fin: "FIN000001", courtCases: [{ id: "C000000011" }, { id: "C000000012" }] } },
    });
  });
});
