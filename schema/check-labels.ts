/** Deny by default, and where a rule may stand: what the gateway could not hold is refused here, by file and line. */

import { Kind, type TypeNode } from "graphql";
import {
  type Contract,
  elementsOf,
  type Field,
  fieldsOf,
  type Graph,
  guardsOf,
  implementers,
  isInaccessible,
  isLeaf,
  namedType,
  rootTypes,
  rulesOf,
  type Type,
  texts,
} from "./contract.ts";

const anyLabel =
  '`@guard(policy: "…")`, `@requiresScopes(scopes: [["…"]])`, `@policy(policies: [["…"]])`, `@authenticated` or `@open(reason: "…")`';

/** An element that no rule speaks of is not served. A type's label speaks of its fields, except where it has a key. */
export function unlabelled(graph: Graph): readonly string[] {
  return fieldsOf(graph.supergraph).flatMap((field) => {
    const type = graph.supergraph.get(field.type);
    if (type?.kind !== "object" || field.isInaccessible || isInaccessible(type)) return [];
    const speaksForFields = type.keys.length === 0 && !rootTypes.has(type.name);
    if (isLabelled(field) || (speaksForFields && isLabelled(type))) return [];
    const where = speaksForFields
      ? `on it or on ${type.name}`
      : `on the field: ${type.name}'s own speaks for none of them`;
    return [`${placeIn(graph, field)}: ${nameOf(field)} has no label, so it is not served: write ${anyLabel} ${where}`];
  });
}

/** `@open` says that no rule is needed, and why. */
export function doubtfulOpen(graph: Graph): readonly string[] {
  return elementsOf(graph.supergraph).flatMap(({ element, type, field, labels }) => {
    const open = labels.find(({ name }) => name === "open");
    if (open === undefined) return [];
    const place = placeIn(graph, { type, name: field });
    if (String(open.given.reason).trim() === "")
      return [`${place}: ${element} is open without a reason: write \`@open(reason: "…")\`, as a lawyer would read it`];
    if (rulesOf({ labels }).length > 0)
      return [`${place}: ${element} is open and has a rule: write either \`@open\`, or the rule`];
    return rootTypes.has(element) ? [`${place}: ${element} speaks for no field: write \`@open\` on its fields`] : [];
  });
}

/** A group of no scopes would be had by everybody; no groups at all, by nobody. */
export function emptyRules({ subgraphs }: Graph): readonly string[] {
  const findings = [...subgraphs.values()].flatMap(elementsOf).flatMap(({ element, labels }) =>
    labels.flatMap(({ name, given, place }) => {
      const groups = name === "requiresScopes" ? given.scopes : name === "policy" ? given.policies : [["some"]];
      const isWhole = Array.isArray(groups) && groups.length > 0 && groups.every((each) => texts(each).length > 0);
      const form = name === "policy" ? '`@policy(policies: [["…"]])`' : '`@requiresScopes(scopes: [["…"]])`';
      return isWhole ? [] : [`${place}: @${name} on ${element} demands nothing by name: write ${form}`];
    }),
  );
  return [...new Set(findings)];
}

/** A rule on an interface is walked around by naming the type behind it. */
export function labelledInterfaces({ subgraphs, supergraph }: Graph): readonly string[] {
  return [...subgraphs.values()].flatMap(elementsOf).flatMap(({ element, type, labels }) => {
    const [label] = labels;
    if (label === undefined || supergraph.get(type)?.kind !== "interface") return [];
    const form = `write it on every type that implements ${type}`;
    return [`${label.place}: @${label.name} on ${element} stands on an interface, where it cannot be held: ${form}`];
  });
}

/** What may be withheld must be able to be absent: null, or out of a list of one dimension. */
export function unhidable(graph: Graph): readonly string[] {
  const { supergraph } = graph;
  const guarded = new Set(
    [...supergraph.values()].filter((type) => mayBeGuarded(supergraph, type)).map(({ name }) => name),
  );
  return fieldsOf(supergraph).flatMap((field) => {
    if (rootTypes.has(field.type) && guardsOf(field).some(({ given }) => given.facts !== undefined))
      return [`${placeIn(graph, field)}: ${nameOf(field)} has no record to take facts from: guard the type it gives`];
    const why =
      guardsOf(field).length > 0 ? "guarded" : guarded.has(namedType(field.node.type)) ? "of a guarded type" : null;
    if (why === null || isHidable(field.node.type)) return [];
    const named = namedType(field.node.type);
    return [
      `${placeIn(graph, field)}: ${nameOf(field)} is ${why} and cannot be withheld: write \`${field.name}: ${named}\` or \`${field.name}: [${named}!]\``,
    ];
  });
}

/** Rules on the root types would be rules about no record. */
export function guardedRoots(graph: Graph): readonly string[] {
  return [...graph.supergraph.values()]
    .filter((type) => rootTypes.has(type.name) && rulesOf(type).length > 0)
    .map(
      ({ name }) => `${placeIn(graph, { type: name, name: null })}: ${name} has a rule: write it on each of its fields`,
    );
}

function isHidable(type: TypeNode): boolean {
  if (type.kind === Kind.NON_NULL_TYPE) return false;
  if (type.kind === Kind.NAMED_TYPE) return true;
  const element = type.type.kind === Kind.NON_NULL_TYPE ? type.type.type : type.type;
  return element.kind === Kind.NAMED_TYPE;
}

/** Guarded itself, or a union or interface behind which a guarded type may stand. */
function mayBeGuarded(contract: Contract, type: Type): boolean {
  if (guardsOf(type).length > 0) return true;
  const behind =
    type.kind === "union" ? type.related : type.kind === "interface" ? implementers(contract, type.name) : [];
  return behind.some((each) => guardsOf(contract.get(each) ?? { labels: [] }).length > 0);
}

/** A leaf whose absence says something may be hidden from nobody. */
export function tellingLeaves(graph: Graph, canHide: (policy: string) => boolean): readonly string[] {
  return fieldsOf(graph.supergraph).flatMap((field) => {
    const policies = guardsOf(field).map(({ given }) => String(given.policy));
    const hiding = policies.find(canHide);
    if (hiding === undefined || !isLeaf(graph.supergraph, field)) return [];
    if (field.labels.some(({ name }) => name === "sparse")) return [];
    const form = "write `@sparse` beside its guard if it is absent for ordinary people too, else guard the record";
    return [`${placeIn(graph, field)}: ${nameOf(field)} is one value that \`${hiding}\` may hide: ${form}`];
  });
}

function isLabelled(element: { readonly labels: Type["labels"] }): boolean {
  return element.labels.some(({ name }) => name === "open") || rulesOf(element).length > 0;
}

function nameOf({ type, name }: Pick<Field, "type" | "name">): string {
  return `${type}.${name}`;
}

/** Where a subgraph writes an element of the supergraph: one that resolves it, if any does. */
function placeIn({ subgraphs }: Graph, { type, name }: { type: string; name: string | null }): string {
  const written = [...subgraphs.values()].flatMap((contract) => {
    const found = name === null ? contract.get(type) : contract.get(type)?.fields.get(name);
    return found === undefined ? [] : [found];
  });
  return (
    (written.find((each) => !("isExternal" in each) || !each.isExternal) ?? written[0])?.place ??
    "schema/supergraph.graphql"
  );
}
