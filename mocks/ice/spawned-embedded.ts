/** The embedded PostgreSQL (PGlite, WebAssembly) in a child process of its own, for as long as this process lives. */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";

/** What the child is told when it starts, and what it says when it listens. */
export type EmbeddedSettings = {
  /** For its files; removed by whichever of the two processes ends last. */
  readonly folder: string;
  readonly database: string;
  /** Password by role. The first role owns everything. */
  readonly roles: Readonly<Record<string, string>>;
};
export type EmbeddedReady = { readonly port: number; readonly description: string };

const readyWithinMs = 60_000;

/** Throws a line with the child's last words when it does not come up. */
export async function spawnEmbedded(): Promise<Engine> {
  const password = randomBytes(18).toString("hex");
  const reader = { user: "eid_reader", password: "eid_reader" };
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-eid-"));
  const settings: EmbeddedSettings = {
    folder,
    database: "eid",
    roles: { eid_owner: password, [reader.user]: reader.password },
  };
  const child = fork(fileURLToPath(new URL("./embedded-process.ts", import.meta.url)), [], {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  // Busy for seconds while it makes its cluster, it would not notice our end.
  const endWithUs = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  let said = "";
  child.stderr?.on("data", (bytes) => {
    said = (said + bytes).slice(-2000);
  });
  child.send(settings);
  const ready = await firstMessage(child).catch((error: Error) => {
    endWithUs();
    throw new Error(`the embedded PostgreSQL did not start: ${said.trim().split("\n").at(-1) || error.message}`);
  });
  return {
    description: ready.description,
    port: ready.port,
    database: settings.database,
    ownerUrl: `postgres://eid_owner:${password}@127.0.0.1:${ready.port}/${settings.database}`,
    reader,
    close: () => end(child),
  };
}

function firstMessage(child: ChildProcess): Promise<EmbeddedReady> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it did not answer in time")), readyWithinMs);
    child.once("message", (message) => {
      clearTimeout(timer);
      resolve(message as EmbeddedReady);
    });
    for (const event of ["error", "exit"])
      child.once(event, () => {
        clearTimeout(timer);
        reject(new Error("it ended"));
      });
  });
}

/** The child ends by itself when its channel to us closes; one that does not is killed. */
function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.connected) child.disconnect();
    else child.kill("SIGKILL");
  });
}
