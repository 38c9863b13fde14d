/** Announcements through real Redis servers: none missed without a sign, none younger than it is (T57, T66). */
import { afterEach, describe, expect, test } from "@jest/globals";
import { openRedisFeed } from "../gateway/cache/feed-redis.ts";
import { openLinks } from "../gateway/cache/redis.ts";
import { readRedisAddress } from "../gateway/cache/redis-address.ts";
import { type RedisCarrierSettings, redisCarrier } from "../subgraphs/kit/feed-redis.ts";
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

type Heard = {
  readonly envelope: unknown;
  readonly clock: { readonly id: string; readonly now: number };
  readonly at: number;
};

/** A gateway's end of the stream, with what it was told. */
function readerAt(place: { readonly url?: string; readonly sentinels?: string; readonly masterName?: string }) {
  const address = readRedisAddress({ url: "", sentinels: "", masterName: "", ...place });
  if (address === null) throw new Error("no address");
  const links = openLinks(address, () => undefined);
  const heard: Heard[] = [];
  const onEnvelope = (envelope: unknown, clock: Heard["clock"]) =>
    void heard.push({ envelope, clock, at: performance.now() });
  const opened = openRedisFeed({ ...links, onEnvelope });
  const close = () => {
    opened.close();
    links.close();
  };
  toClose.push(close);
  return { links, heard, append: opened.append, close, numbers: () => heard.map(({ envelope }) => envelope) };
}

function carrierTo(settings: RedisCarrierSettings) {
  const carrier = redisCarrier(settings);
  toClose.push(() => carrier.close());
  return carrier;
}

/** As a watcher does: again and again until it is taken. */
async function publish(carrier: ReturnType<typeof carrierTo>, number: number): Promise<void> {
  await eventually(
    () =>
      carrier.publish(String(number)).then(
        () => true,
        () => false,
      ),
    `the publication of ${number}`,
  );
}

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from);

describe("the stream", () => {
  testWithRedisServer("is read from the beginning of what is retained, then as it comes, in order", async () => {
    const { url, admin } = await server();
    const carrier = carrierTo({ url });
    const filling = admin.pipeline();
    for (const number of upTo(1700)) filling.xadd("crosswalk:changes", "*", "e", String(number));
    await filling.exec();
    const reader = readerAt({ url });
    await eventually(() => reader.heard.length === 1700, "what is retained");
    for (const number of upTo(20, 1701)) await publish(carrier, number);
    await eventually(() => reader.heard.length === 1720, "what comes");
    expect(reader.numbers()).toEqual(upTo(1720));
    const again = readerAt({ url });
    await eventually(() => again.heard.length === 1720, "the same, for a gateway that starts later");
    expect(again.numbers()).toEqual(upTo(1720));
  });

  testWithRedisServer("tells the time of the server on whose clock watchers have their tickets", async () => {
    const { url, admin } = await server();
    const carrier = carrierTo({ url });
    const reader = readerAt({ url });
    const ticket = await eventually(() => carrier.ticket().catch(() => null), "a ticket");
    expect(ticket.clock).toBe(/run_id:(\w+)/.exec(await admin.info("server"))?.[1]);
    await publish(carrier, 1);
    const [heard] = await eventually(() => reader.heard.length > 0 && reader.heard, "the envelope");
    const after = await carrier.ticket();
    expect(heard?.clock.id).toBe(ticket.clock);
    expect(heard?.clock.now).toBeGreaterThanOrEqual(ticket.now);
    // Never earlier than the server's own, and later by no more than the asking took.
    expect(after.now - (heard?.clock.now ?? 0)).toBeLessThan(60_000);
  });

  testWithRedisServer("carries what a gateway passes on to the others, and says when it could not", async () => {
    const redis = await server();
    const [one, other] = [readerAt(redis), readerAt(redis)];
    await eventually(() => one.append('{"jti":"1"}'), "the appending");
    await eventually(() => one.heard.length === 1 && other.heard.length === 1, "what was passed on");
    expect(other.numbers()).toEqual([{ jti: "1" }]);
    await redis.kill();
    expect(await one.append("{}")).toBe(false);
  });

  testWithRedisServer(
    "may hold what is no announcement: it is told as null, and the next one still comes",
    async () => {
      const { url, admin } = await server();
      const reader = readerAt({ url });
      const add = (...fields: string[]) => admin.xadd("crosswalk:changes", "*", ...fields);
      await add("e", "not JSON");
      await add("other", "1");
      await add("e", "1", "f", "2");
      await add("e", `"${"x".repeat(1024 * 1024)}"`);
      await add("e", "\u0000");
      await add("e", "7");
      await eventually(() => reader.heard.length === 6, "all of them");
      expect(reader.numbers()).toEqual([null, null, null, null, null, 7]);
    },
  );

  testWithRedisServer("is bounded", async () => {
    const { url, admin } = await server("--stream-node-max-entries", "100");
    await admin.xadd("crosswalk:changes", "1-1", "e", "1");
    await admin.eval("for i = 1, 101000 do redis.call('XADD', KEYS[1], '*', 'e', i) end", 1, "crosswalk:changes");
    await publish(carrierTo({ url }), 0);
    const kept = await admin.xlen("crosswalk:changes");
    expect(kept).toBeGreaterThanOrEqual(100_000);
    expect(kept).toBeLessThanOrEqual(100_100);
  });
});

