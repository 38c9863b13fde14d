import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseCounts, rowReader, type TableFormat } from "./snapshot.ts";

const format: TableFormat = { name: "tbl_Court_Motions", keys: ["IDNCASE"], columns: ["IDNMOTION", "IDNCASE", "DEC"] };
const header = "IDNMOTION\tIDNPROCEEDING\tIDNCASE\tWU_MSG\tDEC";

type Read = {
  columns: readonly string[];
  rows: [line: number, first: number, second: number, kept: string][];
  bad: [line: number, field: string, keys: readonly number[]][];
  count: number;
};

/** `split`: at which bytes the file is cut into chunks. */
function read(bytes: Buffer, split: readonly number[] = [], table = format): Read {
  const got: Read = { columns: [], rows: [], bad: [], count: 0 };
  const reader = rowReader(table, {
    header: (columns) => {
      got.columns = columns;
    },
    row: (...row) => void got.rows.push(row),
    unreadable: (...row) => void got.bad.push(row),
  });
  const cuts = [0, ...split.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  cuts.slice(1).forEach((to, index) => {
    reader.push(bytes.subarray(cuts[index], to));
  });
  got.count = reader.end();
  return got;
}
const file = (...lines: string[]) => Buffer.from(`${[header, ...lines].join("\r\n")}\r\n`, "latin1");

test("rows are read by the header's names: kept columns only, in the file's order", () => {
  expect(read(file("21\t11\t1\tmensaje: señor\tD", "22\t11\t1\t\t"))).toEqual({
    columns: ["IDNMOTION", "IDNCASE", "DEC"],
    rows: [
      [2, 1, -1, "21\t1\tD"],
      [3, 1, -1, "22\t1\t"],
    ],
    bad: [],
    count: 2,
  });
});

test.each<[string, Buffer, Partial<Read>]>([
  ["Latin-1", file("1\t1\t1\t\tSEÑOR"), { rows: [[2, 1, -1, "1\t1\tSEÑOR"]] }],
  ["NUL bytes anywhere, in a number too", file("2\0\x31\t1\t1\0\x32\t\tD\0"), { rows: [[2, 12, -1, "21\t12\tD"]] }],
  ["a NUL byte in the header", Buffer.from(`IDN\0MOTION\tIDNCASE\tDEC\n1\t1\tD\n`), { rows: [[2, 1, -1, "1\t1\tD"]] }],
  [
    "names in another case",
    Buffer.from("idnmotion\tIdnCase\tdec\n1\t1\tD"),
    { columns: format.columns, rows: [[2, 1, -1, "1\t1\tD"]] },
  ],
  ["no line end at the end", Buffer.from(`${header}\n1\t1\t1\t\tD`), { count: 1 }],
  ["a quotation mark is a character", file('1\t1\t1\t"\t"'), { rows: [[2, 1, -1, '1\t1\t"']] }],
  ["an empty line is no row", file("", "1\t1\t1\t\tD", ""), { rows: [[3, 1, -1, "1\t1\tD"]], count: 1 }],
  ["only a header", file(), { rows: [], bad: [], count: 0 }],
])("%s", (_title, bytes, expected) => expect(read(bytes)).toMatchObject(expected));

describe("a shifted row is counted and reported, with its case where that can still be told", () => {
  const shifted = "the number of columns";
  test.each<[string, string, readonly [string, readonly number[]]]>([
    ["a tab too many after the case", "21\t11\t1\t\t\tD", [shifted, [1]]],
    ["a tab too many at the end", "21\t11\t1\t\tD\t", [shifted, [1]]],
    ["a tab too many before the case", "21\t\t11\t1\t\tD", [shifted, []]],
    ["a tab too many at the beginning", "\t21\t11\t1\t\tD", [shifted, []]],
    ["a tab too few", "21\t11\t1\tD", [shifted, [1]]],
    ["cut off before the case", "21\t11", [shifted, []]],
    ["a case number that is none", "21\t11\tx\t\tD", ["IDNCASE", []]],
    ["no case number", "21\t11\t\t\tD", ["IDNCASE", []]],
    ["a case number beyond 32 bits", "21\t11\t2147483648\t\tD", ["IDNCASE", []]],
  ])("%s", (_title, line, [field, keys]) =>
    expect(read(file("1\t1\t1\t\tD", line))).toMatchObject({ bad: [[3, field, keys]], count: 2 }),
  );

  test("a table with two keys", () => {
    const two: TableFormat = { name: "tbl_AlienNumber", keys: ["ALIEN_NBR", "IDNCASE"], columns: [] };
    const lines = Buffer.from("IDNCASE\tALIEN_NBR\n1\t012345678\nx\t012345678\n1\tA1\n");
    expect(read(lines, [], two)).toEqual({
      columns: [],
      rows: [[2, 12_345_678, 1, ""]],
      bad: [
        [3, "IDNCASE", []],
        [4, "ALIEN_NBR", [1]],
      ],
      count: 3,
    });
  });
});

describe("a file that is not this table is refused", () => {
  const invalid = expect.objectContaining({ extensions: { code: "SOURCE_INVALID", system: "CASE" } });
  test.each<[string, Buffer]>([
    ["a column missing", Buffer.from("IDNMOTION\tIDNCASE\n1\t1\n")],
    ["a column twice", Buffer.from("IDNMOTION\tIDNCASE\tDEC\tDEC\n")],
    ["nothing", Buffer.alloc(0)],
    ["something else", Buffer.from("<html>not found</html>")],
    ["a line without an end", Buffer.concat([Buffer.from(`${header}\n`), Buffer.alloc(1024 * 1024 + 1, 65)])],
  ])("%s", (_title, bytes) => expect(() => read(bytes)).toThrow(invalid));
});

test("how the bytes are cut into chunks makes no difference", () => {
  const cell = fc.string({ unit: fc.constantFrom("1", "2", "é", "\0", "\t", "\r", "\n", "x", " "), maxLength: 6 });
  const line = fc.array(cell, { minLength: 3, maxLength: 7 }).map((cells) => cells.join("\t"));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (lines, split) => {
      expect(read(file(...lines), split)).toEqual(read(file(...lines)));
    }),
  );
});

