/**
 * The Cedar policies as they are checked and documented: read, validated, and asked one decision at a time. Written apart
 * from the gateway's own reading of them, which a test holds it against. One of two doors to Cedar.
 */
import { readdirSync, readFileSync } from "node:fs";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";

export type PolicyTexts = { readonly schema: string; readonly policies: ReadonlyMap<string, string> };

export type Outcome = "permit" | "hide" | "refer" | "mask";

export type PolicyRule = {
  readonly id: string;
  /** A forbid's effect. */
  readonly effect: Outcome;
  readonly authority: string;
  readonly effective: string | null;
  /** Names of policies. */
  readonly actions: ReadonlySet<string>;
  /** Facts that its conditions mention. */
  readonly facts: ReadonlySet<string>;
  readonly text: string;
  readonly place: string;
};

export type Claims = {
  readonly agency: string;
  readonly jurisdiction: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly clearances: readonly string[];
};

export type Decision = { readonly outcome: Outcome; readonly authority: string };

export type PolicyBook = {
  /** By policy (a Cedar action): its facts, sorted. */
  readonly facts: ReadonlyMap<string, readonly string[]>;
  readonly rules: readonly PolicyRule[];
};

const policiesFolder = new URL("./policies/", import.meta.url);
const policiesPath = "schema/policies/";
const schemaFile = "policies.cedarschema";
const effects: readonly string[] = ["hide", "refer", "mask"];

export function readPolicyTexts(): PolicyTexts {
  const read = (file: string) => readFileSync(new URL(file, policiesFolder), "utf8");
  const files = readdirSync(policiesFolder).filter((each) => each.endsWith(".cedar"));
  return { schema: read(schemaFile), policies: new Map(files.sort().map((file) => [file, read(file)])) };
}

/** The book, or a line for every finding: file, line and what to write. */
export function readPolicyBook({ schema, policies }: PolicyTexts): PolicyBook | readonly string[] {
  const answer = cedar.schemaToJsonWithResolvedTypes(schema);
  if (answer.type !== "success")
    return answer.errors.map((each) => `${policiesPath}${schemaFile}${lineOf(schema, each)}: ${told(each)}`);
  const actions = answer.json.Crosswalk?.actions ?? {};
  const facts = new Map(Object.entries(actions).map(([name, action]) => [name, factsOf(action)]));
  const read = [...policies].flatMap(([file, text]) => readFile(file, text, facts));
  const rules = read.filter((each) => typeof each !== "string");
  const findings = read.filter((each) => typeof each === "string");
  const repeated = rules.filter(({ id }, at) => rules.findIndex((each) => each.id === id) < at);
  findings.push(...repeated.map(({ id, place }) => `${place}: @id("${id}") is taken: give each rule its own`));
  if (findings.length === 0) findings.push(...invalid(schema, rules));
  return findings.length > 0 ? findings : { facts, rules };
}

/** Names of the Booleans beside the purpose. */
function factsOf({ appliesTo }: cedar.ActionType<string>): readonly string[] {
  const context = appliesTo?.context;
  const attributes = context !== undefined && "attributes" in context ? Object.keys(context.attributes as object) : [];
  return attributes.filter((each) => each !== "purpose").sort();
}

function readFile(file: string, text: string, facts: PolicyBook["facts"]): readonly (PolicyRule | string)[] {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type !== "success")
    return parts.errors.map((each) => `${policiesPath}${file}${lineOf(text, each)}: ${told(each)}`);
  const lineAt = (part: string) => text.slice(0, text.indexOf(part)).split("\n").length;
  return [...parts.policies, ...parts.policy_templates]
    .map((part) => ({ part, place: `${policiesPath}${file}:${lineAt(part)}` }))
    .map(({ part, place }) => readRule(part, place, facts));
}

function readRule(text: string, place: string, facts: PolicyBook["facts"]): PolicyRule | string {
  const answer = cedar.policyToJson(text);
  if (answer.type !== "success") return `${place}: ${answer.errors.map(told).join("; ")}`;
  const { annotations = {}, effect, action, conditions } = answer.json;
  const { id = "", authority = "", effective = null } = annotations;
  if (id === "") return `${place}: a rule without a name: write \`@id("…")\``;
  if (authority === "") return `${place}: ${id} has no authority: write \`@authority("8 CFR …")\``;
  if (effect === "forbid" && !effects.includes(annotations.effect ?? ""))
    return `${place}: ${id} has no effect: write \`@effect("hide")\`, \`@effect("refer")\` or \`@effect("mask")\``;
  const outcome = effect === "permit" ? "permit" : (annotations.effect as Outcome);
  const actions = actionsOf(action) ?? facts.keys();
  const mentioned = new Set(contextIn(conditions).flatMap((each) => (each === null ? allFacts(facts) : [each])));
  return { id, effect: outcome, authority, effective, actions: new Set(actions), facts: mentioned, text, place };
}

