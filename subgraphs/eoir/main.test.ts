/** The subgraph over a docket and a snapshot made by hand: what it says when one of them fails it. */

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type EoirSettings, readEoirSettings, startEoir } from "./main.ts";
import { tableFormats } from "./snapshot.ts";
import { type Folder, oneCase, type Rows, temporaryFolder, writeSnapshot } from "./testing.ts";

const asOf = "2026-10-19T14:00:00Z";
const quiet: {
  readonly latestSnapshotDate?: string;
  asOf: string;
  snapshotDate: string;
  cases: unknown[];
  removed: string[];
} = { asOf, snapshotDate: "2026-10-01T06:00:00Z", cases: [] as unknown[], removed: [] as string[] };

let snapshot: Folder;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  snapshot = temporaryFolder();
  closers.push(snapshot.remove);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Docket = { readonly url: string; readonly asked: string[][]; listener: RequestListener };

/** Answers what `listener` says; until it is set, a quiet docket. */
async function startDocket(): Promise<Docket> {
  const docket: Docket = { url: "", asked: [], listener: (_request, response) => response.end(JSON.stringify(quiet)) };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      docket.asked.push(JSON.parse(Buffer.concat(parts).toString()).alienNumbers);
      docket.listener(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return Object.assign(docket, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
const answering =
  (over: Partial<typeof quiet>): RequestListener =>
  (_request, response) =>
    response.end(JSON.stringify({ ...quiet, ...over }));

async function start(
  docket: Docket,
  over: Partial<EoirSettings> = {},
  fields = "courtCases { id motions { id } source { asOf } } stays { state basis courtCaseId source { system asOf } }",
): Promise<(persons: readonly object[]) => Promise<Answer>> {
  const subgraph = await startEoir({
    caseUrl: docket.url,
    sourceTimeoutMs: 30_000,
    snapshot: snapshot.path,
    retryMs: 20,
    loadWaitMs: 30_000,
    port: 0,
    ...over,
  });
  closers.push(subgraph.close);
  return async (persons) => {
    const query = `query Q($persons: [_Any!]!) { _entities(representations: $persons) {
      ... on Person { fin ${fields} } } }`;
    const representations = persons.map((each) => ({ __typename: "Person", ...each }));
    const response = await fetch(subgraph.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { persons: representations } }),
    });
    const { data, errors } = (await response.json()) as {
      data: { _entities: Answer["persons"] };
      errors?: { path: unknown[]; extensions: { code: string; system: string } }[];
    };
    return {
      persons: data._entities,
      errors: (errors ?? []).map(({ path, extensions }) => [
        path.slice(1).join("."),
        extensions.code,
        extensions.system,
      ]),
    };
  };
}
type Answer = {
  readonly persons: {
    fin: string;
    courtCases: { id: string; motions: unknown[] | null }[] | null;
    stays: unknown[] | null;
  }[];
  readonly errors: readonly (readonly [path: string, code: string, system: string])[];
};

const person = { fin: "FIN0000001", aNumbers: ["012345678"] };
const other = { fin: "FIN0000002", aNumbers: ["087654321"] };
const maPending = { state: "IN_FORCE", basis: "MA_PENDING", courtCaseId: "1", source: { system: "CASE", asOf } };
const notFound = {
  state: "NOT_FOUND_IN_SOURCES_THAT_ANSWERED",
  basis: null,
  courtCaseId: null,
  source: { system: "CASE", asOf },
};
const unknownAt = (instant: string) => [
  { state: "UNKNOWN", basis: null, courtCaseId: null, source: { system: "CASE", asOf: instant } },
];
const snapshotAsOf = quiet.snapshotDate;

/** A whole case as the docket gives it. */
function docketCase(rows: Rows): Record<string, unknown> {
  return Object.fromEntries(
    tableFormats
      .filter(({ name }) => !name.startsWith("tblLookup"))
      .map(({ name, keys, columns }) => [
        name,
        (rows[name] ?? []).map((row) =>
          Object.fromEntries(
            [...keys, ...columns].map((each) => [each, (row as Record<string, string>)[each] ?? null]),
          ),
        ),
      ]),
  );
}

