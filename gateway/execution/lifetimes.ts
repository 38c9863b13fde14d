/**
 * How long what a fetch brings may be kept, and under which feeds (`@lifetime` in the supergraph). Of each selected field
 * its own lifetime counts, else its type's, else that of the field around it; of all of them the shortest, and every feed.
 */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { responseKeyOf } from "../operation/document.ts";
import { argumentOf, textOf } from "./planner-join.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { keptFields } from "./selection.ts";

export type Lifetime = {
  readonly seconds: number;
  /** Each once, in the order of their names. */
  readonly feeds: readonly string[];
};

/** By `Type` and by `Type.field`. Null: what is said there cannot be held to, so it is not kept. */
export type Lifetimes = ReadonlyMap<string, Lifetime | null>;

/** Of the whole supergraph; `isLifetime`: whether a directive of this name is ours. Empty where nothing may be kept. */
export function readLifetimes(document: DocumentNode, isLifetime: (directive: string) => boolean): Lifetimes {
  const found = new Map<string, Lifetime | null>();
  const add = (element: string, directives: readonly ConstDirectiveNode[] = []) => {
    for (const each of directives) {
      if (!isLifetime(each.name.value)) continue;
      const given = lifetimeIn(each);
      const known = found.get(element);
      found.set(element, known === undefined ? given : both(known, given));
    }
  };
  for (const definition of document.definitions) {
    if (!isTypeDefinitionNode(definition) && !isTypeExtensionNode(definition)) continue;
    const type = definition.name.value;
    add(type, definition.directives);
    for (const field of "fields" in definition ? (definition.fields ?? []) : [])
      add(`${type}.${field.name.value}`, field.directives as readonly ConstDirectiveNode[]);
  }
  return found;
}

function lifetimeIn(directive: ConstDirectiveNode): Lifetime | null {
  const seconds = argumentOf(directive, "seconds");
  const feed = textOf(directive, "feed");
  if (seconds?.kind !== Kind.INT || Number(seconds.value) < 1 || feed === undefined) return null;
  return { seconds: Number(seconds.value), feeds: [feed] };
}

/** Of what depends on both. */
function both(one: Lifetime | null, other: Lifetime | null): Lifetime | null {
  if (one === null || other === null) return null;
  return {
    seconds: Math.min(one.seconds, other.seconds),
    feeds: [...new Set([...one.feeds, ...other.feeds])].sort(),
  };
}

export type LifetimeSettings = { readonly lifetimes: Lifetimes; readonly schema: GraphQLSchema };

/** Of all that a selection of this type brings; null: it is not kept. */
export function lifetimeOf(settings: LifetimeSettings, set: SelectionSetNode, type: string): Lifetime | null {
  return ofSelections(settings, set, type, null) ?? null;
}

/** Undefined where nothing is selected that counts. `around`: of the field that the selection is of. */
function ofSelections(
  settings: LifetimeSettings,
  { selections }: SelectionSetNode,
  type: string,
  around: Lifetime | null,
): Lifetime | null | undefined {
  return together(selections.map((each) => ofSelection(settings, each, type, around)));
}

function ofSelection(
  settings: LifetimeSettings,
  selection: SelectionNode,
  type: string,
  around: Lifetime | null,
): Lifetime | null | undefined {
  if (selection.kind === Kind.FRAGMENT_SPREAD) throw new Error("fragment spreads are inlined before");
  if (selection.kind === Kind.INLINE_FRAGMENT)
    return ofSelections(settings, selection.selectionSet, selection.typeCondition?.name.value ?? type, around);
  const name = selection.name.value;
  // What something is never changes.
  if (name === "__typename") return undefined;
  const { declared, own } = fieldIn(settings, type, name, around);
  if (own === null || declared === undefined || !selection.selectionSet) return own;
  return together([own, ofSelections(settings, selection.selectionSet, declared, own)]);
}

