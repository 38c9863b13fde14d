/**
 * The same operations by the same callers, of a gateway that keeps what it is answered and of one that asks each time: the
 * same data and the same errors, to the byte, whoever asked before; and of what only one caller may see, nothing in any
 * byte that another is sent. T01, T02, T24. `PROOF_CACHED=200` asks for as many operations, each by twenty callers.
 */
import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { composeSupergraph } from "../schema/compose.ts";
import { aNumbersOf, deeds, isDone } from "./acts.ts";
import { drawSeeded } from "./differential/draw.ts";
import { type KeptAndAsked, lookUps, startKeptAndAsked } from "./kept-and-asked.ts";
import { startRedisServer, testWithRedisServer } from "./redis-servers.ts";
import { type Asker, readAskers } from "./reference/callers.ts";
import { readLabels } from "./reference/labels.ts";
import { type Generated, operationsAbout, shown, textOf } from "./reference/operations.ts";
import { finsOf, poolsOf, population } from "./reference/persons.ts";
import { openReadings } from "./reference/readings.ts";
import { startSubgraphs } from "./systems.ts";

const count = Number(process.env.PROOF_CACHED ?? 5);
const seed = Number(process.env.PROOF_SEED ?? 20_261_019);
const callersCount = 20;
const timeoutMs = 180_000 + count * 15_000;

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

type Asked = { readonly generated: Generated; readonly asker: Asker };
type Told = { readonly body: string; readonly bytes: string };

async function ask(url: string, asked: Asked): Promise<Told> {
  const { operation } = asked.generated;
  const { asker } = asked;
  const { variables, operationName } = operation;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...asker.headers },
    body: JSON.stringify({ query: textOf(operation), variables, operationName }),
  });
  const text = await response.text();
  const { extensions: _, ...rest } = JSON.parse(text);
  // Told to ask again, as on a busy machine anybody may be.
  if (response.status === 503) return ask(url, asked);
  const headers = [...response.headers].map((each) => each.join(": "));
  return { body: `${response.status} ${JSON.stringify(rest)}`, bytes: `${headers.join("\n")}\n${text}` };
}

