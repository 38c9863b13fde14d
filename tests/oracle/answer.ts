/**
 * How the oracle writes down an expected answer: plain JSON in which a value that is there but cannot be shown, or a
 * list from which rows had to be left out, is marked where it stands. `answered` turns that into data and errors.
 */

export type Code = "REDACTED_BY_SOURCE" | "VALUE_UNREADABLE" | "RECORD_UNREADABLE";

export type ExpectedError = { readonly path: string; readonly code: string; readonly system: string };

export type Expected = { readonly data: unknown; readonly errors: readonly ExpectedError[] };

/** Null in the answer, with an error that says why. */
export class Lost {
  readonly code: Code;
  readonly system: string;
  constructor(code: Code, system: string) {
    this.code = code;
    this.system = system;
  }
}

/** A list, and the systems some of whose rows for it could not be read. */
export class Listed {
  readonly records: readonly unknown[];
  readonly unreadableIn: readonly string[];
  constructor(records: readonly unknown[], unreadableIn: readonly string[]) {
    this.records = records;
    this.unreadableIn = unreadableIn;
  }
}

export const unreadable = (system: string): Lost => new Lost("VALUE_UNREADABLE", system);
export const redacted = (system: string): Lost => new Lost("REDACTED_BY_SOURCE", system);

/** The words with which agencies withhold a value, as their descriptions list them. */
const marks = ["(b)(7)(E)", "b(6), b(7)c", "b(6), b(7)C", "(b)(6)", "REDACTED"];
export const isMark = (text: string): boolean => marks.includes(text.trim());

/** A list without errors of its own is null when nothing could be read: an empty one says that nothing is there. */
export function answered(marked: unknown): Expected {
  const errors: ExpectedError[] = [];
  const walk = (value: unknown, path: string): unknown => {
    if (value instanceof Lost) {
      errors.push({ path, code: value.code, system: value.system });
      return null;
    }
    if (value instanceof Listed) {
      for (const system of new Set(value.unreadableIn)) errors.push({ path, code: "RECORD_UNREADABLE", system });
      if (value.unreadableIn.length > 0 && value.records.length === 0) return null;
      return walk(value.records, path);
    }
    if (Array.isArray(value)) return value.map((each, index) => walk(each, `${path}.${index}`));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, walk(each, path === "" ? key : `${path}.${key}`)]),
    );
  };
  return { data: walk(marked, ""), errors };
}

/** What stands under a mark is not known: null. */
export const known = <T>(value: T | Lost): T | null => (value instanceof Lost ? null : value);

/** A copy in the order of `key`, then of `tie`; what has no key comes last. */
export function ordered<T>(
  records: readonly T[],
  key: (record: T) => string | Lost | null,
  tie: (record: T) => string,
  direction: 1 | -1 = 1,
): T[] {
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return records.toSorted((a, b) => {
    const [left, right] = [known(key(a)), known(key(b))];
    if (left === null || right === null)
      return Number(left === null) - Number(right === null) || compare(tie(a), tie(b));
    return direction * compare(left, right) || compare(tie(a), tie(b));
  });
}

/** Lists of at most `size`. */
export function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}

/** Rows that came more than once, equal in every cell, once. */
export function distinct<T>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

/** A day of the calendar, as ISO has it. */
export function isDay(text: string): boolean {
  const instant = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text);
}

/** An instant in UTC, whole seconds. */
export function isInstant(text: string): boolean {
  const [, day = "", hours, minutes, seconds] = /^(\S{10})T(\d\d):(\d\d):(\d\d)Z$/.exec(text) ?? [];
  return isDay(day) && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
}
