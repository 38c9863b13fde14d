/**
 * The agencies' sources as this gateway knows them: what they announce, how it gets here, and what is kept of their
 * answers for as long as they are heard.
 */
import { randomUUID } from "node:crypto";
import { type Cached, cached } from "./cache/entity-cache.ts";
import { type Feeds, openFeeds } from "./cache/feeds.ts";
import { type CarrierClock, type Receive, type ReceiveSettings, receiver } from "./cache/receive.ts";
import { readRedisAddress } from "./cache/redis-address.ts";
import { randomCacheKeys, readCacheKeys } from "./cache/seal.ts";
import type { Config } from "./config.ts";
import { freshnessOf, type SourceFreshness } from "./freshness.ts";
import type { Changes } from "./http/internal.ts";
import type { TraitsOf } from "./subgraph/subgraphs-file.ts";
import type { Watch } from "./subgraph/watch.ts";
import type { Telemetry } from "./telemetry.ts";

export type Sources = {
  readonly layer: Cached;
  readonly feeds: Feeds;
  /** For what is posted; null: they announce through Redis. */
  readonly changes: Changes | null;
  /** Hands on to the other gateways what all of them must know. Alone, there is nobody. */
  readonly passOn: (text: string) => void;
  /** From now on it is heard what comes through Redis; `listener` gets what other gateways pass on. */
  readonly listen: (listener: (text: string) => void) => void;
  /** How they stand at this moment; later to be asked about those behind some subgraphs: a list that never changes. */
  standing(): (subgraphs: readonly string[]) => readonly SourceFreshness[];
  close(): void;
};

export type SourcesSettings = {
  readonly keysOf: ReceiveSettings["keysOf"];
  readonly traitsOf: TraitsOf;
  readonly watch: Watch;
};

/** Without a heartbeat for so long nothing that is kept of a source is served. */
const leaseMs = 2000;
/** Of the cache's memory: for what is put together from answers in it, and not for those. */
export const keptRunsShare = 0.25;

export async function openSources(
  config: Config,
  telemetry: Telemetry,
  { keysOf, traitsOf, watch }: SourcesSettings,
): Promise<Sources> {
  const feeds = openFeeds({ leaseMs, now: watch.now });
  const address = readRedisAddress(config.redis);
  // Without keys of its own, what this process writes is for itself alone.
  const keys = readCacheKeys({ keys: config.cacheKeys, file: config.cacheKeysFile }) ?? randomCacheKeys();
  // Its client takes a twentieth of a second to load.
  const redis =
    address &&
    (await import("./cache/through-redis.ts")).throughRedis({ address, keys, now: watch.now, events: telemetry });
  const receive = receiver({
    feeds,
    keysOf,
    systemsOf: (subgraph) => traitsOf(subgraph).systems,
    onRefused: telemetry.announcementRefused,
  });
  telemetry.watchSources(() => new Map(feeds.standing().map(({ feed, isLive }) => [feed, isLive])));
  const layer = cached({
    isCommon: (subgraph) => traitsOf(subgraph).fetches === "common",
    feeds,
    maxBytes: config.cacheMaxBytes * (1 - keptRunsShare),
    far: redis?.far ?? null,
    watch,
    random: Math.random,
    onLookup: ({ subgraph, hits, misses, far }) =>
      telemetry.cacheLookedUp({ subgraph, found: { memory: hits - far, redis: far, nowhere: misses } }),
    onFault: telemetry.faultCaught,
  });
  const take = taking(receive, telemetry);
  return {
    layer,
    feeds,
    changes: redis ? null : posted(take, watch),
    passOn: redis?.relay.pass ?? (() => {}),
    listen(listener) {
      redis?.listen((envelope, clock) => {
        const text = redis.relay.open(envelope);
        if (text === undefined) take(envelope, clock);
        else if (text === null) telemetry.announcementRefused({ subgraph: null, reason: "forged" });
        else listener(text);
      });
    },
    standing: standings(feeds, traitsOf),
    close() {
      redis?.close();
    },
  };
}

/** Worked out once for what is asked again and again while nothing of it has changed. */
function standings(feeds: Feeds, traitsOf: TraitsOf): Sources["standing"] {
  let last: { readonly revision: number; readonly of: ReturnType<Sources["standing"]> } | null = null;
  const read = (): ReturnType<Sources["standing"]> => {
    const byFeed = new Map(
      feeds.standing().map((each) => [each.feed, { ...each, position: feeds.position(each.feed) }]),
    );
    const known = new WeakMap<readonly string[], readonly SourceFreshness[]>();
    return (subgraphs) => {
      let all = known.get(subgraphs);
      if (all === undefined) {
        all = subgraphs.flatMap((subgraph) => {
          const { systems, lagMs } = traitsOf(subgraph);
          return systems.map((system) => freshnessOf(system, byFeed.get(system), lagMs[system]));
        });
        known.set(subgraphs, all);
      }
      return all;
    };
  };
  return () => {
    const revision = feeds.revision();
    if (last?.revision !== revision) last = { revision, of: read() };
    return last.of;
  };
}

/** Gives each message to the feeds, and counts it. */
function taking(receive: Receive, { announced }: Telemetry) {
  return (envelope: unknown, clock: CarrierClock): ReturnType<Changes["receive"]> => {
    const outcome = receive(envelope, clock);
    switch (outcome) {
      case "applied":
      case "duplicate":
      case "flushed":
        announced(outcome);
        return "taken";
      case "malformed":
        return "malformed";
      default:
        return "untrusted";
    }
  };
}

/** Changes come by HTTP: heartbeats are measured on this gateway's own clock. */
function posted(take: ReturnType<typeof taking>, { now }: Watch): Changes {
  const id = randomUUID();
  const clock = () => ({ id, now: now() });
  return { clock, receive: (body) => take(body, clock()) };
}
