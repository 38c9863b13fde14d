/** What was measured, as people read it: lines while it runs, tables, and RESULTS.md. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { type Contender, gatewayCore, loadCore } from "./contenders.ts";
import type { LoadResult } from "./load.ts";
import type { Workload } from "./stages.ts";
import type { StubCount } from "./stub.ts";

export type Measured = {
  readonly contender: Contender;
  /** With 50 connections, one per round. */
  readonly busy: readonly LoadResult[];
  readonly single: readonly LoadResult[];
  /** Calls to subgraphs for one request, one per round. */
  readonly callsPerRequest: readonly number[];
  /** Of what the cache was asked for; null where there is none, or nobody said that anything holds. */
  readonly hitRatio: number | null;
  readonly peakMemoryMb: number;
};

export type Starts = {
  readonly contender: Contender;
  readonly firstAnswerMs: readonly number[];
  readonly memoryMb: readonly number[];
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

const perSecond = ({ answers, windowMs }: LoadResult) => (answers / windowMs) * 1000;
const cpuMicros = ({ gatewayCpuMs, answers }: LoadResult) => (gatewayCpuMs / Math.max(1, answers)) * 1000;

/** Of the least disturbed round: what else runs on the machine only ever adds to it. */
const leastCpu = (rounds: readonly LoadResult[]) =>
  rounds.length === 0 ? Number.NaN : Math.min(...rounds.filter(({ answers }) => answers > 0).map(cpuMicros));

/** What the load and the stub took of their core. */
const loadShare = ({ stubCpuMs, loadCpuMs, windowMs }: LoadResult) => (stubCpuMs + loadCpuMs) / windowMs;
/** The load or the stub had no more to give while the contender had: more could have been had. */
const isHeldBack = (result: LoadResult) => loadShare(result) > 0.85 && result.gatewayCpuMs / result.windowMs < 0.93;
/** Of each core, what went to neither of the bench's processes. */
const othersShares = (result: LoadResult): readonly [gateway: number, load: number] => [
  Math.max(0, (result.coreBusy[gatewayCore] ?? 0) - result.gatewayCpuMs / result.windowMs),
  Math.max(0, (result.coreBusy[loadCore] ?? 0) - loadShare(result)),
];

const short = (value: number): string =>
  Number.isNaN(value)
    ? "–"
    : value >= 100
      ? Math.round(value).toString()
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2);
const percent = (share: number) => `${Math.round(share * 100)} %`;

/** One round of one contender, while it runs. */
export function summary(name: string, result: LoadResult, { calls, firstSights }: StubCount): string {
  const { requestsSeen, wrong, windowMs, p50Ms, p99Ms, gatewayCpuMs, stubCpuMs, loadCpuMs, firstWrong } = result;
  return [
    `${name}: ${short(perSecond(result))}/s, p50 ${short(p50Ms)} ms, p99 ${short(p99Ms)} ms, ${short(cpuMicros(result))} µs CPU;`,
    `core ${gatewayCore}: ${percent(gatewayCpuMs / windowMs)}, stub ${percent(stubCpuMs / windowMs)}, load ${percent(loadCpuMs / windowMs)},`,
    `${short(calls / Math.max(1, requestsSeen))} calls${firstSights > 0 ? `, ${firstSights} seen for the first time` : ""}`,
    ...(wrong > 0 ? [`; WRONG: ${wrong}, such as ${firstWrong}`] : []),
  ].join(" ");
}

function row(title: string, cells: readonly (string | number)[]): string {
  return `| ${[title, ...cells].join(" | ")} |`;
}

