/**
 * Puts what a fetch brought where it belongs in the data. INVARIANT: only keys that the fetch selected are taken; whatever
 * else a subgraph sends is not seen, under whatever name.
 */
import { read } from "./complete.ts";
import type { Rewrite } from "./plan.ts";
import type { Problem, Problems } from "./problems.ts";
import type { SelectedField, Selection } from "./selection.ts";

export type MergeSettings = {
  readonly problems: Problems;
  /** For a field that was selected and is not there. */
  readonly missing: Problem;
  readonly fits: (typename: string, condition: string) => boolean;
  /** Keys that are the target's own: an answer without them takes nothing away. */
  readonly keep: ReadonlySet<string>;
};

/** The subgraph of an interface object calls its objects by the interface's name: another one's name says more. */
function concreteType(
  target: object,
  source: object,
  fits: (typename: string, condition: string) => boolean,
): string | undefined {
  const [known, given] = [read(target, "__typename"), read(source, "__typename")];
  if (typeof given !== "string") return typeof known === "string" ? known : undefined;
  return typeof known === "string" && fits(known, given) ? known : given;
}

export function mergeObject(target: object, source: object, selection: Selection, settings: MergeSettings): void {
  const typename = concreteType(target, source, settings.fits);
  for (const field of selection.of(typename)) mergeField(target as Record<string, unknown>, source, field, settings);
  if (typename !== undefined && read(source, "__typename") !== undefined)
    (target as Record<string, unknown>).__typename = typename;
}

function mergeField(
  target: Record<string, unknown>,
  source: object,
  field: SelectedField,
  { problems, missing, keep, fits }: MergeSettings,
): void {
  const { key, below, isCertain } = field;
  if (key === "__typename") return;
  const value = read(source, key);
  if (value === undefined) {
    if (!isCertain || keep.has(key)) return;
    if (problems.isEmpty || problems.at(target, key).length === 0) problems.add(target, key, missing);
    target[key] = null;
    return;
  }
  const known = target[key];
  if (below === null || known === value || !isComposite(known) || !isComposite(value)) target[key] = value;
  else if (!mergeDeep(known, value, below, problems, fits)) {
    problems.add(target, key, missing);
    target[key] = null;
  }
}

/**
 * Two fetches brought parts of one object, or of the objects of one list. False: they do not fit together, and nobody can
 * tell what belongs to what.
 */
function mergeDeep(
  target: object,
  source: object,
  selection: Selection,
  problems: Problems,
  fits: MergeSettings["fits"],
): boolean {
  if (!problems.isEmpty) problems.move(source, target);
  if (Array.isArray(target) || Array.isArray(source)) {
    if (!Array.isArray(target) || !Array.isArray(source) || target.length !== source.length) return false;
    return source.every((element: unknown, index) => {
      const known: unknown = target[index];
      if (isComposite(known) && isComposite(element)) return mergeDeep(known, element, selection, problems, fits);
      target[index] = element;
      return true;
    });
  }
  const typename = concreteType(target, source, fits);
  for (const { key, below } of selection.of(typename)) {
    const value = key === "__typename" ? typename : read(source, key);
    if (value === undefined) continue;
    const known = read(target, key);
    if (below === null || known === value || !isComposite(known) || !isComposite(value))
      (target as Record<string, unknown>)[key] = value;
    else if (!mergeDeep(known, value, below, problems, fits)) return false;
  }
  return true;
}

function isComposite(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Takes away what a fetch was to bring: every key of it is null, and its problem says why (null: there is nothing). */
export function withhold(
  target: object,
  selection: Selection,
  problem: Problem | null,
  { problems, keep }: Pick<MergeSettings, "problems" | "keep">,
): void {
  const typename = read(target, "__typename");
  for (const { key, isCertain } of selection.of(typeof typename === "string" ? typename : undefined)) {
    if (keep.has(key) || (!isCertain && problem === null)) continue;
    if (problem !== null) problems.add(target, key, problem);
    // What it is stays known; who asks for more than that finds the problem.
    if (key !== "__typename") (target as Record<string, unknown>)[key] = null;
  }
}

/** A copy that can be changed without changing what others hold; of selected keys alone. */
export function copySelected(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((element) => copySelected(element, selection));
  if (!isComposite(value)) return value;
  const typename = read(value, "__typename");
  const copy: Record<string, unknown> = {};
  if (typeof typename === "string") copy.__typename = typename;
  for (const { key, below } of selection.of(typeof typename === "string" ? typename : undefined)) {
    const element = read(value, key);
    if (element !== undefined) copy[key] = below === null ? element : copySelected(element, below);
  }
  return copy;
}

/** Renames keys that the plan had to give other names in a fetch, where two types have different fields of one name. */
export function rewriteKeys(
  value: unknown,
  rewrites: readonly Rewrite[],
  fits: (typename: string, condition: string) => boolean,
): void {
  for (const rewrite of rewrites)
    if (rewrite.kind === "KeyRenamer") renameAt(value, rewrite.path, rewrite.renameKeyTo, fits);
}

function renameAt(
  value: unknown,
  path: readonly string[],
  renameKeyTo: string,
  fits: (typename: string, condition: string) => boolean,
): void {
  if (Array.isArray(value)) {
    for (const element of value) renameAt(element, path, renameKeyTo, fits);
    return;
  }
  const [step, ...rest] = path;
  if (!isComposite(value) || step === undefined) return;
  if (step.startsWith("... on ")) {
    const typename = read(value, "__typename");
    if (typeof typename !== "string" || fits(typename, step.slice("... on ".length)))
      renameAt(value, rest, renameKeyTo, fits);
    return;
  }
  if (rest.length > 0) {
    renameAt(read(value, step), rest, renameKeyTo, fits);
    return;
  }
  const found = read(value, step);
  if (found === undefined) return;
  (value as Record<string, unknown>)[renameKeyTo] = found;
  (value as Record<string, unknown>)[step] = undefined;
}
