/** The CBP subgraph: ADIS, I-94 and e3. */
import { readFileSync } from "node:fs";
import { run } from "#kit/run.ts";
import { changesSetting, type Environment, keysSetting, urlSetting, wholeNumberSetting } from "#kit/settings.ts";
import { type Listening, type ServeAt, serveSubgraph } from "#kit/subgraph.ts";
import { cbpLoaders, cbpResolvers } from "./resolvers.ts";
import { type CbpSourceSettings, cbpSources, watchedCbp } from "./source.ts";
import { watchedSystems } from "./watch.ts";

export type CbpSettings = CbpSourceSettings & ServeAt;

const sdl = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

/** Settings from the environment; throws a line that says what to set. */
export function readCbpSettings(env: Environment): CbpSettings {
  return {
    adisUrl: urlSetting(env, "ADIS_URL", "http://127.0.0.1:4202"),
    i94Url: urlSetting(env, "I94_URL", "http://127.0.0.1:4203"),
    e3Url: urlSetting(env, "E3_URL", "http://127.0.0.1:4204"),
    sourceTimeoutMs: wholeNumberSetting(env, "SOURCE_TIMEOUT_MS", 2_000),
    port: wholeNumberSetting(env, "PORT", 4102),
    host: env.HOST ?? "127.0.0.1",
    keys: keysSetting(env, "cbp"),
    changesTo: changesSetting(env),
  };
}

/** Serves the subgraph; closing it closes its connections to the systems too. */
export async function startCbp(settings: CbpSettings): Promise<Listening> {
  const [sources, watching] = [cbpSources(settings), watchedCbp(settings)];
  const definition = {
    name: "cbp",
    sdl,
    resolvers: cbpResolvers,
    loaders: () => cbpLoaders(sources),
    watched: () => watchedSystems(watching),
    close: () => Promise.all([sources.close(), watching.close()]),
  };
  return serveSubgraph(definition, settings);
}

if (import.meta.main) void run("cbp", async () => startCbp(readCbpSettings(process.env)));
