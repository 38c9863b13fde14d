/** The graph with its gateway, and the same agencies' subgraphs once more, open, over the same simulated systems. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mocks } from "../../mocks/main.ts";
import { readSubgraphs } from "../../schema/compose.ts";
import { startCbp } from "../../subgraphs/cbp/main.ts";
import { startEoir } from "../../subgraphs/eoir/main.ts";
import { startIce } from "../../subgraphs/ice/main.ts";
import { startObim } from "../../subgraphs/obim/main.ts";
import { startSafeguards } from "../../subgraphs/safeguards/main.ts";
import { startUscis } from "../../subgraphs/uscis/main.ts";

/**
 * Traits of the subgraphs that name one more system, which nobody has: the gateway goes on asking a subgraph all of whose
 * systems are down, and so each answer depends on nothing that was asked before.
 */
export function writeTraits(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "reference-"));
  const path = join(folder, "subgraphs.json");
  const traits = readSubgraphs().map((each) => ({ ...each, systems: [...each.systems, "NOBODYS"] }));
  writeFileSync(path, JSON.stringify(traits));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export type OpenSubgraphs = { readonly urls: Readonly<Record<string, string>>; close(): Promise<void> };

/** Subgraphs that answer whoever asks. */
export async function startOpenSubgraphs({ urls }: Mocks, sourceTimeoutMs: number): Promise<OpenSubgraphs> {
  const at = { port: 0, host: "127.0.0.1", sourceTimeoutMs };
  const starting = {
    obim: startObim({ ...at, identUrl: urls.ident }),
    cbp: startCbp({ ...at, adisUrl: urls.adis, i94Url: urls.i94, e3Url: urls.e3 }),
    ice: startIce({ ...at, eidUrl: urls.eid }),
    uscis: startUscis({ ...at, globalUrl: urls.global, elisUrl: urls.elis }),
    eoir: startEoir({ ...at, caseUrl: urls.case, loadWaitMs: 60_000 }),
    safeguards: startSafeguards(at),
  };
  const started = await Promise.all(Object.entries(starting).map(async ([name, each]) => [name, await each] as const));
  return {
    urls: Object.fromEntries(started.map(([name, { url }]) => [name, url])),
    close: async () => void (await Promise.all(started.map(([, each]) => each.close()))),
  };
}
