/**
 * What one operation's fetches could not have, or could have only in part, by field name: so that a later fetch neither
 * sends it on as a fact nor passes off as whole what was found with it.
 */
import type { Path } from "../errors.ts";
import type { Representation } from "./answer.ts";
import type { Cause } from "./reported.ts";

export type Taint = Cause & {
  /** Whose problem it is; a later fetch to somebody else repeats it. */
  readonly agency: string;
};

export type Taints = {
  /** `root` is what was kept of the answer, `path` the place of the problem in it, under the fetch's own keys. */
  note(root: unknown, path: Path, taint: Taint): void;
  /** Why a representation must not be sent: it holds a null that stands for something that could not be had. */
  missingIn(representation: Representation): Taint | undefined;
  /** Why an answer to it is not the whole answer: it holds a value with gaps, such as a list that lacks records. */
  incompleteIn(representation: Representation): Taint | undefined;
};

export function openTaints(): Taints {
  const missing = new Map<string, Taint>();
  const incomplete = new Map<string, Taint>();

  const missingAt = (field: string, value: unknown): Taint | undefined => {
    if (value === null) return missing.get(field);
    if (Array.isArray(value)) return first(value, (element) => missingAt(field, element));
    return typeof value === "object" ? first(Object.entries(value), (each) => missingAt(...each)) : undefined;
  };
  const incompleteAt = (field: string, value: unknown): Taint | undefined => {
    const own = incomplete.get(valueKey(field, value));
    if (own || typeof value !== "object" || value === null) return own;
    return Array.isArray(value)
      ? first(value, (element) => incompleteAt(field, element))
      : first(Object.entries(value), (each) => incompleteAt(...each));
  };

  return {
    note(root, path, taint) {
      let [field, ofField, value] = ["", root, root];
      for (const step of path) {
        value = ownValue(value, step);
        if (typeof step === "string") [field, ofField] = [undoAlias(step), value];
        if (value !== null) continue;
        // What lies above a null that came up from below is the value that is missing.
        if (!missing.has(field)) missing.set(field, taint);
        return;
      }
      const key = valueKey(field, ofField);
      if (field !== "" && !incomplete.has(key)) incomplete.set(key, taint);
    },
    missingIn: (representation) => missingAt("", representation),
    incompleteIn: (representation) => incompleteAt("", representation),
  };
}

/** The planner's own aliases are undone before anything is merged; what a client asked for is never called so. */
export function undoAlias(key: string): string {
  return key.replace(/__alias_\d+$/, "");
}

/** Identifiers tell one entity's value from another's; of objects, a later fetch may carry other fields. */
function valueKey(field: string, value: unknown): string {
  const isFlat = [value].flat().every((each) => typeof each !== "object");
  return JSON.stringify(isFlat ? [field, value] : [field]);
}

function ownValue(value: unknown, step: string | number): unknown {
  const isHeld = typeof value === "object" && value !== null && Object.hasOwn(value, step);
  return (isHeld ? (value as Record<string | number, unknown>)[step] : null) ?? null;
}

function first<Value, Found>(values: readonly Value[], find: (value: Value) => Found | undefined): Found | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
