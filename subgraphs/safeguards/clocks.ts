/** How long police may hold somebody on a detainer: the two computations that stand beside each other. Pure. */
import type { HoldCalendar } from "./calendar.ts";

const hourMs = 3_600_000;
const holdMs = 48 * hourMs;
/** Longer than any run of holidays; a calendar without business days must not hold up the answer. */
const maxDays = 60;

/** Form I-247A (2017): 48 hours of the clock. Milliseconds since the epoch, as everywhere here. */
export function plainExpiry(startMs: number): number {
  return startMs + holdMs;
}

/** Form I-247A asks to be told 48 hours before a release, where that is possible. */
export function notifyBy(releaseMs: number): number {
  return releaseMs - holdMs;
}

/**
 * 8 CFR 287.7(d): 48 hours, Saturdays, Sundays and holidays excluded: hours that pass on such a day, at the jail, do not
 * count. Null when the calendar has not that many business days within two months.
 */
export function expiryExcludingNonBusinessDays(
  startMs: number,
  zone: string,
  { isBusinessDay }: HoldCalendar,
): number | null {
  let leftMs = holdMs;
  let atMs = startMs;
  for (let days = 0; days < maxDays; days++) {
    const day = localDay(atMs, zone);
    const endMs = startOfDay(dayAfter(day), zone);
    if (isBusinessDay(day)) {
      if (leftMs <= endMs - atMs) return atMs + leftMs;
      leftMs -= endMs - atMs;
    }
    atMs = endMs;
  }
  return null;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localDay(atMs: number, zone: string): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
    formats.set(zone, format);
  }
  return format.format(atMs);
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * hourMs).toISOString().slice(0, 10);
}

/** The first second of a local day, whatever clocks do in that night. */
function startOfDay(day: string, zone: string): number {
  const noonSeconds = Date.parse(`${day}T12:00:00Z`) / 1000;
  let [before, within] = [noonSeconds - 36 * 3600, noonSeconds + 36 * 3600];
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (localDay(middle * 1000, zone) >= day) within = middle;
    else before = middle;
  }
  return within * 1000;
}
