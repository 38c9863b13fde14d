/**
 * Announcements through a Redis stream (docs/change-feed.md): everything that is retained, then whatever comes, in order.
 * What Redis loses or forgets shows in the sources' own numbers; this never skips what is there, and never spins.
 */
import { hash } from "node:crypto";
import { type Command, isRefusal, type RedisLink, type Reply } from "./redis.ts";

export type RedisFeed = {
  /** For this stream's other readers, and this one. False: nobody can say that it is there. */
  append(envelope: string): Promise<boolean>;
  /** Nothing is told any more; the links stay whose they are. */
  close(): void;
};

export type RedisFeedSettings = {
  /** For what blocks, and nothing else. */
  readonly feed: RedisLink;
  readonly writes: RedisLink;
  /** Null for what cannot be read. `clock`: of the Redis server, at this moment at the latest. */
  readonly onEnvelope: (envelope: unknown, clock: { readonly id: string; readonly now: number }) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
};

const stream = "crosswalk:changes";
const entriesKept = 100_000;
const entriesPerRead = 500;
const blockMs = 500;
const idleMs = 50;
const longestPauseMs = 2000;
const maxEnvelopeChars = 1024 * 1024;

type StreamEntry = { readonly id: string; readonly text: string | null };

export function openRedisFeed({
  feed,
  writes,
  onEnvelope,
  now = () => performance.now(),
}: RedisFeedSettings): RedisFeed {
  const closing = new AbortController();
  const delivered = memory();
  const readClock = clockReader(feed, now);
  const deliver: typeof onEnvelope = (envelope, clock) => {
    try {
      onEnvelope(envelope, clock);
    } catch {
      // Whoever could not take it misses a number, and so knows; the others' announcements must still come.
    }
  };
  /** The connection on which `after` is known to be a place in the stream; 0: on none. */
  let placedOn = 0;
  let after = "0-0";

  /** False: Redis could not be asked, or said no. */
  const turn = async (): Promise<boolean> => {
    const connection = feed.connection();
    if (placedOn !== connection) {
      const found = await findPlace(feed, delivered);
      if (found === null) return false;
      after = found;
      placedOn = connection;
    }
    const entries = await readOn(feed, after);
    const told = entries && (await readClock());
    if (!entries || !told || closing.signal.aborted) return false;
    for (const { id, text } of entries) {
      deliver(parse(text), told.clock());
      delivered.add(id, digestOf(text));
      after = id;
    }
    // A server that lost its stream, or some of it, numbers on from where it stands: nothing would come for long.
    if (told.lastId === null || isBefore(told.lastId, after)) placedOn = 0;
    return true;
  };
  const run = async () => {
    let failures = 0;
    while (!closing.signal.aborted) {
      if (!feed.isWell()) {
        await pause(idleMs, closing.signal);
        continue;
      }
      if (await turn()) failures = 0;
      else {
        placedOn = 0;
        await pause(Math.min(idleMs * 2 ** failures++, longestPauseMs), closing.signal);
      }
    }
  };
  void run();

  return {
    async append(envelope) {
      const command: Command = ["XADD", stream, "MAXLEN", "~", entriesKept, "*", "e", envelope];
      const replies = await writes.ask([command]);
      return replies !== null && !replies.some(isRefusal);
    },
    close: () => closing.abort(),
  };
}

/**
 * After which entry to read on. Another server, or the same one after a restart, may have lost the last entries and have
 * others by now, with numbers that are no higher: the newest one that was delivered and is still there is the place.
 * Null: Redis could not be asked.
 */
async function findPlace(feed: RedisLink, delivered: Memory): Promise<string | null> {
  const isKnown = ({ id, text }: StreamEntry) => delivered.has(id, digestOf(text));
  const last = delivered.last();
  if (last === null) return "0-0";
  const same = await rangeOf(feed, ["XRANGE", stream, last, last]);
  if (same === null) return null;
  if (same.some(isKnown)) return last;
  for (let end = "+", pages = 0; pages < (2 * entriesKept) / entriesPerRead; pages++) {
    const entries = await rangeOf(feed, ["XREVRANGE", stream, end, "-", "COUNT", entriesPerRead]);
    if (entries === null) return null;
    const known = entries.find(isKnown);
    if (known) return known.id;
    if (entries.length < entriesPerRead) break;
    end = `(${entries.at(-1)?.id}`;
  }
  return "0-0";
}

async function rangeOf(feed: RedisLink, command: Command): Promise<readonly StreamEntry[] | null> {
  const replies = await feed.ask([command]);
  return replies && readEntries(replies[0]);
}

