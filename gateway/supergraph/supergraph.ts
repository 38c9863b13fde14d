/**
 * One supergraph, ready to be asked: immutable, swapped whole. Operations in flight finish on the one they began with,
 * because they hold it.
 */
import { createHash } from "node:crypto";
import { type DocumentNode, type GraphQLSchema, parse, visit } from "graphql";
import { classOf } from "../authorization/caller-class.ts";
import { linkedDirectives } from "../authorization/linked-directives.ts";
import type { Policies } from "../authorization/policies.ts";
import { type RightsOf, rightsReader } from "../authorization/rights.ts";
import { readRules } from "../authorization/rules.ts";
import { compilePlan } from "../execution/compile.ts";
import type { CompiledPlan } from "../execution/compiled-plan.ts";
import { withoutDefer } from "../execution/deferred.ts";
import { type Engine, openEngine } from "../execution/engine.ts";
import { placesIn } from "../execution/fact-places.ts";
import { withFacts } from "../execution/facts-selection.ts";
import { readLifetimes } from "../execution/lifetimes.ts";
import { type Overrides, overridesOf } from "../execution/overrides.ts";
import { type QueryPlan, QueryPlanningFailed } from "../execution/plan.ts";
import { type PlanCache, planCache } from "../execution/plan-cache.ts";
import type { PlannedSupergraph, Planner } from "../execution/planner.ts";
import { prepareDocument } from "../execution/planner-schema.ts";
import { withPossibleTypes } from "../execution/possible-types.ts";
import { allRights, type Rights } from "../execution/rights.ts";
import { readSchemaFacts, type SchemaFacts } from "../execution/schema-facts.ts";
import { askedParts } from "../execution/variant.ts";
import {
  documentPreparer,
  operationPreparer,
  type PreparedOperation,
  type PrepareOperation,
  withOwnDirectives,
} from "../operation/operation-preparer.ts";
import type { ExecutedCall } from "../subgraph/call.ts";
import { type AlertContract, readAlertContract } from "./alert-contract.ts";
import { readApiSchema } from "./api-schema.ts";

export type Supergraph = {
  /** Of its text; tells two apart. */
  readonly id: string;
  /** What clients may ask. */
  readonly apiSchema: GraphQLSchema;
  /** Labels of `@override` that the operator names, and that it lacks. */
  readonly unknownOverrides: readonly string[];
  /** Nobody is permitted anything: no label says who may see what. */
  readonly servesNothing: boolean;
  readonly prepare: PrepareOperation;
  readonly execute: Engine;
  /** Null: it tells of no alerts. */
  readonly alerts: AlertContract | null;
  /** What callers of this class may see of it. */
  readonly rightsOf: RightsOf;
  /** What of an operation is refused by these rights, as the schema names it. Throws what planning it would. */
  refusedIn(operation: PreparedOperation, rights: Rights): readonly string[];
  /** What is planned of an operation for callers of these rights; null where there is nothing to plan. */
  plannedFor(operation: PreparedOperation, rights: Rights): string | null;
  /** Normalised operations with a plan, most used first. */
  plannedTexts(): readonly string[];
  planCache(): { readonly entries: number; readonly bytes: number };
  /** Makes plans ahead, wherever fields may be. What gets none here is left out: whoever asks it learns why. */
  warm(texts: readonly string[]): Promise<void>;
  /** The same for documents as clients write them. */
  warmDocuments(documents: readonly string[]): Promise<void>;
  /** To be called when the operation is answered. */
  hold(): () => void;
  /** Nothing new is asked of it: what it took is given back when the last operation is answered. */
  retire(): void;
};

export type SupergraphSettings = {
  /** Of its text and of all that it is replaced together with; else of its text alone. */
  readonly id?: string;
  readonly planner: Planner;
  readonly introspection: boolean;
  /** By what its rights are worked out; nothing, where nobody asks for rights. */
  readonly authorization?: {
    /** Read where a rule needs them alone; rejects for policies that are no good. Null: what they would decide is refused. */
    readonly policies: (() => Promise<Policies>) | null;
    /** Fields that nothing is said about are not served. */
    readonly denyByDefault: boolean;
  };
  /** Estimated; 0: not bounded. */
  readonly maxCost: number;
  /** Labels of `@override` that are in force, besides those that say a share. */
  readonly overrides?: ReadonlySet<string>;
  /** Whether a subgraph takes representations with gaps. */
  readonly isPartial: (subgraph: string) => boolean;
  /** Whether a subgraph's answers are the same whoever asks. */
  readonly isCommon: (subgraph: string) => boolean;
  /** Changes whenever anything did that one of these subgraphs contributes. */
  readonly generation?: (subgraphs: readonly string[]) => string;
  /** Of what is put together from answers that are at hand; 0, or left out: nothing is. */
  readonly keptMaxBytes?: number;
  /** Stands around the making of a plan. */
  readonly onPlan: <Plan>(make: () => Promise<Plan>) => Promise<Plan>;
  /** Bound to the URLs of this supergraph; throws for a subgraph without a usable one. */
  readonly callOf: (subgraphs: ReadonlyMap<string, string>) => ExecutedCall;
};

const maxPlanBytes = 128 * 1024 * 1024;
const maxRefused = 10_000;

