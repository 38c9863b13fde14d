import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isWithheld, redacted, unreadable } from "#kit/decoded.ts";
import { decisionWords, decodeCase, decodeLookups, openedOn } from "./records.ts";
import { type TableName, tableFormats } from "./snapshot.ts";
import type { CaseRows, PlacedRow } from "./store.ts";

type Values = Record<string, string | null>;
const placed = (values: readonly Values[]): PlacedRow[] =>
  values.map((each, index) => ({ position: `line ${index + 2}`, values: each }));

const blank = (table: TableName): Values =>
  Object.fromEntries(tableFormats.find(({ name }) => name === table)!.columns.map((column) => [column, null]));

const caseRow = { ...blank("A_TblCase"), IDNCASE: "1", CASE_TYPE: "RMV" };
const proceedingRow = { ...blank("B_TblProceeding"), IDNPROCEEDING: "11", IDNCASE: "1", CASE_TYPE: "RMV" };
const hearingRow = { ...blank("tbl_schedule"), IDNSCHEDULE: "41", IDNCASE: "1", ADJ_DATE: "2026-11-02 00:00:00" };
const motionRow = { ...blank("tbl_Court_Motions"), IDNMOTION: "21", IDNCASE: "1", IDNPROCEEDING: "11" };
const appealRow = { ...blank("tblAppeal"), idnAppeal: "31", idncase: "1", idnProceeding: "11" };
const federalRow = { ...blank("tblAppealFedCourts"), idnAppealFedCourts: "51", lngAppealID: "31" };
const familyRow = {
  ...blank("tbl_Lead_Rider"),
  idnLeadRider: "61",
  idnLeadCase: "1",
  idnRiderCase: "2",
  blnActive: "1",
};
const juvenileRow = { ...blank("tbl_JuvenileHistory"), idnJuvenileHistory: "71", idnCase: "1", idnJuvenile: "1" };

const lookups = decodeLookups(
  placed([
    { strCaseType: "RMV", strDecCode: "V", strDecDescription: "Voluntary Departure   ", strDecType: "C" },
    { strCaseType: "CFR", strDecCode: "V", strDecDescription: "Vacate DHS Decision", strDecType: "C" },
    { strCaseType: "RMV", strDecCode: "V", strDecDescription: "Something Else", strDecType: "O" },
    { strCaseType: "RMV", strDecCode: "Q", strDecDescription: null, strDecType: "C" },
  ]),
  placed([
    { idnJuvenile: "1", strCode: "UJ" },
    { idnJuvenile: "2", strCode: "J" },
  ]),
);

const decode = (tables: Partial<Record<TableName, readonly Values[]>>, over: Partial<CaseRows> = {}) =>
  decodeCase(
    {
      id: "1",
      unreadable: [],
      ...over,
      tables: Object.fromEntries(
        Object.entries({ A_TblCase: [caseRow], ...tables }).map(([table, rows]) => [table, placed(rows)]),
      ),
    },
    lookups,
  );

test("a case with nothing but its own row is whole and empty", () => {
  expect(decode({})).toEqual({
    id: "1",
    listed: true,
    caseType: "RMV",
    noticeAddress: null,
    proceedings: [],
    hearings: [],
    motions: [],
    appeals: [],
    federalReviews: [],
    juvenile: null,
    leadCaseId: null,
    riderCaseIds: [],
    unreadable: [],
  });
});

describe("texts", () => {
  const caseType = (CASE_TYPE: string | null) => decode({ A_TblCase: [{ ...caseRow, CASE_TYPE }] }).caseType;
  test.each<[string | null, unknown]>([
    [null, null],
    ["", null],
    ["   ", null],
    ["N/A", null],
    ["A.2.a", null],
    ["b6", redacted("CASE", "CASE_TYPE")],
    ["b(6), b(7)c", redacted("CASE", "CASE_TYPE")],
    ["RMV  ", "RMV"],
    ["rmv", "RMV"],
    ["R\0MV", "RMV"],
    ["R\x07MV", unreadable("CASE", "CASE_TYPE")],
    ["remove him", unreadable("CASE", "CASE_TYPE")],
    ["RÉ", unreadable("CASE", "CASE_TYPE")],
  ])("%j", (raw, value) => expect(caseType(raw)).toEqual(value));
});

