/**
 * Two gateways over one set of subgraphs and systems: one keeps what it is answered and is told of changes, as in the
 * product; the other asks every time. Whatever is asked of both is answered alike, but for the time that it takes.
 */
import { randomBytes } from "node:crypto";
import type { Config } from "../gateway/config.ts";
import type { SourceFreshness } from "../gateway/freshness.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { mintToken } from "../mocks/issuer/mint.ts";
import type { Mocks } from "../mocks/main.ts";
import { redisCarrier } from "../subgraphs/kit/feed-redis.ts";
import { announcing, openTap } from "./announcing.ts";
import { gatewayConfig, patient, personRecord } from "./graph.ts";
import { eventually } from "./redis-servers.ts";
import { newSubgraphKeys, type SubgraphName, type SystemsSettings, settingNames, startSystems } from "./systems.ts";

export type KeptAndAsked = {
  /** Of the gateway that keeps. */
  url(): string;
  internalUrl(): string;
  /** Of the one that does not. */
  readonly askedUrl: string;
  readonly mocks: Mocks;
  readonly subgraphUrls: Readonly<Record<string, string>>;
  /** Resolves when everything that has happened so far has been announced, and the gateway that keeps knows of it. */
  atRest(): Promise<void>;
  /** For the header Crosswalk-At-Least: everything that has been announced so far. */
  tokens(): string;
  /** The one that keeps, with nothing left in memory. Its subgraphs must announce through Redis. */
  restart(): Promise<void>;
  /** One more over the same subgraphs, that keeps nothing. */
  another(config: Partial<Config>): Promise<Gateway>;
  /** What the announcements of a subgraph are sealed with. */
  readonly keysOf: ReturnType<typeof newSubgraphKeys>["keysOf"];
  close(): Promise<void>;
};

export type KeptAndAskedSettings = SystemsSettings & {
  /** Those that do not announce. */
  readonly silent?: readonly SubgraphName[];
  readonly redisUrl?: string;
  readonly config?: Partial<Config>;
};

/** Systems that are watched, each by its subgraph. */
export const watchedSystems = ["IDENT", "ADIS", "I94", "E3", "EID", "GLOBAL", "ELIS", "CASE"] as const;

const systemsOf: Readonly<Partial<Record<SubgraphName, readonly string[]>>> = { ice: ["EID"] };

export async function startKeptAndAsked(given: KeptAndAskedSettings = {}): Promise<KeptAndAsked> {
  const { redisUrl = null, config = {}, silent = [], ...settings } = given;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const { subgraphKeys, keysOf } = newSubgraphKeys();
    const tap = openTap();
    const posting = announcing();
    const carrier = () => {
      const opened = redisUrl === null ? posting.carrier() : redisCarrier({ url: redisUrl });
      // Whoever watches nothing closes nothing.
      closers.push(opened.close);
      return opened;
    };
    const systems = await startSystems({
      sourceTimeoutMs: 20_000,
      ...settings,
      settingsOf: (name) => ({
        keys: keysOf(name),
        changesTo: silent.includes(name) ? null : tap.on(carrier(), keysOf(name)),
      }),
    });
    closers.push(systems.close);
    const { mocks, subgraphUrls } = systems;
    const common: Config = {
      ...gatewayConfig(mocks),
      ...patient,
      subgraphUrls: settingNames(subgraphUrls),
      subgraphKeys,
      ...config,
    };
    const cacheKeys = `a:${randomBytes(32).toString("base64url")}`;
    const keeping: Config = {
      ...common,
      cacheKeys,
      redis: { ...common.redis, url: redisUrl ?? "" },
    };
    const start = (whose: Config) => startGateway(whose, { writeLine: () => undefined });
    let kept: Gateway = await start(keeping);
    closers.push(() => kept.close());
    posting.leadTo(kept.internalUrl);
    const another = async (more: Partial<Config>) => {
      const opened = await start({ ...common, cacheMaxBytes: 0, ...more });
      closers.push(opened.close);
      return opened;
    };
    const asked = await another({});
    const watched = watchedSystems.filter((each) => !silent.some((name) => systemsOf[name]?.includes(each)));
    const tokens = () => watched.map((each) => tokenOf(tap.last(each))).join(",");
    const token = await mintToken("ero-officer");
    const standing = () => standingAt(kept.url, token);
    const isKnown = async () => {
      const all = await standing();
      const known = all.map((each) => (each.live ? each.token : null));
      return watched.every((each) => known.includes(tokenOf(tap.last(each))));
    };
    return {
      url: () => kept.url,
      internalUrl: () => kept.internalUrl,
      askedUrl: asked.url,
      mocks,
      subgraphUrls,
      tokens,
      async atRest() {
        await Promise.all(watched.map(tap.lookedAt));
        await eventually(isKnown, "a gateway that knows what was announced");
      },
      async restart() {
        await kept.close();
        kept = await start(keeping);
      },
      another,
      keysOf,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** As `extensions.freshness` has it: what the gateway says it knows of a source. */
function tokenOf(message: { source: string; epoch: string; seq: number } | undefined): string {
  if (message === undefined) throw new Error("a source was never looked at");
  const { source, epoch, seq } = message;
  return Buffer.from(JSON.stringify([source, epoch, seq])).toString("base64url");
}

/** What a gateway says of the sources of somebody whom nobody knows. */
async function standingAt(url: string, token: string): Promise<readonly SourceFreshness[]> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: personRecord, variables: { by: { fin: "9999999998" } } }),
  });
  const { extensions } = (await response.json()) as { extensions?: { freshness?: readonly SourceFreshness[] } };
  return extensions?.freshness ?? [];
}

/** What is counted of looking up what is kept, by where it was found: memory, redis, nowhere. `isOf`: some subgraphs. */
export async function lookUps(
  internalUrl: string,
  isOf: (subgraph: string) => boolean = () => true,
): Promise<Readonly<Record<"memory" | "redis" | "nowhere", number>>> {
  const text = await (await fetch(`${internalUrl}/metrics`)).text();
  const found = { memory: 0, redis: 0, nowhere: 0 };
  for (const [, labels = "", count] of text.matchAll(/^crosswalk_cache_lookups_total\{(.*)\} (\d+)/gm)) {
    const [subgraph = "", where] = ["subgraph", "found"].map(
      (name) => new RegExp(`${name}="(\\w+)"`).exec(labels)?.[1],
    );
    if (isOf(subgraph)) found[where as keyof typeof found] += Number(count);
  }
  return found;
}
