/** Single values of EID's rows: absent, withheld, unreadable, or what they say. Pure. Formats: mocks/ice/README.md. */
import { type Decoded, isRedactionMark, isWithheld, RowUnreadable, redacted, unreadable } from "#kit/decoded.ts";

export const system = "EID";

export type Row = Readonly<Record<string, unknown>>;

/** Text as it stands; blank is nothing. */
export function readText(row: Row, column: string): Decoded<string> {
  const value = row[column];
  if (value === null) return null;
  if (typeof value !== "string") return unreadable(system, column);
  const text = value.trim();
  if (text === "") return null;
  return isRedactionMark(text) ? redacted(system, column) : text;
}

/** Text that stands for something; `parse` gives null for what is not known to. */
export function readCoded<T>(row: Row, column: string, parse: (text: string) => T | null): Decoded<T> {
  const text = readText(row, column);
  if (text === null || isWithheld(text)) return text;
  return parse(text) ?? unreadable(system, column);
}

export function readYesNo(row: Row, column: string): Decoded<boolean> {
  return readCoded(row, column, (text) => (text === "YES" ? true : text === "NO" ? false : null));
}

/** A record's own id: without it the row stands for nothing. */
export function required(row: Row, column: string): string {
  const id = readText(row, column);
  if (id === null || isWithheld(id)) throw new RowUnreadable(column);
  return id;
}

export const readInstant = (row: Row, column: string): Decoded<string> => readCoded(row, column, parseInstant);
export const readDateTime = (row: Row, column: string): Decoded<string> => readCoded(row, column, parsePrintedDate);
export const readDay = (row: Row, column: string): Decoded<string> =>
  readCoded(row, column, (text) => parsePrintedDate(text)?.slice(0, 10) ?? null);

/** A timestamp as PostgreSQL writes one in JSON: no zone, and EID's are UTC. */
export function parseInstant(value: unknown): string | null {
  const text = typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value) ? `${value}Z` : null;
  return text !== null && isReal(text) ? text : null;
}

/** `2026-10-19`, or silently `2026-10-19 14:00:00`, where midnight says that no time of day is held. */
function parsePrintedDate(text: string): string | null {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))?$/.exec(text) ?? [];
  if (day === undefined || !isReal(`${day}T${time ?? "00:00:00"}Z`)) return null;
  return time === undefined || time === "00:00:00" ? day : `${day}T${time}Z`;
}

/** There is no 30 February, and no hour 24. */
function isReal(instant: string): boolean {
  const at = Date.parse(instant);
  return !Number.isNaN(at) && new Date(at).toISOString() === instant.replace("Z", ".000Z");
}
