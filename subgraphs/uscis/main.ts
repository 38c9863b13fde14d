/** The USCIS subgraph as a process: Global and ELIS, each with its own client credentials. */
import { readFileSync } from "node:fs";
import { run } from "#kit/run.ts";
import { changesSetting, type Environment, keysSetting, urlSetting, wholeNumberSetting } from "#kit/settings.ts";
import { type Listening, type ServeAt, serveSubgraph } from "#kit/subgraph.ts";
import { loadersOver, resolvers } from "./resolvers.ts";
import { type ClientCredentials, elisSystem, globalSystem, watchedTorch } from "./source.ts";
import { watchedUscis } from "./watch.ts";

export type UscisSettings = ServeAt & {
  readonly sourceTimeoutMs: number;
  readonly globalUrl: string;
  readonly elisUrl: string;
  /** The development client, unless told. */
  readonly globalClient?: ClientCredentials;
  readonly elisClient?: ClientCredentials;
};

const developmentClient: ClientCredentials = {
  clientId: "crosswalk-development",
  clientSecret: "development-only",
};

/** Throws a plain line for a setting that cannot be. */
export function readUscisSettings(env: Environment): UscisSettings {
  return {
    port: wholeNumberSetting(env, "PORT", 4104),
    host: env.HOST ?? "127.0.0.1",
    keys: keysSetting(env, "uscis"),
    changesTo: changesSetting(env),
    sourceTimeoutMs: wholeNumberSetting(env, "SOURCE_TIMEOUT_MS", 2_000),
    globalUrl: urlSetting(env, "GLOBAL_URL", "http://127.0.0.1:4206"),
    elisUrl: urlSetting(env, "ELIS_URL", "http://127.0.0.1:4207"),
    globalClient: clientSetting(env, "GLOBAL"),
    elisClient: clientSetting(env, "ELIS"),
  };
}

function clientSetting(env: Environment, system: "GLOBAL" | "ELIS"): ClientCredentials {
  const clientId = env[`${system}_CLIENT_ID`];
  const clientSecret = env[`${system}_CLIENT_SECRET`];
  if ((clientId === undefined) !== (clientSecret === undefined))
    throw new Error(`${system}_CLIENT_ID and ${system}_CLIENT_SECRET must be set together`);
  return clientId === undefined || clientSecret === undefined ? developmentClient : { clientId, clientSecret };
}

/** Listens until closed; closing also closes the connections to both systems. */
export async function startUscis(settings: UscisSettings): Promise<Listening> {
  const { sourceTimeoutMs: timeoutMs, globalUrl, elisUrl } = settings;
  const { globalClient = developmentClient, elisClient = developmentClient } = settings;
  const toGlobal = { url: globalUrl, credentials: globalClient, timeoutMs };
  const toElis = { url: elisUrl, credentials: elisClient, timeoutMs };
  const systems = { global: globalSystem(toGlobal), elis: elisSystem(toElis) };
  const watching = [watchedTorch("GLOBAL", toGlobal), watchedTorch("ELIS", toElis)];
  const definition = {
    name: "uscis",
    sdl: readFileSync(new URL("./schema.graphql", import.meta.url), "utf8"),
    resolvers,
    loaders: () => loadersOver(systems),
    watched: () => watching.map(watchedUscis),
    close: () => Promise.all([systems.global, systems.elis, ...watching].map((each) => each.close())),
  };
  return serveSubgraph(definition, settings);
}

if (import.meta.main) void run("uscis", () => startUscis(readUscisSettings(process.env)));
