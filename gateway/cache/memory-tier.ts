/** Entries in this process: bounded by bytes, the one used longest ago goes first, lifetimes on the monotonic clock. */
import type { Entry } from "./entry.ts";

export type MemoryTier = {
  /** Undefined: not there, or its lifetime is over. */
  get(key: string): Entry | undefined;
  /** Whether this very entry stands there. Nothing is used by that. */
  has(key: string, entry: Entry): boolean;
  /** Counts those that are there no more: replaced, pushed out, or over. */
  losses(): number;
  /** The same, with how long it is kept, on the clock of `now()`, and what it takes. */
  find(key: string): { readonly entry: Entry; readonly until: number; readonly bytes: number } | undefined;
  set(key: string, entry: Entry, lifetimeMs: number): void;
  delete(key: string): void;
  size(): { readonly entries: number; readonly bytes: number };
};

/** Between those used just before and just after it: to move one in a list is much cheaper than in a map. */
type Kept = {
  readonly key: string;
  readonly entry: Entry;
  readonly until: number;
  readonly bytes: number;
  older: Kept;
  newer: Kept;
};

export function openMemoryTier({ maxBytes, now }: { readonly maxBytes: number; now(): number }): MemoryTier {
  const kept = new Map<string, Kept>();
  /** A ring: the one used longest ago is the next newer of this one, which is none itself. */
  const end = { key: "", bytes: 0 } as Kept;
  end.older = end.newer = end;
  let bytes = 0;
  let losses = 0;
  const takeOut = ({ older, newer }: Kept): void => {
    older.newer = newer;
    newer.older = older;
  };
  const putLast = (each: Kept): void => {
    each.older = end.older;
    each.newer = end;
    end.older.newer = each;
    end.older = each;
  };
  const forget = (old: Kept | undefined): void => {
    if (old === undefined) return;
    takeOut(old);
    kept.delete(old.key);
    bytes -= old.bytes;
    losses += 1;
  };
  const find = (key: string): Kept | undefined => {
    const found = kept.get(key);
    if (found === undefined) return undefined;
    if (found.until <= now()) {
      forget(found);
      return undefined;
    }
    if (end.older !== found) {
      takeOut(found);
      putLast(found);
    }
    return found;
  };
  return {
    find,
    get: (key) => find(key)?.entry,
    has: (key, entry) => kept.get(key)?.entry === entry,
    losses: () => losses,
    set(key, entry, lifetimeMs) {
      forget(kept.get(key));
      const size = bytesOf(key, entry);
      if (size > maxBytes || lifetimeMs <= 0) return;
      const added: Kept = { key, entry, until: now() + lifetimeMs, bytes: size, older: end, newer: end };
      putLast(added);
      kept.set(key, added);
      bytes += size;
      while (bytes > maxBytes) forget(end.newer);
    },
    delete: (key) => forget(kept.get(key)),
    size: () => ({ entries: kept.size, bytes }),
  };
}

const bytesPerEntry = 400;
const bytesPerObject = 40;
const bytesPerMember = 16;

/** Somewhat more than it takes, whatever it is made of. */
function bytesOf(key: string, { value, tags, positions }: Entry): number {
  let bytes = bytesPerEntry + textBytes(key) + positions.length * 64;
  for (const tag of tags) bytes += bytesPerMember + textBytes(tag);
  // Not by recursion: an answer may be nested deeper than a stack is high.
  const left: unknown[] = [value];
  while (left.length > 0) {
    const each = left.pop();
    if (typeof each === "string") bytes += textBytes(each);
    else if (typeof each === "object" && each !== null) {
      const members = Object.values(each);
      bytes += bytesPerObject + bytesPerMember * members.length;
      for (const member of members) left.push(member);
    }
  }
  return bytes;
}

function textBytes(text: string): number {
  return 24 + 2 * text.length;
}
