import { describe, expect, test } from "@jest/globals";
import { defaultCalendar, readCalendar } from "./calendar.ts";
import { federalHolidays } from "./holidays.ts";

describe("federal holidays", () => {
  // As the Office of Personnel Management publishes them.
  test.each([
    [2021, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"],
    [2022, "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26"],
    [2023, "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25"],
    [2024, "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25"],
    [2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"],
    [2027, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"],
  ])("of %d, on the days on which they are observed", (year, days) => {
    expect([...federalHolidays(year)].sort()).toEqual(days.split(" ").map((day) => `${year}-${day}`));
  });

  test("have Juneteenth since 2021 alone", () => {
    expect(federalHolidays(2020).has("2020-06-19")).toBe(false);
  });
});

describe("a calendar", () => {
  test("by default has the federal holidays, and one zone", () => {
    const calendar = defaultCalendar();
    expect(["2026-10-12", "2026-10-13", "2026-10-17"].map(calendar.isBusinessDay)).toEqual([false, true, false]);
    expect([calendar.zoneOf(null), calendar.zoneOf("SANDCTX")]).toEqual(["America/Chicago", "America/Chicago"]);
  });

  test("of a file closes and opens days, and knows where a jail is", () => {
    const calendar = readCalendar(
      JSON.stringify({
        zone: "America/New_York",
        zones: { SANDCTX: "America/Denver" },
        closed: ["2026-10-13"],
        open: ["2026-10-12"],
      }),
    );
    expect(["2026-10-12", "2026-10-13"].map(calendar.isBusinessDay)).toEqual([true, false]);
    expect([calendar.zoneOf("SANDCTX"), calendar.zoneOf("OTHER")]).toEqual(["America/Denver", "America/New_York"]);
  });

  test.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["a zone that is none", '{"zone":"Texas/Austin"}'],
    ["a jail's zone that is none", '{"zones":{"A":"nowhere"}}'],
    ["a day that is none", '{"closed":["2026-02-30"]}'],
    ["days that are no list", '{"open":"2026-11-11"}'],
    ["a member that nobody reads", '{"holidays":[]}'],
  ])("is refused with %s", (_, text) => {
    expect(() => readCalendar(text)).toThrow(/^the calendar/);
  });
});
