/** A front in a process of its own, for tests that take something away from it: says where it listens, ends on SIGTERM. */
import { open } from "node:fs/promises";
import { openPublicListener } from "../gateway/http/public.ts";
import { openTelemetry } from "../gateway/telemetry.ts";

if (import.meta.main) {
  const listener = await openPublicListener({
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 100_000,
    maxRequests: 1000,
    maxBatch: 0,
    graphiql: false,
    // Whatever answers needs files of its own: a connection to a subgraph, a log.
    handle: async () => {
      await (await open("/dev/null")).close();
      return { data: { a: 1 } };
    },
    telemetry: openTelemetry(() => undefined),
  });
  process.on("SIGTERM", () => void listener.close(1000).then(() => process.exit(0)));
  process.once("disconnect", () => process.exit(0));
  console.log(`ready ${listener.url}/graphql`);
}