test("a stay that nobody keyed stands in force: the snapshot holds the motion, the docket vouches for today", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const ask = await start(docket);
  expect(await ask([person, other])).toEqual({
    persons: [
      { fin: person.fin, courtCases: [{ id: "1", motions: [{ id: "21" }], source: { asOf } }], stays: [maPending] },
      { fin: other.fin, courtCases: [], stays: [notFound] },
    ],
    errors: [],
  });
  expect(docket.asked).toEqual([["012345678", "087654321"]]);
});

test("a case in the docket stands in place of the snapshot's, one it removed is gone, a new one is there", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const ask = await start(docket);
  docket.listener = answering({ cases: [docketCase({ ...oneCase, tbl_Court_Motions: [] })] });
  expect((await ask([person])).persons[0]).toMatchObject({ courtCases: [{ id: "1", motions: [] }], stays: [notFound] });
  docket.listener = answering({ removed: ["1"] });
  expect((await ask([person])).persons[0]).toMatchObject({ courtCases: [], stays: [notFound] });
  const opened = { tbl_AlienNumber: [{ IDNCASE: "2", ALIEN_NBR: "087654321" }], A_TblCase: [{ IDNCASE: "2" }] };
  docket.listener = answering({ cases: [docketCase(opened)] });
  expect((await ask([person, other])).persons).toMatchObject([
    { courtCases: [{ id: "1" }] },
    { courtCases: [{ id: "2" }], stays: [notFound] },
  ]);
});

test("more than a hundred A-numbers are asked for in parts; what counts is the oldest answer", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const ask = await start(docket);
  const earlier = "2026-10-19T13:59:00Z";
  docket.listener = (_request, response) =>
    response.end(JSON.stringify({ ...quiet, asOf: docket.asked.length === 1 ? asOf : earlier }));
  const crowd = Array.from({ length: 50 }, (_, n) => ({
    fin: `FIN00000${n + 10}`,
    aNumbers: [0, 1, 2].map((slot) => String(100_000_000 + n * 3 + slot)),
  }));
  const { persons } = await ask([...crowd, person]);
  expect(docket.asked.map((each) => each.length)).toEqual([100, 51]);
  expect(persons.at(-1)).toMatchObject({ courtCases: [{ source: { asOf: earlier } }] });
});

describe("when the docket does not answer, an old answer never reads as a current one", () => {
  test.each<[string, RequestListener, string]>([
    ["down", (_request, response) => response.destroy(), "SOURCE_UNAVAILABLE"],
    ["an error", (_request, response) => response.writeHead(503).end(), "SOURCE_UNAVAILABLE"],
    ["a refusal", (_request, response) => response.writeHead(403).end("{}"), "SOURCE_REFUSED"],
    ["silence", () => undefined, "SOURCE_TIMEOUT"],
    ["nonsense", (_request, response) => response.end("<html>"), "SOURCE_INVALID"],
    ["half an answer", (_request, response) => response.end(JSON.stringify(quiet).slice(0, 40)), "SOURCE_INVALID"],
    ["no asOf", (_request, response) => response.end(JSON.stringify({ ...quiet, asOf: null })), "SOURCE_INVALID"],
  ])("%s", async (_title, listener, code) => {
    writeSnapshot(snapshot.path, oneCase);
    const docket = await startDocket();
    // Only who is silent is to be given up: on a slow machine the others have their time.
    const ask = await start(docket, code === "SOURCE_TIMEOUT" ? { sourceTimeoutMs: 1_500 } : {});
    docket.listener = listener;
    expect(await ask([person])).toEqual({
      persons: [{ fin: person.fin, courtCases: null, stays: unknownAt(snapshotAsOf) }],
      errors: [["0.courtCases", code, "CASE"]],
    });
    docket.listener = answering({});
    expect((await ask([person])).persons[0]).toMatchObject({ courtCases: [{ id: "1" }], stays: [maPending] });
  });
});

