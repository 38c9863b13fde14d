/** One run of a plan whose answer comes in parts: what is not deferred at once, the rest as it is there. */
import type { GraphQLSchema } from "graphql";
import type { Path } from "../errors.ts";
import type { PreparedDocument } from "../operation/operation-preparer.ts";
import type { CompiledPlan } from "./compiled-plan.ts";
import { complete } from "./complete.ts";
import { type DeferredFragment, deferredObjects } from "./deferred.ts";
import type { Execution } from "./execute.ts";
import { guardedCopy } from "./guarded-copy.ts";
import type { Decision } from "./rights.ts";
import { type Executed, type Run, type RunRequest, type RunSettings, start } from "./run.ts";
import type { Shapes } from "./shapes.ts";
import type { Shown, ShownTo } from "./shown.ts";
import type { DeferredBlock } from "./units.ts";

export type EngineIncrement = {
  readonly parts: readonly (Shown & { readonly path: Path; readonly label: string | null })[];
  /** That were made for these parts. */
  readonly decisions: readonly Decision[];
  readonly hasNext: boolean;
};

export type InPartsSettings = RunSettings & {
  /** What clients may ask. */
  readonly apiSchema: GraphQLSchema;
};

/** Resolves when what is not deferred is there. `deferred`: null where a null has spread over all of it. */
export async function executeInParts(
  settings: InPartsSettings,
  plan: CompiledPlan,
  document: PreparedDocument,
  to: ShownTo,
  request: RunRequest,
): Promise<Executed & { readonly deferred: AsyncIterable<EngineIncrement> | null }> {
  const { shapes, given } = to;
  const run = await start(settings, plan, to.variables, request, () => {});
  const { problems, decisions, waitedMs } = run.execution;
  const completing = { problems, given, agencyOf: plan.agencyOf };
  const completed = complete(guardedData(run.execution, shapes), shapes.root, completing);
  const { data } = completed;
  const deferred = data === null ? null : increments(settings, plan, document, shapes, run, data, completing);
  return { ...completed, deferred, decisions: decisions.take(), waitedMs };
}

/** As what was answered at once is shown. */
function guardedData({ data, problems, decisions, gate }: Execution, { guard, deferredGuards }: Shapes): object {
  if (guard === null && [...deferredGuards.values()].every((each) => each === null)) return data;
  const copy = guardedCopy(data, problems, gate);
  guard?.(copy, [], { problems, decisions, gate });
  return copy;
}

async function* increments(
  { apiSchema, facts }: InPartsSettings,
  plan: CompiledPlan,
  { deferLabels }: PreparedDocument,
  shapes: Shapes,
  { execution, done, next }: Run,
  answered: object,
  completing: Omit<Parameters<typeof complete>[2], "at">,
): AsyncGenerator<EngineIncrement> {
  const sent = new Set([0]);
  const shown: DeferredFragment[] = [];
  const planned = new Set(plan.deferred.map(({ label }) => label));
  // What the gateway answers itself is in no plan, and is there at once.
  const ownLabels = new Set(shapes.deferred.map(({ label }) => label).filter((label) => !planned.has(label)));
  const own = [...ownLabels].map((label) => ({ label, block: 0, parent: 0 }));
  let waiting: readonly Pick<DeferredBlock, "label" | "block" | "parent">[] = [...own, ...plan.deferred];
  while (waiting.length > 0) {
    const isReady = ({ block, parent }: (typeof waiting)[number]) => done.has(block) && sent.has(parent);
    const ready = waiting.filter(isReady);
    if (ready.length === 0) {
      await next();
      continue;
    }
    waiting = waiting.filter((each) => !ready.includes(each));
    for (const { block, label } of ready) {
      sent.add(block);
      shown.push(...shapes.deferred.filter((each) => each.label === label));
    }
    const data = guardedData(execution, shapes);
    // What stands in a part that was sent before is withheld from this one as well.
    for (const fragment of shown)
      for (const { object, above } of deferredObjects(data, fragment, apiSchema, facts.fits))
        shapes.deferredGuards.get(fragment)?.(object, above, execution);
    const parts = ready.flatMap(({ label }) =>
      shapes.deferred
        .filter((each) => each.label === label)
        .flatMap((fragment) =>
          deferredObjects(data, fragment, apiSchema, facts.fits).flatMap(({ object, path, keys }) => {
            const parent = objectAt(answered, path);
            if (parent === null) return [];
            const part = complete(object, fragment.shape, { ...completing, at: { path, keys } });
            if (part.data !== null) Object.assign(parent, part.data);
            return [{ ...part, path, label: deferLabels.get(label) ?? null }];
          }),
        ),
    );
    yield { parts, hasNext: waiting.length > 0, decisions: execution.decisions.take() };
  }
}

/** Null where the answer has no such place, because a null has spread over it. */
function objectAt(answered: object, path: Path): object | null {
  let at: unknown = answered;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return null;
    at = (at as Record<string | number, unknown>)[step];
  }
  return typeof at === "object" ? at : null;
}
