/**
 * The whole system on one machine: the simulated agencies' systems, the subgraphs and the gateway, each a
 * process of its own. One line a part; all of it ends together.
 */
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { defaultHome, developmentKeys } from "./mocks/development-keys.ts";

type Part = { readonly name: string; readonly module: string; readonly execArgv?: readonly string[] };

const mocks: Part = { name: "simulated systems", module: "mocks/main.ts" };
const subgraphs: Part = { name: "subgraphs", module: "subgraphs/main.ts" };
const gateway: Part = {
  name: "gateway",
  module: "gateway/main.ts",
  // Answers live as long as their slowest agency: with room for them the collector has a third less to do.
  // Without the second, V8 makes what it takes to live long among the old at once, which keep all they refer to.
  execArgv: ["--max-semi-space-size=64", "--no-allocation-site-pretenuring"],
};

/** How long parts may take to finish what they accepted before they are ended. */
const stopWithinMs = 4_500;

/** The reading role that EID's simulator makes, in a database of that name. */
const eidUrl = (port: string) => `postgres://eid_reader:eid_reader@127.0.0.1:${port}/eid`;

/** The gateway's alone: the simulated systems and their control listener let anybody in, and stay on loopback. */
const { HOST: publicHost, ...inherited } = process.env;
const environment: NodeJS.ProcessEnv = {
  CROSSWALK_ENV: "development",
  EID_DATABASE: "eid",
  APOLLO_TELEMETRY_DISABLED: "1",
  ...inherited,
};
const running = new Map<Part, ChildProcess>();
let exitCode: number | null = null;

/** Starts a part and resolves when it prints its line that begins with `ready`; that line is returned. */
function start(part: Part, env: NodeJS.ProcessEnv): Promise<string> {
  // Ended between two parts: what has not been started is never ready.
  if (exitCode !== null) return new Promise(() => {});
  const child = fork(new URL(part.module, import.meta.url), {
    env,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    execArgv: [...(part.execArgv ?? [])],
  });
  running.set(part, child);
  return new Promise((resolve) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      if (line.startsWith("ready")) resolve(line);
      else console.log(line);
    });
    child.on("exit", (code, signal) => {
      running.delete(part);
      if (exitCode === null) {
        console.error(`the ${part.name} stopped (${signal ?? `exit code ${code}`}); everything is being stopped`);
        stop(1);
      } else if (running.size === 0) process.exit(exitCode);
    });
  });
}

function end(why: string): void {
  if (exitCode === null) console.log(`${why}: every part is being ended`);
  stop(0);
}

/** Ends every part; the gateway's clients are served first by its own drain. Safe to call twice. */
function stop(code: number): void {
  if (exitCode !== null) return;
  exitCode = code;
  if (running.size === 0) process.exit(code);
  const endGently = (part: Part) => running.get(part)?.kill("SIGTERM");
  endGently(gateway);
  // What the gateway has accepted still needs the others.
  const gatewayDone = running.get(gateway)?.once("exit", endTheOthers);
  if (gatewayDone === undefined) endTheOthers();
  setTimeout(() => {
    for (const child of running.values()) child.kill("SIGKILL");
  }, stopWithinMs);

  function endTheOthers(): void {
    endGently(subgraphs);
    endGently(mocks);
  }
}

async function main(): Promise<void> {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => end(signal));
  endWithParent();
  const startedAt = performance.now();
  const gatewayReady = start(gateway, gatewayEnvironment);
  await start(mocks, { ...environment, ...otherParts() });
  await start(subgraphs, subgraphEnvironment);
  const ready = await gatewayReady;
  if (exitCode !== null) return;
  console.log(`all parts are up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s; Ctrl-C ends them`);
  const page = environment.CROSSWALK_ENV === "development" && /https?:.*(?=\/graphql)/.exec(ready);
  if (page) console.log(`GraphiQL ${page}/`);
  console.log(ready);
}

function refuse(why: string): never {
  console.error(why);
  process.exit(1);
}

/** Ports moved by `<NAME>_PORT` are found there by whoever asks that part. */
function moved(
  names: readonly string[],
  variable: (name: string) => string,
  url: (name: string, port: string) => string,
) {
  const env: NodeJS.ProcessEnv = { ...environment };
  for (const name of names) {
    const port = env[`${name}_PORT`];
    if (!port) continue;
    if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)
      refuse(`${name}_PORT takes a whole number from 1 to 65535`);
    env[variable(name)] ??= url(name, port);
  }
  return env;
}

const agencies: readonly { readonly name: string; readonly url: string; readonly systems: readonly string[] }[] =
  JSON.parse(readFileSync(new URL("schema/subgraphs.json", import.meta.url), "utf8"));

/** What the gateway signs with and the subgraphs verify by: those given, else this machine's own. */
function subgraphKeys(): NodeJS.ProcessEnv {
  if (environment.SUBGRAPH_KEYS_FILE) return {};
  const made = developmentKeys(
    defaultHome(environment),
    agencies.map(({ name }) => name),
  );
  const named = Object.entries(made).map(([name, key]) => [`SUBGRAPH_KEY_${name.toUpperCase()}`, key] as const);
  return Object.fromEntries(named.map(([setting, key]) => [setting, environment[setting] || key]));
}

const keys = subgraphKeys();

/** Where subgraphs announce changes: in Redis, where one is given, else to the gateway itself. */
const changesTo = environment.REDIS_URL || `http://127.0.0.1:${environment.INTERNAL_PORT ?? 4001}/changes`;

const subgraphEnvironment = {
  CHANGES_TO: changesTo,
  ...moved(
    agencies.flatMap(({ systems }) => systems),
    (name) => `${name}_URL`,
    (name, port) => (name === "EID" ? eidUrl(port) : `http://127.0.0.1:${port}`),
  ),
  ...keys,
};

const gatewayEnvironment: NodeJS.ProcessEnv = {
  ...(publicHost === undefined ? {} : { HOST: publicHost }),
  ...moved(
    agencies.map(({ name }) => name.toUpperCase()),
    (name) => `SUBGRAPH_URL_${name}`,
    (_name, port) => `http://127.0.0.1:${port}/graphql`,
  ),
  ...keys,
  ...(environment.ISSUER_PORT === undefined || environment.GATEWAY_ISSUERS !== undefined
    ? {}
    : { GATEWAY_ISSUERS: `https://issuer.crosswalk.example=http://127.0.0.1:${environment.ISSUER_PORT}/jwks.json` }),
};

const isEverywhere = publicHost === undefined || ["", "0.0.0.0", "::"].includes(publicHost);
const gatewayHost = isEverywhere ? "127.0.0.1" : publicHost;

/** What the control listener tells of the parts that are not simulated systems. */
function otherParts(): NodeJS.ProcessEnv {
  const urls = [
    ["gateway", `http://${gatewayHost}:${environment.PORT ?? 4000}/graphql`],
    ["gateway, internal", `http://127.0.0.1:${environment.INTERNAL_PORT ?? 4001}`],
    ...agencies.map(({ name, url }) => {
      return [name, gatewayEnvironment[`SUBGRAPH_URL_${name.toUpperCase()}`] ?? url];
    }),
  ];
  return { CROSSWALK_PARTS: JSON.stringify(Object.fromEntries(urls)) };
}

/** npm killed outright cannot pass a signal on: then this process has another parent, and ends by itself. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end("who started this is gone");
  }, 1_000).unref();
}

void main();
