/** The errors that a subgraph gave with its answer: which may pass, and where each belongs. */
import { type ErrorCode, type Path, readSubgraphError } from "../errors.ts";

export type Cause = { readonly code: ErrorCode; readonly system?: string };

export type Reported = Cause & {
  /** Index of the entity; 0 for a root fetch. Null when the subgraph did not say where. */
  readonly root: number | null;
  /** Response keys and indexes below the entity or root; [] for the entity itself. */
  readonly path: Path;
};

/** More than these say nothing new, and cost. */
const maxReported = 1000;

/** `entities`: how many were asked for; null for a root fetch. */
export function readErrors(errors: unknown, entities: number | null): readonly Reported[] {
  if (errors === undefined || errors === null) return [];
  // Something in the place of errors says that something is wrong, whatever it is.
  const list: readonly unknown[] = Array.isArray(errors) ? errors.slice(0, maxReported) : [{}];
  return list.map((each) => {
    const { path, extensions } = (typeof each === "object" && each !== null ? each : {}) as Record<string, unknown>;
    return { ...readSubgraphError(extensions), ...placeOf(path, entities) };
  });
}

function placeOf(path: unknown, entities: number | null): Pick<Reported, "root" | "path"> {
  const nowhere = { root: null, path: [] };
  const isPath = Array.isArray(path) && path.every((step) => typeof step === "string" || Number.isSafeInteger(step));
  if (!isPath || path.length === 0) return nowhere;
  if (entities === null) return { root: 0, path };
  const [key, index] = path as Path;
  const isOfEntity = key === "_entities" && typeof index === "number" && index >= 0 && index < entities;
  return isOfEntity ? { root: index, path: path.slice(2) } : nowhere;
}
