/** The OBIM subgraph: IDENT behind GraphQL. */
import { readFileSync } from "node:fs";
import { run } from "#kit/run.ts";
import { changesSetting, type Environment, keysSetting, urlSetting, wholeNumberSetting } from "#kit/settings.ts";
import { type Listening, type ServeAt, serveSubgraph } from "#kit/subgraph.ts";
import { loaders, resolvers } from "./resolvers.ts";
import { identSource, watchedIdent } from "./source.ts";
import { watchedPersons } from "./watch.ts";

export type ObimSettings = ServeAt & {
  readonly identUrl: string;
  /** Bounds each call to IDENT. */
  readonly sourceTimeoutMs: number;
};

export function readObimSettings(env: Environment): ObimSettings {
  return {
    identUrl: urlSetting(env, "IDENT_URL", "http://127.0.0.1:4201"),
    sourceTimeoutMs: wholeNumberSetting(env, "SOURCE_TIMEOUT_MS", 2000),
    port: wholeNumberSetting(env, "PORT", 4101),
    host: env.HOST ?? "127.0.0.1",
    keys: keysSetting(env, "obim"),
    changesTo: changesSetting(env),
  };
}

export async function startObim({ identUrl, sourceTimeoutMs, ...at }: ObimSettings): Promise<Listening> {
  const to = { url: identUrl, timeoutMs: sourceTimeoutMs };
  const [source, watching] = [identSource(to), watchedIdent(to)];
  const definition = {
    name: "obim",
    sdl: readFileSync(new URL("./schema.graphql", import.meta.url), "utf8"),
    resolvers,
    loaders: () => loaders(source),
    watched: () => [watchedPersons(watching)],
    close: () => Promise.all([source.close(), watching.close()]),
  };
  return serveSubgraph(definition, at);
}

if (import.meta.main) void run("obim", () => startObim(readObimSettings(process.env)));
