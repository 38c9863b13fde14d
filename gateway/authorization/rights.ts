/**
 * What one class of callers may see: the supergraph's rules and the policies, worked out for the class. What no facts
 * could permit is refused to all of it; what depends on facts is left to be decided for each record.
 *
 * INVARIANT: whatever is not known is refused.
 */
import { createHash } from "node:crypto";
import { specifiedScalarTypes } from "graphql";
import { allRights, type Guard, type Rights } from "../execution/rights.ts";
import type { CallerClass } from "./caller-class.ts";
import type { GuardRule } from "./guard-facts.ts";
import type { DecisionTable, Policies } from "./policies.ts";
import type { Requirement } from "./requirements.ts";
import type { ElementRule, Rules, TypeRule } from "./rules.ts";

export type RightsOf = (caller: CallerClass) => Rights;

/** Classes whose rights are kept. */
const maxClasses = 1000;

/** Rights are kept for each class until a policy begins or ends. Without policies every guard refuses. */
export function rightsReader(rules: Rules, policies: Policies | null, now: () => number): RightsOf {
  const kept = new Map<string, { readonly rights: Rights; readonly until: number }>();
  return (caller) => {
    const nowMs = now();
    const known = kept.get(caller.key);
    if (known && nowMs < known.until) return known.rights;
    const rights = workOut(rules, deciderFor(policies, caller, nowMs));
    kept.delete(caller.key);
    if (kept.size >= maxClasses) kept.delete(kept.keys().next().value as string);
    kept.set(caller.key, { rights, until: policies?.nextChange(nowMs) ?? Number.POSITIVE_INFINITY });
    return rights;
  };
}

type Decider = {
  fulfils(requirement: Requirement): boolean;
  /** Null where it permits whatever the facts. */
  guard(rule: GuardRule): Guard | "refuses" | null;
};

function deciderFor(policies: Policies | null, caller: CallerClass, nowMs: number): Decider {
  const tableOf = (policy: string): DecisionTable | null =>
    policies?.names.has(policy) ? policies.table(policy, caller, nowMs) : null;
  const has = ({ kind }: Requirement & { kind: "scopes" | "policies" }, name: string): boolean =>
    kind === "scopes" ? caller.scopes.includes(name) : (tableOf(name)?.always?.permits ?? false);
  return {
    fulfils(requirement) {
      if (!caller.isAuthenticated && requirement.kind !== "policies") return false;
      if (requirement.kind === "authenticated") return true;
      // A group of nothing would be fulfilled by everybody: that is no rule, and nobody's.
      return requirement.anyOf.some((group) => group.length > 0 && group.every((name) => has(requirement, name)));
    },
    guard({ policy, facts }) {
      const table = tableOf(policy);
      if (table === null) return "refuses";
      if (table.always !== null) return table.always.permits ? null : "refuses";
      const paths = table.relevant.map((name) => facts.find((fact) => fact.name === name));
      if (!paths.every((path) => path !== undefined)) return "refuses";
      return { policy, facts: paths, decide: (values) => table.decide(values) };
    },
  };
}

type Found = {
  readonly refusedTypes: Set<string>;
  /** By type. */
  readonly refusedFields: Map<string, ReadonlySet<string>>;
  readonly guards: Map<string, readonly Guard[]>;
  /** By `Type.field`. */
  readonly fieldGuards: Map<string, readonly Guard[]>;
};

function workOut({ types }: Rules, decider: Decider): Rights {
  const found: Found = { refusedTypes: new Set(), refusedFields: new Map(), guards: new Map(), fieldGuards: new Map() };
  for (const [name, type] of types)
    if (type.kind !== "abstract" && !settle(decider, type, name, found.guards)) found.refusedTypes.add(name);
  for (const [name, type] of types)
    if (type.kind === "abstract" && isRefused(type, decider, found)) found.refusedTypes.add(name);
  for (const [name, type] of types)
    if (type.kind === "object") found.refusedFields.set(name, refusedFieldsOf(name, type, decider, found));
  for (const [name, type] of types)
    if (type.kind === "abstract") found.refusedFields.set(name, refusedThrough(type, decider, found));
  return toRights(types, found);
}

