/** The far tier over real Redis servers, well and ill: T61, T62, T66. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect } from "@jest/globals";
import { Redis } from "ioredis";
import type { Entry } from "../gateway/cache/entry.ts";
import { type After, openLink, type RedisLink } from "../gateway/cache/redis.ts";
import { readRedisAddress } from "../gateway/cache/redis-address.ts";
import { type CacheKeys, nameOf, randomCacheKeys, readCacheKeys } from "../gateway/cache/seal.ts";
import { sealedTier, type Tampering } from "../gateway/cache/sealed-tier.ts";
import {
  eventually,
  openSilentWay,
  type RedisServer,
  startRedisServer,
  startSentinel,
  testWithRedisServer,
} from "./redis-servers.ts";

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function server(...settings: readonly string[]): Promise<RedisServer> {
  const started = await startRedisServer(...settings);
  toClose.push(() => started.close());
  return started;
}

type OpenedTier = ReturnType<typeof tierAt>;

/** A gateway's far tier, with what it tells written down. `after`: the clock by which answers are late. */
function tierAt(
  place: { readonly url?: string; readonly sentinels?: string; readonly masterName?: string },
  {
    keys = randomCacheKeys(),
    after,
    wallNow = Date.now,
  }: { keys?: CacheKeys; after?: After; wallNow?: () => number } = {},
) {
  const address = readRedisAddress({ url: "", sentinels: "", masterName: "", ...place });
  if (address === null) throw new Error("no address");
  const tampered: Tampering[] = [];
  let dropped = 0;
  const link = (writes: boolean) => {
    const timeoutMs = writes ? 1000 : 50;
    // What was asked of the reads, so that a test can tell an answer from one that was not asked for.
    const opened = openLink({ address, name: "test", timeoutMs, silenceMs: 1000, writes, ...(after && { after }) });
    toClose.push(() => opened.close());
    return opened;
  };
  const reads = link(false);
  const writes = link(true);
  const tier = sealedTier({
    reads,
    writes,
    keys,
    wallNow,
    onTampered: (how) => tampered.push(how),
    onDropped: (count) => {
      dropped += count;
    },
  });
  return { tier, reads, writes, keys, tampered, dropped: () => dropped };
}

const well = (...links: readonly RedisLink[]) => eventually(() => links.every((each) => each.isWell()), "a well Redis");

const entryOf = (value: unknown): Entry => ({
  value,
  tags: ["ANumber 037182818"],
  positions: [{ feed: "CASE", epoch: "e1", seq: 7 }],
});

/** Writes, and waits until it is there. */
async function kept({ tier, reads, writes }: OpenedTier, key: string, entry: Entry, lifetimeMs = 60_000) {
  await well(reads, writes);
  tier.write([{ key, entry, lifetimeMs }]);
  return eventually(async () => (await tier.read([key]))[0], `the entry ${key}`);
}

/** INVARIANT under test: whatever Redis does, the answer is what was written or nothing. */
async function neverWrong({ tier }: OpenedTier, written: Readonly<Record<string, Entry>>, rounds = 20) {
  const keys = Object.keys(written);
  for (let round = 0; round < rounds; round++) {
    const found = await tier.read([...keys, "never written"]);
    expect(found).toHaveLength(keys.length + 1);
    expect(found.at(-1)).toBeNull();
    for (const [index, key] of keys.entries()) {
      const one = found[index];
      if (one) expect(one.entry).toEqual(written[key]);
    }
    tier.write(keys.map((key) => ({ key, entry: written[key] as Entry, lifetimeMs: 60_000 })));
  }
}

/** Resolves in this very turn: nobody was asked. */
async function isRefusedAtOnce({ tier }: OpenedTier) {
  let isSettled = false;
  const reading = tier.read(["a"]).then((found) => {
    isSettled = true;
    return found;
  });
  await new Promise(setImmediate);
  expect(isSettled).toBe(true);
  expect(await reading).toEqual([null]);
}

