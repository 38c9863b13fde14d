/** Code that was compiled once is kept for the next start, in a folder of this installation's own. */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * To be called before anything heavy is loaded, in each thread. Where the folder cannot be written, nothing is kept.
 * Never in a folder that others write to, as the system's temporary one: what is kept is run.
 */
export function keepCompiled(): void {
  enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/crosswalk", import.meta.url)));
}
