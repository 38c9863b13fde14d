/** `npm run gateway`: the gateway alone, over any supergraph, as one process. */
import { isUrl, readProcessConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";
import { printable } from "./supergraph/source.ts";
import { firstLine } from "./telemetry.ts";

async function main(): Promise<void> {
  const outcome = readProcessConfig();
  if ("refusals" in outcome) return fail(...outcome.refusals);
  const { config } = outcome;
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
    fail(explain(error, config.supergraph));
  }
}

function fail(...lines: readonly string[]): void {
  for (const line of lines) console.error(`gateway: ${line}`);
  process.exit(1);
}

function explain(error: unknown, supergraph: string): string {
  const { code, syscall, port } = error as { code?: unknown; syscall?: unknown; port?: unknown };
  if (syscall === "listen") {
    const why = code === "EADDRINUSE" ? "is in use" : `cannot be had (${String(code)})`;
    return `port ${String(port)} ${why}: stop what holds it, or set PORT and INTERNAL_PORT`;
  }
  const remedy = isUrl(supergraph)
    ? "check the URL in GATEWAY_SUPERGRAPH"
    : "check the file, or set GATEWAY_SUPERGRAPH";
  return `the supergraph ${printable(supergraph)} cannot be used (${firstLine(error)}): ${remedy}`;
}

if (import.meta.main) await main();
