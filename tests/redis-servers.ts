/** Redis servers of a test's own, that it may starve, stop, fill and kill; and a way to them that can be cut in silence. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "@jest/globals";
import { Redis } from "ioredis";
import { freePorts } from "./free-ports.ts";

/** `test` where redis-server is on the machine, or REQUIRE_SERVICES=1 wants its absence to be a failure. */
export const testWithRedisServer = process.env.REQUIRE_SERVICES === "1" || isInstalled() ? test : test.skip;

function isInstalled(): boolean {
  try {
    execFileSync("redis-server", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

export type RedisServer = {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** A client for what the test does behind the gateway's back. */
  readonly admin: Redis;
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** Ends it at once; `restart` starts it again, with the same files. */
  kill(): Promise<void>;
  restart(...settings: readonly string[]): Promise<void>;
  close(): Promise<void>;
};

const usual = [
  "--bind",
  "127.0.0.1",
  "--appendonly",
  "no",
  "--save",
  "",
  "--enable-debug-command",
  "yes",
  "--repl-diskless-sync-delay",
  "0",
];

/** Whatever stands in `settings` comes after the usual ones, and so wins. */
export function startRedisServer(...settings: readonly string[]): Promise<RedisServer> {
  return start((port, folder) => ["--port", String(port), "--dir", folder, ...usual, ...settings]);
}

/** A Sentinel that watches one primary, and fails over alone and quickly. */
export function startSentinel(primary: RedisServer, masterName: string): Promise<RedisServer> {
  return start((port, folder) => {
    const file = join(folder, "sentinel.conf");
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      `sentinel monitor ${masterName} 127.0.0.1 ${primary.port} 1`,
      `sentinel down-after-milliseconds ${masterName} 500`,
      `sentinel failover-timeout ${masterName} 2000`,
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    return [file, "--sentinel"];
  });
}

async function start(argumentsFor: (port: number, folder: string) => readonly string[]): Promise<RedisServer> {
  const [port = 0] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-redis-"));
  const given = argumentsFor(port, folder);
  const run = (more: readonly string[] = []) => spawn("redis-server", [...given, ...more], { stdio: "ignore" });
  let child = run();
  await listening(port, child);
  const admin = new Redis({ port, host: "127.0.0.1", protocol: 2, retryStrategy: () => 20, disconnectTimeout: 50 });
  admin.on("error", () => {});
  const kill = () => ended(child);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    admin,
    signal: (signal) => void child.kill(signal),
    kill,
    async restart(...more) {
      await kill();
      child = run(more);
      await listening(port, child);
    },
    async close() {
      admin.disconnect();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type SilentWay = {
  readonly url: string;
  /** From now on nothing passes, and nobody is told: connections stand, and new ones are taken. */
  cut(): void;
  /** What was lost stays lost. */
  heal(): void;
  /** From now on what is sent waits here; then it is let go, in order. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
};

/** A way to a port on this machine. */
export async function openSilentWay(port: number): Promise<SilentWay> {
  let isCut = false;
  let held: (() => void)[] | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      let wasCut = false;
      one.on("data", (bytes) => {
        wasCut ||= isCut;
        if (held) held.push(() => other.write(bytes));
        else if (!wasCut) other.write(bytes);
      });
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        if (!isCut && !wasCut) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
    },
    heal() {
      isCut = false;
    },
    hold() {
      held = [];
    },
    release() {
      for (const each of held ?? []) each();
      held = null;
    },
    close: () =>
      new Promise((resolve) => {
        for (const each of sockets) each.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Looks again and again, for half a minute at most. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + 30_000;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen as Exclude<T, false | null | undefined>;
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

function listening(port: number, child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    const attempt = () => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve();
      });
      socket.on("error", () => setTimeout(attempt, 5));
    };
    attempt();
  });
}