describe("days", () => {
  const filedAt = (MOTION_RECD_DATE: string | null) =>
    decode({ tbl_Court_Motions: [{ ...motionRow, MOTION_RECD_DATE }] }).motions[0]?.filedAt;
  const bad = unreadable("CASE", "MOTION_RECD_DATE");
  test.each<[string | null, unknown]>([
    [null, null],
    ["2026-09-30 00:00:00", "2026-09-30"],
    ["2026-09-30 16:45:10", "2026-09-30"],
    ["2026-09-30 00:00:00.000", "2026-09-30"],
    ["2024-02-29 00:00:00", "2024-02-29"],
    ["2026-02-29 00:00:00", bad],
    ["2026-09-31 00:00:00", bad],
    ["2026-13-01 00:00:00", bad],
    ["2026-09-30 24:00:00", bad],
    ["2026-09-30 00:61:00", bad],
    ["2026-09-30", bad],
    ["09/30/2026", bad],
    ["30.9.26", bad],
    ["46295", bad],
    ["b6", redacted("CASE", "MOTION_RECD_DATE")],
  ])("%j", (raw, value) => expect(filedAt(raw)).toEqual(value));
});

describe("times of day stand at the place itself", () => {
  const at = (ADJ_TIME_START: string | null) =>
    decode({ tbl_schedule: [{ ...hearingRow, ADJ_TIME_START }] }).hearings[0]?.at;
  const bad = unreadable("CASE", "ADJ_TIME_START");
  test.each<[string | null, unknown]>([
    [null, "2026-11-02"],
    ["0930", "2026-11-02T09:30"],
    ["9:30", "2026-11-02T09:30"],
    ["09:30", "2026-11-02T09:30"],
    ["1300", "2026-11-02T13:00"],
    ["930", bad],
    ["2430", bad],
    ["0960", bad],
    ["9.30", bad],
    ["noon", bad],
    ["b6", redacted("CASE", "ADJ_TIME_START")],
  ])("%j", (raw, value) => expect(at(raw)).toEqual(value));
});

describe("a row that cannot stand is left out and reported with its column and place", () => {
  test.each<[string, TableName, Values, string]>([
    ["a proceeding without its number", "B_TblProceeding", { ...proceedingRow, IDNPROCEEDING: null }, "IDNPROCEEDING"],
    [
      "a proceeding with a redacted number",
      "B_TblProceeding",
      { ...proceedingRow, IDNPROCEEDING: "b6" },
      "IDNPROCEEDING",
    ],
    ["a proceeding of another case", "B_TblProceeding", { ...proceedingRow, IDNCASE: "2" }, "IDNCASE"],
    ["a date among the codes", "B_TblProceeding", { ...proceedingRow, ABSENTIA: "2026-01-01 00:00:00" }, "ABSENTIA"],
    ["a hearing whose day is unreadable", "tbl_schedule", { ...hearingRow, ADJ_DATE: "soon" }, "ADJ_DATE"],
    ["a hearing of another case", "tbl_schedule", { ...hearingRow, IDNCASE: "2" }, "IDNCASE"],
    ["a hearing without its number", "tbl_schedule", { ...hearingRow, IDNSCHEDULE: "-4" }, "IDNSCHEDULE"],
    ["a motion without its number", "tbl_Court_Motions", { ...motionRow, IDNMOTION: "0" }, "IDNMOTION"],
    ["a motion of another case", "tbl_Court_Motions", { ...motionRow, IDNCASE: null }, "IDNCASE"],
    ["an appeal without its number", "tblAppeal", { ...appealRow, idnAppeal: "x" }, "idnAppeal"],
    ["an appeal of another case", "tblAppeal", { ...appealRow, idncase: "3" }, "idncase"],
    [
      "a federal review without its number",
      "tblAppealFedCourts",
      { ...federalRow, idnAppealFedCourts: null },
      "idnAppealFedCourts",
    ],
    ["a juvenile entry of another case", "tbl_JuvenileHistory", { ...juvenileRow, idnCase: "2" }, "idnCase"],
    ["a family row without its lead", "tbl_Lead_Rider", { ...familyRow, idnLeadCase: null }, "idnLeadCase"],
    ["a family row that may be severed", "tbl_Lead_Rider", { ...familyRow, datSeveredOn: "then" }, "datSeveredOn"],
    ["a family row that may be active", "tbl_Lead_Rider", { ...familyRow, blnActive: null }, "blnActive"],
    ["a row with no columns at all", "tblAppeal", {}, "tblAppeal"],
  ])("%s", (_title, table, row, column) => {
    const { unreadable: bad } = decode({ [table]: [row] });
    expect(bad).toEqual([{ system: "CASE", field: `${table}.${column}`, position: "line 2" }]);
  });
});

