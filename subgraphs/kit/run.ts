/** Runs subgraphs as a process: starts them, says where they listen, ends them on a signal or with their parent. */
import type { Listening } from "./subgraph.ts";

/** Runs one subgraph as a process of its own. */
export function run(name: string, start: () => Promise<Listening>): Promise<void> {
  return runAll({ [name]: start });
}

/**
 * Runs several subgraphs in one process. A bad setting or a port in use is said in one line, and the process ends
 * with 1.
 */
export async function runAll(starts: Readonly<Record<string, () => Promise<Listening>>>): Promise<void> {
  const running: Listening[] = [];
  let stopping = false;
  const stop = (exitCode: number) => {
    if (stopping) return;
    stopping = true;
    Promise.all(running.map((each) => each.close())).then(
      () => process.exit(exitCode),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", () => stop(0));
  // Ctrl-C reaches a whole group of processes; whoever started this one says when it is its turn.
  process.on("SIGINT", () => process.connected || stop(0));
  process.on("disconnect", () => stop(0));
  await Promise.all(
    Object.entries(starts).map(async ([name, start]) => {
      try {
        const listening = await start();
        running.push(listening);
        console.log(`${name.padEnd(8)} ${listening.url}`);
      } catch (error) {
        const { code, message, port } = error as { code?: string; message: string; port?: number };
        const why = `port ${port} is in use; free it, or set PORT (${name.toUpperCase()}_PORT for npm start) to another`;
        console.error(`${name}: ${code === "EADDRINUSE" ? why : message}`);
        stop(1);
      }
    }),
  );
  if (!stopping) console.log(`ready    ${Object.keys(starts).join(", ")}`);
}
