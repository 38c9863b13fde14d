/**
 * Executes operations with `@apollo/gateway`, the only file that knows it. It plans, runs the fetches and shapes the
 * answer; the fetches themselves, and every error, are ours, because it nulls silently in places:
 *
 * - each answer is read against what was asked (answer.ts), so that it never meets a missing or misshapen value;
 * - a required value that is null because of an error is a taint: that entity is not sent on, and what depended on it is
 *   null with that error. INVARIANT: "could not ask" is never sent to another agency as a fact;
 * - what was found with a required value that has gaps is itself incomplete, and says so.
 */
import { createHash } from "node:crypto";
import { ApolloGateway, type GraphQLDataSource } from "@apollo/gateway";
import { buildASTSchema, type DocumentNode, type GraphQLSchema, Kind, parse, print } from "graphql";
import type { PartError } from "../errors.ts";
import { operationOf, responseKeyOf } from "../operation/document.ts";
import { type SubgraphCall, SubgraphFailure } from "../subgraph/http.ts";
import {
  type Fetch,
  incompleteAnswer,
  missingAnswer,
  type ReadAnswer,
  type Representation,
  readAnswer,
} from "./answer.ts";
import { type FetchProblem, locateErrors } from "./locate.ts";
import { type Execute, QueryPlanningFailed } from "./port.ts";
import { openTaints, type Taints, undoAlias } from "./taint.ts";

export type ApolloExecution = {
  /** What clients may ask, as Apollo derives it: without directives of ours. */
  readonly apiSchema: GraphQLSchema;
  readonly execute: Execute;
};

export type ApolloSettings = {
  readonly sdl: string;
  readonly call: SubgraphCall;
  /** Stands in for a subgraph's routing URL. */
  readonly urlOf: (subgraph: string, routingUrl: string) => string;
};

/** One operation's own record of what went wrong. */
type Run = {
  readonly signal: AbortSignal;
  readonly problems: FetchProblem[];
  readonly taints: Taints;
  isPlanned: boolean;
  hasFetches: boolean;
};

/** Throws for a supergraph that cannot be used. */
export async function openApolloExecution({ sdl, call, urlOf }: ApolloSettings): Promise<ApolloExecution> {
  const schema = buildASTSchema(parse(sdl, { noLocation: true }), { assumeValidSDL: true });
  const gateway = new ApolloGateway({
    supergraphSdl: sdl,
    validateSupergraph: true,
    queryPlannerConfig: { exposeDocumentNodeInFetchNode: true },
    __exposeQueryPlanExperimental: false,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    buildService: ({ name, url }) => subgraphSource({ schema, subgraph: name, url: urlOf(name, url ?? ""), call }),
    experimental_didResolveQueryPlan: ({ queryPlan, requestContext }) => {
      const run = requestContext.context as Run;
      run.isPlanned = true;
      run.hasFetches = queryPlan.node !== undefined;
    },
  });
  const { schema: apiSchema, executor } = await gateway.load();
  const hashes = new WeakMap<DocumentNode, string>();

  const execute: Execute = async ({ document, keys, variables }, { signal }) => {
    const run: Run = { signal, problems: [], taints: openTaints(), isPlanned: false, hasFetches: false };
    const query = print(document);
    const queryHash = hashes.get(document) ?? createHash("sha256").update(query).digest("hex");
    hashes.set(document, queryHash);
    const request = {
      request: { query, variables },
      document,
      queryHash,
      context: run,
      schema: apiSchema,
      metrics: {},
    };
    const result = await executor(request as unknown as Parameters<typeof executor>[0]).catch((cause: unknown) => {
      // No fetch throws: what does, before a plan stands, is the planner.
      throw run.isPlanned ? cause : new QueryPlanningFailed("no plan", { cause });
    });
    if (result.errors?.length) throw new Error("the answer could not be put together", { cause: result.errors[0] });
    const data = (result.data ?? null) as Readonly<Record<string, unknown>> | null;
    const located = locateErrors(run.problems, data, keys);
    return {
      data,
      errors: [...located, ...unexplained(result.extensions, located), ...unplanned(run, document, data)],
    };
  };
  return { apiSchema, execute };
}

type SourceSettings = {
  readonly schema: GraphQLSchema;
  readonly subgraph: string;
  readonly url: string;
  readonly call: SubgraphCall;
};

