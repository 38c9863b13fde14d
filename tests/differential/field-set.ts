/** Field sets as `@key`, `@requires` and `@fromContext` have them: `id dims(unit: CM) { w } ... on Book { pages }`. */
import { Kind, parse, type SelectionSetNode, valueFromASTUntyped } from "graphql";

export type FieldSet = readonly (
  | { readonly field: string; readonly args: Readonly<Record<string, unknown>>; readonly below: FieldSet | null }
  | { readonly on: string | null; readonly below: FieldSet }
)[];

export function parseFieldSet(text: string): FieldSet {
  const [definition] = parse(`{ ${text} }`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`not a field set: ${text}`);
  return readSelections(definition.selectionSet);
}

function readSelections({ selections }: SelectionSetNode): FieldSet {
  return selections.map((each) => {
    if (each.kind === Kind.FRAGMENT_SPREAD) throw new Error("no fragments in field sets");
    if (each.kind === Kind.INLINE_FRAGMENT)
      return { on: each.typeCondition?.name.value ?? null, below: readSelections(each.selectionSet) };
    const args = Object.fromEntries(
      (each.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
    );
    return {
      field: each.name.value,
      args,
      below: each.selectionSet ? readSelections(each.selectionSet) : null,
    };
  });
}

export type Pick = {
  read(object: object, field: string, args: Readonly<Record<string, unknown>>): unknown;
  isOf(object: object, type: string): boolean;
};

/** What a field set picks out of an object, as plain JSON. Throws what `read` throws, and any Error that is met. */
export function pick(object: object, set: FieldSet, how: Pick): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  const within = (selections: FieldSet): void => {
    for (const each of selections) {
      if ("on" in each) {
        if (each.on === null || how.isOf(object, each.on)) within(each.below);
      } else {
        picked[each.field] = pickValue(how.read(object, each.field, each.args), each.below, how);
      }
    }
  };
  within(set);
  return picked;
}

function pickValue(value: unknown, below: FieldSet | null, how: Pick): unknown {
  if (value instanceof Error) throw value;
  if (Array.isArray(value)) return value.map((each) => pickValue(each, below, how));
  if (below === null || typeof value !== "object" || value === null) return value;
  return pick(value, below, how);
}
