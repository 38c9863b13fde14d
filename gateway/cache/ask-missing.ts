/**
 * What memory has not of a request: what nobody asks for yet is asked for, what others ask is waited for, and what neither
 * has brought is asked for once more.
 */
import {
  abandoned,
  type Reads,
  type SubgraphAnswer,
  type SubgraphCall,
  SubgraphFailure,
  type SubgraphRequest,
} from "../subgraph/call.ts";
import type { Watch } from "../subgraph/watch.ts";
import { assemble, type Rest } from "./assemble.ts";
import { type Look, lookUp, type Memory } from "./at-hand.ts";
import type { Fill, Fills, Found } from "./fills.ts";
import { fetchRest, holds, type Read, readFar, readOf, type Slot, type Tiers } from "./upstream.ts";

export type Cache = Tiers &
  Memory & {
    readonly watch: Watch;
    readonly fills: Fills<OwnRead>;
  };

/** What a read of one's own came to. */
export type OwnRead = {
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

/**
 * Gives up at its own deadline or with its own client, whoever else waits for the same. Rejects with SubgraphFailure; with
 * anything else where the cache itself is at fault.
 */
export function askMissing(
  cache: Cache,
  next: SubgraphCall,
  request: SubgraphRequest,
  reads: Reads,
  looks: readonly Look[],
): Promise<SubgraphAnswer> {
  const { watch } = cache;
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
        fail(error);
      },
    );
  });
}

/** Straight from the subgraph, without joining a read under way; what it answers may be kept. */
export async function askAnew(
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

function slotsOf(part: number, { keys, entries }: Look): readonly Slot[] {
  return entries.map((_, index) => ({ part, index, key: keys?.[index] ?? null }));
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
