/**
 * From a valid operation to its normal form: one operation without a name and without fragment spreads, under internal
 * keys, its literals in variables, nothing in it that is never asked. Documents that differ only in how they were written
 * come out the same.
 *
 * INVARIANT: bare names belong to keys, required fields and facts. Whatever a client calls its fields, representations
 * and decisions are the same.
 */
import {
  type DirectiveNode,
  doTypesOverlap,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import type { ClientError } from "../errors.ts";
import { type ArgumentLifter, type ArgumentsForm, argumentLifter, type Slot, type SlotVariable } from "./arguments.ts";
import { isDefer } from "./deferred.ts";
import { fieldDefinition, responseKeyOf, sameArguments } from "./document.ts";

export type NormaliseInput = {
  readonly schema: GraphQLSchema;
  /** Every field name of the supergraph, inaccessible ones included: no internal key is one of them. */
  readonly fieldNames: ReadonlySet<string>;
  /** Fields whose objects stand in keys or are required by other fields. */
  readonly requiredObjects: ReadonlySet<string>;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** False: this `@defer` is stripped. */
  readonly keepsDefer: (defer: DirectiveNode) => boolean;
};

export type NormalOperation = {
  readonly operation: OperationDefinitionNode;
  readonly clientKeys: ReadonlyMap<string, string>;
  readonly deferLabels: ReadonlyMap<string, string | null>;
  /** In the order of their names. */
  readonly variables: readonly SlotVariable[];
};

/** Refuses only what validation cannot know: a literal whose number no variable can carry. */
export function normalise(input: NormaliseInput): NormalOperation | { readonly refused: readonly ClientError[] } {
  const root = input.schema.getRootType(input.operation.operation);
  if (!root) throw new Error("the operation is not valid");
  const lifter = argumentLifter(input.schema, input.operation);
  const writer: Writer = { ...input, lifter };
  const list = openList();
  addSelections(writer, input.operation.selectionSet, { parent: root, scope: openScope(), isRoot: true }, list);
  if (lifter.refused.length > 0) return { refused: lifter.refused };
  const directives = (input.operation.directives ?? []).map(lifter.directive);
  return nameAll(input, list, directives);
}

/**
 * What one response key stands for, wherever in the operation it is met again. Of types that exclude each other a client
 * may ask different fields under one response key; each has a key of its own here: where a subgraph cannot tell the types
 * apart, one would overwrite the other.
 */
type Key = {
  readonly alias: Mutable<string> | null;
  readonly client: string;
  readonly below: KeyScope;
  /** Fields that merge share their variables, or they would differ. */
  readonly form: ArgumentsForm;
};
type KeyScope = { readonly bare: Map<string, Key>; readonly own: Map<string, Key[]> };
/** A name that is written when everything is known. */
type Mutable<T> = { readonly kind: Kind.NAME; value: T };

type Draft =
  | {
      readonly node: FieldNode;
      readonly key: Key;
      readonly slots: readonly Slot[];
      readonly below: DraftList | null;
      readonly label: null;
    }
  | {
      readonly node: InlineFragmentNode;
      readonly key: null;
      readonly slots: readonly Slot[];
      readonly below: DraftList;
      readonly label: Label | null;
    };
type FieldDraft = Draft & { readonly node: FieldNode };
type Label = { readonly name: { readonly kind: Kind.STRING; value: string }; readonly client: string | null };
type DraftList = {
  readonly drafts: Draft[];
  /** Fields that nothing conditions; others of the same key are added to them. */
  readonly plain: Map<Key, { readonly draft: FieldDraft; readonly at: number }>;
  /** Past this index no fragment stands: an object's fields may be moved no further, or the answer's order changes. */
  fragmentsEnd: number;
};
type Writer = NormaliseInput & { readonly lifter: ArgumentLifter };
type Place = { readonly parent: GraphQLCompositeType; readonly scope: KeyScope; readonly isRoot: boolean };

const openScope = (): KeyScope => ({ bare: new Map(), own: new Map() });
const openList = (): DraftList => ({ drafts: [], plain: new Map(), fragmentsEnd: 0 });

function addSelections(writer: Writer, { selections }: SelectionSetNode, place: Place, list: DraftList): void {
  for (const selection of selections) {
    const conditions = unfolded(selection.directives ?? []);
    if (conditions === null) continue;
    if (selection.kind === Kind.FIELD) addField(writer, selection, conditions, place, list);
    else addFragment(writer, selection, conditions, place, list);
  }
}

/** Without `@skip` and `@include` that are decided; null where one of them decides against. */
function unfolded(directives: readonly DirectiveNode[]): readonly DirectiveNode[] | null {
  if (directives.length === 0) return directives;
  const left: DirectiveNode[] = [];
  for (const directive of directives) {
    const name = directive.name.value;
    const condition = directive.arguments?.[0]?.value;
    if ((name !== "skip" && name !== "include") || condition?.kind !== Kind.BOOLEAN) left.push(directive);
    else if (condition.value === (name === "skip")) return null;
  }
  return left;
}

function addField(
  writer: Writer,
  field: FieldNode,
  directives: readonly DirectiveNode[],
  place: Place,
  list: DraftList,
) {
  const definition = fieldDefinition(writer.schema, place.parent, field.name.value);
  if (!definition) throw new Error("the operation is not valid");
  const key = keyOf(writer, place.scope, field, definition.args);
  const type = getNamedType(definition.type);
  const introspects = place.isRoot && (field.name.value === "__schema" || field.name.value === "__type");
  // What describes the schema is never worth waiting for.
  const within: Writer = introspects ? { ...writer, keepsDefer: () => false } : writer;
  const addBelow = (below: DraftList) => {
    if (field.selectionSet && isCompositeType(type))
      addSelections(within, field.selectionSet, { parent: type, scope: key.below, isRoot: false }, below);
  };
  const known = directives.length === 0 ? list.plain.get(key) : undefined;
  if (known && (known.draft.below === null || known.at >= list.fragmentsEnd)) {
    if (known.draft.below) addBelow(known.draft.below);
    return;
  }
  const written = directives.map(writer.lifter.directive);
  const { form } = key;
  const draft: FieldDraft = {
    node: {
      kind: Kind.FIELD,
      ...(key.alias ? { alias: key.alias } : {}),
      name: { kind: Kind.NAME, value: field.name.value },
      ...(form.nodes.length > 0 ? { arguments: form.nodes } : {}),
      ...(written.length > 0 ? { directives: written.map(({ node }) => node) } : {}),
    },
    key,
    slots: [...form.slots, ...written.flatMap(({ slots }) => slots)],
    below: field.selectionSet ? openList() : null,
    label: null,
  };
  if (directives.length === 0) list.plain.set(key, { draft, at: list.drafts.length });
  // What follows of this key comes after what may be left in here, or the answer's order changes.
  else if (draft.below) list.plain.delete(key);
  list.drafts.push(draft);
  if (draft.below) addBelow(draft.below);
}

function isSameForm(a: FieldNode, b: FieldNode): boolean {
  return a.name.value === b.name.value && sameArguments(a.arguments, b.arguments);
}

function keyOf(
  { lifter, requiredObjects }: Writer,
  scope: KeyScope,
  field: FieldNode,
  definitions: readonly GraphQLArgument[],
): Key {
  const client = responseKeyOf(field);
  // `a: a` says nothing that `a` does not: they merge, so they must stay one key.
  // Of an object that others require, the client has one of its own: what fails in it is then not missing in theirs.
  const isRequired = field.selectionSet !== undefined && requiredObjects.has(field.name.value);
  const isBare = client === field.name.value && !field.arguments?.length && !isRequired;
  const alike = scope.own.get(client) ?? [];
  const known = isBare ? scope.bare.get(client) : alike.find(({ form }) => isSameForm(field, form.field));
  if (known) return known;
  const key: Key = {
    alias: isBare ? null : { kind: Kind.NAME, value: "" },
    client,
    below: openScope(),
    form: { field, ...lifter.lift(field.arguments ?? [], definitions) },
  };
  if (isBare) scope.bare.set(client, key);
  else scope.own.set(client, [...alike, key]);
  return key;
}

function addFragment(
  writer: Writer,
  selection: Exclude<SelectionNode, FieldNode>,
  conditions: readonly DirectiveNode[],
  place: Place,
  list: DraftList,
) {
  const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? writer.fragments.get(selection.name.value) : selection;
  if (!fragment) throw new Error("the operation is not valid");
  const condition = fragment.typeCondition?.name.value;
  const type = condition === undefined ? place.parent : writer.schema.getType(condition);
  if (!isCompositeType(type)) throw new Error("the operation is not valid");
  // Through an interface a fragment can be asked where it never applies.
  if (!doTypesOverlap(writer.schema, place.parent, type)) return;
  const isDeferred = conditions.some(
    (each) => isDefer(each) && writer.keepsDefer(each) && !(place.isRoot && introspects(writer, fragment.selectionSet)),
  );
  const written = conditions.filter((each) => !isDefer(each)).map(writer.lifter.directive);
  const narrows = type !== place.parent && !(isObjectType(place.parent) && isAbstractType(type));
  if (!narrows && !isDeferred && written.length === 0) {
    addSelections(writer, fragment.selectionSet, place, list);
    return;
  }
  const below = openList();
  addSelections(writer, fragment.selectionSet, { ...place, parent: narrows ? type : place.parent }, below);
  if (below.drafts.length === 0) return;
  const label = isDeferred ? openLabel(conditions) : null;
  const directives = [...written.map(({ node }) => node), ...(label ? [deferNode(label)] : [])];
  list.drafts.push({
    node: {
      kind: Kind.INLINE_FRAGMENT,
      ...(narrows ? { typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } } } : {}),
      ...(directives.length > 0 ? { directives } : {}),
      selectionSet: { kind: Kind.SELECTION_SET, selections: [] },
    },
    key: null,
    slots: written.flatMap(({ slots }) => slots),
    below,
    label,
  });
  list.fragmentsEnd = list.drafts.length;
}

