/**
 * `npm run bench [-- [shop|varied|person|authorization|cache|start …] [--only ours,stock,…] [--quick] [--first] [--profile <folder>] [--gateway <main.ts>]]`: our
 * gateway, others in this language, and the ceilings, over the same recorded subgraphs; every answer checked while it is
 * counted. A run with every contender is kept in RESULTS.md; a quick one, or one with some left out or of another
 * checkout's gateway, is only printed. `--first`: before everything else on a machine that others use (needs root).
 * `--profile <folder>`: with a CPU profile of our gateway.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { differences, type Given } from "../tests/oracle/compare.ts";
import {
  ask,
  type Contender,
  contenders,
  headersOf,
  loadCore,
  type Place,
  type Running,
  recordingPath,
  startContender,
} from "./contenders.ts";
import type { Recorded } from "./gateways/ceiling.ts";
import type { LoadRequest, LoadResult, LoadRun } from "./load.ts";
import { type Child, canPin, endChildren, peakMemoryMb, putFirst, sleep, startChild } from "./processes.ts";
import { keepResults, type Measured, type Starts, startTable, summary, workloadTable } from "./results.ts";
import { isMeasured, openRow, openShop, type Stage, type Workload } from "./stages.ts";

type Pace = {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly busyMs: number;
  /** Where one is compared with another: the more turns, the less of a difference is the machine's. */
  readonly paired: { readonly rounds: number; readonly busyMs: number };
  readonly singleMs: number;
  readonly starts: number;
};
const paces = {
  full: { rounds: 5, warmUpMs: 4000, busyMs: 2500, paired: { rounds: 15, busyMs: 1000 }, singleMs: 1000, starts: 5 },
  quick: { rounds: 1, warmUpMs: 1000, busyMs: 1000, paired: { rounds: 3, busyMs: 600 }, singleMs: 300, starts: 1 },
} as const satisfies Record<string, Pace>;
/** Of the same load, not counted: who has rested while the others were asked is slower at first, and some take a second for one answer. */
const settleMs = 2000;
const connections = 50;
const quickNames = ["ours", "ours-shared", "stock", "hive-router", "bare", "calls"];

type Run = {
  readonly folder: string;
  readonly pace: Pace;
  readonly chosen: readonly Contender[];
  /** Workloads; those named behind a dash go with the one before it. */
  readonly wanted: readonly string[];
  readonly gatewayMain: string;
  readonly profileFolder: string | undefined;
  readonly load: Child;
};

const isWanted = ({ wanted }: Run, { name }: Workload): boolean => wanted.includes(name.split("-")[0] as string);

/** What a signal has to close; the children go with this process in any case (processes.ts). */
const open = new Set<Stage>();

const peersFolder = fileURLToPath(new URL("peers", import.meta.url));

/** The other gateways are installed by the bench alone, so that `npm ci` stays small. */
function installPeers(): boolean {
  if (existsSync(join(peersFolder, "node_modules", "@graphql-hive", "gateway"))) return true;
  console.log("installing the other gateways into bench/peers (once)");
  const args = ["ci", "--prefix", peersFolder, "--ignore-scripts", "--no-audit", "--no-fund"];
  return spawnSync("npm", args, { stdio: "inherit", timeout: 300_000 }).status === 0;
}

/** Where the answer is not the expected one; null: it is. */
const faultIn =
  (request: LoadRequest) =>
  (text: string): string | null => {
    try {
      const given = JSON.parse(text) as Given;
      const [first] = differences({ data: request.expected, errors: [] }, given);
      return first ?? null;
    } catch {
      return `not JSON: ${text.slice(0, 200)}`;
    }
  };

type Verified = Running & {
  /** By workload: the bytes of a right answer to each request. */
  readonly knownGood: ReadonlyMap<string, readonly string[]>;
};

/** Asks everything twice; throws at the first answer that is not the expected one. Notes what it asks the subgraphs. */
async function verify(run: Run, stage: Stage, running: Running): Promise<Verified> {
  const knownGood = new Map<string, readonly string[]>();
  const recorded: Recorded["requests"][number][] = [];
  for (const workload of stage.workloads) {
    if (!isWanted(run, workload) || !isMeasured(workload, running.contender)) continue;
    const { name, requests } = workload;
    const answers: string[] = [];
    let calls = 0;
    const headers = headersOf(running.contender, stage);
    const askFor = ({ body }: LoadRequest) => ask(running.port, body, headers);
    // Answers that wait for a grid are waited for together; whose calls are whose nobody needs to know there.
    const atOnce = workload.pairs ? 20 : 1;
    for (let from = 0; from < requests.length; from += atOnce) {
      const some = requests.slice(from, from + atOnce);
      await Promise.all(some.map(askFor));
      let given: readonly string[] = [];
      const seen = await stage.stub.callsDuring(async () => {
        given = await Promise.all(some.map(askFor));
      });
      for (const [at, request] of some.entries()) {
        const answer = given[at] as string;
        const fault = faultIn(request)(answer);
        if (fault !== null) throw new Error(`wrong answer to ${request.body.slice(0, 200)}: ${fault}`);
        answers.push(answer);
        recorded.push({ body: request.body, answer, calls: atOnce === 1 ? seen : [] });
      }
      calls += seen.length;
    }
    knownGood.set(name, answers);
    const mean = calls / requests.length;
    console.log(`  ${running.contender.name}: every answer to ${name} right; calls for one alone: ${mean.toFixed(1)}`);
  }
  const stubUrl = `http://127.0.0.1:${stage.stub.port}`;
  writeFileSync(
    recordingPath(run.folder, running.contender.name),
    JSON.stringify({ stubUrl, requests: recorded } satisfies Recorded),
  );
  return { ...running, knownGood };
}