/** In an order of their own, some at once. */
async function askAll(url: string, all: readonly Asked[], order: number, atOnce = 10): Promise<Map<Asked, Told>> {
  const draw = drawSeeded(order);
  const waiting = [...all].map((each) => [draw.below(2 ** 30), each] as const).sort(([a], [b]) => a - b);
  const told = new Map<Asked, Told>();
  const next = async () => {
    for (let one = waiting.pop(); one; one = waiting.pop()) told.set(one[1], await ask(url, one[1]));
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return told;
}

/** Who asks what: each of the operations is asked by every caller. */
async function drawn(graph: KeptAndAsked): Promise<readonly Asked[]> {
  const open = await startSubgraphs(graph.mocks.urls);
  const pools = await poolsOf(openReadings(open.urls, readLabels()), finsOf(graph.mocks.world, seed, 10));
  await open.close();
  const operations = fc.sample(operationsAbout(composeSupergraph().apiSchema, pools), { numRuns: count, seed });
  const draw = drawSeeded(seed);
  const askers = (await readAskers()).map((each) => [draw.below(2 ** 30), each] as const).sort(([a], [b]) => a - b);
  const some = askers.slice(0, callersCount).map(([, each]) => each);
  return operations.flatMap((generated) => some.map((asker) => ({ generated, asker })));
}

function wrong(expected: Map<Asked, Told>, given: Map<Asked, Told>): readonly string[] {
  return [...expected].flatMap(([asked, { body }]) => {
    const other = given.get(asked)?.body;
    return other === body
      ? []
      : [`as ${asked.asker.name}: ${other}\nright: ${body}\n${shown(asked.generated.operation)}`];
  });
}

/** Texts that one caller alone was given by the gateway that keeps nothing, with whose they are. */
function canariesIn(told: Map<Asked, Told>): ReadonlyMap<string, string> {
  const owners = new Map<string, string | null>();
  for (const [{ asker }, { bytes }] of told)
    for (const [text] of bytes.matchAll(/"(?:[^"\\]|\\.)*"/g))
      owners.set(text, !owners.has(text) || owners.get(text) === asker.name ? asker.name : null);
  // How fresh a source is says an instant to everybody; what is short says nothing of anybody.
  const isCommon = (text: string) => text.length < 6 || /^"\d{4}-\d\d-\d\dT[\d:]+Z"$/.test(text);
  return new Map([...owners].filter((each): each is [string, string] => each[1] !== null && !isCommon(each[0])));
}

/** Canaries in what others were sent, without the values themselves. */
function leaks(canaries: ReadonlyMap<string, string>, given: Map<Asked, Told>): readonly string[] {
  return [...given].flatMap(([{ asker }, { bytes }]) =>
    [...canaries]
      .filter(([value, owner]) => owner !== asker.name && bytes.includes(value))
      .map(([, owner]) => `what ${owner} alone may see was sent to ${asker.name}`),
  );
}

async function prove(graph: KeptAndAsked, isRestarted: boolean): Promise<void> {
  await graph.atRest();
  const all = await drawn(graph);
  let compared = 0;
  let canaryCount = 0;
  const compare = async (state: string, orders: readonly number[]) => {
    const expected = await askAll(graph.askedUrl, all, 1);
    const canaries = canariesIn(expected);
    canaryCount += canaries.size;
    for (const order of orders) {
      const before = await lookUps(graph.internalUrl());
      const given = await askAll(graph.url(), all, order);
      const after = await lookUps(graph.internalUrl());
      expect({ state, wrong: wrong(expected, given).slice(0, 3) }).toEqual({ state, wrong: [] });
      expect({ state, leaks: leaks(canaries, given) }).toEqual({ state, leaks: [] });
      compared += given.size;
      const found = (["memory", "redis", "nowhere"] as const).map((each) => `${after[each] - before[each]} ${each}`);
      console.log(
        `result: ${state}: ${given.size} answers equal, 0 canaries of ${canaries.size}; looked up: ${found.join(", ")}`,
      );
      if (state !== "cold") expect(after.memory + after.redis).toBeGreaterThan(before.memory + before.redis);
    }
    return expected;
  };
  const first = await compare("cold", [2]);
  expect([...first.values()].filter(({ body }) => body.startsWith('200 {"data":{"')).length).toBeGreaterThan(
    all.length / 20,
  );
  await compare("hot", [3]);
  if (isRestarted) {
    await graph.restart();
    await graph.atRest();
    const before = await lookUps(graph.internalUrl());
    await compare("restarted, with what Redis has", [4]);
    expect((await lookUps(graph.internalUrl())).redis).toBeGreaterThan(before.redis);
  }
  let done = 0;
  for (const file of graph.mocks.world.persons()) {
    const [aNumber] = aNumbersOf(file);
    if (
      aNumber === undefined ||
      !all.some((each) => JSON.stringify(each.generated.operation.variables).includes(file.ident[0]?.fin ?? "?"))
    )
      continue;
    for (const deed of deeds) if (await isDone(graph.mocks, deed, aNumber)) done += 1;
  }
  expect(done).toBeGreaterThan(0);
  await graph.atRest();
  const changed = await compare(`after ${done} acts`, [5, 6]);
  expect([...changed].filter(([asked, { body }]) => first.get(asked)?.body !== body).length).toBeGreaterThan(0);
  expect(canaryCount).toBeGreaterThan(0);
  console.log(`result: ${compared} answers to ${callersCount} callers, 0 different, 0 canaries in another's bytes`);
}

describe("T01, T02: with what is kept, every caller is answered as by the subgraphs themselves", () => {
  // The other says the same of more, where there is a Redis: both take their time.
  const isToRun = process.env.PROOF_CACHED !== undefined || testWithRedisServer === test.skip;
  (isToRun ? test : () => undefined)(
    "cold, hot and after changes, announced by HTTP",
    async () => {
      const graph = await startKeptAndAsked({ population });
      toClose.push(graph.close);
      await prove(graph, false);
    },
    timeoutMs,
  );

  testWithRedisServer(
    "also after a restart of the gateway with a warm Redis, and announced through it",
    async () => {
      const redis = await startRedisServer();
      toClose.push(redis.close);
      const graph = await startKeptAndAsked({ population, redisUrl: redis.url });
      toClose.push(graph.close);
      await prove(graph, true);
    },
    timeoutMs,
  );
});