describe("T66: a Redis that loses what it had", () => {
  testWithRedisServer("flushed: what is announced after it comes", async () => {
    const { url, admin } = await server();
    const carrier = carrierTo({ url });
    const reader = readerAt({ url });
    for (const number of [1, 2]) await publish(carrier, number);
    await eventually(() => reader.heard.length === 2, "the first two");
    await admin.flushall();
    for (const number of [3, 4]) await publish(carrier, number);
    await eventually(() => reader.heard.length === 4, "the others");
    expect(reader.numbers()).toEqual([1, 2, 3, 4]);
  });

  testWithRedisServer(
    "with lower numbers than before, on the same connection: nothing is skipped or told twice",
    async () => {
      const { url, admin } = await server();
      const reader = readerAt({ url });
      const add = (id: string, number: number) => admin.xadd("crosswalk:changes", id, "e", String(number));
      await add("9000-1", 1);
      await add("9000-2", 2);
      await eventually(() => reader.heard.length === 2, "the first two");
      const connection = reader.links.feed.connection();
      await admin.multi().del("crosswalk:changes").xadd("crosswalk:changes", "500-1", "e", "3").exec();
      await eventually(() => reader.heard.length === 3, "the one in the new stream");
      await add("500-2", 4);
      await eventually(() => reader.heard.length === 4, "the next one");
      expect(reader.numbers()).toEqual([1, 2, 3, 4]);
      expect(reader.links.feed.connection()).toBe(connection);
    },
  );

  testWithRedisServer(
    "restarted from an older dump: what it lost is not told again, and what took its numbers is told",
    async () => {
      const redis = await server();
      const reader = readerAt(redis);
      const add = (id: string, number: number) => redis.admin.xadd("crosswalk:changes", id, "e", String(number));
      for (const number of [1, 2, 3]) await add(`9000-${number}`, number);
      await redis.admin.save();
      for (const number of [4, 5]) await add(`9000-${number}`, number);
      await eventually(() => reader.heard.length === 5, "the first five");
      const before = reader.heard.at(-1)?.clock.id;
      await redis.restart();
      await eventually(() => redis.admin.ping().catch(() => null), "the restart");
      // One number is the very one of an entry that was lost.
      await add("9000-4", 6);
      await eventually(() => reader.heard.length === 6, "what is new");
      await add("9000-5", 7);
      await eventually(() => reader.heard.length === 7, "the next");
      expect(reader.numbers()).toEqual(upTo(7));
      expect(reader.heard.at(-1)?.clock.id).not.toBe(before);
    },
  );

  testWithRedisServer(
    "failing over: watchers and gateways follow, on the clock of the server that was promoted",
    async () => {
      const primary = await server();
      const replica = await server("--replicaof", `127.0.0.1 ${primary.port}`);
      await eventually(async () => (await primary.admin.info("replication")).includes("state=online"), "the replica");
      const sentinel = await startSentinel(primary, "changes");
      toClose.push(() => sentinel.close());
      const knows = async () =>
        ((await sentinel.admin.call("SENTINEL", "REPLICAS", "changes")) as unknown[]).length === 1;
      await eventually(knows, "the replica, as Sentinel sees it");
      const place = { url: "redis://redis", sentinels: `127.0.0.1:${sentinel.port}`, masterName: "changes" };
      const carrier = carrierTo(place);
      const reader = readerAt(place);
      for (const number of upTo(3)) await publish(carrier, number);
      await eventually(() => reader.heard.length === 3, "what comes before");
      await eventually(async () => (await replica.admin.xlen("crosswalk:changes")) === 3, "the replication");
      await primary.kill();
      await expect(carrier.publish("lost")).rejects.toMatchObject({ code: expect.stringMatching(/^REDIS /) });
      for (const number of upTo(3, 4)) await publish(carrier, number);
      await eventually(() => reader.heard.length === 6, "what comes after");
      expect(reader.numbers()).toEqual(upTo(6));
      const run = /run_id:(\w+)/.exec(await replica.admin.info("server"))?.[1];
      expect(reader.heard.at(-1)?.clock.id).toBe(run);
      expect((await carrier.ticket()).clock).toBe(run);
      expect(reader.heard[0]?.clock.id).not.toBe(run);
    },
  );

  testWithRedisServer(
    "holding something else under the stream's name: asked ever more rarely, and read when it is there again",
    async () => {
      const { url, admin } = await server();
      const reader = readerAt({ url });
      const carrier = carrierTo({ url });
      await publish(carrier, 1);
      await eventually(() => reader.heard.length === 1, "the first");
      await admin.set("crosswalk:changes", "x");
      await expect(carrier.publish("2")).rejects.toMatchObject({ code: "REDIS WRONGTYPE" });
      await admin.config("RESETSTAT");
      const startedAt = performance.now();
      await eventually(() => performance.now() - startedAt > 500, "half a second");
      const calls = [...(await admin.info("commandstats")).matchAll(/cmdstat_x\w+:calls=(\d+)/g)];
      expect(calls.reduce((sum, [, count]) => sum + Number(count), 0)).toBeLessThan(30);
      await admin.del("crosswalk:changes");
      await publish(carrier, 2);
      await eventually(() => reader.heard.length === 2, "the second");
      expect(reader.numbers()).toEqual([1, 2]);
    },
  );
});

