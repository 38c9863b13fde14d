/** `@apollo/gateway` behind `@apollo/server`, as their makers' first page has it. `node stock.ts <port> <supergraph>` */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const peer = createRequire(new URL("../peers/package.json", import.meta.url));

if (import.meta.main) {
  const [port, supergraph] = process.argv.slice(2) as [string, string];
  process.env.APOLLO_TELEMETRY_DISABLED = "1";
  const { ApolloGateway } = peer("@apollo/gateway");
  const { ApolloServer } = peer("@apollo/server");
  const { startStandaloneServer } = peer("@apollo/server/standalone");
  const { ApolloServerPluginUsageReportingDisabled } = peer("@apollo/server/plugin/disabled");
  const gateway = new ApolloGateway({ supergraphSdl: readFileSync(supergraph, "utf8") });
  const server = new ApolloServer({ gateway, plugins: [ApolloServerPluginUsageReportingDisabled()] });
  await startStandaloneServer(server, { listen: { port: Number(port), host: "127.0.0.1" } });
  process.once("disconnect", () => process.exit(0));
  process.on("SIGINT", () => undefined);
}