export function workloadTable(
  { name, title, requests, connections = 50, pairs = {} }: Workload,
  measured: readonly Measured[],
  refused: readonly { readonly name: string; readonly why: string }[],
): string {
  const stock = measured.find(({ contender }) => contender.name === "stock");
  const over = (all: readonly LoadResult[] | undefined, of: (result: LoadResult) => number) =>
    all === undefined ? Number.NaN : median(all.map(of));
  const rows = measured.map(({ contender, busy, single, callsPerRequest, peakMemoryMb }) => {
    const rate = over(busy, perSecond);
    const p50Single = over(single, (each) => each.p50Ms);
    const cpu = leastCpu(busy);
    const wrong = [...busy, ...single].reduce((sum, each) => sum + each.wrong, 0);
    return row(contender.title, [
      `${busy.some(isHeldBack) ? "≥ " : ""}${short(rate)}`,
      `${busy.some(isHeldBack) ? "≥ " : ""}${short(rate / over(stock?.busy, perSecond))}`,
      short(over(busy, (each) => each.p50Ms)),
      short(over(busy, (each) => each.p99Ms)),
      short(p50Single),
      short(p50Single / over(stock?.single, (each) => each.p50Ms)),
      short(cpu),
      short(leastCpu(stock?.busy ?? []) / cpu),
      short(median(callsPerRequest)),
      Math.round(peakMemoryMb),
      percent(over(busy, loadShare)),
      wrong,
    ]);
  });
  const sizes = requests.map(({ expected }) => JSON.stringify({ data: expected }).length);
  const mean = sizes.reduce((sum, each) => sum + each, 0) / sizes.length;
  const others = measured.flatMap(({ busy }) => busy.map(othersShares));
  const ofCore = (core: 0 | 1) => others.map((each) => each[core]);
  return [
    `## ${name}: ${title}`,
    `Answers of ${(mean / 1000).toFixed(1)} kB${sizes.length > 1 ? ` on average (${(Math.min(...sizes) / 1000).toFixed(1)} to ${(Math.max(...sizes) / 1000).toFixed(1)})` : ""}. ${connections} connections, but for the two columns of one.`,
    "",
    row("", [
      "requests/s",
      "× stock",
      "p50 ms",
      "p99 ms",
      "p50 ms, one connection",
      "÷ stock",
      "CPU µs/request",
      "stock's CPU ÷ its own",
      "subgraph calls/request",
      "peak memory MB",
      "load + stub, of their core",
      "wrong",
    ]),
    `|---|${"--:|".repeat(12)}`,
    ...rows,
    "",
    ...Object.entries(pairs).flatMap(([one, other]) => {
      const [a, b] = [one, other].map((each) => measured.find(({ contender }) => contender.name === each));
      if (!a || !b) return [];
      const ratios = (of: (result: LoadResult) => number) =>
        a.busy.map((each, round) => of(each) / of(b.busy[round] as LoadResult));
      const [rate, cpu] = [median(ratios(perSecond)), median(ratios(cpuMicros))];
      const least = leastCpu(a.busy) / leastCpu(b.busy);
      return `- ${a.contender.title}: ${short(rate)} of the requests/s and ${short(cpu)} times the CPU per request (medians of each round's ratio; of the least disturbed rounds ${short(least)}) of "${b.contender.title}"`;
    }),
    ...measured.flatMap(({ contender, hitRatio }) =>
      hitRatio === null ? [] : `- ${contender.title}: ${(hitRatio * 100).toFixed(2)} % of all look-ups found in memory`,
    ),
    ...refused.map((each) => `- ${each.name} was not measured: ${each.why}`),
    ...(measured.length === 0
      ? []
      : [
          `- others on the machine took ${percent(median(ofCore(0)))} of the contenders' core (${percent(Math.max(0, ...ofCore(0)))} at most) and ${percent(median(ofCore(1)))} of the load's (${percent(Math.max(0, ...ofCore(1)))}); where that is much, only ratios of CPU say anything`,
        ]),
    `- ${about(measured[0]?.busy.length ?? 0)}`,
  ].join("\n");
}

export function startTable(starts: readonly Starts[]): string {
  const stock = starts.find(({ contender }) => contender.name === "stock");
  return [
    "## start: from the start of the process to its first right answer, ten subgraphs",
    "",
    row("", ["first answer ms", "÷ stock", "memory MB then"]),
    "|---|--:|--:|--:|",
    ...starts.map(({ contender, firstAnswerMs, memoryMb }) =>
      row(contender.title, [
        Math.round(median(firstAnswerMs)),
        short(median(firstAnswerMs) / median(stock?.firstAnswerMs ?? [])),
        Math.round(median(memoryMb)),
      ]),
    ),
    "",
    `- ${about(starts[0]?.firstAnswerMs.length ?? 0)}`,
  ].join("\n");
}

