import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { redacted, unreadable } from "#kit/decoded.ts";
import {
  isoTime,
  lines,
  logical,
  port,
  type Read,
  readCell,
  sheetDay,
  sheetTime,
  text,
  textBy,
  usDay,
} from "./cells.ts";

const cell = <T>(value: unknown, read: Read<T>) => readCell("E3", "COLUMN", value, read);
const bad = unreadable("E3", "COLUMN");

describe("a date-time column takes every documented form and no other", () => {
  test.each<[unknown, unknown]>([
    ["2026-10-19T14:05:09Z", "2026-10-19T14:05:09Z"],
    ["2026-10-19T00:00:00Z", "2026-10-19T00:00:00Z"],
    ["2026-10-19", "2026-10-19"],
    ["10/19/2026 14:05", "2026-10-19T14:05:00Z"],
    ["3/4/2026 0:00", "2026-03-04T00:00:00Z"],
    ["3/4/2026", "2026-03-04"],
    [46314.5869097222, "2026-10-19T14:05:09Z"],
    [46314, "2026-10-19"],
    [46313.9999999999, "2026-10-19T00:00:00Z"],
    [1, "1900-01-01"],
    [59, "1900-02-28"],
    [61, "1900-03-01"],
    [59.5, "1900-02-28T12:00:00Z"],
    [61.5, "1900-03-01T12:00:00Z"],
    [2_958_465, "9999-12-31"],
    ["2024-02-29", "2024-02-29"],
    [null, null],
    [undefined, null],
    ["", null],
    ["  ", null],
    ["(b)(7)(E)", redacted("E3", "COLUMN")],
    ["b(6), b(7)c", redacted("E3", "COLUMN")],
    [60, bad],
    [60.25, bad],
    [0.5, bad],
    [0, bad],
    [-3, bad],
    [2_958_466, bad],
    [2_958_465.999999, bad],
    [Number.NaN, bad],
    ["46314", bad],
    ["19/10/2026", bad],
    ["10/19/26", bad],
    ["10/19/2026 24:00", bad],
    ["10/19/2026 14:60", bad],
    ["10/19/2026 14:05:09", bad],
    ["10/19/2026 2:05 PM", bad],
    ["2/30/2026", bad],
    ["2026-02-29", bad],
    ["2026-13-01", bad],
    ["2026-10-19 14:05:09", bad],
    ["2026-10-19T14:05:09+02:00", bad],
    ["2026-10-19T24:00:00Z", bad],
    ["########", bad],
    [true, bad],
    [{}, bad],
    [[], bad],
  ])("%j → %j", (value, expected) => {
    expect(cell(value, sheetTime)).toEqual(expected);
  });
});

test.each<[unknown, unknown]>([
  ["2026-10-19", "2026-10-19"],
  ["2026-10-19T00:00:00Z", "2026-10-19"],
  ["10/19/2026 0:00", "2026-10-19"],
  [46314, "2026-10-19"],
  ["2026-10-19T00:00:01Z", bad],
  ["10/19/2026 0:01", bad],
  [46314.5, bad],
  ["soon", bad],
])("in a date-only column midnight is padding and another time does not belong: %j → %j", (value, expected) => {
  expect(cell(value, sheetDay)).toEqual(expected);
});

test("every second of the 1900 date system's serials is read back as it was written", () => {
  const instants = fc.date({
    min: new Date("1900-03-01T00:00:01Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(instants, (date) => {
      const iso = `${date.toISOString().slice(0, 19)}Z`;
      fc.pre(!iso.endsWith("T00:00:00Z"));
      const serial = Number((Date.parse(iso) / 86_400_000 + 25_569).toFixed(10));
      expect(cell(serial, sheetTime)).toBe(iso);
      expect(cell(Math.floor(serial), sheetTime)).toBe(iso.slice(0, 10));
    }),
  );
});

test("the day before and the day after the one that Lotus invented are next to each other", () => {
  expect([58, 59, 61, 62].map((serial) => cell(serial, sheetDay))).toEqual([
    "1900-02-27",
    "1900-02-28",
    "1900-03-01",
    "1900-03-02",
  ]);
});

test.each<[string, Read<unknown>, unknown, unknown]>([
  ["logical", logical, "Y", true],
  ["logical", logical, "1", true],
  ["logical", logical, 1, true],
  ["logical", logical, "N", false],
  ["logical", logical, "0", false],
  ["logical", logical, 0, false],
  ["logical", logical, " ", null],
  ["logical", logical, "YES", bad],
  ["logical", logical, "y", bad],
  ["logical", logical, 2, bad],
  ["logical", logical, true, bad],
  ["port", port, "LAX", "LAX"],
  ["port", port, "2720", "2720"],
  ["port", port, "lax", bad],
  ["port", port, "LAXX", bad],
  ["port", port, "272", bad],
  ["port", port, 2720, bad],
  ["text", text, "  Tucson ", "Tucson"],
  ["text", text, 7, bad],
  ["text by a parser", textBy((each) => (each === "x" ? "X" : null)), "x", "X"],
  ["text by a parser", textBy((each) => (each === "x" ? "X" : null)), "y", bad],
  ["text by a parser", textBy((each) => each), 7, bad],
  ["lines", lines, " 1 Main St \n\n El Paso TX ", ["1 Main St", "El Paso TX"]],
  ["lines", lines, " \n ", null],
  ["lines", lines, 7, bad],
  ["ISO time", isoTime, "2026-10-19", "2026-10-19"],
  ["ISO time", isoTime, "10/19/2026", bad],
  ["ISO time", isoTime, 46314, bad],
  ["US day", usDay, "1/2/2026", "2026-01-02"],
  ["US day", usDay, "1/2/2026 0:00", bad],
  ["US day", usDay, "2026-01-02", bad],
])("%s: %#", (_kind, read, value, expected) => {
  expect(cell(value, read)).toEqual(expected);
});

test("no JSON value makes a reader throw, and what it reads is never nonsense", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const time = cell(value, sheetTime);
      if (typeof time === "string") expect(Number.isNaN(Date.parse(time))).toBe(false);
      for (const read of [text, port, logical, lines, isoTime, usDay, sheetDay] as Read<unknown>[]) cell(value, read);
    }),
  );
});
