/** The one port behind which operations are executed. */
import type { PartError } from "../errors.ts";
import type { PreparedOperation } from "../operation/prepare.ts";

export type ExecutionResult = {
  /** Under internal keys. */
  readonly data: Readonly<Record<string, unknown>> | null;
  /** Paths of internal keys. INVARIANT: every null of `data` that is not the data's own has one, at it or above it. */
  readonly errors: readonly PartError[];
};

/** Throws QueryPlanningFailed for an operation that gets no plan; any other throw is a fault of ours. */
export type Execute = (
  operation: Pick<PreparedOperation, "document" | "keys" | "variables">,
  request: { readonly signal: AbortSignal },
) => Promise<ExecutionResult>;

export { QueryPlanningFailed } from "./plan.ts";
