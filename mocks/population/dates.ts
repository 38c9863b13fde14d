/** Instants as whole seconds since 1970 while people are made, ISO text in their files. UTC throughout; no locale. */
export type Seconds = number;

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;

export function secondsOf(iso: string): Seconds {
  const ms = Date.parse(iso.length === 10 ? `${iso}T00:00:00Z` : iso);
  if (!Number.isFinite(ms)) throw new RangeError("not an ISO 8601 instant in UTC, such as 2026-10-19T14:00:00Z");
  return Math.floor(ms / 1000);
}

const days = new Map<number, string>();
const twoDigits = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));

/** `2026-10-19` */
export function day(at: Seconds): string {
  const number = Math.floor(at / DAY);
  let text = days.get(number);
  if (text === undefined) {
    text = new Date(number * DAY * 1000).toISOString().slice(0, 10);
    days.set(number, text);
  }
  return text;
}

/** `2026-10-19T14:00:00Z` */
export function instant(at: Seconds): string {
  const second = at - Math.floor(at / DAY) * DAY;
  const hour = Math.floor(second / HOUR);
  const minute = Math.floor((second % HOUR) / MINUTE);
  return `${day(at)}T${twoDigits[hour]}:${twoDigits[minute]}:${twoDigits[second % MINUTE]}Z`;
}

/** The same instant, or the Monday after if it falls on a weekend: courts and offices keep weekdays. */
export function onWeekday(at: Seconds): Seconds {
  const weekday = (Math.floor(at / DAY) + 4) % 7;
  return weekday === 6 ? at + 2 * DAY : weekday === 0 ? at + DAY : at;
}

export function yearOf(at: Seconds): number {
  return Number(day(at).slice(0, 4));
}

/** Hours and minutes to add to a day. */
export const timeOfDay = (random: { int(count: number): number }): Seconds =>
  random.int(24) * HOUR + random.int(60) * MINUTE;
