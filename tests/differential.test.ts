/**
 * Generated operations over several supergraphs: the gateway answers as one ordinary schema over the same data does,
 * and as `@apollo/gateway` does wherever that is right.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "graphql";
import { type Arena, openArena } from "./differential/arena.ts";
import { differences } from "./differential/compare.ts";
import { doubles } from "./differential/graphs/doubles.ts";
import { graphs } from "./differential/graphs/index.ts";
import { tree } from "./differential/graphs/tree.ts";
import { asSent, judge, newTally, report, type Tally } from "./differential/judge.ts";
import type { Operation } from "./differential/operations.ts";
import { outages } from "./differential/outages.ts";
import { type EntityAnswer, plantedInAnswers, plantedInSubgraphs } from "./differential/planted.ts";
import { sizes } from "./differential/sizes.ts";
import type { GraphDefinition } from "./differential/world.ts";

const { operations, seed } = sizes;
const timeoutMs = 60_000 + operations * 300;

/** Runs until one fails; then shrinks it, and throws what is to be seen of the smallest. */
async function hold(arena: Arena, numRuns: number, judged: (operation: Operation) => Promise<readonly string[]>) {
  const property = fc.asyncProperty(arena.operations, async (operation) => (await judged(operation)).length === 0);
  const outcome = await fc.check(property, { numRuns, seed, endOnFailure: !sizes.shrinks });
  if (!outcome.failed) return;
  const [smallest] = outcome.counterexample ?? [];
  if (!smallest) throw outcome.errorInstance ?? new Error("failed without a counterexample");
  throw new Error(`seed ${seed}, ${await report(arena, smallest, await judged(smallest))}`, {
    cause: outcome.errorInstance,
  });
}

const opened = new Map<string, Promise<Arena>>();

/** One over each graph, however many tests want it. */
function arenaOver(definition: GraphDefinition): Promise<Arena> {
  const arena = opened.get(definition.name) ?? openArena(definition);
  opened.set(definition.name, arena);
  return arena;
}

afterAll(async () => {
  for (const arena of opened.values()) await (await arena).close();
});

describe.each(graphs.map((each) => [each.name, each] as const))("over %s", (_name, definition) => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await arenaOver(definition);
  }, timeoutMs);

  test(
    "every answer is the monolith's, and the reference's where that is right",
    async () => {
      const tally = newTally();
      await hold(arena, operations, (operation) => judge(arena, operation, tally));
      expect(tally.compared).toBeGreaterThan(operations * 0.95);
      console.log(line(definition.name, tally));
    },
    timeoutMs,
  );

  test(
    "with a subgraph down, what it alone gives is null with an error, and all else is as it was",
    async () => {
      for (const subgraph of Object.keys(definition.subgraphs)) {
        arena.subgraphs.down.add(subgraph);
        await hold(arena, Math.ceil(operations / 10), (operation) => outages(arena, operation, subgraph));
        arena.subgraphs.down.delete(subgraph);
      }
    },
    timeoutMs,
  );
});

describe("what generated operations once found", () => {
  test.each([
    [
      "media",
      "one response key for different fields of types that an interface object's subgraph cannot tell apart",
      "{ media { ... on Song { taken: key score } ... on Book { taken: blurb } } }",
    ],
    [
      "media",
      "the same with different arguments",
      "{ media { ... on Song { x: score(scale: 3) } ... on Book { x: score(scale: 7) } } }",
    ],
    ["hops", "a type's name beside a field that requires another", "{ thing { fourOf __typename } }"],
  ])("is right over %s: %s", async (name, _title, text) => {
    const definition = graphs.find((each) => each.name === name) as GraphDefinition;
    const operation = { document: parse(text), variables: {}, operationName: null };
    expect(await judge(await arenaOver(definition), operation, newTally())).toEqual([]);
  });
});

describe("of an entity at two places, each told of by another subgraph, one place stays whole", () => {
  const selected = { first: "name price", second: "name stock" };
  const told = { first: { name: "name a", price: 10 }, second: { name: "name a", stock: 20 } };
  // A null price may not be: it takes the item with it.
  const lost = { first: null, second: { name: null, stock: null } };

  test.each([
    ["first", "second", "first"],
    ["first", "second", "second"],
    ["second", "first", "first"],
    ["second", "first", "second"],
  ] as const)("when %s tells of the left one, %s of the right one, and %s is down", async (left, right, down) => {
    const arena = await arenaOver(doubles);
    const text = `{ pair { left { ${selected[left]} } right { ${selected[right]} } } }`;
    arena.subgraphs.down.add(down);
    const asked = arena.ask({ document: parse(text), variables: {}, operationName: null });
    const { data } = await asked.finally(() => arena.subgraphs.down.delete(down));
    const seen = (subgraph: "first" | "second") => (subgraph === down ? lost : told)[subgraph];
    expect(data).toEqual({ pair: { left: seen(left), right: seen(right) } });
  });
});

function line(name: string, { compared, failing, refused, withReference, faults }: Tally): string {
  const excluded = [...faults].map(([fault, count]) => `${count} ${fault}`).join(", ");
  return (
    `result: ${name}: ${compared} operations compared with the monolith (${failing} with failures; ${refused} refused ` +
    `by limits), ${withReference} with the reference; reference wrong in: ${excluded || "none"}`
  );
}

describe("a fault that is planted", () => {
  let arena: Arena;
  let sampled: readonly Operation[];
  beforeAll(async () => {
    arena = await arenaOver(tree);
    sampled = fc.sample(arena.operations, { numRuns: 200, seed });
  }, timeoutMs);

  test.each(plantedInAnswers)("in an answer is seen: %s", async (_title, spoil) => {
    let places = 0;
    for (const operation of sampled) {
      const right = asSent(await arena.monolith.answer(operation));
      const spoilt = spoil(right);
      if (!spoilt) continue;
      const failures = await arena.monolith.failures(operation);
      // Under a null that came up, the next element may fail as well.
      const isRightToo = failures.some((each) => JSON.stringify(each) === JSON.stringify(spoilt.errors?.[0]?.path));
      if (spoilt.data === right.data && isRightToo) continue;
      places++;
      expect(differences(right, spoilt, failures)).not.toEqual([]);
    }
    expect(places).toBeGreaterThan(0);
  });

  test.each(plantedInSubgraphs)("in a subgraph's answers is seen: %s", async (_title, spoil) => {
    arena.subgraphs.meddle = (request, answer) => spoil(request, answer as EntityAnswer);
    const tally = newTally();
    let isSeen = false;
    for (const operation of sampled) {
      isSeen = (await judge(arena, operation, tally)).length > 0;
      if (isSeen) break;
    }
    arena.subgraphs.meddle = null;
    expect(isSeen).toBe(true);
  });
});
