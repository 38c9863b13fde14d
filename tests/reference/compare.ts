/** What makes two answers the same: their data to the byte, and the same errors for the same places. */
import { nullOf, type Path } from "../differential/compare.ts";

export type Compared = {
  readonly data: unknown;
  readonly errors: readonly {
    readonly code: string;
    readonly path: Path;
    readonly authority?: string;
    readonly callback?: string;
  }[];
};

/** Every difference, in words; none: they are the same. */
export function differences(expected: Compared, given: Compared): readonly string[] {
  const found: string[] = [];
  const [should, is] = [JSON.stringify(expected.data), JSON.stringify(given.data)];
  if (should !== is) found.push(`data: ${firstDifference(JSON.parse(should), JSON.parse(is), [])}`);
  const [told, toldGiven] = [errorsOf(expected), errorsOf(given)];
  for (const each of told) if (!toldGiven.has(each)) found.push(`missing error ${each}`);
  for (const each of toldGiven) if (!told.has(each)) found.push(`error too many ${each}`);
  return found;
}

/** An error stands for the null that it explains, wherever below it the source says that it failed. */
function errorsOf({ data, errors }: Compared): ReadonlySet<string> {
  const placed = errors.map((each) => ({ ...each, path: placeOf(data, each.path) }));
  return new Set(
    placed
      .filter(({ code, path }) => code !== "RECORD_UNREADABLE" || !isToldOtherwise(data, path, placed))
      .map(({ code, path, authority, callback }) => JSON.stringify({ code, path, authority, callback })),
  );
}

function placeOf(data: unknown, path: Path): Path {
  const at = nullOf(data, path);
  return data === null || at.at(-1) === "!" ? path : at;
}

/** A list that lacks some says so; where it failed whole, that is said of it, and the lack at what it is part of or not. */
function isToldOtherwise(data: unknown, path: Path, all: Compared["errors"]): boolean {
  const value = path.reduce<unknown>((at, step) => (at as Record<string | number, unknown> | null)?.[step], data);
  if (value !== null) return typeof value === "object" && !Array.isArray(value);
  const place = JSON.stringify(path);
  return all.some((other) => other.code !== "RECORD_UNREADABLE" && JSON.stringify(other.path) === place);
}

function firstDifference(expected: unknown, given: unknown, at: Path): string {
  const isBoth = (test: (value: unknown) => boolean) => test(expected) && test(given);
  if (isBoth((each) => Array.isArray(each))) {
    const [one, other] = [expected as readonly unknown[], given as readonly unknown[]];
    if (one.length === other.length) {
      const index = one.findIndex((each, here) => JSON.stringify(each) !== JSON.stringify(other[here]));
      return firstDifference(one[index], other[index], [...at, index]);
    }
  } else if (isBoth((each) => typeof each === "object" && each !== null)) {
    const [one, other] = [expected as Record<string, unknown>, given as Record<string, unknown>];
    if (Object.keys(one).join() === Object.keys(other).join()) {
      const key = Object.keys(one).find((each) => JSON.stringify(one[each]) !== JSON.stringify(other[each])) ?? "";
      return firstDifference(one[key], other[key], [...at, key]);
    }
  }
  return `${short(given)} instead of ${short(expected)} at ${JSON.stringify(at)}`;
}

const short = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 300);

/** Values that can be seen, each with the place it stands at, indexes left out; as often as they are there. */
export function seenIn(data: unknown): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  const walk = (value: unknown, path: string): void => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      for (const each of value) walk(each, path);
    } else if (typeof value === "object") {
      for (const [key, each] of Object.entries(value)) walk(each, `${path}.${key}`);
    } else {
      const text = `${path} ${JSON.stringify(value)}`;
      seen.set(text, (seen.get(text) ?? 0) + 1);
    }
  };
  walk(data, "");
  return seen;
}
