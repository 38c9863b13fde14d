/** All subgraphs in one process, for one machine. In production each runs by its own `main.ts`. */
import { runAll } from "#kit/run.ts";
import { readCbpSettings, startCbp } from "./cbp/main.ts";
import { readEoirSettings, startEoir } from "./eoir/main.ts";
import { readIceSettings, startIce } from "./ice/main.ts";
import { readObimSettings, startObim } from "./obim/main.ts";
import { readSafeguardsSettings, startSafeguards } from "./safeguards/main.ts";
import { readUscisSettings, startUscis } from "./uscis/main.ts";

/** Each subgraph's port is `<NAME>_PORT` here, since `PORT` can be only one's. */
function settingsOf<Settings>(name: string, read: (env: NodeJS.ProcessEnv) => Settings): Settings {
  const { PORT: _gateways, ...env } = process.env;
  const port = env[`${name.toUpperCase()}_PORT`];
  return read(port === undefined ? env : { ...env, PORT: port });
}

if (import.meta.main) {
  void runAll({
    obim: async () => startObim(settingsOf("obim", readObimSettings)),
    cbp: async () => startCbp(settingsOf("cbp", readCbpSettings)),
    ice: async () => startIce(settingsOf("ice", readIceSettings)),
    uscis: async () => startUscis(settingsOf("uscis", readUscisSettings)),
    eoir: async () => startEoir(settingsOf("eoir", readEoirSettings)),
    safeguards: async () => startSafeguards(settingsOf("safeguards", readSafeguardsSettings)),
  });
}
