import { describe, expect, test } from "@jest/globals";
import { redacted } from "#kit/decoded.ts";
import { courtDay, dueDay } from "./appeal-time.ts";
import type { Proceeding } from "./records.ts";

const proceeding = (over: Partial<Proceeding>): Proceeding => ({
  id: "1",
  caseType: "RMV",
  noticeOn: null,
  decision: "X",
  otherCompletion: null,
  completedOn: null,
  inAbsentia: false,
  appealReserved: "A",
  appealDueOn: null,
  ...over,
});

describe("the last day for an appeal that falls on no business day is the next business day (8 CFR 1003.38(b))", () => {
  test.each([
    ["a weekday", "2026-10-20", "2026-10-20"],
    ["a Saturday", "2026-10-17", "2026-10-19"],
    ["a Sunday", "2026-10-18", "2026-10-19"],
    ["New Year's Day", "2026-01-01", "2026-01-02"],
    ["Dr King's birthday", "2026-01-19", "2026-01-20"],
    ["Washington's birthday", "2026-02-16", "2026-02-17"],
    ["Memorial Day", "2026-05-25", "2026-05-26"],
    ["a Monday in May that is not the last", "2026-05-18", "2026-05-18"],
    ["Juneteenth, a Friday, and the weekend after it", "2026-06-19", "2026-06-22"],
    ["4 July on a Saturday, kept on Friday", "2026-07-03", "2026-07-06"],
    ["4 July on a Sunday, kept on Monday", "2027-07-05", "2027-07-06"],
    ["New Year's Day on a Saturday, kept in the old year", "2027-12-31", "2028-01-03"],
    ["Labor Day", "2026-09-07", "2026-09-08"],
    ["Columbus Day", "2026-10-12", "2026-10-13"],
    ["Veterans Day", "2026-11-11", "2026-11-12"],
    ["Thanksgiving", "2026-11-26", "2026-11-27"],
    ["Christmas, a Friday", "2026-12-25", "2026-12-28"],
  ])("%s", (_title, keyed, last) => expect(dueDay(proceeding({ appealDueOn: keyed }))).toBe(last));

  test("where no day was keyed, the thirtieth after the decision", () =>
    expect(dueDay(proceeding({ completedOn: "2026-09-18" }))).toBe("2026-10-19"));

  test("a day that is withheld is not replaced by the thirtieth", () =>
    expect(dueDay(proceeding({ completedOn: "2026-09-18", appealDueOn: redacted("CASE", "X") }))).toBeNull());
});

test.each([
  ["while it lasts at the westernmost court", "2026-10-20T09:59:59Z", "2026-10-19"],
  ["until it has ended there", "2026-10-20T10:00:00Z", "2026-10-20"],
])("a day at the courts goes on %s", (_title, instant, day) => expect(courtDay(instant)).toBe(day));
