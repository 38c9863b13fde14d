/**
 * The layer that keeps what common subgraphs answer, entity by entity: memory, then the far tier, then one call for
 * whatever is missing. What is kept is served only while the feeds say that it holds (feeds.ts), asked at the moment of
 * serving. Wherever the cache itself is at fault, the subgraph is asked as if there were none.
 */
import {
  type AtHand,
  type Layer,
  type Reads,
  type SubgraphAnswer,
  SubgraphFailure,
  type SubgraphRequest,
} from "../subgraph/call.ts";
import type { Watch } from "../subgraph/watch.ts";
import { askAnew, askMissing, type Cache } from "./ask-missing.ts";
import { heldOf, type Look, type Lookup, lookUp, wholeOf } from "./at-hand.ts";
import type { FarTier } from "./entry.ts";
import type { Feeds } from "./feeds.ts";
import { openFills } from "./fills.ts";
import { openKeys } from "./key.ts";
import { openMemoryTier } from "./memory-tier.ts";

export type CacheSettings = {
  /** Whether a subgraph's answers are the same whoever asks. */
  readonly isCommon: (subgraph: string) => boolean;
  readonly feeds: Feeds;
  /** Of the memory tier. */
  readonly maxBytes: number;
  readonly far: FarTier | null;
  readonly watch: Watch;
  /** From 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly onLookup?: (about: Lookup) => void;
  /** The cache failed, and the subgraph was asked without it. */
  readonly onFault?: (error: unknown) => void;
};

/** A layer; and, in front of all layers, what it has whole in memory. */
export type Cached = Layer & { readonly atHand: AtHand };

export function cached(settings: CacheSettings): Cached {
  const { isCommon, watch, maxBytes, onFault = () => {}, onLookup = () => {} } = settings;
  const { now } = watch;
  const memory = openMemoryTier({ maxBytes, now });
  const cache: Cache = { ...settings, now, memory, keys: openKeys(), fills: openFills(), onFault, onLookup };
  const layer: Layer = (next) => (request) => {
    const { reads, subgraph } = request;
    if (reads === undefined || !isKeepable(request, reads) || !isCommon(subgraph)) return next(asWanted(request));
    const pastCache = (error: unknown): Promise<SubgraphAnswer> => {
      onFault(error);
      return next(asWanted(request));
    };
    try {
      if (!mayTakeKept(cache.feeds, request, reads)) return askAnew(cache, next, request, reads);
      const looks = reads.parts.map((part) => lookUp(cache, subgraph, part));
      if (looks.some(({ missing }) => missing > 0))
        return askMissing(cache, next, request, reads, looks).catch((error: unknown) => {
          if (error instanceof SubgraphFailure) throw error;
          return pastCache(error);
        });
      return Promise.resolve(wholeOf(cache, subgraph, reads, looks));
    } catch (error) {
      return pastCache(error);
    }
  };
  const atHand = (request: Parameters<AtHand>[0]): SubgraphAnswer | null => {
    const { reads, subgraph } = request;
    if (reads === undefined || !isKeepable(request, reads) || !isCommon(subgraph)) return null;
    try {
      if (!mayTakeKept(cache.feeds, request, reads)) return null;
      const looks: Look[] = [];
      for (const part of reads.parts) {
        const look = lookUp(cache, subgraph, part);
        if (look.missing > 0) return null;
        looks.push(look);
      }
      return { ...wholeOf(cache, subgraph, reads, looks), hold: () => heldOf(cache, subgraph, looks) };
    } catch (error) {
      onFault(error);
      return null;
    }
  };
  // Both only ever grow.
  const turn = () => cache.feeds.turn() + cache.memory.losses();
  return Object.assign(layer, { atHand: Object.assign(atHand, { turn }) });
}

/** A root's answer is all of the data: it stands alone in its request. */
function isKeepable({ kind, caller }: Parameters<AtHand>[0], { parts }: Reads): boolean {
  return kind === "query" && caller === undefined && (parts.length === 1 || parts.every(({ alias }) => alias !== null));
}

/** False: only what is read from now on will do. */
function mayTakeKept(feeds: Feeds, { mayJoin, freshness }: Parameters<AtHand>[0], { parts }: Reads): boolean {
  if (!mayJoin) return false;
  if (isAnyAsFresh(freshness)) return true;
  return parts.every(({ question: { lifetime } }) => lifetime !== null && feeds.isFresh(lifetime.feeds, freshness));
}

/** Past the cache: who wants it fresher than it is kept joins nobody. */
function asWanted(request: SubgraphRequest): SubgraphRequest {
  return isAnyAsFresh(request.freshness) ? request : { ...request, mayJoin: false };
}

function isAnyAsFresh(freshness: SubgraphRequest["freshness"]): freshness is undefined {
  return freshness === undefined || (freshness.maxAgeMs === null && freshness.atLeast.size === 0);
}
