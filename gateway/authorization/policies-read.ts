/** Cedar texts as they were written become rules that can be decided by, or a line for each thing that is wrong. */
import { join } from "node:path";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { maxFacts } from "./decision-table.ts";
import { type PolicyTerms, readTerms } from "./policy-terms.ts";
import { type PolicyTexts, schemaFile } from "./policy-texts.ts";

export type Rule = PolicyTerms & {
  readonly text: string;
  readonly isForbid: boolean;
  /** Names of policies; null: every one. */
  readonly actions: ReadonlySet<string> | null;
  /** What it reads of the context; null: the context as a whole. */
  readonly facts: ReadonlySet<string> | null;
};

export type ReadTexts = {
  readonly rules: readonly Rule[];
  /** By the name of each policy: the Boolean facts it may be decided by, sorted. */
  readonly facts: ReadonlyMap<string, readonly string[]>;
};

export const namespace = "Crosswalk";

/** What Cedar is told of a caller. */
const callerShape =
  "{ agency: String, clearances: Set<String>, jurisdiction: String, roles: Set<String>, scopes: Set<String> }";

type Refuse = (where: string, what: string) => void;

/** Throws an Error of one line for each refusal: file, line, rule and what to write. */
export function readTexts({ folder = "", schema, policies }: PolicyTexts): ReadTexts {
  const refusals: string[] = [];
  const refuse: Refuse = (where, what) => void refusals.push(`${join(folder, where)}: ${what}`);
  const facts = readSchema(schema, refuse);
  const placed = [...policies].flatMap(([file, text]) => readFile(file, text, refuse));
  const byId = new Map<string, Placed>();
  for (const each of placed) {
    const first = byId.get(each.rule.id);
    if (first) refuse(each.where, `has the @id of the rule at ${first.where}: give each its own`);
    byId.set(each.rule.id, each);
  }
  if (placed.length === 0 && refusals.length === 0)
    refuse("*.cedar", "there is no rule in any *.cedar file: write one, or nobody is permitted anything");
  if (facts.size > 0) for (const each of placed) checkActions(each, facts, refuse);
  if (refusals.length === 0) validate(schema, byId, refuse);
  if (refusals.length > 0) throw new Error(refusals.join("\n"));
  return { rules: placed.map(({ rule }) => rule), facts };
}

type Placed = { readonly rule: Rule; readonly where: string };

function readFile(file: string, text: string, refuse: Refuse): readonly Placed[] {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type !== "success") {
    for (const error of parts.errors) refuse(`${file}${lineOf(text, error)}`, `is no Cedar: ${told(error)}`);
    return [];
  }
  const lineAt = (part: string) => `${file}:${text.slice(0, text.indexOf(part)).split("\n").length}`;
  for (const each of parts.policy_templates)
    refuse(lineAt(each), "is a template: write a rule without `?principal` or `?resource`");
  return parts.policies
    .map((part) => ({ part, at: text.indexOf(part) }))
    .sort((a, b) => a.at - b.at)
    .flatMap(({ part }) => {
      const placed = readRule(part, lineAt(part), refuse);
      return placed === null ? [] : [placed];
    });
}

function readRule(text: string, line: string, refuse: Refuse): Placed | null {
  const answer = cedar.policyToJson(text);
  if (answer.type !== "success") {
    refuse(line, `is no Cedar: ${answer.errors.map(told).join("; ")}`);
    return null;
  }
  const { json } = answer;
  const where = `${line} ${json.annotations?.id ?? "(no @id)"}`;
  const terms = readTerms(json);
  if ("length" in terms) {
    for (const refusal of terms) refuse(where, refusal);
    return null;
  }
  const actions = actionsOf(json.action);
  if (actions === null && json.effect === "permit")
    refuse(where, 'permits every action: name them, action == Crosswalk::Action::"person"');
  return {
    rule: { ...terms, text, isForbid: json.effect === "forbid", actions, facts: factsNamed(json.conditions) },
    where,
  };
}

/** Every `context.x`; null as soon as `context` stands anywhere else than before a dot. */
function factsNamed(part: unknown): ReadonlySet<string> | null {
  if (typeof part !== "object" || part === null) return new Set();
  if ((part as { Var?: unknown }).Var === "context") return null;
  const { left, attr } = ((part as Record<string, unknown>)["."] ?? {}) as { left?: { Var?: unknown }; attr?: unknown };
  if (left?.Var === "context" && typeof attr === "string") return new Set([attr]);
  const inside = Object.values(part).map(factsNamed);
  return inside.includes(null) ? null : new Set(inside.flatMap((each) => [...(each ?? [])]));
}

function actionsOf(constraint: cedar.ActionConstraint): ReadonlySet<string> | null {
  if (constraint.op === "All") return null;
  const named = "entities" in constraint ? constraint.entities : "entity" in constraint ? [constraint.entity] : [];
  return new Set(named.map((each) => ("__entity" in each ? each.__entity : each).id));
}

