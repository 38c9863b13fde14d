/** Judges an answer given while one subgraph is down. */
import { Kind } from "graphql";
import type { Arena } from "./arena.ts";
import { isPrefix, nullOf, type Path } from "./compare.ts";
import { asSent } from "./judge.ts";
import type { Operation } from "./operations.ts";

/** What a mutation finds depends on those before it: one that a subgraph could not carry out changes the others' answers. */
const writes = ({ document }: Operation): boolean =>
  document.definitions.some((each) => each.kind === Kind.OPERATION_DEFINITION && each.operation === "mutation");

/**
 * What is wrong, in words. Right is: no value but the monolith's; each null that is not the monolith's has an error at
 * it, above it or below it; and a subgraph that was not asked makes no difference.
 */
export async function outages(arena: Arena, operation: Operation, down: string): Promise<readonly string[]> {
  const expected = asSent(await arena.monolith.answer(operation));
  arena.subgraphs.attempts.delete(down);
  const given = await arena.ask(operation);
  if (writes(operation) && arena.subgraphs.attempts.has(down)) return [];
  if (given.refusedWith !== null)
    return given.refusedWith.endsWith("_LIMIT") ? [] : [`refused with ${given.refusedWith}`];
  const found: string[] = [];
  const errorPaths = (given.errors ?? []).map(({ path = [] }) => path);
  const nulls = new Set(errorPaths.map((path) => JSON.stringify(nullOf(given.data, path))));
  const isExplained = (at: Path) => nulls.has(JSON.stringify(at)) || errorPaths.some((path) => isPrefix(path, at));
  const missing: Path[] = [];
  walk(expected.data, given.data, [], {
    differ: (path) => found.push(`another value at ${JSON.stringify(path)}`),
    missing: (path) => {
      missing.push(path);
      if (!isExplained(path)) found.push(`no error for the null at ${JSON.stringify(path)}`);
    },
  });
  if (missing.length > 0 && !arena.subgraphs.attempts.has(down))
    found.push(`${down} was not asked, and yet values lack`);
  return found;
}

type Seen = { differ(path: Path): void; missing(path: Path): void };

function walk(expected: unknown, given: unknown, at: Path, seen: Seen): void {
  if (given === null && expected !== null) seen.missing(at);
  else if (!isObject(expected) || !isObject(given)) {
    if (given !== expected) seen.differ(at);
  } else {
    const [keys, givenKeys] = [Object.keys(expected), Object.keys(given)];
    const isLike = Array.isArray(expected) === Array.isArray(given) && keys.join("\n") === givenKeys.join("\n");
    if (!isLike) seen.differ(at);
    else
      for (const key of keys)
        walk(expected[key], given[key], [...at, Array.isArray(expected) ? Number(key) : key], seen);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
