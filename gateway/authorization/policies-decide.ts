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
  readonly permits: RuleSet;
  readonly forbids: RuleSet;
  /** What each forbid gives, by id, the strictest first. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
};

export type Decider = {
  decide(facts: Facts): Verdict;
  /** What `decide` gives where no decision could be reached. */
  readonly faulted: Verdict;
  /** Rules that failed so far. */
  readonly failed: ReadonlySet<string>;
};

type Facts = Readonly<Record<string, boolean>>;

const precedence: readonly Effect[] = ["hide", "refer", "mask"];
const permitted: Verdict = { permits: true };

export function rulesInForce(rules: readonly Rule[]): RulesInForce {
  const strictestFirst = rules
    .flatMap(({ effect, ...rest }) => (effect === null ? [] : [{ effect, ...rest }]))
    .sort((a, b) => precedence.indexOf(a.effect) - precedence.indexOf(b.effect));
  return {
    permits: ruleSet(rules.filter(({ isForbid }) => !isForbid)),
    forbids: ruleSet(rules.filter(({ isForbid }) => isForbid)),
    verdicts: new Map(
      strictestFirst.map(({ id, effect, authority, callback }) => [
        id,
        { permits: false, effect, policy: id, authority, ...(callback === null ? {} : { callback }) },
      ]),
    ),
  };
}

/**
 * Permits and forbids are asked apart, each once for the facts that it names: together they are what Cedar says of both, in
 * far fewer calls.
 *
 * INVARIANT: whatever Cedar answers, throws or leaves out, `decide` permits only where the permits allow, no forbid holds,
 * and neither reports an error.
 */
export function decider(authorize: Authorize, rules: RulesInForce, policy: string, caller: CallerClass): Decider {
  const refusal = (authority: string): Verdict => ({ permits: false, effect: "hide", policy, authority });
  const [unpermitted, faulted] = [refusal("no rule permits it"), refusal("no decision could be reached")];
  const failed = new Set<string>();
  const ask = asking(authorize, policy, caller, failed);
  const permits = askedOnce(rules.permits, ask);
  const forbids = askedOnce(rules.forbids, ask);
  const decide = (facts: Facts): Verdict => {
    const allowed = permits(facts);
    if (allowed === null) return faulted;
    // A forbid tells something only to those from whom it takes something: whom nothing permits learns no effect.
    if (!allowed.isAllowed) return unpermitted;
    const forbidden = forbids(facts);
    if (forbidden === null) return faulted;
    if (forbidden.reason.length === 0) return permitted;
    return [...rules.verdicts].find(([id]) => forbidden.reason.includes(id))?.[1] ?? faulted;
  };
  return { decide, faulted, failed };
}

type Asked = { readonly isAllowed: boolean; readonly reason: readonly string[] };
type Ask = (set: RuleSet, facts: Facts) => Asked | null;

/** The same facts of those that a set of rules names are asked about once. */
function askedOnce(set: RuleSet, ask: Ask): (facts: Facts) => Asked | null {
  const answers = new Map<string, Asked | null>();
  return (facts) => {
    const key = Object.keys(facts)
      .map((name) => (set.facts === null || set.facts.has(name) ? Number(facts[name]) : "-"))
      .join("");
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = Object.keys(set.texts).length === 0 ? noRules : ask(set, facts);
    answers.set(key, answer);
    return answer;
  };
}

const noRules: Asked = { isAllowed: false, reason: [] };

/** Null: no decision. */
function asking(authorize: Authorize, policy: string, caller: CallerClass, failed: Set<string>): Ask {
  const { agency, jurisdiction, roles, scopes, clearances, purpose } = caller;
  const principal = { type: `${namespace}::Caller`, id: "caller" };
  const attrs = { agency, jurisdiction, roles: [...roles], scopes: [...scopes], clearances: [...clearances] };
  return (set, facts) => {
    try {
      const answer = authorize({
        principal,
        action: { type: `${namespace}::Action`, id: policy },
        resource: { type: `${namespace}::Record`, id: "record" },
        context: { ...facts, purpose: purpose ?? "" },
        entities: [{ uid: principal, attrs, parents: [] }],
        preparsedPolicySetId: nameInCedar(set),
      });
      if (answer.type !== "success") return null;
      const { decision, diagnostics } = answer.response;
      for (const { policyId } of diagnostics.errors) failed.add(policyId);
      if (diagnostics.errors.length > 0 || !["allow", "deny"].includes(decision)) return null;
      return { isAllowed: decision === "allow", reason: [...diagnostics.reason] };
    } catch {
      return null;
    }
  };
}

type RuleSet = {
  /** Of the texts. */
  readonly name: string;
  readonly texts: Readonly<Record<string, string>>;
  /** Those that some rule of it names; null: it may depend on any. */
  readonly facts: ReadonlySet<string> | null;
};

function ruleSet(rules: readonly Rule[]): RuleSet {
  const texts = Object.fromEntries(rules.map(({ id, text }) => [id, text]));
  const isAny = rules.some(({ facts }) => facts === null);
  return {
    name: createHash("sha256").update(JSON.stringify(texts)).digest("hex"),
    texts,
    facts: isAny ? null : new Set(rules.flatMap(({ facts }) => [...(facts ?? [])])),
  };
}

/** Cedar keeps every set that it was ever given a name for: so names are used again. By name: the set that has it now. */
const prepared: (string | null)[] = [];
const maxPrepared = 256;
let nextPrepared = 0;

function nameInCedar({ name, texts }: RuleSet): string {
  const known = prepared.indexOf(name);
  if (known >= 0) return `set ${known}`;
  const at = nextPrepared++ % maxPrepared;
  prepared[at] = null;
  const { type } = cedar.preparsePolicySet(`set ${at}`, { staticPolicies: { ...texts } });
  if (type !== "success") throw new Error("Cedar took no such set of rules");
  prepared[at] = name;
  return `set ${at}`;
}
