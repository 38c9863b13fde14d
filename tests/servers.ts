/** Servers that some tests need: started here when they are on the machine, else the test is skipped by name. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { connect } from "node:net";
import { findBinaries, spawnPostgres } from "../mocks/ice/spawned-postgres.ts";
import { freePorts } from "./free-ports.ts";

export type Server = { readonly url: string; close(): Promise<void> };

/** Without the server a test goes on with less and says so; with REQUIRE_SERVICES=1 it fails instead. */
export function requireServer(name: string): void {
  if (process.env.REQUIRE_SERVICES === "1") throw new Error(`REQUIRE_SERVICES=1, and ${name} is not on this machine`);
  console.log(`skipped: ${name} is not on this machine`);
}

/** A PostgreSQL of this test's own; null when there is none on the machine. */
export async function startPostgres(): Promise<Server | null> {
  const binaries = findBinaries();
  if (binaries === null) return null;
  const { ownerUrl, close } = await spawnPostgres(binaries);
  const url = new URL(ownerUrl);
  url.pathname = "/postgres";
  return { url: url.href, close };
}

/** A Redis of this test's own; null when there is none on the machine. */
export async function startRedis(): Promise<Server | null> {
  if (process.env.REDIS_URL !== undefined) return { url: process.env.REDIS_URL, close: async () => undefined };
  try {
    execFileSync("redis-server", ["--version"]);
  } catch {
    return null;
  }
  const [port] = await freePorts(1);
  const child = spawn("redis-server", [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
  ]);
  await answering(Number(port), child);
  return {
    url: `redis://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

function answering(port: number, child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    const attempt = () => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve();
      });
      socket.on("error", () => setImmediate(attempt));
    };
    attempt();
  });
}
