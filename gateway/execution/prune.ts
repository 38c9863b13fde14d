/**
 * Takes what a caller is refused out of an operation, and what needs no asking, before anything of it is planned. Which
 * fields those are depends on the type of object that is there: where types of one selection differ, it is written out for
 * each that may be seen.
 *
 * INVARIANT: whether a field is asked depends on the object's own type and the field's own name, never on an alias, on a
 * fragment or on the interface through which it was come to.
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { QueryPlanningFailed } from "./plan.ts";
import type { Rights } from "./rights.ts";
import { compositeType, typeBelow } from "./shape.ts";

export type Pruned = {
  /** Empty where nothing is left. */
  readonly set: SelectionSetNode;
  /** What was left out, as the schema names it: `Person.addresses`, or a type. */
  readonly refused: ReadonlySet<string>;
};

/** Selections written out for single types. More would be an operation that is written to be long. */
const maxFragments = 1000;

/** `set` has no fragment spreads. Throws QueryPlanningFailed where too much would have to be written out. */
export function prune(schema: GraphQLSchema, rights: Rights, root: GraphQLObjectType, set: SelectionSetNode): Pruned {
  const refused = new Set<string>();
  const pruner: Pruner = { schema, rights, root, refused, fragments: 0 };
  return { set: selected(pruner, set, placeOf(pruner, root)), refused };
}

type Pruner = {
  readonly schema: GraphQLSchema;
  readonly rights: Rights;
  readonly root: GraphQLObjectType;
  readonly refused: Set<string>;
  fragments: number;
};

type Place = {
  readonly declared: GraphQLCompositeType;
  /** Of which an object here may be and may be seen. */
  readonly types: readonly GraphQLObjectType[];
  /** Of which an object here may be and may not be seen. */
  readonly refusedTypes: readonly string[];
  /** The schema alone says of which type an object here is. */
  readonly isKnown: boolean;
};

function placeOf({ schema, rights }: Pruner, declared: GraphQLCompositeType): Place {
  const all = isObjectType(declared) ? [declared] : schema.getPossibleTypes(declared);
  const isSeen = ({ name }: GraphQLObjectType) => !rights.refusesType(name);
  return {
    declared,
    types: all.filter(isSeen),
    refusedTypes: all.filter((type) => !isSeen(type)).map(({ name }) => name),
    isKnown: isObjectType(declared),
  };
}

/** What a field's selection is when nothing is left of it: the object is there all the same. */
const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

function selected(pruner: Pruner, { selections }: SelectionSetNode, place: Place): SelectionSetNode {
  const kept: SelectionNode[] = [];
  const byType = new Map<GraphQLObjectType, SelectionNode[]>();
  let asksTypename = false;
  for (const each of selections) {
    if (each.kind === Kind.FRAGMENT_SPREAD) continue;
    if (each.kind === Kind.INLINE_FRAGMENT) kept.push(...fragment(pruner, each, place));
    else if (each.name.value === "__typename" && place.declared !== pruner.root) asksTypename = true;
    else if (each.name.value.startsWith("__")) kept.push(each);
    else if (!isMixed(pruner, each, place)) kept.push(...field(pruner, each, place));
    else {
      for (const name of place.refusedTypes) pruner.refused.add(name);
      for (const type of place.types)
        add(byType, type, field(pruner, each, { declared: type, types: [type], refusedTypes: [], isKnown: true }));
    }
  }
  for (const [type, own] of byType) kept.push(fragmentOn(pruner, type, own));
  // The type tells what of the object may be seen: it is always asked where that differs.
  const typeTells = !isObjectType(place.declared) && (place.refusedTypes.length > 0 || byType.size > 0);
  // Where everybody knows it the planner is not told: it makes a fetch of its own for it, and loses the order of others.
  if (typeTells || (asksTypename && !place.isKnown)) kept.push(typename);
  return { kind: Kind.SELECTION_SET, selections: kept };
}

/** Whether some of the objects that may stand here are refused, or refuse this field, and others are not. */
function isMixed({ rights }: Pruner, { name }: FieldNode, { declared, types, refusedTypes }: Place): boolean {
  if (isObjectType(declared) || types.length === 0) return false;
  const open = types.filter((type) => !rights.refusesField(type.name, name.value)).length;
  return open > 0 && (refusedTypes.length > 0 || open < types.length);
}

function field(pruner: Pruner, node: FieldNode, { declared, types }: Place): readonly FieldNode[] {
  const { rights, refused } = pruner;
  const name = node.name.value;
  const isRefused =
    types.length > 0
      ? types.every((type) => rights.refusesField(type.name, name))
      : rights.refusesField(declared.name, name);
  if (isRefused) {
    refused.add(`${declared.name}.${name}`);
    return [];
  }
  const below = node.selectionSet ? typeBelow(declared, name) : null;
  if (!node.selectionSet || !below) return [node];
  const selectionSet = selected(pruner, node.selectionSet, placeOf(pruner, below));
  return [
    {
      ...node,
      selectionSet: selectionSet.selections.length > 0 ? selectionSet : { ...selectionSet, selections: [typename] },
    },
  ];
}

function fragment(pruner: Pruner, node: InlineFragmentNode, place: Place): readonly InlineFragmentNode[] {
  const condition = node.typeCondition?.name.value;
  const declared = condition === undefined ? place.declared : compositeType(pruner.schema, condition);
  const within = placeOf(pruner, declared);
  const types = within.types.filter((type) => place.types.includes(type));
  // What has no object types at all is known by its own name alone.
  const isOpen =
    types.length > 0 ||
    (!isObjectType(declared) && within.refusedTypes.length === 0 && !pruner.rights.refusesType(declared.name));
  if (!isOpen) {
    pruner.refused.add(declared.name);
    return [];
  }
  const refusedTypes = within.refusedTypes.filter((name) => place.refusedTypes.includes(name));
  const selectionSet = selected(pruner, node.selectionSet, { declared, types, refusedTypes, isKnown: place.isKnown });
  return selectionSet.selections.length > 0 ? [{ ...node, selectionSet }] : [];
}

function fragmentOn(
  pruner: Pruner,
  { name }: GraphQLObjectType,
  selections: readonly SelectionNode[],
): InlineFragmentNode {
  pruner.fragments += 1;
  if (pruner.fragments > maxFragments) throw new QueryPlanningFailed("too much would have to be written out");
  return {
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } },
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
}

function add<Key, Value>(lists: Map<Key, Value[]>, key: Key, values: readonly Value[]): void {
  if (values.length > 0) lists.set(key, [...(lists.get(key) ?? []), ...values]);
}
