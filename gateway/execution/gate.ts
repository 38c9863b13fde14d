/**
 * Persons first: as soon as the facts of the persons at a place are there, it is decided who of them there is for this
 * caller. The others leave the data, so that no other subgraph is asked about them.
 */
import { isObjectType } from "graphql";
import type { CompiledPlan, PersonStep } from "./compiled-plan.ts";
import { read } from "./complete.ts";
import type { Decisions } from "./decisions.ts";
import type { Decoy } from "./decoy.ts";
import type { SubjectPlace } from "./fact-places.ts";
import type { Sharing } from "./gather.ts";
import { identitiesOf } from "./identity.ts";
import { type Judge, judgeOf, refusalsOf } from "./judge.ts";
import { isOfOwnRecord, type Problem, type Problems } from "./problems.ts";
import type { Guard, Rights, Verdict } from "./rights.ts";
import type { SchemaFacts } from "./schema-facts.ts";

export type Gate = {
  /** To be called when a request is answered and what it brought is in the data. */
  answered(request: number): void;
  /** Those whose facts have still to be asked for: others are known from elsewhere, by their key. */
  unknownSubjects(subjects: readonly object[], place: SubjectPlace): readonly object[];
  /** Nobody was held back, and nobody was put in the place of anybody. */
  isOpen(): boolean;
  /** Decides about everybody in data that is there whole; false, and nothing is changed, unless all are let through. */
  readmit(): boolean;
  /** Whether the gate has let this person through. */
  hasPassed(person: object): boolean;
  /** What stands for it is as good as itself. */
  pass(person: object): void;
  /** Nobody: what is not known about it is no lack. */
  isDecoy(entity: object): boolean;
  /** By what whoever this is was asked for, not who it turned out to be. */
  askedBy(entity: object): string;
};

