/** A supergraph's document read by what composition wrote in it: the directives of the join specification. */
import {
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parseType,
  type TypeNode,
} from "graphql";

export type CompositeNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

export type JoinedSupergraph = {
  readonly names: { readonly type: string; readonly field: string; readonly implements: string };
  /** Object and interface types. */
  readonly types: ReadonlyMap<string, CompositeNode>;
  /** Types that implement this one, interfaces too. */
  readonly implementersOf: (type: string) => readonly string[];
  readonly fieldOf: (type: string, field: string) => FieldDefinitionNode | undefined;
  readonly joinsOf: (field: FieldDefinitionNode) => readonly ConstDirectiveNode[];
  readonly graphsOf: (type: string) => ReadonlySet<string>;
  /** Interfaces that the type implements in the graph. */
  readonly interfacesIn: (type: string, graph: string) => readonly string[];
  /** Whether the graph's own schema has the field. */
  readonly isIn: (graph: string, type: string, field: string) => boolean;
  /** The name of what the field gives in this graph, which may be narrower than in the supergraph. */
  readonly outputIn: (graph: string, field: FieldDefinitionNode) => string;
};

/** What `@link` calls a feature here, or null: it is not linked. */
export function linkedName(document: DocumentNode, feature: string, fallback: string): string | null {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const directive of definition.directives ?? [])
      if (textOf(directive, "url")?.startsWith(`https://specs.apollo.dev/${feature}/`))
        return textOf(directive, "as") ?? fallback;
  }
  return null;
}

/** Null for a document that is not a Federation 2 supergraph. */
export function joinedSupergraph(document: DocumentNode): JoinedSupergraph | null {
  const prefix = linkedName(document, "join", "join");
  if (prefix === null) return null;
  const names = { type: `${prefix}__type`, field: `${prefix}__field`, implements: `${prefix}__implements` };
  const types = new Map<string, CompositeNode>();
  const fields = new Map<string, ReadonlyMap<string, FieldDefinitionNode>>();
  const implementers = new Map<string, string[]>();
  for (const definition of document.definitions) {
    if (!isComposite(definition)) continue;
    const name = definition.name.value;
    types.set(name, definition);
    fields.set(name, new Map((definition.fields ?? []).map((field) => [field.name.value, field])));
    for (const { name: wanted } of definition.interfaces ?? [])
      implementers.set(wanted.value, [...(implementers.get(wanted.value) ?? []), name]);
  }
  const fieldOf = (type: string, field: string) => fields.get(type)?.get(field);
  const joinsOf = (field: FieldDefinitionNode) => applications(field, names.field);
  const graphsOf = (type: string) =>
    new Set(applications(types.get(type), names.type).flatMap((each) => textOf(each, "graph") ?? []));
  return {
    names,
    types,
    fieldOf,
    joinsOf,
    graphsOf,
    implementersOf: (type) => implementers.get(type) ?? [],
    interfacesIn: (type, graph) =>
      applications(types.get(type), names.implements)
        .filter((each) => textOf(each, "graph") === graph)
        .flatMap((each) => textOf(each, "interface") ?? []),
    isIn(graph, type, name) {
      const field = fieldOf(type, name);
      if (field === undefined || !graphsOf(type).has(graph)) return false;
      const joins = joinsOf(field);
      return joins.length === 0 || joins.some((join) => textOf(join, "graph") === graph);
    },
    outputIn(graph, field) {
      const join = joinsOf(field).find((each) => textOf(each, "graph") === graph);
      const narrower = join && textOf(join, "type");
      return namedType(narrower === undefined ? field.type : parseType(narrower));
    },
  };
}

export function isComposite(node: { readonly kind: Kind }): node is CompositeNode {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION;
}

function applications(
  node: { readonly directives?: readonly ConstDirectiveNode[] | undefined } | undefined,
  name: string,
): readonly ConstDirectiveNode[] {
  return (node?.directives ?? []).filter((directive) => directive.name.value === name);
}

export function argumentOf(directive: ConstDirectiveNode, name: string): ConstValueNode | undefined {
  return directive.arguments?.find((argument) => argument.name.value === name)?.value;
}

/** An argument that is a string or an enum's value. */
export function textOf(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = argumentOf(directive, name);
  return value?.kind === Kind.STRING || value?.kind === Kind.ENUM ? value.value : undefined;
}

export function isTrue(directive: ConstDirectiveNode, name: string): boolean {
  const value = argumentOf(directive, name);
  return value?.kind === Kind.BOOLEAN && value.value;
}

export function isUnresolvable(directive: ConstDirectiveNode): boolean {
  const resolvable = argumentOf(directive, "resolvable");
  return resolvable?.kind === Kind.BOOLEAN && !resolvable.value;
}

/** In its subgraph the field is external: it, or what is left of it after an `@override`. */
export function isExternal(join: ConstDirectiveNode): boolean {
  const overridden = isTrue(join, "usedOverridden") && textOf(join, "overrideLabel") === undefined;
  return isTrue(join, "external") || overridden;
}

export function withValue(directive: ConstDirectiveNode, name: string, value: ConstValueNode): ConstDirectiveNode {
  const replaced = (argument: ConstArgumentNode) => (argument.name.value === name ? { ...argument, value } : argument);
  return { ...directive, arguments: (directive.arguments ?? []).map(replaced) };
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