/** Those that give right answers; the others with the reason why not. */
async function startAll(run: Run, stage: Stage) {
  const { folder, gatewayMain, profileFolder } = run;
  const place: Omit<Place, "port" | "internalPort"> = { folder, gatewayMain, profileFolder, ...stage };
  const running: Verified[] = [];
  const refused: { readonly name: string; readonly why: string }[] = [];
  const wanted = stage.workloads.filter((workload) => isWanted(run, workload));
  for (const contender of run.chosen) {
    const first = wanted.find((workload) => isMeasured(workload, contender))?.requests[0];
    if (first === undefined) continue;
    try {
      const started = await startContender(contender, place, first, faultIn(first));
      try {
        running.push(await verify(run, stage, started));
      } catch (error) {
        await started.child.end();
        throw error;
      }
    } catch (error) {
      const why = (error as Error).message.replace(/\s+/g, " ").slice(0, 600);
      refused.push({ name: contender.name, why });
      console.log(`  ${contender.name}: NOT MEASURED: ${why}`);
    }
  }
  return { running, refused };
}

async function measure(run: Run, stage: Stage, workload: Workload, all: readonly Verified[]): Promise<Measured[]> {
  const results = all
    .filter(({ contender }) => isMeasured(workload, contender))
    .map((each) => ({
      each,
      busy: [] as LoadResult[],
      single: [] as LoadResult[],
      calls: [] as number[],
      lookedUp: { found: 0, all: 0 },
    }));
  const drive = async (each: Verified, connectionCount: number, windowMs: number): Promise<LoadResult> => {
    const knownGood = each.knownGood.get(workload.name) ?? [];
    const { port, child } = each;
    run.load.send({
      port,
      requests: workload.requests,
      knownGood,
      ownRequests: workload.ownRequests ?? false,
      connections: connectionCount,
      headers: headersOf(each.contender, stage),
      settleMs,
      windowMs,
      gatewayPid: child.pid,
      stubPid: stage.stub.pid,
    } satisfies LoadRun);
    return (await run.load.next()) as LoadResult;
  };
  const many = workload.connections ?? connections;
  for (const { each } of results) await drive(each, many, run.pace.warmUpMs);
  const { rounds, busyMs } = workload.pairs ? run.pace.paired : run.pace;
  for (let round = 1; round <= rounds; round += 1)
    for (const result of results) {
      await stage.stub.count();
      const before = await lookUps(result.each);
      const busy = await drive(result.each, many, busyMs);
      const counted = await stage.stub.count();
      const after = await lookUps(result.each);
      result.lookedUp.found += after.found - before.found;
      result.lookedUp.all += after.all - before.all;
      result.busy.push(busy);
      result.calls.push(counted.calls / Math.max(1, busy.requestsSeen));
      if (round <= run.pace.rounds) result.single.push(await drive(result.each, 1, run.pace.singleMs));
      console.log(`  ${workload.name} ${round}/${rounds} ${summary(result.each.contender.name, busy, counted)}`);
    }
  return results.map(({ each, busy, single, calls, lookedUp: { found, all } }) => ({
    contender: each.contender,
    busy,
    single,
    callsPerRequest: calls,
    hitRatio: all === 0 ? null : found / all,
    peakMemoryMb: peakMemoryMb(each.child.pid),
  }));
}

/** Of the cache, so far. */
async function lookUps({
  contender,
  internalPort,
}: Running): Promise<{ readonly found: number; readonly all: number }> {
  const counts = { found: 0, all: 0 };
  if (contender.changing === undefined) return counts;
  const response = await fetch(`http://127.0.0.1:${internalPort}/metrics`, { signal: AbortSignal.timeout(5000) });
  for (const [, where, count] of (await response.text()).matchAll(
    /^crosswalk_cache_lookups_total\{.*found="(\w+)".*\} (\d+)$/gm,
  )) {
    counts.all += Number(count);
    if (where === "memory") counts.found += Number(count);
  }
  return counts;
}

