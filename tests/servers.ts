/** Servers that some tests need: started here when they are on the machine, else the test is skipped by name. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { connect } from "node:net";
import { test } from "@jest/globals";
import { findBinaries, spawnPostgres } from "../mocks/ice/spawned-postgres.ts";
import { freePorts } from "./free-ports.ts";

export type Server = { readonly url: string; close(): Promise<void> };

const isRequired = process.env.REQUIRE_SERVICES === "1";

/** `test` where both servers are on the machine, or REQUIRE_SERVICES=1 wants their absence to be a failure. */
export const testWithServers = isRequired || (findBinaries() !== null && hasRedis()) ? test : test.skip;

/** A PostgreSQL of this test's own. */
export async function startPostgres(): Promise<Server> {
  const binaries = findBinaries();
  if (binaries === null) throw new Error("REQUIRE_SERVICES=1, but there is no initdb and postgres");
  const { ownerUrl, close } = await spawnPostgres(binaries);
  const url = new URL(ownerUrl);
  url.pathname = "/postgres";
  return { url: url.href, close };
}

/** A Redis of this test's own, or that of REDIS_URL. */
export async function startRedis(): Promise<Server> {
  if (process.env.REDIS_URL !== undefined) return { url: process.env.REDIS_URL, close: async () => undefined };
  if (!hasRedis()) throw new Error("REQUIRE_SERVICES=1, but there is no redis-server");
  const [port] = await freePorts(1);
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn("redis-server", settings);
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

function hasRedis(): boolean {
  if (process.env.REDIS_URL !== undefined) return true;
  try {
    execFileSync("redis-server", ["--version"]);
    return true;
  } catch {
    return false;
  }
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