/** One subgraph as the executor sees it: always answers, with data alone; what went wrong is written to the run. */
function subgraphSource({ schema, subgraph, url, call }: SourceSettings): GraphQLDataSource {
  return {
    async process(options) {
      if (!("document" in options) || !options.document) throw new Error("a fetch comes with its document");
      const run = options.context as Run;
      const { query = "", variables = {} } = options.request;
      const representations = (variables.representations as readonly Representation[] | undefined) ?? null;
      const taints = representations?.map(run.taints.missingIn) ?? [];
      const fetchOf = (some: readonly Representation[] | null): Fetch => ({
        schema,
        document: options.document as DocumentNode,
        variables,
        representations: some,
      });
      const ask = async (some: readonly Representation[] | null): Promise<ReadAnswer> => {
        if (some?.length === 0) return { roots: [], problems: [] };
        const fetch = fetchOf(some);
        const asked = some ? { ...variables, representations: some } : variables;
        try {
          return readAnswer(fetch, await call({ subgraph, url, query, variables: asked, signal: run.signal }));
        } catch (error) {
          if (!(error instanceof SubgraphFailure)) throw error;
          return missingAnswer(fetch, { code: error.code });
        }
      };
      const record = ({ roots, problems }: ReadAnswer, entityOf: (root: number) => number, agency: string) => {
        const fetchPath = (options.pathInIncomingRequest ?? []).map(String);
        for (const { root, path: rawPath, ...cause } of problems) {
          run.taints.note(roots[root], rawPath, { ...cause, agency });
          const path = rawPath.map((step) => (typeof step === "string" ? undoAlias(step) : step));
          const entities = representations?.length ?? 1;
          run.problems.push({ ...cause, agency, path, fetchPath, entities, entity: entityOf(root) });
        }
      };

      const clean = representations?.flatMap((each, index) => (taints[index] ? [] : [{ each, index }])) ?? [];
      const gaps = clean.map(({ each }) => run.taints.incompleteIn(each));
      const answer = await ask(representations && clean.map(({ each }) => each));
      record(answer, (root) => clean[root]?.index ?? 0, subgraph);
      if (!representations) return { data: { ...answer.roots[0] } };

      const entities: unknown[] = [];
      for (const [index, { each, index: at }] of clean.entries()) {
        entities[at] = answer.roots[index];
        const gap = gaps[index];
        if (!gap) continue;
        const partial = incompleteAnswer(fetchOf([each]), answer.roots[index] ?? null, gap);
        record(partial, () => at, gap.agency);
        entities[at] = partial.roots[0];
      }
      for (const [index, taint] of taints.entries()) {
        if (!taint) continue;
        const missing = missingAnswer(fetchOf(representations.slice(index, index + 1)), taint);
        record(missing, () => index, taint.agency);
        entities[index] = missing.roots[0];
      }
      return { data: { _entities: entities } };
    },
  };
}

/** Values that Apollo found not to be of their type, and nulled, without an error of ours at or around them. */
function unexplained(
  extensions: Readonly<Record<string, unknown>> | undefined,
  located: readonly PartError[],
): readonly PartError[] {
  const found = (extensions?.valueCompletion ?? []) as readonly { readonly path?: readonly (string | number)[] }[];
  const within = (inner: readonly unknown[], outer: readonly unknown[]) =>
    outer.every((step, index) => step === inner[index]);
  return found
    .map(({ path = [] }) => path)
    .filter((path) => !located.some((error) => within(error.path, path) || within(path, error.path)))
    .map((path) => ({ code: "SUBREQUEST_MALFORMED_RESPONSE", path }));
}

/** The planner can leave a field out altogether: then there is a null and no fetch that would explain it. */
function unplanned(
  run: Run,
  document: DocumentNode,
  data: Readonly<Record<string, unknown>> | null,
): readonly PartError[] {
  if (run.hasFetches) return [];
  return operationOf(document).selectionSet.selections.flatMap((each) => {
    if (each.kind !== Kind.FIELD || each.name.value === "__typename") return [];
    const key = responseKeyOf(each);
    return data?.[key] === null ? [{ code: "INTERNAL_SERVER_ERROR" as const, path: [key] }] : [];
  });
}