/** From the start of the process to its first right answer. */
async function measureStarts(run: Run): Promise<readonly Starts[]> {
  const stage = await openRow(run.folder);
  open.add(stage);
  const { folder, gatewayMain, profileFolder } = run;
  const request = stage.workloads[0]?.requests[0] as LoadRequest;
  const starts = run.chosen
    .filter(
      ({ kind, name, isAuthorized }) =>
        kind !== "ceiling" && !isAuthorized && !["ours-shared", "hive-published"].includes(name),
    )
    .map((contender) => ({ contender, firstAnswerMs: [] as number[], memoryMb: [] as number[] }));
  try {
    for (let turn = 0; turn < run.pace.starts; turn += 1)
      for (const { contender, firstAnswerMs, memoryMb } of starts) {
        const place = { folder, gatewayMain, profileFolder, ...stage };
        const started = await startContender(contender, place, request, faultIn(request)).catch((error: Error) => {
          console.log(`  start ${contender.name}: NOT MEASURED: ${error.message}`);
          return null;
        });
        if (started === null) continue;
        firstAnswerMs.push(started.firstAnswerMs);
        memoryMb.push(peakMemoryMb(started.child.pid));
        await started.child.end();
        console.log(`  start ${contender.name}: ${Math.round(started.firstAnswerMs)} ms`);
      }
  } finally {
    await stage.close();
    open.delete(stage);
  }
  return starts;
}

async function runStage(run: Run, stage: Stage): Promise<ReadonlyMap<string, string>> {
  const sections = new Map<string, string>();
  const running: Verified[] = [];
  open.add(stage);
  try {
    const started = await startAll(run, stage);
    running.push(...started.running);
    for (const workload of stage.workloads) {
      if (!isWanted(run, workload)) continue;
      const measured = await measure(run, stage, workload, running);
      const table = workloadTable(workload, measured, started.refused);
      console.log(`\n${table}\n`);
      sections.set(workload.name, table);
    }
  } finally {
    for (const { child } of running) await child.end();
    await stage.close();
    open.delete(stage);
  }
  return sections;
}

async function bench(run: Run): Promise<ReadonlyMap<string, string>> {
  const sections = new Map<string, string>();
  const { wanted } = run;
  const add = (more: ReadonlyMap<string, string>) => {
    for (const [name, text] of more) sections.set(name, text);
  };
  if (wanted.includes("shop") || wanted.includes("varied")) add(await runStage(run, await openShop(run.folder)));
  if (["person", "authorization", "cache"].some((each) => wanted.includes(each))) {
    const { openPerson } = await import("./person.ts");
    add(await runStage(run, await openPerson(run.folder)));
  }
  if (wanted.includes("start")) {
    const table = startTable(await measureStarts(run));
    console.log(`\n${table}\n`);
    sections.set("start", table);
  }
  return sections;
}

const ownGateway = fileURLToPath(new URL("../gateway/main.ts", import.meta.url));
const workloadNames = ["shop", "varied", "person", "authorization", "cache", "start"];

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      first: { type: "boolean", default: false },
      profile: { type: "string" },
      gateway: { type: "string", default: ownGateway },
    },
  });
  const known = contenders.map(({ name }) => name);
  const names = values.only?.split(",") ?? (values.quick ? quickNames : known);
  const strange = [
    ...names.filter((each) => !known.includes(each)),
    ...positionals.filter((each) => !workloadNames.includes(each)),
  ];
  if (strange.length > 0)
    throw new Error(`${strange.join(", ")}: there are ${workloadNames.join(", ")}; --only ${known.join(",")}`);
  return {
    wanted: positionals.length > 0 ? positionals : workloadNames,
    chosen: contenders.filter(({ name }) => names.includes(name)),
    pace: values.quick ? paces.quick : paces.full,
    gatewayMain: resolve(values.gateway),
    goesFirst: values.first,
    profileFolder: values.profile === undefined ? undefined : resolve(values.profile),
    isWhole:
      values.only === undefined && values.profile === undefined && values.gateway === ownGateway && !values.quick,
  };
}

async function main(): Promise<void> {
  const { wanted, chosen, pace, gatewayMain, goesFirst, profileFolder, isWhole } = readArguments();
  if (process.platform !== "linux" || !canPin()) throw new Error("the bench needs Linux, taskset and two cores");
  if (goesFirst) putFirst();
  const hasPeers = chosen.every(({ kind }) => kind !== "peer") || installPeers();
  if (!hasPeers) console.log("the other gateways could not be installed: without them");
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = fileURLToPath(new URL("load.ts", import.meta.url));
  const startedAt = performance.now();
  try {
    const load = startChild({ folder, name: "load", core: loadCore, args: [program] });
    const usable = chosen.filter(({ kind }) => kind !== "peer" || hasPeers);
    const sections = await bench({ folder, pace, chosen: usable, wanted, gatewayMain, profileFolder, load });
    if (isWhole) keepResults(sections);
  } finally {
    await endChildren();
  }
  console.log(`done in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

function end(): void {
  const closed = Promise.allSettled([...open].map(({ close }) => close())).then(endChildren);
  void Promise.race([closed, sleep(3000)]).finally(() => process.exit(130));
}

if (import.meta.main) {
  let isEnding = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (isEnding) process.exit(130);
      isEnding = true;
      end();
    });
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error instanceof Error ? (error.stack ?? error.message) : error);
      process.exit(1);
    },
  );
}
