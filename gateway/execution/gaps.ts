/**
 * What was found with a question that was itself incomplete (a list of numbers that lacks some): each list in it has the
 * problem, and an empty list, which would say that there is nothing, is null.
 */
import { read } from "./complete.ts";
import type { Problem, Problems } from "./problems.ts";
import type { Selection } from "./selection.ts";

export function markGaps(
  target: object,
  selection: Selection,
  gap: Problem,
  { problems, keep }: { readonly problems: Problems; readonly keep: ReadonlySet<string> },
): void {
  const typename = read(target, "__typename");
  for (const { key } of selection.of(typeof typename === "string" ? typename : undefined)) {
    if (key === "__typename" || keep.has(key)) continue;
    const lists = listsIn(target, key);
    if (lists.length === 0) problems.add(target, key, gap);
    for (const { holder, at } of lists) {
      problems.add(holder, at, gap);
      if ((read(holder, at) as readonly unknown[]).length === 0) (holder as Record<string, unknown>)[at] = null;
    }
  }
}

/** Where this value is or holds a list; what stands in a list's elements is theirs. */
function listsIn(holder: object, at: string): readonly { readonly holder: object; readonly at: string }[] {
  const value = read(holder, at);
  if (Array.isArray(value)) return [{ holder, at }];
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => listsIn(value, key));
}
