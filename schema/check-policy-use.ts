/** Guards and policies fit each other; and what a statute keeps secret is hidden, never masked or referred. */
import { factNames } from "./check-facts.ts";
import type { PolicyBook } from "./check-policies.ts";
import { elementsOf, type Graph, texts } from "./contract.ts";

/** 8 USC 1367, asylum confidentiality (8 CFR 208.6, 1208.6), watch-lists: a refusal that shows would tell the secret. */
const hideOnly = /\b1367\b|\b1?208\.6\b|watch-?\s?list/i;

/**
 * Never hides the stay itself, only which protected filing it rests on: that a removal is stayed must be in front of
 * those who would carry it out, and whom they may call. No fact of the stay may count: to be referred would tell it.
 */
const mayRefer = "asylum-stay-basis";

/** What each guard names is there, and asks for just the facts that the policy decides on. */
export function unfitGuards({ subgraphs, supergraph }: Graph, { facts }: PolicyBook): readonly string[] {
  const findings = [...subgraphs.values()].flatMap(elementsOf).flatMap(({ element, type, labels }) =>
    labels.flatMap((label) => {
      if (label.name === "policy")
        return texts((label.given.policies as readonly unknown[]).flat())
          .filter((each) => facts.get(each)?.length !== 0)
          .map(
            (each) =>
              `${label.place}: @policy on ${element} names \`${each}\`: write a policy without facts${listed(facts)}`,
          );
      if (label.name !== "guard") return [];
      const policy = String(label.given.policy);
      const needed = facts.get(policy);
      if (needed === undefined)
        return [`${label.place}: the guard on ${element} names no policy, \`${policy}\`: write one of${listed(facts)}`];
      const given = [...factNames(supergraph, type, label)].sort();
      if (given.join() === needed.join()) return [];
      return [
        `${label.place}: the guard on ${element} has the facts (${given.join(" ")}) where \`${policy}\` decides on (${needed.join(" ")}): write these, or change its context in policies.cedarschema`,
      ];
    }),
  );
  return [...new Set(findings)];
}

function listed(facts: PolicyBook["facts"]): string {
  return ` (${[...facts.keys()].sort().join(", ")})`;
}

/** A policy that nothing is guarded by protects nothing. */
export function unusedPolicies({ supergraph }: Graph, { facts }: PolicyBook): readonly string[] {
  const used = new Set(
    elementsOf(supergraph).flatMap(({ labels }) =>
      labels.flatMap(({ given }) => [...texts(given.policy), ...texts([given.policies].flat(2))]),
    ),
  );
  return [...facts.keys()]
    .filter((each) => !used.has(each))
    .map(
      (each) =>
        `schema/policies/policies.cedarschema: nothing is guarded by \`${each}\`: write \`@guard(policy: "${each}")\`, or take the action away`,
    );
}

export function tellingEffects({ rules, facts }: PolicyBook): readonly string[] {
  const tellsNothing = facts.get(mayRefer)?.length === 0;
  return rules
    .filter(({ effect, authority }) => effect !== "permit" && effect !== "hide" && hideOnly.test(authority))
    .filter(
      ({ effect, actions }) => !(effect === "refer" && actions.size === 1 && actions.has(mayRefer) && tellsNothing),
    )
    .map(
      ({ id, effect, authority, place }) =>
        `${place}: ${id} has the effect ${effect} under ${authority}, whose secrets are hidden: write \`@effect("hide")\``,
    );
}

/** Whether some record may be hidden by it and another not, for the same caller. */
export function hidesByFacts({ rules, facts }: PolicyBook): (policy: string) => boolean {
  return (policy) =>
    rules
      .filter(({ actions, effect }) => actions.has(policy) && (effect === "permit" || effect === "hide"))
      .some((rule) => facts.get(policy)?.some((each) => rule.facts.has(each)));
}
