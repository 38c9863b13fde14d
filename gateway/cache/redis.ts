/**
 * The one door to Redis: a connection that mends itself for ever, answers in bounded time or not at all, and is left
 * alone while the server is ill. INVARIANT: nothing here rejects, throws later, or says a value, a name or a password.
 */
import { Redis, type RedisOptions, ReplyError } from "ioredis";
import type { Access, RedisAddress } from "./redis-address.ts";

/** An error reply: its first word alone, since the rest may quote what was asked. */
export type Refusal = { readonly refused: string };
export type Reply = Buffer | number | null | Refusal | readonly Reply[];
export type Command = readonly [name: string, ...args: readonly (string | number | Buffer)[]];

export type RedisLink = {
  /** The replies, in order, all of one connection; null: not asked, not answered in time, or cut off. Never rejects. */
  ask(commands: readonly Command[]): Promise<readonly Reply[] | null>;
  /** Whether it would be asked now. */
  isWell(): boolean;
  /** Counts connections: what was learned of a server holds only while this stays the same. 0: none yet. */
  connection(): number;
  /** Prompt; whatever is under way then ends with null. */
  close(): void;
};

export type LinkSettings = {
  readonly address: RedisAddress;
  /** Shown in Redis' list of clients. */
  readonly name: string;
  /** An answer that takes longer is not waited for, and the server not asked for a while. Null: for what blocks. */
  readonly timeoutMs: number | null;
  /** Without a byte for so long, while something was asked, the connection is given up for a new one. */
  readonly silenceMs: number;
  /** Whether to look for another server when this one takes no writes. */
  readonly writes: boolean;
  readonly onState?: (state: "well" | "ill") => void;
  readonly random?: () => number;
  readonly after?: After;
};

/** Runs it once, that much later; gives back what calls it off. */
export type After = (ms: number, run: () => void) => () => void;

const firstPauseMs = 100;
const longestPauseMs = 5000;

export type RedisLinks = {
  readonly reads: RedisLink;
  readonly writes: RedisLink;
  /** For what blocks. */
  readonly feed: RedisLink;
  close(): void;
};

/** A gateway's connections. A request waits for `reads` alone. */
export function openLinks(address: RedisAddress, onState: (link: string, state: "well" | "ill") => void): RedisLinks {
  const open = (name: string, terms: Pick<LinkSettings, "timeoutMs" | "silenceMs" | "writes">) =>
    openLink({ address, name: `crosswalk-${name}`, ...terms, onState: (state) => onState(name, state) });
  const reads = open("reads", { timeoutMs: 50, silenceMs: 1000, writes: false });
  const writes = open("writes", { timeoutMs: 1000, silenceMs: 1000, writes: true });
  const feed = open("feed", { timeoutMs: null, silenceMs: 1500, writes: false });
  const close = () => {
    for (const link of [reads, writes, feed]) link.close();
  };
  return { reads, writes, feed, close };
}

/** One connection: a second one is wanted for whatever would hold up the first one's answers. */
export function openLink(settings: LinkSettings): RedisLink {
  const { timeoutMs, onState, random = Math.random, after = later } = settings;
  const redis = new Redis(optionsOf(settings, random));
  let connections = 0;
  let isReady = false;
  let isPaused = false;
  let failuresInARow = 0;
  let isClosed = false;
  let wasWell: boolean | null = null;
  let callOff = () => {};
  let callOffRevival = () => {};

  const isWell = () => !isClosed && !isPaused && isReady && redis.status === "ready";
  const tell = () => {
    if (isWell() === wasWell) return;
    wasWell = isWell();
    onState?.(wasWell ? "well" : "ill");
  };
  const send = (commands: readonly Command[]) => {
    const sent = sendAll(redis, commands);
    return timeoutMs === null ? sent : firstOf(sent, timeoutMs, after);
  };

  // The first answer that is late is enough: a false alarm costs a tenth of a second without Redis, and waiting for
  // more of them would make one operation, with its waves of fetches, wait for several.
  const pause = () => {
    if (isClosed || isPaused) return;
    isPaused = true;
    wait();
    tell();
  };
  const wait = () => {
    const pauseMs = Math.min(firstPauseMs * 2 ** failuresInARow, longestPauseMs);
    failuresInARow++;
    callOff = after(pauseMs * (0.75 + random() / 2), () => void probe());
  };
  // Asked by nobody, so that no request waits for finding out whether the server is back.
  const probe = async () => {
    const replies = redis.status === "ready" ? await send([["PING"]]) : null;
    if (isClosed) return;
    if (replies === null || replies.some(isRefusal)) return wait();
    isPaused = false;
    tell();
  };

  redis.on("ready", () => {
    connections++;
    isReady = true;
    tell();
  });
  redis.on("close", () => {
    isReady = false;
    tell();
  });
  // Without a listener the library writes to the console. What it says is known by the state, and may hold values.
  redis.on("error", () => {});
  // The library gives up where a connection is ended while it is being made.
  redis.on("end", () => {
    if (!isClosed) callOffRevival = after(firstPauseMs, () => void redis.connect().catch(() => {}));
  });

  return {
    async ask(commands) {
      if (!isWell()) return null;
      if (commands.length === 0) return [];
      const replies = await send(commands);
      if (isClosed) return null;
      if (timeoutMs === null) return replies;
      if (replies === null || replies.every(isIllness)) pause();
      else if (!isPaused) failuresInARow = 0;
      return replies;
    },
    isWell,
    connection: () => connections,
    close() {
      if (isClosed) return;
      isClosed = true;
      callOff();
      callOffRevival();
      redis.disconnect();
      tell();
    },
  };
}

