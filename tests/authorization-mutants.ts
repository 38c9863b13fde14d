// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some faults are in texts with values in them.
/**
 * Small faults in authorization that a test has to see: each lets somebody see what is not theirs, or tells that there is
 * something. Run with the others by tests/differential/run-mutants.ts, on a copy of the tree.
 */
import type { Mutant } from "./differential/mutants.ts";

type Planted = Omit<Mutant, "fault"> & { readonly by: readonly [file: string, title: string] };

const execution = (file: string) => `gateway/execution/${file}`;
const authorization = (file: string) => `gateway/authorization/${file}`;
const verify = "subgraphs/kit/verify.ts";
const signature = "tests/subgraph-signature.test.ts";

const planted: Readonly<Record<string, Planted>> = {
  "guard inside the cache path: what was worked out for one class of callers serves all": {
    file: execution("engine.ts"),
    edits: [["let key = `${rights.key}\\n`;", 'let key = "";']],
    by: ["tests/guard.test.ts", "callers of different rights"],
  },
  "rules of a place OR-merged: one that is fulfilled is enough": {
    file: authorization("rights.ts"),
    edits: [
      [
        'if (!requires.every(decider.fulfils)) return "untold";',
        'if (requires.length > 0 && !requires.some(decider.fulfils)) return "untold";',
      ],
    ],
    by: ["gateway/authorization/(rights|rules).test.ts|tests/prune-differential.test.ts", ""],
  },
  "guards OR-merged: one that permits is enough": {
    file: execution("guard.ts"),
    edits: [
      [
        "else if (!verdict.permits) refusal = stricter(refusal, verdict);",
        'else if (verdict.permits) return "permit";\n    else refusal = stricter(refusal, verdict);',
      ],
    ],
    by: ["tests/guard.test.ts", "every record"],
  },
  "a forbid's error ignored, as Cedar does": {
    file: authorization("policies-decide.ts"),
    edits: [["if (diagnostics.errors.length > 0 || !", "if (!"]],
    by: ["gateway/authorization/policies.test.ts", "T15"],
  },
  "guard after projection": {
    file: execution("run.ts"),
    edits: [
      ["  shapes.guard?.(data, [], execution);\n", ""],
      [
        "  return { ...answered, decisions: decisions.take(), waitedMs };",
        "  shapes.guard?.(data, [], execution);\n  return { ...answered, decisions: decisions.take(), waitedMs };",
      ],
    ],
    by: ["tests/guard.test.ts", "what is withheld"],
  },
  "alias checked instead of field": {
    file: execution("prune.ts"),
    edits: [
      [
        "types.every((type) => rights.refusesField(type.name, name))",
        "types.every((type) => rights.refusesField(type.name, node.alias?.value ?? name))",
      ],
    ],
    by: ["tests/prune.test.ts", "refused field is null"],
  },
  "facts of the person above used for a rider's case": {
    file: execution("guard.ts"),
    edits: [
      [
        "const subject = hasSubject ? subjectOf(record, problems) : null;",
        "const subject = hasSubject ? (person ?? subjectOf(record, problems)) : null;",
      ],
    ],
    by: ["tests/gate.test.ts", "facts of a record"],
  },
  "facts of any person met used for another": {
    file: execution("gate.ts"),
    edits: [
      [
        "const known = identity === null ? undefined : met.get(`${type} ${identity}`);",
        "const known = identity === null ? undefined : [...met.values()][0];",
      ],
    ],
    by: ["tests/gate.test.ts", "facts of a record"],
  },
  "gate after fetch: what waits for persons is asked before they are decided about": {
    file: execution("execute.ts"),
    edits: [
      ["    run.gate.answered(index);\n", ""],
      ["    completeOne(block);\n  };", "    run.gate.answered(index);\n    completeOne(block);\n  };"],
    ],
    by: ["tests/gate.test.ts", "persons first|two worlds"],
  },
  "gate after fetch: what is asked about a person waits for no fact": {
    file: execution("persons-first.ts"),
    edits: [["const isHeld = (index: number) => !early", "const isHeld = (index: number) => index < 0 && !early"]],
    by: ["tests/gate.test.ts", "persons first|two worlds"],
  },
  "nobody stands for who is absent": {
    file: execution("gate.ts"),
    edits: [["if (decoy === null || last.lists > 0) return;", "return;"]],
    by: ["tests/gate.test.ts", "two worlds"],
  },
  "who is hidden leaves a gap in a list": {
    file: execution("gate.ts"),
    edits: [["if (sifted === null && element !== null) continue;", ""]],
    by: ["tests/gate.test.ts", "persons first"],
  },
  "a fact that could not be had is false": {
    file: execution("judge.ts"),
    edits: [["row = row * 3 + (value === null ? 2 : value ? 1 : 0);", "row = row * 3 + (value ? 1 : 0);"]],
    by: ["tests/gate.test.ts", "T14"],
  },
  "a fact is taken though it is told with an error": {
    file: execution("judge.ts"),
    edits: [["return problems.isEmpty || problems.at(holder, name).length === 0 ? value : null;", "return value;"]],
    by: ["tests/gate.test.ts", "T14"],
  },
  "an unknown fact hides only where there are records": {
    file: execution("guard.ts"),
    edits: [["if (person !== null && below.ofPerson.some(", "if (person === null && below.ofPerson.some("]],
    by: ["tests/gate.test.ts", "T14"],
  },
  "a path leads into what is withheld": {
    file: execution("guard.ts"),
    edits: [["if (!run.problems.isEmpty) cutPaths(rule, object, run.problems);", ""]],
    by: ["tests/guard.test.ts", "T21"],
  },
  "what nobody can place is told of a record that is withheld": {
    file: execution("guard.ts"),
    edits: [["  problems.takeLoose(value);\n", ""]],
    by: ["tests/guard.test.ts", "T21|every record"],
  },
  "who is referred is told why": {
    file: execution("decisions.ts"),
    edits: [['{ code: "OWNER_REFER", ...', '{ code: "OWNER_REFER", authority, ...']],
    by: ["tests/guard.test.ts", "referred says whom"],
  },
  "what hides gives way to what refers": {
    file: execution("decisions.ts"),
    edits: [["mask: 1, refer: 2, hide: 3", "mask: 1, refer: 2, hide: 0"]],
    by: ["tests/guard.test.ts", "every record"],
  },
  "what no rule permits is permitted": {
    file: authorization("policies-decide.ts"),
    edits: [["if (!allowed.isAllowed) return unpermitted;", ""]],
    by: ["gateway/authorization/policies.test.ts|tests/policies.test.ts", ""],
  },
  "a rule holds beyond its last day": {
    file: authorization("effective.ts"),
    edits: [["return fromMs <= nowMs && nowMs < untilMs;", "return fromMs <= nowMs;"]],
    by: ["gateway/authorization/policies.test.ts|tests/gateway-policies.test.ts", ""],
  },
  "what no label speaks of is served": {
    file: authorization("rules.ts"),
    edits: [["isServed: !settings.denyByDefault || labelsFields || isLabelled(field),", "isServed: true,"]],
    by: ["gateway/authorization/rules.test.ts", "T16|default|label"],
  },
  "introspection shows what is refused": {
    file: execution("visible-schema.ts"),
    edits: [
      [
        "const shown = shownFields(schema, rights);",
        "const shown = shownFields(schema, { ...rights, refusesField: () => false, refusesType: () => false });",
      ],
    ],
    by: ["tests/prune.test.ts", "T26"],
  },
  "a purpose is taken that is not among the caller's own": {
    file: authorization("purpose.ts"),
    edits: [['if (!caller.purposes.includes(purpose)) return refuse("PURPOSE_NOT_PERMITTED");', ""]],
    by: ["tests/purposes.test.ts", "T32"],
  },
  "police are taken at their word for longer than 12 hours": {
    file: authorization("claims.ts"),
    edits: [['return nowSeconds - assertedAt > maxAgeSeconds ? "too-old" : null;', "return null;"]],
    by: ["tests/callers.test.ts", "T44"],
  },
  "a subgraph does not look who has signed": {
    file: verify,
    edits: [['if (!timingSafeEqual(expected, Buffer.from(mac, "base64"))) return { refused: "wrong signature" };', ""]],
    by: [signature, "the same 401"],
  },
  "a subgraph takes what was signed for another": {
    file: verify,
    edits: [['if (one(headers["crosswalk-subgraph"]) !== subgraph) return { refused: "for another subgraph" };', ""]],
    by: [signature, "the same 401"],
  },
  "a subgraph takes the same request twice": {
    file: verify,
    edits: [['if (nonces.has(nonce)) return "seen before";', ""]],
    by: [signature, "the same 401|remembered"],
  },
  "a subgraph takes another body than was signed": {
    file: verify,
    edits: [
      ['if (digest !== `sha-256=:${hash("sha256", body, "base64")}:`) return "another body than was signed";', ""],
    ],
    by: [signature, "the same 401"],
  },
  "a subgraph takes what has expired": {
    file: verify,
    edits: [['return expires <= instant ? "expired" : null;', "return null;"]],
    by: [`${signature}|tests/signature-vectors.test.ts`, ""],
  },
};

export const authorizationMutants: readonly Mutant[] = Object.entries(planted).map(([fault, rest]) => ({
  fault: `authorization: ${fault}`,
  ...rest,
}));
