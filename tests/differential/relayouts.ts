/**
 * The same operation written differently: other aliases, other variable names, fragments laid out otherwise. `restored`
 * puts an answer to it under the original's response keys.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import { nameNode } from "./arguments.ts";
import type { Answer, Path } from "./compare.ts";
import type { Draw } from "./draw.ts";
import type { Operation } from "./operations.ts";

export type Relayout = { readonly operation: Operation; restored(answer: Answer): Answer };

/** By the new response key: the original's, and the same for what lies below. */
type Renames = Map<string, { readonly original: string; readonly below: Renames }>;

/** `bare`: no alias that is not needed; else every field gets one of these. */
export function relayout(operation: Operation, draw: Draw, aliases: readonly string[] | "bare"): Relayout {
  const { document, operationName } = operation;
  const original = chosen(document, operationName);
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const inlined = inline(original.selectionSet, fragments);
  const renames: Renames = new Map();
  const renamed = renameKeys([inlined], renames, draw, aliases)[0] as SelectionSetNode;
  const { name: _name, ...unnamed } = original;
  const laidOut: OperationDefinitionNode = {
    ...unnamed,
    ...(draw.chance(50) ? { name: nameNode("Renamed") } : {}),
    selectionSet: wrapSome(renamed, draw),
  };
  const named = draw.chance(50)
    ? withNamedFragments(laidOut)
    : ({ kind: Kind.DOCUMENT, definitions: [laidOut] } as const);
  return {
    operation: withOtherVariables({ document: named, variables: operation.variables, operationName: null }),
    restored: ({ data, errors }) => ({
      data: restoreData(data, renames),
      errors: errors?.map(({ path = [] }) => ({ path: restorePath(path, renames) })),
    }),
  };
}

function chosen({ definitions }: DocumentNode, operationName: string | null): OperationDefinitionNode {
  const operations = definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  const found = operations.find(({ name }) => operationName === null || name?.value === operationName);
  if (!found) throw new Error("no such operation");
  return found;
}

function inline(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): SelectionSetNode {
  const selections = set.selections.map((each): SelectionNode => {
    if (each.kind !== Kind.FRAGMENT_SPREAD)
      return each.selectionSet ? { ...each, selectionSet: inline(each.selectionSet, fragments) } : each;
    const fragment = fragments.get(each.name.value);
    if (!fragment) throw new Error("no such fragment");
    const { typeCondition, selectionSet } = fragment;
    const { directives = [] } = each;
    return { kind: Kind.INLINE_FRAGMENT, typeCondition, directives, selectionSet: inline(selectionSet, fragments) };
  });
  return { ...set, selections };
}

const keyOf = ({ alias, name }: FieldNode) => alias?.value ?? name.value;

/** Sets that stand at one place of the answer are renamed together: what had one key has one again. */
function renameKeys(
  sets: readonly SelectionSetNode[],
  renames: Renames,
  draw: Draw,
  aliases: readonly string[] | "bare",
): readonly SelectionSetNode[] {
  const fields = new Map<string, FieldNode[]>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const each of selections)
      if (each.kind === Kind.FIELD) fields.set(keyOf(each), [...(fields.get(keyOf(each)) ?? []), each]);
      else if (each.kind === Kind.INLINE_FRAGMENT) collect(each.selectionSet);
  };
  for (const each of sets) collect(each);
  const rewritten = new Map<FieldNode, FieldNode>();
  for (const [original, nodes] of fields) {
    const names = new Set(nodes.map(({ name }) => name.value));
    const wanted = aliases === "bare" ? [...names][0] : draw.of(aliases);
    const key = wanted && !renames.has(wanted) && wanted !== "__typename" ? wanted : `r${renames.size}`;
    const below: Renames = new Map();
    renames.set(key, { original, below });
    const under = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const done = renameKeys(under, below, draw, aliases);
    for (const node of nodes) {
      const { alias: _alias, ...bare } = node;
      const at = node.selectionSet ? under.indexOf(node.selectionSet) : -1;
      const selectionSet = done[at];
      const named = key === node.name.value ? bare : { ...bare, alias: nameNode(key) };
      rewritten.set(node, selectionSet ? { ...named, selectionSet } : named);
    }
  }
  const rewrite = (set: SelectionSetNode): SelectionSetNode => ({
    ...set,
    selections: set.selections.map((each): SelectionNode => {
      if (each.kind === Kind.FIELD) return rewritten.get(each) ?? each;
      return each.kind === Kind.INLINE_FRAGMENT ? { ...each, selectionSet: rewrite(each.selectionSet) } : each;
    }),
  });
  return sets.map(rewrite);
}

/** Wraps some selections into fragments that change nothing. */
function wrapSome(set: SelectionSetNode, draw: Draw): SelectionSetNode {
  const always = {
    kind: Kind.DIRECTIVE,
    name: nameNode("include"),
    arguments: [{ kind: Kind.ARGUMENT, name: nameNode("if"), value: { kind: Kind.BOOLEAN, value: true } }],
  } as const;
  const selections = set.selections.map((each): SelectionNode => {
    const inner =
      each.kind !== Kind.FRAGMENT_SPREAD && each.selectionSet
        ? { ...each, selectionSet: wrapSome(each.selectionSet, draw) }
        : each;
    if (!draw.chance(20)) return inner;
    const directives = draw.chance(30) ? [always] : [];
    return { kind: Kind.INLINE_FRAGMENT, directives, selectionSet: { kind: Kind.SELECTION_SET, selections: [inner] } };
  });
  return { ...set, selections };
}

/** Every inline fragment with a type becomes a named one. */
function withNamedFragments(operation: OperationDefinitionNode): DocumentNode {
  const fragments: FragmentDefinitionNode[] = [];
  const within = (set: SelectionSetNode): SelectionSetNode => ({
    ...set,
    selections: set.selections.map((each): SelectionNode => {
      if (each.kind === Kind.FRAGMENT_SPREAD || !each.selectionSet) return each;
      const below = { ...each, selectionSet: within(each.selectionSet) };
      if (below.kind !== Kind.INLINE_FRAGMENT || !below.typeCondition) return below;
      const { typeCondition, selectionSet, directives = [] } = below;
      const name = nameNode(`N${fragments.length}`);
      fragments.push({ kind: Kind.FRAGMENT_DEFINITION, name, typeCondition, selectionSet });
      return { kind: Kind.FRAGMENT_SPREAD, name, directives };
    }),
  });
  const selectionSet = within(operation.selectionSet);
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }, ...fragments] };
}

function withOtherVariables({ document, variables, operationName }: Operation): Operation {
  const other = (name: string) => `other_${name}`;
  return {
    document: visit(document, {
      Variable: (variable) => ({ ...variable, name: nameNode(other(variable.name.value)) }),
    }),
    variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [other(name), value])),
    operationName,
  };
}

function restoreData(value: unknown, renames: Renames): unknown {
  if (Array.isArray(value)) return value.map((each) => restoreData(each, renames));
  if (typeof value !== "object" || value === null || renames.size === 0) return value;
  const restored: Record<string, unknown> = Object.create(null);
  for (const [key, each] of Object.entries(value)) {
    const rename = renames.get(key);
    restored[rename?.original ?? `not asked for: ${key}`] = rename ? restoreData(each, rename.below) : each;
  }
  return restored;
}

function restorePath(path: Path, renames: Renames): Path {
  let level: Renames | undefined = renames;
  return path.map((step) => {
    if (typeof step === "number") return step;
    const rename: ReturnType<Renames["get"]> = level?.get(step);
    level = rename?.below;
    return rename?.original ?? step;
  });
}