describe("an entry in Redis", () => {
  testWithRedisServer("is read as it was written, by whoever has the key, for the rest of its lifetime", async () => {
    const { url } = await server();
    const one = tierAt({ url });
    const other = tierAt({ url }, { keys: one.keys });
    const value = { __typename: "Person", fin: "1", "é…": [null, { n: 1.5 }], ["__proto__"]: "own" };
    await kept(one, "key", entryOf(JSON.parse(JSON.stringify(value))));
    await well(other.reads);
    const [found, absent] = await other.tier.read(["key", "another key"]);
    expect(found?.entry).toEqual(entryOf(JSON.parse(JSON.stringify(value))));
    expect(found?.leftMs).toBeGreaterThan(0);
    expect(found?.leftMs).toBeLessThanOrEqual(60_000);
    expect(absent).toBeNull();
    await kept(one, "absence", entryOf(null));
    expect((await other.tier.read(["absence"]))[0]?.entry.value).toBeNull();
    expect([...one.tampered, ...other.tampered]).toEqual([]);
  });

  testWithRedisServer("is not written where it is too large, and takes no other one with it", async () => {
    const { url } = await server();
    const one = tierAt({ url });
    await well(one.reads, one.writes);
    one.tier.write([
      { key: "large", entry: entryOf("x".repeat(1024 * 1024)), lifetimeMs: 60_000 },
      { key: "over", entry: entryOf("x"), lifetimeMs: 0.4 },
      { key: "small", entry: entryOf("x"), lifetimeMs: 60_000 },
    ]);
    await eventually(async () => (await one.tier.read(["small"]))[0], "the small entry");
    expect(await one.tier.read(["large", "over"])).toEqual([null, null]);
    expect(one.dropped()).toBe(2);
  });

  testWithRedisServer(
    "dies on time whatever is done to its lifetime in Redis or to the clock on the wall (T67)",
    async () => {
      const { url, admin } = await server();
      let wallNow = 1_000_000;
      const one = tierAt({ url }, { wallNow: () => wallNow });
      await kept(one, "key", entryOf(1), 30_000);
      const [name = ""] = await admin.keys("*");
      await admin.pexpire(name, 86_400_000);
      expect((await one.tier.read(["key"]))[0]?.leftMs).toBe(30_000);
      wallNow += 29_000;
      expect((await one.tier.read(["key"]))[0]?.leftMs).toBe(1000);
      wallNow += 1000;
      expect(await one.tier.read(["key"])).toEqual([null]);
      // A clock set back lengthens nothing that Redis says.
      wallNow -= 86_400_000;
      await admin.pexpire(name, 500);
      expect((await one.tier.read(["key"]))[0]?.leftMs).toBeLessThanOrEqual(500);
      await admin.persist(name);
      expect(await one.tier.read(["key"])).toEqual([null]);
      expect(one.tampered).toEqual(["no-end"]);
    },
  );

  testWithRedisServer("outlives the change of the key that sealed it (T62)", async () => {
    const { url, admin } = await server();
    const secrets = ["a", "b"].map((id) => `${id}:${Buffer.alloc(32, id).toString("base64url")}`);
    const keys = (...order: readonly number[]) =>
      readCacheKeys({ keys: order.map((each) => secrets[each]).join(","), file: "" }) as CacheKeys;
    const before = tierAt({ url }, { keys: keys(0) });
    await kept(before, "key", entryOf(1));
    const during = tierAt({ url }, { keys: keys(1, 0) });
    await well(during.reads);
    expect((await during.tier.read(["key"]))[0]?.entry).toEqual(entryOf(1));
    await kept(during, "other", entryOf(2));
    const after = tierAt({ url }, { keys: keys(1) });
    await well(after.reads);
    const [old, current] = await after.tier.read(["key", "other"]);
    expect([old, current?.entry]).toEqual([null, entryOf(2)]);
    expect(await admin.dbsize()).toBe(2);
    expect([before, during, after].flatMap(({ tampered }) => tampered)).toEqual([]);
  });
});

