import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSubgraphs } from "../../schema/compose.ts";

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
