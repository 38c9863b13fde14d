/** Until which day an appeal to the Board is in time, and which day it is at the courts. Pure. */
import { known } from "#kit/decoded.ts";
import type { Proceeding } from "./records.ts";

const appealDays = 30;
const dayMs = 86_400_000;

/**
 * The last day on which an appeal is in time: as keyed, else 30 days from the decision; one that falls on a Saturday,
 * Sunday or legal holiday moves to the next business day (8 CFR 1003.38(b)). Null: it cannot be told.
 */
export function dueDay({ appealDueOn, completedOn }: Proceeding): string | null {
  const keyed = known(appealDueOn);
  const from = known(completedOn);
  if (keyed !== null) return businessDay(timeOf(keyed));
  return appealDueOn !== null || from === null ? null : businessDay(timeOf(from) + appealDays * dayMs);
}

/**
 * The day at the westernmost court (Honolulu, UTC-10).
 * INVARIANT: no time to appeal is over, and no hearing past, while the day that ends it still lasts at any court.
 */
export function courtDay(instant: string): string {
  return dayOf(Date.parse(instant) - 10 * 3_600_000);
}

function businessDay(at: number): string {
  const weekday = new Date(at).getUTCDay();
  return weekday === 0 || weekday === 6 || isHoliday(at) ? businessDay(at + dayMs) : dayOf(at);
}

const fixedHolidays = new Set(["01-01", "06-19", "07-04", "11-11", "12-25"]);
/** Month, weekday, and the days of the month between which it falls. */
const movingHolidays = [
  [1, 1, 15, 21],
  [2, 1, 15, 21],
  [5, 1, 25, 31],
  [9, 1, 1, 7],
  [10, 1, 8, 14],
  [11, 4, 22, 28],
] as const;

/** 5 USC 6103(a) and (b): one that falls on a Saturday is kept on Friday; on a Sunday, on Monday (Executive Order 11582). */
function isHoliday(at: number): boolean {
  const date = new Date(at);
  const [month, day, weekday] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()];
  const kept = weekday === 1 ? [at, at - dayMs] : weekday === 5 ? [at, at + dayMs] : [at];
  return (
    kept.some((each) => fixedHolidays.has(dayOf(each).slice(5))) ||
    movingHolidays.some(([m, w, from, to]) => month === m && weekday === w && day >= from && day <= to)
  );
}

function timeOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
