/** The simulated systems and the subgraphs over them, in one process on free ports, over real wires. */
import { randomBytes } from "node:crypto";
import { type Mocks, startMocks } from "../mocks/main.ts";
import { DEFAULT_WORLD_NOW } from "../mocks/population/world.ts";
import { startCbp } from "../subgraphs/cbp/main.ts";
import { startEoir } from "../subgraphs/eoir/main.ts";
import { startIce } from "../subgraphs/ice/main.ts";
import { keysSetting } from "../subgraphs/kit/settings.ts";
import type { Listening, ServeAt } from "../subgraphs/kit/subgraph.ts";
import { startObim } from "../subgraphs/obim/main.ts";
import { startSafeguards } from "../subgraphs/safeguards/main.ts";
import { startUscis } from "../subgraphs/uscis/main.ts";

/** What every subgraph is started with, whichever it is. */
type At = ServeAt & { readonly sourceTimeoutMs: number };

const starts = {
  obim: (at: At, { ident }: Mocks["urls"]) => startObim({ ...at, identUrl: ident }),
  cbp: (at: At, { adis, i94, e3 }: Mocks["urls"]) => startCbp({ ...at, adisUrl: adis, i94Url: i94, e3Url: e3 }),
  ice: (at: At, { eid }: Mocks["urls"]) => startIce({ ...at, eidUrl: eid }),
  uscis: (at: At, { global, elis }: Mocks["urls"]) => startUscis({ ...at, globalUrl: global, elisUrl: elis }),
  // A court that has yet to be read knows of nothing.
  eoir: (at: At, { case: court }: Mocks["urls"]) => startEoir({ ...at, caseUrl: court, loadWaitMs: 60_000 }),
  safeguards: (at: At) => startSafeguards(at),
} as const satisfies Readonly<Record<string, (at: At, urls: Mocks["urls"]) => Promise<Listening>>>;

export type SubgraphName = keyof typeof starts;
export const subgraphNames = Object.keys(starts) as readonly SubgraphName[];
/** Those that read an agency's systems. */
export const agencyNames = subgraphNames.filter((name) => name !== "safeguards");

export type SubgraphsSettings = {
  readonly sourceTimeoutMs?: number;
  /** Those that are started; all unless told. */
  readonly only?: readonly SubgraphName[];
  /** More of what one subgraph is started with, or otherwise than the others. */
  readonly settingsOf?: (subgraph: SubgraphName) => Partial<At>;
};

export type Subgraphs = { readonly urls: Readonly<Record<SubgraphName, string>>; close(): Promise<void> };

/** Subgraphs over the systems at these URLs. They answer whoever asks, unless they are given keys. */
export async function startSubgraphs(
  urls: Mocks["urls"],
  { sourceTimeoutMs = 20_000, only = subgraphNames, settingsOf = () => ({}) }: SubgraphsSettings = {},
): Promise<Subgraphs> {
  const common = { port: 0, host: "127.0.0.1", sourceTimeoutMs };
  const starting = only.map((name) => starts[name]({ ...common, ...settingsOf(name) }, urls));
  const settled = await Promise.allSettled(starting);
  const started = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const close = async () => void (await Promise.all(started.map((each) => each.close())));
  const failed = settled.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") {
    await close();
    throw failed.reason;
  }
  const named = started.map(({ url }, index) => [only[index], url]);
  return { urls: Object.fromEntries(named) as Record<SubgraphName, string>, close };
}

export type Systems = {
  readonly mocks: Mocks;
  readonly subgraphUrls: Subgraphs["urls"];
  close(): Promise<void>;
};

export type SystemsSettings = SubgraphsSettings & {
  readonly population?: number;
  /** Changes who there is, before anybody is asked. */
  readonly populate?: (mocks: Mocks) => void;
};

/** Of the population that every test has. */
export const populationSeed = 1;

/** The simulated systems alone. */
export const startSimulators = (population: number): Promise<Mocks> =>
  startMocks({
    worldNow: DEFAULT_WORLD_NOW,
    population,
    seed: populationSeed,
    ports: "free",
    host: "127.0.0.1",
    progress: () => undefined,
  });

/** Simulated systems and subgraphs over them; what had started is closed again when one fails. */
export async function startSystems({
  population = 256,
  populate,
  ...settings
}: SystemsSettings = {}): Promise<Systems> {
  const mocks = await startSimulators(population);
  try {
    populate?.(mocks);
    const subgraphs = await startSubgraphs(mocks.urls, settings);
    const close = async () => {
      await subgraphs.close();
      await mocks.close();
    };
    return { mocks, subgraphUrls: subgraphs.urls, close };
  } catch (error) {
    await mocks.close();
    throw error;
  }
}

/** A key for each subgraph: `subgraphKeys` for the gateway, `keysOf` for them. */
export function newSubgraphKeys() {
  const subgraphKeys = Object.fromEntries(
    subgraphNames.map((name) => [name.toUpperCase(), `a:${randomBytes(32).toString("base64url")}`]),
  );
  const keysOf = (name: SubgraphName) =>
    keysSetting({ [`SUBGRAPH_KEY_${name.toUpperCase()}`]: subgraphKeys[name.toUpperCase()] }, name);
  return { subgraphKeys, keysOf };
}

/** By the names that the gateway's settings have. */
export const settingNames = <Value>(bySubgraph: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(bySubgraph).map(([name, value]) => [name.toUpperCase(), value]));
