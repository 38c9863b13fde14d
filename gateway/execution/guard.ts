/**
 * Records: when an answer's data is there, and before anything of it is put under the client's names, every record and
 * field that depends on facts is decided by its own. What is not permitted leaves the data.
 */

import { read, typenameOf } from "./complete.ts";
import { type Decisions, problemOf, stricter } from "./decisions.ts";
import type { Enclosing } from "./deferred.ts";
import type { Gate } from "./gate.ts";
import { moveElements } from "./gate.ts";
import { type FieldRule, type GuardRulesSettings, guardRules, type Ruled, type TypeRule } from "./guard-rules.ts";
import { factIn } from "./judge.ts";
import type { Problem, Problems } from "./problems.ts";
import type { Refusal } from "./rights.ts";
import type { ObjectShape } from "./shape.ts";

export type GuardRun = {
  readonly problems: Problems;
  readonly decisions: Decisions;
  readonly gate: Pick<Gate, "hasPassed">;
  /** The data is others' too: before anything would be taken from it, `withholding` is thrown. */
  readonly isKept?: boolean;
};

export const withholding = Symbol("something is withheld");

/** `above`: the objects that this one stands in, from the root. */
export type ApplyGuards = (object: object, above: readonly Enclosing[], run: GuardRun) => void;

/** Null: nothing of this shape depends on facts, and nothing is looked at. */
export function guarding(settings: GuardRulesSettings, shape: ObjectShape): ApplyGuards | null {
  const rules = guardRules(settings);
  const root = rules.of(shape);
  if (root === null) return null;
  return (object, above, run) => {
    const rule = root.of(typenameOf(object, shape) ?? shape.declared);
    const person = above.findLast((each) => rules.isPerson(each))?.object ?? null;
    if (rule && rule !== "unknown") applyTo(rule, object, person, run);
  };
}

function applyTo(rule: TypeRule, object: object, person: object | null, run: GuardRun): void {
  const nearest = rule.isPerson ? object : person;
  for (const field of rule.fields) applyToField(rule, field, object, nearest, run);
  if (!run.problems.isEmpty) cutPaths(rule, object, run.problems);
}

function applyToField(parent: TypeRule, field: FieldRule, holder: object, person: object | null, run: GuardRun): void {
  const { problems } = run;
  if (field.rules.length > 0) {
    const outcome = judge(field.rules, field.element, holder, person, parent, run);
    if (outcome === "unavailable") {
      withholdUnavailable(holder, field.key, run);
      return;
    }
    if (outcome !== "permit") {
      const own = problems.at(holder, field.key).filter(({ below, instead }) => !below && !instead);
      const isFailed = read(holder, field.key) === null && own.length > 0;
      const isHidden = outcome.effect === "hide";
      dropBelow(read(holder, field.key), problems);
      // As for somebody of whom there is no such record: what failed for everybody has failed here as well.
      put(holder, field.key, isHidden && field.isRecords && !isFailed ? [] : null, run);
      problems.replace(holder, field.key, isHidden ? (isFailed ? own : []) : [problemOf(outcome)]);
      return;
    }
  }
  const { below } = field;
  if (below === null) return;
  if (person !== null && below.ofPerson.some((rule) => isUnsettled(rule, person, problems))) {
    withholdUnavailable(holder, field.key, run);
    return;
  }
  const value = read(holder, field.key);
  if (typeof value !== "object" || value === null) {
    // What has failed stood in a record that nobody has decided about.
    if (field.isGuarded && value === null && !problems.isEmpty && problems.at(holder, field.key).some(isBelow))
      withholdUnavailable(holder, field.key, run);
    return;
  }
  const found: Problem[] = [];
  const kept = sift(value, field, below, person, run, found);
  if (kept === lost) {
    withholdUnavailable(holder, field.key, run);
    return;
  }
  if (kept === gone) {
    put(holder, field.key, null, run);
    problems.replace(holder, field.key, found);
    return;
  }
  if (kept !== value) put(holder, field.key, kept, run);
  for (const problem of found) problems.add(holder, field.key, problem);
}

/** Whether nothing could be said about a record of this person, of which nothing else is known. */
function isUnsettled({ facts, judge: decide }: Ruled["ofPerson"][number], person: object, problems: Problems): boolean {
  return facts.some((fact) => factIn(person, fact, problems) === null) && !decide(nothing, person, problems)?.permits;
}

const nothing: object = {};

const gone = Symbol("it is withheld");
const lost = Symbol("nobody can say whether it may be seen");

