/**
 * A gateway in a process of its own, for tests that stop it and let it go on, or set its clock on the wall. Says where it
 * listens; ends with whoever started it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { readProcessConfig } from "../gateway/config.ts";
import { startGateway } from "../gateway/gateway.ts";

export type GatewayChild = {
  readonly url: string;
  readonly internalUrl: string;
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** How much later than it is the clock on the wall shall show, in milliseconds. */
  setWallClock(aheadMs: number): void;
  close(): Promise<void>;
};

export async function startGatewayChild(env: Readonly<Record<string, string>>): Promise<GatewayChild> {
  const child = spawn(process.execPath, [new URL(import.meta.url).pathname], {
    env: { ...process.env, PORT: "0", INTERNAL_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [url = "", internalUrl = ""] = await readyLine(child);
  return {
    url,
    internalUrl,
    signal: (signal) => void child.kill(signal),
    setWallClock: (aheadMs) => void child.send({ aheadMs }),
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

function readyLine(child: ChildProcess): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
    if (child.stdout === null) return reject(new Error("no output"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.split(" ").slice(1));
    });
  });
}

if (import.meta.main) {
  const wall = Date.now;
  let aheadMs = 0;
  Date.now = () => wall() + aheadMs;
  process.on("message", (message: { readonly aheadMs: number }) => {
    aheadMs = message.aheadMs;
  });
  const outcome = readProcessConfig();
  if ("refusals" in outcome) throw new Error(outcome.refusals.join("\n"));
  const gateway = await startGateway(outcome.config, { writeLine: () => undefined });
  process.once("disconnect", () => process.exit(0));
  console.log(`ready ${gateway.url} ${gateway.internalUrl}`);
}