/** False where the element is refused to all; else its guards are put down. */
function settle(
  decider: Decider,
  { requires, guards }: ElementRule,
  place: string,
  into: Map<string, readonly Guard[]>,
): boolean {
  if (!requires.every(decider.fulfils)) return false;
  const decided = guards.map(decider.guard);
  if (decided.includes("refuses")) return false;
  const left = decided.filter((each) => each !== null && each !== "refuses");
  if (left.length > 0) into.set(place, left);
  return true;
}

/** An abstract type is refused where everything that can stand there is. */
function isRefused({ possible, requires }: TypeRule, decider: Decider, { refusedTypes }: Found): boolean {
  if (possible.length === 0) return !requires.every(decider.fulfils);
  return possible.every((each) => refusedTypes.has(each));
}

function refusedFieldsOf(name: string, { fields }: TypeRule, decider: Decider, found: Found): ReadonlySet<string> {
  const refused = new Set<string>();
  for (const [field, rule] of fields) {
    const isOpen =
      rule.isServed &&
      !found.refusedTypes.has(name) &&
      !found.refusedTypes.has(rule.output) &&
      settle(decider, rule, `${name}.${field}`, found.fieldGuards);
    if (!isOpen) refused.add(field);
  }
  return refused;
}

/** Through an interface a field is refused where every object type refuses it; else each type decides for itself. */
function refusedThrough(
  { fields, possible }: TypeRule,
  decider: Decider,
  { refusedTypes, refusedFields }: Found,
): ReadonlySet<string> {
  const refused = new Set<string>();
  for (const [field, rule] of fields) {
    const alone = !rule.isServed || refusedTypes.has(rule.output) || !rule.requires.every(decider.fulfils);
    const isClosed =
      possible.length === 0 ? alone : possible.every((each) => refusedFields.get(each)?.has(field) ?? true);
    if (isClosed) refused.add(field);
  }
  return refused;
}

function toRights(types: Rules["types"], { refusedTypes, refusedFields, guards, fieldGuards }: Found): Rights {
  const outcomes = [...guards, ...fieldGuards].map(([place, all]) => [place, all.map(outcomesOf)] as const);
  const refused = [...refusedFields].flatMap(([type, fields]) => [...fields].map((field) => `${type}.${field}`));
  if (refusedTypes.size === 0 && refused.length === 0 && outcomes.length === 0) return withUnknown(types, allRights);
  const key = createHash("sha256")
    .update(JSON.stringify([[...refusedTypes], refused, outcomes]))
    .digest("base64url");
  const of = (type: string, isGate: boolean) =>
    types.get(type)?.hasKey === isGate ? (guards.get(type) ?? none) : none;
  return withUnknown(types, {
    key,
    refusesType: (type) => refusedTypes.has(type),
    refusesField: (type, field) => refusedFields.get(type)?.has(field) ?? false,
    guardsOf: (type) => of(type, false),
    gatesOf: (type) => of(type, true),
    guardsOfField: (type, field) => fieldGuards.get(`${type}.${field}`) ?? none,
    mayHide: outcomes.some(([, all]) =>
      all.some(({ verdicts }) => verdicts.some((each) => !each.permits && each.effect === "hide")),
    ),
  });
}

const none: readonly Guard[] = [];

/** All that the guard can say, by every combination of its facts: two guards that say the same are the same. */
function outcomesOf({ policy, facts, decide }: Guard) {
  const verdicts = Array.from({ length: 2 ** facts.length }, (_, at) =>
    decide(facts.map((_, bit) => (at & (1 << bit)) !== 0)),
  );
  return { policy, facts, verdicts };
}

const builtIn: ReadonlySet<string> = new Set(specifiedScalarTypes.map(({ name }) => name));

/** What the supergraph does not have is refused, whoever asks; the schema's own description is not part of it. */
function withUnknown(types: Rules["types"], rights: Rights): Rights {
  return {
    ...rights,
    refusesType: (type) =>
      !type.startsWith("__") && !builtIn.has(type) && (!types.has(type) || rights.refusesType(type)),
    refusesField: (type, field) =>
      !field.startsWith("__") && (!(types.get(type)?.fields.has(field) ?? false) || rights.refusesField(type, field)),
  };
}
