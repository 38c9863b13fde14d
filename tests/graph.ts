/** The whole graph in one process on free ports: simulated systems, subgraphs and the gateway, over real wires. */
import { readFileSync } from "node:fs";
import { type Config, readConfig } from "../gateway/config.ts";
import type { SourceFreshness } from "../gateway/freshness.ts";
import { type Overrides, startGateway } from "../gateway/gateway.ts";
import { issuerName, mintToken } from "../mocks/issuer/mint.ts";
import type { Mocks } from "../mocks/main.ts";
import { announcing } from "./announcing.ts";
import { newSubgraphKeys, type SystemsSettings, settingNames, startSystems } from "./systems.ts";

export type Answer = {
  readonly status: number;
  readonly body: {
    // biome-ignore lint/suspicious/noExplicitAny: whatever the query asked for.
    readonly data?: any;
    readonly errors?: readonly {
      message: string;
      path?: readonly (string | number)[];
      extensions: Record<string, unknown>;
    }[];
  };
  /** How fresh its sources are: `extensions.freshness`. */
  readonly freshness: readonly SourceFreshness[];
  readonly text: string;
};

export type Graph = {
  readonly url: string;
  readonly internalUrl: string;
  readonly mocks: Mocks;
  /** By subgraph's name. */
  readonly subgraphUrls: Readonly<Record<string, string>>;
  ask(
    query: string,
    variables?: unknown,
    options?: { persona?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  close(): Promise<void>;
};

export const personRecord = readFileSync(new URL("../schema/documents/person-record.graphql", import.meta.url), "utf8");

export type GraphSettings = SystemsSettings & {
  readonly config?: Partial<Config>;
  /** Subgraphs tell the gateway of changes, as in the product, and so their answers are kept. False unless told: who asks
   * again at once after a fault, or counts requests, would see what was kept. */
  readonly announces?: boolean;
  readonly overrides?: Overrides;
  /** What stands between the gateway and a subgraph: that is asked in its place. */
  readonly before?: (subgraph: string, url: string) => Promise<{ readonly url: string; close(): Promise<void> }>;
};

/** Everything is closed by `close`, in the order in which nothing is left waiting. */
export async function startGraph(given: GraphSettings = {}): Promise<Graph> {
  const { config = {}, overrides = {}, announces = false, before, ...settings } = given;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const { subgraphKeys, keysOf } = newSubgraphKeys();
    const { settingsOf = () => ({}) } = settings;
    const announcements = announcing();
    const changesTo = () => (announces ? announcements.carrier() : null);
    const systems = await startSystems({
      sourceTimeoutMs: 2_000,
      ...settings,
      settingsOf: (name) => ({ keys: keysOf(name), changesTo: changesTo(), ...settingsOf(name) }),
    });
    closers.push(systems.close);
    const { mocks } = systems;
    const subgraphUrls: Record<string, string> = { ...systems.subgraphUrls };
    if (before !== undefined)
      for (const [name, url] of Object.entries(subgraphUrls)) {
        const asked = await before(name, url);
        closers.push(asked.close);
        subgraphUrls[name] = asked.url;
      }
    const gateway = await startGateway(
      { ...gatewayConfig(mocks), subgraphUrls: settingNames(subgraphUrls), subgraphKeys, ...config },
      { writeLine: () => undefined, ...overrides },
    );
    closers.push(gateway.close);
    const { url, internalUrl } = gateway;
    announcements.leadTo(internalUrl);
    return { url, internalUrl, mocks, subgraphUrls, ask: asking(url), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** For a gateway whose answers matter and not their time: a busy machine is no difference then. */
export const patient = {
  requestTimeoutMs: 60_000,
  subgraphTimeoutMs: 30_000,
  planSoftMs: 20_000,
  planHardMs: 30_000,
} as const satisfies Partial<Config>;

/** The gateway's defaults, on free ports, with the development issuer of these systems. */
export function gatewayConfig({ urls }: Mocks): Config {
  const defaults = readConfig({ PORT: "0", INTERNAL_PORT: "0" });
  if (!("config" in defaults)) throw new Error(defaults.refusals.join("\n"));
  // Neither supergraph nor policies change here: nobody need look for that twice a second.
  const supergraphPollMs = 60_000;
  return {
    ...defaults.config,
    supergraphPollMs,
    issuers: [{ issuer: issuerName, jwksUrl: `${urls.issuer}/jwks.json` }],
  };
}

/** A token is good for hours; that its caller has just signed in, for minutes. */
const tokenAgeMs = 60_000;

function tokens(): (persona: string) => Promise<string> {
  const minted = new Map<string, { readonly at: number; readonly token: Promise<string> }>();
  return (persona) => {
    const known = minted.get(persona);
    if (known !== undefined && performance.now() - known.at < tokenAgeMs) return known.token;
    const token = mintToken(persona);
    minted.set(persona, { at: performance.now(), token });
    return token;
  };
}

function asking(url: string): Graph["ask"] {
  const tokenOf = tokens();
  return async (query, variables = {}, { persona = "ero-officer", headers = {} } = {}) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json",
        authorization: `Bearer ${await tokenOf(persona)}`,
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    const { extensions, ...body } = JSON.parse(text);
    return { status: response.status, body, freshness: extensions?.freshness ?? [], text };
  };
}
