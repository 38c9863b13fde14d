/** The subgraph over the wire, with an IDENT that says what each test has it say. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { GraphQLError } from "graphql";
import type { Listening } from "#kit/subgraph.ts";
import { readObimSettings, startObim } from "./main.ts";
import { resolvers } from "./resolvers.ts";

const namespaces = `xmlns:env="http://www.w3.org/2003/05/soap-envelope"
  xmlns:nc="https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/"
  xmlns:im="https://docs.oasis-open.org/niemopen/ns/model/domains/immigration/6.0/"
  xmlns:j="https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/"
  xmlns:ident="https://ident.obim.example/ws/1.0/"`;

const id = (name: string, value: string) => `<${name}><nc:IdentificationID>${value}</nc:IdentificationID></${name}>`;
const identity = (fin: string, encounterContent = "") =>
  `<ident:Identity>${id("ident:FingerprintIdentification", fin)}<nc:PersonEncounter>${id("nc:ActivityIdentification", `E-${fin}`)}${encounterContent}</nc:PersonEncounter></ident:Identity>`;
const cluster = (...identities: string[]) =>
  `<ident:IdentityCluster>${id("ident:ClusterIdentification", "C")}${identities.join("")}</ident:IdentityCluster>`;
const answered = (operation: string, content: string) =>
  `<env:Envelope ${namespaces}><env:Header><ident:SystemClock>2026-10-19T14:00:00Z</ident:SystemClock></env:Header><env:Body><ident:${operation}Response>${content}</ident:${operation}Response></env:Body></env:Envelope>`;

type Answer = { status?: number; body: string } | "never" | "hang up";

let asked: { headers: IncomingMessage["headers"]; body: string }[] = [];
let answers: (operation: string, body: string) => Answer;
let fake: Server;
let subgraph: Listening;

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of request) body += chunk;
  asked.push({ headers: request.headers, body });
  const operation = /<ident:(\w+)Request>/.exec(body)?.[1] ?? "";
  const answer = answers(operation, body);
  if (answer === "hang up") return void request.socket.destroy();
  if (answer === "never") return;
  response.writeHead(answer.status ?? 200, { "content-type": "application/soap+xml" }).end(answer.body);
}

beforeAll(async () => {
  fake = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve));
  const identUrl = `http://127.0.0.1:${(fake.address() as AddressInfo).port}`;
  subgraph = await startObim({ identUrl, sourceTimeoutMs: 1_500, port: 0 });
});
afterAll(async () => {
  await subgraph.close();
  fake.closeAllConnections();
  await new Promise((resolve) => fake.close(resolve));
});
beforeEach(() => {
  asked = [];
  answers = (operation, body) => {
    const fins = [...body.matchAll(/FingerprintIdentification><nc:IdentificationID>(\w+)/g)].map(
      ([, fin]) => fin ?? "",
    );
    const known = fins.filter((fin) => !fin.startsWith("NOBODY"));
    const unknown = fins.filter((fin) => fin.startsWith("NOBODY"));
    return {
      body: answered(
        operation,
        known.map((fin) => cluster(identity(fin))).join("") +
          unknown.map((fin) => id("ident:UnknownFingerprintIdentification", fin)).join(""),
      ),
    };
  };
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the query asked for.
type Result = { data?: any; errors?: { message: string; path?: unknown[]; extensions?: Record<string, unknown> }[] };

async function ask(query: string, variables: unknown = {}): Promise<Result> {
  const response = await fetch(subgraph.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Result;
}

const allFields = `fin fins aNumbers aNumberRecords { value raw sharedWithAnotherPerson source { system asOf } }
  names { family given kind } birthDate citizenship i94Numbers passports { number country } receiptNumbers sevisIds
  fbiNumbers eidSubjectIds encounters { id at sender reason source { system asOf } } source { system asOf }`;

const byQuery = `query($by: PersonIdentifier!) { person(by: $by) { ${allFields} } }`;
const entitiesQuery = `query($of: [_Any!]!) { _entities(representations: $of) { ... on Person { ${allFields} } } }`;
const references = (...fins: unknown[]) => ({ of: fins.map((fin) => ({ __typename: "Person", fin })) });

describe("a person", () => {
  test.each([
    [{ aNumber: "A12-345-678" }, id("im:AlienNumberIdentification", "012345678")],
    [{ i94Number: "944617592b1" }, id("im:AdmissionIdentification", "944617592B1")],
    [{ receiptNumber: "ioe-0123456789" }, id("im:ImmigrationReceiptNumberIdentification", "IOE0123456789")],
    [{ sevisId: "n0012345678" }, "<im:SEVISID>N0012345678</im:SEVISID>"],
    [{ fbiNumber: "77a" }, id("j:PersonFBIIdentification", "77A")],
    [{ eidSubjectId: "104-Aa" }, id("ident:EIDSubjectIdentification", "104-Aa")],
    [
      { passport: { number: "ab123456", country: "gtm" } },
      "<ident:PassportIdentification><nc:IdentificationID>AB123456</nc:IdentificationID><ident:CountryISO3166Alpha3Code>GTM</ident:CountryISO3166Alpha3Code></ident:PassportIdentification>",
    ],
  ])("by %j is searched in canonical form, under the lowest FIN that carries it, in one call", async (by, content) => {
    answers = () => ({
      body: answered(
        "PersonSearch",
        cluster(identity("FIN0000003", content), identity("FIN0000002", content), identity("FIN0000001")),
      ),
    });
    const { data, errors } = await ask(byQuery, { by });
    expect(errors).toBeUndefined();
    expect(data.person.fin).toBe("FIN0000002");
    expect(data.person.fins).toEqual(["FIN0000002", "FIN0000001", "FIN0000003"]);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.body).toContain(`<ident:PersonSearchRequest>${content}</ident:PersonSearchRequest>`);
    expect(asked[0]?.headers["content-type"]).toBe(
      'application/soap+xml; charset=utf-8; action="https://ident.obim.example/ws/1.0/PersonSearch"',
    );
  });

  test("by FIN is the person with that FIN, in one call", async () => {
    answers = () => ({ body: answered("PersonRetrieve", cluster(identity("FIN0000001"), identity("FIN0000002"))) });
    const { data } = await ask(byQuery, { by: { fin: "FIN0000002" } });
    expect(data.person).toMatchObject({
      fin: "FIN0000002",
      fins: ["FIN0000002", "FIN0000001"],
      source: { system: "IDENT", asOf: "2026-10-19T14:00:00Z" },
    });
    expect(asked).toHaveLength(1);
  });

  test("that IDENT knows nobody by is null, without an error", async () => {
    answers = (operation) => ({ body: answered(operation, id("ident:UnknownFingerprintIdentification", "NOBODY1")) });
    expect(await ask(byQuery, { by: { fin: "NOBODY1" } })).toEqual({ data: { person: null } });
    expect(await ask(byQuery, { by: { aNumber: "1234567" } })).toEqual({ data: { person: null } });
  });

  test("is never one of several: the identifier is refused as ambiguous", async () => {
    const both = id("im:AlienNumberIdentification", "001234567");
    answers = () => ({
      body: answered("PersonSearch", cluster(identity("FIN0000001", both)) + cluster(identity("FIN0000002", both))),
    });
    const { data, errors } = await ask(byQuery, { by: { aNumber: "1234567" } });
    expect(data).toEqual({ person: null });
    expect(errors).toMatchObject([{ path: ["person"], extensions: { code: "AMBIGUOUS_IDENTIFIER", system: "IDENT" } }]);
    expect(errors?.[0]?.message).toMatch(/FIN$/);
    expect(JSON.stringify(errors)).not.toContain("1234567");
  });

  test.each([
    ["somebody who does not carry it", cluster(identity("FIN0000001", id("im:AlienNumberIdentification", "7654321")))],
    ["nobody who can be read", cluster("")],
    [
      "one who can be read and one who cannot",
      cluster(identity("FIN0000001", id("im:AlienNumberIdentification", "1234567"))) + cluster(""),
    ],
  ])("is not taken from an answer with %s", async (_what, content) => {
    answers = () => ({ body: answered("PersonSearch", content) });
    expect(await ask(byQuery, { by: { aNumber: "1234567" } })).toMatchObject({
      data: { person: null },
      errors: [{ path: ["person"], extensions: { code: "SOURCE_INVALID", system: "IDENT" } }],
    });
  });

  test.each([
    [{}],
    [{ fin: "FIN0000001", aNumber: "1234567" }],
    [{ fin: null }],
    [{ fin: "FIN0000001", aNumber: null }],
  ])("by %j is refused before IDENT is asked", async (by) => {
    const { data, errors } = await ask(byQuery, { by });
    expect([data?.person ?? null, errors?.length]).toEqual([null, 1]);
    expect(asked).toEqual([]);
    const resolve = resolvers.Query?.person as (...args: unknown[]) => unknown;
    expect(() => resolve({}, { by }, {}, {})).toThrow(GraphQLError);
  });

  test("asked for twice by the same identifier costs one call", async () => {
    await ask(
      `{ a: person(by: { sevisId: "N0012345678" }) { fin } b: person(by: { sevisId: "n0012345678" }) { fins } }`,
    );
    expect(asked).toHaveLength(1);
  });
});

describe("references", () => {
  test.each([
    [1, 1],
    [50, 1],
    [101, 2],
  ])("to %i persons, all of their fields, cost %i calls", async (count, calls) => {
    const fins = Array.from({ length: count }, (_, index) => `FIN${String(index).padStart(7, "0")}`);
    const { data, errors } = await ask(entitiesQuery, references(...fins));
    expect(errors).toBeUndefined();
    expect(data._entities.map((each: { fin: string }) => each.fin)).toEqual(fins);
    expect(asked).toHaveLength(calls);
  });

  test("keep their places: nobody is null, a repeated one comes twice", async () => {
    const { data, errors } = await ask(entitiesQuery, references("FIN0000002", "NOBODY1", "FIN0000001", "FIN0000002"));
    expect(errors).toBeUndefined();
    expect(data._entities.map((each: { fin: string } | null) => each?.fin ?? null)).toEqual([
      "FIN0000002",
      null,
      "FIN0000001",
      "FIN0000002",
    ]);
  });

  test("to a FIN that IDENT passes over in silence are no absence", async () => {
    answers = () => ({ body: answered("PersonRetrieve", cluster(identity("FIN0000002"))) });
    const { data, errors } = await ask(entitiesQuery, references("FIN0000001", "FIN0000002"));
    expect(data._entities).toMatchObject([null, { fin: "FIN0000002" }]);
    expect(errors).toMatchObject([{ path: ["_entities", 0], extensions: { code: "SOURCE_INVALID", system: "IDENT" } }]);
  });

  test.each([[undefined], [7], ["no FIN"], [{}]])("by %j are refused, and the others are answered", async (fin) => {
    const { data, errors } = await ask(entitiesQuery, references(fin, "FIN0000002"));
    expect(data._entities).toMatchObject([null, { fin: "FIN0000002" }]);
    expect(errors).toMatchObject([{ path: ["_entities", 0], extensions: { code: "INVALID_IDENTIFIER" } }]);
  });
});

describe("when IDENT", () => {
  const fault = answered("PersonRetrieve", "").replace(/<ident:PersonRetrieveResponse>.*Response>/, "<env:Fault/>");
  test.each<[string, Answer, string]>([
    ["hangs up", "hang up", "SOURCE_UNAVAILABLE"],
    ["does not answer in time", "never", "SOURCE_TIMEOUT"],
    ["fails", { status: 500, body: fault }, "SOURCE_UNAVAILABLE"],
    ["refuses", { status: 400, body: fault }, "SOURCE_REFUSED"],
    ["refuses with a 200", { body: fault }, "SOURCE_REFUSED"],
    ["answers with a page", { body: "<html>Sign in</html>" }, "SOURCE_INVALID"],
    ["answers with half an envelope", { body: answered("PersonRetrieve", "").slice(0, -30) }, "SOURCE_INVALID"],
  ])("%s, persons are null with an error that says so, never absent", async (_what, answer, code) => {
    answers = () => answer;
    const extensions = { code, system: "IDENT" };
    expect(await ask(byQuery, { by: { fin: "FIN0000001" } })).toMatchObject({
      data: { person: null },
      errors: [{ path: ["person"], extensions }],
    });
    expect(await ask(byQuery, { by: { fbiNumber: "77A" } })).toMatchObject({
      errors: [{ path: ["person"], extensions }],
    });
    expect(await ask(entitiesQuery, references("FIN0000001", "FIN0000002"))).toMatchObject({
      data: { _entities: [null, null] },
      errors: [
        { path: ["_entities", 0], extensions },
        { path: ["_entities", 1], extensions },
      ],
    });
  });

  test("prints an A-number that nobody can read, it is recorded, and the list of A-numbers says that it lacks one", async () => {
    answers = () => ({
      body: answered("PersonRetrieve", cluster(identity("FIN0000001", id("im:AlienNumberIdentification", "A1O2")))),
    });
    const { data, errors } = await ask(byQuery, { by: { fin: "FIN0000001" } });
    expect(data.person.aNumberRecords).toMatchObject([{ value: null, raw: "A1O2" }]);
    expect(data.person.aNumbers).toBeNull();
    expect(errors).toMatchObject([
      { path: ["person", "aNumbers"], extensions: { code: "RECORD_UNREADABLE", system: "IDENT", count: 1 } },
    ]);
  });
});

describe("settings", () => {
  test("come from the environment, with defaults for one machine", () => {
    expect(readObimSettings({})).toEqual({
      identUrl: "http://127.0.0.1:4201",
      sourceTimeoutMs: 2000,
      port: 4101,
      keys: null,
      changesTo: null,
      host: "127.0.0.1",
    });
    expect(() => readObimSettings({ IDENT_URL: "nowhere" })).toThrow("IDENT_URL");
  });

  test("with a port in use are refused, and nothing is left open", async () => {
    const port = Number(new URL(subgraph.url).port);
    await expect(startObim({ identUrl: "http://127.0.0.1:1", sourceTimeoutMs: 100, port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});
