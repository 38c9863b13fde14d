import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeDocket } from "./docket.ts";
import { tableFormats } from "./snapshot.ts";

const tables = tableFormats.filter(({ name }) => !name.startsWith("tblLookup"));
const row = (table: string, over: Record<string, unknown>) => {
  const { keys, columns } = tables.find(({ name }) => name === table)!;
  return { ...Object.fromEntries([...keys, ...columns].map((column) => [column, null])), ...over };
};
const whole = (over: Record<string, unknown> = {}) => ({
  ...Object.fromEntries(tables.map(({ name }) => [name, []])),
  A_TblCase: [{ ...row("A_TblCase", { IDNCASE: "1", CASE_TYPE: "RMV" }), E_28_DATE: "2026-01-01 00:00:00" }],
  tbl_AlienNumber: [{ IDNCASE: "1", ALIEN_NBR: "12345678" }],
  ...over,
});
const envelope = { asOf: "2026-10-19T14:00:00Z", snapshotDate: "2026-10-01T06:00:00Z", cases: [], removed: [] };
const decode = (over: Record<string, unknown> = {}) =>
  decodeDocket(Buffer.from(JSON.stringify({ ...envelope, ...over })));

test("whole cases come under the A-numbers that their own rows state, with the columns that are read and no others", () => {
  const { cases, removed, asOf, snapshotDate, nobodys } = decode({ cases: [whole()], removed: ["5"] });
  expect({ asOf, snapshotDate, nobodys, removed }).toEqual({
    ...envelope,
    cases: undefined,
    nobodys: [],
    removed: new Set(["5"]),
  });
  expect(cases.get("1")).toMatchObject({ aNumbers: ["012345678"], rows: { id: "1", unreadable: [] } });
  expect(cases.get("1")?.rows.tables.A_TblCase?.[0]).toEqual({
    position: "docket case 1, A_TblCase row 1",
    values: row("A_TblCase", { IDNCASE: "1", CASE_TYPE: "RMV" }),
  });
});

describe("an envelope that is not what it must be is refused", () => {
  test.each<[string, unknown]>([
    ["no JSON", Buffer.from("{")],
    ["not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["a list", []],
    ["null", null],
    ["no asOf", { ...envelope, asOf: undefined }],
    ["asOf is a day", { ...envelope, asOf: "2026-10-19" }],
    ["asOf is no day", { ...envelope, asOf: "2026-02-30T00:00:00Z" }],
    ["asOf is no time", { ...envelope, asOf: "2026-02-20T25:00:00Z" }],
    ["no snapshotDate", { ...envelope, snapshotDate: null }],
    ["cases are no list", { ...envelope, cases: {} }],
    ["removed is missing", { ...envelope, removed: undefined }],
    ["removed is no number", { ...envelope, removed: [{}] }],
    ["removed is not text", { ...envelope, removed: [5] }],
  ])("%s", (_title, body) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    expect(() => decodeDocket(bytes)).toThrow(
      expect.objectContaining({ extensions: { code: "SOURCE_INVALID", system: "CASE" } }),
    );
  });
});

describe("a case that cannot be told whose it is may be anybody's", () => {
  test.each<[string, unknown]>([
    ["not an object", 7],
    ["no A-number", whole({ tbl_AlienNumber: [] })],
    ["an A-number that cannot be read", whole({ tbl_AlienNumber: [{ IDNCASE: "1", ALIEN_NBR: "A12" }] })],
    ["no A-number in its row", whole({ tbl_AlienNumber: [{ IDNCASE: "1", ALIEN_NBR: null }] })],
    ["no case number", whole({ tbl_AlienNumber: [{ IDNCASE: null, ALIEN_NBR: "012345678" }] })],
    [
      "two case numbers",
      whole({ tbl_AlienNumber: ["1", "2"].map((IDNCASE) => ({ IDNCASE, ALIEN_NBR: "012345678" })) }),
    ],
    ["a row that is no row", whole({ tbl_AlienNumber: ["1"] })],
  ])("%s", (_title, each) => {
    const { cases, nobodys } = decode({ cases: [each] });
    expect(cases.size).toBe(0);
    expect(nobodys).toEqual([{ system: "CASE", field: "tbl_AlienNumber", position: "docket case 1" }]);
  });

  test("the second of two cases with one number", () => {
    const { cases, nobodys } = decode({ cases: [whole(), whole()] });
    expect([cases.size, nobodys.length]).toEqual([1, 1]);
  });
});

test("a table that is missing, and a row that lacks a column or holds a number, are unreadable rows of the case", () => {
  const { cases } = decode({
    cases: [
      whole({
        tblAppeal: undefined,
        tbl_Court_Motions: [{ IDNMOTION: "1" }, row("tbl_Court_Motions", { IDNMOTION: 1 }), "motion"],
      }),
    ],
  });
  const { rows } = cases.get("1")!;
  expect(rows.unreadable).toEqual([{ system: "CASE", field: "tblAppeal.rows", position: "docket case 1" }]);
  expect(rows.tables.tbl_Court_Motions?.map(({ values }) => values)).toEqual([{}, {}, {}]);
});

test("whatever the bytes, the answer is a docket or SOURCE_INVALID", () => {
  const bytes = fc.oneof(
    fc.uint8Array().map((each) => Buffer.from(each)),
    fc.json().map((each) => Buffer.from(each)),
    fc
      .record({ cases: fc.jsonValue(), removed: fc.jsonValue() })
      .map((each) => Buffer.from(JSON.stringify({ ...envelope, ...each }))),
    fc.array(fc.jsonValue()).map((cases) => Buffer.from(JSON.stringify({ ...envelope, cases }))),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      try {
        expect(decodeDocket(body).cases.size).toBe(0);
      } catch (error) {
        expect(error).toMatchObject({ extensions: { code: "SOURCE_INVALID", system: "CASE" } });
      }
    }),
  );
});
