/** EOIR's subgraph: court cases and stays of removal, from CASE. */
import { readFileSync } from "node:fs";
import { run } from "#kit/run.ts";
import { changesSetting, type Environment, keysSetting, urlSetting, wholeNumberSetting } from "#kit/settings.ts";
import { type Listening, type ServeAt, serveSubgraph } from "#kit/subgraph.ts";
import { eoirLoaders, resolvers } from "./resolvers.ts";
import { openCourt } from "./source.ts";
import { watchedCase } from "./watch.ts";

export type EoirSettings = ServeAt & {
  readonly caseUrl: string;
  /** Bounds each call to the docket. */
  readonly sourceTimeoutMs: number;
  /** Folder or URL of the snapshot's files; default: `snapshot/` at CASE. */
  readonly snapshot?: string;
  /** Where stores are kept from one start to the next; default: a temporary folder. */
  readonly storeFolder?: string | null;
  /** How long the snapshot's host may stay silent. */
  readonly snapshotSilenceMs?: number;
  /** Pause before a load that failed is tried again. */
  readonly retryMs?: number;
  /** How long the start waits for the first load; a longer one goes on behind. */
  readonly loadWaitMs?: number;
  /** One line to the person watching. */
  readonly progress?: (line: string) => void;
};

/** Throws a line that says what to set. */
export function readEoirSettings(env: Environment): EoirSettings {
  const caseUrl = urlSetting(env, "CASE_URL", "http://127.0.0.1:4208");
  return {
    caseUrl,
    sourceTimeoutMs: wholeNumberSetting(env, "SOURCE_TIMEOUT_MS", 2_000),
    ...(env.CASE_SNAPSHOT === undefined ? {} : { snapshot: env.CASE_SNAPSHOT }),
    storeFolder: env.CASE_STORE ?? null,
    snapshotSilenceMs: wholeNumberSetting(env, "CASE_SNAPSHOT_SILENCE_MS", 300_000),
    retryMs: wholeNumberSetting(env, "CASE_RETRY_MS", 5_000),
    loadWaitMs: wholeNumberSetting(env, "CASE_LOAD_WAIT_MS", 5_000),
    port: wholeNumberSetting(env, "PORT", 4105),
    host: env.HOST ?? "127.0.0.1",
    keys: keysSetting(env, "eoir"),
    changesTo: changesSetting(env),
    progress: (line) => console.log(line),
  };
}

const sdl = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

/** Resolves once it listens and the snapshot is loaded, or has failed to, or after `loadWaitMs`. */
export async function startEoir({
  caseUrl,
  sourceTimeoutMs,
  snapshot = `${caseUrl.replace(/\/$/, "")}/snapshot/`,
  storeFolder = null,
  snapshotSilenceMs = 300_000,
  retryMs = 5_000,
  loadWaitMs = 5_000,
  progress = () => undefined,
  ...at
}: EoirSettings): Promise<Listening> {
  const court = openCourt({ caseUrl, sourceTimeoutMs, snapshot, storeFolder, snapshotSilenceMs, retryMs, progress });
  const definition = {
    name: "eoir",
    sdl,
    resolvers,
    loaders: () => eoirLoaders(court),
    watched: () => [watchedCase(court)],
    close: court.close,
  };
  const listening = await serveSubgraph(definition, at);
  await settled(court.firstLoad, loadWaitMs);
  return listening;
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
