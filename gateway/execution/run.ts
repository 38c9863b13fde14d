/** One run of a plan: begun, and shown to who asked once all of it is there. What comes in parts: in-parts.ts. */
import type { Freshness } from "../subgraph/call.ts";
import type { Origin } from "../subgraph/caller.ts";
import type { CompiledPlan } from "./compiled-plan.ts";
import { complete } from "./complete.ts";
import { type ExecuteSettings, type Execution, execute } from "./execute.ts";
import { type KeptRun, notPrinted } from "./kept-runs.ts";
import type { Rights } from "./rights.ts";
import { type Decided, projected, type ShownTo, shownAgain } from "./shown.ts";

export type RunSettings = Pick<ExecuteSettings, "facts" | "call" | "isPartial">;

export type RunRequest = {
  readonly signal: AbortSignal;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  /** What this caller may see. */
  readonly rights: Rights;
  /** What subgraphs may be told of it. */
  readonly origin?: Origin;
  /** How fresh it is to be; left out: as it is kept. */
  readonly freshness?: Freshness;
};

export type Run = {
  readonly execution: Execution;
  /** Blocks of the plan of which everything has been answered, or has failed. */
  readonly done: ReadonlySet<number>;
  /** Resolves when more is done, or rejects for a fault of ours. */
  next(): Promise<void>;
};

/** Resolves when what is answered at once is there. */
export async function start(
  { facts, call, isPartial }: RunSettings,
  plan: CompiledPlan,
  variables: ExecuteSettings["variables"],
  { signal, deadline, origin, rights, freshness }: RunRequest,
  onAnswered: () => void,
): Promise<Run> {
  const done = new Set<number>();
  let wake: () => void = () => {};
  let fail: (fault: unknown) => void = () => {};
  let fault: { readonly error: unknown } | null = null;
  const next = () =>
    new Promise<void>((resolve, reject) => {
      [wake, fail] = [resolve, reject];
      if (fault) reject(fault.error);
    });
  const onBlock = (block: number) => {
    done.add(block);
    wake();
  };
  const onFault = (error: unknown) => {
    fault = { error };
    fail(error);
  };
  const execution = execute(
    { plan, facts, call, isPartial, variables, rights, signal, deadline, origin, freshness, onAnswered, onBlock },
    onFault,
  );
  while (!done.has(0)) await next();
  return { execution, done, next };
}

export type Executed = Decided & {
  /** How long subgraphs have been waited for, in milliseconds. */
  waitedMs(): number;
};

/** `onKept`: gets the run where another may be answered from it; null: none is to be. */
export async function executeWhole(
  settings: RunSettings,
  plan: CompiledPlan,
  to: ShownTo,
  request: RunRequest,
  onAnswered: () => void,
  onKept: ((run: KeptRun) => void) | null,
): Promise<Executed> {
  const { execution } = await start(settings, plan, to.variables, request, onAnswered);
  const { data, problems, decisions, waitedMs } = execution;
  const answers = onKept === null ? null : execution.held();
  if (answers !== null && answers.length > 0) {
    const held = answers.map((hold) => hold());
    const run: KeptRun = {
      plan,
      data,
      sharing: execution.sharing(),
      answers: held,
      isWithheldFrom: false,
      printed: notPrinted(held),
    };
    const executed = executedAgain(run, to);
    if (executed !== null) {
      onKept?.(run);
      return executed;
    }
  }
  const { shapes, given } = to;
  shapes.guard?.(data, [], execution);
  const answered =
    projected(execution, shapes, given) ?? complete(data, shapes.root, { problems, given, agencyOf: plan.agencyOf });
  return { ...answered, decisions: decisions.take(), waitedMs };
}

/** Of what is kept, without asking. Null: somebody in it is not let through. */
export function executedAgain(run: KeptRun, to: ShownTo): Executed | null {
  const shown = shownAgain(run, to);
  return shown && { ...shown, waitedMs: notWaited };
}

const notWaited = () => 0;
