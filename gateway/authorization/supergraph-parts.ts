/** A supergraph's types and fields with their labels, extensions put together with what they extend. */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
  type TypeDefinitionNode,
  type TypeExtensionNode,
  type TypeNode,
} from "graphql";
import { textOf } from "../execution/planner-join.ts";
import type { Label, LinkedDirectives } from "./linked-directives.ts";

export type ElementParts = {
  readonly labels: readonly { readonly label: Label; readonly directive: ConstDirectiveNode }[];
};

export type FieldParts = ElementParts & { readonly name: string; readonly type: TypeNode };

export type TypeParts = ElementParts & {
  readonly name: string;
  readonly kind: "object" | "interface" | "union" | "leaf";
  readonly hasKey: boolean;
  readonly interfaces: readonly string[];
  readonly members: readonly string[];
  readonly fields: ReadonlyMap<string, FieldParts>;
};

export type SupergraphParts = {
  /** Input objects are not among them: nothing is seen through them. */
  readonly types: ReadonlyMap<string, TypeParts>;
  /** Types of the roots. */
  readonly roots: ReadonlySet<string>;
  readonly mutation: string | null;
  /** Object types that stand where this type is named. */
  possibleOf(type: string): readonly string[];
};

type TypeNodes = TypeDefinitionNode | TypeExtensionNode;

export function supergraphParts(document: DocumentNode, directives: LinkedDirectives): SupergraphParts {
  const nodes = new Map<string, TypeNodes[]>();
  for (const each of document.definitions)
    if (isTypeDefinitionNode(each) || isTypeExtensionNode(each))
      nodes.set(each.name.value, [...(nodes.get(each.name.value) ?? []), each]);
  const types = new Map<string, TypeParts>();
  for (const [name, all] of nodes) {
    const kind = kindOf(all[0] as TypeNodes);
    if (kind !== null) types.set(name, typeParts(name, kind, all, directives));
  }
  const roots = rootNames(document);
  const possible = new Map<string, readonly string[]>();
  for (const type of types.values()) possible.set(type.name, possibleTypes(type, types));
  return {
    types,
    roots: new Set(roots.values()),
    mutation: roots.get("mutation") ?? null,
    possibleOf: (type) => possible.get(type) ?? [],
  };
}

function possibleTypes({ name, kind, members }: TypeParts, types: ReadonlyMap<string, TypeParts>): readonly string[] {
  if (kind === "object") return [name];
  if (kind === "union") return members;
  return [...types.values()]
    .filter((each) => each.kind === "object" && each.interfaces.includes(name))
    .map((each) => each.name);
}

function typeParts(
  name: string,
  kind: TypeParts["kind"],
  nodes: readonly TypeNodes[],
  directives: LinkedDirectives,
): TypeParts {
  const applied = nodes.flatMap((each) => (each.directives ?? []) as readonly ConstDirectiveNode[]);
  const isKey = (each: ConstDirectiveNode) =>
    directives.isJoin(each.name.value, "type") && textOf(each, "key") !== undefined;
  const fields = new Map<string, FieldParts>();
  for (const node of nodes)
    for (const field of "fields" in node ? ((node.fields ?? []) as readonly FieldDefinitionNode[]) : [])
      fields.set(field.name.value, {
        name: field.name.value,
        type: field.type,
        labels: [...(fields.get(field.name.value)?.labels ?? []), ...labelsOf(field.directives ?? [], directives)],
      });
  return {
    name,
    kind,
    hasKey: applied.some(isKey),
    labels: labelsOf(applied, directives),
    interfaces: nodes
      .flatMap((each) => ("interfaces" in each ? (each.interfaces ?? []) : []))
      .map((each) => each.name.value),
    members: nodes.flatMap((each) => ("types" in each ? (each.types ?? []) : [])).map((each) => each.name.value),
    fields,
  };
}

function labelsOf(applied: readonly ConstDirectiveNode[], { labelOf }: LinkedDirectives): ElementParts["labels"] {
  return applied.flatMap((directive) => {
    const label = labelOf(directive.name.value);
    return label === null ? [] : [{ label, directive }];
  });
}

function kindOf({ kind }: TypeNodes): TypeParts["kind"] | null {
  switch (kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
      return "object";
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_EXTENSION:
      return "interface";
    case Kind.UNION_TYPE_DEFINITION:
    case Kind.UNION_TYPE_EXTENSION:
      return "union";
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_EXTENSION:
      return null;
    default:
      return "leaf";
  }
}

function rootNames(document: DocumentNode): ReadonlyMap<string, string> {
  const named = new Map([
    ["query", "Query"],
    ["mutation", "Mutation"],
    ["subscription", "Subscription"],
  ]);
  for (const each of document.definitions)
    if (each.kind === Kind.SCHEMA_DEFINITION || each.kind === Kind.SCHEMA_EXTENSION)
      for (const { operation, type } of each.operationTypes ?? []) named.set(operation, type.name.value);
  return named;
}

export function namedOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedOf(type.type);
}

export function hasLabel({ labels }: ElementParts, label: Label): boolean {
  return labels.some((each) => each.label === label);
}
