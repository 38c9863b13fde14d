/**
 * Client names are not internal names. Every client field that is aliased or has arguments gets
 * a key that no schema field has, and variables and fragments get names of ours; what comes back is put under the
 * client's keys again.
 *
 * INVARIANT: bare names belong to keys, required fields and facts. Whatever a client calls its fields, representations
 * and decisions are the same.
 */
import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode, visit } from "graphql";
import type { Path } from "../errors.ts";
import { fragmentsOf, operationOf, responseKeyOf } from "./document.ts";

/** By internal key: the client's key, and the same for what lies below (null for a leaf). */
export type KeyTree = ReadonlyMap<string, KeyNode>;
export type KeyNode = { readonly responseKey: string; readonly below: KeyTree | null };

export type InternalOperation = {
  /** One unnamed operation and its fragments, under internal names. */
  readonly document: DocumentNode;
  readonly keys: KeyTree;
  /** Client's variable name → internal name. */
  readonly variables: ReadonlyMap<string, string>;
};

/**
 * Renames a valid document of exactly one operation. `fieldNames`: every field name of the supergraph, inaccessible ones
 * included.
 */
export function toInternalNames(document: DocumentNode, fieldNames: ReadonlySet<string>): InternalOperation {
  const keys = names("c", fieldNames);
  const variables = names("v");
  const fragments = names("f");
  const renamed: DocumentNode = visit(document, {
    OperationDefinition: ({ name: _name, ...operation }) => operation,
    Field: (field) => {
      const { alias, ...bare } = field;
      return isBare(field) ? bare : { ...field, alias: nameNode(keys.of(alias?.value ?? field.name.value)) };
    },
    Variable: (variable) => ({ ...variable, name: nameNode(variables.of(variable.name.value)) }),
    FragmentDefinition: (fragment) => ({ ...fragment, name: nameNode(fragments.of(fragment.name.value)) }),
    FragmentSpread: (spread) => ({ ...spread, name: nameNode(fragments.of(spread.name.value)) }),
  });
  const clientKeys = new Map([...keys.all].map(([client, internal]) => [internal, client]));
  return { document: renamed, keys: keyTree(renamed, clientKeys), variables: variables.all };
}

/** Puts data under the client's keys, in the order of the operation. What it did not ask for is left out. */
export function toClientKeys(value: unknown, keys: KeyTree): unknown {
  if (Array.isArray(value)) return value.map((element) => toClientKeys(element, keys));
  if (typeof value !== "object" || value === null) return value;
  // No prototype: a client may call a field `__proto__`.
  const renamed: Record<string, unknown> = Object.create(null);
  for (const [key, { responseKey, below }] of keys) {
    if (!Object.hasOwn(value, key)) continue;
    const element = (value as Record<string, unknown>)[key];
    renamed[responseKey] = below ? toClientKeys(element, below) : element;
  }
  return renamed;
}

/** The same for an error's path. */
export function toClientPath(path: Path, keys: KeyTree): Path {
  let level: KeyTree | null = keys;
  return path.map((step) => {
    if (typeof step === "number") return step;
    const node: KeyNode | undefined = level?.get(step);
    level = node?.below ?? null;
    return node?.responseKey ?? step;
  });
}

/** `a: a` says nothing that `a` does not: they merge, so they must stay one key. */
function isBare({ alias, name, arguments: args }: FieldNode): boolean {
  return (alias === undefined || alias.value === name.value) && !args?.length;
}

function nameNode(value: string) {
  return { kind: Kind.NAME, value } as const;
}

/** Numbered names, the same for the same client name throughout the document. */
function names(prefix: string, taken: ReadonlySet<string> = new Set()) {
  const all = new Map<string, string>();
  let count = 0;
  const next = (): string => {
    const name = `${prefix}${++count}_`;
    return taken.has(name) ? next() : name;
  };
  const of = (client: string): string => {
    const name = all.get(client) ?? next();
    all.set(client, name);
    return name;
  };
  return { all, of };
}

type MutableKeyTree = Map<string, { responseKey: string; below: MutableKeyTree | null }>;

function keyTree(document: DocumentNode, clientKeys: ReadonlyMap<string, string>): KeyTree {
  const fragments = fragmentsOf(document);
  const add = ({ selections }: SelectionSetNode, tree: MutableKeyTree): MutableKeyTree => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = responseKeyOf(selection);
        const node = tree.get(key) ?? { responseKey: clientKeys.get(key) ?? key, below: null };
        if (selection.selectionSet) node.below = add(selection.selectionSet, node.below ?? new Map());
        tree.set(key, node);
      } else {
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
        if (fragment) add(fragment.selectionSet, tree);
      }
    }
    return tree;
  };
  return add(operationOf(document).selectionSet, new Map());
}
