/** The whole graph in one process on free ports: simulated systems, subgraphs and the gateway, over real wires. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Config, readConfig } from "../gateway/config.ts";
import { startGateway } from "../gateway/gateway.ts";
import { mintToken } from "../mocks/issuer/mint.ts";
import { type Mocks, startMocks } from "../mocks/main.ts";
import { DEFAULT_WORLD_NOW } from "../mocks/population/world.ts";
import { startCbp } from "../subgraphs/cbp/main.ts";
import { startEoir } from "../subgraphs/eoir/main.ts";
import { startIce } from "../subgraphs/ice/main.ts";
import { keysSetting } from "../subgraphs/kit/settings.ts";
import { startObim } from "../subgraphs/obim/main.ts";
import { startSafeguards } from "../subgraphs/safeguards/main.ts";
import { startUscis } from "../subgraphs/uscis/main.ts";

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
  readonly text: string;
};

export type Graph = {
  readonly url: string;
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

export type GraphSettings = {
  readonly population?: number;
  readonly sourceTimeoutMs?: number;
  readonly config?: Partial<Config>;
  /** What stands between the gateway and a subgraph: that is asked in its place. */
  readonly before?: (subgraph: string, url: string) => Promise<{ readonly url: string; close(): Promise<void> }>;
};

/** Everything is closed by `close`, in the order in which nothing is left waiting. */
export async function startGraph({
  population = 256,
  sourceTimeoutMs = 2_000,
  config = {},
  before,
}: GraphSettings = {}): Promise<Graph> {
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
    const { urls } = mocks;
    const subgraphKeys: Record<string, string> = {};
    const at = (name: string) => {
      const key = `a:${randomBytes(32).toString("base64url")}`;
      subgraphKeys[name.toUpperCase()] = key;
      const keys = keysSetting({ [`SUBGRAPH_KEY_${name.toUpperCase()}`]: key }, name);
      return { port: 0, host: "127.0.0.1", sourceTimeoutMs, keys };
    };
    const started = {
      obim: startObim({ ...at("obim"), identUrl: urls.ident }),
      cbp: startCbp({ ...at("cbp"), adisUrl: urls.adis, i94Url: urls.i94, e3Url: urls.e3 }),
      ice: startIce({ ...at("ice"), eidUrl: urls.eid }),
      uscis: startUscis({ ...at("uscis"), globalUrl: urls.global, elisUrl: urls.elis }),
      eoir: startEoir({ ...at("eoir"), caseUrl: urls.case }),
      safeguards: startSafeguards(at("safeguards")),
    };
    const subgraphUrls: Record<string, string> = {};
    for (const [name, starting] of Object.entries(started)) {
      const subgraph = await starting;
      closers.push(subgraph.close);
      const asked = before === undefined ? subgraph : await before(name, subgraph.url);
      if (asked !== subgraph) closers.push(asked.close);
      subgraphUrls[name] = asked.url;
    }
    const defaults = readConfig({ PORT: "0", INTERNAL_PORT: "0" });
    if (!("config" in defaults)) throw new Error(defaults.refusals.join("\n"));
    const gateway = await startGateway(
      {
        ...defaults.config,
        subgraphUrls: Object.fromEntries(Object.entries(subgraphUrls).map(([name, url]) => [name.toUpperCase(), url])),
        subgraphKeys,
        issuers: [{ issuer: "https://issuer.crosswalk.example", jwksUrl: `${urls.issuer}/jwks.json` }],
        ...config,
      },
      { writeLine: () => undefined },
    );
    closers.push(gateway.close);
    return { url: gateway.url, mocks, subgraphUrls, ask: asking(gateway.url), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function asking(url: string): Graph["ask"] {
  return async (query, variables = {}, { persona = "ero-officer", headers = {} } = {}) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json",
        authorization: `Bearer ${await mintToken(persona)}`,
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text), text };
  };
}
