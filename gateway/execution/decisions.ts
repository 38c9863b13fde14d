/** What was decided in one execution, each distinct decision once. */
import type { Problem } from "./problems.ts";
import type { Decision, Effect, Refusal, Verdict } from "./rights.ts";

export type Decisions = {
  add(subject: string | null, element: string, policy: string, verdict: Verdict | "unavailable"): void;
  /** All that were made since the last time. */
  take(): readonly Decision[];
};

const severity: Readonly<Record<Effect, number>> = { mask: 1, refer: 2, hide: 3 };

export function openDecisions(): Decisions {
  /** By subject and element: nothing is written out to be compared. */
  const known = new Map<string | null, Map<string, Decision[]>>();
  const knownOf = (subject: string | null, element: string): Decision[] => {
    let byElement = known.get(subject);
    if (byElement === undefined) {
      byElement = new Map();
      known.set(subject, byElement);
    }
    let decisions = byElement.get(element);
    if (decisions === undefined) {
      decisions = [];
      byElement.set(element, decisions);
    }
    return decisions;
  };
  let made: Decision[] = [];
  let last: readonly [string | null, string, string, Verdict | "unavailable"] | null = null;
  return {
    add(subject, element, policy, verdict) {
      // Records of one kind about one person come one after the other.
      if (last?.[0] === subject && last[1] === element && last[2] === policy && last[3] === verdict) return;
      last = [subject, element, policy, verdict];
      const effect = verdict === "unavailable" ? verdict : verdict.permits ? "permit" : verdict.effect;
      // The policy that was decisive, which may be one of several under the guard's name.
      const refused = verdict === "unavailable" || verdict.permits ? null : verdict;
      const by = refused?.policy ?? policy;
      const authority = refused?.authority ?? null;
      const before = knownOf(subject, element);
      for (const each of before)
        if (each.effect === effect && each.policy === by && each.authority === authority) return;
      const decision: Decision = { subject, element, effect, policy: by, authority };
      before.push(decision);
      made.push(decision);
    },
    take() {
      const taken = made;
      made = [];
      return taken;
    },
  };
}

/** The one that withholds more: hide > refer > mask. */
export function stricter(one: Refusal | null, other: Refusal): Refusal {
  return one === null || severity[other.effect] > severity[one.effect] ? other : one;
}

/** What is told of a refer or a mask. */
export function problemOf({ effect, authority, callback }: Refusal): Problem {
  // Whom to ask is told for several reasons, and none of them.
  return effect === "mask"
    ? { code: "MASKED", authority }
    : { code: "OWNER_REFER", ...(callback === undefined ? {} : { callback }) };
}
