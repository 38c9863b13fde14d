/** One answer out of what was kept and what was fetched: in order, with errors where they belong. */
import type { ReadPart, Reads } from "../subgraph/call.ts";

/** What was fetched. `indexes`: by part, which of its representations were asked for, in order. */
export type Rest = { readonly indexes: readonly (readonly number[])[]; readonly body: unknown };

/** A part's answer has not been had whole, or is not what it should be: it is null, as the subgraph left it out. */
type PartValues = unknown[] | null;

/**
 * `kept`: by part and representation, what needs no fetch. A part that a rest does not answer as it should is null as a
 * whole: nothing in it may read as an absence.
 */
export function assemble(reads: Reads, kept: readonly (readonly unknown[])[], rests: readonly Rest[]): unknown {
  const parts: PartValues[] = kept.map((values) => [...values]);
  const errors: unknown[] = [];
  for (const { indexes, body } of rests) {
    for (const [at, part] of reads.parts.entries()) {
      const asked = indexes[at] as readonly number[];
      if (asked.length === 0) continue;
      const given = valuesOf(part, body, asked.length);
      const values = parts[at] as PartValues;
      if (given === null || values === null) parts[at] = null;
      else for (const [nth, index] of asked.entries()) values[index] = given[nth];
    }
    errors.push(...movedErrors(reads, indexes, body));
  }
  const list = errors.length > 0 ? { errors } : {};
  const [first] = reads.parts;
  if (first?.alias === null) return { data: parts[0]?.[0] ?? null, ...list };
  return { data: Object.fromEntries(reads.parts.map(({ alias }, at) => [alias, parts[at]])), ...list };
}

/** By representation, what a body answers in one part; a root has one. Null: it is not what was asked for. */
export function valuesOf({ alias }: ReadPart, body: unknown, asked: number): readonly unknown[] | null {
  const answered = member(body, "data");
  if (typeof answered !== "object" || answered === null || Array.isArray(answered)) return null;
  if (alias === null) return [answered];
  const list = member(answered, alias);
  return Array.isArray(list) && list.length === asked ? list : null;
}

/** Whether a subgraph says that anything is wrong. */
export function hasErrors(body: unknown): boolean {
  const errors = member(body, "errors");
  return errors !== undefined && errors !== null && !(Array.isArray(errors) && errors.length === 0);
}

/** Whether a subgraph says that it answered without a system that it should have asked, where no error says so. */
export function isPassing(body: unknown): boolean {
  return member(member(body, "extensions"), "passing") === true;
}

function movedErrors({ parts }: Reads, indexes: Rest["indexes"], body: unknown): readonly unknown[] {
  if (!hasErrors(body)) return [];
  const errors = member(body, "errors");
  // Something in the place of errors says that something is wrong, whatever it is.
  if (!Array.isArray(errors)) return [{}];
  return errors.map((error: unknown) => {
    const path = member(error, "path");
    if (!Array.isArray(path)) return error;
    const at = parts.findIndex(({ alias }) => alias !== null && alias === path[0]);
    if (at === -1 || path.length < 2) return error;
    const index = typeof path[1] === "number" ? indexes[at]?.[path[1]] : undefined;
    // At a place that was not asked for, it is about nobody that can be named.
    return { ...(error as object), path: index === undefined ? null : [path[0], index, ...path.slice(2)] };
  });
}

function member(holder: unknown, key: string): unknown {
  return typeof holder === "object" && holder !== null && Object.hasOwn(holder, key)
    ? (holder as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
