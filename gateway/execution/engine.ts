/**
 * Executes prepared operations over one supergraph: takes apart what the gateway answers itself, what is refused, and what
 * is planned; then answers from what is kept, or along with others who ask the same, or by a run of the plan of its own.
 */
import type { GraphQLSchema } from "graphql";
import type { ErrorCode, PartError } from "../errors.ts";
import type { PreparedDocument, PreparedOperation } from "../operation/operation-preparer.ts";
import type { CompiledPlan } from "./compiled-plan.ts";
import { withFacts } from "./facts-selection.ts";
import { type EngineIncrement, executeInParts } from "./in-parts.ts";
import { introspection } from "./introspection.ts";
import { type JoinedRuns, joinedRuns } from "./joined.ts";
import { type KeptRun, keptRuns } from "./kept-runs.ts";
import type { OverrideDraw, Overrides } from "./overrides.ts";
import { allRights, type Decision, type Rights } from "./rights.ts";
import { type Executed, executedAgain, executeWhole, type RunRequest, type RunSettings, start } from "./run.ts";
import type { ObjectShape } from "./shape.ts";
import { readShapes, type Shapes } from "./shapes.ts";
import { nothingGiven, type ShownTo } from "./shown.ts";
import { type AskedParts, askedParts, switchesOf } from "./variant.ts";

export type EngineSettings = RunSettings & {
  /** What clients may ask. */
  readonly apiSchema: GraphQLSchema;
  /** Whether a subgraph's answers are the same whoever asks. */
  readonly isCommon: (subgraph: string) => boolean;
  /** Changes whenever anything did that one of these contributes. */
  readonly generation?: (subgraphs: readonly string[]) => string;
  /** Of what is put together from answers that are at hand; 0, or left out: nothing is. */
  readonly keptMaxBytes?: number;
  /** Rejects with QueryPlanningFailed or QueryPlanningTimeout. */
  readonly planOf: (text: string, overrides: Overrides) => Promise<CompiledPlan>;
  readonly overrides: Pick<OverrideDraw, "draw">;
};

export type EngineAnswer = Executed & {
  readonly deferred: AsyncIterable<EngineIncrement> | null;
  /** That it is answered from: whoever is asked about, the same. */
  readonly subgraphs: readonly string[];
};

export type Engine = {
  (operation: PreparedOperation, request: RunRequest): Promise<EngineAnswer>;
  /**
   * What the gateway asks for itself, of inaccessible fields as well: `text` is planned as it stands, nobody's rights are
   * looked at, and nothing of it leaves the gateway.
   */
  lookUp(text: string, variables: PreparedOperation["variables"], until: LookUpUntil): Promise<LookedUp>;
};
export type LookUpUntil = Pick<RunRequest, "signal" | "deadline">;
export type LookedUp = {
  readonly data: object;
  /** What is wrong with a field at the root. */
  codesAt(field: string): readonly ErrorCode[];
  readonly isWhole: boolean;
};

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
  const variantOf = openVariants(settings);
  const introspect = introspection(settings.apiSchema);
  const { atHand } = settings.call;
  const kept = atHand ? keptRuns({ maxBytes: settings.keptMaxBytes ?? 0, turn: atHand.turn }) : null;
  /** Mutations so far: what is asked after one joins nothing that was begun before it. */
  let written = 0;

  const answer = async (operation: PreparedOperation, request: RunRequest): Promise<EngineAnswer> => {
    const { document, variables } = operation;
    const { rights } = request;
    const variant = variantOf(operation, rights);
    const { number, overrides, joined } = variant.under(settings.overrides.draw());
    const { shapes, allRefused, told } = variant;
    if (allRefused !== null) return refusedWhole(document, allRefused);
    const given = variant.introspection ? await introspect(variant.introspection, operation, rights) : nothingGiven;
    const plan = variant.text === null ? emptyPlan : await settings.planOf(variant.text, overrides);
    if (plan.requests.length === 0 && asksSubgraphs(shapes.root)) return unplanned;
    // Whoever asked may have gone while the plan was made.
    request.signal.throwIfAborted();

    const { subgraphs } = plan;
    const to: ShownTo = { facts: settings.facts, shapes, given, variables, rights };
    if (shapes.deferred.length > 0) {
      const parts = await executeInParts(settings, plan, document, to, request);
      if (plan.isMutation) written += 1;
      return withTold(told, { ...parts, subgraphs });
    }
    // Who wants it fresher than it is kept takes nothing that was kept, or begun, before.
    if (!isSharable(settings, plan) || request.freshness !== undefined) {
      const executed = await executeWhole(settings, plan, to, request, () => {}, null);
      if (plan.isMutation) written += 1;
      return withTold(told, { ...executed, deferred: null, subgraphs });
    }

    const asked = JSON.stringify(variables);
    const key = `${number} ${asked}`;
    const run = kept?.find(key, plan);
    const again = run && executedAgain(run, to);
    if (again) return withTold(told, { ...again, deferred: null, subgraphs });

    const onKept = kept && ((made: KeptRun) => kept.add(key, made));
    const once = (signal: AbortSignal, onAnswered: () => void): Promise<Executed> =>
      executeWhole(settings, plan, to, { ...request, signal }, onAnswered, onKept);
    const generation = settings.generation?.(subgraphs) ?? "";
    const inGeneration = JSON.stringify([written, generation]) + asked;
    const { result, isJoined } = await joined.run(inGeneration, request.signal, once);
    // What another's shorter time or bad luck has cost is asked for again.
    const isAskedAgain = isJoined && result.errors.some(({ code }) => passing.has(code));
    const executed = isAskedAgain ? await once(request.signal, () => {}) : result;
    return withTold(told, { ...executed, deferred: null, subgraphs });
  };
  const lookUp: Engine["lookUp"] = async (text, variables, until) => {
    const plan = await settings.planOf(text, settings.overrides.draw());
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

/** One document as one request may ask it (variant.ts). */
type Variant = AskedParts & {
  readonly shapes: Shapes;
  readonly under: (overrides: Overrides) => Placed;
};
/** A variant, and where its fields are. */
type Placed = {
  /** Tells it from every other one of this engine. */
  readonly number: number;
  readonly overrides: Overrides;
  /** By their variables. */
  readonly joined: JoinedRuns<Executed>;
};

type Variants = { readonly switches: readonly string[]; readonly byKey: Map<string, Variant> };

const maxVariants = 32;

function openVariants(settings: EngineSettings): (operation: PreparedOperation, rights: Rights) => Variant {
  const known = new WeakMap<PreparedDocument, Variants>();
  let made = 0;
  const placing = (): Variant["under"] => {
    const byOverrides = new Map<Overrides, Placed>();
    return (overrides) => {
      let placed = byOverrides.get(overrides);
      if (!placed) {
        made += 1;
        placed = { number: made, overrides, joined: joinedRuns() };
        byOverrides.set(overrides, placed);
      }
      return placed;
    };
  };
  return ({ document, variables }, rights) => {
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
      variant = {
        ...asked,
        text: asked.text === null ? null : withFacts(asked.text, settings.facts, rights),
        shapes: readShapes(settings, document, variables, rights),
        under: placing(),
      };
      const [oldest] = byKey.keys();
      if (byKey.size >= maxVariants && oldest !== undefined) byKey.delete(oldest);
      byKey.set(key, variant);
    }
    return variant;
  };
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

function asksSubgraphs(root: ObjectShape): boolean {
  const fields = root.of(root.declared) ?? [];
  return fields.some(({ value, refused }) => value.kind !== "given" && refused === null);
}
