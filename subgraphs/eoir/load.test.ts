import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { loadSnapshot } from "./load.ts";
import { type CaseStore, createStore, openStore } from "./store.ts";
import { type Folder, oneCase, serveFiles, temporaryFolder, writeSnapshot } from "./testing.ts";

let snapshot: Folder;
let stores: Folder;
let lines: string[];
const opened: CaseStore[] = [];

beforeEach(() => {
  snapshot = temporaryFolder();
  stores = temporaryFolder();
  lines = [];
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  snapshot.remove();
  stores.remove();
});

const load = (over: { snapshot?: string } = {}) =>
  loadSnapshot({
    snapshot: snapshot.path,
    storeFolder: stores.path,
    silenceMs: 20_000,
    progress: (line) => lines.push(line),
    ...over,
  });
const open = (path: string): CaseStore => {
  const store = openStore(path);
  if (store === null) throw new Error("the store does not open");
  opened.push(store);
  return store;
};

test("a case is found by its A-number, leading zeros or not, with every table's rows and their places", async () => {
  writeSnapshot(snapshot.path, {
    ...oneCase,
    tblAppeal: [{ idnAppeal: "31", idncase: "1" }],
    tblAppealFedCourts: [
      { idnAppealFedCourts: "51", lngAppealID: "31" },
      { idnAppealFedCourts: "52", lngAppealID: "32" },
    ],
    tbl_Lead_Rider: [{ idnLeadRider: "61", idnLeadCase: "9", idnRiderCase: "1", blnActive: "1" }],
  });
  const { path, snapshotDate, rows, unreadable, reused } = await load();
  expect({ snapshotDate, rows, unreadable, reused }).toEqual({
    snapshotDate: "2026-10-01T06:00:00Z",
    rows: 10,
    unreadable: 0,
    reused: false,
  });
  const [found, ...others] = open(path).find("012345678");
  expect(others).toEqual([]);
  expect(found).toMatchObject({ id: "1", unreadable: [] });
  expect(found?.tables.A_TblCase?.[0]).toMatchObject({
    position: "A_TblCase line 2",
    values: { IDNCASE: "1", ALIEN_CITY: "Cañon City", ALIEN_STATE: null },
  });
  expect(found?.tables.tblAppealFedCourts).toHaveLength(1);
  expect(found?.tables.tbl_Lead_Rider).toHaveLength(1);
  expect(open(path).find("999999999")).toEqual([]);
  expect(lines.at(-1)).toMatch(
    /snapshot of 2026-10-01 loaded: 10 rows in .* rows\/s\), 0 unreadable \(0 without a case\), .* memory/,
  );
});

test("columns that no field is answered from are not in the store", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const path = join(snapshot.path, "A_TblCase.csv");
  writeFileSync(
    path,
    "IDNCASE\tC_BIRTHDATE\tCASE_TYPE\tALIEN_CITY\tALIEN_STATE\tALIEN_ZIPCODE\tUPDATED_CITY\tUPDATED_STATE\tUPDATED_ZIPCODE\tADDRESS_CHANGEDON\n1\tSECRETBIRTH\tRMV\t\t\t\t\t\t\t\n",
  );
  const loaded = await load();
  expect(readFileSync(loaded.path).includes("SECRETBIRTH")).toBe(false);
  expect(open(loaded.path).find("012345678")[0]?.tables.A_TblCase?.[0]?.values.CASE_TYPE).toBe("RMV");
});

test("shifted rows are counted, and their case remembers them", async () => {
  writeSnapshot(snapshot.path, {
    ...oneCase,
    tbl_Court_Motions: ["21\t11\t1\tMA\t\t\t\t\t\t\t\t", "22\t\t11\t1\tMA\t\t\t\t\t\t"],
    tblAppeal: [{ idnAppeal: "31", idncase: "1" }],
    tblAppealFedCourts: ["51\t31\t\t\tSTY"],
    tbl_Lead_Rider: ["61\t1\t\t2\t\t1", "62\t9\t1\t\t\t1\t"],
  });
  const { path, unreadable, nobodys } = await load();
  expect({ unreadable, nobodys }).toEqual({ unreadable: 5, nobodys: 1 });
  const [found] = open(path).find("012345678");
  expect(found?.unreadable.map(({ field, position }) => [field, position])).toEqual([
    ["tbl_Court_Motions.the number of columns", "tbl_Court_Motions line 2"],
    ["tbl_Lead_Rider.the number of columns", "tbl_Lead_Rider line 2"],
    ["tbl_Lead_Rider.the number of columns", "tbl_Lead_Rider line 3"],
    ["tblAppealFedCourts.the number of columns", "tblAppealFedCourts line 2"],
  ]);
  expect(found?.tables.tbl_Court_Motions).toEqual([]);
});

