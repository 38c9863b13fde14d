/**
 * What memory has of a request: looked up part by part, served whole where nothing of it is missing, and held by whoever
 * serves it once more without looking it up.
 */
import type { HeldAnswer, ReadPart, Reads, SubgraphAnswer } from "../subgraph/call.ts";
import { assemble } from "./assemble.ts";
import type { Entry } from "./entry.ts";
import { type Keys, shortKey } from "./key.ts";
import { holds, type Tiers } from "./upstream.ts";

/** In representations; `far`: those of the hits that were not in memory. */
export type Lookup = {
  readonly subgraph: string;
  readonly hits: number;
  readonly misses: number;
  readonly far: number;
};

export type Memory = Pick<Tiers, "feeds" | "memory" | "now"> & {
  readonly keys: Keys;
  readonly onLookup: (about: Lookup) => void;
};

/** What memory has of one part. A root has one place, as if it were one representation. */
export type Look = {
  /** Null: the part's answers are not kept. */
  readonly keys: readonly string[] | null;
  readonly entries: readonly (Entry | undefined)[];
  readonly missing: number;
};

export function lookUp({ memory, keys, feeds }: Memory, subgraph: string, part: ReadPart): Look {
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

/** Of which nothing is missing. */
export function wholeOf({ onLookup }: Memory, subgraph: string, reads: Reads, looks: readonly Look[]): SubgraphAnswer {
  let hits = 0;
  const kept = looks.map(({ entries }) => {
    hits += entries.length;
    return entries.map((entry) => entry?.value);
  });
  onLookup({ subgraph, hits, misses: 0, far: 0 });
  return { body: assemble(reads, kept, []), isShared: true, isKept: true };
}

/** It keeps its place in memory as if it were looked up; not each time, which would cost as much. */
const keptInUseEveryMs = 1000;

export function heldOf({ memory, feeds, now, onLookup }: Memory, subgraph: string, looks: readonly Look[]): HeldAnswer {
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
    // Whoever has asked the source itself since is not shown the older one again.
    holds: () => entries.every((entry, at) => memory.has(keys[at] as string, entry) && holds(feeds, entry)),
    served() {
      onLookup({ subgraph, hits: entries.length, misses: 0, far: 0 });
      if (now() - usedAt < keptInUseEveryMs) return;
      usedAt = now();
      for (const key of keys) memory.get(key);
    },
  };
}