describe("T57: nothing passes, and nobody is told", () => {
  const leaseMs = 2000;

  testWithRedisServer(
    "the lease ends; when the way is open again, what was missed comes, and the lease with it",
    async () => {
      const redis = await server();
      const way = await openSilentWay(redis.port);
      toClose.push(() => way.close());
      const reader = readerAt({ url: way.url });
      const carrier = carrierTo({ url: redis.url });
      let leaseUntil = Number.NEGATIVE_INFINITY;
      let read = 0;
      const look = () => {
        for (const { envelope, clock, at } of reader.heard.slice(read)) {
          read++;
          const { clock: id, since } = envelope as { clock: string; since: number };
          if (id === clock.id) leaseUntil = Math.max(leaseUntil, at - (clock.now - since) + leaseMs);
        }
        return performance.now() < leaseUntil;
      };
      let beats = 0;
      const beating = setInterval(async () => {
        const ticket = await carrier.ticket().catch(() => null);
        if (ticket)
          await carrier.publish(JSON.stringify({ ...ticket, since: ticket.now, seq: ++beats })).catch(() => null);
      }, 100);
      toClose.push(() => clearInterval(beating));
      await eventually(look, "a lease");
      way.cut();
      const cutAt = performance.now();
      const beatsThen = beats;
      await eventually(() => !look(), "the end of the lease");
      // What was under way when it was cut may have come; nothing after it.
      expect(leaseUntil).toBeLessThanOrEqual(cutAt + leaseMs + 50);
      const heardThen = reader.heard.length;
      await eventually(() => beats > beatsThen + 5, "what is announced meanwhile");
      expect(reader.heard.length).toBe(heardThen);
      way.heal();
      await eventually(look, "the lease, again");
      const seqs = reader.numbers().map((each) => (each as { seq: number }).seq);
      expect(seqs).toEqual(upTo(seqs.length));
    },
  );

  testWithRedisServer("what lay in between for a while is as old as it is", async () => {
    const redis = await server();
    const way = await openSilentWay(redis.port);
    toClose.push(() => way.close());
    const reader = readerAt({ url: way.url });
    const carrier = carrierTo({ url: redis.url });
    await publish(carrier, 0);
    await eventually(() => reader.heard.length === 1, "the first");
    const ticket = await carrier.ticket();
    way.hold();
    const heldAt = performance.now();
    await carrier.publish("1");
    await eventually(() => performance.now() - heldAt > 400, "a delay");
    const heldMs = performance.now() - heldAt;
    way.release();
    await eventually(() => reader.heard.length === 2, "the second");
    expect((reader.heard[1]?.clock.now ?? 0) - ticket.now).toBeGreaterThanOrEqual(heldMs);
  });
});

describe("a watcher's carrier", () => {
  testWithRedisServer(
    "rejects while Redis is away or full, says nothing of what was sent, and mends itself",
    async () => {
      const redis = await server();
      const carrier = carrierTo({ url: redis.url, timeoutMs: 1_000 });
      await expect(carrier.publish("too early")).rejects.toMatchObject({ code: "REDIS no answer" });
      await publish(carrier, 1);
      await redis.admin.config("SET", "maxmemory", "1");
      await expect(carrier.publish("canary")).rejects.toMatchObject({ code: "REDIS OOM" });
      await redis.admin.config("SET", "maxmemory", "0");
      redis.signal("SIGSTOP");
      const late = await carrier.publish("canary").catch((error: unknown) => error);
      expect(late).toMatchObject({ code: "REDIS no answer" });
      expect(`${(late as Error).stack} ${JSON.stringify(late)}`).not.toContain("canary");
      await expect(carrier.ticket()).rejects.toMatchObject({ code: "REDIS no answer" });
      redis.signal("SIGCONT");
      await eventually(() => carrier.ticket().catch(() => null), "the time");
      await redis.restart();
      await publish(carrier, 2);
    },
  );

  test.each([
    [{ url: "http://hunter2@cache" }, /^CHANGES_TO must be/],
    [{ url: "redis://:hunter2@cache/x" }, /^CHANGES_TO must be/],
    [{ url: "redis://:hunter2@cache?a=b" }, /^CHANGES_TO must be/],
    [{ url: "redis://:hunter2@cache", sentinels: "a:1" }, /go together/],
    [{ url: "redis://:hunter2@cache", sentinels: "a", masterName: "c" }, /^REDIS_SENTINELS must be/],
  ])("refuses %j without a word of what is secret", (settings, message) => {
    expect(() => redisCarrier(settings)).toThrow(message);
    expect(() => redisCarrier(settings)).not.toThrow(/hunter2/);
  });
});
