import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Listening } from "#kit/subgraph.ts";
import { readCbpSettings, startCbp } from "./main.ts";

type Search = {
  readonly fins?: readonly string[];
  readonly admissionNumbers?: readonly string[];
  readonly next?: string;
};
type Reply = (search: Search, response: ServerResponse) => void;
type FakeSystem = { readonly url: string; readonly asked: Search[]; reply: Reply; close(): Promise<void> };

const asOf = "2026-10-19T14:00:00Z";
const give =
  (value: unknown): Reply =>
  (_search, response) =>
    void response.end(JSON.stringify(value));

const arrival = {
  recordId: "R1",
  fin: "FIN0000001",
  admissionNumber: "123456789A1",
  travelDocument: null,
  direction: "I",
  crossingDateTime: "2026-10-01T08:00:00Z",
  port: "2720",
  carrier: null,
};
const departure = { ...arrival, recordId: "R2", direction: "O", crossingDateTime: "2026-10-09T08:00:00Z", port: "LAX" };
const admission = {
  admissionNumber: "123456789A1",
  admissionDateTime: "2026-10-01T08:00:00Z",
  classOfAdmission: "B2",
  admitUntilDate: "3/30/2027",
  portOfEntry: "LAX",
  passportNumber: "",
  passportCountry: "",
};
const subject = {
  release: "FY2026",
  EVENT_NUMBER: "E1",
  SUBJECT_KEY: "7",
  FIN: "FIN0000001",
  A_FILE_NUMBER: "12345678",
  APPR_DT_TIME: "10/1/2026 4:00",
  APPR_DATE: null,
  ARREST_DT_TIME: "",
  APPR_SECTOR: "(b)(7)(E)",
  CITIZENSHIP: "HND",
  FMU_NUMBER: "",
  FMU_TYPE: "",
  FMUA_INDICATOR_ENTERED: "Y",
  FMUA_INDICATOR: "N",
  UC_INDICATOR_ENTERED: "N",
  UC_INDICATOR: "N",
  CRED_FEAR_INDICATOR_ENTERED: "",
  CRED_FEAR_INDICATOR: "",
  DISPOSITION: 5,
  FINAL_BOOKOUT_DATE: "",
  BOOKOUT: 46297.25,
  TRANSFER_TO_GROUP: "",
  RELEASED_INDICATOR: "Y",
  RELEASE_ADDRESS: "FAILED TO PROVIDE ADDRESS",
  RELEASE_ADDRESS_DT_TIME: "10/2/2026",
  ADDRESS_UNDELIVERABLE: "",
};
const adisAnswer = { asOf, crossings: [arrival, departure], next: null };
const i94Answer = { dataAsOf: asOf, admissions: [admission], next: null };
const e3Answer = { extractedAt: asOf, rows: [subject, subject], next: null };

let adis: FakeSystem;
let i94: FakeSystem;
let e3: FakeSystem;
let subgraph: Listening;

beforeEach(async () => {
  [adis, i94, e3] = await Promise.all([fake(adisAnswer), fake(i94Answer), fake(e3Answer)]);
  const urls = { adisUrl: adis.url, i94Url: i94.url, e3Url: e3.url };
  subgraph = await startCbp({ ...urls, sourceTimeoutMs: 1_500, port: 0, host: "127.0.0.1" });
});
afterEach(async () => {
  await subgraph.close();
  await Promise.all([adis, i94, e3].map((system) => system.close()));
});

