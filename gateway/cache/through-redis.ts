/** All that goes through Redis: entries beyond this process, announcements of changes, and what gateways pass on. */

import type { FarTier } from "./entry.ts";
import { openRedisFeed, type RedisFeedSettings } from "./feed-redis.ts";
import { openLinks } from "./redis.ts";
import type { RedisAddress } from "./redis-address.ts";
import { type Relay, relay } from "./relay.ts";
import type { CacheKeys } from "./seal.ts";
import { sealedTier } from "./sealed-tier.ts";

export type ThroughRedis = {
  readonly far: FarTier;
  readonly relay: Relay;
  /** Everything that is retained, and then what comes. */
  listen(onEnvelope: RedisFeedSettings["onEnvelope"]): void;
  close(): void;
};

export type ThroughRedisSettings = {
  readonly address: RedisAddress;
  readonly keys: CacheKeys;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly events: {
    readonly redisChanged: (link: string, state: "well" | "ill") => void;
    readonly entryDistrusted: () => void;
    readonly relayLost: () => void;
  };
};

export function throughRedis({ address, keys, now, events }: ThroughRedisSettings): ThroughRedis {
  const links = openLinks(address, events.redisChanged);
  const { entryDistrusted: onTampered, relayLost: onLost } = events;
  let stream: ReturnType<typeof openRedisFeed> | null = null;
  const passing = relay({ keys, append: async (envelope) => (await stream?.append(envelope)) ?? false, onLost });
  return {
    far: sealedTier({ ...links, keys, wallNow: Date.now, onTampered }),
    relay: passing,
    listen(onEnvelope) {
      stream ??= openRedisFeed({ ...links, onEnvelope, now });
    },
    close() {
      passing.close();
      stream?.close();
      links.close();
    },
  };
}
