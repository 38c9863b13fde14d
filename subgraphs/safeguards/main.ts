/** The safeguards subgraph: what follows from facts that several agencies release. It owns no records. */
import { readFileSync } from "node:fs";
import { run } from "#kit/run.ts";
import { type Environment, keysSetting, wholeNumberSetting } from "#kit/settings.ts";
import { type Listening, type ServeAt, serveSubgraph } from "#kit/subgraph.ts";
import { defaultCalendar, type HoldCalendar, readCalendar } from "./calendar.ts";
import { resolversWith } from "./resolvers.ts";

export type SafeguardsSettings = ServeAt & {
  /** Whom police are told to call. */
  readonly callback?: string;
  readonly calendar?: HoldCalendar;
  readonly staleAfterSeconds?: number;
  /** sources: the newest of what they vouch for is the hour. system: this machine's clock counts too. */
  readonly clock?: "sources" | "system";
};

// A number that is nobody's: 555-0100 to 555-0199 are kept for invented people.
const defaultCallback = "ICE Law Enforcement Support Center (invented): +1-802-555-0142";

export function readSafeguardsSettings(env: Environment): SafeguardsSettings {
  const clock = env.HOLD_CLOCK ?? "sources";
  if (clock !== "sources" && clock !== "system") throw new Error("HOLD_CLOCK must be sources or system");
  const callback = env.HOLD_CALLBACK ?? defaultCallback;
  if (!/^[\x20-\x7e]{3,100}$/.test(callback)) throw new Error("HOLD_CALLBACK must be a name and a telephone number");
  return {
    port: wholeNumberSetting(env, "PORT", 4106),
    host: env.HOST ?? "127.0.0.1",
    keys: keysSetting(env, "safeguards"),
    callback,
    ...(env.HOLD_CALENDAR === undefined ? {} : { calendar: calendarIn(env.HOLD_CALENDAR) }),
    staleAfterSeconds: wholeNumberSetting(env, "HOLD_STALE_AFTER_SECONDS", 3600),
    clock,
  };
}

function calendarIn(path: string): HoldCalendar {
  try {
    return readCalendar(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`HOLD_CALENDAR: ${(error as Error).message}`, { cause: error });
  }
}

export async function startSafeguards(settings: SafeguardsSettings): Promise<Listening> {
  const { callback = defaultCallback, calendar = defaultCalendar(), staleAfterSeconds = 3600, clock, ...at } = settings;
  const nowMs = () => (clock === "system" ? Date.now() : null);
  const definition = {
    name: "safeguards",
    sdl: readFileSync(new URL("./schema.graphql", import.meta.url), "utf8"),
    resolvers: resolversWith({ callback, calendar, staleAfterMs: staleAfterSeconds * 1000, nowMs }),
    loaders: () => null,
  };
  return serveSubgraph(definition, at);
}

if (import.meta.main) void run("safeguards", () => startSafeguards(readSafeguardsSettings(process.env)));