describe("a case whose own row is not there once is not listed, and that is reported", () => {
  test.each<[string, readonly Values[], number]>([
    ["none", [], 1],
    ["two", [caseRow, caseRow], 1],
    ["unreadable", [{ ...caseRow, IDNCASE: "9" }], 1],
  ])("%s", (_title, rows, problems) => {
    const record = decode({ A_TblCase: rows, B_TblProceeding: [proceedingRow] });
    expect(record).toMatchObject({ listed: false, caseType: "RMV", proceedings: [{ id: "11" }] });
    expect(record.unreadable).toHaveLength(problems);
  });

  test("already reported by the load: once", () => {
    const reported = { system: "CASE", field: "A_TblCase.the number of columns", position: "A_TblCase line 7" };
    expect(decode({ A_TblCase: [] }, { unreadable: [reported] })).toMatchObject({
      listed: false,
      unreadable: [reported],
    });
  });
});

test("a single value that cannot be read is withheld, and its row stands", () => {
  const record = decode({
    B_TblProceeding: [{ ...proceedingRow, ABSENTIA: "X", COMP_DATE: "later", DEC_CODE: "b6" }],
    tbl_Court_Motions: [{ ...motionRow, blnDeleted: "4A", IDNPROCEEDING: "?" }],
  });
  expect(record.unreadable).toEqual([]);
  expect(record.proceedings[0]).toMatchObject({
    inAbsentia: unreadable("CASE", "ABSENTIA"),
    completedOn: unreadable("CASE", "COMP_DATE"),
    decision: redacted("CASE", "DEC_CODE"),
  });
  expect(record.motions[0]).toMatchObject({
    deleted: unreadable("CASE", "blnDeleted"),
    proceedingId: unreadable("CASE", "IDNPROCEEDING"),
  });
});

test("deleted motions are left out; the others stand oldest first, unknown days last, ties by number", () => {
  const rows = [
    { ...motionRow, IDNMOTION: "100", MOTION_RECD_DATE: "2026-01-02 00:00:00" },
    { ...motionRow, IDNMOTION: "5", MOTION_RECD_DATE: null },
    { ...motionRow, IDNMOTION: "9", MOTION_RECD_DATE: "2026-01-02 00:00:00", blnDeleted: "0" },
    { ...motionRow, IDNMOTION: "7", MOTION_RECD_DATE: "2025-01-02 00:00:00" },
    { ...motionRow, IDNMOTION: "1", blnDeleted: "1" },
  ];
  expect(decode({ tbl_Court_Motions: rows }).motions.map(({ id }) => id)).toEqual(["7", "9", "100", "5"]);
});

test("appeals stand oldest first; their category may be typed in small letters", () => {
  const rows = [
    { ...appealRow, idnAppeal: "32", datAppealFiled: "2026-02-01 00:00:00", strAppealCategory: "ij" },
    { ...appealRow, idnAppeal: "31", datAppealFiled: "2026-01-01 00:00:00", strAppealType: "Case Appeal" },
  ];
  expect(decode({ tblAppeal: rows }).appeals).toMatchObject([
    { id: "31", category: null, type: "Case Appeal" },
    { id: "32", category: "IJ" },
  ]);
});

