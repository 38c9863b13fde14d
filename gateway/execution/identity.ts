/** Who an entity is: the key by which two objects are known to be one person. */
import { Kind, print, type SelectionSetNode, stripIgnoredCharacters } from "graphql";
import { read } from "./complete.ts";
import type { SchemaFacts } from "./schema-facts.ts";

export type Identities = {
  /** The key that most subgraphs know entities of this type by; null for a type without one. */
  keyOf(type: string): SelectionSetNode | null;
  /** What its key says, injectively; null where any of it is not there. Equal texts of one type: one entity. */
  identityOf(object: object, type: string): string | null;
};

const readers = new WeakMap<SchemaFacts, Identities>();

export function identitiesOf(facts: SchemaFacts): Identities {
  let known = readers.get(facts);
  if (!known) {
    known = openIdentities(facts);
    readers.set(facts, known);
  }
  return known;
}

function openIdentities(facts: SchemaFacts): Identities {
  const keys = new Map<string, SelectionSetNode | null>();
  const keyOf = (type: string): SelectionSetNode | null => {
    let key = keys.get(type);
    if (key === undefined) {
      key = mostUsed([...facts.subgraphs.keys()].flatMap((subgraph) => facts.keysOf(type, subgraph)));
      keys.set(type, key);
    }
    return key;
  };
  return {
    keyOf,
    identityOf(object, type) {
      const key = keyOf(type);
      if (key === null) return null;
      const [only, ...more] = key.selections;
      // Nearly every key is one scalar.
      if (only?.kind === Kind.FIELD && !only.selectionSet && more.length === 0)
        return scalarText(read(object, only.name.value));
      const values = valuesOf(object, key);
      return values === null ? null : JSON.stringify(values);
    },
  };
}

function mostUsed(keys: readonly { readonly set: SelectionSetNode }[]): SelectionSetNode | null {
  const byText = Map.groupBy(keys, ({ set }) => stripIgnoredCharacters(print(set)));
  const [first] = [...byText.values()].sort((a, b) => b.length - a.length);
  return first?.[0]?.set ?? null;
}

function scalarText(value: unknown): string | null {
  // One agency may write a number where another writes a text.
  return typeof value === "string" || Number.isSafeInteger(value) ? String(value) : null;
}

function valuesOf(value: unknown, set: SelectionSetNode | undefined): unknown {
  if (!set) return scalarText(value);
  if (Array.isArray(value)) {
    const elements = value.map((each) => valuesOf(each, set));
    return elements.includes(null) ? null : elements;
  }
  if (typeof value !== "object" || value === null) return null;
  const fields = set.selections.map((each) =>
    each.kind === Kind.FIELD ? valuesOf(read(value, each.name.value), each.selectionSet) : null,
  );
  return fields.includes(null) ? null : fields;
}
