/** EOIR's subgraph: court cases and stays of removal, from CASE. */
import { readFileSync } from "node:fs";
import { run } from "#kit/run.ts";
import { type Environment, urlSetting, wholeNumberSetting } from "#kit/settings.ts";
import { type Listening, serveSubgraph } from "#kit/subgraph.ts";
import { eoirLoaders, resolvers } from "./resolvers.ts";
import { openCourt } from "./source.ts";

export type EoirSettings = {
  readonly caseUrl: string;
  readonly snapshot: string;
  readonly storeFolder: string | null;
  readonly timeoutMs: number;
  readonly snapshotSilenceMs: number;
  readonly retryMs: number;
  /** How long the start waits for the first load; it goes on behind. */
  readonly loadWaitMs: number;
  readonly port: number;
  readonly host: string;
  readonly progress: (line: string) => void;
};

/** Throws a line that says what to set. */
export function readEoirSettings(env: Environment): EoirSettings {
  const caseUrl = urlSetting(env, "CASE_URL", "http://127.0.0.1:4208");
  return {
    caseUrl,
    snapshot: env.CASE_SNAPSHOT ?? `${caseUrl.replace(/\/$/, "")}/snapshot/`,
    storeFolder: env.CASE_STORE ?? null,
    timeoutMs: wholeNumberSetting(env, "SOURCE_TIMEOUT_MS", 2_000),
    snapshotSilenceMs: wholeNumberSetting(env, "CASE_SNAPSHOT_SILENCE_MS", 300_000),
    retryMs: wholeNumberSetting(env, "CASE_RETRY_MS", 5_000),
    loadWaitMs: wholeNumberSetting(env, "CASE_LOAD_WAIT_MS", 5_000),
    port: wholeNumberSetting(env, "PORT", 4105),
    host: env.HOST ?? "127.0.0.1",
    progress: (line) => console.log(line),
  };
}

const sdl = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

/** Resolves once it listens and the snapshot is loaded, or after `loadWaitMs`: a long load goes on behind. */
export async function startEoir(settings: EoirSettings): Promise<Listening> {
  const court = openCourt(settings);
  try {
    const listening = await serveSubgraph(
      { name: "eoir", sdl, resolvers, loaders: () => eoirLoaders(court) },
      { port: settings.port, host: settings.host },
    );
    await settled(court.firstLoad, settings.loadWaitMs);
    return {
      url: listening.url,
      async close() {
        await listening.close();
        await court.close();
      },
    };
  } catch (error) {
    await court.close();
    throw error;
  }
}

async function settled(work: Promise<void>, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs);
  });
  await Promise.race([work, enough]);
  clearTimeout(timer);
}

if (import.meta.main) void run("eoir", async () => startEoir(readEoirSettings(process.env)));
