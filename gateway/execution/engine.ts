/**
 * Executes prepared operations over one supergraph: takes apart what the gateway answers itself, what is refused, and what
 * is planned; executes the plan; completes the answer.
 */
import type { GraphQLCompositeType, GraphQLSchema } from "graphql";
import type { ErrorCode, PartError, Path } from "../errors.ts";
import type { PreparedDocument, PreparedOperation } from "../operation/operation-preparer.ts";
import type { ExecutedCall, Freshness } from "../subgraph/call.ts";
import type { Origin } from "../subgraph/caller.ts";
import type { CompiledPlan } from "./compiled-plan.ts";
import { complete } from "./complete.ts";
import { type DeferredFragment, deferredFragments, deferredObjects } from "./deferred.ts";
import { type Execution, execute } from "./execute.ts";
import { withFacts } from "./facts-selection.ts";
import { guarding } from "./guard.ts";
import { guardedCopy } from "./guarded-copy.ts";
import { introspection } from "./introspection.ts";
import { type JoinedRuns, joinedRuns } from "./joined.ts";
import { type KeptRun, keptRuns, notPrinted, type Printed } from "./kept-runs.ts";
import { allRights, type Decision, type Rights } from "./rights.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { type ObjectShape, type ShapeSettings, shapeOf } from "./shape.ts";
import { nothingGiven, projected, type Shapes, type ShownTo, shownAgain } from "./shown.ts";
import type { DeferredBlock } from "./units.ts";
import { type AskedParts, askedParts, switchesOf } from "./variant.ts";

export type EngineSettings = {
  /** What clients may ask. */
  readonly apiSchema: GraphQLSchema;
  readonly facts: SchemaFacts;
  readonly call: ExecutedCall;
  /** Whether a subgraph takes representations with gaps. */
  readonly isPartial: (subgraph: string) => boolean;
  /** Whether a subgraph's answers are the same whoever asks. */
  readonly isCommon: (subgraph: string) => boolean;
  /** Changes whenever anything did that one of these contributes. */
  readonly generation?: (subgraphs: readonly string[]) => string;
  /** Of what is put together from answers that are at hand; 0, or left out: nothing is. */
  readonly keptMaxBytes?: number;
  /** Rejects with QueryPlanningFailed or QueryPlanningTimeout. */
  readonly planOf: (text: string) => Promise<CompiledPlan>;
};

