/** Who asks the gateways: what they ask, how patient they are, and what is made of their answers. */
import type { Freshness } from "../../gateway/subgraph/call.ts";
import type { Carrier } from "./carrier.ts";
import type { Gateway } from "./gateway.ts";
import type { Told } from "./model.ts";
import { aNumbers } from "./source.ts";
import { type AskedPart, readsOf } from "./subgraph.ts";
import { leaseMs, type World } from "./world.ts";

type Wish = { readonly freshness: Freshness; readonly atLeast: ReadonlyMap<string, number> };

/** One client asks one gateway; its answer is judged when it comes. */
export function ask(world: World, carrier: Carrier): void {
  const { chance, timeline, weather } = world;
  const gateway = chance.pick(world.gateways);
  const parts = drawParts(world);
  const wish = drawWish(world, carrier);
  const gone = new AbortController();
  if (weather !== "calm" && chance.is(0.05))
    timeline.in(chance.between(0, 100), () => gateway.deliver(() => gone.abort()));
  const patienceMs = weather === "calm" ? Infinity : chance.between(1000, 5000);
  world.count("read");
  gateway.deliver(() => begin(world, gateway, parts, wish, patienceMs, gone.signal));
}

function begin(
  { model, timeline, weather, violations, count }: World,
  gateway: Gateway,
  parts: readonly AskedPart[],
  { freshness, atLeast }: Wish,
  patienceMs: number,
  signal: AbortSignal,
): void {
  const at = timeline.now();
  const judge = model.begin({ gateway: gateway.index, at, maxAgeMs: freshness.maxAgeMs, atLeast });
  const reads = readsOf(parts);
  const isWished = freshness.maxAgeMs !== null || freshness.atLeast.size > 0;
  if (isWished) count("fresher");
  const answer = gateway.call({
    subgraph: "agency",
    url: "http://agency.test/",
    body: reads.bodyOf(parts.map((each) => each.aNumbers.map((_, index) => index))),
    kind: "query",
    mayJoin: true,
    deadline: gateway.now() + patienceMs,
    signal,
    reads,
    ...(isWished ? { freshness } : {}),
  });
  const blame = (what: string) => violations.push(`gateway ${gateway.index}, ${at} to ${timeline.now()}: ${what}`);
  answer.then(
    ({ body }) => {
      const { data, errors } = body as { readonly data: Record<string, unknown>; readonly errors?: unknown };
      if (errors !== undefined) return count("errors");
      for (const told of toldIn(parts, data)) {
        const wrong = judge(told);
        if (wrong !== null) blame(wrong);
      }
      count("answered");
    },
    ({ code }: { readonly code?: string }) => {
      if (weather === "calm") blame(`not answered (${code})`);
      count("rejected");
    },
  );
}

function toldIn(parts: readonly AskedPart[], data: Readonly<Record<string, unknown>>): readonly Told[] {
  return parts.flatMap(({ alias, sources, aNumbers: asked }) =>
    asked.flatMap((aNumber, index) => {
      const given = alias === null ? data : (data[alias] as readonly unknown[])[index];
      return sources.map((source) => ({ source, aNumber, answer: (given as Record<string, unknown>)[source] }));
    }),
  );
}

function drawParts({ chance, names }: World): readonly AskedPart[] {
  const sources = () => (names.length > 1 && chance.is(0.3) ? names : [chance.pick(names)]);
  if (chance.is(0.3)) return [{ alias: null, sources: sources(), aNumbers: [chance.pick(aNumbers)] }];
  return Array.from({ length: chance.between(1, 2) }, (_, nth) => ({
    alias: `_e${nth}`,
    sources: sources(),
    aNumbers: Array.from({ length: chance.between(1, 3) }, () => chance.pick(aNumbers)),
  }));
}

/** Some want it fresher than it is kept: by age, or by the token of a change that they know of. */
function drawWish({ chance, names, putsBack }: World, carrier: Carrier): Wish {
  const maxAgeMs = chance.is(0.1) ? chance.between(0, leaseMs) : null;
  // What is counted anew cannot be told from what was counted before by its number.
  const known = !putsBack && chance.is(0.1) ? carrier.latest(chance.pick(names)) : undefined;
  return {
    freshness: { maxAgeMs, atLeast: new Map(known ? [[known.message.source, known.message]] : []) },
    atLeast: new Map(known ? [[known.message.source, known.seen]] : []),
  };
}
