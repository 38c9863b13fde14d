/**
 * What this gateway knows of each source's announcements, and so whether what was read of it may still be served.
 *
 * Why nothing stale is served. A source announces a change only after it can be read there, and numbers what it announces.
 * An entry has the number that was seen when its read BEGAN: had the read missed a change, that change's number would be
 * higher. So an entry whose tags have no change with a higher number is as good as one read now, wherever it was kept and
 * whoever read it; what cannot be known any more (a gap, too many tags, a new epoch) raises the floor above it. What has
 * not arrived yet is bounded by the lease: a heartbeat says which number the source had come to after it was checked, and
 * `since`, asked for before that check, on a clock of whoever carries the feed; whatever could be read in the source at
 * `since` has been applied here or flushed, however late the heartbeat arrives. No clocks are compared, nothing is written
 * to a tier when something changes, and epochs are random: no number is ever used twice.
 */
import type { Freshness } from "../subgraph/call.ts";
import type { Position } from "./entry.ts";
import type { About, FeedMessage } from "./message.ts";

/** `retired`: of an epoch that is over, or that is not shown to be newer than the one that holds. */
export type Received = "applied" | "duplicate" | "flushed" | "retired";

export type Standing = {
  readonly feed: string;
  readonly isLive: boolean;
  /** The instant up to which the source last vouched for what it holds. */
  readonly asOf: string | null;
  /** How long ago it was last checked. */
  readonly ageMs: number | null;
};

export type Feeds = {
  /** Where a read stands that begins now; null: the lease is over, or nothing was ever heard. */
  position(feed: string): Position | null;
  /** Whether what was read at this position, and depends on these tags, may be served now. */
  holds(position: Position, tags: readonly string[]): boolean;
  /** False: nothing that was read, or begun, before may answer this. */
  isFresh(feeds: readonly string[], freshness: Freshness): boolean;
  /** Another one whenever anything of these feeds changed, was flushed, or a lease ended or began. */
  generation(feeds: readonly string[]): string;
  /** `ageMs`: of the heartbeat's `since`, on its carrier's clock; null: that is another clock, or there is none. */
  receive(message: FeedMessage, ageMs: number | null): Received;
  /** Tells of every message that changed or flushed anything, after it did. A listener does not throw. */
  onChange(listener: (message: FeedMessage) => void): () => void;
  standing(): readonly Standing[];
  /** Another one whenever any of them may stand otherwise: something was received, or a lease has ended. */
  revision(): number;
  /** Another one whenever anything that held may hold no longer: a change, a flush, the end of a lease; a heartbeat is none. */
  turn(): number;
};

export type FeedSettings = {
  readonly leaseMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Of one feed, whose last change is remembered. */
  readonly maxTags?: number;
  /** From 0 to 1, as Math.random. */
  readonly random?: () => number;
};

type FeedState = {
  /** As the source says it. */
  epoch: string;
  /** Replaced with each change. Its epoch differs from the source's once that went or came back: nobody else has such a one. */
  position: Position;
  /** Entries of lower numbers are not served. */
  floor: number;
  /** By tag, the oldest first: the number of its last change. */
  readonly lastChanges: Map<string, number>;
  /** `since` of the latest heartbeat, on this gateway's clock. */
  checkedAt: number;
  /** The message that brought it: `since` of the same message is another instant here each time that it comes. */
  lastBeat: FeedMessage | null;
  leaseUntil: number;
  asOf: string | null;
  /** The oldest first. */
  readonly retired: Set<string>;
  /** Counts what makes a generation. */
  turns: number;
  /** As it was when leases were last looked at. */
  wasLive: boolean;
};

const maxRetired = 1000;
/** Without a lease, reads are still joined within such a slice of time. */
const slicesPerLease = 4;

