/** Everything that one schedule has, put together out of its seed: no more than what several of its parts need. */
import { type Chance, chanceOf } from "./chance.ts";
import { openFar, type SharedFar } from "./far.ts";
import { type Gateway, openGateway } from "./gateway.ts";
import { type Model, openModel } from "./model.ts";
import { openSource, type Source } from "./source.ts";
import { openSubgraph } from "./subgraph.ts";
import { openTimeline, type Timeline } from "./timeline.ts";

export const leaseMs = 2000;

/**
 * How messages come. `stream`: in order, late, some twice, kept for who starts anew; `loose`: late, lost, twice, in any
 * order. `calm`: at once, and nothing befalls anybody.
 */
export type Weather = "calm" | "stream" | "loose";

export type World = {
  readonly chance: Chance;
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly names: readonly string[];
  readonly sources: readonly Source[];
  readonly model: Model;
  readonly far: SharedFar | null;
  /** By place; one that is started anew takes the place of the one before. */
  readonly gateways: Gateway[];
  /**
   * Whether those who watch are put back to an earlier copy. Never where a carrier loses messages too: no feed can survive
   * both unseen.
   */
  readonly putsBack: boolean;
  readonly violations: string[];
  /** Of those that ended, and of those that have not when they are asked for. */
  lookups(): { readonly hits: number; readonly misses: number; readonly far: number };
  startAnew(place: number): Gateway;
  count(what: string): void;
  readonly happened: ReadonlyMap<string, number>;
  upstreamCalls(): number;
};

export function openWorld(seed: number): World {
  const chance = chanceOf(seed);
  const timeline = openTimeline();
  const weather = chance.pick(["calm", "stream", "stream", "loose", "loose"] as const);
  const names = chance.is(0.5) ? ["CASE", "EID"] : ["CASE"];
  const sources = names.map((name) => openSource(name, timeline, chance));
  const violations: string[] = [];
  const happened = new Map<string, number>();
  const ended = { hits: 0, misses: 0, far: 0 };
  let upstreamCalls = 0;
  const onCall = () => {
    upstreamCalls += 1;
  };
  const upstream = openSubgraph({ sources, timeline, chance, failing: weather === "calm" ? 0 : 0.04, onCall });
  const far = chance.is(0.8) ? openFar(timeline, chance) : null;
  const bounds = { maxTags: chance.is(0.3) ? 2 : 1000, maxBytes: chance.is(0.2) ? 3000 : 1_000_000 };
  const onFault = (error: unknown) => violations.push(`the cache failed: ${String(error)}`);
  const start = (index: number): Gateway =>
    openGateway({ index, timeline, chance, leaseMs, ...bounds, far: far?.door ?? null, upstream, onFault });
  const gateways = Array.from({ length: chance.between(2, 3) }, (_, index) => start(index));
  const model = openModel(sources, leaseMs);
  const add = (sum: typeof ended, { counts }: Gateway) => ({
    hits: sum.hits + counts.hits,
    misses: sum.misses + counts.misses,
    far: sum.far + counts.far,
  });
  return {
    chance,
    timeline,
    weather,
    names,
    sources,
    model,
    far,
    gateways,
    putsBack: weather === "stream" && chance.is(0.3),
    violations,
    lookups: () => gateways.reduce(add, ended),
    startAnew(place) {
      const old = gateways[place] as Gateway;
      Object.assign(ended, add(ended, old));
      old.end();
      model.forget(place);
      const anew = start(place);
      gateways[place] = anew;
      return anew;
    },
    count: (what) => void happened.set(what, (happened.get(what) ?? 0) + 1),
    happened,
    upstreamCalls: () => upstreamCalls,
  };
}