function checkActions({ rule, where }: Placed, facts: ReadTexts["facts"], refuse: Refuse): void {
  for (const name of rule.actions ?? [])
    if (!facts.has(name))
      refuse(
        where,
        `names the action \`${name}\`: declare it in ${schemaFile}, or write ${[...facts.keys()].join(", ")}`,
      );
}

/** What a rule refers to exists, and is compared with something of its kind. A finding is a finding, called a warning or not. */
function validate(schema: string, rules: ReadonlyMap<string, Placed>, refuse: Refuse): void {
  const staticPolicies = Object.fromEntries([...rules].map(([id, { rule }]) => [id, rule.text]));
  const answer = cedar.validate({ schema, policies: { staticPolicies } });
  if (answer.type !== "success") {
    for (const error of answer.errors) refuse("*.cedar", told(error));
    return;
  }
  const findings = [...answer.validationErrors, ...answer.validationWarnings];
  const lines = findings.map(({ policyId, error }) => `${rules.get(policyId)?.where ?? policyId}: ${told(error)}`);
  for (const line of new Set(lines)) refuse(line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2));
  for (const warning of answer.otherWarnings) refuse("*.cedar", told(warning));
}

/** The actions with their facts. Anything of a form that no table can be made for is refused. */
function readSchema(text: string, refuse: Refuse): ReadTexts["facts"] {
  const facts = new Map<string, readonly string[]>();
  const answer = cedar.schemaToJsonWithResolvedTypes(text);
  if (answer.type !== "success") {
    for (const error of answer.errors) refuse(`${schemaFile}${lineOf(text, error)}`, told(error));
    return facts;
  }
  for (const warning of answer.warnings) refuse(schemaFile, told(warning));
  const { [namespace]: ours, ...others } = answer.json;
  if (ours === undefined || Object.keys(others).length > 0) {
    refuse(schemaFile, `has not exactly one namespace: write namespace ${namespace} { … }`);
    return facts;
  }
  const caller = ours.entityTypes.Caller;
  if (caller === undefined || !("shape" in caller) || printed(caller.shape) !== callerShape)
    refuse(schemaFile, `has not the callers we know: write entity Caller = ${callerShape};`);
  for (const [name, action] of Object.entries(ours.actions)) facts.set(name, readAction(name, action, refuse));
  return facts;
}

function readAction(
  name: string,
  { appliesTo, memberOf }: cedar.ActionType<string>,
  refuse: Refuse,
): readonly string[] {
  const where = `${schemaFile} action \`${name}\``;
  const isOurs =
    String(appliesTo?.principalTypes) === `${namespace}::Caller` &&
    String(appliesTo?.resourceTypes) === `${namespace}::Record`;
  if (!isOurs || (memberOf ?? []).length > 0)
    refuse(
      where,
      "write appliesTo { principal: [Caller], resource: [Record], context: { … } }, and no group of actions",
    );
  const attributes = attributesOf(appliesTo?.context);
  const names = Object.keys(attributes).filter((each) => each !== "purpose");
  const isBoolean = names.every((each) => printed(attributes[each]) === "Bool" && attributes[each]?.required !== false);
  if (!isBoolean || printed(attributes.purpose) !== "String" || attributes.purpose?.required === false)
    refuse(
      where,
      "its context is of another form: write { purpose: String, someFact: Bool, … }, none of them optional",
    );
  if (names.length > maxFacts) refuse(where, `has ${names.length} facts: at most ${maxFacts} are taken`);
  return names.sort();
}

type Attributes = cedar.RecordType<string>["attributes"];

function attributesOf(type: cedar.Type<string> | undefined): Attributes {
  return type !== undefined && "attributes" in type ? (type.attributes as Attributes) : {};
}

/** A type as the schema's own text writes it, with its members in order of their names. */
function printed(type: cedar.Type<string> | undefined): string {
  if (type === undefined) return "";
  if ("element" in type) return `Set<${printed(type.element as cedar.Type<string>)}>`;
  if (!("attributes" in type)) return String(type.type).replace(/^Boolean$/, "Bool");
  const members = Object.entries(attributesOf(type)).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{ ${members.map(([name, each]) => `${name}${each.required === false ? "?" : ""}: ${printed(each)}`).join(", ")} }`;
}

function told({ message, help, sourceLocations }: cedar.DetailedError): string {
  const label = sourceLocations?.map((each) => each.label).find((each) => each !== null);
  return [message, label, help]
    .filter((each) => typeof each === "string" && each !== "")
    .join(": ")
    .replaceAll("\n", " ");
}

/** Cedar counts bytes. */
function lineOf(text: string, { sourceLocations }: cedar.DetailedError): string {
  const start = sourceLocations?.[0]?.start;
  return start === undefined ? "" : `:${Buffer.from(text).subarray(0, start).toString().split("\n").length}`;
}
