/**
 * The policies: Cedar texts, validated when they are loaded, evaluated once for every combination of facts and kept as
 * tables, since a call into Cedar for each record would cost more than the answer. The only door to Cedar is
 * `policies*.ts`.
 */
import { createHash } from "node:crypto";
import type { CallerClass } from "./caller-class.ts";
import { type DecisionTable, decisionTable } from "./decision-table.ts";
import { holdsAt } from "./effective.ts";
import { type Authorize, authorizeByCedar, decider, type RulesInForce, rulesInForce } from "./policies-decide.ts";
import { readTexts } from "./policies-read.ts";
import type { PolicyTexts } from "./policy-texts.ts";

export type { DecisionTable } from "./decision-table.ts";
export type { PolicyTexts } from "./policy-texts.ts";

export type Policies = {
  /** Of all texts; tells two sets of policies apart. */
  readonly id: string;
  /** What a guard may name: the actions of the Cedar schema. */
  readonly names: ReadonlySet<string>;
  /** Names of the Boolean facts that a policy is decided by, sorted; none for an unknown policy. */
  factsOf(policy: string): readonly string[];
  /** When some rule begins or ends next; Infinity where none does. Tables hold until then. */
  nextChange(nowMs: number): number;
  /** Refuses everything where there is no such policy. */
  table(policy: string, caller: CallerClass, nowMs: number): DecisionTable;
};

/** Decisions could not be reached; what they were asked for was refused. */
export type PolicyFault = {
  readonly policy: string;
  /** Ids of the rules that failed; empty where Cedar itself did. */
  readonly failed: readonly string[];
  /** Of facts. */
  readonly combinations: number;
};

export type PoliciesSettings = {
  readonly onFault?: (fault: PolicyFault) => void;
  /** Cedar's own, except in tests that make it fail. */
  readonly authorize?: Authorize;
};

const maxTables = 4096;

/** Throws an Error with one line for each thing that is wrong with the texts: file, line, rule and what to write. */
export function readPolicies(texts: PolicyTexts, settings: PoliciesSettings = {}): Policies {
  const { onFault = () => {}, authorize = authorizeByCedar } = settings;
  const { rules, facts } = readTexts(texts);
  const changes = rules
    .flatMap(({ effective }) => [effective.fromMs, effective.untilMs])
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const inForce = new Map<string, RulesInForce>();
  const tables = new Map<string, DecisionTable>();

  const rulesFor = (policy: string, key: string, nowMs: number): RulesInForce => {
    const applying = ({ actions, effective }: (typeof rules)[number]) =>
      (actions?.has(policy) ?? true) && holdsAt(effective, nowMs);
    const known = inForce.get(key) ?? rulesInForce(rules.filter(applying));
    inForce.set(key, known);
    return known;
  };
  const makeTable = (policy: string, rules: RulesInForce, caller: CallerClass) => {
    const names = facts.get(policy) ?? [];
    const { decide, faulted, failed } = decider(authorize, rules, policy, caller);
    let combinations = 0;
    const evaluate = (values: readonly boolean[]) => {
      const verdict = decide(Object.fromEntries(names.map((name, index) => [name, values[index] ?? false])));
      if (verdict === faulted) combinations += 1;
      return verdict;
    };
    const table = decisionTable(names, evaluate, faulted);
    if (combinations > 0) onFault({ policy, failed: [...failed].sort(), combinations });
    // What Cedar itself failed at is tried again next time; a rule that fails does so every time.
    return { table, isLasting: combinations === 0 || failed.size > 0 };
  };
  return {
    id: createHash("sha256")
      .update(JSON.stringify([texts.schema, ...texts.policies]))
      .digest("hex")
      .slice(0, 12),
    names: new Set(facts.keys()),
    factsOf: (policy) => facts.get(policy) ?? [],
    nextChange: (nowMs) => changes.find((each) => each > nowMs) ?? Number.POSITIVE_INFINITY,
    table(policy, caller, nowMs) {
      // Between two changes the same rules hold.
      const period = `${changes.filter((each) => each <= nowMs).length} ${policy}`;
      const key = `${period} ${caller.key}`;
      const known = tables.get(key);
      if (known) return known;
      const { table, isLasting } = makeTable(policy, rulesFor(policy, period, nowMs), caller);
      if (isLasting) tables.set(key, table);
      if (tables.size > maxTables) tables.delete(tables.keys().next().value as string);
      return table;
    },
  };
}
