/**
 * Two gateways in processes of their own and one Redis, subgraphs that announce through it, and a way for each of them
 * that can be cut in silence.
 */
import { randomBytes } from "node:crypto";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { issuerName, mintToken } from "../../mocks/issuer/mint.ts";
import type { Mocks } from "../../mocks/main.ts";
import type { FeedMessage } from "../../subgraphs/kit/envelope.ts";
import type { ChangeCarrier } from "../../subgraphs/kit/feed.ts";
import { redisCarrier } from "../../subgraphs/kit/feed-redis.ts";
import { openTap, type Tap } from "../announcing.ts";
import { type GatewayChild, startGatewayChild } from "../gateway-child.ts";
import { openSilentWay, type RedisServer, type SilentWay, startRedisServer } from "../redis-servers.ts";
import { newSubgraphKeys, type SubgraphName, settingNames, startSystems } from "../systems.ts";

export type Places = {
  readonly mocks: Mocks;
  readonly redis: RedisServer;
  readonly gateways: readonly [GatewayChild, GatewayChild];
  /** Between each gateway and Redis. */
  readonly ways: readonly [SilentWay, SilentWay];
  /** Between the subgraphs that are watched here and Redis. */
  readonly watchersWays: Readonly<Record<"eoir" | "ice", SilentWay>>;
  /** Between both gateways and the subgraphs that are watched here. */
  readonly subgraphsWays: Readonly<Record<"eoir" | "ice", LateWay>>;
  readonly tap: Tap;
  /** Everything that was announced, in order, whether or not it was lost on the way. */
  readonly announced: readonly FeedMessage[];
  readonly envelopes: readonly string[];
  /** One of so many announcements is lost from now on; 0: none. */
  loseOneIn(count: number): void;
  readonly token: string;
  close(): Promise<void>;
};

export type LateWay = {
  readonly port: number;
  /** What is answered from now on is so late: it says what was so that long ago. */
  delay(ms: number): void;
  close(): Promise<void>;
};

async function openLateWay(port: number): Promise<LateWay> {
  let delayMs = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const each of [near, far]) {
      sockets.add(each);
      each.on("error", () => {});
      each.on("close", () => {
        sockets.delete(each);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (bytes) => void far.write(bytes));
    // In order, though the delay should shrink meanwhile.
    let sent = Promise.resolve();
    far.on("data", (bytes) => {
      const due = pause(delayMs);
      sent = sent.then(() => due).then(() => void near.write(bytes));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    delay(ms) {
      delayMs = ms;
    },
    close: () =>
      new Promise((resolve) => {
        for (const each of sockets) each.destroy();
        server.close(() => resolve());
      }),
  };
}

/** `random`: as Math.random. */
export async function startPlaces({
  population,
  random,
}: {
  readonly population: number;
  readonly random: () => number;
}): Promise<Places> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const redis = await startRedisServer();
    closers.push(redis.close);
    const newWay = async () => {
      const way = await openSilentWay(redis.port);
      closers.push(way.close);
      return way;
    };
    const watchersWays = { eoir: await newWay(), ice: await newWay() };
    const ways = [await newWay(), await newWay()] as const;
    const announced: FeedMessage[] = [];
    const envelopes: string[] = [];
    const tap = openTap((message, envelope) => {
      announced.push(message);
      if (envelopes.length < 10_000) envelopes.push(envelope);
    });
    let lossOneIn = 0;
    const isLost = () => lossOneIn > 0 && random() < 1 / lossOneIn;
    const carrierOf = (name: SubgraphName): ChangeCarrier => {
      const way = name === "eoir" || name === "ice" ? watchersWays[name] : null;
      const carrier = redisCarrier({ url: way?.url ?? redis.url });
      closers.push(carrier.close);
      // Nobody is told of what is lost.
      return { ...carrier, publish: async (envelope) => (isLost() ? undefined : carrier.publish(envelope)) };
    };
    const { subgraphKeys, keysOf } = newSubgraphKeys();
    const systems = await startSystems({
      population,
      settingsOf: (name) => ({
        keys: keysOf(name),
        changesTo: tap.on(carrierOf(name), keysOf(name)),
        writeLine: () => undefined,
      }),
    });
    closers.push(systems.close);
    const { mocks } = systems;
    const lateWayTo = async (name: "eoir" | "ice") => {
      const way = await openLateWay(Number(new URL(systems.subgraphUrls[name]).port));
      closers.push(way.close);
      return way;
    };
    const subgraphsWays = { eoir: await lateWayTo("eoir"), ice: await lateWayTo("ice") };
    const late = (name: "eoir" | "ice") => `http://127.0.0.1:${subgraphsWays[name].port}/graphql`;
    const subgraphUrls = { ...systems.subgraphUrls, eoir: late("eoir"), ice: late("ice") };
    const prefixed = (prefix: string, named: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}${name}`, value]));
    const cacheKeys = `a:${randomBytes(32).toString("base64url")}`;
    const start = async (way: SilentWay) => {
      const gateway = await startGatewayChild({
        ...prefixed("SUBGRAPH_URL_", settingNames(subgraphUrls)),
        ...prefixed("SUBGRAPH_KEY_", subgraphKeys),
        GATEWAY_ISSUERS: `${issuerName}=${mocks.urls.issuer}/jwks.json`,
        GATEWAY_SUPERGRAPH_POLL_MS: "60000",
        // A busy machine is no fault that is looked for here.
        PLAN_SOFT_MS: "20000",
        PLAN_HARD_MS: "30000",
        REQUEST_TIMEOUT_MS: "30000",
        SUBGRAPH_TIMEOUT_MS: "15000",
        REDIS_URL: way.url,
        CACHE_KEYS: cacheKeys,
      });
      closers.push(gateway.close);
      return gateway;
    };
    const gateways = [await start(ways[0]), await start(ways[1])] as const;
    return {
      mocks,
      redis,
      gateways,
      ways,
      watchersWays,
      subgraphsWays,
      tap,
      announced,
      envelopes,
      loseOneIn(count) {
        lossOneIn = count;
      },
      token: await mintToken("ero-officer"),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
