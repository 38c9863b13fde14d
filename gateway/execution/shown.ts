/** What is shown of data that has been put together: after decisions, under the client's own names. */
import type { PartError } from "../errors.ts";
import { complete } from "./complete.ts";
import { openDecisions } from "./decisions.ts";
import { openGate } from "./gate.ts";
import { withholding } from "./guard.ts";
import { guardedCopy } from "./guarded-copy.ts";
import type { KeptRun, Printed } from "./kept-runs.ts";
import { openProblems, type Problems } from "./problems.ts";
import { projection } from "./project.ts";
import type { Decision, Rights } from "./rights.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import type { Shapes } from "./shapes.ts";

/** Under the client's own names. INVARIANT: every null that is not the data's own has an error, at it or above it. */
export type Shown = { readonly data: object | null; readonly errors: readonly PartError[] };

/** Null where something is wrong, and has to be told. */
export function projected(
  { data, problems }: { readonly data: object; readonly problems: Problems },
  shapes: Shapes,
  given: Readonly<Record<string, unknown>>,
): Shown | null {
  if (!problems.isEmpty || shapes.uses++ === 0) return null;
  shapes.project ??= projection(shapes.root);
  const answer = shapes.project(data, given);
  return answer === null ? null : { data: answer, errors: noErrors };
}

const noErrors: readonly PartError[] = [];

/** Of what the gateway answers itself, where it was not asked for any. */
export const nothingGiven: Readonly<Record<string, unknown>> = {};

export type ShownTo = {
  readonly facts: SchemaFacts;
  readonly shapes: Shapes;
  /** What the gateway answers itself. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly rights: Rights;
};

export type Decided = Shown & {
  /** What of it was shown or withheld because of facts, and why; each distinct decision once. */
  readonly decisions: readonly Decision[];
  /** Of the data, by whoever was answered with the same before. */
  readonly printed?: Printed;
};

/** Of what is kept, by decisions of its own. Null: somebody in it is not let through. */
export function shownAgain(run: KeptRun, to: ShownTo): Decided | null {
  const { plan, data } = run;
  const { shapes, given, ...gating } = to;
  const [problems, decisions] = [openProblems(), openDecisions()];
  const gate = openGate({ ...gating, plan, problems, decisions, data, sharing: () => run.sharing });
  if (!gate.readmit()) return null;
  let shown = data;
  if (shapes.guard !== null && run.isWithheldFrom) {
    shown = guardedCopy(data, problems, gate);
    shapes.guard(shown, [], { problems, decisions, gate });
  } else if (shapes.guard !== null) {
    try {
      shapes.guard(data, [], { problems, decisions, gate, isKept: true });
    } catch (thrown) {
      if (thrown !== withholding) throw thrown;
      run.isWithheldFrom = true;
      return shownAgain(run, to);
    }
  }
  // Every one of those decisions let it pass as it is.
  const isWhole = shown === data && problems.isEmpty && given === nothingGiven;
  const { printed } = run;
  if (isWhole && printed.kept !== null)
    return { data: printed.kept.data, errors: noErrors, decisions: decisions.take(), printed };
  const all = projected({ data: shown, problems }, shapes, given);
  const part = all ?? complete(shown, shapes.root, { problems, given, agencyOf: plan.agencyOf });
  return { ...part, decisions: decisions.take(), ...(isWhole && all !== null ? { printed } : {}) };
}