test("while no snapshot is loaded nothing is said at all; once one is there, all of it", async () => {
  const docket = await startDocket();
  const lines: string[] = [];
  const ask = await start(docket, { progress: (line) => lines.push(line) });
  expect(await ask([person])).toEqual({
    persons: [{ fin: person.fin, courtCases: null, stays: null }],
    errors: [
      ["0.courtCases", "SOURCE_UNAVAILABLE", "CASE"],
      ["0.stays", "SOURCE_UNAVAILABLE", "CASE"],
    ],
  });
  expect(lines[0]).toBe(
    "CASE     snapshot not loaded: CASE could not be reached; none is loaded; next attempt in 0.02 s",
  );
  writeSnapshot(snapshot.path, oneCase);
  expect(await eventually(ask, ({ errors }) => errors.length === 0)).toMatchObject({
    persons: [{ stays: [maPending] }],
  });
});

test("when the docket counts from another snapshot, the new one is loaded behind; until then, nothing is certain", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const ask = await start(docket);
  const later = { asOf: "2026-11-02T09:00:00Z", snapshotDate: "2026-11-01T06:00:00Z" };
  docket.listener = answering(later);
  expect(await ask([person])).toEqual({
    persons: [{ fin: person.fin, courtCases: null, stays: unknownAt(snapshotAsOf) }],
    errors: [["0.courtCases", "SOURCE_UNAVAILABLE", "CASE"]],
  });
  writeSnapshot(snapshot.path, { ...oneCase, tbl_Court_Motions: [] }, { date: "2026-11-01 06:00:00" });
  expect(await eventually(ask, ({ errors }) => errors.length === 0)).toMatchObject({
    persons: [
      {
        courtCases: [{ motions: [], source: { asOf: later.asOf } }],
        stays: [{ ...notFound, source: { asOf: later.asOf } }],
      },
    ],
  });
});

test("while the next snapshot is loaded, the docket counts from the one at hand, and answers go on", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const ask = await start(docket);
  docket.listener = answering({ asOf: "2026-11-02T09:00:00Z", latestSnapshotDate: "2026-11-01T06:00:00Z" });
  expect(await ask([person])).toMatchObject({
    persons: [{ courtCases: [{ source: { asOf: "2026-11-02T09:00:00Z" } }], stays: [{ basis: "MA_PENDING" }] }],
    errors: [],
  });
});

test("a new snapshot that is refused leaves the last good one in its place, and that is said", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const lines: string[] = [];
  const ask = await start(docket, { progress: (line) => lines.push(line) });
  writeSnapshot(snapshot.path, oneCase, { date: "2026-11-01 06:00:00", counts: { A_TblCase: 2 } });
  docket.listener = answering({ snapshotDate: "2026-11-01T06:00:00Z" });
  await eventually(ask, () => lines.some((line) => line.includes("not loaded")));
  expect(lines.at(-1)).toMatch(/A_TblCase.csv has 1 rows and Count.txt states 2; that of 2026-10-01 is kept/);
  docket.listener = answering({});
  expect((await ask([person])).persons[0]).toMatchObject({ stays: [maPending] });
});

test("a kept store is used at the next start, and only the latest is kept", async () => {
  const stores = temporaryFolder();
  closers.unshift(stores.remove);
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const kept = { storeFolder: stores.path };
  await start(docket, kept);
  await closers.pop()?.();
  const [first] = readdirSync(stores.path);
  const lines: string[] = [];
  const ask = await start(docket, { ...kept, progress: (line) => lines.push(line) });
  expect(lines).toEqual(["CASE     snapshot of 2026-10-01: the store built from it before is used"]);
  expect((await ask([person])).persons[0]).toMatchObject({ stays: [maPending] });
  await closers.pop()?.();
  writeSnapshot(snapshot.path, oneCase, { date: "2026-11-01 06:00:00" });
  await start(docket, kept);
  const files = readdirSync(stores.path);
  expect(files).toHaveLength(1);
  expect(files).not.toEqual([first]);
});