test("a federal review is read with its day", () => {
  const row = { ...federalRow, strFedCourtDecision: "STY", datRequestedByOIL: "2026-01-05 00:00:00" };
  expect(decode({ tblAppealFedCourts: [row] }).federalReviews).toEqual([
    { id: "51", decision: "STY", orderedOn: "2026-01-05" },
  ]);
});

describe("the address in force", () => {
  const address = (over: Values) => decode({ A_TblCase: [{ ...caseRow, ...over }] }).noticeAddress;
  const first = { ALIEN_CITY: "Cañon City", ALIEN_STATE: "CO", ALIEN_ZIPCODE: "81212" };
  test.each<[string, Values, unknown]>([
    ["as first given", first, { lines: ["Cañon City, CO 81212"], since: null }],
    [
      "once changed, only the updated columns count",
      { ...first, ADDRESS_CHANGEDON: "2026-03-01 00:00:00", UPDATED_CITY: "Boise" },
      { lines: ["Boise"], since: "2026-03-01" },
    ],
    ["changed to nothing", { ...first, ADDRESS_CHANGEDON: "2026-03-01 00:00:00" }, null],
    ["updated, and no day recorded", { ...first, UPDATED_ZIPCODE: "83702" }, { lines: ["83702"], since: null }],
    ["state alone", { ALIEN_STATE: "CO" }, { lines: ["CO"], since: null }],
    ["none", {}, null],
    ["a part withheld", { ...first, ALIEN_ZIPCODE: "b6" }, redacted("CASE", "ALIEN_ZIPCODE")],
    [
      "the day unreadable",
      { ...first, UPDATED_CITY: "Boise", ADDRESS_CHANGEDON: "?" },
      { lines: ["Boise"], since: unreadable("CASE", "ADDRESS_CHANGEDON") },
    ],
  ])("%s", (_title, over, expected) => expect(address(over)).toEqual(expected));
});

describe("juvenile", () => {
  const juvenile = (rows: readonly Values[]) => decode({ tbl_JuvenileHistory: rows }).juvenile;
  const entry = (id: string, on: string | null, idnJuvenile: string | null): Values => ({
    ...juvenileRow,
    idnJuvenileHistory: id,
    datCreatedOn: on === null ? null : `${on} 00:00:00`,
    idnJuvenile,
  });
  test.each<[string, readonly Values[], unknown]>([
    ["none", [], null],
    ["the latest entry counts", [entry("1", "2026-01-01", "1"), entry("2", "2025-01-01", "2")], "UJ"],
    ["of one day, the higher number", [entry("10", "2026-01-01", "2"), entry("9", "2026-01-01", "1")], "J"],
    ["entries without a day come first", [entry("3", null, "1"), entry("2", "2025-01-01", "2")], "J"],
    ["no code", [entry("1", null, null)], null],
    ["a code that the lookup lacks", [entry("1", null, "9")], unreadable("CASE", "idnJuvenile")],
    ["a code that is no number", [entry("1", null, "UJ")], unreadable("CASE", "idnJuvenile")],
    ["an entry that cannot be read", [entry("x", null, "1")], unreadable("CASE", "tbl_JuvenileHistory")],
  ])("%s", (_title, rows, expected) => expect(juvenile(rows)).toEqual(expected));
});

