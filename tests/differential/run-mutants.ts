/**
 * Plants each mutant in a copy of the tree and runs the test that is to see it there: the differential one over its
 * graphs, or one by name. A mutant that lives is a fault that the tests do not see. `node tests/differential/run-mutants.ts [part of a fault's name]`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mutant, mutants } from "./mutants.ts";

const root = new URL("../..", import.meta.url).pathname;
const copied = ["gateway", "schema", "tests", "package.json", "jest.config.mjs"];

type Look = readonly [files: string, titles: string];

const differentialLook = (over: readonly string[]): Look => [
  "tests/(differential|aliasing).test.ts",
  `over (${over.join("|")}) (every answer|representations)`,
];
const lookOf = (mutant: Mutant): Look => ("by" in mutant ? mutant.by : differentialLook(mutant.over));

function passes(folder: string, [files, titles]: Look): boolean {
  const { status } = spawnSync(
    process.execPath,
    [join(root, "node_modules/jest/bin/jest.js"), files, "--bail", "--silent", "--ci", "-t", titles],
    { cwd: folder, env: { ...process.env, PROOF_OPERATIONS: "200", PROOF_SHRINKS: "0" }, timeout: 600_000 },
  );
  return status === 0;
}

/** Whether the test fails with this mutant planted. Throws when it cannot be planted. */
function isSeen(folder: string, mutant: Mutant): boolean {
  const { file, edits } = mutant;
  const path = join(folder, file);
  const original = readFileSync(path, "utf8");
  let text = original;
  for (const [find, replace] of edits) {
    if (text.split(find).length !== 2) throw new Error(`does not stand exactly once in ${file}: ${find}`);
    text = text.replace(find, () => replace);
  }
  writeFileSync(path, text);
  try {
    return !passes(folder, lookOf(mutant));
  } finally {
    writeFileSync(path, original);
  }
}

function main(part: string): void {
  const chosen = mutants.filter(({ fault }) => fault.includes(part));
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  try {
    for (const each of copied) cpSync(join(root, each), join(folder, each), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const over = [...new Set(chosen.flatMap((each) => ("over" in each ? each.over : [])))];
    const named = chosen.flatMap((each) => ("by" in each ? [each.by] : []));
    const all: readonly Look[] = over.length > 0 ? [differentialLook(over), ...named] : named;
    const looks = new Map(all.map((look) => [look.join("\n"), look]));
    for (const look of looks.values())
      if (!passes(folder, look)) throw new Error(`fails without any mutant, and so proves nothing: ${look.join(", ")}`);
    const alive = chosen.filter((each) => {
      const seen = isSeen(folder, each);
      console.log(`${seen ? "seen" : "NOT SEEN"}: ${each.fault}`);
      return !seen;
    });
    console.log(`result: ${chosen.length - alive.length} of ${chosen.length} planted faults are seen`);
    if (alive.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) main(process.argv[2] ?? "");
