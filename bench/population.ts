/**
 * Proof: the whole system with a large population. `node bench/population.ts [size] [look-ups]` starts it on free
 * ports, asks PersonRecord for persons spread over the population, and reads each process's peak memory.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { mintToken } from "../mocks/issuer/mint.ts";
import { createWorld } from "../mocks/population/world.ts";
import { freePorts } from "../tests/free-ports.ts";

/** What each process may use at its peak; PostgreSQL's own shared memory apart. */
const peakMemoryMb = 1_536;

const parts = ["PORT", "INTERNAL_PORT"].concat(
  ["CONTROL", "ISSUER", "IDENT", "ADIS", "I94", "E3", "EID", "GLOBAL", "ELIS", "CASE"].map((part) => `${part}_PORT`),
  ["OBIM", "CBP", "ICE", "USCIS", "EOIR"].map((part) => `${part}_PORT`),
);

type Running = { readonly child: ChildProcess; readonly url: string; readonly said: readonly string[] };

async function startSystem(size: number): Promise<Running> {
  const ports = await freePorts(parts.length);
  const env = Object.fromEntries(parts.map((part, index) => [part, String(ports[index])]));
  const child = spawn(process.execPath, ["start.ts"], {
    cwd: new URL("..", import.meta.url),
    env: { ...process.env, ...env, POPULATION: String(size), CASE_LOAD_WAIT_MS: "900000" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(line);
      if (line.startsWith("ready ")) resolve(line.slice("ready ".length));
      else if (!line.startsWith("{")) console.log(line);
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code} before it was ready`)));
  });
  return { child, url, said };
}

/** Peak resident memory by process of the system, in MB: the kernel's own high-water mark. */
function peaks(root: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const children = (id: number): number[] =>
    readFileSync(`/proc/${id}/task/${id}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  for (const id of [root, ...children(root)]) {
    const name =
      readFileSync(`/proc/${id}/cmdline`, "utf8")
        .split("\0")
        .find((word) => word.endsWith(".ts")) ?? String(id);
    const kb = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
    found.set(name.split("/").slice(-2).join("/"), Math.round(Number(kb) / 1024));
  }
  return found;
}

async function lookUps(url: string, size: number, count: number): Promise<readonly number[]> {
  const query = readFileSync(new URL("../schema/documents/person-record.graphql", import.meta.url), "utf8");
  const headers = { "content-type": "application/json", authorization: `Bearer ${await mintToken("ero-officer")}` };
  const world = createWorld({ size, seed: 1 });
  const times: number[] = [];
  let seen = 0;
  const every = Math.floor(size / count);
  for (const { index, ident } of world.persons()) {
    if (index % every !== 0) continue;
    const startedAt = performance.now();
    const body = JSON.stringify({ query, variables: { by: { fin: ident[0]?.fin } } });
    const response = await fetch(url, { method: "POST", headers, body });
    const { data, errors = [] } = (await response.json()) as {
      data: { person: { fin: string } | null };
      errors?: { extensions: { code: string } }[];
    };
    times.push(performance.now() - startedAt);
    // Unreadable and withheld values are part of the population; a system that does not answer is not.
    const outage = errors.find(({ extensions }) => !/^(RECORD|VALUE)_UNREADABLE|REDACTED/.test(extensions.code));
    if (data.person?.fin !== ident[0]?.fin || outage !== undefined)
      throw new Error(`person ${index}: ${outage?.extensions.code ?? "not found"}`);
    seen += 1;
    if (seen % 100 === 0) console.log(`asked for ${seen} of ${count} persons`);
  }
  return times.sort((a, b) => a - b);
}

async function main([size = "200000", count = "500"]: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  const { child, url, said } = await startSystem(Number(size));
  try {
    const readySeconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    console.log(`result: ${Number(size).toLocaleString("en")} persons: all parts ready after ${readySeconds} s`);
    for (const line of said.filter((each) => /rows .*persons|loaded:/.test(each))) console.log(`result: ${line}`);
    const times = await lookUps(url, Number(size), Number(count));
    const at = (share: number) => times[Math.floor((times.length - 1) * share)]?.toFixed(0);
    console.log(`result: ${times.length} persons asked for, each found; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
    const peak = peaks(child.pid as number);
    console.log(`result: peak memory: ${[...peak].map(([name, mb]) => `${name} ${mb} MB`).join(", ")}`);
    if (Math.max(...peak.values()) > peakMemoryMb) throw new Error(`more than ${peakMemoryMb} MB`);
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
