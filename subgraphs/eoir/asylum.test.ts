import { describe, expect, test } from "@jest/globals";
import { type Decoded, redacted, unreadable } from "#kit/decoded.ts";
import { isAsylumCase, isAsylumDecision, isAsylumHearing, isAsylumMotion } from "./asylum.ts";
import type { CaseRecord } from "./records.ts";

const withheld = redacted("CASE", "CASE_TYPE");
const ofTypes = (caseType: Decoded<string>, ...proceedings: readonly Decoded<string>[]) =>
  ({ caseType, proceedings: proceedings.map((each) => ({ caseType: each })) }) as unknown as CaseRecord;

describe("a case", () => {
  test.each<[string, CaseRecord, unknown]>([
    ["in removal proceedings", ofTypes("RMV", "RMV"), false],
    ["whose proceedings say no type", ofTypes("DEP", null), false],
    ...["AOC", "WHO", "CFR", "RFR", "CSR"].map((type): [string, CaseRecord, unknown] => [type, ofTypes(type), true]),
    ["with one proceeding for withholding only", ofTypes("RMV", "RMV", "WHO"), true],
    ["of asylum, with a proceeding whose type is withheld", ofTypes("AOC", withheld), true],
    ["without a type on record", ofTypes(null), null],
    ["whose type is withheld", ofTypes(withheld, "RMV"), withheld],
    ["with a proceeding whose type is withheld", ofTypes("RMV", withheld), withheld],
    ["of a type unknown to us", ofTypes("QQQ"), unreadable("CASE", "CASE_TYPE")],
  ])("%s is or is not about asylum", (_name, record, expected) => {
    expect(isAsylumCase(record)).toEqual(expected);
  });
});

describe("what implies a claim", () => {
  test.each<[Decoded<string>, boolean]>([
    ["MA", true],
    ["IA", true],
    ["RR", true],
    ["MM", false],
    ["CY", false],
    [null, false],
    [withheld, false],
  ])("hearings of kind %j: %j", (kind, expected) => expect(isAsylumHearing(kind)).toBe(expected));

  test.each<[Decoded<string>, boolean]>([
    ["Withholding Granted", true],
    ["Withholding Denied", true],
    ["Affirm DHS Decision", true],
    ["Vacate DHS Decision", true],
    ["Remove", false],
    ["Relief Granted", false],
    [null, false],
  ])("decisions in the words %j: %j", (words, expected) => expect(isAsylumDecision(words)).toBe(expected));

  test.each<[Decoded<string>, boolean]>([
    ["MC", true],
    ["MA", false],
    ["O", false],
    ["SY", false],
    [null, false],
  ])("motions of kind %j: %j", (kind, expected) => expect(isAsylumMotion(kind)).toBe(expected));
});
