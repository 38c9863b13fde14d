/**
 * The layer that keeps what common subgraphs answer, entity by entity: memory, then the far tier, then one call for
 * whatever is missing. What is kept is served only while the feeds say that it holds (feeds.ts), asked at the moment of
 * serving. Wherever the cache itself is at fault, the subgraph is asked as if there were none.
 */
import {
  type AtHand,
  abandoned,
  type HeldAnswer,
  type Layer,
  type ReadPart,
  type Reads,
  type SubgraphAnswer,
  type SubgraphCall,
  SubgraphFailure,
  type SubgraphRequest,
} from "../subgraph/call.ts";
import type { Watch } from "../subgraph/watch.ts";
import { assemble, type Rest } from "./assemble.ts";
import type { Entry, FarTier } from "./entry.ts";
import type { Feeds } from "./feeds.ts";
import { type Fill, type Fills, type Found, openFills } from "./fills.ts";
import { type Keys, openKeys, shortKey } from "./key.ts";
import { openMemoryTier } from "./memory-tier.ts";
import { fetchRest, holds, type Read, readFar, type Slot, type Tiers, termsOf } from "./upstream.ts";

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

/** In representations; `far`: those of the hits that were not in memory. */
export type Lookup = {
  readonly subgraph: string;
  readonly hits: number;
  readonly misses: number;
  readonly far: number;
};