export function openFeeds(settings: FeedSettings): Feeds {
  const { leaseMs, now, maxTags = 100_000, random = Math.random } = settings;
  const states = new Map<string, FeedState>();
  const listeners = new Set<(message: FeedMessage) => void>();
  let [revision, turn] = [0, 0];
  /** No lease begins or ends before. */
  let nextLookAt = Infinity;
  const lookAtLeases = (): void => {
    const instant = now();
    if (instant < nextLookAt) return;
    nextLookAt = Infinity;
    for (const state of states.values()) {
      const isLive = instant < state.leaseUntil;
      if (isLive !== state.wasLive) [revision, turn] = [revision + 1, turn + 1];
      state.wasLive = isLive;
      if (isLive && state.leaseUntil < nextLookAt) nextLookAt = state.leaseUntil;
    }
  };

  const tell = (message: FeedMessage): void => {
    for (const listener of listeners) listener(message);
  };

  return {
    position(feed) {
      const state = states.get(feed);
      return state !== undefined && now() < state.leaseUntil ? state.position : null;
    },

    holds(position, tags) {
      const state = states.get(position.feed);
      if (state === undefined || now() >= state.leaseUntil) return false;
      if (position.epoch !== state.position.epoch || position.seq < state.floor) return false;
      if (position.seq >= state.position.seq) return true;
      for (const tag of tags) if ((state.lastChanges.get(tag) ?? 0) > position.seq) return false;
      return true;
    },

    isFresh(feeds, { maxAgeMs, atLeast }) {
      return feeds.every((feed) => {
        const state = states.get(feed);
        if (maxAgeMs !== null && !(state !== undefined && now() - state.checkedAt < maxAgeMs)) return false;
        const wanted = atLeast.get(feed);
        if (wanted === undefined) return true;
        return state !== undefined && wanted.epoch === state.position.epoch && wanted.seq <= state.position.seq;
      });
    },

    generation(feeds) {
      const slice = Math.floor((now() * slicesPerLease) / leaseMs);
      return feeds
        .map((feed) => {
          const state = states.get(feed);
          const turns = state?.turns ?? 0;
          return state !== undefined && now() < state.leaseUntil ? turns : `${turns}~${slice}`;
        })
        .join(" ");
    },

    receive(message, givenAgeMs) {
      // A clock that went back says nothing about when.
      const ageMs = message.heartbeat !== null && givenAgeMs !== null && givenAgeMs >= 0 ? givenAgeMs : null;
      const checkedAt = ageMs === null ? null : now() - ageMs;
      const known = states.get(message.source);
      const state = known ?? newState(message);
      if (known === undefined) states.set(message.source, state);
      const received = known === undefined ? "flushed" : apply(state, message, checkedAt, { maxTags, random, now });
      if (received === "duplicate" || received === "retired") return received;
      revision += 1;
      if (received !== "heartbeat") turn += 1;
      nextLookAt = -Infinity;
      if (received !== "went back") renew(state, message, checkedAt, { leaseMs, now });
      if (received !== "heartbeat") tell(message);
      return received === "went back" ? "flushed" : received === "heartbeat" ? "applied" : received;
    },

    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    standing: () =>
      [...states].map(([feed, { leaseUntil, asOf, checkedAt }]) => ({
        feed,
        isLive: now() < leaseUntil,
        asOf,
        ageMs: checkedAt === -Infinity ? null : now() - checkedAt,
      })),

    revision() {
      lookAtLeases();
      return revision;
    },

    turn() {
      lookAtLeases();
      return turn;
    },
  };
}

/** As changes and entries name what they are about. INVARIANT: injective, as no kind has a space. */
export function tagOf([kind, value]: About): string {
  return `${kind} ${value}`;
}

function newState({ source, epoch, seq }: FeedMessage): FeedState {
  return {
    epoch,
    position: { feed: source, epoch, seq },
    floor: seq,
    lastChanges: new Map(),
    checkedAt: -Infinity,
    lastBeat: null,
    leaseUntil: -Infinity,
    asOf: null,
    retired: new Set(),
    turns: 1,
    wasLive: false,
  };
}

type Applied = Received | "went back" | "heartbeat";

/** `checkedAt`: of the message's own heartbeat, on this gateway's clock. */
function apply(
  state: FeedState,
  message: FeedMessage,
  checkedAt: number | null,
  { maxTags, ...chance }: Required<Pick<FeedSettings, "maxTags" | "random" | "now">>,
): Applied {
  const { epoch, seq, changes, heartbeat } = message;
  const { seq: current } = state.position;
  if (epoch !== state.epoch) return begin(state, message, checkedAt, chance);
  const isLater = checkedAt === null ? !isAgain(message, state.lastBeat) : hasLookedLater(state, message, checkedAt);
  const isRepeated = changes.length > 0 ? seq <= current : seq < current;
  if (isRepeated) {
    // Late, or seen before. But who has looked again since, and counts less, is not who counted so far.
    if (heartbeat === null || !isLater || (checkedAt === null && changes.length > 0)) return "duplicate";
    flushTo(state, ownEpoch(epoch, chance), seq);
    state.leaseUntil = -Infinity;
    return "went back";
  }
  if (seq === current) return "heartbeat";
  if (changes.length === 0 || seq > current + 1 || changes.some((change) => "all" in change)) {
    flushTo(state, state.position.epoch, seq);
    return "flushed";
  }
  for (const change of changes) if ("about" in change) remember(state, change.about, seq, maxTags);
  moveTo(state, state.position.epoch, seq);
  return "applied";
}

