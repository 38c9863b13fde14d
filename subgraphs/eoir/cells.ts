/** One column's text of a row of CASE → its value. INVARIANT: what is not plainly readable is withheld, never guessed. */
import { type Decoded, isRedactionMark, isWithheld, RowUnreadable, redacted, unreadable } from "#kit/decoded.ts";
import type { PlacedRow } from "./store.ts";

export const CASE = "CASE";

export type Values = PlacedRow["values"];

/** A date in a column of codes: a tab too many has moved the row, even where another was lost at its end. */
export function aligned(table: string, values: Values): Values {
  for (const [column, value] of Object.entries(values))
    if (value !== null && !dateColumns.has(column) && /^\d{4}-\d{2}-\d{2}/.test(value)) throw new RowUnreadable(column);
  if (Object.keys(values).length === 0) throw new RowUnreadable(table);
  return values;
}

const dateColumns = new Set([
  "ADDRESS_CHANGEDON",
  "OSC_DATE",
  "COMP_DATE",
  "DATE_APPEAL_DUE_STATUS",
  "ADJ_DATE",
  "MOTION_RECD_DATE",
  "datAppealFiled",
  "datBIADecision",
  "datRequestedByOIL",
  "datSeveredOn",
  "datCreatedOn",
]);

/** Free text: blanks around it are padding; `N/A` and `A.2.a` stand for nothing, `b6` for a value withheld by FOIA (b)(6). */
export function text(values: Values, column: string): Decoded<string> {
  const raw = values[column];
  if (raw == null) return null;
  const value = raw.replaceAll("\0", "").trim();
  if (value === "" || value === "N/A" || value === "A.2.a") return null;
  if (/^b6$/i.test(value) || isRedactionMark(value)) return redacted(CASE, column);
  return /[\x00-\x1f\x7f]/.test(value) ? unreadable(CASE, column) : value;
}

export function code(values: Values, column: string): Decoded<string> {
  const value = text(values, column);
  if (value === null || isWithheld(value)) return value;
  const upper = value.toUpperCase();
  return /^[A-Z0-9/?-]{1,10}$/.test(upper) ? upper : unreadable(CASE, column);
}

/** `YYYY-MM-DD HH:MM:SS`, of which the day counts. */
export function day(values: Values, column: string): Decoded<string> {
  const value = text(values, column);
  if (value === null || isWithheld(value)) return value;
  const matched = /^(\d{4}-\d{2}-\d{2}) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.000)?$/.exec(value)?.[1];
  return matched !== undefined && isDay(matched) ? matched : unreadable(CASE, column);
}

/** `0930`, `9:30` or `09:30`. */
export function timeOfDay(values: Values, column: string): Decoded<string> {
  const value = text(values, column);
  if (value === null || isWithheld(value)) return value;
  const [, hour, minute] =
    /^(\d{2}):?(\d{2})$/.exec(value.length === 4 && value[1] === ":" ? `0${value}` : value) ?? [];
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59)
    return unreadable(CASE, column);
  return `${hour}:${minute}`;
}

export function flag<T>(values: Values, column: string, meanings: Readonly<Record<string, T>>): Decoded<T> {
  const value = code(values, column);
  if (value === null || isWithheld(value)) return value;
  const meaning = Object.hasOwn(meanings, value) ? meanings[value] : undefined;
  return meaning ?? unreadable(CASE, column);
}

/** The row's own number: a row without it cannot stand. */
export function key(values: Values, column: string): string {
  const value = text(values, column);
  if (typeof value === "string" && /^[1-9]\d{0,9}$/.test(value)) return value;
  throw new RowUnreadable(column);
}

export function reference(values: Values, column: string): Decoded<string> {
  const value = text(values, column);
  if (value === null || isWithheld(value)) return value;
  return /^[1-9]\d{0,9}$/.test(value) ? value : unreadable(CASE, column);
}

export function isDay(value: string): boolean {
  const at = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
}
