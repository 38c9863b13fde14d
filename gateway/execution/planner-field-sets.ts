/** The FieldSets written in a supergraph: of keys, of what fields require and provide, and of contexts. */
import {
  type ConstDirectiveNode,
  type ConstObjectValueNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
} from "graphql";
import {
  argumentOf,
  type CompositeNode,
  isComposite,
  type JoinedSupergraph,
  linkedName,
  textOf,
  withValue,
} from "./planner-join.ts";

/** Given a FieldSet, the types it is selected on and the graph whose it is: gives the FieldSet to stand in its place. */
export type FieldSetReader = (text: string, types: readonly string[], graph: string) => string;

/** Every FieldSet of a field's definition, read and replaced. */
export function mapFieldSets(document: DocumentNode, joined: JoinedSupergraph, read: FieldSetReader): DocumentNode {
  const typesSetting = contextTypes(document, joined);
  return mapFields(document, (type, field) => {
    const directives = (field.directives ?? []).map((directive) => {
      const graph = textOf(directive, "graph");
      if (directive.name.value !== joined.names.field || graph === undefined) return directive;
      const required = replaced(directive, "requires", (text) => read(text, [type.name.value], graph));
      const provided = replaced(required, "provides", (text) => read(text, [joined.outputIn(graph, field)], graph));
      return withContexts(provided, (text, context) => read(text, typesSetting(context), graph));
    });
    return [{ ...field, directives }];
  });
}

/** Every FieldSet of a key, read. */
export function readKeys(joined: JoinedSupergraph, read: FieldSetReader): void {
  for (const type of joined.types.values())
    for (const directive of type.directives ?? []) {
      const [graph, key] = [textOf(directive, "graph"), textOf(directive, "key")];
      if (directive.name.value === joined.names.type && graph !== undefined && key !== undefined)
        read(key, [type.name.value], graph);
    }
}

export function mapFields(
  document: DocumentNode,
  change: (type: CompositeNode, field: FieldDefinitionNode) => readonly FieldDefinitionNode[],
): DocumentNode {
  const definitions = document.definitions.map((definition) => {
    if (!isComposite(definition) || definition.fields === undefined) return definition;
    return { ...definition, fields: definition.fields.flatMap((field) => change(definition, field)) };
  });
  return { ...document, definitions };
}

/**
 * Visits every field of a FieldSet with the type it is selected on; each gets the name the visitor gives back.
 * Throws GraphQLError for text that is no FieldSet.
 */
export function visitFieldSet(
  text: string,
  visit: (parent: string, field: FieldNode) => string,
  { joined, type, graph }: { readonly joined: JoinedSupergraph; readonly type: string; readonly graph: string },
): string {
  const visitAll = ({ kind, selections }: SelectionSetNode, parent: string): SelectionSetNode => ({
    kind,
    selections: selections.map((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
      const below = typeBelow(selection, parent);
      const selectionSet = selection.selectionSet && visitAll(selection.selectionSet, below);
      if (selection.kind === Kind.INLINE_FRAGMENT)
        return { ...selection, selectionSet: selectionSet as SelectionSetNode };
      const name = { kind: Kind.NAME, value: visit(parent, selection) } as const;
      return { ...selection, name, ...(selectionSet && { selectionSet }) };
    }),
  });
  const typeBelow = (selection: SelectionNode, parent: string): string => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selection.typeCondition?.name.value ?? parent;
    const field = joined.fieldOf(parent, selection.name.value);
    return field === undefined ? "" : joined.outputIn(graph, field);
  };
  const document = parse(text.trim().startsWith("{") ? text : `{${text}}`, { noLocation: true });
  return stripIgnoredCharacters(
    print(visitAll((document.definitions[0] as OperationDefinitionNode).selectionSet, type)),
  );
}

function contextTypes(document: DocumentNode, joined: JoinedSupergraph) {
  const directiveName = linkedName(document, "context", "context");
  const found = new Map<string, string[]>();
  for (const type of joined.types.values())
    for (const directive of type.directives ?? []) {
      const context = directive.name.value === directiveName ? textOf(directive, "name") : undefined;
      if (context !== undefined) found.set(context, [...(found.get(context) ?? []), type.name.value]);
    }
  return (context: string): readonly string[] => found.get(context) ?? [];
}

function replaced(directive: ConstDirectiveNode, name: string, read: (text: string) => string): ConstDirectiveNode {
  const text = textOf(directive, name);
  return text === undefined ? directive : withValue(directive, name, { kind: Kind.STRING, value: read(text) });
}

function withContexts(
  directive: ConstDirectiveNode,
  read: (text: string, context: string) => string,
): ConstDirectiveNode {
  const list = argumentOf(directive, "contextArguments");
  if (list?.kind !== Kind.LIST) return directive;
  const values = list.values.map((value) => {
    if (value.kind !== Kind.OBJECT) return value;
    const [selection, context] = [memberOf(value, "selection"), memberOf(value, "context")];
    if (selection === undefined || context === undefined) return value;
    const text = { kind: Kind.STRING, value: read(selection, context) } as const;
    const fields = value.fields.map((field) => (field.name.value === "selection" ? { ...field, value: text } : field));
    return { ...value, fields };
  });
  return withValue(directive, "contextArguments", { ...list, values });
}

function memberOf(object: ConstObjectValueNode, name: string): string | undefined {
  const value = object.fields.find((field) => field.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