function allFacts(facts: PolicyBook["facts"]): readonly string[] {
  return [...facts.values()].flat();
}

/** Null: every one. */
function actionsOf(constraint: cedar.ActionConstraint): readonly string[] | null {
  if (constraint.op === "All") return null;
  const named = "entities" in constraint ? constraint.entities : "entity" in constraint ? [constraint.entity] : [];
  return named.map((each) => ("__entity" in each ? each.__entity : each).id);
}

/** What expressions take out of the context; null: all of it. The purpose is no fact. */
function contextIn(part: unknown): readonly (string | null)[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([operator, value]): readonly (string | null)[] => {
    const { left, attr } = (value ?? {}) as { left?: { Var?: unknown }; attr?: unknown };
    const isTaken = (operator === "." || operator === "has") && left?.Var === "context";
    if (isTaken) return [attr].flat().filter((each) => each !== "purpose") as readonly string[];
    return operator === "Var" && value === "context" ? [null] : contextIn(value);
  });
}

function invalid(schema: string, rules: readonly PolicyRule[]): readonly string[] {
  const staticPolicies = Object.fromEntries(rules.map(({ id, text }) => [id, text]));
  const answer = cedar.validate({ schema, policies: { staticPolicies } });
  if (answer.type !== "success") return answer.errors.map((each) => `${policiesPath}: ${told(each)}`);
  return [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => {
    const place = rules.find(({ id }) => id === policyId)?.place ?? policiesPath;
    return `${place}: ${policyId}: ${told(error)}`;
  });
}

function told({ message, help, sourceLocations }: cedar.DetailedError): string {
  const said = [message, ...(sourceLocations ?? []).map(({ label }) => label), help];
  return said.filter((each) => typeof each === "string").join(": ");
}

/** Cedar counts bytes. */
function lineOf(text: string, { sourceLocations }: cedar.DetailedError): string {
  const start = sourceLocations?.[0]?.start;
  return start === undefined ? "" : `:${Buffer.from(text).subarray(0, start).toString().split("\n").length}`;
}

const precedence: readonly Outcome[] = ["hide", "refer", "mask"];
let prepared = 0;

export type Decide = (
  policy: string,
  caller: Claims & { readonly purpose: string },
  facts: Readonly<Record<string, boolean>>,
) => Decision;

/**
 * What one caller gets for one purpose where the facts stand so. Whom nothing permits learns no effect: hidden.
 * INVARIANT: an error is a refusal; Cedar alone would skip the rule that failed.
 */
export function deciding(rules: readonly PolicyRule[]): Decide {
  const all = asking(rules);
  const permits = asking(rules.filter(({ effect }) => effect === "permit"));
  return (policy, caller, facts) => {
    const isPermitted = permits(policy, caller, facts)?.decision === "allow";
    const answer = isPermitted ? all(policy, caller, facts) : undefined;
    if (answer?.decision === "allow") return { outcome: "permit", authority: "" };
    const fired = rules.filter(({ id, effect }) => effect !== "permit" && answer?.diagnostics.reason.includes(id));
    const [strictest] = fired.sort((a, b) => precedence.indexOf(a.effect) - precedence.indexOf(b.effect));
    const { effect = "hide", authority = "no rule permits it" } = strictest ?? {};
    return { outcome: effect, authority };
  };
}

function asking(rules: readonly PolicyRule[]) {
  prepared += 1;
  // Names are Cedar's, and the gateway's tables may be made in the same process.
  const preparsedPolicySetId = `schema/check ${prepared}`;
  const staticPolicies = Object.fromEntries(rules.map(({ id, text }) => [id, text]));
  const isPrepared = cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies }).type === "success";
  return (...[policy, { purpose, agency, jurisdiction, roles, scopes, clearances }, facts]: Parameters<Decide>) => {
    const principal = { type: "Crosswalk::Caller", id: "caller" };
    const attrs = { agency, jurisdiction, roles: [...roles], scopes: [...scopes], clearances: [...clearances] };
    const answer = cedar.statefulIsAuthorized({
      principal,
      action: { type: "Crosswalk::Action", id: policy },
      resource: { type: "Crosswalk::Record", id: "record" },
      context: { purpose, ...facts },
      entities: [{ uid: principal, attrs, parents: [] }],
      preparsedPolicySetId,
    });
    const response = isPrepared && answer.type === "success" ? answer.response : undefined;
    return response?.diagnostics.errors.length === 0 ? response : undefined;
  };
}