describe("lead and riders", () => {
  const row = (lead: string, rider: string, over: Values = {}): Values => ({
    ...familyRow,
    idnLeadCase: lead,
    idnRiderCase: rider,
    ...over,
  });
  test.each<[string, readonly Values[], unknown, readonly string[]]>([
    ["rides with another", [row("7", "1")], "7", []],
    ["leads two", [row("1", "30"), row("1", "4")], null, ["4", "30"]],
    ["named twice", [row("1", "4"), row("1", "4")], null, ["4"]],
    ["severed", [row("1", "4", { datSeveredOn: "2026-01-01 00:00:00" })], null, []],
    ["not active", [row("7", "1", { blnActive: "0" })], null, []],
    ["one row unreadable", [row("1", "4"), row("1", "x")], unreadable("CASE", "tbl_Lead_Rider"), ["4"]],
  ])("%s", (_title, rows, leadCaseId, riderCaseIds) =>
    expect(decode({ tbl_Lead_Rider: rows })).toMatchObject({ leadCaseId, riderCaseIds }),
  );
});

describe("decisions in CASE's own words, by case type and by which of the two columns holds them", () => {
  const words = (over: Values) => {
    const { proceedings } = decode({ B_TblProceeding: [{ ...proceedingRow, ...over }] });
    return decisionWords(proceedings[0]!, lookups);
  };
  test.each<[string, Values, unknown]>([
    ["a removal case", { DEC_CODE: "V" }, "Voluntary Departure"],
    ["a fear review", { DEC_CODE: "V", CASE_TYPE: "CFR" }, "Vacate DHS Decision"],
    ["another completion", { OTHER_COMP: "V" }, "Something Else"],
    ["a decision before another completion", { DEC_CODE: "V", OTHER_COMP: "V" }, "Voluntary Departure"],
    ["none", {}, null],
    ["a code that the lookup lacks", { DEC_CODE: "X" }, unreadable("CASE", "DEC_CODE")],
    ["a code that the lookup leaves blank", { DEC_CODE: "Q" }, unreadable("CASE", "DEC_CODE")],
    ["another completion that the lookup lacks", { OTHER_COMP: "X" }, unreadable("CASE", "OTHER_COMP")],
    ["a decision withheld", { DEC_CODE: "b6" }, redacted("CASE", "DEC_CODE")],
    ["a case type withheld", { DEC_CODE: "V", CASE_TYPE: "b6" }, redacted("CASE", "CASE_TYPE")],
  ])("%s", (_title, over, expected) => expect(words(over)).toEqual(expected));
});

test("a case begins with its first charging document", () => {
  const rows = ["2025-03-01 00:00:00", null, "2024-03-01 00:00:00", "soon"].map((OSC_DATE) => ({
    ...proceedingRow,
    OSC_DATE,
  }));
  expect(openedOn(decode({ B_TblProceeding: rows }))).toBe("2024-03-01");
  expect(openedOn(decode({}))).toBeNull();
});

const garbage = fc.oneof(
  fc.constant(null),
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("1", "11", "b6", "N/A", "2026-01-01 00:00:00", "0930", "Y", "X", "__proto__", "constructor"),
);

test("any garbage is decoded without an exception, and no record stands without its number or with another case's", () => {
  const tables = tableFormats.filter(({ name }) => !name.startsWith("tblLookup") && name !== "tbl_AlienNumber");
  const rows = fc.record(
    Object.fromEntries(
      tables.map(({ name, columns }) => [
        name,
        fc.array(fc.record(Object.fromEntries(columns.map((column) => [column, garbage]))), { maxLength: 3 }),
      ]),
    ),
  );
  fc.assert(
    fc.property(rows, (any) => {
      const given = any as Partial<Record<TableName, readonly Values[]>>;
      const record = decode(given);
      for (const { id } of [...record.proceedings, ...record.motions, ...record.appeals, ...record.hearings])
        expect(id).toMatch(/^[1-9]\d{0,9}$/);
      const readable = (table: TableName, key: string) =>
        (given[table] ?? []).filter((row) => row[key]?.replaceAll("\0", "").trim() === "1").length;
      expect(record.proceedings.length).toBeLessThanOrEqual(readable("B_TblProceeding", "IDNCASE"));
      for (const { filedAt, decidedAt } of record.motions)
        for (const day of [filedAt, decidedAt])
          expect(day === null || isWithheld(day) || /^\d{4}-\d\d-\d\d$/.test(day)).toBe(true);
    }),
  );
});
