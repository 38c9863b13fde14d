/**
 * Plants each mutant in a copy of the tree and runs the test that is to see it there: the differential one over its
 * graphs, or one by name. A mutant that lives is a fault that the tests do not see. `node tests/differential/run-mutants.ts [part of a fault's name]`.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { authorizationMutants } from "../authorization-mutants.ts";
import { type Mutant, mutants } from "./mutants.ts";

const root = new URL("../..", import.meta.url).pathname;
const copied = ["gateway", "subgraphs", "mocks", "schema", "docs", "tests", "package.json", "jest.config.mjs"];

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

type Change = { readonly path: string; readonly original: string; readonly spoilt: string };

/** Code moves: where a text no longer stands in its file, the one file of that folder is taken in which it does. */
function holderOf(folder: string, file: string, find: string): string {
  const holds = (path: string) => readFileSync(path, "utf8").split(find).length === 2;
  const named = join(folder, file);
  if (existsSync(named) && holds(named)) return named;
  const others = readdirSync(dirname(named)).map((each) => join(dirname(named), each));
  const [holder, ...more] = others.filter((each) => /(?<!\.test)\.ts$/.test(each) && holds(each));
  if (holder === undefined || more.length > 0) throw new Error(`does not stand exactly once in ${file}: ${find}`);
  return holder;
}

/** Throws where a mutant cannot be planted. */
function changesOf(folder: string, { file, edits }: Mutant): readonly Change[] {
  const changes = new Map<string, Change>();
  for (const [find, replace] of edits) {
    const path = holderOf(folder, file, find);
    const { original, spoilt } = changes.get(path) ?? { original: readFileSync(path, "utf8"), spoilt: null };
    changes.set(path, { path, original, spoilt: (spoilt ?? original).replace(find, () => replace) });
  }
  return [...changes.values()];
}

/** Whether the test fails with this mutant planted. */
function isSeen(folder: string, mutant: Mutant): boolean {
  const changes = changesOf(folder, mutant);
  for (const { path, spoilt } of changes) writeFileSync(path, spoilt);
  try {
    return !passes(folder, lookOf(mutant));
  } finally {
    for (const { path, original } of changes) writeFileSync(path, original);
  }
}

function main(part: string): void {
  const chosen = [...mutants, ...authorizationMutants].filter(({ fault }) => fault.includes(part));
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  try {
    for (const each of copied) cpSync(join(root, each), join(folder, each), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    for (const each of chosen) changesOf(folder, each);
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