export type GateSettings = {
  readonly plan: CompiledPlan;
  readonly facts: SchemaFacts;
  readonly rights: Rights;
  readonly problems: Problems;
  readonly decisions: Decisions;
  readonly data: object;
  /** Coerced, by internal names. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly sharing: () => Sharing;
};

const unavailable: Problem = { code: "GUARD_UNAVAILABLE" };

type Outcome = "permit" | "hide" | "unavailable";

/** Nobody is decided about. */
const openGateOf: Gate = {
  answered: () => {},
  unknownSubjects: (subjects) => subjects,
  isOpen: () => true,
  readmit: () => true,
  hasPassed: () => false,
  pass: () => {},
  isDecoy: () => false,
  askedBy: () => "",
};

export function openGate(settings: GateSettings): Gate {
  const { plan, facts, rights, problems, decisions, data, variables, sharing } = settings;
  if (plan.persons.length === 0) return openGateOf;
  const identities = identitiesOf(facts);
  let left: number[] | null = null;
  let toBring: number[] | null = null;
  const settled = new Set<number>();
  // It lives no longer than the gate: weak collections cost the collector more than all else here.
  const passed = new Set<object>();
  const decoys = new Map<object, Decoy>();
  const asked = new Map<object, string>();
  let isOpen = true;
  const ways: string[] = [];
  /** By type and key: all that were met, hidden ones too. */
  const met = new Map<string, object>();

  /** What it is declared as says what it is; only below an interface or union its own word does. */
  const typeOf = (person: object, { type }: PersonStep): string => {
    const given = isObjectType(facts.schema.getType(type)) ? type : read(person, "__typename");
    return typeof given === "string" ? given : type;
  };
  const meet = (name: string, person: object): void => {
    if (!met.has(name)) met.set(name, person);
  };
  const decide = (person: object, step: PersonStep): Outcome => {
    const typename = typeOf(person, step);
    const gates = gatesOf(typename, rights);
    const identity = identities.identityOf(person, typename);
    if (decoys.has(person)) return isUnanswered(person, gates) ? "unavailable" : "hide";
    if (identity !== null) meet(`${typename} ${identity}`, person);
    if (step.gated === null) return "permit";
    if (gates.length === 0) return isTold(typename, step) ? "permit" : "unavailable";
    let outcome: Outcome = "permit";
    for (const { guard, judge, refusals } of gates) {
      const verdict = judge(person, null, problems) ?? refusalIn(refusals(person, null, problems));
      decisions.add(identity, typename, guard.policy, verdict ?? "unavailable");
      if (verdict?.permits === false) outcome = "hide";
      else if (verdict === null && outcome === "permit") outcome = "unavailable";
    }
    // What nobody can place may be about what decides; and of nobody as well, this fact could not be had.
    if (outcome === "hide" && (problems.takeLoose(person).some(isOutage) || hasFailed(person, gates)))
      outcome = "unavailable";
    if (outcome === "permit") passed.add(person);
    return outcome;
  };
  /** Somebody known by an interface's name alone may be one who is gated. */
  const isTold = (typename: string, { gated }: PersonStep): boolean =>
    gated === null || !facts.fits(gated, typename) || gated === typename;
  const hasFailed = (person: object, gates: readonly GateJudge[]): boolean =>
    gates.some(({ guard }) => guard.facts.some(({ name }) => problems.at(person, name).some(isOutage)));
  const isUnanswered = (decoy: object, gates: readonly GateJudge[]): boolean =>
    gates.some(({ guard }) =>
      guard.facts.some(({ name }) => {
        const value = read(decoy, name);
        // Whoever says that it knows no such person has answered.
        if (problems.at(decoy, name).length > 0) return true;
        return value !== undefined && value !== true && value !== false;
      }),
    ) || problems.takeLoose(decoy).length > 0;

  const settle = (step: PersonStep): void => {
    const { last, gated } = step;
    for (const holder of step.holders(data, sharing())) {
      const value = read(holder, last.key);
      if (typeof value !== "object" || value === null) continue;
      if (gated === null) {
        eachObject(value, (person) => void decide(person, step));
        continue;
      }
      const kept = sift(value, (person) => decide(person, step), problems);
      if (kept === value) continue;
      isOpen = false;
      (holder as Record<string, unknown>)[last.key] = kept === withheld ? null : kept;
      if (kept === withheld) problems.replace(holder, last.key, [unavailable]);
      else if (kept === null) {
        // As it is told of a null that was there from the beginning.
        problems.replace(holder, last.key, problems.takeLoose(holder));
      }
    }
  };
  const settleReady = (left: readonly number[]): void => {
    for (const [index, step] of plan.persons.entries()) {
      if (settled.has(index) || left[index] !== 0) continue;
      if (step.above !== null && !settled.has(step.above)) continue;
      settled.add(index);
      settle(step);
    }
  };
  const plantDecoys = ({ holders, last, decoy, askedBy }: PersonStep): void => {
    if (decoy === null || last.lists > 0) return;
    const way = askedBy(variables);
    ways.push(way);
    let before = 0;
    for (const holder of holders(data, sharing())) {
      before += 1;
      const found = read(holder, last.key);
      if (typeof found === "object" && found !== null) asked.set(found, `${before} ${way}`);
      if (found !== null || problems.at(holder, last.key).length > 0) continue;
      const planted = decoy();
      isOpen = false;
      decoys.set(planted, decoy);
      asked.set(planted, `${before} ${way}`);
      (holder as Record<string, unknown>)[last.key] = planted;
    }
  };

  /** What was brought for it takes nothing of what further questions are made of. */
  const restoreDecoys = (): void => {
    for (const [planted, decoy] of decoys)
      for (const [key, value] of Object.entries(decoy()))
        if (problems.at(planted, key).length === 0) (planted as Record<string, unknown>)[key] = value;
  };

  return {
    answered(request) {
      restoreDecoys();
      left ??= plan.persons.map(({ waitsFor }) => waitsFor.size);
      toBring ??= plan.persons.map(({ brings }) => brings.size);
      for (const [index, step] of plan.persons.entries()) {
        if (step.brings.has(request)) {
          toBring[index] = (toBring[index] as number) - 1;
          if (toBring[index] === 0) plantDecoys(step);
        }
        if (step.waitsFor.has(request)) left[index] = (left[index] as number) - 1;
      }
      settleReady(left);
    },
    unknownSubjects(subjects, { type, facts: names }) {
      return subjects.filter((subject) => {
        const identity = identities.identityOf(subject, type);
        const known = identity === null ? undefined : met.get(`${type} ${identity}`);
        if (!known || known === subject) return true;
        if (!names.every((name) => read(known, name) !== undefined)) return true;
        for (const name of names) {
          (subject as Record<string, unknown>)[name] = read(known, name);
          for (const problem of problems.at(known, name)) problems.add(subject, name, problem);
        }
        return false;
      });
    },
    isOpen: () => isOpen,
    readmit: () =>
      plan.persons.every((step) =>
        step
          .holders(data, sharing())
          .every((holder) => eachPerson(read(holder, step.last.key), (person) => decide(person, step) === "permit")),
      ),
    hasPassed: (person) => passed.has(person),
    pass: (person) => void passed.add(person),
    isDecoy: (entity) => decoys.has(entity),
    askedBy: (entity) => asked.get(entity) ?? ways.join(" "),
  };
}

/** As nobody may meet it as well. */
const isOutage = (problem: Problem): boolean => !isOfOwnRecord(problem);

/** INVARIANT: what cannot be read of somebody may leave them hidden, and lets nobody through. */
const refusalIn = (verdict: Verdict | null): Verdict | null => (verdict?.permits === false ? verdict : null);

type GateJudge = { readonly guard: Guard; readonly judge: Judge; readonly refusals: Judge };

const judges = new WeakMap<Rights, Map<string, readonly GateJudge[]>>();

function gatesOf(typename: string, rights: Rights): readonly GateJudge[] {
  const byType = judges.get(rights) ?? new Map<string, readonly GateJudge[]>();
  judges.set(rights, byType);
  const known = byType.get(typename);
  if (known) return known;
  const made = rights.gatesOf(typename).map((guard) => ({
    guard,
    judge: judgeOf(guard),
    refusals: refusalsOf(guard),
  }));
  // INVARIANT: bounded. A subgraph may answer any text for a type's name.
  if (byType.size < 1000) byType.set(typename, made);
  return made;
}

function eachObject(value: unknown, visit: (object: object) => void): void {
  if (Array.isArray(value)) for (const each of value) eachObject(each, visit);
  else if (typeof value === "object" && value !== null) visit(value);
}

function eachPerson(value: unknown, is: (person: object) => boolean): boolean {
  if (Array.isArray(value)) return value.every((each) => eachPerson(each, is));
  return typeof value !== "object" || value === null || is(value);
}

const withheld = Symbol("nobody can say who of them may be seen");

/** Without those who are hidden; the value itself where nobody is. */
function sift(value: unknown, decide: (object: object) => Outcome, problems: Problems): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value)) {
    const outcome = decide(value);
    return outcome === "permit" ? value : outcome === "hide" ? null : withheld;
  }
  const kept: unknown[] = [];
  const from: number[] = [];
  let isSame = true;
  for (const [index, element] of value.entries()) {
    // Somebody is there, and nobody can say who.
    if ((element === null || element === undefined) && problems.at(value, index).length > 0) return withheld;
    const sifted = sift(element, decide, problems);
    if (sifted === withheld) return withheld;
    if (sifted !== element) isSame = false;
    if (sifted === null && element !== null) continue;
    kept.push(sifted);
    from.push(index);
  }
  if (isSame) return value;
  moveElements(problems, value, kept, from);
  return kept;
}

/** What was found with the elements of a list goes along with them. */
export function moveElements(
  problems: Problems,
  from: readonly unknown[],
  to: readonly unknown[],
  indexes: readonly number[],
): void {
  if (problems.isEmpty) return;
  for (const [index, before] of indexes.entries())
    for (const problem of problems.at(from, before)) problems.add(to, index, problem);
}
