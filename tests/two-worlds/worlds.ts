/** Two gateways of one configuration over the same systems; between them and the subgraphs, what one world lacks. */
import type { Config } from "../../gateway/config.ts";
import { startGateway } from "../../gateway/gateway.ts";
import type { Mocks } from "../../mocks/main.ts";
import { gatewayConfig, patient } from "../graph.ts";
import { newSubgraphKeys, type SystemsSettings, settingNames, startSystems } from "../systems.ts";
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

export type WorldsSettings = Omit<SystemsSettings, "sourceTimeoutMs"> & { readonly config?: Partial<Config> };

export async function startWorlds({ config = {}, ...settings }: WorldsSettings): Promise<Worlds> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    // Without keys: what is cut in between could not be signed as the gateway signs it.
    const systems = await startSystems(settings);
    closers.push(systems.close);
    const { mocks, subgraphUrls } = systems;
    const common: Config = {
      ...gatewayConfig(mocks),
      subgraphKeys: newSubgraphKeys().subgraphKeys,
      // A busy machine is no difference between two worlds.
      ...patient,
      maxBatch: 4,
      ...config,
    };
    const open = async (): Promise<World> => {
      const subgraphs = subgraphsWithout();
      const asked: Record<string, string> = {};
      for (const [name, url] of Object.entries(subgraphUrls)) {
        const before = await subgraphs.before(name, url);
        closers.push(before.close);
        asked[name] = before.url;
      }
      const gateway = await startGateway(
        { ...common, subgraphUrls: settingNames(asked) },
        { writeLine: () => undefined },
      );
      closers.push(gateway.close);
      return { port: Number(new URL(gateway.url).port), url: gateway.url, subgraphs };
    };
    return { whole: await open(), without: await open(), mocks, subgraphUrls, close };
  } catch (error) {
    await close();
    throw error;
  }
}
