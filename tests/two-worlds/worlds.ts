/** Two gateways of one configuration over the same systems; between them and the subgraphs, what one world lacks. */
import { randomBytes } from "node:crypto";
import { type Config, readConfig } from "../../gateway/config.ts";
import { startGateway } from "../../gateway/gateway.ts";
import { type Mocks, startMocks } from "../../mocks/main.ts";
import { DEFAULT_WORLD_NOW } from "../../mocks/population/world.ts";
import { startCbp } from "../../subgraphs/cbp/main.ts";
import { startEoir } from "../../subgraphs/eoir/main.ts";
import { startIce } from "../../subgraphs/ice/main.ts";
import { startObim } from "../../subgraphs/obim/main.ts";
import { startSafeguards } from "../../subgraphs/safeguards/main.ts";
import { startUscis } from "../../subgraphs/uscis/main.ts";
import { type SubgraphWithout, subgraphsWithout } from "./subgraph-without.ts";

export type World = { readonly port: number; readonly url: string; readonly subgraphs: SubgraphWithout };

export type Worlds = {
  /** As it is. */
  readonly whole: World;
  /** Without what its `subgraphs.absence` says. */
  readonly without: World;
  readonly mocks: Mocks;
  readonly subgraphUrls: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

export type WorldsSettings = {
  readonly population: number;
  readonly config?: Partial<Config>;
  /** Changes who there is, before anybody is asked. */
  readonly populate?: (mocks: Mocks) => void;
};

export async function startWorlds({ population, config = {}, populate }: WorldsSettings): Promise<Worlds> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const mocks = await startMocks({
      worldNow: DEFAULT_WORLD_NOW,
      population,
      seed: 1,
      ports: "free",
      host: "127.0.0.1",
      progress: () => undefined,
    });
    closers.push(mocks.close);
    populate?.(mocks);
    const { urls } = mocks;
    // Without keys: what is cut in between could not be signed as the gateway signs it.
    const at = { port: 0, host: "127.0.0.1", sourceTimeoutMs: 20_000 };
    const starting = {
      obim: startObim({ ...at, identUrl: urls.ident }),
      cbp: startCbp({ ...at, adisUrl: urls.adis, i94Url: urls.i94, e3Url: urls.e3 }),
      ice: startIce({ ...at, eidUrl: urls.eid }),
      uscis: startUscis({ ...at, globalUrl: urls.global, elisUrl: urls.elis }),
      eoir: startEoir({ ...at, caseUrl: urls.case, loadWaitMs: 60_000 }),
      safeguards: startSafeguards(at),
    };
    const subgraphUrls: Record<string, string> = {};
    for (const [name, each] of Object.entries(starting)) {
      const subgraph = await each;
      closers.push(subgraph.close);
      subgraphUrls[name] = subgraph.url;
    }
    const defaults = readConfig({ PORT: "0", INTERNAL_PORT: "0" });
    if (!("config" in defaults)) throw new Error(defaults.refusals.join("\n"));
    const common: Config = {
      ...defaults.config,
      subgraphKeys: Object.fromEntries(
        Object.keys(starting).map((name) => [name.toUpperCase(), `a:${randomBytes(32).toString("base64url")}`]),
      ),
      issuers: [{ issuer: "https://issuer.crosswalk.example", jwksUrl: `${urls.issuer}/jwks.json` }],
      // A busy machine is no difference between two worlds.
      requestTimeoutMs: 60_000,
      subgraphTimeoutMs: 30_000,
      planSoftMs: 20_000,
      planHardMs: 30_000,
      maxBatch: 4,
      ...config,
    };
    const open = async (): Promise<World> => {
      const subgraphs = subgraphsWithout();
      const asked: Record<string, string> = {};
      for (const [name, url] of Object.entries(subgraphUrls)) {
        const before = await subgraphs.before(name, url);
        closers.push(before.close);
        asked[name.toUpperCase()] = before.url;
      }
      const gateway = await startGateway({ ...common, subgraphUrls: asked }, { writeLine: () => undefined });
      closers.push(gateway.close);
      return { port: Number(new URL(gateway.url).port), url: gateway.url, subgraphs };
    };
    return { whole: await open(), without: await open(), mocks, subgraphUrls, close };
  } catch (error) {
    await close();
    throw error;
  }
}
