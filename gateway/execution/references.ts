/**
 * References: entities of which an answer says nothing but who they are. Those to one entity at one place of the
 * operation become one object, however many lists it stands in, so that whatever is fetched of it is put together, and
 * projected, once. INVARIANT: never those at two places, of which different requests may say different things.
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLOutputType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import { responseKeyOf } from "../operation/document.ts";
import { Code } from "./code.ts";
import { read } from "./complete.ts";
import { eachAt } from "./gather.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { fieldType, listsOf, typeBelow } from "./shape.ts";
import type { Place } from "./units.ts";

/** From the objects of one answer, in place. True: one object stands at several places from now on. */
export type Unify = (answered: readonly (object | null)[]) => boolean;

export type ReferencePlace = { readonly place: Place; readonly type: string; readonly key: string };

/**
 * Where a selection of objects of this type has references by a single field, and of an object type whose name tells all
 * of it. Not where anything is left out by a variable: some of them would say more than others.
 */
export function referencePlaces(
  set: SelectionSetNode,
  type: GraphQLCompositeType,
  facts: SchemaFacts,
): readonly ReferencePlace[] {
  const found: ReferencePlace[] = [];
  const walk = (sets: readonly SelectionSetNode[], holder: GraphQLCompositeType, above: Place): void => {
    for (const [key, fields] of fieldsOf(sets, holder, facts)) {
      const below = typesBelow(fields);
      const [only] = below;
      // Types that differ by what holds them are left alone.
      if (only === undefined || below.length > 1) continue;
      const [{ field, holder: first }] = fields as readonly [Selected];
      const declared = fieldType(first, field.name.value) as GraphQLOutputType;
      const place = [...above, { key, lists: listsOf(declared) }];
      const inner = fields.flatMap(({ field }) => field.selectionSet ?? []);
      const reference = referenceKey(inner, only, facts);
      if (reference !== null) found.push({ place, type: only.name, key: reference });
      else walk(inner, only, place);
    }
  };
  walk([set], type, []);
  return found;
}

type Selected = { readonly field: FieldNode; readonly holder: GraphQLCompositeType };

function fieldsOf(
  sets: readonly SelectionSetNode[],
  holder: GraphQLCompositeType,
  { schema }: SchemaFacts,
): ReadonlyMap<string, readonly Selected[]> {
  const found = new Map<string, Selected[]>();
  const collect = ({ selections }: SelectionSetNode, within: GraphQLCompositeType): void => {
    for (const each of selections) {
      if (each.kind === Kind.FIELD) {
        const key = responseKeyOf(each);
        found.set(key, [...(found.get(key) ?? []), { field: each, holder: within }]);
      } else if (each.kind === Kind.INLINE_FRAGMENT) {
        const condition = each.typeCondition && schema.getType(each.typeCondition.name.value);
        collect(each.selectionSet, (condition as GraphQLCompositeType | undefined) ?? within);
      }
    }
  };
  for (const set of sets) collect(set, holder);
  return found;
}

function typesBelow(fields: readonly Selected[]): readonly GraphQLCompositeType[] {
  return [...new Set(fields.flatMap(({ field, holder }) => typeBelow(holder, field.name.value) ?? []))];
}

/** The field by which it is known; null where anything else is selected, or the field is no key of its type. */
function referenceKey(
  sets: readonly SelectionSetNode[],
  type: GraphQLCompositeType,
  { subgraphs, keysOf }: SchemaFacts,
): string | null {
  if (!isObjectType(type)) return null;
  const names = new Set<string>();
  for (const each of sets.flatMap(({ selections }) => selections)) {
    if (each.kind !== Kind.FIELD || each.alias || each.selectionSet || each.directives?.length) return null;
    names.add(each.name.value);
  }
  if (!names.delete("__typename") || names.size !== 1) return null;
  const [key] = names as unknown as readonly [string];
  const isKey = [...subgraphs.keys()].some((subgraph) =>
    keysOf(type.name, subgraph).some(
      ({ set: { selections } }) =>
        selections.length === 1 && selections[0]?.kind === Kind.FIELD && selections[0].name.value === key,
    ),
  );
  return isKey ? key : null;
}

/** Null where there are none. */
export function unifying(places: readonly ReferencePlace[]): Unify | null {
  if (places.length === 0) return null;
  const kinds = places.map((each, index) => ({ ...each, parameter: `l${index}` }));
  let unify: ((source: object, ...seen: Seen[]) => void) | null = null;
  return (answered) => {
    unify ??= compileUnify(kinds);
    const seen = kinds.map(({ type, key }) => new Seen(type, key));
    for (const each of answered) if (each !== null) unify(each, ...seen);
    return seen.some(({ isUnified }) => isUnified);
  };
}

/** The references at one place that an answer has had so far. */
class Seen {
  readonly #type: string;
  readonly #key: string;
  readonly #first = new Map<unknown, object>();
  isUnified = false;

  constructor(type: string, key: string) {
    this.#type = type;
    this.#key = key;
  }

  /** The one that stands for it from now on. */
  of(reference: object): object {
    const key = read(reference, this.#key);
    if (typeof key !== "string" && !Number.isSafeInteger(key)) return reference;
    if (read(reference, "__typename") !== this.#type) return reference;
    const first = this.#first.get(key);
    if (first !== undefined) {
      this.isUnified = true;
      return first;
    }
    this.#first.set(key, reference);
    return reference;
  }
}

function compileUnify(
  kinds: readonly { readonly place: Place; readonly parameter: string }[],
): (source: object, ...seen: Seen[]) => void {
  const code = new Code();
  const lines = kinds.map(({ place, parameter }) =>
    eachAt(code, "s", place, (object, slot) => {
      const one = code.variable();
      return `const ${one}=${parameter}.of(${object});if(${one}!==${object})${slot}=${one};`;
    }),
  );
  return code.function(["s", ...kinds.map(({ parameter }) => parameter)], lines.join("")) as never;
}
