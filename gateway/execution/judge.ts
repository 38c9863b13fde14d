/** Decides guards by the facts that came with the data. A fact that could not be had is none, whatever stands there. */
import { read } from "./complete.ts";
import { isOfOwnRecord, type Problems } from "./problems.ts";
import type { Guard, Verdict } from "./rights.ts";

/**
 * Facts of an object (`subject`: of the person it is about). `null`: one of them could not be had (it is missing, null, no
 * Boolean, or told with an error), and what the others say does not permit by itself.
 */
export type Judge = (record: object, subject: object | null, problems: Problems) => Verdict | null;

/**
 * INVARIANT: a guard is only ever asked with Booleans, one for each of its facts. Where some could not be had it permits
 * only if it would whatever they were: an agency's own case of a person is not kept from it because another agency's
 * system is down. Nothing is hidden by what is not known: that would tell those who are there from those who are not.
 */
export const judgeOf = (guard: Guard): Judge => judging(guard, factIn, "permits");

/**
 * What hides a person as far as their own records can be read, and whatever else there may be to know. For hiding only:
 * nobody may be let through by it, and where a source is down, not even hidden.
 */
export const refusalsOf = (guard: Guard): Judge => judging(guard, factAsFarAsRead, "refusals");

function judging(guard: Guard, factOf: FactReading, settles: "permits" | "refusals"): Judge {
  const { facts } = guard;
  const verdicts: (Verdict | null | undefined)[] = [];
  return (record, subject, problems) => {
    // One digit a fact: false, true, unknown.
    let row = 0;
    for (const { of, name } of facts) {
      const holder = of === "record" ? record : subject;
      const value = holder === null ? null : factOf(holder, name, problems);
      row = row * 3 + (value === null ? 2 : value ? 1 : 0);
    }
    let verdict = verdicts[row];
    if (verdict === undefined) {
      verdict = settle(guard, digitsOf(row, facts.length), settles);
      verdicts[row] = verdict;
    }
    return verdict;
  };
}

type Value = boolean | null;

function digitsOf(row: number, length: number): readonly Value[] {
  const digits: Value[] = [];
  for (let at = 0, rest = row; at < length; at++, rest = Math.floor(rest / 3))
    digits.unshift(rest % 3 === 2 ? null : rest % 3 === 1);
  return digits;
}

function settle(guard: Guard, values: readonly Value[], settles: "permits" | "refusals"): Verdict | null {
  const isComplete = (some: readonly Value[]): some is readonly boolean[] => !some.includes(null);
  if (isComplete(values)) return guard.decide(values);
  const verdicts = completionsOf(values).map((each) => guard.decide(each));
  const [first = null] = verdicts;
  return verdicts.every(({ permits }) => permits === (settles === "permits")) ? first : null;
}

function completionsOf([first, ...rest]: readonly Value[]): readonly (readonly boolean[])[] {
  if (first === undefined) return [[]];
  const below = completionsOf(rest);
  return (first === null ? [false, true] : [first]).flatMap((each) => below.map((more) => [each, ...more]));
}

type FactReading = (holder: object, name: string, problems: Problems) => boolean | null;

/** What stands there, though some of the person's own records could not be read. */
function factAsFarAsRead(holder: object, name: string, problems: Problems): boolean | null {
  const value = read(holder, name);
  if (value !== true && value !== false) return null;
  return problems.at(holder, name).every(isOfOwnRecord) ? value : null;
}

/** Null: it could not be had. */
export function factIn(holder: object, name: string, problems: Problems): boolean | null {
  const value = read(holder, name);
  if (value !== true && value !== false) return null;
  return problems.isEmpty || problems.at(holder, name).length === 0 ? value : null;
}