/** An interface's field may be any of those that stand behind it. */
function fieldIn(
  { lifetimes, schema }: LifetimeSettings,
  type: string,
  name: string,
  around: Lifetime | null,
): { readonly declared: string | undefined; readonly own: Lifetime | null } {
  const given = schema.getType(type);
  const holders = isAbstractType(given) ? [given, ...schema.getPossibleTypes(given)] : [given];
  let declared: string | undefined;
  const found = holders.flatMap((holder) => {
    const field = isObjectType(holder) || isInterfaceType(holder) ? holder.getFields()[name] : undefined;
    if (!holder || !field) return [];
    declared ??= getNamedType(field.type).name;
    const own = [`${holder.name}.${name}`, holder.name].find((each) => lifetimes.has(each));
    if (own !== undefined) return [lifetimes.get(own) ?? null];
    // Fields are those of objects; an interface's own says something only where it says it itself.
    return isObjectType(holder) || holders.length === 1 ? [around] : [];
  });
  return { declared, own: together(found) ?? null };
}

function together(all: readonly (Lifetime | null | undefined)[]): Lifetime | null | undefined {
  return all.reduce((sum, each) => (each === undefined ? sum : sum === undefined ? each : both(sum, each)), undefined);
}

export type LastingPart = { readonly set: SelectionSetNode; readonly lifetime: Lifetime | null };

/**
 * An entity fetch's selection, taken apart by how long its fields may be kept: what is kept for less takes nothing else
 * along. Whole where it is all of one kind. Keys are the entity's own: they are in every part of it.
 */
export function splitByLifetime(
  set: SelectionSetNode,
  subgraph: string,
  facts: SchemaFacts,
  lifetimes: Lifetimes,
): readonly LastingPart[] {
  if (lifetimes.size === 0) return [{ set, lifetime: null }];
  const settings = { lifetimes, schema: facts.schema };
  const byKey = new Map<string, (Lifetime | null)[]>();
  const bounded: { readonly field: FieldNode; readonly key: string }[] = [];
  const unbounded: FieldNode[] = [];
  const within = (selections: readonly SelectionNode[], type: string): void => {
    for (const each of selections) {
      if (each.kind === Kind.INLINE_FRAGMENT)
        within(each.selectionSet.selections, each.typeCondition?.name.value ?? type);
      else if (each.kind === Kind.FIELD) {
        const own = isKey(each, type, subgraph, facts) ? undefined : ofSelection(settings, each, type, null);
        if (own === undefined) {
          unbounded.push(each);
          continue;
        }
        const key = responseKeyOf(each);
        byKey.set(key, [...(byKey.get(key) ?? []), own]);
        bounded.push({ field: each, key });
      }
    }
  };
  within(set.selections, "");
  // Fields of one key are merged, so they are read together.
  const lifetimeOfKey = new Map([...byKey].map(([key, all]) => [key, together(all) ?? null]));
  const groups = [...Map.groupBy(bounded, ({ key }) => JSON.stringify(lifetimeOfKey.get(key))).values()];
  if (groups.length <= 1 || !isOfObjects(set, facts))
    return [{ set, lifetime: together([...lifetimeOfKey.values()]) ?? null }];
  return groups.map((group, index) => {
    const fields = new Set([...group.map(({ field }) => field), ...(index === 0 ? unbounded : [])]);
    return { set: keptFields(set, fields), lifetime: lifetimeOfKey.get(group[0]?.key ?? "") ?? null };
  });
}

/** Else one part may be what says of which type an entity is, and another be asked of that type alone. */
function isOfObjects({ selections }: SelectionSetNode, { schema }: SchemaFacts): boolean {
  return selections.every(
    (each) =>
      each.kind === Kind.INLINE_FRAGMENT &&
      each.typeCondition !== undefined &&
      isObjectType(schema.getType(each.typeCondition.name.value)) &&
      each.selectionSet.selections.every((below) => below.kind === Kind.FIELD || !hasCondition(below)),
  );
}

function hasCondition(selection: SelectionNode): boolean {
  if (selection.kind !== Kind.INLINE_FRAGMENT) return selection.kind === Kind.FRAGMENT_SPREAD;
  return selection.typeCondition !== undefined || selection.selectionSet.selections.some(hasCondition);
}

function isKey(field: FieldNode, type: string, subgraph: string, { keysOf }: SchemaFacts): boolean {
  return (
    !field.arguments?.length &&
    keysOf(type, subgraph).some(({ set }) =>
      set.selections.some((each) => each.kind === Kind.FIELD && each.name.value === field.name.value),
    )
  );
}