describe("T61: what somebody else wrote into Redis", () => {
  const cases: readonly (readonly [
    string,
    Tampering,
    (admin: Redis, one: string, other: string) => Promise<unknown>,
  ])[] = [
    ["bytes that look right", "not-sealed", (admin, one) => admin.set(one, Buffer.alloc(200, 7), "PX", 60_000)],
    ["a plain entry", "not-sealed", (admin, one) => admin.set(one, JSON.stringify(entryOf("forged")), "PX", 60_000)],
    ["too few bytes to be anything", "not-sealed", (admin, one) => admin.set(one, "x", "PX", 60_000)],
    ["a huge value", "not-sealed", (admin, one) => admin.set(one, Buffer.alloc(5_000_000), "PX", 60_000)],
    ["another entry's bytes", "not-sealed", (admin, one, other) => admin.copy(other, one, "REPLACE")],
    [
      "its own bytes, cut",
      "not-sealed",
      async (admin, one) => admin.set(one, (await bytesOf(admin, one)).subarray(0, -1), "KEEPTTL"),
    ],
    ["its own bytes, one of them changed", "not-sealed", async (admin, one) => admin.setrange(one, 20, "~")],
    ["a list", "wrong-type", async (admin, one) => [await admin.del(one), await admin.rpush(one, "x")]],
    ["a stream", "wrong-type", async (admin, one) => [await admin.del(one), await admin.xadd(one, "*", "e", "x")]],
  ];
  const bytesOf = async (admin: Redis, name: string) => (await admin.getBuffer(name)) ?? Buffer.alloc(0);

  testWithRedisServer("is no answer, is told of, and is replaced by the next fill", async () => {
    const { url, admin } = await server();
    const one = tierAt({ url });
    for (const [what, how, tamper] of cases) {
      await admin.flushall();
      await kept(one, "one", entryOf("one's"));
      await kept(one, "other", entryOf("other's"));
      const [named, others] = ["one", "other"].map((key) => nameOf(one.keys[0], key));
      await tamper(admin, named as string, others as string);
      one.tampered.length = 0;
      const found = await one.tier.read(["one", "other"]);
      expect([what, found.map((each) => each?.entry.value), one.tampered]).toEqual([
        what,
        [undefined, "other's"],
        [how],
      ]);
      expect(one.reads.isWell()).toBe(true);
      expect((await kept(one, "one", entryOf("again"))).entry.value).toBe("again");
    }
  });

  testWithRedisServer(
    "says where the feeds stood when it was read, where it is an old value under its own name",
    async () => {
      const { url, admin } = await server();
      const one = tierAt({ url });
      await kept(one, "key", entryOf("old"));
      const name = nameOf(one.keys[0], "key");
      const old = await bytesOf(admin, name);
      const newer = { ...entryOf("new"), positions: [{ feed: "CASE", epoch: "e1", seq: 8 }] };
      one.tier.write([{ key: "key", entry: newer, lifetimeMs: 60_000 }]);
      await eventually(async () => (await one.tier.read(["key"]))[0]?.entry.value === "new", "the new value");
      await admin.set(name, old, "PX", 60_000);
      // It is genuine; that its position is the older one is what the fence refuses it by.
      expect((await one.tier.read(["key"]))[0]?.entry).toEqual(entryOf("old"));
      expect(one.tampered).toEqual([]);
    },
  );
});

