/**
 * Whether memory stays flat: over reloads of the supergraph, and over operations of which no two are the same.
 * `node --expose-gc bench/memory.ts reloads 200 | operations 1000000`. Exit code 1 when it grows.
 */

import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { type DocumentNode, execute, type GraphQLSchema, parse } from "graphql";
import { openPlanner, type Planner } from "../gateway/execution/planner.ts";
import { allRights } from "../gateway/execution/rights.ts";
import type { ExecutedCall } from "../gateway/subgraph/call.ts";
import { readSupergraph, type Supergraph } from "../gateway/supergraph/supergraph.ts";
import { shopGraph } from "./shop/subgraphs.ts";

const cycles = 20;
/** Of the whole, per cycle. */
const maxSlope = 0.01;
/** Until caches are full, compilers have settled, and the allocator has what it needs. */
const warmUpCycles = 8;

const parts = Object.entries(shopGraph.subgraphs).map(([name, { sdl, resolvers }]) => ({
  name,
  url: `http://127.0.0.1/${name}`,
  typeDefs: parse(sdl),
  resolvers,
}));

async function main([what, size]: readonly string[]): Promise<void> {
  const total = Number(size);
  const run = what === "reloads" ? reloads : what === "operations" ? operations : null;
  if (run === null || !Number.isInteger(total) || total < cycles || !globalThis.gc) {
    console.error("node --expose-gc bench/memory.ts reloads|operations <how many>");
    process.exitCode = 2;
    return;
  }
  const planner = openPlanner({ softMs: 2000, hardMs: 10_000, heapMb: 512 });
  const heap: number[] = [];
  const resident: number[] = [];
  const startedAt = performance.now();
  await run(planner, Math.ceil(total / cycles), () => {
    globalThis.gc?.();
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    heap.push(heapUsed + external);
    resident.push(rss);
    console.log(`${heap.length}/${cycles}: heap ${mb(heapUsed + external)} MB, resident ${mb(rss)} MB`);
  });
  await planner.close();
  const [heapSlope, residentSlope] = [slope(heap.slice(warmUpCycles)), slope(resident.slice(warmUpCycles))];
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(
    `result: ${total} ${what} in ${seconds} s; heap ${mb(heap.at(-1) ?? 0)} MB, ${percent(heapSlope)} per cycle of ${Math.ceil(total / cycles)}; resident ${mb(resident.at(-1) ?? 0)} MB, ${percent(residentSlope)} per cycle`,
  );
  if (heapSlope > maxSlope || residentSlope > maxSlope) process.exitCode = 1;
}

const mb = (bytes: number) => Math.round(bytes / 1e6);
const percent = (share: number) => `${(share * 100).toFixed(2)} %`;

/** Of the line that fits best, as a share of the mean. */
function slope(values: readonly number[]): number {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const middle = (values.length - 1) / 2;
  const rise = values.reduce((sum, each, index) => sum + (index - middle) * (each - mean), 0);
  const run = values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
  return rise / run / mean;
}

type Measure = () => void;

/** A supergraph that differs each time takes over from the last one, as in a gateway that is being reloaded. */
async function reloads(planner: Planner, each: number, measure: Measure): Promise<void> {
  let current: Supergraph | null = null;
  for (let cycle = 0, count = 0; cycle < cycles; cycle += 1) {
    for (let index = 0; index < each; index += 1) {
      count += 1;
      const next: Supergraph = await open(planner, `extra${count}`);
      if (current) await next.warm(current.plannedTexts());
      current?.retire();
      current = next;
      for (let asked = 0; asked < 5; asked += 1)
        await ask(current, `{ topProducts(first: ${asked}) { name reviews { text } } }`);
    }
    measure();
  }
  current?.retire();
}

/** No two documents are the same; those of the warm-up bring all the plans there are. */
async function operations(planner: Planner, each: number, measure: Measure): Promise<void> {
  const supergraph = await open(planner, "extra");
  for (let cycle = 0, count = 0; cycle < cycles; cycle += 1) {
    for (let index = 0; index < each; index += 1, count += 1) await ask(supergraph, distinct(count));
    measure();
  }
  supergraph.retire();
}

const plans = 400;

/** The plan depends on the first lines alone: the rest is names and values. */
function distinct(count: number): string {
  const bits = Math.floor(count / 1000) % plans;
  const fields = ["sku", "name", "price", "grams", "inStock", "shippingEstimate"].filter((_, at) => (bits >> at) & 1);
  const more = Array.from({ length: (bits >> 6) % 24 }, (_, at) => `r${at}: reviews(first: 1) { id }`);
  return `query Q${count} { a${count}: product(sku: "sku${count}") { s${count}: sku ${fields.join(" ")} ${more.join(" ")} } }`;
}

async function ask(supergraph: Supergraph, query: string): Promise<void> {
  const operation = supergraph.prepare({ query, operationName: null, variables: {} }, { acceptsDefer: false });
  if ("refused" in operation) throw new Error(operation.refused[0]?.message);
  const deadline = performance.now() + 10_000;
  const { errors } = await supergraph.execute(operation, { signal: never, deadline, rights: allRights });
  if (errors.length > 0) throw new Error(errors[0]?.code);
}

const never = new AbortController().signal;

async function open(planner: Planner, extra: string): Promise<Supergraph> {
  const [first, ...others] = parts;
  const changed = parse(`extend type Query { ${extra}: Int }`);
  const services = [
    {
      ...first,
      typeDefs: { ...first?.typeDefs, definitions: [...(first?.typeDefs.definitions ?? []), ...changed.definitions] },
    },
    ...others,
  ];
  const { supergraphSdl } = composeServices(services as Parameters<typeof composeServices>[0]);
  if (!supergraphSdl) throw new Error("the shop does not compose");
  return readSupergraph(supergraphSdl, {
    planner,
    introspection: false,
    maxCost: 0,
    isPartial: () => false,
    isCommon: () => true,
    onPlan: (make) => make(),
    callOf: () => call,
  });
}

const schemas = new Map<string, GraphQLSchema>(
  parts.map(({ name, typeDefs, resolvers }) => [
    name,
    buildSubgraphSchema([{ typeDefs, resolvers }] as Parameters<typeof buildSubgraphSchema>[0]),
  ]),
);
const documents = new Map<string, DocumentNode>();

/** The subgraphs themselves, without a network between. */
const call: ExecutedCall = async ({ subgraph, body }) => {
  const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
  const document = documents.get(query) ?? parse(query, { noLocation: true });
  documents.set(query, document);
  if (documents.size > 500) documents.delete(documents.keys().next().value ?? "");
  const schema = schemas.get(subgraph) as GraphQLSchema;
  const result = await execute({ schema, document, variableValues: variables });
  return { body: JSON.parse(JSON.stringify(result)), isShared: false };
};

if (import.meta.main) await main(process.argv.slice(2));
