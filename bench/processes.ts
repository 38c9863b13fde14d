/** The bench's child processes: each on a core of its own, each ended by its process id whatever happens. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setPriority } from "node:os";
import { join } from "node:path";

export type Child = {
  readonly pid: number;
  send(message: unknown): void;
  /** The next message; rejects when the process ends first. */
  next(): Promise<unknown>;
  readonly hasEnded: () => boolean;
  /** The end of what it wrote to standard error. */
  complaint(): string;
  end(): Promise<void>;
};

export type ChildSettings = {
  /** Where its standard error is kept. */
  readonly folder: string;
  readonly name: string;
  readonly core: number;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Asked to end, rather than ended: it has something to write first. */
  readonly endsItself?: boolean;
};

/** Before all else on the machine, and with it every child started from now on. Throws without the right to. */
export function putFirst(): void {
  setPriority(-15);
}

const living = new Set<ChildProcess>();
const killAll = () => {
  for (const child of living) child.kill("SIGKILL");
};
process.on("exit", killAll);

/** Ends every child there is, and waits until the last one is gone. */
export async function endChildren(): Promise<void> {
  killAll();
  await Promise.all([...living].map((child) => new Promise((resolve) => child.once("exit", resolve))));
}

export const canPin = (): boolean => spawnSync("taskset", ["-c", "1", "true"]).status === 0;

/** Starts Node with these arguments on that core. Its standard output goes nowhere. */
export function startChild({ folder, name, core, args, env = {}, endsItself = false }: ChildSettings): Child {
  const errorsPath = join(folder, `${name}-${living.size}.err`);
  const child = spawn("taskset", ["-c", String(core), process.execPath, ...args], {
    stdio: ["ignore", "ignore", openSync(errorsPath, "w"), "ipc"],
    serialization: "advanced",
    // Nothing of what stands in this shell may change what is measured.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: "production", ...env },
  });
  living.add(child);
  const complaint = () => readFileSync(errorsPath, "utf8").trim().slice(-2000);
  const arrived: unknown[] = [];
  const waiting: { resolve(message: unknown): void; reject(error: Error): void }[] = [];
  let ended = false;
  child.on("message", (message) => {
    const first = waiting.shift();
    if (first) first.resolve(message);
    else arrived.push(message);
  });
  const exited = new Promise<void>((resolve) => {
    const onEnd = () => {
      ended = true;
      living.delete(child);
      for (const each of waiting.splice(0)) each.reject(new Error(`${name} ended: ${complaint()}`));
      resolve();
    };
    child.once("exit", onEnd);
    child.once("error", onEnd);
  });
  return {
    pid: child.pid ?? -1,
    send: (message) => void child.send(message as object),
    next: () =>
      arrived.length > 0
        ? Promise.resolve(arrived.shift())
        : ended
          ? Promise.reject(new Error(`${name} has ended: ${complaint()}`))
          : new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    hasEnded: () => ended,
    complaint,
    end: async () => {
      if (!ended) child.kill(endsItself ? "SIGTERM" : "SIGKILL");
      await exited;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The most memory that the process ever held. */
export function peakMemoryMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) / 1024;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
