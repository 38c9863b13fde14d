/** The errors that a subgraph gave with its answer: which may pass, and what each is about. */
import { type Path, readSubgraphError } from "../errors.ts";
import type { Problem } from "./problems.ts";

export type Reported = {
  readonly problem: Problem;
  /** The part of the request and the entity in it; null where the subgraph did not say. */
  readonly about: { readonly part: number; readonly entity: number; readonly path: Path } | null;
};

/**
 * `aliases`: the keys under which entities were asked for; null for a fetch at the root. `undoAliases`: the plan aliased
 * fields of its own accord.
 */
export function readErrors(
  errors: unknown,
  agency: string,
  aliases: readonly string[] | null,
  undoAliases: boolean,
): readonly Reported[] {
  if (errors === undefined || errors === null) return [];
  // Something in the place of errors says that something is wrong, whatever it is.
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [{}];
  return list.map((each) => {
    const { path, extensions } = (typeof each === "object" && each !== null ? each : {}) as Record<string, unknown>;
    const steps = undoAliases && Array.isArray(path) ? path.map(undoAlias) : path;
    return { problem: { ...readSubgraphError(extensions), agency }, about: placeOf(steps, aliases) };
  });
}

function placeOf(path: unknown, aliases: readonly string[] | null): Reported["about"] {
  const isPath = Array.isArray(path) && path.every((step) => typeof step === "string" || Number.isSafeInteger(step));
  if (!isPath || path.length === 0) return null;
  if (aliases === null) return { part: 0, entity: 0, path };
  const [alias, entity] = path as Path;
  const part = aliases.indexOf(String(alias));
  return part >= 0 && typeof entity === "number" && entity >= 0 ? { part, entity, path: path.slice(2) } : null;
}

/** Where types of one selection have different fields of one name, the planner adds such an alias. */
function undoAlias(step: unknown): unknown {
  return typeof step === "string" ? step.replace(/__alias_\d+$/, "") : step;
}
