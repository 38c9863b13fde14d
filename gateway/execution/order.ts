/**
 * What each fetch waits for. The plan says so by its sequences; now and then it puts a fetch before the one that brings
 * what it requires. Then the order is made from the data: a fetch waits for whoever brings what it needs.
 */
import type { SelectionSetNode } from "graphql";
import type { RequiredSelection } from "./plan.ts";
import { selectsPath } from "./selection.ts";

export type Ordered = {
  /** From the root to what is fetched. */
  readonly keys: readonly string[];
  readonly requires: readonly RequiredSelection[] | null;
  /** Under the keys that the data has afterwards. */
  readonly set: SelectionSetNode;
  /** Indexes of those it waits for, by the plan. */
  readonly after: ReadonlySet<number>;
};

/** By index: whom each waits for. */
export function orderOf(fetches: readonly Ordered[]): readonly ReadonlySet<number>[] {
  const planned = fetches.map(({ after }) => after);
  const before = fetches.map((_, index) => allBefore(index, planned));
  const needs = fetches.map(needsOf);
  const providersOf = (need: readonly string[], index: number): readonly number[] =>
    fetches.flatMap((each, other) => (other !== index && provides(each, need) ? [other] : []));
  const isMet = (need: readonly string[], index: number): boolean =>
    providersOf(need, index).some((each) => before[index]?.has(each));
  if (needs.every((each, index) => each.every((need) => isMet(need, index)))) return planned;

  const byData = fetches.map(({ requires, after }, index): ReadonlySet<number> => {
    if (requires === null) return after;
    const providers = (needs[index] ?? []).flatMap((need) => {
      const all = providersOf(need, index);
      const earlier = all.filter((each) => before[index]?.has(each));
      return earlier.length > 0 ? earlier : all;
    });
    return new Set(providers);
  });
  const isCircular = byData.some((_, index) => allBefore(index, byData).has(index));
  return isCircular ? planned : byData;
}

/** Whom it waits for, through others too. */
export function allBefore(index: number, after: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  const found = new Set<number>();
  const visit = (each: number): void => {
    for (const earlier of after[each] ?? [])
      if (!found.has(earlier)) {
        found.add(earlier);
        visit(earlier);
      }
  };
  visit(index);
  return found;
}

/** Paths from the root. */
function needsOf({ keys, requires }: Ordered): readonly (readonly string[])[] {
  if (requires === null) return keys.length > 0 ? [keys] : [];
  return requires.flatMap((each) => pathsOf(each)).map((path) => [...keys, ...path]);
}

function pathsOf(selection: RequiredSelection): readonly (readonly string[])[] {
  if (selection.kind === "InlineFragment") return selection.selections.flatMap(pathsOf);
  const key = selection.alias ?? selection.name;
  if (!selection.selections?.length) return [[key]];
  return selection.selections.flatMap(pathsOf).map((path) => [key, ...path]);
}

/** Whether it brings what stands at this path. */
export function provides({ keys, set }: Pick<Ordered, "keys" | "set">, path: readonly string[]): boolean {
  return (
    keys.length < path.length && keys.every((key, at) => key === path[at]) && selectsPath(set, path.slice(keys.length))
  );
}
