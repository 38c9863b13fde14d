/** Entries in Redis, sealed. Whatever is not exactly what a gateway wrote there is not there. */
import { readJson } from "../subgraph/json-body.ts";
import type { Entry, FarTier, Position } from "./entry.ts";
import { type Command, isRefusal, type RedisLink, type Reply } from "./redis.ts";
import { type CacheKey, type CacheKeys, nameOf, seal, unseal } from "./seal.ts";

/** Why something in Redis is not what a gateway wrote: of another type, not sealed so, without an end, or ill-formed. */
export type Tampering = "wrong-type" | "not-sealed" | "no-end" | "malformed";

export type SealedTierSettings = {
  /** Two connections: what is written never holds up what is read. */
  readonly reads: RedisLink;
  readonly writes: RedisLink;
  readonly keys: CacheKeys;
  /** Larger ones are not kept there. */
  readonly maxEntryBytes?: number;
  /** The clock on the wall, in milliseconds: it can only shorten what Redis says of a lifetime. */
  readonly wallNow: () => number;
  readonly onTampered: (how: Tampering) => void;
  /** Entries that were not written: Redis ill, too many under way, or too large. */
  readonly onDropped?: (count: number) => void;
  /** Runs it in a later turn. */
  readonly defer?: (run: () => void) => void;
};

const maxKeysRead = 1000;
const maxEntriesWaiting = 4096;
const entriesPerWrite = 64;
const maxBytesUnderWay = 8 * 1024 * 1024;

type Written = Parameters<FarTier["write"]>[0][number];
type Found = { readonly entry: Entry; readonly leftMs: number };
type Kept = Entry & { readonly writtenAt: number; readonly lifetimeMs: number };

export function sealedTier(settings: SealedTierSettings): FarTier {
  return { read: reader(settings), write: writer(settings) };
}

function reader({ reads, keys, maxEntryBytes = 1024 * 1024, wallNow, onTampered }: SealedTierSettings) {
  const found = (key: CacheKey, name: string, value: Reply | undefined, leftMs: Reply | undefined): Found | null => {
    if (isRefusal(value) && value.refused === "WRONGTYPE") onTampered("wrong-type");
    if (!Buffer.isBuffer(value) || value.length === 0) return null;
    const text = unseal(key, name, value);
    if (text === null) return refuse("not-sealed");
    const kept = parse(text);
    if (kept === null) return refuse("malformed");
    if (leftMs === -1) return refuse("no-end");
    // INVARIANT: whoever can write to Redis cannot make an entry live longer than it was meant to.
    const ageMs = Math.max(0, wallNow() - kept.writtenAt);
    const left = Math.min(typeof leftMs === "number" ? leftMs : 0, kept.lifetimeMs - ageMs);
    const { value: answer, tags, positions } = kept;
    return left > 0 ? { entry: { value: answer, tags, positions }, leftMs: left } : null;
  };
  const refuse = (how: Tampering) => {
    onTampered(how);
    return null;
  };

  return async (texts: readonly string[]): Promise<readonly (Found | null)[]> => {
    const nothing = texts.map(() => null);
    if (!reads.isWell() || texts.length === 0) return nothing;
    const names = texts.slice(0, maxKeysRead).map((text) => keys.map((key) => nameOf(key, text)));
    // A range, so that nothing is brought here that is larger than what is ever written.
    const commands = names.flat().flatMap((name): Command[] => [
      ["GETRANGE", name, 0, maxEntryBytes],
      ["PTTL", name],
    ]);
    const replies = await reads.ask(commands);
    if (replies === null) return nothing;
    let at = 0;
    return texts.map((_, index) => {
      let first: Found | null = null;
      for (const [which, name] of (names[index] ?? []).entries()) {
        first ??= found(keys[which] as CacheKey, name, replies[at], replies[at + 1]);
        at += 2;
      }
      return first;
    });
  };
}

function writer(settings: SealedTierSettings) {
  const { writes, keys, maxEntryBytes = 1024 * 1024, wallNow, onDropped, defer = setImmediate } = settings;
  const [key] = keys;
  let waiting: Written[] = [];
  let bytesUnderWay = 0;
  let isDeferred = false;

  const sealedOf = ({ key: text, entry, lifetimeMs }: Written) => {
    const left = Math.floor(lifetimeMs);
    if (!(left >= 1)) return null;
    const name = nameOf(key, text);
    const { value, tags, positions } = entry;
    const kept: Kept = { value, tags, positions, writtenAt: wallNow(), lifetimeMs: left };
    const sealed = seal(key, name, JSON.stringify(kept));
    return sealed.length > maxEntryBytes ? null : { name, sealed, left };
  };
  const flush = () => {
    isDeferred = false;
    const batch = waiting.splice(0, entriesPerWrite);
    if (waiting.length > 0) deferFlush();
    if (!writes.isWell() || bytesUnderWay > maxBytesUnderWay) return onDropped?.(batch.length);
    const ready = batch.flatMap((each) => sealedOf(each) ?? []);
    const commands = ready.map(({ name, sealed, left }): Command => ["SET", name, sealed, "PX", left]);
    const bytes = ready.reduce((sum, { sealed }) => sum + sealed.length, 0);
    if (commands.length < batch.length) onDropped?.(batch.length - commands.length);
    bytesUnderWay += bytes;
    void writes.ask(commands).then((replies) => {
      bytesUnderWay -= bytes;
      const lost = replies === null ? commands.length : replies.filter(isRefusal).length;
      if (lost > 0) onDropped?.(lost);
    });
  };
  const deferFlush = () => {
    if (isDeferred) return;
    isDeferred = true;
    defer(flush);
  };

  // In a later turn, some at a time: nobody's answer waits until it is sealed.
  return (entries: readonly Written[]): void => {
    const room = writes.isWell() ? Math.max(0, maxEntriesWaiting - waiting.length) : 0;
    if (entries.length > room) onDropped?.(entries.length - room);
    if (room === 0 || entries.length === 0) return;
    waiting = waiting.concat(entries.slice(0, room));
    deferFlush();
  };
}

/** It was sealed by a gateway, but perhaps by one of another version. */
function parse(text: Buffer): Kept | null {
  let kept: Partial<Record<keyof Kept, unknown>> | null;
  try {
    kept = readJson(text) as typeof kept;
  } catch {
    return null;
  }
  if (typeof kept !== "object" || kept === null || kept.value === undefined) return null;
  const { tags, positions, writtenAt, lifetimeMs } = kept;
  const isSound =
    Array.isArray(tags) &&
    tags.every((each) => typeof each === "string") &&
    Array.isArray(positions) &&
    positions.every(isPosition) &&
    Number.isFinite(writtenAt) &&
    Number.isFinite(lifetimeMs);
  return isSound ? (kept as Kept) : null;
}

function isPosition(each: unknown): each is Position {
  const { feed, epoch, seq } = (each ?? {}) as Partial<Record<keyof Position, unknown>>;
  return typeof feed === "string" && typeof epoch === "string" && Number.isSafeInteger(seq);
}
