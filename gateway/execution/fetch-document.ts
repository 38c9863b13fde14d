/**
 * The documents of fetches: read from a plan, prepared for what the executor needs (real names in the place of synthetic
 * ones, keys to be echoed), and printed, several entity fetches as one document with aliases.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
} from "graphql";
import { responseKeyOf } from "../operation/document.ts";
import type { FetchNode, KeyRenamer, Rewrite } from "./plan.ts";
import type { SchemaFacts } from "./schema-facts.ts";

export type FetchDocument = {
  readonly variables: readonly VariableDefinitionNode[];
  /** Of the root, or of the entities. */
  readonly selectionSet: SelectionSetNode;
};

/** Without named fragments and synthetic names. For an entity fetch: what is selected of the entities. */
export function readFetchDocument(fetch: FetchNode, synthetics: ReadonlyMap<string, string>): FetchDocument {
  const { definitions } = parse(fetch.operation, { noLocation: true });
  const fragments = new Map(
    definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [])),
  );
  const operation = definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode;
  const root = written(operation.selectionSet, fragments, synthetics);
  const variables = (operation.variableDefinitions ?? []).filter(
    ({ variable }) => !fetch.requires || variable.name.value !== "representations",
  );
  const [entities] = root.selections;
  const isEntities = fetch.requires && entities?.kind === Kind.FIELD && entities.selectionSet;
  return { variables, selectionSet: isEntities ? (entities as FieldNode).selectionSet! : root };
}

function written(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  synthetics: ReadonlyMap<string, string>,
): SelectionSetNode {
  const selections = set.selections.map((selection): SelectionNode => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(selection.name.value);
      if (!fragment) throw new Error("the plan spreads a fragment that it does not have");
      return {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition: fragment.typeCondition,
        ...(selection.directives ? { directives: selection.directives } : {}),
        selectionSet: written(fragment.selectionSet, fragments, synthetics),
      };
    }
    const below = selection.selectionSet
      ? { selectionSet: written(selection.selectionSet, fragments, synthetics) }
      : {};
    if (selection.kind === Kind.INLINE_FRAGMENT) return { ...selection, ...below } as SelectionNode;
    const real = synthetics.get(selection.name.value);
    if (real === undefined) return { ...selection, ...below };
    const alias = selection.alias ?? selection.name;
    return { ...selection, alias, name: { kind: Kind.NAME, value: real }, ...below };
  });
  return { kind: Kind.SELECTION_SET, selections };
}

/** The same selection under the keys that its values have after the fetch's output rewrites. */
export function afterRewrites(set: SelectionSetNode, rewrites: readonly Rewrite[] | undefined): SelectionSetNode {
  const renamers = (rewrites ?? []).filter((each): each is KeyRenamer => each.kind === "KeyRenamer");
  return renamers.length === 0 ? set : renamed(set, renamers);
}

function renamed(set: SelectionSetNode, renamers: readonly KeyRenamer[]): SelectionSetNode {
  const selections = set.selections.map((selection): SelectionNode => {
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return { ...selection, selectionSet: renamed(selection.selectionSet, renamers) };
    if (selection.kind !== Kind.FIELD) return selection;
    const key = responseKeyOf(selection);
    const fieldsOf = ({ path }: KeyRenamer) => path.filter((step) => !step.startsWith("... on "));
    const here = renamers.find((each) => fieldsOf(each).length === 1 && fieldsOf(each)[0] === key);
    const below = renamers.flatMap((each) => {
      const [first, ...rest] = fieldsOf(each);
      return first === key && rest.length > 0 ? [{ ...each, path: rest }] : [];
    });
    return {
      ...selection,
      ...(here ? { alias: { kind: Kind.NAME, value: here.renameKeyTo } } : {}),
      ...(selection.selectionSet ? { selectionSet: renamed(selection.selectionSet, below) } : {}),
    };
  });
  return { ...set, selections };
}

/** A field of the key by which a subgraph finds entities of a type. */
export type KeyField = {
  readonly key: string;
  /** Its key in the answer. */
  readonly answered: string;
  readonly below: readonly KeyField[];
};
export type UsedKey = {
  readonly condition: string;
  readonly fields: readonly KeyField[];
  /** Whether it is selected back, to see that the answer is about the entity that was asked for. */
  readonly isEchoed: boolean;
};