describe("T62: what lies in Redis, and what Redis tells of its work", () => {
  testWithRedisServer("holds no name, number or date", async () => {
    const { url, admin, folder, port } = await server(
      "--slowlog-log-slower-than",
      "0",
      "--notify-keyspace-events",
      "KEA",
    );
    const canaries = ["Zebulon", "Quixotewicz", "037182818", "1979-04-03", "fin-9911223344", "CourtCase 4711"];
    const heard: string[] = [];
    const monitor = await admin.monitor();
    toClose.push(() => monitor.disconnect());
    monitor.on("monitor", (_time: string, words: readonly string[]) => void heard.push(words.join(" ")));
    const events = new Redis(port, "127.0.0.1", { disconnectTimeout: 50 });
    toClose.push(() => events.disconnect());
    await events.psubscribe("__key*__:*");
    events.on("pmessage", (...words: readonly string[]) => void heard.push(words.join(" ")));

    const one = tierAt({ url });
    const entry: Entry = {
      value: { names: [{ given: canaries[0], family: canaries[1] }], birthDate: canaries[3] },
      tags: [`ANumber ${canaries[2]}`, canaries[5] as string],
      positions: [{ feed: "CASE", epoch: "e1", seq: 7 }],
    };
    for (let index = 0; index < 20; index++) await kept(one, `${index} {"fin":"${canaries[4]}"}`, entry);
    await eventually(() => heard.length >= 60, "what the monitor and the subscriber hear");
    await admin.save();
    const names = await admin.keys("*");
    const told = {
      dump: readFileSync(join(folder, "dump.rdb")).toString("latin1"),
      monitor: heard.join("\n"),
      slowlog: JSON.stringify(await admin.slowlog("GET", 1000)),
      names: names.join("\n"),
      clients: String(await admin.client("LIST")),
    };
    expect(names).toHaveLength(20);
    expect(names.filter((name) => !/^crosswalk:e:[\w.-]+:[\w-]{43}$/.test(name))).toEqual([]);
    for (const [where, text] of Object.entries(told)) {
      expect([where, text.length > 0]).toEqual([where, true]);
      for (const canary of canaries)
        for (const form of [
          canary,
          Buffer.from(canary).toString("base64").slice(0, -4),
          Buffer.from(canary).toString("hex"),
        ])
          expect([where, form, text.includes(form)]).toEqual([where, form, false]);
    }
    // It would be found: the same words, written as they are.
    await admin.set("plain", canaries.join(" "));
    await admin.save();
    expect(readFileSync(join(folder, "dump.rdb")).toString("latin1")).toContain(canaries[4]);
  });
});

/** A clock that stands still until it is told. */
function standingClock() {
  const waiting: { readonly ms: number; readonly run: () => void }[] = [];
  const after: After = (ms, run) => {
    const one = { ms, run };
    waiting.push(one);
    return () => {
      const at = waiting.indexOf(one);
      if (at >= 0) waiting.splice(at, 1);
    };
  };
  return { after, waiting };
}

