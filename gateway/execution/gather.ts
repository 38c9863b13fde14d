/** Finds the entities of a fetch in the data. */
import type { Place } from "./compile.ts";
import { read } from "./complete.ts";

/**
 * Every object at this place, in order. `isShared`: one object may stand at several places, and is then given once.
 */
export function gather(from: object, place: Place, isShared: boolean): readonly object[] {
  let level: object[] = [from];
  for (const { key, lists } of place) {
    const next: object[] = [];
    for (const each of level) collect(read(each, key), lists, next);
    level = isShared ? [...new Set(next)] : next;
  }
  return level;
}

function collect(value: unknown, lists: number, into: object[]): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) into.push(value);
  else if (lists > 0) for (const element of value) collect(element, lists - 1, into);
}

/** The same, each with the objects above it, from the root down to itself. */
export function gatherWithAncestors(from: object, place: Place): readonly (readonly object[])[] {
  let level: readonly (readonly object[])[] = [[from]];
  for (const { key, lists } of place)
    level = level.flatMap((line) => {
      const found: object[] = [];
      collect(read(line.at(-1) as object, key), lists, found);
      return found.map((each) => [...line, each]);
    });
  return level;
}
