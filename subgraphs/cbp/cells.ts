/**
 * One cell of an answer → its value. Every form a cell may take is in `mocks/cbp/README.md`; what fits none of them is
 * unreadable, never guessed. Blank, redacted and unreadable are three different things.
 */
import { type Decoded, isRedactionMark, redacted, unreadable } from "#kit/decoded.ts";

export type System = "ADIS" | "I94" | "E3";

/** The value of a cell that is neither blank nor redacted; null when it has no documented form. */
export type Read<T> = (cell: string | number) => T | null;

/** Reads one cell. Blank (absent, null, empty, spaces) is null; a redaction mark may stand in any cell. */
export function readCell<T>(system: System, field: string, cell: unknown, read: Read<T>): Decoded<T> {
  if (cell === undefined || cell === null) return null;
  if (typeof cell === "string" && cell.trim() === "") return null;
  if (typeof cell === "string" && isRedactionMark(cell)) return redacted(system, field);
  const value = typeof cell === "string" ? read(cell.trim()) : typeof cell === "number" ? read(cell) : null;
  return value ?? unreadable(system, field);
}

/** Text as it stands, without the spaces around it. */
export const text: Read<string> = (cell) => (typeof cell === "string" ? cell : null);

/** Text that another parser accepts. */
export function textBy(parse: (text: string) => string | null): Read<string> {
  return (cell) => (typeof cell === "string" ? parse(cell) : null);
}

/** Two code sets that are never mixed: three letters (CBP site) or four digits (Schedule D), as they stand. */
export const port: Read<string> = (cell) => (typeof cell === "string" && /^([A-Z]{3}|\d{4})$/.test(cell) ? cell : null);

export const logical: Read<boolean> = (cell) => {
  if (cell === "Y" || cell === "1" || cell === 1) return true;
  return cell === "N" || cell === "0" || cell === 0 ? false : null;
};

/** The lines of an address; a text of blank lines only does not come here. */
export const lines: Read<readonly string[]> = (cell) =>
  typeof cell === "string"
    ? cell
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
    : null;

/** An instant `2026-10-19T14:00:00Z`, or a day alone. */
export const isoTime: Read<string> = (cell) => printed(isoMoment(cell));

/** `10/19/2026`: month, day, year. */
export const usDay: Read<string> = (cell) => {
  const moment = usMoment(cell);
  return moment !== null && moment.time === null ? moment.day : null;
};

/** A date-time column of e3: ISO, US text or a serial; with a time of day, or the day alone where none is held. */
export const sheetTime: Read<string> = (cell) => printed(sheetMoment(cell));

/** A date-only column of e3: the same forms; midnight is padding there, and any other time of day does not belong. */
export const sheetDay: Read<string> = (cell) => {
  const moment = sheetMoment(cell);
  return moment === null || (moment.time ?? midnight) !== midnight ? null : moment.day;
};

type Moment = { readonly day: string; readonly time: string | null };
const midnight = "00:00:00";

function printed(moment: Moment | null): string | null {
  if (moment === null) return null;
  return moment.time === null ? moment.day : `${moment.day}T${moment.time}Z`;
}

function sheetMoment(cell: string | number): Moment | null {
  return isoMoment(cell) ?? usMoment(cell) ?? serialMoment(cell);
}

function isoMoment(cell: string | number): Moment | null {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})Z)?$/.exec(String(cell)) ?? [];
  return momentOf(day, time);
}

function usMoment(cell: string | number): Moment | null {
  const [, month, day, year, hour, minute] =
    /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2}))?$/.exec(String(cell)) ?? [];
  if (month === undefined || day === undefined) return null;
  return momentOf(
    `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`,
    hour === undefined ? undefined : `${hour.padStart(2, "0")}:${minute}:00`,
  );
}

const dayMs = 86_400_000;
/** Serials 1 (1900-01-01) to 2,958,465 (9999-12-31). */
const lastSerial = 2_958_465;

/**
 * A spreadsheet's serial in the 1900 date system: whole for a day alone, with a fraction for a time of day, to the
 * second. Serial 60 is the 29 February 1900 that Lotus 1-2-3 invented: no such day, and one day less before it.
 */
function serialMoment(cell: string | number): Moment | null {
  if (typeof cell !== "number" || !(cell >= 1 && cell < lastSerial + 1)) return null;
  const seconds = Math.round(cell * 86_400);
  const serial = Math.floor(seconds / 86_400);
  if (serial === 60) return null;
  const daysSince1970 = serial - 25_569 + (serial < 60 ? 1 : 0);
  const iso = new Date(daysSince1970 * dayMs + (seconds % 86_400) * 1000).toISOString();
  return momentOf(iso.slice(0, 10), Number.isInteger(cell) ? undefined : iso.slice(11, 19));
}

/** Null unless the calendar has the day and the clock the time. */
function momentOf(day: string | undefined, time: string | undefined): Moment | null {
  if (day === undefined) return null;
  const at = new Date(`${day}T${midnight}Z`);
  if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(day)) return null;
  if (time !== undefined && !/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(time)) return null;
  return { day, time: time ?? null };
}
