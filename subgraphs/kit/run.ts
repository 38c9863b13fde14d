/** Runs one subgraph as a process of its own: starts it, says where it listens, ends it on a signal. */
import type { Listening } from "./subgraph.ts";

/** `start` throws a plain line for a bad setting or a port in use; it is printed and the process ends with 1. */
export async function run(name: string, start: () => Promise<Listening>): Promise<void> {
  try {
    const listening = await start();
    console.log(`${name} ${listening.url}`);
    const stop = () => {
      listening.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stop);
  } catch (error) {
    const { code, message, port } = error as { code?: string; message: string; port?: number };
    console.error(
      code === "EADDRINUSE" ? `${name}: port ${port} is in use; set PORT to a free one` : `${name}: ${message}`,
    );
    process.exit(1);
  }
}
