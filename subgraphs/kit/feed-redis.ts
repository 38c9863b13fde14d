/** Announcements through a Redis stream that every gateway reads, and the Redis server's clock: docs/change-feed.md. */
import { Redis, type RedisOptions, ReplyError } from "ioredis";

export type RedisCarrierSettings = {
  /** CHANGES_TO: redis://user:password@host:port/database, or rediss:// for TLS. Beside Sentinels its host does not count. */
  readonly url: string;
  /** REDIS_SENTINELS: `host:port`, several behind commas. */
  readonly sentinels?: string;
  /** REDIS_MASTER_NAME: what the Sentinels call it. */
  readonly masterName?: string;
  readonly timeoutMs?: number;
};

const stream = "crosswalk:changes";
const entriesKept = 100_000;

/**
 * A ChangeCarrier. It connects by itself, again and again; until it has, everything rejects at once. Throws a line that
 * says what to set, and never a password.
 */
export function redisCarrier(settings: RedisCarrierSettings) {
  const redis = new Redis(optionsOf(settings));
  // Without a listener the library writes to the console. Whoever waits for an answer learns that there is none.
  redis.on("error", () => {});
  let isClosed = false;
  redis.on("end", () => {
    if (!isClosed) revival = setTimeout(() => void redis.connect().catch(() => {}), 100);
  });
  let revival: NodeJS.Timeout | undefined;

  return {
    /** Rejects where the server could not be asked. Both answers are of one connection, and so of one server. */
    async ticket(): Promise<{ readonly clock: string; readonly now: number }> {
      const [time, about] = await ask(redis, [["TIME"], ["INFO", "server"]]);
      const clock = /^run_id:([\da-f]{40})\r?$/m.exec(String(about))?.[1];
      const [seconds, micros] = Array.isArray(time) ? time.map(Number) : [];
      const now = Number(seconds) * 1000 + Number(micros) / 1000;
      if (clock === undefined || !Number.isFinite(now)) throw failure("no time");
      return { clock, now };
    },
    /** Resolves once Redis has it; rejects where nobody can say whether it has. */
    async publish(envelope: string): Promise<void> {
      await ask(redis, [["XADD", stream, "MAXLEN", "~", entriesKept, "*", "e", envelope]]);
    },
    async close(): Promise<void> {
      isClosed = true;
      clearTimeout(revival);
      redis.disconnect();
    },
  };
}

/** One write for them all. INVARIANT: no error holds what was sent. */
async function ask(redis: Redis, commands: readonly (readonly [string, ...(string | number)[]])[]) {
  const pipeline = redis.pipeline();
  for (const [name, ...args] of commands) pipeline.call(name, ...args);
  const results = await pipeline.exec().catch(() => null);
  return (results ?? [[failure("no answer"), null] as const]).map(([error, reply]) => {
    if (error === null) return reply;
    throw failure(error instanceof ReplyError ? /^[A-Z]*/.exec(error.message)?.[0] || "ERR" : "no answer");
  });
}

function failure(what: string): Error & { readonly code: string } {
  return Object.assign(new Error("Redis did not take it"), { code: `REDIS ${what}` });
}

function optionsOf({ url, sentinels = "", masterName = "", timeoutMs = 2000 }: RedisCarrierSettings) {
  const at = URL.canParse(url) ? new URL(url) : null;
  const database = /^\/?(\d{0,4})$/.exec(at?.pathname ?? "/none")?.[1];
  if (!at || !/^rediss?:$/.test(at.protocol) || at.hostname === "" || at.search !== "" || database === undefined)
    throw new Error("CHANGES_TO must be of the form redis://host:port, or rediss:// for TLS");
  if ((sentinels === "") !== (masterName === "")) throw new Error("REDIS_SENTINELS and REDIS_MASTER_NAME go together");
  const isTls = at.protocol === "rediss:";
  const options: Omit<RedisOptions, "replyMapping"> = {
    ...(sentinels === "" ? { host: at.hostname.replace(/^\[|\]$/g, ""), port: Number(at.port || 6379) } : {}),
    ...(sentinels === "" ? {} : { sentinels: readSentinels(sentinels), name: masterName }),
    ...(at.username === "" ? {} : { username: decodeURIComponent(at.username) }),
    ...(at.password === "" ? {} : { password: decodeURIComponent(at.password) }),
    ...(isTls ? { tls: {}, enableTLSForSentinelMode: true } : {}),
    db: Number(database),
    connectionName: "crosswalk-watch",
    disableClientInfo: true,
    protocol: 2,
    connectTimeout: 1000,
    disconnectTimeout: 50,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    maxLoadingRetryTime: 250,
    enableOfflineQueue: false,
    // INVARIANT: nothing is sent again behind the watcher's back: its messages are in order, each repeated until taken.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times - 1, 10), 1000) * (0.5 + Math.random() / 2),
    sentinelCommandTimeout: 1000,
    sentinelRetryStrategy: (times) => Math.min(50 * times, 500),
    // A primary that has become a replica keeps its connections. Its name may lead to another server by now.
    reconnectOnError: ({ message }) => message.startsWith("READONLY"),
  };
  return options;
}

function readSentinels(text: string): { host: string; port: number }[] {
  return text.split(",").map((each) => {
    const [, host, port] = /^\s*\[?([\w.:-]+?)\]?:(\d{1,5})\s*$/.exec(each) ?? [];
    if (host === undefined) throw new Error("REDIS_SENTINELS must be host:port, and more behind commas");
    return { host, port: Number(port) };
  });
}
