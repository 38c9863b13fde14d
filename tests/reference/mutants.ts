/**
 * Plants small faults in what decides, each in a copy of the tree, and runs the reference test there: a fault that lives is
 * one that it does not see. `node tests/reference/mutants.ts [part of a fault's name]`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Mutant = {
  readonly fault: string;
  /** Each text stands in its file exactly once. */
  readonly edits: readonly (readonly [file: string, find: string, replace: string])[];
  /** Why these agencies' records cannot show it. */
  readonly unseenBecause?: string;
};

const execution = (file: string) => `gateway/execution/${file}.ts`;
const authorization = (file: string) => `gateway/authorization/${file}.ts`;

export const mutants: readonly Mutant[] = [
  {
    fault: "of several guards of a record one is enough",
    edits: [
      [
        execution("guard"),
        "else if (!verdict.permits) refusal = stricter(refusal, verdict);",
        'else if (verdict.permits) return "permit";\n    else refusal = stricter(refusal, verdict);',
      ],
    ],
  },
  {
    fault: "a policy is enough where a scope is wanted as well",
    edits: [
      [
        authorization("rights"),
        'if (!requires.every(decider.fulfils)) return "untold";',
        'if (guards.length === 0 && !requires.every(decider.fulfils)) return "untold";',
      ],
    ],
  },
  {
    fault: "a forbid that fails is ignored",
    edits: [
      [authorization("policies-decide"), "context: { ...facts, purpose", "context: { purpose"],
      [authorization("policies-decide"), "if (diagnostics.errors.length > 0 || !", "if (!"],
    ],
  },
  {
    fault: "nothing is guarded before it is put under the client's names",
    edits: [[execution("shapes"), "guard: guarding({ facts, rights }, whole),", "guard: null,"]],
  },
  {
    fault: "records under an alias are not guarded",
    edits: [
      [
        execution("guard-rules"),
        "const below = object ? of(object) : null;",
        "const below = object && field.clientKey === field.name ? of(object) : null;",
      ],
    ],
  },
  {
    fault: "a field's guards are looked up by its alias",
    edits: [
      [
        execution("guard-rules"),
        "rulesOf(rights.guardsOfField(type.name, field.name))",
        "rulesOf(rights.guardsOfField(type.name, field.clientKey))",
      ],
    ],
  },
  {
    fault: "what is refused is looked up by its alias",
    edits: [
      [
        execution("shape"),
        "settings.rights.refusesField(parent.name, name)",
        "settings.rights.refusesField(parent.name, clientKey)",
      ],
    ],
  },
  {
    fault: "the gate lets everybody through",
    edits: [
      [
        execution("gate"),
        'if (verdict?.permits === false) outcome = "hide";',
        'if (verdict?.permits === false) outcome = "permit";',
      ],
    ],
  },
  {
    fault: "nobody is told from somebody who is hidden while facts cannot be had",
    edits: [[execution("gate"), 'return isUnanswered(person, gates) ? "unavailable" : "hide";', 'return "hide";']],
  },
  {
    fault: "a fact that is told with an error counts as known",
    edits: [
      [
        execution("judge"),
        "return problems.isEmpty || problems.at(holder, name).length === 0 ? value : null;",
        "return value;",
      ],
    ],
  },
  {
    fault: "rights are kept by agency alone",
    edits: [
      [authorization("rights"), "const known = kept.get(caller.key);", "const known = kept.get(caller.agency);"],
      [authorization("rights"), "kept.set(caller.key, {", "kept.set(caller.agency, {"],
    ],
  },
  {
    fault: "what is hidden is referred",
    edits: [
      [
        execution("guard"),
        'if (outcome.effect !== "hide") addOnce(found, problemOf(outcome));',
        "addOnce(found, problemOf(outcome));",
      ],
    ],
  },
  {
    fault: "records are decided by the facts of the person above them",
    edits: [
      [
        execution("guard"),
        "const subject = hasSubject ? subjectOf(record, problems) : null;",
        "const subject = hasSubject ? person : null;",
      ],
    ],
    unseenBecause: "here every record is about the person whom it is below; tests/guard.test.ts has others",
  },
];

const root = new URL("../..", import.meta.url).pathname;
const copied = ["gateway", "mocks", "schema", "subgraphs", "tests", "package.json", "jest.config.mjs"];

function passes(folder: string): boolean {
  const jest = join(root, "node_modules/jest/bin/jest.js");
  const { status } = spawnSync(process.execPath, [jest, "tests/reference.test.ts", "--bail", "--silent", "--ci"], {
    cwd: folder,
    env: { PROOF_REFERENCE: "150", ...process.env, PROOF_SHRINKS: "0" },
    timeout: 600_000,
  });
  return status === 0;
}

/** The files as they are with the fault planted. Throws where it cannot be. */
function spoilt(folder: string, { fault, edits }: Mutant): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [file, find, replace] of edits) {
    const path = join(folder, file);
    const text = files.get(path) ?? readFileSync(path, "utf8");
    if (text.split(find).length !== 2)
      throw new Error(`does not stand exactly once in ${file}, for "${fault}": ${find}`);
    files.set(
      path,
      text.replace(find, () => replace),
    );
  }
  return files;
}

function isSeen(folder: string, mutant: Mutant): boolean {
  const changed = [...spoilt(folder, mutant)].map(([path, text]) => ({
    path,
    text,
    original: readFileSync(path, "utf8"),
  }));
  for (const { path, text } of changed) writeFileSync(path, text);
  try {
    return !passes(folder);
  } finally {
    for (const { path, original } of changed) writeFileSync(path, original);
  }
}

function main(part: string): void {
  const chosen = mutants.filter(({ fault }) => fault.includes(part));
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  try {
    for (const each of copied) cpSync(join(root, each), join(folder, each), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    for (const each of chosen) spoilt(folder, each);
    if (!passes(folder)) throw new Error("the test fails without any fault, and so proves nothing");
    let alive = 0;
    for (const each of chosen) {
      const seen = isSeen(folder, each);
      if (seen === (each.unseenBecause !== undefined)) alive += 1;
      console.log(
        `${seen ? "seen" : "NOT SEEN"}: ${each.fault}${each.unseenBecause ? ` (${each.unseenBecause})` : ""}`,
      );
    }
    const known = chosen.filter(({ unseenBecause }) => unseenBecause !== undefined).length;
    console.log(
      `result: ${chosen.length - known} planted faults are to be seen, ${known} cannot be; ${alive} are otherwise`,
    );
    if (alive > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) main(process.argv[2] ?? "");
