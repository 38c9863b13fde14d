/** The one test that runs the real processes as `npm start` does: tests run CommonJS, production runs ESM. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "@jest/globals";
import { mintToken } from "../mocks/issuer/mint.ts";
import { scenarios } from "../mocks/population/scenarios.ts";
import { freePorts } from "./free-ports.ts";
import { personRecord } from "./graph.ts";

const parts = ["", "INTERNAL_", "CONTROL_", "ISSUER_"].concat(
  [
    "IDENT",
    "ADIS",
    "I94",
    "E3",
    "EID",
    "GLOBAL",
    "ELIS",
    "CASE",
    "OBIM",
    "CBP",
    "ICE",
    "USCIS",
    "EOIR",
    "SAFEGUARDS",
  ].map((name) => `${name}_`),
);

type Started = {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ready: Promise<string>;
  readonly exited: Promise<number | null>;
};

const started: Started[] = [];
afterEach(async () => {
  for (const { child, exited } of started.splice(0)) {
    child.kill("SIGTERM");
    await exited;
  }
});

function start(env: NodeJS.ProcessEnv): Started {
  // As on a machine where nothing is set up.
  const { DATABASE_URL: _elsewhere, ...inherited } = process.env;
  const child = spawn(process.execPath, ["start.ts"], { cwd: process.cwd(), env: { ...inherited, ...env } });
  const lines: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  const ready = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (line.startsWith("ready ")) resolve(line.slice("ready ".length));
      });
    void exited.then((code) => reject(new Error(`ended with ${code}:\n${lines.join("\n")}`)));
  });
  ready.catch(() => undefined);
  const running = { child, lines, ready, exited };
  started.push(running);
  return running;
}

/** Nobody but those of the scenarios is asked about here. */
const fewPersons = { POPULATION: "64" };

async function portSettings(): Promise<Record<string, string>> {
  const ports = await freePorts(parts.length);
  return Object.fromEntries(parts.map((part, index) => [`${part}PORT`, String(ports[index])]));
}

/** Processes descended from this one, by id: read from the kernel, so that an orphan cannot hide. */
function processesWith(setting: string): readonly string[] {
  return readdirSync("/proc").filter((id) => {
    if (!/^\d+$/.test(id) || id === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${id}/environ`, "latin1").split("\0").includes(setting);
    } catch {
      return false;
    }
  });
}

test("starts every part, answers PersonRecord for a scenario person, and leaves nothing behind on SIGTERM", async () => {
  const ports = await portSettings();
  const mark = `START_TEST=${ports.PORT}`;
  const { child, ready, exited, lines } = start({ ...ports, START_TEST: ports.PORT });
  const url = await ready;
  expect(url).toBe(`http://127.0.0.1:${ports.PORT}/graphql`);
  expect(processesWith(mark).length).toBeGreaterThan(3);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${await mintToken("ero-officer")}` },
    body: JSON.stringify({ query: personRecord, variables: { by: { fin: scenarios[0]?.identifiers.fin } } }),
  });
  const { data, errors } = (await response.json()) as { data: { person: { stays: unknown } }; errors?: unknown };
  expect(errors).toBeUndefined();
  expect(data.person.stays).toMatchObject([{ state: "IN_FORCE", basis: "MA_PENDING" }]);
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
  expect(processesWith(mark)).toEqual([]);
  expect(lines.filter((line) => /error|warn/i.test(line))).toEqual([]);
}, 60_000);

test.each([["E3_PORT"], ["CBP_PORT"], ["PORT"]])(
  "%s in use is one clear line that says what to do, exit code 1, and nothing left running",
  async (name) => {
    const ports = await portSettings();
    const taken = createServer().listen(Number(ports[name]), "127.0.0.1");
    try {
      const { exited, lines } = start({ ...ports, ...fewPersons, START_TEST: ports.PORT });
      expect(await exited).toBe(1);
      const said = lines.filter((line) => line.includes(`port ${ports[name]} is in use`));
      expect(said).toEqual([expect.stringMatching(new RegExp(`set .*${name}`))]);
      expect(processesWith(`START_TEST=${ports.PORT}`)).toEqual([]);
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
  },
  60_000,
);

test.each([
  ["POPULATION", "many"],
  ["WORLD_NOW", "yesterday"],
  ["MAX_BODY_BYTES", "big"],
  ["OBIM_PORT", "abc"],
])(
  "a bad %s is named in one line, and everything ends with exit code 1",
  async (name, value) => {
    const ports = await portSettings();
    const { exited, lines } = start({ ...ports, ...fewPersons, [name]: value, START_TEST: ports.PORT });
    expect(await exited).toBe(1);
    expect(lines).toContainEqual(expect.stringContaining(name));
    expect(lines.join("\n")).not.toContain("    at ");
    expect(processesWith(`START_TEST=${ports.PORT}`)).toEqual([]);
  },
  60_000,
);

test("HOST moves the gateway's public listener alone: what lets anybody in stays on loopback", async () => {
  const ports = await portSettings();
  const { child, ready, exited } = start({ ...ports, ...fewPersons, HOST: "127.0.0.2", START_TEST: ports.PORT });
  const url = await ready;
  expect(url).toBe(`http://127.0.0.2:${ports.PORT}/graphql`);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${await mintToken("ero-officer")}` },
    body: '{"query":"{ __typename }"}',
  });
  expect([response.status, await response.json()]).toEqual([200, { data: { __typename: "Query" } }]);
  expect((await fetch(`http://127.0.0.1:${ports.CONTROL_PORT}/systems`)).status).toBe(200);
  await expect(fetch(`http://127.0.0.2:${ports.CONTROL_PORT}/systems`)).rejects.toThrow();
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
}, 60_000);

test("when a part dies, the others end too and the line says which", async () => {
  const ports = await portSettings();
  const mark = `START_TEST=${ports.PORT}`;
  const { ready, exited, lines } = start({ ...ports, ...fewPersons, START_TEST: ports.PORT });
  await ready;
  const subgraphs = processesWith(mark).find((id) =>
    readFileSync(`/proc/${id}/cmdline`, "utf8").includes("subgraphs/main.ts"),
  );
  process.kill(Number(subgraphs), "SIGKILL");
  expect(await exited).toBe(1);
  expect(lines).toContainEqual(expect.stringContaining("the subgraphs stopped (SIGKILL)"));
  expect(processesWith(mark)).toEqual([]);
}, 60_000);

test("ended while it is still starting, it leaves nothing behind", async () => {
  const ports = await portSettings();
  const { child, exited, lines } = start({ ...ports, ...fewPersons, EID_ENGINE: "embedded", START_TEST: ports.PORT });
  await new Promise<void>((resolve) => {
    child.stdout?.on("data", () => lines.some((line) => line.startsWith("ident")) && resolve());
  });
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
  expect(processesWith(`START_TEST=${ports.PORT}`)).toEqual([]);
}, 60_000);