function about(rounds: number): string {
  const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8", cwd: import.meta.dirname }).trim();
  const commit =
    git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") === "" ? "" : " with changes");
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB`;
  return `commit ${commit}, ${day}, medians of ${rounds}, Node ${process.versions.node}, ${machine}`;
}

const order = ["shop", "varied", "person", "authorization", "authorization-shared", "cache", "start"];
const resultsPath = new URL("RESULTS.md", import.meta.url);

/** The file's sections by name; a workload run again replaces its own. */
export function keepResults(sections: ReadonlyMap<string, string>): void {
  const text = existsSync(resultsPath) ? readFileSync(resultsPath, "utf8") : "";
  const kept = new Map(
    text
      .split(/^(?=## )/m)
      .filter((each) => order.some((name) => each.startsWith(`## ${name}:`)))
      .map((each) => [/^## ([\w-]+)/.exec(each)?.[1] ?? "", each.trim()] as const),
  );
  for (const [name, section] of sections) kept.set(name, section);
  const ordered = order.flatMap((name) => kept.get(name) ?? []);
  writeFileSync(resultsPath, `${[head(), ...ordered].join("\n\n")}\n`);
}

function head(): string {
  const peers = JSON.parse(readFileSync(new URL("peers/package.json", import.meta.url), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const versions = Object.entries(peers.dependencies).map(([name, version]) => `${name} ${version}`);
  return `# Measured against others

Written by \`npm run bench\`. Versions: ${versions.join(", ")}; all of them on the Node that runs the bench, NODE_ENV=production.

How to read it:
- One process each, on core ${gatewayCore}; the load and the subgraphs' stand-in share core ${loadCore}. Rounds go in turns (A B C A B C), so that whatever else the machine does meets all alike, each after a while of the same load that is not counted (2 s; before commit a214286 0.2 s); medians, and of CPU per request the least. Trust ratios rather than figures.
- Every answer is compared while it is counted: byte for byte with one that was compared with the expected answer in full; what \`extensions\` tell of the sources is left out. \`wrong\` must be 0, and wrong answers are not counted.
- The subgraphs' answers are recorded: they cost a gateway its calls, and no waiting. \`stock\` is \`@apollo/gateway\` behind \`@apollo/server\`. A ratio over 1 in "× stock" and in "stock's CPU ÷ its own" is better, in "÷ stock" one below 1.
- "≥": the load and the stub had no more to give while the gateway had: it could have done more. CPU per request (all threads) holds even then.
- Ceilings do none of a gateway's work: they say how much of the time is HTTP, JSON and calls that nobody can avoid. The parse and call ceilings repeat, on every request, what the named gateway was seen to ask of the subgraphs.

Not like for like:
- Ours runs with its limits, deadlines, error rules, metrics and log on, its log written to nowhere; authentication, purposes and policies are off. The others run as they come: no log lines, no metrics, usage reports off.
- "Nothing shared": two requests under way share no call. "Shared" lines answer many identical requests with few calls: they say nothing of callers who ask different things. Hive's published benchmark shares whole requests and their answers; ours executes identical operations once while none of the first one's reads has been answered, and writes every answer by itself.
- "authorization": everything on is the product as it ships: its own schema/subgraphs.json (every fetch common), callers and purposes, deny by default, gate, guards and policies, every fetch signed, the grid; everything off is the same without them. Where each connection asks about persons of its own nothing is shared, as with officers who ask about different people. Where all ask about the same few, less is shared with everything on: answers that wait for the grid are not waiting with the others, so fewer requests coincide. With the grid taken out the rest costs 1.0 to 1.1 times the CPU there.
- "cache": everything on, as in "authorization". The bench announces for every source as its watcher would, every 500 ms; the first round fills. The ceiling gets the same requests, headers included, and sends the bytes of the same answers. Its requests/s are bounded by the load, those from memory by the grid as well: 250 connections cannot have more than 10,000. CPU per request is bounded by neither.
- Hive Gateway needs \`@graphql-tools/delegate\` pinned (bench/peers/package.json): a newer one asks for a package that was not to be had.`;
}
