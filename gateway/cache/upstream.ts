/** What memory does not have: asked of the far tier, then of the subgraph in one call, and kept. */
import type { ReadPart, Reads, SubgraphAnswer, SubgraphCall, SubgraphRequest } from "../subgraph/call.ts";
import { hasErrors, isPassing, type Rest, valuesOf } from "./assemble.ts";
import type { Entry, FarTier, Position } from "./entry.ts";
import type { Feeds } from "./feeds.ts";
import type { Found } from "./fills.ts";
import { keyText } from "./key.ts";
import type { MemoryTier } from "./memory-tier.ts";

export type Tiers = {
  readonly feeds: Feeds;
  readonly memory: MemoryTier;
  readonly far: FarTier | null;
  readonly now: () => number;
  readonly random: () => number;
  readonly onFault: (error: unknown) => void;
};

/** A representation of a part, or the one question of a root. */
export type Slot = {
  readonly part: number;
  readonly index: number;
  /** In this process; null: its answer is not kept. */
  readonly key: string | null;
};

/**
 * Of one part: where its sources stood when the read began. INVARIANT: taken before anything of the read was asked of
 * anybody, the far tier included.
 */
export type Terms = {
  readonly positions: readonly Position[];
  readonly generation: string;
  readonly lifetimeMs: number;
  readonly beganAt: number;
};

/** One request's read, whoever is asked. */
export type Read = {
  readonly request: SubgraphRequest;
  readonly reads: Reads;
  /** By part; null: its answers are not kept now. */
  readonly terms: readonly (Terms | null)[];
};

/** Begins now. */
export function readOf(tiers: Tiers, request: SubgraphRequest, reads: Reads): Read {
  const feeds = new Set(reads.parts.flatMap(({ question }) => question.lifetime?.feeds ?? []));
  const generation = tiers.feeds.generation([...feeds]);
  // What a part that is not kept depends on, the request alone knows.
  const isAllKnown = reads.parts.every(({ question }) => question.lifetime !== null);
  return {
    request: { ...request, generation: isAllKnown ? generation : `${request.generation ?? ""} ${generation}` },
    reads,
    terms: reads.parts.map((part) => termsOf(tiers, part)),
  };
}

/** Null: what a part answers is not kept, or one of its sources is not vouched for now. */
function termsOf({ feeds, now, random }: Tiers, { question }: ReadPart): Terms | null {
  const { lifetime } = question;
  if (lifetime === null || lifetime.feeds.length === 0) return null;
  const positions: Position[] = [];
  for (const feed of lifetime.feeds) {
    const position = feeds.position(feed);
    if (position === null) return null;
    positions.push(position);
  }
  return {
    positions,
    generation: feeds.generation(lifetime.feeds),
    // Those that were kept together do not end together.
    lifetimeMs: lifetime.seconds * 1000 * (1 - maxShortening * random()),
    beganAt: now(),
  };
}

const maxShortening = 0.1;

export function holds(feeds: Feeds, { positions, tags }: Entry): boolean {
  for (const position of positions) if (!feeds.holds(position, tags)) return false;
  return true;
}

/** By slot, what the far tier has and holds now; it is in memory from then on. */
export async function readFar(
  { feeds, memory, onFault }: Tiers,
  far: FarTier,
  read: Read,
  slots: readonly Slot[],
): Promise<ReadonlyMap<Slot, Found>> {
  const found = new Map<Slot, Found>();
  const wanted = slots.filter(({ key, part }) => key !== null && read.terms[part] !== null);
  if (wanted.length === 0) return found;
  try {
    const given = await far.read(wanted.map((slot) => farKey(read, slot)));
    for (const [at, slot] of wanted.entries()) {
      const each = given[at];
      if (!each || each.leftMs <= 0 || !isOfFeeds(each.entry, read.reads.parts[slot.part]) || !holds(feeds, each.entry))
        continue;
      memory.set(slot.key as string, each.entry, each.leftMs);
      found.set(slot, { value: each.entry.value, entry: each.entry });
    }
  } catch (error) {
    onFault(error);
  }
  return found;
}

/** What was kept beyond this process is only as good as the sources it names. */
function isOfFeeds({ positions }: Entry, part: ReadPart | undefined): boolean {
  const feeds = part?.question.lifetime?.feeds ?? [];
  return positions.length === feeds.length && feeds.every((feed) => positions.some((each) => each.feed === feed));
}

/** One call for these slots. `isWhole`: for all that the request asks, so its body goes as it stands. */
export async function fetchRest(
  tiers: Tiers,
  next: SubgraphCall,
  read: Read,
  slots: readonly Slot[],
  isWhole: boolean,
): Promise<{ readonly rest: Rest; readonly answer: SubgraphAnswer; readonly found: ReadonlyMap<string, Found> }> {
  const { request, reads } = read;
  const indexes: number[][] = reads.parts.map(() => []);
  for (const { part, index } of slots) indexes[part]?.push(index);
  const answer = await next(isWhole ? request : { ...request, body: reads.bodyOf(indexes) });
  const rest = { indexes, body: answer.body };
  const found = new Map<string, Found>();
  try {
    keep(tiers, read, slots, rest, found, answer.keepMs ?? Infinity);
  } catch (error) {
    tiers.onFault(error);
  }
  return { rest, answer, found };
}

/**
 * `found`: what others may take, filled in here. INVARIANT: it has whatever is kept, even where this throws; of an answer
 * with any error, or one that will not do for later, nothing is kept and nothing is taken by others. Of one that the
 * subgraph wants kept for no time, what waits for it already takes it all the same.
 */
function keep(
  tiers: Tiers,
  read: Read,
  slots: readonly Slot[],
  { indexes, body }: Rest,
  found: Map<string, Found>,
  keepMs: number,
): void {
  const { feeds, memory, far, now, onFault } = tiers;
  if (hasErrors(body) || isPassing(body)) return;
  const values = read.reads.parts.map((part, at) => valuesOf(part, body, indexes[at]?.length ?? 0));
  const next = values.map((each) => (each ?? []).values());
  const written: Parameters<FarTier["write"]>[0][number][] = [];
  for (const slot of slots) {
    const value = next[slot.part]?.next().value;
    const terms = read.terms[slot.part] ?? null;
    if (!values[slot.part] || slot.key === null || terms === null) continue;
    const entry: Entry = { value, tags: tagsOf(read, slot, value), positions: terms.positions };
    found.set(slot.key, { value, entry: null });
    // The subgraph's own word shortens what the schema says, and never makes it longer.
    const leftMs = Math.min(terms.lifetimeMs, keepMs) - (now() - terms.beganAt);
    if (leftMs <= 0 || !holds(feeds, entry)) continue;
    memory.set(slot.key, entry, leftMs);
    if (far !== null) written.push({ key: farKey(read, slot), entry, lifetimeMs: leftMs });
  }
  try {
    if (written.length > 0) far?.write(written);
  } catch (error) {
    onFault(error);
  }
}

function tagsOf({ reads }: Read, { part, index }: Slot, value: unknown): readonly string[] {
  const { question, representations, variables } = reads.parts[part] as ReadPart;
  return question.tagsOf(JSON.parse(representations === null ? variables : (representations[index] as string)), value);
}

function farKey({ request, reads }: Read, { part, index }: Slot): string {
  const { question, variables, representations } = reads.parts[part] as ReadPart;
  return keyText(
    request.subgraph,
    question.text,
    variables,
    representations === null ? null : (representations[index] as string),
  );
}
