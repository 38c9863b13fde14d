/**
 * `npm run prove [name…]`: runs proofs at full size, one after the other, and keeps each one's outcome in PROOF.md:
 * commit, date, machine, sizes, what it printed as `result: …`. Exit code 1 when any fails.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { createInterface } from "node:readline";

type Proof = {
  readonly claim: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

const jest = new URL("../node_modules/.bin/jest", import.meta.url).pathname;

const proofs: Readonly<Record<string, Proof>> = {
  "person-record": {
    claim: "PersonRecord equals the answer computed from the systems' raw bytes alone, for every person of 2,000",
    command: [jest, "tests/person-record.test.ts"],
    env: { PROOF_PERSONS: "2000" },
  },
  "entity-echo": {
    claim: "no answer about one person is attributed to another, whatever a subgraph makes of 100,000 of them",
    command: [jest, "tests/engine.test.ts", "-t", "T72"],
    env: { PROOF_ROUNDS: "1000" },
  },
  reloads: {
    claim: "a hundred reloads under load fail no request and mix no two supergraphs in one",
    command: [jest, "tests/reload.test.ts"],
    env: { PROOF_RELOADS: "100" },
  },
  "memory-reloads": {
    claim: "memory stays flat over 200 reloads of the supergraph",
    command: ["--expose-gc", "bench/memory.ts", "reloads", "200"],
  },
  "memory-operations": {
    claim: "memory stays flat over a million operations of which no two are the same",
    command: ["--expose-gc", "bench/memory.ts", "operations", "1000000"],
  },
  "two-worlds": {
    claim:
      "of what a caller may not see, nothing in any answer, and nothing asked of any subgraph, tells whether it is there",
    command: [jest, "tests/two-worlds.test.ts"],
    env: { PROOF_WORLDS: "5000" },
  },
  timing: {
    claim:
      "time does not tell somebody who is hidden from nobody, in 2,500 pairs asked in turn on one connection, nor somebody of whom something is hidden from whom nothing is, in 1,000",
    command: [jest, "tests/(two-worlds|kept)-timing.test.ts"],
    env: { PROOF_TIMING_PAIRS: "2500" },
  },
  differential: {
    claim:
      "over eight supergraphs, on 16,000 generated operations (and 2,000 over one whose fields move), the gateway answers as one ordinary schema over the same data",
    command: [jest, "tests/(differential|aliasing|overrides).test.ts"],
    env: { PROOF_OPERATIONS: "2000" },
  },
  "kept-answers": {
    claim:
      "over eight supergraphs, what is kept answers 4,000 generated operations as the subgraphs do: cold, warm, and with any part of it lost; and gate and guard over it decide as without it in 400 worlds",
    command: [jest, "tests/kept-(answers|gate).test.ts"],
    env: { PROOF_OPERATIONS: "500", PROOF_ROUNDS: "400" },
  },
  mutants: {
    claim: "small faults planted in the gateway are seen by the differential test",
    command: ["tests/differential/run-mutants.ts"],
  },
  reference: {
    claim:
      "10,000 generated (operation, caller, purpose) are answered as a reference decides that was written apart, and as many again by half with one system down",
    command: [jest, "tests/reference.test.ts"],
    env: { PROOF_REFERENCE: "10000" },
  },
  "cache-schedules": {
    claim:
      "in 20,000 interleavings of reads, fills, joins, changes, losses, repetitions, delays, pauses, restarts and failovers, no read is older than the lease, nor than what has been announced to its gateway; 22 faults planted one by one are seen",
    command: [jest, "tests/cache-schedules.test.ts"],
    env: { PROOF_SCHEDULES: "20000" },
  },
  "cache-keys": {
    claim: "of 100,000 pairs of questions made to be mistaken for one another, no two have one key",
    command: [jest, "gateway/cache/key.test.ts"],
    env: { PROOF_KEYS: "100000" },
  },
  "cached-answers": {
    claim:
      "20 callers asking 200 generated operations each are answered with what is kept as by the subgraphs themselves, hot and cold, after changes and after a restart with a warm Redis",
    command: [jest, "tests/cached-answers.test.ts"],
    env: { PROOF_CACHED: "200" },
  },
  "motion-to-officer": {
    claim:
      "what is done at one agency is in front of an officer of another within a second, as an answer and as an alert",
    command: [jest, "tests/act-to-answer.test.ts"],
    env: { PROOF_ACTS: "200" },
  },
  flood: {
    claim:
      "100,000 forged announcements change nothing, and 100,000 true ones of one source cost the others nothing of what is kept of them",
    command: [jest, "tests/kept-threats.test.ts", "-t", "T60"],
    env: { PROOF_FLOOD: "100000" },
  },
  staleness: {
    claim:
      "with two gateways under load, acts and troubles at random, no answer in ten minutes shows what is older than the lease and the source's own lag",
    command: [jest, "tests/staleness.test.ts"],
    env: { PROOF_STALENESS: "600" },
  },
  population: {
    claim: "the whole system generates, loads and serves a population of 1,000,000, streamed, in bounded memory",
    command: ["bench/population.ts", "1000000"],
  },
  "alert-latency": {
    claim: "a motion filed in the court's system is in front of the officer within a second, 100 times",
    command: [jest, "tests/alerts-end-to-end.test.ts"],
    env: { PROOF_ALERTS: "100" },
  },
  subscribers: {
    claim: "10,000 subscribers of one gateway are told of an alert within a second, and told of nothing else",
    command: ["bench/subscribers.ts", "10000"],
  },
  "case-load": {
    claim: "the court's snapshot at its real size, 12.6 million cases, loads streamed and answers within a millisecond",
    command: ["bench/case-load.ts", "12600000"],
  },
};

const outcomesPath = new URL("./PROOF.md", import.meta.url);

/** Runs one proof; its output passes through, its `result: ` lines are kept. */
async function prove(name: string, { claim, command, env }: Proof): Promise<{ section: string; passed: boolean }> {
  console.log(`\n== ${name}: ${claim}`);
  const startedAt = performance.now();
  const child = spawn(process.execPath, command, {
    cwd: new URL("..", import.meta.url),
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const results: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => {
      console.log(line);
      const result = /^\s*result: (.*)/.exec(line)?.[1];
      if (result !== undefined) results.push(`- ${result}`);
    });
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const passed = exitCode === 0 && results.length > 0;
  const section = [
    `## ${name}: ${passed ? "passed" : "FAILED"}`,
    `${claim}.`,
    "",
    ...results,
    `- commit ${commit()}, ${new Date().toISOString().slice(0, 10)}, ${seconds} s, Node ${process.versions.node}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB`,
  ].join("\n");
  return { section, passed };
}

function commit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
  return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") === "" ? "" : " with changes");
}

/** The file's sections by name; a proof run again replaces its own. */
function keep(name: string, section: string): void {
  const text = existsSync(outcomesPath) ? readFileSync(outcomesPath, "utf8") : "";
  const sections = new Map(
    text
      .split(/^(?=## )/m)
      .filter((each) => each.startsWith("## "))
      .map((each) => [/^## ([\w-]+)/.exec(each)?.[1] ?? "", each.trim()] as const),
  );
  sections.set(name, section);
  const head =
    "# Proofs at full size\n\nWritten by `npm run prove`; the same proofs run at reduced size in `npm test`.";
  writeFileSync(outcomesPath, `${[head, ...sections.values()].join("\n\n")}\n`);
}

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !Object.hasOwn(proofs, name));
  if (unknown.length > 0) {
    console.error(`no proof of that name; there are ${Object.keys(proofs).join(", ")}`);
    process.exitCode = 1;
    return;
  }
  for (const [name, proof] of Object.entries(proofs)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const { section, passed } = await prove(name, proof);
    keep(name, section);
    if (!passed) process.exitCode = 1;
  }
}

void main(process.argv.slice(2));
