/** `npm run gateway`: the gateway alone, over any supergraph, as one process. */
import { flushCompileCache } from "node:module";
import { keepCompiled } from "./compiled.ts";

if (import.meta.main) {
  // Before anything heavy is loaded: a second start then takes half the time.
  keepCompiled();
  const { runGateway } = await import("./process.ts");
  await runGateway();
  flushCompileCache();
}
