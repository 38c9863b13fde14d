/** Federal holidays by rule (5 USC 6103(a), (b); Executive Order 11582 for those that fall on a Sunday). */

/** A calendar day: YYYY-MM-DD. */
export type Day = string;

const fixed = [
  { month: 1, day: 1, since: 1870 },
  { month: 6, day: 19, since: 2021 },
  { month: 7, day: 4, since: 1870 },
  { month: 11, day: 11, since: 1978 },
  { month: 12, day: 25, since: 1870 },
] as const;

const monday = 1;
const thursday = 4;

/** `nth` 5: the last one of the month. */
const floating = [
  { month: 1, weekday: monday, nth: 3, since: 1986 },
  { month: 2, weekday: monday, nth: 3, since: 1971 },
  { month: 5, weekday: monday, nth: 5, since: 1971 },
  { month: 9, weekday: monday, nth: 1, since: 1894 },
  { month: 10, weekday: monday, nth: 2, since: 1971 },
  { month: 11, weekday: thursday, nth: 4, since: 1942 },
] as const;

const dayMs = 86_400_000;
const dayOf = (ms: number): Day => new Date(ms).toISOString().slice(0, 10);

/**
 * Days of this year on which a federal holiday is observed: one on a Saturday on the Friday before, one on a Sunday on the
 * Monday after. Inauguration Day is no holiday outside the capital and is left out.
 */
export function federalHolidays(year: number): ReadonlySet<Day> {
  const known = byYear.get(year);
  if (known) return known;
  // A New Year's Day on a Saturday is observed in the year before.
  const days = [year, year + 1].flatMap((each) => [...fixedHolidays(each), ...floatingHolidays(each)]);
  const holidays = new Set(days.map(dayOf).filter((day) => day.startsWith(`${year}-`)));
  // INVARIANT: bounded; years come from what is asked.
  if (byYear.size < 200) byYear.set(year, holidays);
  return holidays;
}

const byYear = new Map<number, ReadonlySet<Day>>();

function fixedHolidays(year: number): number[] {
  return fixed
    .filter(({ since }) => year >= since)
    .map(({ month, day }) => {
      const at = Date.UTC(year, month - 1, day);
      const weekday = new Date(at).getUTCDay();
      return weekday === 6 ? at - dayMs : weekday === 0 ? at + dayMs : at;
    });
}

function floatingHolidays(year: number): number[] {
  return floating
    .filter(({ since }) => year >= since)
    .map(({ month, weekday, nth }) => {
      if (nth === 5) {
        const last = Date.UTC(year, month, 0);
        return last - ((new Date(last).getUTCDay() - weekday + 7) % 7) * dayMs;
      }
      const first = Date.UTC(year, month - 1, 1);
      const ahead = (weekday - new Date(first).getUTCDay() + 7) % 7;
      return first + (ahead + (nth - 1) * 7) * dayMs;
    });
}
