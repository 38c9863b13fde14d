/**
 * What makes two answers the same: equal data, its members in the same order, and errors for the same nulls. Messages,
 * codes and how many errors stand for one null are not compared.
 */
export type Path = readonly (string | number)[];
export type Answer = {
  readonly data?: unknown;
  readonly errors?: readonly { readonly path?: Path | undefined }[] | undefined;
};

/**
 * Every difference of `given` from `expected`, in words; none: they are the same. `failures`: all places that fail; of
 * the errors that stand for one null, one has to name such a place (or one above it).
 */
export function differences(
  expected: Answer,
  given: Answer,
  failures: readonly Path[] | null = null,
): readonly string[] {
  const found: string[] = [];
  const [should, is] = [JSON.stringify(expected.data ?? null), JSON.stringify(given.data ?? null)];
  if (should !== is) found.push(`data: ${firstDifference(JSON.parse(should), JSON.parse(is), [])}`);
  const [nulls, givenNulls] = [nullsOf(expected), nullsOf(given)];
  for (const each of nulls) if (!givenNulls.has(each)) found.push(`no error for the null at ${each}`);
  for (const each of givenNulls) if (!nulls.has(each)) found.push(`an error that stands for no null at ${each}`);
  if (failures && found.length === 0)
    for (const each of givenNulls) {
      const paths = (given.errors ?? []).map(({ path = [] }) => path);
      const here = paths.filter((path) => JSON.stringify(nullOf(given.data ?? null, path)) === each);
      if (!here.some((path) => failures.some((failure) => isPrefix(path, failure))))
        found.push(`nothing failed at ${JSON.stringify(here[0])}`);
    }
  return found;
}

/** Where each error's null is: it may have come up from below the error's own path. */
function nullsOf({ data, errors = [] }: Answer): ReadonlySet<string> {
  return new Set(errors.map(({ path = [] }) => JSON.stringify(nullOf(data ?? null, path))));
}

export function nullOf(data: unknown, path: Path): Path {
  let at = data;
  for (const [index, step] of path.entries()) {
    if (at === null) return path.slice(0, index);
    at = typeof at === "object" && Object.hasOwn(at, step) ? (at as Record<string | number, unknown>)[step] : undefined;
    if (at === undefined) return [...path, "?"];
  }
  return at === null ? path : [...path, "!"];
}

export function isPrefix(prefix: Path, path: Path): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === path[index]);
}

function firstDifference(expected: unknown, given: unknown, at: Path): string {
  const here = (text: string) => `${text} at ${JSON.stringify(at)}`;
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (Array.isArray(expected) && Array.isArray(given) && expected.length === given.length) {
    const index = expected.findIndex((each, i) => JSON.stringify(each) !== JSON.stringify(given[i]));
    return firstDifference(expected[index], given[index], [...at, index]);
  }
  if (isObject(expected) && isObject(given)) {
    const [keys, givenKeys] = [Object.keys(expected), Object.keys(given)];
    if (JSON.stringify(keys) !== JSON.stringify(givenKeys)) return here(`keys ${givenKeys} instead of ${keys}`);
    const key = keys.find((each) => JSON.stringify(expected[each]) !== JSON.stringify(given[each])) ?? "";
    return firstDifference(expected[key], given[key], [...at, key]);
  }
  return here(`${short(given)} instead of ${short(expected)}`);
}

const short = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 200);
