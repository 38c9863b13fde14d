/** Entries in this process: bounded by bytes, the one used longest ago goes first, lifetimes on the monotonic clock. */
import type { Entry } from "./entry.ts";

export type MemoryTier = {
  /** Undefined: not there, or its lifetime is over. */
  get(key: string): Entry | undefined;
  set(key: string, entry: Entry, lifetimeMs: number): void;
  delete(key: string): void;
  size(): { readonly entries: number; readonly bytes: number };
};

type Kept = { readonly entry: Entry; readonly until: number; readonly bytes: number };

export function openMemoryTier({ maxBytes, now }: { readonly maxBytes: number; now(): number }): MemoryTier {
  /** The one used longest ago first. */
  const kept = new Map<string, Kept>();
  let bytes = 0;
  const forget = (key: string): void => {
    const old = kept.get(key);
    if (old === undefined) return;
    bytes -= old.bytes;
    kept.delete(key);
  };
  return {
    get(key) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      if (found.until <= now()) {
        bytes -= found.bytes;
        return undefined;
      }
      kept.set(key, found);
      return found.entry;
    },
    set(key, entry, lifetimeMs) {
      forget(key);
      const size = bytesOf(key, entry);
      if (size > maxBytes || lifetimeMs <= 0) return;
      kept.set(key, { entry, until: now() + lifetimeMs, bytes: size });
      bytes += size;
      while (bytes > maxBytes) forget(kept.keys().next().value as string);
    },
    delete: forget,
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
