/** Decides guards by the facts that came with the data. A fact that could not be had is none, whatever stands there. */
import { read } from "./complete.ts";
import type { Problems } from "./problems.ts";
import type { Guard, Verdict } from "./rights.ts";

/**
 * Facts of an object (`subject`: of the person it is about). `null`: one of them could not be had: it is missing, null, no
 * Boolean, or told with an error.
 */
export type Judge = (record: object, subject: object | null, problems: Problems) => Verdict | null;

/** INVARIANT: a guard is only ever asked with Booleans, one for each of its facts. */
export function judgeOf(guard: Guard): Judge {
  const { facts } = guard;
  const verdicts: (Verdict | undefined)[] = [];
  return (record, subject, problems) => {
    let row = 0;
    for (let at = 0; at < facts.length; at++) {
      const fact = facts[at] as Guard["facts"][number];
      const holder = fact.of === "record" ? record : subject;
      if (holder === null) return null;
      const value = factIn(holder, fact.name, problems);
      if (value === null) return null;
      row = row * 2 + (value ? 1 : 0);
    }
    let verdict = verdicts[row];
    if (!verdict) {
      verdict = guard.decide(facts.map((_, at) => ((row >> (facts.length - 1 - at)) & 1) === 1));
      verdicts[row] = verdict;
    }
    return verdict;
  };
}

/** Null: it could not be had. */
export function factIn(holder: object, name: string, problems: Problems): boolean | null {
  const value = read(holder, name);
  if (value !== true && value !== false) return null;
  return problems.isEmpty || problems.at(holder, name).length === 0 ? value : null;
}
