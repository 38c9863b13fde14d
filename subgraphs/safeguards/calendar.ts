/** Which days count against the 48 hours of a hold, and where it is midnight: the jail's calendar, by a file. */
import { type Day, federalHolidays } from "./holidays.ts";

export type HoldCalendar = {
  /** IANA zone of a facility; of one that is not named, or null, the zone of all the others. */
  zoneOf(facilityCode: string | null): string;
  isBusinessDay(day: Day): boolean;
};

/**
 * Text of a calendar file: `{ "zone"?, "zones"?: { "SANDCTX": "America/Chicago" }, "closed"?: [days], "open"?: [days] }`.
 * `closed`: days that count as holidays beside the federal ones; `open`: days that do not, whatever the rule says.
 * Throws, with every refusal in one message.
 */
export function readCalendar(text: string): HoldCalendar {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw new Error("the calendar is not JSON");
  }
  if (!isObject(file)) throw new Error("the calendar must be an object");
  const { zone = defaultZone, zones = {}, closed = [], open = [], ...others } = file;
  const refusals = [
    ...Object.keys(others).map((name) => `has a member that nobody reads: ${name}`),
    ...(isZone(zone) ? [] : ["zone must be an IANA time zone, such as America/Chicago"]),
    ...(isObject(zones) && Object.values(zones).every(isZone) ? [] : ["zones must map facility codes to time zones"]),
    ...(isDays(closed) ? [] : ["closed must be a list of days, such as 2026-12-24"]),
    ...(isDays(open) ? [] : ["open must be a list of days, such as 2026-11-11"]),
  ];
  if (refusals.length > 0) throw new Error(refusals.map((refusal) => `the calendar: ${refusal}`).join("\n"));
  return calendarOf({
    zone: zone as string,
    zones: new Map(Object.entries(zones as Record<string, string>)),
    closed: new Set(closed as Day[]),
    open: new Set(open as Day[]),
  });
}

/** Federal holidays by rule, and one zone for all. */
export const defaultCalendar = (): HoldCalendar => readCalendar("{}");

const defaultZone = "America/Chicago";

type Settings = {
  readonly zone: string;
  readonly zones: ReadonlyMap<string, string>;
  readonly closed: ReadonlySet<Day>;
  readonly open: ReadonlySet<Day>;
};

function calendarOf({ zone, zones, closed, open }: Settings): HoldCalendar {
  return {
    zoneOf: (facilityCode) => (facilityCode === null ? undefined : zones.get(facilityCode)) ?? zone,
    isBusinessDay(day) {
      if (open.has(day)) return true;
      const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
      return weekday !== 0 && weekday !== 6 && !closed.has(day) && !federalHolidays(Number(day.slice(0, 4))).has(day);
    },
  };
}

function isZone(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    new Intl.DateTimeFormat("en-CA", { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

function isDays(value: unknown): value is Day[] {
  const isDay = (each: unknown) =>
    typeof each === "string" &&
    /^\d{4}-\d\d-\d\d$/.test(each) &&
    !Number.isNaN(Date.parse(`${each}T00:00:00Z`)) &&
    new Date(`${each}T00:00:00Z`).toISOString().startsWith(each);
  return Array.isArray(value) && value.every(isDay);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