describe("what cannot be read is said where it is missing", () => {
  test("a case's own row: the case is left out with an error, its stay stands, and a doubt beside it", async () => {
    writeSnapshot(snapshot.path, { ...oneCase, A_TblCase: ["1\t\t\t\t\t\t\t\t\tRMV\t"] });
    const ask = await start(await startDocket());
    expect(await ask([person])).toEqual({
      persons: [
        { fin: person.fin, courtCases: null, stays: [{ ...maPending, state: "UNKNOWN", basis: null }, maPending] },
      ],
      errors: [["0.courtCases", "RECORD_UNREADABLE", "CASE"]],
    });
  });

  test("a motion: the case is there, its list of motions is null, and nothing is taken for found or not found", async () => {
    writeSnapshot(snapshot.path, { ...oneCase, tbl_Court_Motions: ["21\t11\t1\tMA\t\t\t\t\t\t\t\t"] });
    const ask = await start(await startDocket());
    expect(await ask([person])).toEqual({
      persons: [
        {
          fin: person.fin,
          courtCases: [{ id: "1", motions: null, source: { asOf } }],
          stays: [{ ...maPending, state: "UNKNOWN", basis: null }],
        },
      ],
      errors: [
        ["0.courtCases", "RECORD_UNREADABLE", "CASE"],
        ["0.courtCases.0.motions", "RECORD_UNREADABLE", "CASE"],
      ],
    });
  });

  test("an A-number without a case row", async () => {
    writeSnapshot(snapshot.path, { tbl_AlienNumber: oneCase.tbl_AlienNumber! });
    const ask = await start(await startDocket());
    expect(await ask([person])).toMatchObject({
      persons: [{ courtCases: null, stays: [{ state: "UNKNOWN", courtCaseId: "1" }] }],
      errors: [["0.courtCases", "RECORD_UNREADABLE", "CASE"]],
    });
  });

  test("a case in the docket that may be anybody's makes everybody asked about uncertain", async () => {
    writeSnapshot(snapshot.path, oneCase);
    const docket = await startDocket();
    docket.listener = answering({ cases: [{}] });
    const ask = await start(docket);
    expect(await ask([person, other])).toEqual({
      persons: [
        { fin: person.fin, courtCases: [expect.objectContaining({ id: "1" })], stays: [maPending, ...unknownAt(asOf)] },
        { fin: other.fin, courtCases: null, stays: unknownAt(asOf) },
      ],
      errors: [
        ["0.courtCases", "RECORD_UNREADABLE", "CASE"],
        ["1.courtCases", "RECORD_UNREADABLE", "CASE"],
      ],
    });
  });
});

describe("the next hearing is the earliest from the record's day on that stands", () => {
  const hearing = (id: string, date: string, over: Record<string, string> = {}) => ({
    IDNSCHEDULE: id,
    IDNCASE: "1",
    ADJ_DATE: `${date} 00:00:00`,
    ADJ_TIME_START: "0900",
    SCHEDULE_TYPE: "MM",
    HEARING_LOC_CODE: "ATL",
    ...over,
  });
  const past = hearing("1", "2026-10-18");
  const cancelled = hearing("2", "2026-10-19", { ADJ_RSN: "99" });
  const sameDay = hearing("3", "2026-10-19", { ADJ_TIME_START: "1300" });
  const nextDay = hearing("4", "2026-10-20");
  const at = (instant: string) => ({ at: instant, kind: "MM", location: "ATL" });

  test.each<[string, Rows["tbl_schedule"], unknown, string[]]>([
    ["the day itself counts", [nextDay, sameDay, past, cancelled], at("2026-10-19T13:00"), []],
    ["the next day", [nextDay, past, cancelled], at("2026-10-20T09:00"), []],
    ["none stands", [past, cancelled], null, []],
    ["no time set", [hearing("5", "2026-10-20", { ADJ_TIME_START: "" })], at("2026-10-20"), []],
    [
      "a time that cannot be read",
      [hearing("5", "2026-10-20", { ADJ_TIME_START: "noon" })],
      null,
      ["VALUE_UNREADABLE"],
    ],
    [
      "one that may be cancelled",
      [nextDay, hearing("5", "2026-11-20", { ADJ_RSN: "b6" })],
      null,
      ["REDACTED_BY_SOURCE"],
    ],
    ["one that cannot be read", [nextDay, "6\t1\tATL\t\t\t\t\t\t\t"], null, ["VALUE_UNREADABLE"]],
  ])("%s", async (_title, rows = [], expected, codes) => {
    writeSnapshot(snapshot.path, { ...oneCase, tbl_schedule: rows });
    const ask = await start(await startDocket(), {}, "courtCases { nextHearing { at kind location } }");
    const { persons, errors } = await ask([person]);
    expect(persons).toEqual([{ fin: person.fin, courtCases: [{ nextHearing: expected }] }]);
    const ofHearing = errors.filter(([path]) => path.startsWith("0.courtCases.0.nextHearing"));
    expect(ofHearing.map(([, code]) => code)).toEqual(codes);
  });
});

