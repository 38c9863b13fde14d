/** All that one policy can say to one class of callers, worked out beforehand for every combination of its facts. */
import type { Verdict } from "../execution/rights.ts";

export type DecisionTable = {
  /** Facts on which the outcome depends for this class. */
  readonly relevant: readonly string[];
  /** The same outcome whatever the facts; null: it depends. */
  readonly always: Verdict | null;
  /** `values` in the order of `relevant`. Anything but one Boolean for each is refused. */
  decide(values: readonly boolean[]): Verdict;
};

/** More would be too many combinations to go through for every class. */
export const maxFacts = 8;

/**
 * Asks `evaluate` once for each of the 2^n combinations. It gives back the same object for the same outcome. `faulted` is
 * the outcome where none can be given.
 */
export function decisionTable(
  facts: readonly string[],
  evaluate: (values: readonly boolean[]) => Verdict,
  faulted: Verdict,
): DecisionTable {
  const outcomes = Array.from({ length: 2 ** facts.length }, (_, at) =>
    evaluate(facts.map((_, bit) => isSet(at, bit))),
  );
  const all = sameForAll(outcomes);
  if (all !== null) return { relevant: [], always: all, decide: (values) => (values.length === 0 ? all : faulted) };
  // A fact counts if turning it, and nothing else, turns some outcome.
  const bits = facts.flatMap((_, bit) =>
    outcomes.some((each, at) => each !== outcomes[at ^ (1 << bit)]) ? [bit] : [],
  );
  return {
    relevant: bits.map((bit) => facts[bit] as string),
    always: null,
    decide(values) {
      if (values.length !== bits.length || !values.every((each) => typeof each === "boolean")) return faulted;
      const at = bits.reduce((sum, bit, index) => sum + (values[index] ? 1 << bit : 0), 0);
      return outcomes[at] ?? faulted;
    },
  };
}

function isSet(at: number, bit: number): boolean {
  return (at & (1 << bit)) !== 0;
}

/** Refusals of one effect are one outcome where nothing is ever permitted: no fact has to be asked for them. */
function sameForAll(outcomes: readonly Verdict[]): Verdict | null {
  const first = outcomes[0] as Verdict;
  const kind = (verdict: Verdict) => (verdict.permits ? "permit" : verdict.effect);
  const isSame = first.permits || outcomes.some(({ permits }) => permits);
  return outcomes.every((each) => (isSame ? each === first : kind(each) === kind(first))) ? first : null;
}
