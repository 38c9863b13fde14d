import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { defaultCalendar, type HoldCalendar, readCalendar } from "./calendar.ts";
import { expiryExcludingNonBusinessDays, notifyBy, plainExpiry } from "./clocks.ts";

const chicago = "America/Chicago";
const federal = defaultCalendar();

const excluding = (start: string, zone = chicago, calendar = federal) => {
  const ms = expiryExcludingNonBusinessDays(Date.parse(start), zone, calendar);
  return ms === null ? null : new Date(ms).toISOString().replace(".000Z", "Z");
};

describe("48 hours of the clock", () => {
  test.each([
    ["a Friday evening", "2026-10-23T18:00:00-05:00", "2026-10-25T23:00:00Z"],
    ["the night in which clocks go back", "2026-10-31T18:00:00-05:00", "2026-11-02T23:00:00Z"],
    ["the night in which clocks go forward", "2026-03-07T18:00:00-06:00", "2026-03-10T00:00:00Z"],
    ["the leap day", "2028-02-28T12:00:00-06:00", "2028-03-01T18:00:00Z"],
  ])("pass from %s, whatever days they fall on", (_, start, end) => {
    expect(new Date(plainExpiry(Date.parse(start))).toISOString().replace(".000Z", "Z")).toBe(end);
  });

  test("before a release is when ICE asks to be told", () => {
    const release = Date.parse("2026-10-23T18:00:00Z");
    expect(plainExpiry(notifyBy(release))).toBe(release);
  });
});

describe("48 hours without Saturdays, Sundays and holidays", () => {
  test.each([
    ["within the week", "2026-10-20T09:00:00-05:00", "2026-10-22T14:00:00Z"],
    [
      "from a Friday evening: six hours that day, all of Monday, eighteen on Tuesday",
      "2026-10-23T18:00:00-05:00",
      "2026-10-27T23:00:00Z",
    ],
    ["from a Saturday: from Monday's first minute", "2026-10-24T15:00:00-05:00", "2026-10-28T05:00:00Z"],
    ["to the end of a Friday, and no further", "2026-10-22T00:00:00-05:00", "2026-10-24T05:00:00Z"],
    ["over Columbus Day, a Monday", "2026-10-09T18:00:00-05:00", "2026-10-14T23:00:00Z"],
    ["over Thanksgiving; the Friday after it counts", "2026-11-25T12:00:00-06:00", "2026-11-30T18:00:00Z"],
    ["over Christmas on a Friday", "2026-12-24T12:00:00-06:00", "2026-12-29T18:00:00Z"],
    ["over Independence Day on a Saturday, observed on Friday", "2026-07-02T12:00:00-05:00", "2026-07-07T17:00:00Z"],
    ["over Juneteenth on a Sunday, observed on Monday", "2022-06-17T12:00:00-05:00", "2022-06-22T17:00:00Z"],
    [
      "over a New Year's Day on a Saturday, observed in the old year",
      "2021-12-30T12:00:00-06:00",
      "2022-01-04T18:00:00Z",
    ],
    ["over the Sunday with 25 hours: they do not count", "2026-10-30T18:00:00-05:00", "2026-11-04T00:00:00Z"],
    ["over the Sunday with 23 hours: they do not count either", "2026-03-06T18:00:00-06:00", "2026-03-10T23:00:00Z"],
    ["over the leap day", "2028-02-28T12:00:00-06:00", "2028-03-01T18:00:00Z"],
  ])("run %s", (_, start, end) => {
    expect(excluding(start)).toBe(end);
  });

  test("are those of the jail's own zone: one instant, two ends", () => {
    // Friday 23:30 in Chicago is Saturday in New York.
    expect(excluding("2026-10-24T04:30:00Z", chicago)).toBe("2026-10-28T04:30:00Z");
    expect(excluding("2026-10-24T04:30:00Z", "America/New_York")).toBe("2026-10-28T04:00:00Z");
  });

  test("have no end where no day counts", () => {
    expect(
      excluding("2026-10-20T09:00:00Z", chicago, { zoneOf: () => chicago, isBusinessDay: () => false }),
    ).toBeNull();
  });
});

/** Independent of the code: walks the hours one minute at a time, asking each minute's own local day. */
function stepped(startMs: number, zone: string, { isBusinessDay }: HoldCalendar): number {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric" });
  const counts = new Map<string, boolean>();
  let at = startMs;
  for (let minutes = 48 * 60; minutes > 0; at += 60_000) {
    const [month, day, year] = parts.format(at).split("/") as [string, string, string];
    const date = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
    if (!counts.has(date)) counts.set(date, isBusinessDay(date));
    if (counts.get(date)) minutes -= 1;
  }
  return at;
}

test("the computation is that of a walk of minutes, for any start, zone and calendar", () => {
  const zones = ["America/Chicago", "America/New_York", "America/Phoenix", "Pacific/Guam", "America/St_Johns"];
  const days = fc
    .integer({ min: 0, max: 3650 })
    .map((days) => new Date(Date.UTC(2021, 0, 1) + days * 86_400_000).toISOString().slice(0, 10));
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2021, 0, 2) / 60_000, max: Date.UTC(2030, 11, 20) / 60_000 }),
      fc.constantFrom(...zones),
      fc.array(days, { maxLength: 40 }),
      (minute, zone, closed) => {
        const calendar = readCalendar(JSON.stringify({ closed }));
        expect(expiryExcludingNonBusinessDays(minute * 60_000, zone, calendar)).toBe(
          stepped(minute * 60_000, zone, calendar),
        );
      },
    ),
    { numRuns: 150 },
  );
}, 30_000);

test("it never ends before the plain 48 hours, nor on the way through a day that does not count", () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2021, 0, 2) / 1000, max: Date.UTC(2030, 11, 20) / 1000 }), (second) => {
      const end = expiryExcludingNonBusinessDays(second * 1000, "UTC", federal) as number;
      expect(end).toBeGreaterThanOrEqual(plainExpiry(second * 1000));
      expect(federal.isBusinessDay(new Date(end - 1).toISOString().slice(0, 10))).toBe(true);
    }),
    { numRuns: 300 },
  );
});