export function isRefusal(reply: Reply | undefined): reply is Refusal {
  return typeof reply === "object" && reply !== null && "refused" in reply;
}

/** An error that speaks of the server, not of one key. */
function isIllness(reply: Reply): boolean {
  return isRefusal(reply) && reply.refused !== "WRONGTYPE";
}

type Options = Omit<RedisOptions, "replyMapping">;

function optionsOf(settings: LinkSettings, random: () => number): Options {
  const { address, name, silenceMs, writes } = settings;
  const { username, password, isTls } = address.access;
  return {
    ...(address.kind === "single" ? address.server : sentinelOptions(address)),
    ...namedAccess({ username, password, isTls }),
    ...(isTls ? { tls: {} } : {}),
    db: address.database,
    connectionName: name,
    disableClientInfo: true,
    protocol: 2,
    connectTimeout: 1000,
    disconnectTimeout: 50,
    // Also bounds the greeting: a server that takes connections and says nothing is tried again.
    socketTimeout: silenceMs,
    maxLoadingRetryTime: 250,
    enableOfflineQueue: false,
    // INVARIANT: what was cut off is never sent again: it ends at once (0 retries), and nothing is kept for later.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times - 1, 10), 2000) * (0.5 + random() / 2),
    // A primary that has become a replica keeps its connections. Its name may lead to another server by now.
    reconnectOnError: writes ? ({ message }) => message.startsWith("READONLY") : null,
  };
}

function sentinelOptions(address: RedisAddress & { kind: "sentinels" }): Options {
  const { sentinels, sentinelAccess, masterName, access } = address;
  return {
    sentinels: sentinels.map((each) => ({ ...each })),
    name: masterName,
    enableTLSForSentinelMode: access.isTls,
    ...(sentinelAccess.username === null ? {} : { sentinelUsername: sentinelAccess.username }),
    ...(sentinelAccess.password === null ? {} : { sentinelPassword: sentinelAccess.password }),
    ...(sentinelAccess.isTls ? { sentinelTLS: {} } : {}),
    sentinelCommandTimeout: 1000,
    sentinelRetryStrategy: (times) => Math.min(50 * times, 500),
  };
}

function namedAccess({ username, password }: Access): Options {
  return { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }) };
}

/** One write to the socket for them all. */
async function sendAll(redis: Redis, commands: readonly Command[]): Promise<readonly Reply[] | null> {
  const pipeline = redis.pipeline();
  for (const [name, ...args] of commands) pipeline.callBuffer(name, ...args);
  try {
    const results = await pipeline.exec();
    if (results?.length !== commands.length) return null;
    const replies: Reply[] = [];
    for (const [error, reply] of results) {
      if (error === null) replies.push(reply as Reply);
      else if (error instanceof ReplyError) replies.push({ refused: /^[A-Z]+/.exec(error.message)?.[0] ?? "ERR" });
      else return null;
    }
    return replies;
  } catch {
    return null;
  }
}

/**
 * Null when the time is over. INVARIANT: what lies in the socket by then still counts: this process may have been the
 * late one.
 */
function firstOf<T>(asked: Promise<T>, timeoutMs: number, after: After): Promise<T | null> {
  return new Promise((resolve) => {
    const callOff = after(timeoutMs, () => setImmediate(resolve, null));
    void asked.then((replies) => {
      callOff();
      resolve(replies);
    });
  });
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
