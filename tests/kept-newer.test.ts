/** What is put together from memory is no older than what memory has by now. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ExecutedCall } from "../gateway/subgraph/call.ts";
import { lifetimeNode, ownCache, withLifetimes } from "./differential/kept.ts";
import { type GuardedGraph, person, rightsOf, startGuardedGraph, type World } from "./guarded-graph.ts";

const world = (name: string): World => ({ persons: [person("FIN001", { name })], cases: [] });
const everywhere = (sdl: string): string =>
  withLifetimes(sdl, { ofType: () => [], ofField: () => [lifetimeNode(60, "one")] });

let graph: GuardedGraph;
let own: ReturnType<typeof ownCache>;
beforeAll(async () => {
  const around = (call: ExecutedCall) => {
    own = ownCache(call);
    return own.call;
  };
  graph = await startGuardedGraph(world("before"), { isCommon: true, edit: everywhere, around });
}, 60_000);
afterAll(async () => {
  own?.close();
  await graph?.close();
});

const rights = rightsOf({});
const fromTheSource = { maxAgeMs: 0, atLeast: new Map() };

test("whoever has seen it from the source itself is not shown the older one afterwards", async () => {
  const query = '{ person(fin: "FIN001") { name } }';
  const seen = async (freshness?: typeof fromTheSource) =>
    ((await graph.ask(query, rights, freshness ? { freshness } : {})).data as { person: { name: string } }).person.name;
  for (let at = 0; at < 3; at++) expect(await seen()).toBe("before");
  // Its watcher has not noticed yet, or was told late.
  graph.world = world("after");
  expect(await seen()).toBe("before");
  expect(await seen(fromTheSource)).toBe("after");
  expect(await seen()).toBe("after");
});