describe("a snapshot that is not what it says is refused, and nothing of it stays behind", () => {
  const refused = async (why: RegExp) => {
    await expect(load()).rejects.toThrow(why);
    expect(readdirSync(stores.path)).toEqual([]);
  };

  test("a row more than Count.txt states", async () => {
    writeSnapshot(snapshot.path, oneCase, { counts: { B_TblProceeding: 0 } });
    await refused(/B_TblProceeding.csv has 1 rows and Count.txt states 0/);
  });

  test("a row less: the file was cut off", async () => {
    writeSnapshot(snapshot.path, oneCase, { counts: { tbl_Court_Motions: 2 } });
    await refused(/tbl_Court_Motions.csv has 1 rows and Count.txt states 2/);
  });

  test("a table that Count.txt does not name", async () => {
    writeSnapshot(snapshot.path, oneCase);
    const path = join(snapshot.path, "Count.txt");
    writeFileSync(path, readFileSync(path, "utf8").replace(/tblAppeal\t.*\r\n/, ""));
    await refused(/Count.txt says nothing of tblAppeal/);
  });

  test("an A-number's row that cannot be read: nobody could tell whose case it hides", async () => {
    writeSnapshot(snapshot.path, { ...oneCase, tbl_AlienNumber: ["1\tA12345678"] });
    await refused(/1 rows of tbl_AlienNumber.csv cannot be read/);
  });

  test("a file that is missing", async () => {
    writeSnapshot(snapshot.path, oneCase);
    rmSync(join(snapshot.path, "tblAppeal.csv"));
    await refused(/CASE could not be reached/);
  });

  test("a Count.txt that never ends", async () => {
    writeSnapshot(snapshot.path, oneCase);
    appendFileSync(join(snapshot.path, "Count.txt"), "x".repeat(1024 * 1024));
    await refused(/cannot be read/);
  });

  test("a file that is something else", async () => {
    writeSnapshot(snapshot.path, oneCase);
    writeFileSync(join(snapshot.path, "A_TblCase.csv"), "<html>");
    await refused(/cannot be read/);
  });

  test("another snapshot published meanwhile", async () => {
    writeSnapshot(snapshot.path, oneCase);
    const server = await serveFiles(snapshot.path, (name, time) =>
      name === "Count.txt" && time === 2 ? Buffer.from("SnapshotDate\t2026-11-01 06:00:00\r\n") : null,
    );
    try {
      await expect(load({ snapshot: server.url })).rejects.toThrow(/another snapshot was published/);
      expect(readdirSync(stores.path)).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

test("a store that was built from the same snapshot is used again; from another one, it is not", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const first = await load();
  expect(await load()).toMatchObject({ path: first.path, reused: true, snapshotDate: first.snapshotDate });
  writeSnapshot(snapshot.path, { ...oneCase, tbl_Court_Motions: [] });
  const second = await load();
  expect(second.reused).toBe(false);
  expect(second.path).not.toBe(first.path);
});

test("a store is opened only when it was finished, and is the one that is meant", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const { path } = await load();
  expect(openStore(path, "another fingerprint")).toBeNull();
  const fingerprint = createHash("sha256")
    .update(readFileSync(join(snapshot.path, "Count.txt")))
    .digest("hex");
  opened.push(openStore(path, fingerprint)!);
  expect(openStore(join(stores.path, "none.sqlite"))).toBeNull();
  const unfinished = join(stores.path, "unfinished.sqlite");
  createStore(unfinished).close();
  expect(openStore(unfinished)).toBeNull();
  const nonsense = join(stores.path, "nonsense.sqlite");
  writeFileSync(nonsense, "nonsense".repeat(1_000));
  expect(openStore(nonsense)).toBeNull();
  expect(existsSync(path)).toBe(true);
});

test("over HTTP the same is loaded; a file that breaks off is refused", async () => {
  writeSnapshot(snapshot.path, oneCase);
  const server = await serveFiles(snapshot.path, () => null);
  const broken = await serveFiles(snapshot.path, (name) => (name === "tblAppeal.csv" ? "break off" : null));
  try {
    await expect(load({ snapshot: broken.url })).rejects.toThrow(/CASE could not be reached/);
    expect(await load({ snapshot: server.url })).toMatchObject({ rows: 6, unreadable: 0 });
  } finally {
    await Promise.all([server.close(), broken.close()]);
  }
});

test("a file: URL names a folder too", async () => {
  writeSnapshot(snapshot.path, oneCase);
  expect(await load({ snapshot: `file://${snapshot.path}` })).toMatchObject({ rows: 6 });
});
