/** The graph with its gateway, and the same agencies' subgraphs once more, open, over the same simulated systems. */

import type { Mocks } from "../../mocks/main.ts";
import { startCbp } from "../../subgraphs/cbp/main.ts";
import { startEoir } from "../../subgraphs/eoir/main.ts";
import { startIce } from "../../subgraphs/ice/main.ts";
import { startObim } from "../../subgraphs/obim/main.ts";
import { startSafeguards } from "../../subgraphs/safeguards/main.ts";
import { startUscis } from "../../subgraphs/uscis/main.ts";

export type OpenSubgraphs = { readonly urls: Readonly<Record<string, string>>; close(): Promise<void> };

/** Subgraphs that answer whoever asks. */
export async function startOpenSubgraphs({ urls }: Mocks, sourceTimeoutMs: number): Promise<OpenSubgraphs> {
  const at = { port: 0, host: "127.0.0.1", sourceTimeoutMs };
  const starting = {
    obim: startObim({ ...at, identUrl: urls.ident }),
    cbp: startCbp({ ...at, adisUrl: urls.adis, i94Url: urls.i94, e3Url: urls.e3 }),
    ice: startIce({ ...at, eidUrl: urls.eid }),
    uscis: startUscis({ ...at, globalUrl: urls.global, elisUrl: urls.elis }),
    eoir: startEoir({ ...at, caseUrl: urls.case }),
    safeguards: startSafeguards(at),
  };
  const started = await Promise.all(Object.entries(starting).map(async ([name, each]) => [name, await each] as const));
  return {
    urls: Object.fromEntries(started.map(([name, { url }]) => [name, url])),
    close: async () => void (await Promise.all(started.map(([, each]) => each.close()))),
  };
}
