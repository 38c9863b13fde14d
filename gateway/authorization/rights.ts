/**
 * What one class of callers may see: the supergraph's rules and the policies, worked out for the class. What no facts
 * could permit is refused to all of it, under the effect that its policy gives it; what depends on facts is left to be
 * decided for each record.
 *
 * INVARIANT: whatever is not known is refused.
 */
import { createHash } from "node:crypto";
import { specifiedScalarTypes } from "graphql";
import { stricter } from "../execution/decisions.ts";
import { allRights, type Guard, type Refusal, type Rights } from "../execution/rights.ts";
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
  /** Null where it permits whatever the facts; a refusal where it refers or masks whatever they are. */
  guard(rule: GuardRule): Guard | Closed | null;
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
      if (table === null) return "untold";
      const { always } = table;
      if (always !== null) return always.permits ? null : always.effect === "hide" ? "untold" : always;
      const paths = table.relevant.map((name) => facts.find((fact) => fact.name === name));
      if (!paths.every((path) => path !== undefined)) return "untold";
      return { policy, facts: paths, decide: (values) => table.decide(values) };
    },
  };
}

/** What is refused whatever the facts: `untold`, told as refused and no more; or, where a policy refers or masks, under its effect. */
type Closed = Refusal | "untold";

type Found = {
  readonly refusedTypes: Map<string, Closed>;
  /** By type. */
  readonly refusedFields: Map<string, ReadonlyMap<string, Closed>>;
  readonly guards: Map<string, readonly Guard[]>;
  /** By `Type.field`. */
  readonly fieldGuards: Map<string, readonly Guard[]>;
};

function workOut({ types }: Rules, decider: Decider): Rights {
  const found: Found = { refusedTypes: new Map(), refusedFields: new Map(), guards: new Map(), fieldGuards: new Map() };
  for (const [name, type] of types)
    if (type.kind !== "abstract") put(found.refusedTypes, name, settle(decider, type, name, found.guards));
  for (const [name, type] of types)
    if (type.kind === "abstract") put(found.refusedTypes, name, refusalThrough(type, decider, found));
  for (const [name, type] of types)
    if (type.kind === "object") found.refusedFields.set(name, refusedFieldsOf(name, type, decider, found));
  for (const [name, type] of types)
    if (type.kind === "abstract") found.refusedFields.set(name, refusedThrough(type, decider, found));
  return toRights(types, found);
}

function put(into: Map<string, Closed>, name: string, closed: Closed | null): void {
  if (closed !== null) into.set(name, closed);
}

/** Null: open, and its guards are put down. */
function settle(
  decider: Decider,
  { requires, guards }: ElementRule,
  place: string,
  into: Map<string, readonly Guard[]>,
): Closed | null {
  if (!requires.every(decider.fulfils)) return "untold";
  const decided = guards.map(decider.guard);
  const closed = together(decided.map((each) => (each !== null && isClosed(each) ? each : null)));
  if (closed !== null) return closed;
  const left = decided.filter((each): each is Guard => each !== null && !isClosed(each));
  if (left.length > 0) into.set(place, left);
  return null;
}

const isClosed = (each: Guard | Closed): each is Closed => each === "untold" || "effect" in each;

/** What closes one thing for several reasons: nothing is told where one of them tells nothing, else the strictest. */
function together(reasons: readonly (Closed | null)[]): Closed | null {
  let closed: Refusal | null = null;
  for (const each of reasons) {
    if (each === "untold") return each;
    if (each !== null) closed = stricter(closed, each);
  }
  return closed;
}

/** An abstract type is refused where everything that can stand there is. */
function refusalThrough({ possible, requires }: TypeRule, decider: Decider, { refusedTypes }: Found): Closed | null {
  if (possible.length === 0) return requires.every(decider.fulfils) ? null : "untold";
  const all = possible.map((each) => refusedTypes.get(each) ?? null);
  return all.includes(null) ? null : together(all);
}

function refusedFieldsOf(
  name: string,
  { fields }: TypeRule,
  decider: Decider,
  found: Found,
): ReadonlyMap<string, Closed> {
  const { refusedTypes, fieldGuards } = found;
  const refused = new Map<string, Closed>();
  for (const [field, rule] of fields) {
    const around = together([
      rule.isServed ? null : "untold",
      refusedTypes.get(name) ?? null,
      refusedTypes.get(rule.output) ?? null,
    ]);
    const own = new Map<string, readonly Guard[]>();
    const closed = together([around, settle(decider, rule, `${name}.${field}`, own)]);
    put(refused, field, closed);
    if (closed === null) for (const [place, guards] of own) fieldGuards.set(place, guards);
  }
  return refused;
}

/** Through an interface a field is refused where every object type refuses it; else each type decides for itself. */
function refusedThrough(
  { fields, possible }: TypeRule,
  decider: Decider,
  { refusedTypes, refusedFields }: Found,
): ReadonlyMap<string, Closed> {
  const refused = new Map<string, Closed>();
  for (const [field, rule] of fields) {
    const alone = !rule.isServed || refusedTypes.has(rule.output) || !rule.requires.every(decider.fulfils);
    const all = possible.map((each) => {
      const known = refusedFields.get(each);
      return known ? (known.get(field) ?? null) : "untold";
    });
    if (possible.length === 0) put(refused, field, alone ? "untold" : null);
    else put(refused, field, all.includes(null) ? null : together(all));
  }
  return refused;
}

function toRights(types: Rules["types"], { refusedTypes, refusedFields, guards, fieldGuards }: Found): Rights {
  const outcomes = [...guards, ...fieldGuards].map(([place, all]) => [place, all.map(outcomesOf)] as const);
  const refused = [...refusedFields].flatMap(([type, fields]) =>
    [...fields].map(([field, closed]) => [`${type}.${field}`, closed] as const),
  );
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
    refusalOf(type, field) {
      const closed = field === null ? refusedTypes.get(type) : refusedFields.get(type)?.get(field);
      return closed === undefined || closed === "untold" ? null : closed;
    },
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
