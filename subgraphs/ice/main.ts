/** The ICE subgraph: EID behind GraphQL. */
import { readFileSync } from "node:fs";
import { run } from "#kit/run.ts";
import { changesSetting, type Environment, keysSetting, urlSetting, wholeNumberSetting } from "#kit/settings.ts";
import { type Listening, type ServeAt, serveSubgraph } from "#kit/subgraph.ts";
import { loaders, resolvers } from "./resolvers.ts";
import { eidSource } from "./source.ts";
import { watchedEid } from "./watch.ts";

export type IceSettings = ServeAt & {
  /** `postgres://`, with a role that reads schema "EID". */
  readonly eidUrl: string;
  /** Bounds each call to EID. */
  readonly sourceTimeoutMs: number;
};

export function readIceSettings(env: Environment): IceSettings {
  return {
    eidUrl: urlSetting(env, "EID_URL", "postgres://eid_reader:eid_reader@127.0.0.1:4205/eid"),
    sourceTimeoutMs: wholeNumberSetting(env, "SOURCE_TIMEOUT_MS", 2000),
    port: wholeNumberSetting(env, "PORT", 4103),
    host: env.HOST ?? "127.0.0.1",
    keys: keysSetting(env, "ice"),
    changesTo: changesSetting(env),
  };
}

export async function startIce({ eidUrl, sourceTimeoutMs, ...at }: IceSettings): Promise<Listening> {
  const source = eidSource({ url: eidUrl, timeoutMs: sourceTimeoutMs });
  const sdl = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");
  const watched = () => [watchedEid(source)];
  return serveSubgraph(
    { name: "ice", sdl, resolvers, loaders: () => loaders(source), watched, close: source.close },
    at,
  );
}

if (import.meta.main) void run("ice", () => startIce(readIceSettings(process.env)));
