/** CASE read by a foreign client: plain fetch, and a reader of its own for the files. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { CaseFile, CaseMotion, CaseProceeding, PersonFile } from "../population/types.ts";
import { createClock, createWorld } from "../population/world.ts";
import type { Act, Clock, Simulator, World } from "../world.ts";
import { caseSystem } from "./case.ts";
import type { Defects } from "./publish.ts";
import { lastSnapshotDate } from "./record.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const none: Defects = { shiftedRates: {}, shiftedAtLeast: {}, nulOneIn: Number.MAX_SAFE_INTEGER };

type Running = {
  readonly simulator: Simulator;
  readonly clock: Clock;
  readonly url: string;
  /** Rows of a snapshot's file, by column. */
  rows(table: string): Promise<Record<string, string>[]>;
  changes(...aNumbers: string[]): Promise<Changes>;
  changesFrom(since: string, ...aNumbers: string[]): Promise<Changes>;
  act(act: Omit<Act, "aNumber">, aNumber?: string): Promise<unknown>;
};
type DocketRow = Record<string, string | null>;
type Changes = {
  readonly asOf: string;
  readonly snapshotDate: string;
  readonly cases: readonly Record<string, DocketRow[]>[];
  readonly removed: readonly string[];
};

async function start(
  world: World,
  { defects = none, now = "2026-10-19T14:00:00Z" }: { defects?: Defects; now?: string } = {},
): Promise<Running> {
  const clock = createClock(now);
  const simulator = caseSystem({ world, clock, progress: () => undefined }, defects);
  const { port, close } = await simulator.start();
  closers.push(close);
  const url = `http://127.0.0.1:${port}`;
  return {
    simulator,
    clock,
    url,
    rows: async (table) => (await readTable(url, table)).rows,
    changes: async (...alienNumbers) => (await post(url, JSON.stringify({ alienNumbers }))).body as Changes,
    changesFrom: async (since, ...alienNumbers) =>
      (await post(url, JSON.stringify({ alienNumbers, since }))).body as Changes,
    act: (act, aNumber = "012345678") => simulator.act({ aNumber, ...act } as Act),
  };
}