/** Of the same epoch. */
function isAgain({ seq, heartbeat }: FeedMessage, last: FeedMessage | null): boolean {
  if (heartbeat === null || last === null || seq !== last.seq) return false;
  return heartbeat.since === last.heartbeat?.since && heartbeat.clock === last.heartbeat.clock;
}

/** By one clock the moments themselves say it: how old each is was measured apart, and no better than the way was fast. */
function hasLookedLater({ checkedAt: last, lastBeat }: FeedState, message: FeedMessage, checkedAt: number): boolean {
  const isOneClock = lastBeat !== null && lastBeat.heartbeat?.clock === message.heartbeat?.clock;
  return isOneClock ? !isEarlier(message, lastBeat) : checkedAt > last;
}

/** Or at the same moment. False where they are by two clocks. */
function isEarlier({ heartbeat }: FeedMessage, last: FeedMessage | null): boolean {
  if (!heartbeat || !last?.heartbeat || heartbeat.clock !== last.heartbeat.clock) return false;
  return heartbeat.since <= last.heartbeat.since;
}

/**
 * Another epoch takes over by a heartbeat that looked later than the last one of the epoch that holds, and in no other way:
 * a message of long ago, delayed or replayed, ends nothing. Until then the lease of the one that holds is as good as ever.
 * One that was replaced and goes on looking comes back once its successor is silent, and not before: two that watch one
 * source would else take turns.
 */
function begin(
  state: FeedState,
  message: FeedMessage,
  checkedAt: number | null,
  { now, random }: Pick<FeedSettings, "now"> & { readonly random: () => number },
): Applied {
  const { epoch, seq } = message;
  if (checkedAt === null || !hasLookedLater(state, message, checkedAt)) return "retired";
  const isBack = state.retired.has(epoch);
  if (isBack && now() < state.leaseUntil) return "retired";
  // One that never showed when it had looked may be the newer one all the same.
  if (state.checkedAt !== -Infinity) state.retired.add(state.epoch);
  if (state.retired.size > maxRetired) state.retired.delete(state.retired.values().next().value as string);
  state.retired.delete(epoch);
  state.epoch = epoch;
  state.leaseUntil = -Infinity;
  flushTo(state, isBack ? ownEpoch(epoch, { random }) : epoch, seq);
  return "flushed";
}

/** For positions of a source whose numbers have been given out before. */
function ownEpoch(epoch: string, { random }: { readonly random: () => number }): string {
  return `${epoch}~${random().toString(36).slice(2)}`;
}

/** Nothing that was read before is served any more. INVARIANT: no position as high was ever given out under this epoch. */
function flushTo(state: FeedState, epoch: string, seq: number): void {
  state.lastChanges.clear();
  state.floor = seq;
  moveTo(state, epoch, seq);
}

function moveTo(state: FeedState, epoch: string, seq: number): void {
  state.position = { feed: state.position.feed, epoch, seq };
  state.turns += 1;
}

function remember(state: FeedState, abouts: readonly About[], seq: number, maxTags: number): void {
  const { lastChanges } = state;
  for (const about of abouts) {
    const tag = tagOf(about);
    lastChanges.delete(tag);
    lastChanges.set(tag, seq);
    if (lastChanges.size <= maxTags) continue;
    const [oldest, dropped] = lastChanges.entries().next().value as [string, number];
    lastChanges.delete(oldest);
    state.floor = Math.max(state.floor, dropped);
  }
}

function renew(
  state: FeedState,
  message: FeedMessage,
  checkedAt: number | null,
  { leaseMs, now }: Pick<FeedSettings, "leaseMs" | "now">,
): void {
  const { heartbeat } = message;
  if (heartbeat === null || checkedAt === null) return;
  // The last one, however long it took to come.
  if (!isEarlier(message, state.lastBeat)) state.lastBeat = message;
  if (checkedAt <= state.checkedAt) return;
  const wasLive = now() < state.leaseUntil;
  state.checkedAt = checkedAt;
  state.asOf = heartbeat.asOf;
  state.leaseUntil = checkedAt + leaseMs;
  if (!wasLive) state.turns += 1;
}
