/** When a rule holds: from the beginning of one day to the end of another, as days begin in Washington, D.C. */

export type Effective = {
  /** The first instant at which it holds, and the first at which it no longer does. */
  readonly fromMs: number;
  readonly untilMs: number;
};

export const always: Effective = { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };

/** Both days hold; one of them may be left out. */
export const effectiveForm = "`2026-07-01/2026-12-31`, `2026-07-01/` or `/2026-12-31`";

/** Null for anything but `effectiveForm`: a day that no calendar has, an end before the beginning, no day at all. */
export function readEffective(text: string): Effective | null {
  const [, from = "", to = ""] = /^(\d{4}-\d\d-\d\d)?\/(\d{4}-\d\d-\d\d)?$/.exec(text) ?? [];
  if (from === "" && to === "") return null;
  const fromMs = from === "" ? always.fromMs : startOfDay(from, 0);
  const untilMs = to === "" ? always.untilMs : startOfDay(to, 1);
  return fromMs === null || untilMs === null || fromMs >= untilMs ? null : { fromMs, untilMs };
}

export function holdsAt({ fromMs, untilMs }: Effective, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}

/** Federal days: a rule that begins on a day begins at its midnight on the east coast, not in Greenwich. */
const clock = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
});

/** Null when there is no such day. */
function startOfDay(day: string, daysLater: number): number | null {
  const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
  const named = new Date(Date.UTC(year, month - 1, date));
  if (named.toISOString().slice(0, 10) !== day) return null;
  const midnight = Date.UTC(year, month - 1, date + daysLater);
  // Clocks change at two in the morning: the offset that holds at five in the morning UTC is the one of midnight here.
  return midnight - offsetAt(midnight + 5 * 3_600_000);
}

/** By how much the east coast's clock is ahead (it is behind: negative). */
function offsetAt(instantMs: number): number {
  const parts = Object.fromEntries(clock.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - instantMs;
}
