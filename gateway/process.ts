/** The gateway as a process: its settings, its signals, and what it says when it cannot start. */
import { normalize } from "node:path";
import { type Config, isUrl, readProcessConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";
import { printable } from "./supergraph/source.ts";
import { firstLine } from "./telemetry.ts";

export async function runGateway(): Promise<void> {
  const outcome = readProcessConfig();
  if ("refusals" in outcome) return fail(...outcome.refusals);
  const { config } = outcome;
  // Whoever reads the lines may go; the gateway does not go with them.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    const gateway = await startGateway(config);
    let isEnding = false;
    const end = () => {
      if (isEnding) return;
      isEnding = true;
      // Whatever hangs, the process is gone within 5 s of the first signal.
      setTimeout(() => process.exit(0), config.drainMs + 500).unref();
      gateway.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, end);
    // Started by another process, it does not outlive it.
    process.once("disconnect", end);
    console.log(`ready ${gateway.url}`);
  } catch (error) {
    fail(...explain(error, config));
  }
}

function fail(...lines: readonly string[]): void {
  for (const line of lines) console.error(`gateway: ${line}`);
  process.exit(1);
}

/** What to mend. A refusal of the files that settings name begins with their path, and may have several lines. */
function explain(error: unknown, { supergraph, ...files }: Config): readonly string[] {
  const { code, syscall, hostname, port, message } = error as Readonly<Record<string, unknown>>;
  if (code === "EADDRNOTAVAIL" || (syscall === "getaddrinfo" && hostname === files.host))
    return [`HOST is no address of this machine (${String(code)})`];
  if (syscall === "listen") {
    const why = code === "EADDRINUSE" ? "is in use" : `cannot be had (${String(code)})`;
    return [`port ${String(port)} ${why}: stop what holds it, or set PORT and INTERNAL_PORT`];
  }
  for (const [setting, path] of [
    ["GATEWAY_SUBGRAPHS", files.subgraphsFile],
    ["GATEWAY_DOCUMENTS", files.documents],
    ["GATEWAY_POLICIES", files.policies],
    ["SUBGRAPH_KEYS_FILE", files.subgraphKeysFile],
  ] as const)
    if (path !== "" && (String(message).startsWith(path) || String(message).startsWith(normalize(path))))
      return String(message)
        .split("\n")
        .map((line) => `${setting}: ${line}`);
  if (/^(SUBGRAPH_KEY_|REDIS_|CACHE_KEYS)/.test(String(message))) return String(message).split("\n");
  const remedy = isUrl(supergraph)
    ? "check the URL in GATEWAY_SUPERGRAPH"
    : "check the file, or set GATEWAY_SUPERGRAPH";
  return [`the supergraph ${printable(supergraph)} cannot be used (${firstLine(error)}): ${remedy}`];
}