type Cache = Tiers & {
  readonly watch: Watch;
  readonly keys: Keys;
  readonly fills: Fills<OwnRead>;
  readonly onLookup: (about: Lookup) => void;
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
    try {
      if (!mayTakeKept(cache.feeds, request, reads)) return askAnew(cache, next, request, reads);
      const looks = reads.parts.map((part) => lookUp(cache, subgraph, part));
      if (looks.some(({ missing }) => missing > 0)) return askMissing(cache, next, request, reads, looks);
      return Promise.resolve(wholeOf(cache, subgraph, reads, looks));
    } catch (error) {
      onFault(error);
      return next(asWanted(request));
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
  return Object.assign(layer, { atHand: Object.assign(atHand, { turn: cache.feeds.turn }) });
}

/** Of which nothing is missing. */
function wholeOf({ onLookup }: Cache, subgraph: string, reads: Reads, looks: readonly Look[]): SubgraphAnswer {
  let hits = 0;
  const kept = looks.map(({ entries }) => {
    hits += entries.length;
    return entries.map((entry) => entry?.value);
  });
  onLookup({ subgraph, hits, misses: 0, far: 0 });
  return { body: assemble(reads, kept, []), isShared: true, isKept: true };
}

/** Past the cache: who wants it fresher than it is kept joins nobody. */
function asWanted(request: SubgraphRequest): SubgraphRequest {
  return isAnyAsFresh(request.freshness) ? request : { ...request, mayJoin: false };
}

function isAnyAsFresh(freshness: SubgraphRequest["freshness"]): freshness is undefined {
  return freshness === undefined || (freshness.maxAgeMs === null && freshness.atLeast.size === 0);
}

/** It keeps its place in memory as if it were looked up; not each time, which would cost as much. */
const keptInUseEveryMs = 1000;

function heldOf({ memory, feeds, now, onLookup }: Cache, subgraph: string, looks: readonly Look[]): HeldAnswer {
  const keys = looks.flatMap((look) => look.keys ?? []);
  const entries = looks.flatMap((look) => look.entries.filter((each) => each !== undefined));
  let until = Infinity;
  let bytes = 0;
  for (const [at, key] of keys.entries()) {
    const found = memory.find(key);
    // Another one may stand there by now: how long this one was kept nobody knows.
    const isSame = found !== undefined && found.entry === entries[at];
    until = Math.min(until, isSame ? found.until : -Infinity);
    bytes += found?.bytes ?? 0;
  }
  let usedAt = now();
  return {
    bytes,
    until,
    holds: () => entries.every((entry) => holds(feeds, entry)),
    served() {
      onLookup({ subgraph, hits: entries.length, misses: 0, far: 0 });
      if (now() - usedAt < keptInUseEveryMs) return;
      usedAt = now();
      for (const key of keys) memory.get(key);
    },
  };
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

/** What memory has of one part. A root has one place, as if it were one representation. */
type Look = {
  /** Null: the part's answers are not kept. */
  readonly keys: readonly string[] | null;
  readonly entries: readonly (Entry | undefined)[];
  readonly missing: number;
};

function lookUp({ memory, keys, feeds }: Cache, subgraph: string, part: ReadPart): Look {
  const { question, representations, variables } = part;
  const count = representations === null ? 1 : representations.length;
  const entries = new Array<Entry | undefined>(count).fill(undefined);
  if (question.lifetime === null || question.lifetime.feeds.length === 0)
    return { keys: null, entries, missing: count };
  const prefix = keys.prefixOf(subgraph, question);
  const texts = new Array<string>(count);
  let missing = 0;
  for (let index = 0; index < count; index++) {
    const key = shortKey(prefix, variables, representations === null ? null : (representations[index] as string));
    texts[index] = key;
    const entry = memory.get(key);
    if (entry !== undefined && holds(feeds, entry)) entries[index] = entry;
    else missing += 1;
  }
  return { keys: texts, entries, missing };
}

/** Straight from the subgraph, without joining a read under way; what it answers may be kept. */
async function askAnew(
  cache: Cache,
  next: SubgraphCall,
  request: SubgraphRequest,
  reads: Reads,
): Promise<SubgraphAnswer> {
  const read = readOf(cache, { ...request, mayJoin: false }, reads);
  const slots = reads.parts.flatMap((part, at) => slotsOf(at, lookUp(cache, request.subgraph, part)));
  const { answer, found } = await fetchRest(cache, next, read, slots, true);
  return found.size > 0 ? { body: answer.body, isShared: true } : answer;
}

function readOf(cache: Cache, request: SubgraphRequest, reads: Reads): Read {
  const feeds = new Set(reads.parts.flatMap(({ question }) => question.lifetime?.feeds ?? []));
  const generation = cache.feeds.generation([...feeds]);
  // What a part that is not kept depends on, the request alone knows.
  const isAllKnown = reads.parts.every(({ question }) => question.lifetime !== null);
  return {
    request: { ...request, generation: isAllKnown ? generation : `${request.generation ?? ""} ${generation}` },
    reads,
    terms: reads.parts.map((part) => termsOf(cache, part)),
  };
}

function slotsOf(part: number, { keys, entries }: Look): readonly Slot[] {
  return entries.map((_, index) => ({ part, index, key: keys?.[index] ?? null }));
}

/** What a read of one's own came to. */
type OwnRead = {
  readonly far: ReadonlyMap<Slot, Found>;
  /** Null: nothing was left to ask the subgraph. */
  readonly fetched: Fetched | null;
};

type Fetched = {
  readonly slots: readonly Slot[];
  readonly rest: Rest;
  readonly answer: SubgraphAnswer;
  /** Others hold some of it. */
  readonly isKept: boolean;
};

/** One request's way to an answer of which memory has not all. */
type Asking = {
  readonly cache: Cache;
  readonly next: SubgraphCall;
  readonly read: Read;
  readonly slots: readonly Slot[];
  /** By slot; what is not there is still to be had. */
  readonly found: Map<Slot, Found>;
  /** What it waits for. */
  readonly joined: Set<Fill<OwnRead>>;
  /** Some of that is what others ask. */
  isJoining: boolean;
  /** Nobody waits for it any more. */
  isOver: boolean;
};

/** Gives up at its own deadline or with its own client, whoever else waits for the same. */
function askMissing(
  cache: Cache,
  next: SubgraphCall,
  request: SubgraphRequest,
  reads: Reads,
  looks: readonly Look[],
): Promise<SubgraphAnswer> {
  const { watch, onFault } = cache;
  const { signal, deadline } = request;
  if (signal.aborted) return Promise.reject(abandoned(signal));
  if (deadline <= watch.now()) return Promise.reject(new SubgraphFailure("GATEWAY_TIMEOUT"));
  const read = readOf(cache, request, reads);
  const slots = looks.flatMap((look, at) => slotsOf(at, look));
  const found = new Map<Slot, Found>();
  for (const slot of slots) {
    const entry = looks[slot.part]?.entries[slot.index];
    if (entry !== undefined) found.set(slot, { value: entry.value, entry });
  }
  const asking: Asking = { cache, next, read, slots, found, joined: new Set(), isJoining: false, isOver: false };
  return new Promise((answer, fail) => {
    const leave = (why: () => SubgraphFailure): void => {
      asking.isOver = true;
      for (const fill of asking.joined) fill.leave(why);
      asking.joined.clear();
    };
    const onGivenUp = (why: "deadline" | "aborted"): void => {
      const failure = why === "deadline" ? new SubgraphFailure("GATEWAY_TIMEOUT") : abandoned(signal);
      leave(() => failure);
      fail(failure);
    };
    const wait = { deadline, signal, onGivenUp };
    watch.add(wait);
    const end = (): void => {
      watch.delete(wait);
      leave(() => new SubgraphFailure("SUBREQUEST_HTTP_ERROR"));
    };
    answered(asking).then(
      (given) => {
        end();
        answer(given);
      },
      (error: unknown) => {
        if (asking.isOver) return;
        end();
        if (error instanceof SubgraphFailure) return fail(error);
        onFault(error);
        next(asWanted(request)).then(answer, fail);
      },
    );
  });
}

async function answered(asking: Asking): Promise<SubgraphAnswer> {
  const { cache, next, read, slots, found } = asking;
  const fetched = (await firstRound(asking))?.fetched ?? null;
  if (fetched?.slots.length === slots.length)
    return fetched.isKept ? { body: fetched.answer.body, isShared: true } : fetched.answer;
  const rests = fetched ? [fetched.rest] : [];
  const asked = new Set(fetched?.slots);
  const isWanted = (slot: Slot) => !asked.has(slot) && !isStillGood(cache, found.get(slot));
  // Whoever began what these waited for has failed, or what was kept has changed meanwhile.
  const again = slots.filter(isWanted);
  if (again.length > 0) {
    const { rest } = await fetchRest(
      cache,
      next,
      readOf(cache, read.request, read.reads),
      again,
      again.length === slots.length,
    );
    rests.push(rest);
    for (const slot of again) asked.add(slot);
    if (slots.some(isWanted)) return askAnew(cache, next, read.request, read.reads);
  }
  const kept = read.reads.parts.map(() => [] as unknown[]);
  for (const slot of slots) (kept[slot.part] as unknown[])[slot.index] = found.get(slot)?.value;
  return { body: assemble(read.reads, kept, rests), isShared: true, ...(rests.length > 0 ? {} : unasked(asking)) };
}

/** An answer for which nobody was asked, or somebody else had asked. */
function unasked({ isJoining }: Asking): Pick<SubgraphAnswer, "isJoined" | "isKept"> {
  return isJoining ? { isJoined: true } : { isKept: true };
}

function isStillGood({ feeds }: Cache, found: Found | undefined): boolean {
  return found !== undefined && (found.entry === null || holds(feeds, found.entry));
}

/** Asks for what nobody asks for yet, and waits for what others ask. Null: it asked for nothing itself. */
async function firstRound(asking: Asking): Promise<OwnRead | null> {
  const { cache, read, slots, found, joined } = asking;
  const own: Slot[] = [];
  const others: [Slot, Fill<OwnRead>][] = [];
  for (const slot of slots) {
    if (found.has(slot)) continue;
    const terms = read.terms[slot.part] ?? null;
    const fill = slot.key === null || terms === null ? undefined : cache.fills.find(slot.key, terms.generation);
    if (fill === undefined) own.push(slot);
    else others.push([slot, fill]);
  }
  const hits = found.size;
  for (const fill of new Set(others.map(([, fill]) => fill))) {
    fill.join();
    asking.isJoining = true;
    joined.add(fill);
  }
  const ownRead = own.length > 0 ? await ended(asking, beginOwn(asking, own)) : null;
  for (const [slot, each] of ownRead?.far ?? []) found.set(slot, each);
  const far = ownRead?.far.size ?? 0;
  cache.onLookup({ subgraph: read.request.subgraph, hits: hits + far, misses: slots.length - hits - far, far });
  for (const [slot, fill] of others) {
    const each = (await fill.ended).found.get(slot.key as string);
    if (each !== undefined) found.set(slot, each);
  }
  if (asking.isOver) throw new SubgraphFailure("SUBREQUEST_HTTP_ERROR");
  return ownRead;
}

async function ended({ joined }: Asking, fill: Fill<OwnRead>): Promise<OwnRead> {
  joined.add(fill);
  const { own } = await fill.ended;
  if ("failure" in own) throw own.failure;
  return own.result;
}

const nothing: ReadonlyMap<Slot, Found> = new Map();

/** The read's own time ends with the last who waits for it. */
function beginOwn({ cache, next, read, slots }: Asking, own: readonly Slot[]): Fill<OwnRead> {
  const keys = own.flatMap(({ key, part }) => {
    const terms = read.terms[part];
    return key !== null && terms ? [{ key, generation: terms.generation }] : [];
  });
  return cache.fills.begin(keys, async (signal) => {
    const far = cache.far === null ? nothing : await readFar(cache, cache.far, read, own);
    const shared = new Map([...far].map(([slot, each]) => [slot.key as string, each]));
    const left = own.filter((slot) => !far.has(slot));
    if (left.length === 0) return { found: shared, result: { far, fetched: null } };
    const detached = { ...read, request: { ...read.request, deadline: Infinity, signal } };
    const { rest, answer, found } = await fetchRest(cache, next, detached, left, left.length === slots.length);
    for (const [key, each] of found) shared.set(key, each);
    return { found: shared, result: { far, fetched: { slots: left, rest, answer, isKept: found.size > 0 } } };
  });
}
