/** Subscriptions of one gateway: what feeds announce comes in, and whoever subscribed is told. */
import { performance } from "node:perf_hooks";
import type { FeedMessage } from "../cache/message.ts";
import type { Subscribe } from "../handle.ts";
import type { Supergraph } from "../supergraph/supergraph.ts";
import { eventIds } from "./event-id.ts";
import { type HubEvents, type HubSettings, openHub } from "./hub.ts";

/** What is needed of the gateway's feeds (cache/feeds.ts). */
export type AlertFeeds = {
  readonly onChange: (listener: (message: FeedMessage) => void) => () => void;
  /** By source: whether it is known to be heard in time. */
  readonly standing?: () => readonly { readonly feed: string; readonly isLive: boolean }[];
};

export type SubscriptionsSettings = {
  readonly current: () => Supergraph;
  readonly feeds: AlertFeeds;
  /** Sessions that are taken back end at once. */
  readonly onRevoked?: (listener: () => void) => () => void;
  readonly events: HubEvents;
  readonly limits?: Partial<
    Omit<HubSettings, "current" | "ids" | "events" | "now"> & { readonly tickMs: number; readonly standingMs: number }
  >;
};

export type Subscriptions = {
  readonly subscribe: Subscribe;
  readonly size: ReturnType<typeof openHub>["size"];
  /** Resolves when what has come in is settled. */
  readonly settled: () => Promise<void>;
  /** Ends every stream: whoever was told something resumes elsewhere. To be called before the listeners close. */
  close(): void;
};

const defaults = {
  retentionMs: 10 * 60_000,
  maxEntries: 100_000,
  maxSubscribers: 20_000,
  maxQueued: 256,
  maxEvaluations: 32,
  evaluateMs: 5_000,
  retryMs: 1_000,
  tickMs: 500,
  standingMs: 1_000,
};

export function openSubscriptions(settings: SubscriptionsSettings): Subscriptions {
  const { current, feeds, events, onRevoked } = settings;
  const { tickMs, standingMs, ...limits } = { ...defaults, ...settings.limits };
  const hub = openHub({ current, events, ids: eventIds(), now: () => performance.now(), ...limits });
  const ends = [feeds.onChange(hub.take)];
  if (onRevoked) ends.push(onRevoked(hub.tick));
  every(tickMs, hub.tick);
  if (feeds.standing) every(standingMs, standingWatch(feeds.standing, hub.standing));

  function every(ms: number, run: () => void): void {
    const guarded = () => {
      try {
        run();
      } catch (error) {
        events.faultCaught(error);
      }
    };
    const timer = setInterval(guarded, ms).unref();
    ends.push(() => clearInterval(timer));
  }

  return {
    subscribe: hub.subscribe,
    size: hub.size,
    settled: hub.settled,
    close() {
      for (const end of ends) end();
      hub.endAll("SHUTTING_DOWN");
    },
  };
}

/** Tells when a system that was heard is no longer, and when it is again. Of one never heard nothing was promised. */
function standingWatch(
  standing: NonNullable<AlertFeeds["standing"]>,
  tell: (system: string, isLive: boolean) => void,
): () => void {
  const before = new Map<string, boolean>();
  return () => {
    for (const { feed, isLive } of standing()) {
      const was = before.get(feed);
      if (was === undefined ? isLive : was !== isLive) before.set(feed, isLive);
      if (was !== undefined && was !== isLive) tell(feed, isLive);
    }
  };
}