/** Waits a moment where there is none. Null: Redis could not be asked, or said no. */
async function readOn(feed: RedisLink, after: string): Promise<readonly StreamEntry[] | null> {
  const command: Command = ["XREAD", "COUNT", entriesPerRead, "BLOCK", blockMs, "STREAMS", stream, after];
  const replies = await feed.ask([command]);
  if (replies === null) return null;
  const [streams] = replies;
  if (streams === null) return [];
  const first = Array.isArray(streams) ? streams[0] : undefined;
  return Array.isArray(first) ? readEntries(first[1]) : null;
}

function readEntries(reply: Reply | undefined): readonly StreamEntry[] | null {
  if (!Array.isArray(reply)) return null;
  const entries: StreamEntry[] = [];
  for (const each of reply as readonly Reply[]) {
    const [id, fields] = Array.isArray(each) ? each : [];
    if (!Buffer.isBuffer(id) || !isEntryId(String(id)) || !Array.isArray(fields)) return null;
    const [name, text] = fields;
    const isOurs = fields.length === 2 && String(name) === "e" && Buffer.isBuffer(text);
    entries.push({ id: String(id), text: isOurs ? String(text) : null });
  }
  return entries;
}

function parse(text: string | null): unknown {
  if (text === null || text.length > maxEnvelopeChars) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Longer than any lease: what was said before a clock was set back is over by then. */
const distrustMs = 5000;
const slackMs = 20;

type Told = {
  readonly clock: () => { readonly id: string; readonly now: number };
  /** The highest number that the stream has ever given; null: there is no stream. */
  readonly lastId: string | null;
};

/**
 * The server's time, and whose it is. INVARIANT: never earlier than the server's clock at the moment when it is asked for,
 * however long the answer lay somewhere: what is measured by it is never thought younger than it is. A clock that was set
 * back is nobody's for as long as that could make something look young.
 */
function clockReader(feed: RedisLink, now: () => number): () => Promise<Told | null> {
  let last: { readonly run: string; readonly time: number; readonly at: number } | null = null;
  let distrustedUntil = Number.NEGATIVE_INFINITY;
  return async () => {
    const askedAt = now();
    const replies = await feed.ask([["TIME"], ["INFO", "server"], ["XINFO", "STREAM", stream]]);
    if (replies === null) return null;
    const [timeReply, about, streamReply] = replies;
    const time = readTime(timeReply);
    const run = /^run_id:([\da-f]{40})\r?$/m.exec(Buffer.isBuffer(about) ? about.toString("latin1") : "")?.[1];
    const lastId = readLastId(streamReply);
    if (time === null || run === undefined || lastId === undefined) return null;
    const at = now();
    const expected = last?.run === run ? last.time + (askedAt - last.at) : time;
    if (time < expected - slackMs) distrustedUntil = Math.max(distrustedUntil, at + (expected - time) + distrustMs);
    last = { run, time, at };
    const clock = () => ({ id: now() < distrustedUntil ? `${run}:set-back` : run, now: time + (now() - askedAt) });
    return { clock, lastId };
  };
}

function readTime(reply: Reply | undefined): number | null {
  const [seconds, micros] = Array.isArray(reply) ? reply.map(Number) : [];
  const time = Number(seconds) * 1000 + Number(micros) / 1000;
  return Number.isFinite(time) ? time : null;
}

/** Undefined: it could not be said. */
function readLastId(reply: Reply | undefined): string | null | undefined {
  // "ERR no such key"; a right that is lacking, or another type, has a word of its own.
  if (isRefusal(reply)) return reply.refused === "ERR" ? null : undefined;
  if (!Array.isArray(reply)) return undefined;
  const at = reply.findIndex((each) => String(each) === "last-generated-id");
  const id = at < 0 ? "" : String(reply[at + 1]);
  return isEntryId(id) ? id : undefined;
}

const isEntryId = (text: string) => /^\d{1,20}-\d{1,20}$/.test(text);

function isBefore(one: string, other: string): boolean {
  const [oneMs = "", oneCount = ""] = one.split("-");
  const [otherMs = "", otherCount = ""] = other.split("-");
  const [a, b] = [BigInt(oneMs), BigInt(otherMs)];
  return a < b || (a === b && BigInt(oneCount) < BigInt(otherCount));
}

type Memory = ReturnType<typeof memory>;
const maxRemembered = 20_000;

/** Which entries were delivered, the last ones: a number alone may be another entry's after something was lost. */
function memory() {
  const digests = new Map<string, string>();
  let last: string | null = null;
  return {
    add(id: string, digest: string) {
      digests.delete(id);
      digests.set(id, digest);
      last = id;
      if (digests.size > maxRemembered) digests.delete(digests.keys().next().value as string);
    },
    has: (id: string, digest: string) => digests.get(id) === digest,
    last: () => last,
  };
}

function digestOf(text: string | null): string {
  return text === null ? "" : hash("sha256", text, "base64").slice(0, 16);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