function introspects(writer: Writer, { selections }: SelectionSetNode): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value === "__schema" || selection.name.value === "__type";
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? writer.fragments.get(selection.name.value) : selection;
    return fragment !== undefined && introspects(writer, fragment.selectionSet);
  });
}

function openLabel(conditions: readonly DirectiveNode[]): Label {
  const label = conditions.find(isDefer)?.arguments?.find(({ name }) => name.value === "label")?.value;
  return { name: { kind: Kind.STRING, value: "" }, client: label?.kind === Kind.STRING ? label.value : null };
}

function deferNode(label: Label): DirectiveNode {
  const name = { kind: Kind.NAME, value: "label" } as const;
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: "defer" },
    arguments: [{ kind: Kind.ARGUMENT, name, value: label.name }],
  };
}

/** Gives every key, variable and label its number, by where it first stands, and puts the parts together. */
function nameAll(
  { fieldNames, operation }: NormaliseInput,
  list: DraftList,
  directives: readonly { readonly node: DirectiveNode; readonly slots: readonly Slot[] }[],
): NormalOperation {
  const clientKeys = new Map<string, string>();
  const deferLabels = new Map<string, string | null>();
  const variables: SlotVariable[] = [];
  let keyCount = 0;
  const nextKey = (): string => {
    const name = `c${++keyCount}_`;
    return fieldNames.has(name) ? nextKey() : name;
  };
  const nameSlot = ({ name, variable }: Slot) => {
    if (name.value !== "") return;
    name.value = `v${variables.length + 1}_`;
    variables.push(variable);
  };
  const close = ({ drafts }: DraftList): SelectionSetNode => ({
    kind: Kind.SELECTION_SET,
    selections: drafts.length > 0 ? drafts.map(closeDraft) : [nothingAsked],
  });
  const closeDraft = ({ node, key, slots, below, label }: Draft): SelectionNode => {
    if (key?.alias && key.alias.value === "") {
      key.alias.value = nextKey();
      clientKeys.set(key.alias.value, key.client);
    }
    slots.forEach(nameSlot);
    if (label) {
      label.name.value = `d${deferLabels.size + 1}_`;
      deferLabels.set(label.name.value, label.client);
    }
    return below ? { ...node, selectionSet: close(below) } : node;
  };
  for (const { slots } of directives) slots.forEach(nameSlot);
  const selectionSet = close(list);
  const definitions = variables.map(({ definition }, index) => definition(`v${index + 1}_`));
  return {
    operation: {
      kind: Kind.OPERATION_DEFINITION,
      operation: operation.operation,
      ...(definitions.length > 0 ? { variableDefinitions: definitions } : {}),
      ...(directives.length > 0 ? { directives: directives.map(({ node }) => node) } : {}),
      selectionSet,
    },
    clientKeys,
    deferLabels,
    variables,
  };
}

/** Stands where everything was skipped: a selection cannot be empty. */
const nothingAsked: FieldNode = {
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: "__typename" },
  directives: [
    {
      kind: Kind.DIRECTIVE,
      name: { kind: Kind.NAME, value: "skip" },
      arguments: [
        { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: "if" }, value: { kind: Kind.BOOLEAN, value: true } },
      ],
    },
  ],
};