describe("T66: an ill Redis", () => {
  testWithRedisServer("that is slow is waited for 50 ms, once, and asked again when it answers", async () => {
    const slow = await server();
    const clock = standingClock();
    const one = tierAt({ url: slow.url }, { after: clock.after });
    await kept(one, "a", entryOf(1));
    await eventually(() => clock.waiting.length === 0, "the end of what was written");
    slow.signal("SIGSTOP");
    const reading = one.tier.read(["a"]);
    // The only thing that can end it is the clock, and it was set to the bound.
    expect(clock.waiting.map(({ ms }) => ms)).toEqual([50]);
    clock.waiting.shift()?.run();
    expect(await reading).toEqual([null]);
    await isRefusedAtOnce(one);
    const [probing] = clock.waiting;
    expect(clock.waiting).toHaveLength(1);
    probing?.run();
    slow.signal("SIGCONT");
    clock.waiting.splice(0, 1);
    await well(one.reads);
    expect((await one.tier.read(["a"]))[0]?.entry).toEqual(entryOf(1));
  });

  testWithRedisServer("is asked again ever more rarely while it does not answer", async () => {
    const slow = await server();
    const clock = standingClock();
    const one = tierAt({ url: slow.url }, { after: clock.after });
    await well(one.reads, one.writes);
    slow.signal("SIGSTOP");
    const reading = one.tier.read(["a"]);
    const pauses: number[] = [];
    while (pauses.length < 12) {
      const [next] = clock.waiting.splice(0, 1);
      if (next === undefined) await new Promise(setImmediate);
      else if (next.ms !== 50) pauses.push(next.ms);
      next?.run();
    }
    expect(await reading).toEqual([null]);
    for (const [index, ms] of pauses.entries()) {
      const middle = Math.min(100 * 2 ** index, 5000);
      expect(ms).toBeGreaterThanOrEqual(middle * 0.75);
      expect(ms).toBeLessThanOrEqual(middle * 1.25);
    }
    slow.signal("SIGCONT");
  });

  testWithRedisServer("counts what was already there when this process was the late one", async () => {
    const { url } = await server();
    const one = tierAt({ url });
    await kept(one, "a", entryOf(1));
    const reading = one.tier.read(["a"]);
    await new Promise(process.nextTick);
    const end = performance.now() + 200;
    while (performance.now() < end);
    expect((await reading)[0]?.entry).toEqual(entryOf(1));
    expect(one.reads.isWell()).toBe(true);
  });

  const written = { a: entryOf("a's"), b: entryOf("b's") };

  /** Each makes it ill, and gives back what makes it well. */
  const states: Readonly<Record<string, (redis: RedisServer) => Promise<() => Promise<unknown>>>> = {
    dead: async (redis) => {
      await redis.kill();
      return () => redis.restart();
    },
    "slow (DEBUG SLEEP)": async ({ admin }) => {
      const sleeping = admin.call("DEBUG", "SLEEP", "1.5");
      return () => sleeping;
    },
    loading: async (redis) => {
      const filling = redis.admin.pipeline();
      for (let index = 0; index < 2000; index++) filling.set(`filler ${index}`, "x".repeat(100));
      await filling.exec();
      await redis.admin.save();
      await redis.restart("--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024");
      return async () => undefined;
    },
    "a read-only replica": async ({ admin }) => {
      const primary = await server();
      await admin.replicaof("127.0.0.1", String(primary.port));
      return () => admin.replicaof("NO", "ONE");
    },
    "a replica without its primary": async ({ admin }) => {
      const [nobody] = [1];
      await admin.config("SET", "replica-serve-stale-data", "no");
      await admin.replicaof("127.0.0.1", String(nobody));
      return () => admin.replicaof("NO", "ONE");
    },
    full: async ({ admin }) => {
      await admin.config("SET", "maxmemory-policy", "noeviction");
      await admin.config("SET", "maxmemory", "1");
      return () => admin.config("SET", "maxmemory", "0");
    },
    flushed: async ({ admin }) => {
      await admin.flushall();
      return async () => undefined;
    },
    evicting: async ({ admin }) => {
      await admin.config("SET", "maxmemory-policy", "allkeys-random");
      await admin.config("SET", "maxmemory", "1");
      return () => admin.config("SET", "maxmemory", "0");
    },
    "unable to save": async ({ admin }) => {
      await admin.config("SET", "dir", "/proc");
      await admin.config("SET", "save", "3600 1");
      await admin.bgsave();
      await eventually(async () => (await admin.info("persistence")).includes("last_bgsave_status:err"), "the failure");
      return () => admin.config("SET", "stop-writes-on-bgsave-error", "no");
    },
    "holding other types under the same names": async ({ admin }) => {
      for (const name of await admin.keys("crosswalk:e:*")) {
        await admin.del(name);
        await admin.rpush(name, "x");
      }
      return async () => undefined;
    },
    "wanting a password": async ({ admin }) => {
      await admin.config("SET", "requirepass", "secret");
      await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      return () => admin.config("SET", "requirepass", "");
    },
  };

  for (const [state, makeIll] of Object.entries(states))
    testWithRedisServer(
      `${state}: gives no wrong answer and rejects nothing, and is used again when it is well`,
      async () => {
        const redis = await server("--enable-protected-configs", "yes");
        const one = tierAt({ url: redis.url });
        for (const [key, entry] of Object.entries(written)) await kept(one, key, entry);
        const makeWell = await makeIll(redis);
        await neverWrong(one, written);
        await makeWell();
        await neverWrong(one, written, 3);
        for (const [key, entry] of Object.entries(written)) {
          await eventually(async () => {
            one.tier.write([{ key, entry, lifetimeMs: 60_000 }]);
            return (await one.tier.read([key]))[0];
          }, "the entry, written again");
        }
      },
    );

  testWithRedisServer("that is full or read-only is still read, and is not sent what it refuses", async () => {
    const { url, admin } = await server();
    const one = tierAt({ url });
    await kept(one, "a", entryOf(1));
    await admin.config("SET", "maxmemory", "1");
    await admin.config("RESETSTAT");
    one.tier.write([{ key: "b", entry: entryOf(2), lifetimeMs: 60_000 }]);
    await eventually(() => !one.writes.isWell(), "the refusal of what is written");
    for (let round = 0; round < 50; round++) one.tier.write([{ key: "b", entry: entryOf(2), lifetimeMs: 60_000 }]);
    expect((await one.tier.read(["a"]))[0]?.entry).toEqual(entryOf(1));
    expect(one.reads.isWell()).toBe(true);
    expect(one.dropped()).toBe(51);
    expect(/rejected_calls=(\d+)/.exec(/cmdstat_set:.*/.exec(await admin.info("commandstats"))?.[0] ?? "")?.[1]).toBe(
      "1",
    );
  });

  testWithRedisServer(
    "behind a way that swallows everything is given up, and found again when the way is open (T57)",
    async () => {
      const redis = await server();
      const way = await openSilentWay(redis.port);
      toClose.push(() => way.close());
      const one = tierAt({ url: way.url });
      await kept(one, "a", entryOf(1));
      const before = one.reads.connection();
      way.cut();
      one.tier.write([{ key: "lost", entry: entryOf(2), lifetimeMs: 60_000 }]);
      await eventually(() => one.dropped() === 1, "the end of what was written");
      expect(await one.tier.read(["a"])).toEqual([null]);
      await isRefusedAtOnce(one);
      await neverWrong(one, { a: entryOf(1) }, 5);
      way.heal();
      await well(one.reads, one.writes);
      expect(one.reads.connection()).toBeGreaterThan(before);
      expect((await one.tier.read(["a"]))[0]?.entry).toEqual(entryOf(1));
      // Nothing that was given up is sent later, after what is written then.
      await kept(one, "b", entryOf(3));
      expect(await one.tier.read(["lost"])).toEqual([null]);
    },
  );

  testWithRedisServer("that is gone is asked for nothing, and nothing is kept for it", async () => {
    const redis = await server();
    const one = tierAt({ url: redis.url });
    await kept(one, "a", entryOf(1));
    await redis.kill();
    await eventually(() => !one.reads.isWell() && !one.writes.isWell(), "the end of both connections");
    await isRefusedAtOnce(one);
    one.tier.write([{ key: "b", entry: entryOf(2), lifetimeMs: 60_000 }]);
    expect(one.dropped()).toBe(1);
    await redis.restart();
    await kept(one, "c", entryOf(3));
    expect(await one.tier.read(["a", "b"])).toEqual([null, null]);
  });

  testWithRedisServer("that fails over is followed to the replica that was promoted", async () => {
    const primary = await server();
    const replica = await server("--replicaof", `127.0.0.1 ${primary.port}`);
    await eventually(async () => (await primary.admin.info("replication")).includes("state=online"), "the replica");
    const sentinel = await startSentinel(primary, "cache");
    toClose.push(() => sentinel.close());
    const knows = async () => ((await sentinel.admin.call("SENTINEL", "REPLICAS", "cache")) as unknown[]).length === 1;
    const one = tierAt({ sentinels: `127.0.0.1:${sentinel.port}`, masterName: "cache" });
    await kept(one, "a", written.a);
    await eventually(knows, "the replica, as Sentinel sees it");
    await eventually(async () => (await replica.admin.dbsize()) === 1, "the entry on the replica");
    await primary.kill();
    await neverWrong(one, { a: written.a });
    await eventually(async () => (await replica.admin.role())[0] === "master", "the promotion");
    await well(one.reads, one.writes);
    await neverWrong(one, { a: written.a });
    expect((await kept(one, "b", written.b)).entry).toEqual(written.b);
    expect((await replica.admin.dbsize()) > 1).toBe(true);
  });

  testWithRedisServer("keeps nothing for later, and ends promptly whatever state it is in", async () => {
    const redis = await server();
    const one = tierAt({ url: redis.url });
    await well(one.reads, one.writes);
    redis.signal("SIGSTOP");
    for (let round = 0; round < 100; round++)
      one.tier.write([{ key: `${round}`, entry: entryOf("x".repeat(100_000)), lifetimeMs: 60_000 }]);
    await eventually(() => one.dropped() > 0, "what is dropped");
    const reading = one.tier.read(["a"]);
    one.reads.close();
    one.writes.close();
    expect(await reading).toEqual([null]);
    expect(await one.tier.read(["a"])).toEqual([null]);
    redis.signal("SIGCONT");
  });
});
