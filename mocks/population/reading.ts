/** Reads finished files from outside, for the tests: every date in a file with its path, everything as plain text. */
import { REDACTED } from "./types.ts";

const dated = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/;

/** Paths without places in lists: `eid.stays.stints.bookInAt`. */
export function* instantsIn(value: unknown, path = ""): Iterable<readonly [path: string, value: string]> {
  if (typeof value === "string" && dated.test(value)) yield [path, value];
  if (Array.isArray(value)) for (const each of value) yield* instantsIn(each, path);
  else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) yield* instantsIn(each, path === "" ? key : `${path}.${key}`);
  }
}

/** JSON, with what a system withholds told apart from what it does not hold. */
export function plainText(value: unknown): string {
  return JSON.stringify(value, (_, each) => (each === REDACTED ? "(withheld)" : each));
}

export function ageAtDay(birthDate: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) < birthDate.slice(5) ? years - 1 : years;
}
