/**
 * From a problem of one fetch to the places in the client's answer where something is missing. A fetch knows the way to
 * its entities ("cases", "@", "judge") but not their positions; the answer does.
 */
import type { PartError, Path } from "../errors.ts";
import type { KeyNode, KeyTree } from "../operation/internal-names.ts";

export type FetchProblem = Omit<PartError, "path"> & {
  /** Response keys from the root to the entities; "@" stands for the elements of a list. */
  readonly fetchPath: readonly string[];
  /** How many entities the fetch was for, and which one it is about. */
  readonly entities: number;
  readonly entity: number;
  /** Below the entity. */
  readonly path: Path;
};

const maxErrors = 1000;

/** One error per place, in the order of the problems, none twice. `data` and `keys` are under internal keys. */
export function locateErrors(problems: readonly FetchProblem[], data: unknown, keys: KeyTree): readonly PartError[] {
  const errors = new Map<string, PartError>();
  const hidden: PartError[] = [];
  for (const problem of problems) {
    for (const path of placesOf(problem, data)) {
      const visible = visiblePart(path, keys);
      const error = partErrorAt(problem, visible);
      if (visible.length < path.length) hidden.push(error);
      else errors.set(JSON.stringify(error), error);
      if (errors.size === maxErrors) return [...errors.values(), { code: "TOO_MANY_ERRORS", path: [] }];
    }
  }
  // What was fetched for a later fetch alone shows as that one's error; if it does not, it is told where it can be.
  for (const error of hidden) {
    const shown = [...errors.values()].some(({ path }) => error.path.every((step, index) => step === path[index]));
    if (!shown) errors.set(JSON.stringify(error), error);
  }
  return [...errors.values()];
}

function partErrorAt({ code, agency, system }: FetchProblem, path: Path): PartError {
  return { code, path, ...(agency ? { agency } : {}), ...(system ? { system } : {}) };
}

function placesOf({ fetchPath, entities, entity, path }: FetchProblem, data: unknown): readonly Path[] {
  const found = entityPaths(data, fetchPath, []);
  const [key] = path;
  if (found.length === entities) return [[...(found[entity] ?? []), ...path]];
  // Positions moved (a parent became null, or not every object was an entity of this fetch): all that lack the field.
  const lacking = found.filter((at) => key !== undefined && (valueAt(data, [...at, key]) ?? null) === null);
  if (lacking.length > 0) return lacking.map((at) => [...at, ...path]);
  const untilList = fetchPath.slice(0, fetchPath.includes("@") ? fetchPath.indexOf("@") : fetchPath.length);
  return [fetchPath.includes("@") ? untilList : [...untilList, ...path]];
}

function entityPaths(value: unknown, steps: readonly string[], at: Path): readonly Path[] {
  const [step, ...rest] = steps;
  if (value === null || value === undefined) return [];
  if (step === undefined) return [at];
  if (step !== "@") return entityPaths(valueAt(value, [step]), rest, [...at, step]);
  return Array.isArray(value) ? value.flatMap((element, index) => entityPaths(element, rest, [...at, index])) : [];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, step)
        ? (at as Record<string | number, unknown>)[step]
        : undefined,
    value,
  );
}

/** The longest part of a path that the client's operation asked for. */
function visiblePart(path: Path, keys: KeyTree): Path {
  let level: KeyTree | null = keys;
  for (const [index, step] of path.entries()) {
    if (typeof step === "number") continue;
    const node: KeyNode | undefined = level?.get(step);
    if (!node) return path.slice(0, index);
    level = node.below;
  }
  return path;
}
