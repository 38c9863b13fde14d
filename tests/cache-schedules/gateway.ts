/** One gateway of several: the layers as they stand in gateway.ts, on a clock with an origin of its own. */
import { cached } from "../../gateway/cache/entity-cache.ts";
import type { FarTier } from "../../gateway/cache/entry.ts";
import { type Feeds, openFeeds } from "../../gateway/cache/feeds.ts";
import type { SubgraphCall } from "../../gateway/subgraph/call.ts";
import { deduped } from "../../gateway/subgraph/dedupe.ts";
import type { Chance } from "./chance.ts";
import { openVirtualWatch, type Timeline } from "./timeline.ts";

export type Gateway = {
  readonly index: number;
  readonly feeds: Feeds;
  readonly call: SubgraphCall;
  /** On its own clock. */
  now(): number;
  /** Something arrives from outside: at once, or when it goes on again. `stream`: in the order of its own kind. */
  deliver(arrive: () => void, isOfStream?: boolean): void;
  pause(): void;
  resume(): void;
  /** On virtual time, and not while it stands still. */
  look(): void;
  /** It ends: nothing reaches it any more. */
  end(): void;
  readonly counts: { hits: number; misses: number; far: number };
};

export type GatewaySettings = {
  readonly index: number;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly leaseMs: number;
  readonly maxTags: number;
  readonly maxBytes: number;
  readonly far: ((deliver: Gateway["deliver"]) => FarTier) | null;
  /** The subgraph, as this gateway reaches it. */
  readonly upstream: (deliver: Gateway["deliver"]) => SubgraphCall;
  readonly onFault: (error: unknown) => void;
};

export function openGateway(settings: GatewaySettings): Gateway {
  const { index, timeline, chance, leaseMs, maxTags, maxBytes, onFault } = settings;
  const origin = chance.between(-1_000_000, 1_000_000);
  const now = () => timeline.now() + origin;
  const watch = openVirtualWatch(now);
  const feeds = openFeeds({ leaseMs, now, maxTags, random: chance.number });
  const counts = { hits: 0, misses: 0, far: 0 };
  const waiting: { readonly arrive: () => void; readonly isOfStream: boolean }[] = [];
  let stands = false;
  let isEnded = false;
  const deliver = (arrive: () => void, isOfStream = false): void => {
    if (isEnded) return;
    if (stands) waiting.push({ arrive, isOfStream });
    else arrive();
  };
  const upstream = settings.upstream(deliver);
  const layer = cached({
    isCommon: () => true,
    feeds,
    maxBytes,
    far: settings.far?.(deliver) ?? null,
    watch,
    random: chance.number,
    onFault,
    onLookup({ hits, misses, far }) {
      counts.hits += hits;
      counts.misses += misses;
      counts.far += far;
    },
  });
  const asked = layer(deduped({ isCommon: () => true, watch })(upstream));
  // As the engine does it.
  const call: SubgraphCall = (request) => {
    const kept = layer.atHand(request);
    return kept === null ? asked(request) : Promise.resolve(kept);
  };
  return {
    index,
    feeds,
    call,
    now,
    deliver,
    counts,
    pause() {
      stands = true;
    },
    resume() {
      stands = false;
      // What came meanwhile is read in any order, but for what one connection brings in one.
      while (waiting.length > 0 && !isEnded) {
        const at = chance.between(0, waiting.length - 1);
        const first = waiting[at]?.isOfStream ? waiting.findIndex(({ isOfStream }) => isOfStream) : at;
        waiting.splice(first, 1)[0]?.arrive();
      }
    },
    look() {
      if (!stands && !isEnded) watch.look();
    },
    end() {
      isEnded = true;
      waiting.length = 0;
      watch.close();
    },
  };
}