describe("a person's A-numbers", () => {
  test("none: CASE holds nothing that could be theirs by number, and nobody can ask it about their stays", async () => {
    writeSnapshot(snapshot.path, oneCase);
    const docket = await startDocket();
    const ask = await start(docket);
    expect(await ask([{ fin: "FIN0000003", aNumbers: [] }])).toEqual({
      persons: [{ fin: "FIN0000003", courtCases: [], stays: unknownAt(asOf) }],
      errors: [],
    });
    expect(docket.asked).toEqual([[]]);
  });

  test.each<[string, object]>([
    ["missing", {}],
    ["null", { aNumbers: null }],
    ["no list", { aNumbers: "012345678" }],
    ["one of them unreadable", { aNumbers: ["012345678", "x"] }],
    ["one of them null", { aNumbers: ["012345678", null] }],
  ])("%s: without IDENT's numbers there is no answer", async (_title, numbers) => {
    writeSnapshot(snapshot.path, oneCase);
    const ask = await start(await startDocket());
    expect(await ask([{ fin: "FIN0000003", ...numbers }])).toEqual({
      persons: [{ fin: "FIN0000003", courtCases: null, stays: unknownAt(asOf) }],
      errors: [["0.courtCases", "SOURCE_UNAVAILABLE", "IDENT"]],
    });
  });
});

test("settings have defaults that fit one machine, and a bad one is named", () => {
  expect(readEoirSettings({})).toMatchObject({ caseUrl: "http://127.0.0.1:4208", port: 4105, storeFolder: null });
  expect(readEoirSettings({ CASE_SNAPSHOT: "/data/eoir", CASE_STORE: "/var/case" })).toMatchObject({
    snapshot: "/data/eoir",
    storeFolder: "/var/case",
  });
  expect(() => readEoirSettings({ CASE_URL: "nowhere" })).toThrow(/CASE_URL must be a URL/);
  expect(() => readEoirSettings({ PORT: "http" })).toThrow(/PORT must be a whole number/);
});

test("a folder for stores that was never needed is no trouble at the end", async () => {
  const stores = temporaryFolder();
  stores.remove();
  const docket = await startDocket();
  await start(docket, { storeFolder: stores.path });
});

test("the store of a process that was killed is removed at the next start", async () => {
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  const left = mkdtempSync(join(tmpdir(), `case-store-${gone}-`));
  await start(await startDocket());
  expect(existsSync(left)).toBe(false);
});

test("what cannot be removed, since it is another user's, keeps nobody from starting", async () => {
  // Of a process before this one under its id: those who run beside this test take it for this one's, and leave it.
  const left = mkdtempSync(join(tmpdir(), `case-store-${process.pid}-`));
  writeFileSync(join(left, "file"), "");
  chmodSync(left, 0o500);
  closers.push(() => rmSync(left, { recursive: true }));
  closers.push(() => chmodSync(left, 0o700));
  const docket = await startDocket();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  const starting = start(docket);
  if (isRoot) process.seteuid?.(0);
  await starting;
  expect(existsSync(left)).toBe(true);
});

test("a port in use is an error, and nothing is left running", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const docket = await startDocket();
  const port = Number(new URL(docket.url).port);
  await expect(start(docket, { port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

/** Asks again until the answer is as wanted; the load runs in a thread, so there is no event to wait for here. */
async function eventually(
  ask: (persons: readonly object[]) => Promise<Answer>,
  wanted: (answer: Answer) => boolean,
): Promise<Answer> {
  for (let times = 0; times < 2_000; times += 1) {
    const answer = await ask([person]);
    if (wanted(answer)) return answer;
  }
  throw new Error("never came");
}
