/**
 * The thread that plans. It alone knows the planner; it may be ended at any moment. It holds one supergraph, and does
 * one task at a time: its owner (planner-thread.ts) sends the next after the report on the last.
 */
import { parentPort } from "node:worker_threads";
import {
  parseOperation,
  printSchema,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph,
} from "@apollo/federation-internals";
import { QueryPlanner } from "@apollo/query-planner";
import { parse } from "graphql";
import { labelsOf, type Overrides } from "./overrides.ts";
import { prepareDocument } from "./planner-schema.ts";

export type PlannerTask =
  | { readonly kind: "load"; readonly sdl: string }
  | { readonly kind: "plan"; readonly operation: string; readonly overrides: Overrides; readonly maxBytes: number };

export type LoadedReport = {
  readonly kind: "loaded";
  readonly apiSdl: string;
  readonly synthetics: ReadonlyMap<string, string>;
};
export type PlannerReport =
  | LoadedReport
  /** The supergraph cannot be used. What is wrong with it is told: it is no client's text. */
  | { readonly kind: "refused"; readonly reason: string }
  /** JSON: cheaper to hand over than an object. */
  | { readonly kind: "planned"; readonly plan: string }
  /** Nothing is told: the planner's messages quote the document. */
  | { readonly kind: "unplannable" };

let loaded: { readonly schema: Supergraph["schema"]; readonly planner: QueryPlanner } | null = null;

parentPort?.on("message", (task: PlannerTask) => {
  parentPort?.postMessage(task.kind === "load" ? load(task.sdl) : plan(task));
});

function load(sdl: string): PlannerReport {
  try {
    const { document, synthetics } = prepareDocument(parse(sdl, { noLocation: true }));
    const supergraph = Supergraph.build(document, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
    const apiSdl = printSchema(supergraph.apiSchema());
    if ([...synthetics.keys()].some((name) => apiSdl.includes(name)))
      return { kind: "refused", reason: "a field made for planning would show in what clients may ask" };
    const planner = new QueryPlanner(supergraph, {
      incrementalDelivery: { enableDefer: true },
      // Fetch documents stay without fragments: finding them costs planning time, and a fetch is compiled anyway.
      reuseQueryFragments: false,
      generateQueryFragments: false,
      typeConditionedFetching: false,
      // Of so many ways to fetch shared fields the cheapest is taken. The planner's own 10,000 take seconds to compare.
      debug: { maxEvaluatedPlans: 1000 },
    });
    loaded = { schema: supergraph.schema, planner };
    return { kind: "loaded", apiSdl, synthetics };
  } catch (error) {
    return { kind: "refused", reason: error instanceof Error ? error.message : "the supergraph could not be read" };
  }
}

function plan({ operation, overrides, maxBytes }: PlannerTask & { readonly kind: "plan" }): PlannerReport {
  if (loaded === null) return { kind: "unplannable" };
  try {
    // Not what clients may ask, which is seen to before: facts are inaccessible to them.
    const overrideConditions = new Map(labelsOf(overrides).map((label) => [label, true]));
    const text = JSON.stringify(
      loaded.planner.buildQueryPlan(parseOperation(loaded.schema, operation), { overrideConditions }),
    );
    return text.length > maxBytes ? { kind: "unplannable" } : { kind: "planned", plan: text };
  } catch {
    return { kind: "unplannable" };
  }
}