/** What is left of a value, the value itself where all of it is. */
function sift(
  value: unknown,
  field: FieldRule,
  below: Ruled,
  person: object | null,
  run: GuardRun,
  found: Problem[],
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value)) return siftObject(value, below, person, run, found);
  let kept: unknown[] | null = null;
  let from: number[] = [];
  for (let index = 0; index < value.length; index++) {
    const element: unknown = value[index];
    const isNothing = element === null || element === undefined;
    // A record is there that nobody has decided about.
    if (isNothing && field.isGuarded && !run.problems.isEmpty && run.problems.at(value, index).length > 0) return lost;
    const sifted = isNothing ? element : sift(element, field, below, person, run, found);
    if (sifted === lost) return lost;
    if (sifted !== element && kept === null) {
      kept = value.slice(0, index);
      from = kept.map((_, at) => at);
    }
    if (sifted === gone || kept === null) continue;
    kept.push(sifted);
    from.push(index);
  }
  if (kept === null) return value;
  moveElements(run.problems, value, kept, from);
  return kept;
}

function siftObject(value: object, below: Ruled, person: object | null, run: GuardRun, found: Problem[]): unknown {
  const typename = typenameOf(value, below.shape);
  // It says that it is of no type, and is not completed either.
  if (typename === null) return value;
  // Nobody is shown it, so nothing is decided about it.
  if (below.shape.hides(typename)) return value;
  const rule = below.of(typename);
  if (rule === "unknown") return lost;
  if (rule === null) return value;
  if (rule.isGated && !run.gate.hasPassed(value)) return lost;
  if (rule.rules.length > 0) {
    const outcome = judge(rule.rules, rule.typename, value, person, rule, run);
    if (outcome === "unavailable") return lost;
    if (outcome !== "permit") {
      if (outcome.effect !== "hide") addOnce(found, problemOf(outcome));
      dropBelow(value, run.problems);
      return gone;
    }
  }
  applyTo(rule, value, person, run);
  return value;
}

/** INVARIANT: a record is decided by its own facts and by those of its own subject; `person` says whose it may be, no more. */
function judge(
  rules: TypeRule["rules"],
  element: string,
  record: object,
  person: object | null,
  { hasSubject, isPerson, identityOf }: TypeRule,
  { problems, decisions }: GuardRun,
): "permit" | "unavailable" | Refusal {
  const subject = hasSubject ? subjectOf(record, problems) : null;
  const identity = identityOf(isPerson ? record : hasSubject ? subject : person);
  let refusal: Refusal | null = null;
  let unsettled: string | null = null;
  for (const { guard, judge: decide } of rules) {
    const verdict = decide(record, subject, problems);
    if (verdict === null) unsettled ??= guard.policy;
    else if (!verdict.permits) refusal = stricter(refusal, verdict);
  }
  // What is hidden by what is known stays hidden, whatever else could not be had.
  if (unsettled !== null && refusal?.effect !== "hide") {
    decisions.add(identity, element, unsettled, "unavailable");
    return "unavailable";
  }
  if (refusal !== null) {
    decisions.add(identity, element, refusal.policy, refusal);
    return refusal;
  }
  for (const { guard } of rules) decisions.add(identity, element, guard.policy, permitted);
  return "permit";
}

const permitted = { permits: true } as const;

function subjectOf(record: object, problems: Problems): object | null {
  const subject = read(record, "subject");
  if (typeof subject !== "object" || subject === null || Array.isArray(subject)) return null;
  return problems.isEmpty || problems.at(record, "subject").length === 0 ? subject : null;
}

function addOnce(found: Problem[], problem: Problem): void {
  const isSame = ({ code, authority, callback }: Problem) =>
    code === problem.code && authority === problem.authority && callback === problem.callback;
  if (!found.some(isSame)) found.push(problem);
}

function withholdUnavailable(holder: object, key: string, run: GuardRun): void {
  put(holder, key, null, run);
  run.problems.replace(holder, key, [{ code: "GUARD_UNAVAILABLE" }]);
}

/** What nobody could place of a record that is withheld is not told anywhere else. */
function dropBelow(value: unknown, problems: Problems): void {
  if (problems.isEmpty || problems.loose.length === 0 || typeof value !== "object" || value === null) return;
  problems.takeLoose(value);
  for (const each of Object.values(value)) dropBelow(each, problems);
}

function put(holder: object, key: string, value: unknown, { isKept = false }: GuardRun): void {
  if (isKept) {
    const known = read(holder, key);
    if (known === value || (isEmpty(known) && isEmpty(value))) return;
    throw withholding;
  }
  (holder as Record<string, unknown>)[key] = value;
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const isBelow = ({ below }: Problem): boolean => below !== undefined && below.length > 0;

/** An error that points to something in a record that is not there would say that it is: it points to where it would be. */
function cutPaths(rule: TypeRule, holder: object, problems: Problems): void {
  for (const [key, all] of problems.of(holder)) {
    if (!all.some(({ below, instead }) => below || instead)) continue;
    const cut = all.map((problem): Problem => {
      const { below, instead } = problem;
      if (instead) return { ...problem, instead: rule.visible(instead) };
      return below ? { ...problem, below: rule.visible([key, ...below]).slice(1) } : problem;
    });
    problems.replace(holder, key, cut);
  }
}