async function fake(answer: unknown): Promise<FakeSystem> {
  const asked: Search[] = [];
  const system = { asked, reply: give(answer) } as { asked: Search[]; reply: Reply };
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const search = JSON.parse(Buffer.concat(chunks).toString()) as Search;
    asked.push(search);
    system.reply(search, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(system, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

const everything = `
  arrivals { id i94Number arrivedAt portOfEntry classOfAdmission admitUntil durationOfStatus source { system asOf } }
  departures { id departedAt portOfExit source { system asOf } }
  apprehensions { id sector disposition bookedOutAt familyUnit { number } familyMember { entered derived } }
  addresses { lines status since }
`;
const person = {
  __typename: "Person",
  fin: "FIN0000001",
  fins: ["FIN0000001"],
  aNumbers: [],
  i94Numbers: ["123456789A1"],
};

type Found = {
  readonly data: { readonly _entities: readonly Record<string, unknown>[] };
  readonly errors?: readonly { readonly path: readonly unknown[]; readonly extensions: unknown }[];
};

async function ask(representations: readonly object[], fields = everything): Promise<Found> {
  const response = await fetch(subgraph.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Person { fin ${fields} } } }`,
      variables: { r: representations },
    }),
  });
  return (await response.json()) as Found;
}

const whole = {
  fin: "FIN0000001",
  arrivals: [
    {
      id: "R1",
      i94Number: "123456789A1",
      arrivedAt: "2026-10-01T08:00:00Z",
      portOfEntry: "2720",
      classOfAdmission: "B2",
      admitUntil: "2027-03-30",
      durationOfStatus: false,
      source: { system: "ADIS", asOf },
    },
  ],
  departures: [{ id: "R2", departedAt: "2026-10-09T08:00:00Z", portOfExit: "LAX", source: { system: "ADIS", asOf } }],
  apprehensions: [
    {
      id: "E1/7",
      sector: null,
      disposition: null,
      bookedOutAt: "2026-10-02T06:00:00Z",
      familyUnit: null,
      familyMember: { entered: true, derived: false },
    },
  ],
  addresses: [{ lines: null, status: "NOT_PROVIDED", since: "2026-10-02" }],
};

test("one person's records come from the three systems in one call to each; only what is withheld has errors", async () => {
  const { data, errors } = await ask([person]);
  expect(data._entities).toEqual([whole]);
  expect(errors).toMatchObject([
    { path: ["_entities", 0, "apprehensions", 0, "sector"], extensions: { code: "REDACTED_BY_SOURCE", system: "E3" } },
    {
      path: ["_entities", 0, "apprehensions", 0, "disposition"],
      extensions: { code: "VALUE_UNREADABLE", system: "E3" },
    },
  ]);
  expect([adis, i94, e3].map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
});

test("an admission is looked up by the number in the crossing too, when IDENT has none of it", async () => {
  const { data } = await ask([{ ...person, i94Numbers: [] }], "arrivals { id classOfAdmission }");
  expect(data._entities[0]?.arrivals).toEqual([{ id: "R1", classOfAdmission: "B2" }]);
  expect(i94.asked).toEqual([{ admissionNumbers: ["123456789A1"], pageSize: 500 }]);
});

test("I-94 is not asked where no number is known: nothing could be found", async () => {
  adis.reply = give({ ...adisAnswer, crossings: [] });
  const { data, errors } = await ask([{ ...person, i94Numbers: [] }], "arrivals { id }");
  expect([data._entities[0]?.arrivals, errors, i94.asked]).toEqual([[], undefined, []]);
});

test("departures alone do not ask I-94", async () => {
  await ask([person], "departures { id }");
  expect([adis.asked.length, i94.asked.length, e3.asked.length]).toEqual([1, 0, 0]);
});

test("rows go to the persons whose identifiers stand in them, and to nobody else", async () => {
  const other = { ...person, fin: "FIN0000002", fins: ["FIN0000002"], i94Numbers: [] };
  adis.reply = give({
    ...adisAnswer,
    crossings: [arrival, { ...arrival, recordId: "R3", fin: "FIN0000009", admissionNumber: null }],
  });
  const { data } = await ask([person, other], "arrivals { id }");
  expect(data._entities).toEqual([
    { fin: "FIN0000001", arrivals: [{ id: "R1" }] },
    { fin: "FIN0000002", arrivals: [] },
  ]);
});

test("a row that may be anybody's is reported to everybody, and nobody's list reads as empty for it", async () => {
  const other = { ...person, fin: "FIN0000002", fins: ["FIN0000002"], i94Numbers: [] };
  adis.reply = give({
    ...adisAnswer,
    crossings: [arrival, { ...arrival, fin: "?", admissionNumber: null, direction: "?" }],
  });
  const { data, errors } = await ask([person, other], "arrivals { id }");
  expect(data._entities).toEqual([
    { fin: "FIN0000001", arrivals: [{ id: "R1" }] },
    { fin: "FIN0000002", arrivals: null },
  ]);
  expect(errors?.map(({ path, extensions }) => [path.join("."), extensions]).sort()).toEqual(
    [0, 1].map((at) => [`_entities.${at}.arrivals`, { code: "RECORD_UNREADABLE", system: "ADIS", count: 1 }]),
  );
});

describe("pages", () => {
  const pages =
    (last: Reply): Reply =>
    (search, response) =>
      search.next === undefined
        ? give({ asOf, crossings: [arrival], next: "page 2" })(search, response)
        : last(search, response);

  test("are read to the last one, and hold up to the oldest of them", async () => {
    adis.reply = pages(give({ asOf: "2026-10-19T13:59:59Z", crossings: [{ ...arrival, recordId: "R9" }], next: null }));
    const { data } = await ask([person], "arrivals { id source { asOf } }");
    const source = { asOf: "2026-10-19T13:59:59Z" };
    expect(data._entities[0]?.arrivals).toEqual([
      { id: "R1", source },
      { id: "R9", source },
    ]);
    expect(adis.asked.map(({ next }) => next)).toEqual([undefined, "page 2"]);
  });

  test.each<[string, Reply, string]>([
    ["fails", (_search, response) => void response.writeHead(503).end(), "SOURCE_UNAVAILABLE"],
    ["is refused", (_search, response) => void response.writeHead(400).end("{}"), "SOURCE_REFUSED"],
    ["is nonsense", give({ asOf, crossings: null, next: null }), "SOURCE_INVALID"],
    ["points to itself", give({ asOf, crossings: [], next: "page 2" }), "SOURCE_INVALID"],
    [
      "never ends",
      (search, response) => give({ asOf, crossings: [], next: `${search.next}.` })(search, response),
      "SOURCE_TIMEOUT",
    ],
  ])("when a later one %s, the look-up fails: half of it would read as all", async (_title, last, code) => {
    adis.reply = pages(last);
    const { data, errors } = await ask([person], "arrivals { id }");
    expect(data._entities[0]?.arrivals).toBeNull();
    expect(errors).toMatchObject([{ path: ["_entities", 0, "arrivals"], extensions: { code, system: "ADIS" } }]);
  });
});

describe("when a system gives no usable answer, its fields are null with an error and the others' stand", () => {
  const failures: readonly [string, Reply, string][] = [
    ["is down", (_search, response) => void response.socket?.destroy(), "SOURCE_UNAVAILABLE"],
    ["is slow", () => undefined, "SOURCE_TIMEOUT"],
    ["talks nonsense", (_search, response) => void response.end("<html>"), "SOURCE_INVALID"],
    ["answers with something else", give({ rows: [] }), "SOURCE_INVALID"],
    ["redirects", (_search, response) => void response.writeHead(302, { location: "/" }).end(), "SOURCE_INVALID"],
    ["refuses", (_search, response) => void response.writeHead(403).end("{}"), "SOURCE_REFUSED"],
    [
      "breaks off",
      (_search, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"asOf":', () => response.destroy());
      },
      "SOURCE_UNAVAILABLE",
    ],
  ];
  const systems = [
    ["ADIS", () => adis, ["arrivals", "departures"]],
    ["I94", () => i94, ["arrivals"]],
    ["E3", () => e3, ["apprehensions", "addresses"]],
  ] as const;

  test.each(
    systems.flatMap(([system, of, fields]) => failures.map((failure) => [system, ...failure, of, fields] as const)),
  )("%s %s", async (system, _title, reply, code, of, fields) => {
    of().reply = reply;
    const { data, errors } = await ask([person]);
    expect(data._entities).toEqual([{ ...whole, ...Object.fromEntries(fields.map((field) => [field, null])) }]);
    const failed = (errors ?? []).filter(({ path }) => path.length === 3);
    expect(failed).toHaveLength(fields.length);
    for (const field of fields)
      expect(failed).toContainEqual(
        expect.objectContaining({ path: ["_entities", 0, field], extensions: { code, system } }),
      );
  });
});

describe("identifiers that IDENT could not give are not the same as none", () => {
  test.each<[string, object, string]>([
    ["a list that is null", { i94Numbers: null }, "SOURCE_UNAVAILABLE"],
    ["a list that is missing", { i94Numbers: undefined }, "SOURCE_UNAVAILABLE"],
    ["a list that is none", { fins: "FIN0000001" }, "SOURCE_UNAVAILABLE"],
    ["an element of another kind", { fins: [7] }, "SOURCE_INVALID"],
    ["an element in no known form", { i94Numbers: ["1"] }, "SOURCE_INVALID"],
  ])("%s", async (_title, change, code) => {
    const { data, errors } = await ask([{ ...person, ...change }], "arrivals { id }");
    expect(data._entities[0]?.arrivals).toBeNull();
    expect(errors).toContainEqual(
      expect.objectContaining({ path: ["_entities", 0, "arrivals"], extensions: { code, system: "IDENT" } }),
    );
    expect(adis.asked).toEqual([]);
  });

  test("and take no other field with them", async () => {
    const { data } = await ask([{ ...person, i94Numbers: null }], "arrivals { id } addresses { status }");
    expect(data._entities[0]).toMatchObject({ arrivals: null, addresses: [{ status: "NOT_PROVIDED" }] });
  });
});

test("settings have defaults that fit one machine, and a bad one is named", () => {
  expect(readCbpSettings({})).toEqual({
    adisUrl: "http://127.0.0.1:4202",
    i94Url: "http://127.0.0.1:4203",
    e3Url: "http://127.0.0.1:4204",
    keys: null,
    changesTo: null,
    sourceTimeoutMs: 2_000,
    port: 4102,
    host: "127.0.0.1",
  });
  expect(() => readCbpSettings({ E3_URL: "e3" })).toThrow("E3_URL must be a URL");
});

test("a port in use is an error, not a second listener", async () => {
  const settings = readCbpSettings({ PORT: new URL(subgraph.url).port });
  await expect(startCbp(settings)).rejects.toMatchObject({ code: "EADDRINUSE" });
});