/** Throws for text that is no usable supergraph, or whose rules could not be held, before anything is replaced. */
export async function readSupergraph(sdl: string, settings: SupergraphSettings): Promise<Supergraph> {
  const document = parse(sdl, { noLocation: true });
  const { policies, denyByDefault } = settings.authorization ?? { policies: null, denyByDefault: true };
  const rules = readRules(document, { denyByDefault });
  const inForce = rules.usePolicies && policies !== null ? await policies() : null;
  const planned = await settings.planner.load(sdl);
  try {
    const { synthetics } = planned;
    const facts = readSchemaFacts(synthetics.size > 0 ? prepareDocument(document).document : document);
    const apiSchema = withOwnDirectives(readApiSchema(planned.apiSdl, document));
    const { labelOf } = linkedDirectives(document);
    const keeping = {
      lifetimes: readLifetimes(document, (directive) => labelOf(directive) === "lifetime"),
      generation: createHash("sha256").update(sdl).digest("hex"),
    };
    const plans = planCache<CompiledPlan>({
      make: (key) =>
        settings.onPlan(async () => {
          const { text } = readPlanKey(key);
          return compilePlan(await planWith(planned, key, facts), {
            facts,
            synthetics,
            places: placesIn(text),
            keeping,
          });
        }),
      sizeOf: ({ bytes }) => bytes,
      maxBytes: maxPlanBytes,
      maxRefused,
    });
    const overrides = overridesOf(document, settings.overrides ?? new Set());
    const engine = openEngine({
      apiSchema,
      facts,
      isPartial: settings.isPartial,
      isCommon: settings.isCommon,
      ...(settings.generation === undefined ? {} : { generation: settings.generation }),
      keptMaxBytes: settings.keptMaxBytes ?? 0,
      call: settings.callOf(facts.subgraphs),
      planOf: (text, overrides) => plans.get(planKey(text, overrides)),
      overrides,
    });
    const rightsOf = rightsReader(rules, inForce, Date.now);
    // Cedar takes half a second for the first of its decisions: before anybody waits for one.
    rightsOf(classOf(null, null));
    const preparing = {
      apiSchema,
      fieldNames: fieldNames(document),
      requiredObjects: facts.requiredObjects,
      ...(settings.maxCost > 0 ? { cost: { supergraph: document, maxCost: settings.maxCost } } : {}),
      introspection: settings.introspection,
    };
    return {
      id: settings.id ?? createHash("sha256").update(sdl).digest("hex").slice(0, 12),
      apiSchema,
      unknownOverrides: overrides.unknown,
      servesNothing: rules.servesNothing,
      prepare: operationPreparer(preparing),
      execute: engine,
      alerts: readAlertContract(document, facts.schema),
      rightsOf,
      refusedIn: ({ document: { operation }, variables }, rights) => [
        ...askedParts(apiSchema, operation, variables, rights).refused,
      ],
      plannedFor({ document: { operation }, variables }, rights) {
        const { text } = askedParts(apiSchema, operation, variables, rights);
        return text === null ? null : withFacts(text, facts, rights);
      },
      ...plansAhead(apiSchema, plans, overrides.possible, documentPreparer(preparing)),
      ...holding(planned.release),
    };
  } catch (error) {
    planned.release();
    throw error;
  }
}

/**
 * The planner loses its way with some conditions on abstract types, where interface objects are about: with every possible
 * type written out it finds it. And with some fields in deferred fragments that require others: not deferred, they are
 * found, and are there at once.
 */
async function planWith({ plan }: PlannedSupergraph, key: string, facts: SchemaFacts): Promise<QueryPlan> {
  const { text, overrides } = readPlanKey(key);
  try {
    return await plan(text, overrides);
  } catch (error) {
    if (!(error instanceof QueryPlanningFailed)) throw error;
    for (const write of [(it: string) => withPossibleTypes(it, facts.schema), withoutDefer]) {
      const otherwise = write(text);
      const planned = otherwise === null ? null : await plan(otherwise, overrides).catch(orNone);
      if (planned !== null) return planned;
    }
    throw error;
  }
}

function orNone(error: unknown): null {
  if (error instanceof QueryPlanningFailed) return null;
  throw error;
}

function plansAhead(
  apiSchema: GraphQLSchema,
  plans: PlanCache<CompiledPlan>,
  overrides: readonly Overrides[],
  documentOf: ReturnType<typeof documentPreparer>,
): Pick<Supergraph, "plannedTexts" | "planCache" | "warm" | "warmDocuments"> {
  const warm = async (texts: readonly string[]): Promise<void> => {
    for (const text of texts) for (const each of overrides) await plans.get(planKey(text, each)).catch(() => {});
  };
  return {
    planCache: () => ({ entries: plans.entries().length, bytes: plans.bytes }),
    plannedTexts: () => [...new Set(plans.entries().map(({ text: key }) => readPlanKey(key).text))],
    warm,
    warmDocuments: (documents) =>
      warm(
        documents.flatMap((query) => {
          const document = documentOf(query);
          // What answers a subscription is another operation (subscriptions/alert-query.ts).
          const isPlanned = !("refused" in document) && document.kind !== "subscription";
          const text = !isPlanned ? null : askedParts(apiSchema, document.operation, {}, allRights).text;
          return text ?? [];
        }),
      ),
  };
}

/** What a plan is kept under: the overrides it is made with, a line break, and the operation. */
const planKey = (text: string, overrides: Overrides): string => `${overrides}\n${text}`;

function readPlanKey(key: string): { readonly text: string; readonly overrides: Overrides } {
  const end = key.indexOf("\n");
  return { text: key.slice(end + 1), overrides: key.slice(0, end) };
}

function holding(release: () => void): Pick<Supergraph, "hold" | "retire"> {
  let [holders, isRetired] = [0, false];
  return {
    hold() {
      holders += 1;
      return () => {
        holders -= 1;
        if (isRetired && holders === 0) release();
      };
    },
    retire() {
      isRetired = true;
      if (holders === 0) release();
    },
  };
}

function fieldNames(document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(document, { FieldDefinition: ({ name }) => void names.add(name.value) });
  // It would reach the prototype of whatever object it is looked up in.
  if (names.has("__proto__")) throw new Error("a field cannot be called __proto__");
  return names;
}
