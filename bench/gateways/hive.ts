/**
 * Hive Gateway, as its command starts it: `node hive.ts <port> <supergraph> stitching|router [published]`.
 * `stitching`: its own planner and executor in JavaScript, with its compiler of operations (`jit`), as it is published.
 * `router`: with `@graphql-hive/router-runtime`. `published`: with the sharing that the public benchmark has switched on
 * (whole identical requests under way, and identical subgraph requests under way); otherwise nothing is shared.
 */

import { createServer } from "node:http";
import { createRequire } from "node:module";

const peer = createRequire(new URL("../peers/package.json", import.meta.url));

if (import.meta.main) {
  const [port, supergraph, runtime, published] = process.argv.slice(2) as [string, string, string, string?];
  const { createGatewayRuntime } = peer("@graphql-hive/gateway");
  const isPublished = published === "published";
  const gateway = createGatewayRuntime({
    supergraph,
    logging: false,
    ...(runtime === "router"
      ? { unifiedGraphHandler: peer("@graphql-hive/router-runtime").unifiedGraphHandler }
      : { plugins: () => [peer("@graphql-mesh/plugin-jit").useJIT()] }),
    inboundInflightRequestDeduplication: isPublished,
    ...(isPublished ? {} : { transportEntries: { "*.http": { options: { deduplicateInflightRequests: false } } } }),
  });
  createServer(gateway).listen(Number(port), "127.0.0.1");
  process.once("disconnect", () => process.exit(0));
  process.on("SIGINT", () => undefined);
}