async function post(url: string, body: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/docket/v1/changes`, { method: "POST", body });
  return { status: response.status, body: await response.json() };
}

/** Written from README.md alone: bytes → Latin-1 → no NULs → lines → tabs; rows of another length are set aside. */
async function readTable(
  url: string,
  table: string,
): Promise<{ rows: Record<string, string>[]; shifted: string[][]; raw: Buffer }> {
  const response = await fetch(`${url}/snapshot/${table}.csv`);
  expect(response.status).toBe(200);
  const raw = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get("content-length")).toBe(String(raw.length));
  const [header = "", ...lines] = raw.toString("latin1").split("\0").join("").split("\r\n").slice(0, -1);
  const columns = header.split("\t");
  const fields = lines.map((line) => line.split("\t"));
  const rows = fields
    .filter((each) => each.length === columns.length)
    .map((each) => Object.fromEntries(columns.map((column, at) => [column, each[at] as string])));
  return { rows, shifted: fields.filter((each) => each.length !== columns.length), raw };
}

async function readCounts(url: string): Promise<Record<string, string>> {
  const text = await (await fetch(`${url}/snapshot/Count.txt`)).text();
  return Object.fromEntries(
    text
      .split("\r\n")
      .slice(0, -1)
      .map((line) => line.split("\t") as [string, string]),
  );
}

const proceeding: CaseProceeding = {
  idnproceeding: 11,
  oscDate: "2024-05-01",
  inputDate: "2024-05-20",
  baseCity: "BAL",
  hearingLocation: "BAL",
  decType: "O",
  decCode: "X",
  otherComp: null,
  completedDate: "2025-05-12",
  absentia: "Y",
  appealReserved: null,
  appealDueDate: null,
  schedule: [
    {
      idnschedule: 41,
      date: "2025-05-12",
      time: "08:30",
      scheduleType: "MM",
      calType: "M",
      adjournReason: "8A",
      noticeCode: "01",
    },
    {
      idnschedule: 42,
      date: "2026-11-30",
      time: null,
      scheduleType: "MM",
      calType: "M",
      adjournReason: null,
      noticeCode: null,
    },
  ],
  applications: [{ idn: 51, code: "ASYL", receivedDate: "2024-06-01", decision: "A" }],
};
const motion: CaseMotion = {
  idnmotion: 21,
  idnproceeding: 11,
  kind: "MA",
  receivedDate: "2026-09-30",
  filedBy: "A",
  decision: null,
  completedDate: null,
  stayGrant: null,
  deleted: false,
};
const caseFile: CaseFile = {
  idncase: 1,
  aNumber: "012345678",
  caseType: "RMV",
  nationality: "HO",
  custody: "D",
  city: "Cañon\tCity ☂",
  state: "CO",
  zip: "81212",
  addressChangedOn: null,
  asylumType: null,
  birthDate: "1990-07-01",
  juvenile: "J1",
  leadOf: [{ rider: 2, severedOn: null, active: true }],
  proceedings: [proceeding],
  motions: [motion],
  appeals: [
    {
      idnappeal: 31,
      idnproceeding: 11,
      category: "IJ",
      type: "Case Appeal",
      filedDate: "2025-06-05",
      filedBy: "A",
      decision: "DIS",
      decisionDate: "2025-11-20",
      federalCourtStayDate: "2025-12-01",
    },
  ],
  inSnapshot: true,
};
const rider: CaseFile = {
  ...caseFile,
  idncase: 2,
  aNumber: "111111111",
  leadOf: [],
  motions: [],
  appeals: [],
  juvenile: null,
  proceedings: [{ ...proceeding, idnproceeding: 12, schedule: [], applications: [] }],
};

function personFile(index: number, ...cases: CaseFile[]): PersonFile {
  const eid = { stays: [], detainers: [], removals: [], arrests: [], cases: [] };
  return {
    index,
    ident: [],
    adis: [],
    i94: [],
    e3: [],
    eid,
    global: { screenings: [], applications: [] },
    elis: { cases: [] },
    cases,
  };
}

function worldOf(...files: PersonFile[]): World {
  const people = [...files];
  return {
    size: people.length,
    persons: () => people[Symbol.iterator](),
    find: (kind, value) =>
      people.filter(({ cases }) =>
        cases.some((each) => (kind === "aNumber" ? each.aNumber : String(each.idncase)) === value),
      ),
    change: (index, edit) => {
      people[index] = edit(people[index] as PersonFile);
      return people[index] as PersonFile;
    },
  };
}
const smallWorld = () => worldOf(personFile(0, caseFile), personFile(1, rider));

describe("the snapshot's files", () => {
  test("hold every row in CASE's own columns, as Count.txt states", async () => {
    const { url, rows } = await start(smallWorld());
    expect(await readCounts(url)).toMatchObject({
      SnapshotDate: "2026-10-01 06:00:00",
      A_TblCase: "2",
      B_TblProceeding: "2",
      tbl_schedule: "2",
      tbl_Court_Motions: "1",
      tblAppeal: "1",
      tbl_Court_Appln: "1",
      tbl_Lead_Rider: "1",
      tbl_JuvenileHistory: "1",
      tblAppealFedCourts: "1",
      tbl_AlienNumber: "2",
    });
    expect((await rows("A_TblCase"))[0]).toMatchObject({
      IDNCASE: "1",
      ALIEN_CITY: "Cañon City ?",
      UPDATED_CITY: "",
      CASE_TYPE: "RMV",
      C_BIRTHDATE: "7/1990",
    });
    expect((await rows("B_TblProceeding"))[0]).toMatchObject({
      OSC_DATE: "2024-05-01 00:00:00",
      DEC_CODE: "X",
      COMP_DATE: "2025-05-12 00:00:00",
      ABSENTIA: "Y",
      DATE_APPEAL_DUE_STATUS: "",
    });
    expect(await rows("tbl_Court_Motions")).toMatchObject([
      { IDNMOTION: "21", REC_TYPE: "MA", MOTION_RECD_DATE: "2026-09-30 00:00:00", STAY_GRANT: "", blnDeleted: "0" },
    ]);
    const schedule = await rows("tbl_schedule");
    expect(schedule.map(({ ADJ_TIME_START }) => ADJ_TIME_START)).toEqual([expect.stringMatching(/^(0830|8:30)$/), ""]);
    expect((await rows("tblAppealFedCourts"))[0]).toMatchObject({ lngAppealID: "31", strFedCourtDecision: "STY" });
    expect((await rows("tbl_Lead_Rider"))[0]).toMatchObject({ idnLeadCase: "1", idnRiderCase: "2", blnActive: "1" });
    const [juvenile] = await rows("tbl_JuvenileHistory");
    const codes = await rows("tblLookup_Juvenile");
    expect(codes.find(({ idnJuvenile }) => idnJuvenile === juvenile?.idnJuvenile)?.strCode).toBe("J1");
    expect((await rows("tbl_AlienNumber")).map(({ ALIEN_NBR = "" }) => ALIEN_NBR.padStart(9, "0"))).toEqual([
      "012345678",
      "111111111",
    ]);
  });

  test("a changed address stands in the updated columns only", async () => {
    const { rows } = await start(worldOf(personFile(0, { ...caseFile, addressChangedOn: "2026-02-03" })));
    expect((await rows("A_TblCase"))[0]).toMatchObject({
      ALIEN_CITY: "",
      UPDATED_STATE: "CO",
      ADDRESS_CHANGEDON: "2026-02-03 00:00:00",
    });
  });

  test("decisions are decoded by case type and column", async () => {
    const { rows } = await start(worldOf());
    const decisions = await rows("tblLookupCourtDecision");
    const words = (type: string, column: string, code: string) =>
      decisions
        .find((each) => each.strCaseType === type && each.strDecType === column && each.strDecCode === code)
        ?.strDecDescription?.trim();
    expect(words("RMV", "C", "V")).toBe("Voluntary Departure");
    expect(words("CFR", "C", "V")).toBe("Vacate DHS Decision");
    expect(words("RMV", "O", "C")).toBe("Change of Venue");
    const keys = decisions.map((each) => [each.strCaseType, each.strDecType, each.strDecCode].join());
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("anything else is not there", async () => {
    const { url } = await start(worldOf());
    for (const path of ["/snapshot/other.csv", "/snapshot/..%2fCount.txt", "/snapshot/", "/"])
      expect((await fetch(url + path)).status).toBe(404);
  });

  test("what is dated the snapshot's day or later is not in it", async () => {
    const late = {
      ...caseFile,
      idncase: 3,
      motions: [{ ...motion, receivedDate: "2026-10-01" }],
      proceedings: [{ ...proceeding, completedDate: "2026-10-02" }],
      appeals: [],
    };
    const later = { ...caseFile, idncase: 4, leadOf: [], proceedings: [{ ...proceeding, inputDate: "2026-10-05" }] };
    const { rows, changes } = await start(
      worldOf(personFile(0, caseFile, late, later, { ...caseFile, idncase: 5, leadOf: [], inSnapshot: false })),
    );
    expect((await rows("A_TblCase")).map(({ IDNCASE }) => IDNCASE)).toEqual(["1", "3"]);
    expect((await rows("tbl_Court_Motions")).map(({ IDNCASE }) => IDNCASE)).toEqual(["1"]);
    expect((await rows("B_TblProceeding"))[1]).toMatchObject({ COMP_DATE: "", DEC_CODE: "", ABSENTIA: "" });
    const { cases } = await changes("012345678");
    expect(cases.map(({ A_TblCase }) => A_TblCase?.[0]?.IDNCASE)).toEqual(["3", "4", "5"]);
  });
});

test("the damage of the public release is done, counted, and kept away from scenarios", async () => {
  const world = createWorld({ size: 2_000, seed: 1 });
  const { url } = await start(world, {
    defects: {
      shiftedRates: { A_TblCase: 0.01 },
      shiftedAtLeast: { B_TblProceeding: 2, tbl_schedule: 1 },
      nulOneIn: 20,
    },
  });
  const counts = await readCounts(url);
  const spared = new Set(
    [...world.persons()].slice(0, 48).flatMap(({ cases }) => cases.map(({ idncase }) => String(idncase))),
  );
  const damaged: Record<string, number> = {};
  for (const table of ["A_TblCase", "B_TblProceeding", "tbl_schedule", "tbl_AlienNumber"]) {
    const { rows, shifted, raw } = await readTable(url, table);
    expect(counts[table]).toBe(String(rows.length + shifted.length));
    damaged[table] = shifted.length;
    if (table === "A_TblCase") expect(shifted.filter(([idncase = ""]) => spared.has(idncase))).toEqual([]);
    if (table === "A_TblCase") expect(raw.includes(0)).toBe(true);
    if (table === "B_TblProceeding") for (const [, idncase] of shifted) expect(Number(idncase)).toBeGreaterThan(0);
  }
  expect(damaged).toMatchObject({ B_TblProceeding: 2, tbl_schedule: 1, tbl_AlienNumber: 0 });
  expect(damaged.A_TblCase).toBeGreaterThan(0);
  expect(damaged.A_TblCase).toBeLessThan(30);
});

test("two snapshots of one world are the same, byte for byte", async () => {
  const bytes = async () => {
    const { url } = await start(createWorld({ size: 300, seed: 1 }));
    return Promise.all(
      ["A_TblCase", "tbl_schedule"].map(async (table) => (await readTable(url, table)).raw.toString("base64")),
    );
  };
  expect(await bytes()).toEqual(await bytes());
});

describe("the docket", () => {
  test("is quiet while nothing has changed", async () => {
    const { changes } = await start(smallWorld());
    expect(await changes("012345678", "111111111", "999999999")).toEqual({
      asOf: "2026-10-19T14:00:00Z",
      snapshotDate: "2026-10-01T06:00:00Z",
      latestSnapshotDate: "2026-10-01T06:00:00Z",
      cases: [],
      removed: [],
    });
  });

  test("gives a changed case whole, in the files' columns and texts, and the snapshot does not change", async () => {
    const { act, changes, rows, url } = await start(smallWorld());
    const before = (await readTable(url, "tbl_Court_Motions")).raw;
    expect(await act({ act: "decide-motion", decision: "D" })).toMatchObject({ IDNCASE: 1, IDNMOTION: 21, DEC: "D" });
    const { cases } = await changes("012345678");
    expect(cases).toHaveLength(1);
    const [given] = cases;
    for (const table of [
      "A_TblCase",
      "B_TblProceeding",
      "tbl_schedule",
      "tblAppeal",
      "tbl_Lead_Rider",
      "tbl_AlienNumber",
    ]) {
      const published = (await rows(table)).filter((row) => Object.values(row).includes("1"));
      const asFile = given?.[table]?.map((row) =>
        Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value ?? ""])),
      );
      expect([table, asFile?.map(withoutUnwritable)]).toEqual([
        table,
        expect.arrayContaining(published.slice(0, 1).map(withoutUnwritable)),
      ]);
    }
    expect(given?.tbl_Court_Motions).toMatchObject([{ DEC: "D", COMP_DATE: "2026-10-19 00:00:00" }]);
    expect((await readTable(url, "tbl_Court_Motions")).raw).toEqual(before);
    expect((await changes("111111111")).cases).toEqual([]);
  });

  test("a rider's case comes with the row of the case that leads it", async () => {
    const { act, changes } = await start(smallWorld());
    await act({ act: "schedule-hearing", date: "2026-12-01", time: "09:30" }, "111111111");
    const { cases } = await changes("111111111");
    expect(cases[0]?.tbl_Lead_Rider).toMatchObject([{ idnLeadCase: "1", idnRiderCase: "2" }]);
    expect(cases[0]?.tbl_schedule).toMatchObject([
      { ADJ_DATE: "2026-12-01 00:00:00", ADJ_TIME_START: expect.stringMatching(/^(0930|9:30)$/) },
    ]);
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"alienNumbers":"012345678"}',
    '{"alienNumbers":["12345678"]}',
    '{"alienNumbers":["A12345678"]}',
    '{"alienNumbers":[12345678]}',
    JSON.stringify({ alienNumbers: Array(101).fill("012345678") }),
  ])("refuses %j", async (body) => {
    const { url } = await start(worldOf());
    expect(await post(url, body)).toEqual({ status: 400, body: { error: expect.stringContaining("at most 100") } });
  });

  test("takes an empty list, and answers to POST only", async () => {
    const { url, changes } = await start(smallWorld());
    expect((await changes()).cases).toEqual([]);
    expect((await fetch(`${url}/docket/v1/changes`)).status).toBe(405);
  });

  test("waits for the first snapshot, so that what it says always counts from one", async () => {
    const { changes, rows } = await start(createWorld({ size: 2_000, seed: 1 }));
    const [{ snapshotDate }, published] = await Promise.all([changes(), rows("A_TblCase")]);
    expect(snapshotDate).toBe("2026-10-01T06:00:00Z");
    expect(published.length).toBeGreaterThan(100);
  });
});

/** Latin-1 has no umbrella. */
const withoutUnwritable = (row: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value.replace(/[☂?]/, "").replace(/\s+/g, " ").trim()]),
  );

describe("acts", () => {
  const now = async (running: Running) => {
    const [given] = (await running.changes("012345678")).cases;
    return given as Record<string, DocketRow[]>;
  };

  test("a motion to reopen is filed, a stay granted, the motion denied, the denial appealed, the appeal decided", async () => {
    const running = await start(worldOf(personFile(0, { ...caseFile, motions: [], appeals: [], leadOf: [] })));
    await running.act({ act: "file-motion" });
    expect((await now(running)).tbl_Court_Motions).toMatchObject([
      { REC_TYPE: "MA", MOTION_RECD_DATE: "2026-10-19 00:00:00", IDNPROCEEDING: "11" },
    ]);
    await running.act({ act: "grant-stay" });
    expect((await now(running)).tbl_Court_Motions).toMatchObject([
      { REC_TYPE: "MA" },
      { REC_TYPE: "SY", DEC: "G", STAY_GRANT: "G" },
    ]);
    await running.act({ act: "decide-motion" });
    await running.act({ act: "file-appeal" });
    expect((await now(running)).tblAppeal).toMatchObject([
      { strAppealType: "Appeal of IJ MTR", datAppealFiled: "2026-10-19 00:00:00", datBIADecision: null },
    ]);
    await running.act({ act: "decide-appeal" });
    expect((await now(running)).tblAppeal).toMatchObject([{ strBIADecision: "DIS" }]);
  });

  test("a motion that is granted opens a new proceeding, in which an order can be entered and appealed", async () => {
    const running = await start(worldOf(personFile(0, { ...caseFile, appeals: [] })));
    await running.act({ act: "decide-motion", decision: "G" });
    expect((await now(running)).B_TblProceeding).toMatchObject([
      { DEC_CODE: "X" },
      { DEC_CODE: null, COMP_DATE: null, INPUT_DATE: "2026-10-19 00:00:00" },
    ]);
    await running.act({ act: "schedule-hearing" });
    await running.act({ act: "enter-order", appealReserved: "A" });
    expect((await now(running)).B_TblProceeding?.[1]).toMatchObject({
      DEC_CODE: "X",
      ABSENTIA: "N",
      DATE_APPEAL_DUE_STATUS: "2026-11-18 00:00:00",
    });
    await running.act({ act: "file-appeal", category: "IJ" });
    await running.act({ act: "decide-appeal", decision: "REM" });
    expect((await now(running)).B_TblProceeding).toHaveLength(3);
    await running.act({ act: "enter-order", absentia: true, decision: "X" });
    expect((await now(running)).B_TblProceeding?.[2]).toMatchObject({ ABSENTIA: "Y", DATE_APPEAL_DUE_STATUS: null });
  });

  test("a pending motion for a stay is the one that is granted", async () => {
    const running = await start(worldOf(personFile(0, { ...caseFile, motions: [] })));
    await running.act({ act: "file-motion", kind: "SY", filedBy: "I" });
    await running.act({ act: "grant-stay" });
    expect((await now(running)).tbl_Court_Motions).toMatchObject([{ REC_TYPE: "SY", DEC: "G", strFilingParty: "I" }]);
  });

  test("a case that is removed is gone from the record and listed as such", async () => {
    const { act, changes, rows } = await start(smallWorld());
    await act({ act: "remove-case" });
    expect(await changes("012345678")).toMatchObject({ cases: [], removed: ["1"] });
    expect(await rows("A_TblCase")).toHaveLength(2);
  });

  test("the latest case is acted on, or the one that is named", async () => {
    const earlier = {
      ...caseFile,
      idncase: 9,
      proceedings: [{ ...proceeding, idnproceeding: 90, oscDate: "2019-01-01" }],
    };
    const { act } = await start(worldOf(personFile(0, caseFile, earlier)));
    expect(await act({ act: "decide-motion" })).toMatchObject({ IDNCASE: 1 });
    expect(await act({ act: "decide-motion", idncase: 9 })).toMatchObject({ IDNCASE: 9 });
  });

  test.each<[string, Omit<Act, "aNumber">, string, RegExp]>([
    ["nobody's number", { act: "file-motion" }, "999999999", /no case under this A-number/],
    ["nothing in absentia", { act: "file-motion" }, "222222222", /no in-absentia order/],
    ["no motion pending", { act: "decide-motion" }, "222222222", /no motion is pending/],
    ["no appeal pending", { act: "decide-appeal" }, "222222222", /no appeal is pending/],
    ["nothing decided", { act: "file-appeal" }, "222222222", /no decision in this case/],
    ["nothing denied", { act: "file-appeal", category: "MA" }, "111111111", /no decision in this case/],
    ["nothing open", { act: "enter-order" }, "111111111", /no proceeding of this case is open/],
    ["no proceeding", { act: "schedule-hearing" }, "333333333", /has no proceeding/],
    ["a bad code", { act: "decide-motion", decision: "denied" }, "012345678", /decision must be one of CASE's codes/],
    ["a bad day", { act: "schedule-hearing", date: "tomorrow" }, "012345678", /date must be a day/],
    ["a bad time", { act: "schedule-hearing", time: "9" }, "012345678", /time must be/],
  ])("%s is said plainly", async (_title, act, aNumber, why) => {
    const open = { ...proceeding, idnproceeding: 13, decCode: null, completedDate: null, absentia: null };
    const pending = {
      ...caseFile,
      idncase: 3,
      aNumber: "222222222",
      leadOf: [],
      motions: [],
      appeals: [],
      proceedings: [open],
    };
    const bare = { ...pending, idncase: 4, aNumber: "333333333", proceedings: [] };
    const running = await start(
      worldOf(personFile(0, caseFile), personFile(1, rider), personFile(2, pending), personFile(3, bare)),
    );
    await expect(running.act(act, aNumber)).rejects.toThrow(why);
  });

  test("an act that CASE does not know names those that it does", async () => {
    const { act } = await start(smallWorld());
    await expect(act({ act: "book-out" })).rejects.toThrow(/file-motion.*enter-order/);
  });
});

describe("a new month", () => {
  test.each([
    ["2026-10-19T14:00:00Z", "2026-10-01T06:00:00Z"],
    ["2026-10-01T23:59:59Z", "2026-09-01T06:00:00Z"],
    ["2026-10-02T00:00:00Z", "2026-10-01T06:00:00Z"],
    ["2026-01-01T05:00:00Z", "2025-12-01T06:00:00Z"],
  ])("at %s the last snapshot is that of %s", (now, date) => expect(lastSnapshotDate(now)).toBe(date));

  test("publishes what has happened until then, and the docket counts from there", async () => {
    const { act, changes, clock, rows } = await start(
      worldOf(personFile(0, { ...caseFile, leadOf: [] }, { ...caseFile, idncase: 5, leadOf: [], inSnapshot: false })),
    );
    await act({ act: "decide-motion", idncase: 1 });
    expect((await changes("012345678")).cases).toHaveLength(2);
    clock.set("2026-11-02T09:00:00Z");
    let latest = await changes("012345678");
    for (let times = 0; latest.snapshotDate !== "2026-11-01T06:00:00Z" && times < 500; times += 1)
      latest = await changes("012345678");
    expect(latest).toEqual({
      asOf: "2026-11-02T09:00:00Z",
      snapshotDate: "2026-11-01T06:00:00Z",
      latestSnapshotDate: "2026-11-01T06:00:00Z",
      cases: [],
      removed: [],
    });
    expect(await rows("A_TblCase")).toHaveLength(2);
    expect((await rows("tbl_Court_Motions"))[0]).toMatchObject({ DEC: "D" });
    clock.set("2026-10-19T14:00:00Z");
    expect((await changes()).snapshotDate).toBe("2026-11-01T06:00:00Z");
  });

  test("the docket still counts from the snapshot before for a client that holds it, acts since included", async () => {
    const { act, changes, changesFrom, clock } = await start(
      worldOf(personFile(0, { ...caseFile, leadOf: [] }, { ...caseFile, idncase: 5, leadOf: [], inSnapshot: false })),
    );
    clock.set("2026-11-02T09:00:00Z");
    for (let times = 0; (await changes()).snapshotDate !== "2026-11-01T06:00:00Z" && times < 500; times += 1);
    await act({ act: "decide-motion", idncase: 1 });
    const former = await changesFrom("2026-10-01T06:00:00Z", "012345678");
    expect(former).toMatchObject({
      snapshotDate: "2026-10-01T06:00:00Z",
      latestSnapshotDate: "2026-11-01T06:00:00Z",
    });
    expect(former.cases).toHaveLength(2);
    expect((await changes("012345678")).cases).toHaveLength(1);
    expect((await changesFrom("2020-01-01T06:00:00Z")).snapshotDate).toBe("2026-11-01T06:00:00Z");
  });
});

test("closing removes the files, also in the middle of publishing", async () => {
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("case-snapshot-"));
  const before = folders();
  const simulator = caseSystem({
    world: createWorld({ size: 5_000, seed: 1 }),
    clock: createClock(),
    progress: () => undefined,
  });
  const { close } = await simulator.start();
  await close();
  const mine = folders().filter((name) => !before.includes(name));
  expect(mine.filter((name) => existsSync(`${tmpdir()}/${name}`))).toEqual([]);
});

test("what a process that was killed left behind is removed at the next start; what a running one has is not", async () => {
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  const [left, kept] = [gone, process.ppid].map((pid) => mkdtempSync(join(tmpdir(), `case-snapshot-${pid}-`))) as [
    string,
    string,
  ];
  const { changes } = await start(worldOf());
  await changes();
  expect([existsSync(left), existsSync(kept)]).toEqual([false, true]);
  rmSync(kept, { recursive: true });
});
