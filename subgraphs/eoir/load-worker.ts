/** A load in a thread of its own, so that the subgraph keeps answering. Its settings come in, lines and one result go out. */
import { parentPort, workerData } from "node:worker_threads";
import { type Load, type LoadSettings, loadSnapshot } from "./load.ts";

export type LoadMessage =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "loaded"; readonly load: Load }
  | { readonly kind: "failed"; readonly why: string };

const post = (message: LoadMessage) => parentPort?.postMessage(message);

if (parentPort !== null) {
  const settings = workerData as Omit<LoadSettings, "progress">;
  loadSnapshot({ ...settings, progress: (line) => post({ kind: "progress", line }) }).then(
    (load) => post({ kind: "loaded", load }),
    (error: unknown) => post({ kind: "failed", why: (error as Error).message }),
  );
}
