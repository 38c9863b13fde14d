/**
 * Splits an entity fetch by what its fields require: each part has representations of its own. So what could not be had
 * for one field takes no other along; and two fields that require one field with different arguments each get their value
 * of it.
 */
import { type FieldNode, Kind, type SelectionNode, type SelectionSetNode } from "graphql";
import type { RequiredSelection } from "./plan.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { keptFields } from "./selection.ts";

export type Question = { readonly set: SelectionSetNode; readonly requires: readonly RequiredSelection[] };

export function splitByNeeds(
  { set, requires, subgraph }: Question & { readonly subgraph: string },
  facts: SchemaFacts,
): readonly Question[] {
  const parts = new Map<string, { readonly needs: ReadonlySet<string>; readonly fields: Set<FieldNode> }>();
  const keys = new Set<string>();
  const within = (selection: SelectionNode, type: string): void => {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value ?? type;
      for (const key of facts.keysOf(condition, subgraph)) for (const path of pathsIn(key.set)) keys.add(path);
      for (const each of selection.selectionSet.selections) within(each, condition);
    } else if (selection.kind === Kind.FIELD) {
      const required = facts.requiredBy(type, selection.name.value, subgraph);
      const needs = new Set(required ? pathsIn(required) : []);
      const signature = [...needs].sort().join(" ");
      const part = parts.get(signature) ?? { needs, fields: new Set() };
      part.fields.add(selection);
      parts.set(signature, part);
    }
  };
  for (const selection of set.selections) within(selection, "");
  if (parts.size <= 1) return [{ set, requires }];

  const all = new Set([...parts.values()].flatMap(({ needs }) => [...needs]));
  return [...parts.values()].map(({ needs, fields }) => ({
    set: keptFields(set, fields),
    requires: without(requires, "", (path) => all.has(path) && !needs.has(path) && !keys.has(path)),
  }));
}

/** Of the leaves; names joined by dots. */
function pathsIn({ selections }: SelectionSetNode): readonly string[] {
  return selections.flatMap((each): readonly string[] => {
    if (each.kind === Kind.FRAGMENT_SPREAD) return [];
    const below = each.selectionSet ? pathsIn(each.selectionSet) : null;
    if (each.kind === Kind.INLINE_FRAGMENT) return below ?? [];
    return below === null ? [each.name.value] : below.map((path) => `${each.name.value}.${path}`);
  });
}

function without(
  requires: readonly RequiredSelection[],
  above: string,
  isLeftOut: (path: string) => boolean,
): readonly RequiredSelection[] {
  return requires.flatMap((each): readonly RequiredSelection[] => {
    if (each.kind === "InlineFragment") return [{ ...each, selections: without(each.selections, above, isLeftOut) }];
    const path = above + each.name;
    if (!each.selections) return isLeftOut(path) ? [] : [each];
    const selections = without(each.selections, `${path}.`, isLeftOut);
    return selections.length > 0 ? [{ ...each, selections }] : [];
  });
}
