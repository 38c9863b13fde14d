/** One decision of Cedar's, and what of it counts. Prepared sets of rules are kept under a bounded number of names. */
import { createHash } from "node:crypto";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import type { Effect, Verdict } from "../execution/rights.ts";
import type { CallerClass } from "./caller-class.ts";
import { namespace, type Rule } from "./policies-read.ts";

export type Authorize = (call: cedar.StatefulAuthorizationCall) => cedar.AuthorizationAnswer;
export const authorizeByCedar: Authorize = cedar.statefulIsAuthorized;

/** The rules of one policy, at one time. */
export type RulesInForce = {
  readonly all: RuleSet;
  readonly permits: RuleSet;
  /** Verdicts of the forbids, by id, the strictest first. */
  readonly forbids: ReadonlyMap<string, Verdict>;
};

export type Decider = {
  decide(facts: Readonly<Record<string, boolean>>): Verdict;
  /** What `decide` gives where no decision could be reached. */
  readonly faulted: Verdict;
  /** Rules that failed so far. */
  readonly failed: ReadonlySet<string>;
};

const precedence: readonly Effect[] = ["hide", "refer", "mask"];
const permitted: Verdict = { permits: true };

export function rulesInForce(rules: readonly Rule[]): RulesInForce {
  const strictestFirst = rules
    .flatMap(({ effect, ...rest }) => (effect === null ? [] : [{ effect, ...rest }]))
    .sort((a, b) => precedence.indexOf(a.effect) - precedence.indexOf(b.effect));
  return {
    all: ruleSet(rules),
    permits: ruleSet(rules.filter(({ isForbid }) => !isForbid)),
    forbids: new Map(
      strictestFirst.map(({ id, effect, authority, callback }) => [
        id,
        { permits: false, effect, policy: id, authority, ...(callback === null ? {} : { callback }) },
      ]),
    ),
  };
}

/** INVARIANT: whatever Cedar answers, throws or leaves out, `decide` permits only on a plain `allow` without errors. */
export function decider(authorize: Authorize, rules: RulesInForce, policy: string, caller: CallerClass): Decider {
  const refusal = (authority: string): Verdict => ({ permits: false, effect: "hide", policy, authority });
  const [unpermitted, faulted] = [refusal("no rule permits it"), refusal("no decision could be reached")];
  const failed = new Set<string>();
  const ask = asking(authorize, policy, caller);
  /** The ids that determined it; null: no decision. */
  const asked = (set: RuleSet, facts: Readonly<Record<string, boolean>>) => {
    const answer = ask(set, facts);
    if (answer.type !== "success") return null;
    const { decision, diagnostics } = answer.response;
    for (const { policyId } of diagnostics.errors) failed.add(policyId);
    return diagnostics.errors.length > 0 ? null : { isAllowed: decision === "allow", reason: diagnostics.reason };
  };
  const decided = (facts: Readonly<Record<string, boolean>>): Verdict => {
    const outcome = asked(rules.all, facts);
    if (outcome === null) return faulted;
    if (outcome.isAllowed) return permitted;
    if (outcome.reason.length === 0) return unpermitted;
    // A forbid tells something only to those from whom it takes something: whom nothing permits learns no effect.
    const unforbidden = asked(rules.permits, facts);
    if (unforbidden === null) return faulted;
    if (!unforbidden.isAllowed) return unpermitted;
    return [...rules.forbids].find(([id]) => outcome.reason.includes(id))?.[1] ?? faulted;
  };
  const decide = (facts: Readonly<Record<string, boolean>>): Verdict => {
    try {
      return decided(facts);
    } catch {
      return faulted;
    }
  };
  return { decide, faulted, failed };
}

function asking(authorize: Authorize, policy: string, caller: CallerClass) {
  const { agency, jurisdiction, roles, scopes, clearances, purpose } = caller;
  const principal = { type: `${namespace}::Caller`, id: "caller" };
  const attrs = { agency, jurisdiction, roles: [...roles], scopes: [...scopes], clearances: [...clearances] };
  return (set: RuleSet, facts: Readonly<Record<string, boolean>>) =>
    authorize({
      principal,
      action: { type: `${namespace}::Action`, id: policy },
      resource: { type: `${namespace}::Record`, id: "record" },
      context: { ...facts, purpose: purpose ?? "" },
      entities: [{ uid: principal, attrs, parents: [] }],
      preparsedPolicySetId: prepared(set),
    });
}

/** `name`: of the texts. */
type RuleSet = { readonly name: string; readonly texts: Readonly<Record<string, string>> };

function ruleSet(rules: readonly Rule[]): RuleSet {
  const texts = Object.fromEntries(rules.map(({ id, text }) => [id, text]));
  return { name: createHash("sha256").update(JSON.stringify(texts)).digest("hex"), texts };
}

/** Cedar keeps every set that it was ever given a name for: so names are used again. By set: its name with Cedar. */
const slots = new Map<string, string>();
const maxSlots = 256;

function prepared({ name, texts }: RuleSet): string {
  const known = slots.get(name);
  if (known !== undefined) return known;
  const [oldest] = slots.size < maxSlots ? [] : slots.entries();
  const slot = oldest?.[1] ?? `set ${slots.size}`;
  if (oldest) slots.delete(oldest[0]);
  const { type } = cedar.preparsePolicySet(slot, { staticPolicies: { ...texts } });
  if (type !== "success") throw new Error("Cedar took no such set of rules");
  slots.set(name, slot);
  return slot;
}
