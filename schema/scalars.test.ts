import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { identifierScalars, parseANumber, parseInstant } from "./scalars.ts";

const parse = (scalar: string, value: unknown) => identifierScalars[scalar]?.parseValue(value);

describe("an identifier in an accepted form prints canonically", () => {
  test.each([
    ["ANumber", "A012345678", "012345678"],
    ["ANumber", "a12-345-678", "012345678"],
    ["ANumber", "1234567", "001234567"],
    ["ANumber", " 012 345 678 ", "012345678"],
    ["I94Number", "12345678901", "12345678901"],
    ["I94Number", "123456789a1", "123456789A1"],
    ["ReceiptNumber", "ioe-09-123-45678", "IOE0912345678"],
    ["SevisId", "n0012345678", "N0012345678"],
    ["FbiNumber", "123456ab7", "123456AB7"],
    ["PassportNumber", "xk 123456", "XK123456"],
    ["CountryCode", "hnd", "HND"],
    ["Fin", "1000000007", "1000000007"],
    ["EidSubjectId", "EID-77", "EID-77"],
  ])("%s %j → %j", (scalar, given, canonical) => {
    expect(parse(scalar, given)).toBe(canonical);
  });
});

describe("anything else is refused with the accepted forms and without the value", () => {
  test.each([
    ["ANumber", "123456"],
    ["ANumber", "1234567890"],
    ["ANumber", "B12345678"],
    ["ANumber", "１２３４５６７８"],
    ["ANumber", 12345678],
    ["ANumber", ""],
    ["ANumber", `${"1".repeat(9)}${" ".repeat(100)}`],
    ["I94Number", "1234567890"],
    ["I94Number", "123456789AB"],
    ["ReceiptNumber", "XYZ1234567890"],
    ["ReceiptNumber", "IOE123456789"],
    ["SevisId", "0012345678"],
    ["FbiNumber", "1234567890"],
    ["PassportNumber", "12345"],
    ["CountryCode", "Honduras"],
    ["Fin", "a b"],
    ["EidSubjectId", "x;drop"],
    ["Fin", null],
    ["Fin", ["1000000007"]],
  ])("%s %j", (scalar, given) => {
    const refusal = (() => {
      try {
        parse(scalar, given);
        return null;
      } catch (error) {
        return error as Error & { extensions: { code: string } };
      }
    })();
    expect(refusal?.extensions.code).toBe("INVALID_IDENTIFIER");
    expect(refusal?.message).toContain(`${scalar} takes`);
    if (typeof given === "string" && given.trim().length > 3) expect(refusal?.message).not.toContain(given);
  });
});

test("every writing of an A-number comes to the same nine digits", () => {
  const digits = fc.integer({ min: 1_000_000, max: 999_999_999 }).map(String);
  fc.assert(
    fc.property(digits, fc.boolean(), fc.array(fc.constantFrom(" ", "-"), { maxLength: 3 }), (number, a, gaps) => {
      const written = (a ? "A" : "") + [...number].map((digit, index) => digit + (gaps[index] ?? "")).join("");
      expect(parseANumber(written)).toBe(number.padStart(9, "0"));
    }),
  );
});

test.each([
  ["2026-10-23T18:00:00-05:00", "2026-10-23T23:00:00Z"],
  ["2026-10-23T18:00Z", "2026-10-23T18:00:00Z"],
  ["2026-10-23T23:00:00.000Z", "2026-10-23T23:00:00Z"],
  ["2026-10-23T23:00:00.120Z", "2026-10-23T23:00:00.120Z"],
  ["2028-02-29T00:00:00+14:00", "2028-02-28T10:00:00Z"],
  ["2026-10-23", null],
  ["2026-10-23T18:00", null],
  ["2026-02-30T18:00:00Z", null],
  ["2026-10-23T24:00:00Z", null],
  ["2026-10-23 18:00:00Z", null],
  ["+012026-10-23T18:00:00Z", null],
  ["soon", null],
])("an instant among the arguments: %j → %j", (given, canonical) => {
  expect(parseInstant(given)).toBe(canonical);
});
