/** What the engine says can be kept: put in front of the subgraphs, a cache that goes by it changes no answer. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Kind, print, visit } from "graphql";
import type { EngineAnswer } from "../gateway/execution/engine.ts";
import { openPlanner, type Planner } from "../gateway/execution/planner.ts";
import { allRights } from "../gateway/execution/rights.ts";
import type { ExecutedCall } from "../gateway/subgraph/call.ts";
import { readSupergraph, type Supergraph } from "../gateway/supergraph/supergraph.ts";
import { graphs } from "./differential/graphs/index.ts";
import { type Front, type NaiveCache, naiveCache, ownCache, sentText, withSomeLifetimes } from "./differential/kept.ts";
import { compose, openMonolith } from "./differential/monolith.ts";
import { type Operation, operationsOver, show } from "./differential/operations.ts";
import { sizes } from "./differential/sizes.ts";
import { type Subgraphs, startSubgraphs } from "./differential/subgraphs.ts";

const { operations: numRuns, seed } = sizes;
const timeoutMs = 60_000 + numRuns * 1_000;

describe.each(graphs.map((each) => [each.name, each] as const))("over %s", (_name, definition) => {
  let planner: Planner;
  let subgraphs: Subgraphs;
  let plain: Supergraph;
  let naive: NaiveCache;
  let own: ReturnType<typeof ownCache>;
  let behind: readonly (readonly [string, Front, Supergraph])[];
  let operations: fc.Arbitrary<Operation>;
  let notPrintedAgain = 0;

  beforeAll(async () => {
    planner = openPlanner({ softMs: 20_000, hardMs: 30_000, heapMb: 512 });
    subgraphs = await startSubgraphs(definition);
    const sdl = compose(definition, subgraphs.urls);
    const labelled = withSomeLifetimes(sdl, seed);
    const call: ExecutedCall = async ({ subgraph, body }) => {
      const { query, variables } = JSON.parse(body);
      return { body: JSON.parse(JSON.stringify(await subgraphs.answer(subgraph, query, variables))), isShared: false };
    };
    naive = naiveCache(call);
    own = ownCache(call);
    plain = await read(sdl, call);
    behind = [
      ["the simplest cache", naive, await read(labelled, naive.call)],
      ["the gateway's", own, await read(labelled, own.call)],
    ];
    const { schema } = openMonolith(definition, sdl);
    const names = [...new Set(sdl.match(/(?<=^ {2})\w+(?=[(:])/gm))];
    operations = operationsOver({ schema, names, mutations: 0 }).filter(isQuery);
  }, timeoutMs);
  afterAll(async () => {
    own?.close();
    await planner?.close();
    await subgraphs?.close();
  });

  const read = (sdl: string, call: ExecutedCall) =>
    readSupergraph(sdl, {
      planner,
      introspection: true,
      maxCost: 0,
      isPartial: () => false,
      isCommon: () => true,
      keptMaxBytes: 10_000_000,
      onPlan: (make) => make(),
      callOf: () => call,
    });

  test(
    "what is kept answers as the subgraphs do: cold, warm, and with any part of it lost",
    async () => {
      await fc.assert(
        fc.asyncProperty(operations, fc.nat(), async (operation, lost) => {
          // The same questions, asked with other values.
          const other = withOtherValues(operation);
          const expected = new Map([
            [operation, await ask(plain, operation)],
            [other, await ask(plain, other)],
          ]);
          for (const [title, front, kept] of behind)
            for (const state of ["cold", "warm", "warmer", "hot", "partly lost", "warm again", "warmer again"]) {
              if (state === "partly lost") front.lose(lost);
              for (const [each, right] of expected) {
                const given = await ask(kept, each, () => {
                  notPrintedAgain += 1;
                });
                if (given !== right) throw new Error(`${title}, ${state}: ${given}\nright: ${right}\n${show(each)}`);
              }
            }
        }),
        { numRuns, seed, endOnFailure: !sizes.shrinks },
      );
      expect(naive.unlikeBodies).toEqual([]);
      const { whole, partly, missed, again } = naive.counts;
      console.log(
        `result: ${definition.name}: ${whole} requests answered from what is kept, ${partly} partly, ${missed} not; ${again} not made again; ${notPrintedAgain} answers not printed again`,
      );
      expect(whole).toBeGreaterThan(numRuns / 10);
      expect(again).toBeGreaterThan(numRuns / 20);
      expect(notPrintedAgain).toBeGreaterThan(numRuns / 10);
      expect(own.counts.hits).toBeGreaterThan(own.counts.misses / 4);
      expect(naive.entries.size).toBeGreaterThan(0);
    },
    timeoutMs,
  );
});

function isQuery({ document }: Operation): boolean {
  return document.definitions.every((each) => each.kind !== Kind.OPERATION_DEFINITION || each.operation === "query");
}

/** Numbers, truths and texts changed wherever an argument or a condition has them. */
function withOtherValues({ document, variables, operationName }: Operation): Operation {
  const others = new Map(Object.entries({ EUR: "USD", USD: "EUR", p1: "p2", p3: "p1", u2: "u1" }));
  const otherOf = (value: unknown): unknown => {
    if (typeof value === "boolean") return !value;
    if (typeof value === "number") return value + 1;
    if (typeof value === "string") return others.get(value) ?? value;
    if (Array.isArray(value)) return value.map(otherOf);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, otherOf(each)]));
  };
  const changed = visit(document, {
    BooleanValue: (node) => ({ ...node, value: !node.value }),
    IntValue: (node) => ({ ...node, value: String(Number(node.value) + 1) }),
    StringValue: (node) => ({ ...node, value: others.get(node.value) ?? node.value }),
  });
  return { document: changed, variables: otherOf(variables) as Operation["variables"], operationName };
}

async function ask(
  supergraph: Supergraph,
  { document, variables, operationName }: Operation,
  onNotPrinted: () => void = () => {},
): Promise<string> {
  const operation = supergraph.prepare({ query: print(document), operationName, variables }, { acceptsDefer: false });
  if ("refused" in operation) return JSON.stringify(operation.refused);
  const answer: EngineAnswer = await supergraph.execute(operation, {
    signal: new AbortController().signal,
    deadline: performance.now() + 60_000,
    rights: allRights,
  });
  if (answer.printed?.kept) onNotPrinted();
  return sentText(answer);
}
