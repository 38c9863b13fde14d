/** Threats to authorization (THREATS A) through the whole graph: real systems, our own schema and policies, deny by default. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import {
  buildClientSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  isObjectType,
} from "graphql";
import { mintToken } from "../mocks/issuer/mint.ts";
import { type PersonaName, personaNames, personas } from "../mocks/issuer/personas.ts";
import { type Answer, type Graph, patient, personRecord, startGraph } from "./graph.ts";
import { type Part, readLikeUrql } from "./multipart-readers.ts";
import { recorder } from "./recorded-subgraphs.ts";
import { type CallerName, callerNames, callers, everything, headersOf } from "./seen-by.ts";

const s1 = "4141592653";
/** Protected; ICE, the border, USCIS and the court each have a case of hers. */
const s11 = "9010768789";
const s12 = "7697686404";
/** Protected, known to USCIS alone: hidden from everybody else. */
const s15 = "3758439249";
const nobody = "9999999999";

const recorded = recorder();
let graph: Graph;
beforeAll(async () => {
  graph = await startGraph({ sourceTimeoutMs: 5_000, config: patient, before: recorded.before });
  await as("supervisor", everything, { fin: nobody });
}, 60_000);
afterAll(() => graph?.close());
afterEach(() => {
  recorded.spoil = null;
});

type By = Readonly<Record<string, unknown>>;
const byQuery = (selection: string) => `query ($by: PersonIdentifier!) { person(by: $by) { ${selection} } }`;

function as(caller: CallerName, query: string, by: By, headers: Record<string, string> = {}): Promise<Answer> {
  const [persona, purpose] = callers[caller];
  return graph.ask(query, { by }, { persona, headers: { ...headersOf(purpose), ...headers } });
}
const codesOf = ({ body }: Answer) => (body.errors ?? []).map(({ extensions }) => extensions.code);

