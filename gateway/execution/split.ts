/**
 * Two fields of one entity fetch may require one field with different arguments. A representation has room for one value
 * of it, so such a fetch is split into parts, each with representations of its own.
 */
import { type FieldNode, type InlineFragmentNode, Kind, type SelectionNode, type SelectionSetNode } from "graphql";
import type { RequiredSelection } from "./plan.ts";
import type { SchemaFacts } from "./schema-facts.ts";

export type Question = { readonly set: SelectionSetNode; readonly requires: readonly RequiredSelection[] };

export function splitBySynthetics(
  { set, requires, subgraph }: Question & { readonly subgraph: string },
  { facts, synthetics }: { readonly facts: SchemaFacts; readonly synthetics: ReadonlyMap<string, string> },
): readonly Question[] {
  const used = syntheticsIn(requires, synthetics);
  const reals = [...used].map((name) => synthetics.get(name));
  if (new Set(reals).size === reals.length) return [{ set, requires }];

  const parts: { readonly needs: Map<string, string>; readonly fields: Set<FieldNode> }[] = [];
  const place = (type: string, field: FieldNode): void => {
    const required = facts.requiredBy(type, field.name.value, subgraph);
    const needs = required ? namesIn(required).filter((name) => synthetics.has(name)) : [];
    const fits = (part: (typeof parts)[number]) =>
      needs.every((name) => (part.needs.get(synthetics.get(name) as string) ?? name) === name);
    let part = parts.find(fits);
    if (!part) {
      part = { needs: new Map(), fields: new Set() };
      parts.push(part);
    }
    part.fields.add(field);
    for (const name of needs) part.needs.set(synthetics.get(name) as string, name);
  };
  const within = (selection: SelectionNode, type: string): void => {
    if (selection.kind === Kind.FIELD) place(type, selection);
    else if (selection.kind === Kind.INLINE_FRAGMENT)
      for (const each of selection.selectionSet.selections) within(each, selection.typeCondition?.name.value ?? type);
  };
  for (const selection of set.selections) within(selection, "");
  return parts.map(({ needs, fields }) => ({
    set: kept(set, fields),
    requires: without(requires, (name) => synthetics.has(name) && needs.get(synthetics.get(name) as string) !== name),
  }));
}

function syntheticsIn(
  requires: readonly RequiredSelection[],
  synthetics: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const names = requires.flatMap((each): readonly string[] => [
    ...(each.kind === "Field" ? [each.name] : []),
    ...syntheticsIn(each.selections ?? [], synthetics),
  ]);
  return new Set(names.filter((name) => synthetics.has(name)));
}

function namesIn({ selections }: SelectionSetNode): readonly string[] {
  return selections.flatMap((each) => [
    ...(each.kind === Kind.FIELD ? [each.name.value] : []),
    ...(each.kind !== Kind.FRAGMENT_SPREAD && each.selectionSet ? namesIn(each.selectionSet) : []),
  ]);
}

function kept(set: SelectionSetNode, fields: ReadonlySet<FieldNode>): SelectionSetNode {
  const selections = set.selections.flatMap((each): readonly SelectionNode[] => {
    if (each.kind === Kind.FIELD) return fields.has(each) ? [each] : [];
    const inside: InlineFragmentNode | null =
      each.kind === Kind.INLINE_FRAGMENT ? { ...each, selectionSet: kept(each.selectionSet, fields) } : null;
    return inside && inside.selectionSet.selections.length > 0 ? [inside] : [];
  });
  return { ...set, selections };
}

function without(
  requires: readonly RequiredSelection[],
  isLeftOut: (name: string) => boolean,
): readonly RequiredSelection[] {
  return requires.flatMap((each): readonly RequiredSelection[] => {
    if (each.kind === "Field" && isLeftOut(each.name)) return [];
    if (!each.selections) return [each];
    const selections = without(each.selections, isLeftOut);
    return selections.length > 0 ? [{ ...each, selections }] : [];
  });
}