/**
 * Selects back, in each fragment of an entity selection, the key by which this subgraph finds the entity. `isSent`: whether
 * every field of the key stands in the representations.
 */
export function withEcho(
  set: SelectionSetNode,
  subgraph: string,
  facts: SchemaFacts,
  isSent: (condition: string, key: SelectionSetNode) => boolean,
): { readonly selectionSet: SelectionSetNode; readonly keys: readonly UsedKey[] } {
  const keys: UsedKey[] = [];
  const selections = set.selections.map((selection): SelectionNode => {
    if (selection.kind !== Kind.INLINE_FRAGMENT || !selection.typeCondition) return selection;
    const condition = selection.typeCondition.name.value;
    const sent = facts.keysOf(condition, subgraph).filter((each) => isSent(condition, each.set));
    const key = sent.find(({ isOwn }) => isOwn) ?? sent[0];
    if (!key) return selection;
    const isEchoed = key.isOwn && !selection.directives?.length;
    const index = keys.length;
    const answered = (name: string): string =>
      isEchoed && differs(facts, condition, name, set) ? `_k${index}_${name}` : name;
    keys.push({ condition, fields: keyFields(key.set, answered), isEchoed });
    if (!isEchoed) return selection;
    const present = new Set(
      selection.selectionSet.selections.map((each) =>
        each.kind === Kind.FIELD && !each.selectionSet && !each.directives?.length ? responseKeyOf(each) : "",
      ),
    );
    const echoed = key.set.selections.flatMap((each): readonly SelectionNode[] => {
      if (each.kind !== Kind.FIELD) return [each];
      const name = answered(each.name.value);
      if (name === each.name.value) return present.has(name) ? [] : [each];
      return [{ ...each, alias: { kind: Kind.NAME, value: name } }];
    });
    return {
      ...selection,
      selectionSet: { ...selection.selectionSet, selections: [...selection.selectionSet.selections, ...echoed] },
    };
  });
  return { selectionSet: { ...set, selections }, keys };
}

/** Whether another fragment's type has a field of this name and of another type: under one key, they would conflict. */
function differs({ schema }: SchemaFacts, condition: string, name: string, { selections }: SelectionSetNode): boolean {
  const typeIn = (typename: string): string | null => {
    const type = schema.getType(typename);
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    return field ? String(field.type) : null;
  };
  const own = typeIn(condition);
  return selections.some((each) => {
    if (each.kind !== Kind.INLINE_FRAGMENT || !each.typeCondition) return false;
    const other = typeIn(each.typeCondition.name.value);
    return other !== null && other !== own;
  });
}

function keyFields({ selections }: SelectionSetNode, answered: (name: string) => string): readonly KeyField[] {
  return selections.flatMap((each) => {
    if (each.kind !== Kind.FIELD || each.name.value === "__typename") return [];
    const { value: key } = each.name;
    const below = each.selectionSet ? keyFields(each.selectionSet, (name) => name) : [];
    return [{ key, answered: answered(key), below }];
  });
}

export type PrintedPart = {
  /** `_entities` alone in its document is not aliased. */
  readonly alias: string;
  readonly representations: string;
  readonly selectionSet: SelectionSetNode;
};

/** One document for entities of several selections. */
export function printEntities(parts: readonly PrintedPart[], variables: readonly VariableDefinitionNode[]): string {
  const declared = [
    ...parts.map(({ representations }) => `$${representations}:[_Any!]!`),
    ...printedVariables(variables),
  ];
  const fields = parts.map(({ alias, representations, selectionSet }) => {
    const name = alias === "_entities" ? "_entities" : `${alias}:_entities`;
    return `${name}(representations:$${representations})${print(selectionSet)}`;
  });
  return stripIgnoredCharacters(`query(${declared.join(",")}){${fields.join(" ")}}`);
}

export function printRoot(kind: FetchNode["operationKind"], { variables, selectionSet }: FetchDocument): string {
  return stripIgnoredCharacters(
    print({
      kind: Kind.OPERATION_DEFINITION,
      operation: kind as OperationTypeNode,
      variableDefinitions: variables,
      selectionSet,
    }),
  );
}

function printedVariables(variables: readonly VariableDefinitionNode[]): readonly string[] {
  return [...new Map(variables.map((each) => [each.variable.name.value, print(each)])).values()];
}