test("any bytes give rows with a number each, or SOURCE_INVALID", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const { rows, bad, count } = read(Buffer.concat([Buffer.from(`${header}\n`), bytes]));
      expect(rows.length + bad.length).toBe(count);
      for (const [, first] of rows) expect(first).toBeGreaterThanOrEqual(0);
    }),
  );
});

describe("Count.txt", () => {
  test("states the snapshot's date and each table's rows", () => {
    const bytes = Buffer.from("SnapshotDate\t2026-10-01 06:00:00\r\nA_TblCase\t12610093\r\n\0\r\n");
    expect(parseCounts(bytes)).toEqual({
      snapshotDate: "2026-10-01T06:00:00Z",
      rows: new Map([["A_TblCase", 12_610_093]]),
    });
  });

  test.each<[string, string]>([
    ["no date", "A_TblCase\t1\n"],
    ["a date that is none", "SnapshotDate\t2026-13-01 06:00:00\n"],
    ["a second date", "SnapshotDate\t2026-10-01 06:00:00\nSnapshotDate\t2026-10-01 06:00:00\n"],
    ["a count that is no number", "SnapshotDate\t2026-10-01 06:00:00\nA_TblCase\tmany\n"],
    ["a table twice", "SnapshotDate\t2026-10-01 06:00:00\nA_TblCase\t1\nA_TblCase\t2\n"],
    ["a third column", "SnapshotDate\t2026-10-01 06:00:00\nA_TblCase\t1\t2\n"],
    ["nothing", ""],
    ["something else", "<html>"],
  ])("%s is refused", (_title, text) => {
    expect(() => parseCounts(Buffer.from(text))).toThrow(
      expect.objectContaining({ extensions: { code: "SOURCE_INVALID", system: "CASE" } }),
    );
  });
});
