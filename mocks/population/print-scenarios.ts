/** `npm run -s scenarios`: the scenarios as JSON, with nothing running. */
import { scenarios } from "./scenarios.ts";

if (import.meta.main) {
  process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
}
