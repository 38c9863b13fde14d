/**
 * The cache, its feeds and leases under virtual time: thousands of interleavings against a model that knows nothing of a
 * cache, and one by one the faults that this must show. `PROOF_SCHEDULES` sets how many.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Fault, faults } from "./cache-schedules/faults.ts";
import type { Summary } from "./cache-schedules/run.ts";

const schedules = Number(process.env.PROOF_SCHEDULES ?? 300);
const firstSeed = Number(process.env.PROOF_SEED ?? 1);
const timeoutMs = 300_000 + schedules * 100;
/** A fault that these do not show is not seen. */
const schedulesPerFault = 1500;
const root = new URL("..", import.meta.url).pathname;

/** In a process of its own: so many turns of the event loop take several times as long in here. */
function run(folder: string, count: number) {
  const program = join(folder, "tests/cache-schedules/run.ts");
  const options = { encoding: "utf8", timeout: timeoutMs } as const;
  return spawnSync(process.execPath, [program, String(count), String(firstSeed)], options);
}

const kinds = [
  ...["read", "answered", "errors", "rejected", "fresher", "applied", "duplicate", "flushed", "retired", "lost"],
  ...["gateway stands still", "gateway starts anew", "watcher starts anew", "watcher is put back"],
  ...["carrier fails over", "far tier fails over", "source out of reach of who watches it"],
];

test(
  "T55, T56, T58: no read is older than the bound, nor than what has been announced, in any interleaving",
  () => {
    const { stdout, stderr, status } = run(root, schedules);
    const [first = "", ...wrong] = stdout.trimEnd().split("\n");
    expect([stderr, wrong, status]).toEqual(["", [], 0]);
    const { hits, misses, far, upstream, happened }: Summary = JSON.parse(first);
    const all = Object.entries(happened).map(([what, times]) => `${what} ${times}`);
    console.log(
      `result: ${schedules} interleavings, no read too old; ${hits} of ${hits + misses} look-ups from the cache (${far} of them from the far tier), ${upstream} calls upstream`,
    );
    console.log(`result: what happened in them: ${all.join(", ")}`);
    // It would be no cache that never serves anything, and no test in which nothing happens.
    expect(hits / (hits + misses)).toBeGreaterThan(0.3);
    expect(far).toBeGreaterThan(0);
    expect(kinds.filter((what) => !happened[what])).toEqual([]);
  },
  timeoutMs,
);

describe("seen in some interleaving is", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cache-faults-"));
    mkdirSync(join(folder, "tests"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const each of [
      "gateway/cache",
      "gateway/subgraph",
      "gateway/errors.ts",
      "gateway/under-way.ts",
      "tests/cache-schedules",
    ])
      cpSync(join(root, each), join(folder, each), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(faults.map((each): [string, Fault] => [each.fault, each]))(
    "%s",
    (_, { edits }) => {
      const originals = new Map<string, string>();
      try {
        for (const { file, find, replace } of edits) {
          const path = join(folder, file);
          const text = readFileSync(path, "utf8");
          if (!originals.has(path)) originals.set(path, text);
          if (text.split(find).length !== 2) throw new Error(`does not stand exactly once in ${file}: ${find}`);
          writeFileSync(
            path,
            text.replace(find, () => replace),
          );
        }
        const { stdout, stderr } = run(folder, schedulesPerFault);
        expect(stderr).toBe("");
        expect(stdout).toMatch(/^seed \d+\n.*(older than|never was so)/m);
      } finally {
        for (const [path, text] of originals) writeFileSync(path, text);
      }
    },
    timeoutMs,
  );
});