/** Without whatever differs between any two answers. */
async function bytesFor(caller: CallerName, body: unknown, headers: Record<string, string> = {}) {
  const [persona, purpose] = callers[caller];
  const response = await fetch(graph.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept-encoding": "gzip, br, zstd",
      authorization: `Bearer ${await mintToken(persona)}`,
      ...headersOf(purpose),
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const told = [...response.headers].filter(([name]) => !["date", "crosswalk-request-id"].includes(name));
  return { status: response.status, headers: told, text: await response.text() };
}

test("T06: that a record is of a type is told to nobody who may not see the record", async () => {
  const names = byQuery("courtCases { __typename } asylum { __typename } addresses { __typename }");
  const told = async (caller: CallerName, fin: string) => (await as(caller, names, { fin })).body.data.person;
  const [claim, asylum] = [[{ __typename: "CourtCase" }], { __typename: "Asylum" }];
  expect(await told("border", s12)).toEqual({ courtCases: [], asylum: null, addresses: [] });
  expect(await told("court", s12)).toEqual({ courtCases: claim, asylum, addresses: [] });
  expect(await told("border", s11)).toMatchObject({ courtCases: claim, addresses: [] });
  expect(await told("supervisor", s11)).toMatchObject({ addresses: [{ __typename: "Address" }] });
});

test("T12: no combination of @skip and @include shows a guarded record, or takes one from who may see it", async () => {
  const document = `query ($by: PersonIdentifier!, $a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!) { person(by: $by) {
    fin
    addresses @include(if: $a) { status }
    ... @skip(if: $b) { courtCases { nextHearing @include(if: $c) { kind } id } ...F @include(if: $d) }
  } }
  fragment F on Person { encounters @skip(if: $a) { reason } courtCases { noticeAddress @skip(if: $c) { lines } } }`;
  const bits = Array.from({ length: 16 }, (_, at) => ({ a: at & 1, b: at & 2, c: at & 4, d: at & 8 }));
  for (const caller of ["border", "supervisor"] as const) {
    const whole = (await as(caller, everything, { fin: s11 })).body.data.person;
    const [persona, purpose] = callers[caller];
    await Promise.all(
      bits.map(async (each) => {
        const [a, b, c, d] = [each.a > 0, each.b > 0, each.c > 0, each.d > 0];
        const given = { by: { fin: s11 }, a, b, c, d };
        const { body } = await graph.ask(document, given, { persona, headers: headersOf(purpose) });
        const courtCases = whole.courtCases.map((one: Record<string, unknown>) => ({
          ...(c ? { nextHearing: one.nextHearing } : {}),
          id: expect.any(String),
          ...(d && !c ? { noticeAddress: one.noticeAddress } : {}),
        }));
        expect([given, { data: body.data, errors: body.errors }]).toEqual([
          given,
          {
            data: {
              person: {
                fin: s11,
                ...(a ? { addresses: whole.addresses } : {}),
                ...(b ? {} : { courtCases, ...(d && !a ? { encounters: whole.encounters } : {}) }),
              },
            },
          },
        ]);
      }),
    );
  }
});

describe("T17: the same is decided", () => {
  test.each([s1, s11, s12, s15])("of %s by whichever identifier they are asked for", async (fin) => {
    const own = await as(
      "supervisor",
      byQuery("aNumbers i94Numbers passports { number country } sevisIds fbiNumbers eidSubjectIds"),
      { fin },
    );
    const { aNumbers, i94Numbers, passports, sevisIds, fbiNumbers, eidSubjectIds } = own.body.data.person;
    const identifiers: readonly By[] = [
      ...aNumbers.map((aNumber: string) => ({ aNumber })),
      ...i94Numbers.map((i94Number: string) => ({ i94Number })),
      ...passports.map((passport: unknown) => ({ passport })),
      ...sevisIds.map((sevisId: string) => ({ sevisId })),
      ...fbiNumbers.map((fbiNumber: string) => ({ fbiNumber })),
      ...eidSubjectIds.map((eidSubjectId: string) => ({ eidSubjectId })),
    ];
    expect(identifiers.length).toBeGreaterThan(0);
    const all = callerNames.map(async (caller) => {
      const { text } = await as(caller, everything, { fin });
      for (const by of identifiers) expect([by, (await as(caller, everything, by)).text]).toEqual([by, text]);
    });
    await Promise.all(all);
  });

  const forms: readonly (readonly [string, string])[] = [
    ["twice", "one: addresses { status } addresses { status } addresses { since }"],
    ["in fragments of fragments", "... { ... on Person { ... { addresses { status } } } }"],
    ["under another's name", "names: addresses { fin: status } addresses: names { status: family }"],
    ["deferred from", "fin ... @defer(if: false) { addresses { status } }"],
  ];
  test.each(forms)("of an address asked for %s", async (_, selection) => {
    const hidden = (await as("custody", byQuery(selection), { fin: s11 })).text;
    expect(hidden).not.toContain("PROVIDED");
    expect((await as("supervisor", byQuery(selection), { fin: s11 })).text).toContain("PROVIDED");
  });
});

describe("T18: what is hidden cannot be searched by", () => {
  test("nothing is asked with but identifiers, the instant of a release, and kinds of alerts", async () => {
    const found = new Set<string>();
    for (const persona of personaNames())
      for (const type of Object.values((await schemaFor(persona)).getTypeMap()))
        if (isObjectType(type) && !type.name.startsWith("__"))
          for (const field of Object.values(type.getFields()))
            for (const each of field.args) found.add(`${type.name}.${field.name}(${each.name}: ${each.type})`);
    expect([...found].sort()).toEqual([
      "Query.holdCheck(by: HoldCheckIdentifier!)",
      "Query.holdCheck(releaseAt: DateTime)",
      "Query.person(by: PersonIdentifier!)",
      "Subscription.agencyAlerts(kinds: [AlertKind!])",
      "Subscription.personChanged(by: PersonIdentifier!)",
      "Subscription.personChanged(kinds: [AlertKind!])",
    ]);
  });

  test("a receipt number tells nobody who filed, but those who may know of the filing", async () => {
    const { text } = await as("border", byQuery("fin"), { receiptNumber: "IOE9999999999" });
    expect((await as("border", byQuery("fin"), { receiptNumber: receiptOf(s11) })).text).toBe(text);
  });

  test("no identifier of a hidden person finds them, that of a filing neither", async () => {
    for (const caller of callerNames.filter((each) => !["asylum", "supervisor"].includes(each))) {
      const absent = await as(caller, byQuery("fin"), { receiptNumber: "IOE9999999999" });
      expect((await as(caller, byQuery("fin"), { receiptNumber: receiptOf(s15) })).text).toBe(absent.text);
    }
  });
});

function receiptOf(fin: string): string {
  for (const person of graph.mocks.world.persons())
    if (person.ident.some((each) => each.fin === fin)) return person.elis?.cases?.[0]?.receiptNumber as string;
  throw new Error(`nobody has ${fin}`);
}

const schemas = new Map<PersonaName, Promise<GraphQLSchema>>();

/** What a persona is told of the schema, asked for once. */
function schemaFor(persona: PersonaName): Promise<GraphQLSchema> {
  const schema = schemas.get(persona) ?? readSchemaFor(persona);
  schemas.set(persona, schema);
  return schema;
}

async function readSchemaFor(persona: PersonaName): Promise<GraphQLSchema> {
  const { body } = await graph.ask(getIntrospectionQuery(), {}, { persona });
  return buildClientSchema(body.data as IntrospectionQuery);
}

describe("T19, T20, T23, T25: who is hidden is nobody to the last byte", () => {
  const documents: readonly (readonly [string, string])[] = [
    ["all there is", everything],
    ["the whole record", personRecord],
    ["what is never null", byQuery("fin names { kind } courtCases { id source { system } } stays { state }")],
    ["by other names", byQuery("a: fin b: courtCases { c: id } d: courtCases { c: caseType }")],
    ["its type alone", byQuery("__typename")],
    [
      "more than one",
      "query ($by: PersonIdentifier!) { a: person(by: $by) { fin } b: person(by: $by) { stays { state } } }",
    ],
  ];
  test.each(documents)("asked for %s: status, headers, length and text, never compressed", async (_, query) => {
    for (const caller of callerNames.filter((each) => !["asylum", "supervisor"].includes(each))) {
      const [hidden, absent] = await Promise.all(
        [s15, nobody].map((fin) => bytesFor(caller, { query, variables: { by: { fin } } })),
      );
      expect([caller, hidden]).toEqual([caller, absent]);
      expect(hidden?.headers.map(([name]) => name)).not.toContain("content-encoding");
      expect(hidden?.headers.map(([name]) => name).join()).not.toMatch(/cost|limit|cache-status|age$|etag/);
    }
  });
});

describe.each(["obim", "cbp", "ice", "uscis", "eoir"])("T21: an error of %s that quotes what it holds", (agency) => {
  const secret = "SECRET-A203094834";
  const quoting = {
    message: `row ${secret}`,
    locations: [{ line: 1, column: 1 }],
    extensions: { code: secret, serviceName: secret, stacktrace: [secret], exception: { sql: secret } },
  };
  const places: readonly (readonly [string, readonly (string | number)[] | undefined])[] = [
    ["without a place", undefined],
    ["at a fact", ["_entities", 0, "protected1367"]],
    ["in a list", ["_entities", 0, "courtCases", 0, secret]],
    ["at the person", ["person"]],
  ];
  test.each(places)("%s tells the client nothing of it", async (_, path) => {
    recorded.spoil = ({ subgraph }, text) =>
      subgraph === agency ? text.replace(/^\{/, `{"errors":[${JSON.stringify({ ...quoting, path })}],`) : text;
    const known = new Set(
      [...readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8").matchAll(/^\| `([A-Z_]+)`/gm)].map(
        ([, code]) => code,
      ),
    );
    expect(known.size).toBeGreaterThan(40);
    for (const caller of ["border", "custody", "inspector", "supervisor"] as const) {
      const [hidden, visible, absent] = await Promise.all(
        [s15, s11, nobody].map((fin) => as(caller, everything, { fin })),
      );
      for (const answer of [hidden, visible, absent] as Answer[]) {
        expect(answer.text).not.toContain("SECRET");
        expect(codesOf(answer).filter((code) => !known.has(code as string))).toEqual([]);
      }
      if (caller !== "supervisor") expect([caller, hidden?.text]).toEqual([caller, absent?.text]);
      // The border sees neither her addresses nor why she came to USCIS: no path leads into either.
      if (caller === "border")
        for (const { path: told = [] } of visible?.body.errors ?? [])
          expect(["addresses", "encounters"].includes(String(told[1])) && told.length > 2).toBe(false);
    }
  });
});

/** By persona, with its usual purpose: `Type.field` that docs/access.md does not refuse. */
function documented(persona: PersonaName): ReadonlySet<string> {
  const document = readFileSync(new URL("../docs/access.md", import.meta.url), "utf8");
  const [purpose] = personas[persona].purposes as readonly string[];
  const cellsOf = (line: string) =>
    line
      .split("|")
      .slice(1, -1)
      .map((each) => each.trim());
  let last = "";
  const letters = [...document.matchAll(/^\| (?:\*\*\w\*\*)? ?\|.*\|$/gm)].map(([line]) => {
    const [letter = "", , agency, told = ""] = cellsOf(line);
    last = letter === "" ? last : letter.replaceAll("*", "");
    return { letter: last, agency, purposes: told.split(", "), line };
  });
  const title = titles[persona];
  const own = letters.find(({ line, purposes }) => line.includes(`| ${title} |`) && purposes.includes(purpose ?? ""));
  if (own === undefined) return new Set();
  const seen = new Set<string>();
  for (const section of document.split(/^## /m).slice(1)) {
    const [type = "", ...lines] = section.split("\n");
    const column = cellsOf(lines.find((each) => each.includes("| A |")) ?? "").indexOf(own.letter);
    if (column < 0) continue;
    for (const line of lines.filter((each) => each.includes("`"))) {
      const cells = cellsOf(line);
      if (cells[column] === "–") continue;
      for (const [, field] of (cells[0] ?? "").matchAll(/`(\w+)`/g)) seen.add(`${type.trim()}.${field}`);
    }
  }
  return seen;
}
const titles: Readonly<Partial<Record<PersonaName, string>>> = {
  "ero-officer": "deportation officer",
  "cbp-officer": "border officer",
  "asylum-officer": "asylum officer",
  "court-clerk": "court clerk",
  "police-patrol": "police on patrol",
  "police-jail": "police in a jail",
  "police-287g-jail": "jail enforcement, 287(g)",
  "police-287g-warrant": "warrant service, 287(g)",
  "orr-caseworker": "caseworker",
  "protected-persons-supervisor": "supervisor for protected persons",
  oversight: "inspector",
  integrator: "integrator",
};

describe("T26: of the schema", () => {
  test.each(personaNames())("%s is told what docs/access.md lets them ask, and nothing else", async (persona) => {
    if (persona === "nobody") {
      const { text } = await graph.ask("{ __schema { types { name } } }", {}, { persona });
      expect(text).not.toMatch(/Person|Hold|Asylum/);
      return;
    }
    const told = Object.values((await schemaFor(persona)).getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith("__")
        ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
        : [],
    );
    expect(told.sort()).toEqual([...documented(persona)].sort());
  });

  const inner = ["protected1367", "receiptNumbers", "minor", "iceCase", "uscisCase"];
  test.each(inner)("Person.%s is a field like any that does not exist, and no guess is helped", async (field) => {
    const ask = (name: string) => as("border", byQuery(name), { fin: s1 });
    const answer = await ask(field);
    expect(answer.status).toBe(400);
    expect(answer.text.replaceAll(field, "x")).toBe(
      (await ask("x".repeat(field.length))).text.replaceAll(/x+(?=\W)/g, "x"),
    );
    for (const guess of ["adresses", "asylums", "fearclaim", "protected", "courtCase"])
      expect((await ask(guess)).text).not.toMatch(/did you mean|addresses|courtCases|protected1367/i);
  });
});

describe("T27: what subgraphs have for the gateway", () => {
  const forms = [
    "{ _service { sdl } }",
    "{ x: _service { __typename } }",
    "{ ... on Query { ...F } } fragment F on Query { _service { sdl } }",
    '{ _entities(representations: [{ __typename: "Person", fin: "1" }]) { __typename } }',
    "query ($r: [_Any!]!) { a: _entities(representations: $r) { __typename } }",
    "{ __typename ... on _Entity { __typename } }",
  ];
  test.each(forms)("%s is as unknown as any other name, and no agency is asked", async (query) => {
    recorded.asked.length = 0;
    for (const persona of personaNames()) {
      const [asked, other] = [query, query.replaceAll(/_(service|entities|Any|Entity)\b/g, "q$1")];
      const [told, unknown] = await Promise.all([asked, other].map((each) => graph.ask(each, { r: [] }, { persona })));
      expect(told?.status).toBe(400);
      expect(told?.text).toBe(unknown?.text.replaceAll(/q(service|entities|Any|Entity)\b/g, "_$1"));
    }
    expect(recorded.asked).toEqual([]);
  });
});

test("T28: the switches of other gateways, and whatever looks like ours, show nothing more", async () => {
  const request = { query: everything, variables: { by: { fin: s11 } } };
  const plain = await bytesFor("custody", request);
  const switches = {
    "apollo-expose-query-plan": "true",
    "apollo-federation-include-trace": "ftv1",
    "apollo-cache-debugging": "true",
    "x-wg-trace": "true",
    "x-wg-include-query-plan": "true",
    "x-hive-debug": "true",
    "x-debug": "1",
    "crosswalk-debug": "true",
    "crosswalk-dry-run": "true",
    pragma: "no-cache",
  };
  expect(await bytesFor("custody", request, switches)).toEqual(plain);
  const extensions = { debug: true, dryRun: true, authorization: { mode: "dry-run" }, tracing: true };
  expect(await bytesFor("custody", { ...request, extensions })).toEqual(plain);
});

describe("T30: what comes later is decided like what comes at once", () => {
  const parts = ["addresses { status }", "encounters { reason }", "courtCases { caseType nextHearing { kind } }"];
  const inParts = async (caller: CallerName, fin: string): Promise<readonly Part[]> => {
    const [persona, purpose] = callers[caller];
    const response = await fetch(graph.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "multipart/mixed;deferSpec=20220824, application/json",
        authorization: `Bearer ${await mintToken(persona)}`,
        ...headersOf(purpose),
      },
      body: JSON.stringify({
        query: byQuery(`fin ${parts.map((each) => `... @defer { ${each} }`).join(" ")}`),
        variables: { by: { fin } },
      }),
    });
    const told: Part[] = [];
    if (!response.headers.get("content-type")?.startsWith("multipart")) return [(await response.json()) as Part];
    for await (const part of readLikeUrql(response)) told.push(part);
    return told;
  };
  test.each([s1, s11, s12])("of %s", async (fin) => {
    for (const caller of ["custody", "border", "supervisor"] as const) {
      const whole = (await as(caller, byQuery(`fin ${parts.join(" ")}`), { fin })).body;
      const [first, ...later] = (await inParts(caller, fin)) as readonly [Part, ...Part[]];
      const { person } = first.data as { readonly person: object };
      const together: Record<string, unknown> = { ...person };
      for (const { incremental = [] } of later)
        for (const { data } of incremental as readonly { data: object }[]) Object.assign(together, data);
      expect(together).toEqual(whole.data.person);
      expect(later.length).toBeGreaterThan(0);
    }
  });
  test("and of somebody hidden nothing comes later, as of nobody", async () => {
    for (const caller of ["custody", "border", "inspector"] as const)
      expect(await inParts(caller, s15)).toEqual(await inParts(caller, nobody));
  });
});

const allPurposes = [...new Set(Object.values(personas).flatMap(({ purposes }) => purposes as readonly string[]))];

test("T32: of every persona and every purpose, only its own are taken, and no agency is asked for the others", async () => {
  const asked = personaNames().flatMap((persona) =>
    [...allPurposes, "SYSTEM", "custody"].map((purpose) => ({ persona, purpose })),
  );
  const taken: string[] = [];
  recorded.asked.length = 0;
  for (const { persona, purpose } of asked) {
    const told = await graph.ask("{ __typename }", {}, { persona, headers: headersOf(purpose) });
    if (told.status === 200) taken.push(`${persona} ${purpose}`);
    else
      expect([purpose, told.body.data, codesOf(told)[0]]).toEqual([
        purpose,
        undefined,
        expect.stringMatching(/^PURPOSE_/),
      ]);
  }
  expect(recorded.asked).toEqual([]);
  const own = personaNames().flatMap((persona) => personas[persona].purposes.map((purpose) => `${persona} ${purpose}`));
  expect(taken.sort()).toEqual([...own].sort());
});

test("T33: the glass is not broken without a reason, nor by others, and opens no protected person", async () => {
  const persona = "protected-persons-supervisor";
  recorded.asked.length = 0;
  const without = await graph.ask(
    everything,
    { by: { fin: s1 } },
    { persona, headers: { "crosswalk-purpose": "BREAK_GLASS" } },
  );
  expect([without.status, codesOf(without)]).toEqual([400, ["REASON_REQUIRED"]]);
  const others = await graph.ask(everything, { by: { fin: s1 } }, { headers: headersOf("BREAK_GLASS") });
  expect([others.status, codesOf(others)]).toEqual([403, ["PURPOSE_NOT_PERMITTED"]]);
  expect(recorded.asked).toEqual([]);
  expect((await as("emergency", byQuery("fin"), { fin: s1 })).body.data.person).toEqual({ fin: s1 });
  const absent = await as("emergency", everything, { fin: nobody });
  for (const fin of [s11, s15]) expect((await as("emergency", everything, { fin })).text).toBe(absent.text);
});

test("T34: no header, variable or extension of a client's makes it somebody else", async () => {
  const request = { query: everything, variables: { by: { fin: s11 } } };
  const plain = await bytesFor("border", request);
  const claims = { agency: "USCIS", roles: ["protected-persons-supervisor"], clearances: ["1367", "asylum"] };
  const headers = {
    "x-user": "protected-persons-supervisor-1",
    "x-forwarded-user": "protected-persons-supervisor-1",
    "x-forwarded-authorization": `Bearer ${await mintToken("protected-persons-supervisor")}`,
    "crosswalk-caller": JSON.stringify({ ...claims, purpose: "PROTECTED_PERSONS_1367" }),
    "crosswalk-clearances": "1367",
    baggage: "agency=USCIS,purpose=PROTECTED_PERSONS_1367",
    cookie: `token=${await mintToken("protected-persons-supervisor")}`,
  };
  expect(await bytesFor("border", request, headers)).toEqual(plain);
  const more = { extensions: { jwt: { claims }, purpose: "PROTECTED_PERSONS_1367" } };
  expect(await bytesFor("border", { ...request, ...more })).toEqual(plain);
  const variables = { by: { fin: s11 }, ...claims, purpose: "PROTECTED_PERSONS_1367" };
  expect((await bytesFor("border", { ...request, variables })).text).not.toContain("Biometrics appointment");
});

test("T35: no subgraph of the graph answers whom the gateway has not signed for", async () => {
  const body = JSON.stringify({ query: "{ _service { sdl } }" });
  // Each subgraph tells its operator.
  const written = jest.spyOn(console, "error").mockImplementation(() => undefined);
  for (const [subgraph, url] of Object.entries(graph.subgraphUrls)) {
    const authorization = `Bearer ${await mintToken("protected-persons-supervisor")}`;
    for (const more of [{}, { authorization }, { "crosswalk-subgraph": subgraph, "crosswalk-request-id": "1" }]) {
      const headers = { "content-type": "application/json", ...more } as Record<string, string>;
      const response = await fetch(url, { method: "POST", headers, body });
      expect([subgraph, response.status]).toEqual([subgraph, 401]);
      expect(await response.text()).not.toMatch(/type |sdl/);
    }
  }
  written.mockRestore();
});

test("T36: at the public address there is nothing to administer", async () => {
  const authorization = `Bearer ${await mintToken("protected-persons-supervisor")}`;
  const paths = [
    "/metrics",
    "/ready",
    "/live",
    "/reload",
    "/health",
    "/admin",
    "/invalidation",
    "/audit",
    "/debug/pprof",
  ];
  for (const path of paths)
    for (const method of ["GET", "POST"]) {
      const response = await fetch(new URL(path, graph.url), { method, headers: { authorization } });
      expect([path, response.status >= 404 && response.status <= 405]).toEqual([path, true]);
      expect(await response.text()).not.toMatch(/crosswalk_|process_|supergraph/);
    }
});
