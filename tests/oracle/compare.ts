/** Says where an answer differs from the one expected: every path, in data and in errors. */
import type { Expected, ExpectedError } from "./answer.ts";

/** An answer as the gateway sends it. */
export type Given = {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly path?: readonly (string | number)[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
};

/** One line for each difference; none for equal answers. Values are printed: these people are invented. */
export function differences(expected: Expected, given: Given): string[] {
  const errors = (given.errors ?? []).map(({ path = [], extensions = {} }) => ({
    path: path.join("."),
    code: String(extensions.code),
    system: String(extensions.system),
  }));
  return [...inValue(expected.data, given.data, ""), ...inErrors(expected.errors, errors)];
}

function inValue(expected: unknown, given: unknown, path: string): string[] {
  const at = (key: string | number) => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(expected) && Array.isArray(given)) {
    const counts =
      expected.length === given.length ? [] : [`${path}: ${expected.length} expected, ${given.length} given`];
    const shared = expected.slice(0, given.length);
    return [...counts, ...shared.flatMap((each, index) => inValue(each, given[index], at(index)))];
  }
  if (isObject(expected) && isObject(given)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(given)]);
    return [...keys].flatMap((key) => inValue(expected[key], given[key], at(key)));
  }
  return Object.is(expected, given) ? [] : [`${path}: expected ${print(expected)}, given ${print(given)}`];
}

/** Errors are a multiset: their order means nothing, their number does. */
function inErrors(expected: readonly ExpectedError[], given: readonly ExpectedError[]): string[] {
  const line = ({ path, code, system }: ExpectedError) => `${path} ${code} of ${system}`;
  const counts = new Map<string, number>();
  for (const each of expected) counts.set(line(each), (counts.get(line(each)) ?? 0) + 1);
  for (const each of given) counts.set(line(each), (counts.get(line(each)) ?? 0) - 1);
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([text, count]) => `error at ${text}: ${count > 0 ? "expected, not given" : "given, not expected"}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const print = (value: unknown): string => JSON.stringify(value)?.slice(0, 120) ?? "nothing";