export type EngineRequest = {
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

/** Under the client's own names. INVARIANT: every null that is not the data's own has an error, at it or above it. */
export type EnginePart = { readonly data: unknown; readonly errors: readonly PartError[] };
export type EngineIncrement = {
  readonly parts: readonly (EnginePart & { readonly path: Path; readonly label: string | null })[];
  /** That were made for these parts. */
  readonly decisions: readonly Decision[];
  readonly hasNext: boolean;
};
export type EngineAnswer = EnginePart & {
  /** What of it was shown or withheld because of facts, and why; each distinct decision once. */
  readonly decisions: readonly Decision[];
  readonly deferred: AsyncIterable<EngineIncrement> | null;
  /** That it is answered from: whoever is asked about, the same. */
  readonly subgraphs: readonly string[];
  /** How long subgraphs have been waited for, in milliseconds. */
  waitedMs(): number;
  /** Of the data, by whoever was answered with the same before. */
  readonly printed?: Printed;
};

export type Engine = {
  (operation: PreparedOperation, request: EngineRequest): Promise<EngineAnswer>;
  /**
   * What the gateway asks for itself, of inaccessible fields as well: `text` is planned as it stands, nobody's rights are
   * looked at, and nothing of it leaves the gateway.
   */
  lookUp(text: string, variables: PreparedOperation["variables"], until: LookUpUntil): Promise<LookedUp>;
};
export type LookUpUntil = Pick<EngineRequest, "signal" | "deadline">;
export type LookedUp = {
  readonly data: object;
  /** What is wrong with a field at the root. */
  codesAt(field: string): readonly ErrorCode[];
  readonly isWhole: boolean;
};

/** One document as one request may ask it (variant.ts). */
type Variant = AskedParts & {
  /** Tells it from every other one of this engine. */
  readonly number: number;
  readonly shapes: Shapes;
  /** By their variables. */
  readonly joined: JoinedRuns<Executed>;
};

type Variants = { readonly switches: readonly string[]; readonly byKey: Map<string, Variant> };

type Executed = EnginePart & Pick<EngineAnswer, "decisions" | "waitedMs" | "printed">;

const maxVariants = 32;

const emptyPlan: CompiledPlan = {
  requests: [],
  persons: [],
  deferred: [],
  usesContext: false,
  subgraphs: [],
  isMutation: false,
  bytes: 0,
  agencyOf: () => null,
};

export function openEngine(settings: EngineSettings): Engine {
  const known = new WeakMap<PreparedDocument, Variants>();
  const introspect = introspection(settings.apiSchema);
  const { atHand } = settings.call;
  const kept = atHand ? keptRuns({ maxBytes: settings.keptMaxBytes ?? 0, turn: atHand.turn }) : null;
  let variantsMade = 0;
  /** Mutations so far: what is asked after one joins nothing that was begun before it. */
  let written = 0;

  const variantOf = ({ document, variables }: PreparedOperation, rights: Rights): Variant => {
    let variants = known.get(document);
    if (!variants) {
      variants = { switches: switchesOf(document.operation), byKey: new Map() };
      known.set(document, variants);
    }
    const { switches, byKey } = variants;
    let key = `${rights.key}\n`;
    for (const name of switches) key += variables[name] === true ? "1" : "0";
    let variant = byKey.get(key);
    if (!variant) {
      const asked = askedParts(settings.apiSchema, document.operation, variables, rights);
      variantsMade += 1;
      variant = {
        ...asked,
        number: variantsMade,
        text: asked.text === null ? null : withFacts(asked.text, settings.facts, rights),
        shapes: readShapes(settings, document, variables, rights),
        joined: joinedRuns(),
      };
      if (byKey.size >= maxVariants) byKey.clear();
      byKey.set(key, variant);
    }
    return variant;
  };

  const answer = async (operation: PreparedOperation, request: EngineRequest): Promise<EngineAnswer> => {
    const { document, variables } = operation;
    const variant = variantOf(operation, request.rights);
    const { shapes, allRefused, told } = variant;
    if (allRefused !== null) return refusedWhole(document, allRefused);
    const given = variant.introspection
      ? await introspect(variant.introspection, operation, request.rights)
      : nothingGiven;
    const plan = variant.text === null ? emptyPlan : await settings.planOf(variant.text);
    if (plan.requests.length === 0 && asksSubgraphs(shapes.root)) return unplanned;
    // Whoever asked may have gone while the plan was made.
    request.signal.throwIfAborted();

    const asked = JSON.stringify(variables);
    const key = `${variant.number} ${asked}`;
    const mayKeep =
      kept !== null && request.freshness === undefined && shapes.deferred.length === 0 && isSharable(settings, plan);
    const run = mayKeep ? kept.find(key, plan) : undefined;
    const again =
      run && executedAgain(run, { facts: settings.facts, shapes, given, variables, rights: request.rights });
    if (again) return withTold(told, { ...again, deferred: null, subgraphs: plan.subgraphs });
    const onKept = mayKeep ? (made: KeptRun) => kept.add(key, made) : null;
    const once = (signal: AbortSignal, onAnswered: () => void): Promise<Executed> =>
      executeOnce(settings, plan, shapes, given, variables, { ...request, signal }, onAnswered, onKept);
    if (shapes.deferred.length > 0)
      return withTold(told, await executeInParts(settings, plan, document, shapes, given, variables, request));
    const { subgraphs } = plan;
    // Who wants it fresher than it is kept does not take what was begun before.
    if (!isSharable(settings, plan) || request.freshness !== undefined) {
      const executed = await once(request.signal, () => {});
      if (plan.isMutation) written += 1;
      return withTold(told, { ...executed, deferred: null, subgraphs });
    }
    const generation = settings.generation?.(subgraphs) ?? "";
    const inGeneration = JSON.stringify([written, generation]) + asked;
    const { result, isJoined } = await variant.joined.run(inGeneration, request.signal, once);
    // What another's shorter time or bad luck has cost is asked for again.
    const isAskedAgain = isJoined && result.errors.some(({ code }) => passing.has(code));
    const executed = isAskedAgain ? await once(request.signal, () => {}) : result;
    return withTold(told, { ...executed, deferred: null, subgraphs });
  };
  const lookUp: Engine["lookUp"] = async (text, variables, until) => {
    const plan = await settings.planOf(text);
    const { execution } = await start(settings, plan, variables, { ...until, rights: allRights }, () => {});
    const { data, problems } = execution;
    return {
      data,
      codesAt: (field) => problems.at(data, field).map(({ code }) => code),
      isWhole: problems.isEmpty,
    };
  };
  return Object.assign(answer, { lookUp });
}

function withTold(told: readonly Decision[], answer: EngineAnswer): EngineAnswer {
  return told.length === 0 ? answer : { ...answer, decisions: [...told, ...answer.decisions] };
}

/** Another try may end otherwise. */
const passing: ReadonlySet<ErrorCode> = new Set([
  "GATEWAY_TIMEOUT",
  "SUBREQUEST_HTTP_ERROR",
  "SUBREQUEST_NOT_SENT",
  "GUARD_UNAVAILABLE",
]);

const sharable = new WeakMap<CompiledPlan, boolean>();

function isSharable({ isCommon }: EngineSettings, plan: CompiledPlan): boolean {
  let known = sharable.get(plan);
  if (known === undefined) {
    known = plan.requests.every(({ kind, subgraph }) => kind === "query" && isCommon(subgraph));
    sharable.set(plan, known);
  }
  return known;
}

async function executeOnce(
  settings: EngineSettings,
  plan: CompiledPlan,
  shapes: Shapes,
  given: Readonly<Record<string, unknown>>,
  variables: PreparedOperation["variables"],
  request: EngineRequest,
  onAnswered: () => void,
  onKept: ((run: KeptRun) => void) | null,
): Promise<Executed> {
  const { execution } = await start(settings, plan, variables, request, onAnswered);
  const { data, problems, decisions, waitedMs } = execution;
  const answers = onKept === null ? null : execution.held();
  if (answers !== null && answers.length > 0) {
    const held = answers.map((hold) => hold());
    const run: KeptRun = {
      plan,
      data,
      isShared: execution.isShared(),
      answers: held,
      isWithheldFrom: false,
      printed: notPrinted(held),
    };
    const { facts } = settings;
    const executed = executedAgain(run, { facts, shapes, given, variables, rights: request.rights });
    if (executed !== null) {
      onKept?.(run);
      return executed;
    }
  }
  shapes.guard?.(data, [], execution);
  const answered =
    projected(execution, shapes, given) ?? complete(data, shapes.root, { problems, given, agencyOf: plan.agencyOf });
  return { ...answered, decisions: decisions.take(), waitedMs };
}

const notWaited = () => 0;

function executedAgain(run: KeptRun, to: ShownTo): Executed | null {
  const shown = shownAgain(run, to);
  return shown && { ...shown, waitedMs: notWaited };
}

async function executeInParts(
  settings: EngineSettings,
  plan: CompiledPlan,
  document: PreparedDocument,
  shapes: Shapes,
  given: Readonly<Record<string, unknown>>,
  variables: PreparedOperation["variables"],
  request: EngineRequest,
): Promise<EngineAnswer> {
  const run = await start(settings, plan, variables, request, () => {});
  const completing = { problems: run.execution.problems, given, agencyOf: plan.agencyOf };
  const completed = complete(guardedData(run.execution, shapes), shapes.root, completing);
  const { decisions, waitedMs } = run.execution;
  const isDeferred = shapes.deferred.length > 0 && completed.data !== null;
  const deferred = isDeferred
    ? increments(settings, plan, document, shapes, run, completed.data as object, completing)
    : null;
  return { ...completed, deferred, subgraphs: plan.subgraphs, decisions: decisions.take(), waitedMs };
}

/** As what was answered at once is shown. */
function guardedData({ data, problems, decisions, gate }: Execution, { guard, deferredGuards }: Shapes): object {
  if (guard === null && [...deferredGuards.values()].every((each) => each === null)) return data;
  const copy = guardedCopy(data, problems, gate);
  guard?.(copy, [], { problems, decisions, gate });
  return copy;
}

/** The planner left out everything: there is nothing to answer with, which is no answer of "nothing". */
const unplanned: EngineAnswer = {
  data: null,
  errors: [{ code: "QUERY_PLANNING_FAILED", path: [] }],
  deferred: null,
  subgraphs: [],
  decisions: [],
  waitedMs: () => 0,
};

/** Nothing is left to answer with: there is no answer, and nobody is asked. */
function refusedWhole({ clientKeys }: PreparedDocument, keys: readonly string[]): EngineAnswer {
  const errors = keys.map(
    (key): PartError => ({
      code: "UNAUTHORIZED_FIELD_OR_TYPE",
      path: [clientKeys.get(key) ?? key],
    }),
  );
  return { data: null, errors, deferred: null, subgraphs: [], decisions: [], waitedMs: () => 0 };
}

type Run = {
  readonly execution: Execution;
  readonly done: Set<number>;
  /** Resolves when more is done, or rejects for a fault of ours. */
  next(): Promise<void>;
};

/** Resolves when what is answered at once is there. */
async function start(
  { facts, call, isPartial }: EngineSettings,
  plan: CompiledPlan,
  variables: PreparedOperation["variables"],
  { signal, deadline, origin, rights, freshness }: EngineRequest,
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

async function* increments(
  { apiSchema, facts }: EngineSettings,
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

function readShapes(
  { apiSchema, facts }: EngineSettings,
  document: PreparedDocument,
  variables: PreparedOperation["variables"],
  rights: Rights,
): Shapes {
  const root = apiSchema.getRootType(document.operation.operation) as GraphQLCompositeType;
  const shaping: ShapeSettings = {
    apiSchema,
    clientKeys: document.clientKeys,
    variables,
    rights,
  };
  const set = document.operation.selectionSet;
  const whole = shapeOf(shaping, root, [set]);
  const deferred = document.deferLabels.size > 0 ? deferredFragments(shaping, root, set) : [];
  return {
    root: whole,
    project: null,
    uses: 0,
    deferred,
    guard: guarding({ facts, rights }, whole),
    deferredGuards: new Map(deferred.map((each) => [each, guarding({ facts, rights }, each.shape)])),
  };
}

function asksSubgraphs(root: ObjectShape): boolean {
  const fields = root.of(root.declared) ?? [];
  return fields.some(({ value, refused }) => value.kind !== "given" && refused === null);
}
