/** Smaller operations made of one that fails: a selection, a directive, an alias, an argument or a wrapping less. */
import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import type { Operation } from "./operations.ts";

/** Largest steps first. Some may be invalid: the caller validates. */
export function* reductions(operation: Operation): Generator<Operation> {
  for (const document of smallerDocuments(operation.document)) yield tidied({ ...operation, document });
  for (const name of Object.keys(operation.variables)) {
    const { [name]: _left, ...variables } = operation.variables;
    const isRequired = JSON.stringify(operation.document).includes(`"value":"${name}"`);
    if (!isRequired) yield { ...operation, variables };
  }
}

function* smallerDocuments(document: DocumentNode): Generator<DocumentNode> {
  for (const [index, definition] of document.definitions.entries()) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const fragments = document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
    for (const selectionSet of smallerSets(definition.selectionSet, fragments)) {
      const definitions: DefinitionNode[] = [...document.definitions];
      definitions[index] = { ...definition, selectionSet };
      yield { ...document, definitions };
    }
  }
}

function* smallerSets(
  set: SelectionSetNode,
  fragments: readonly FragmentDefinitionNode[],
): Generator<SelectionSetNode> {
  const { selections } = set;
  if (selections.length > 3) {
    const half = selections.length >> 1;
    yield { ...set, selections: selections.slice(0, half) };
    yield { ...set, selections: selections.slice(half) };
  }
  for (const index of selections.keys()) {
    const put = (...by: readonly SelectionNode[]) => ({
      ...set,
      selections: [...selections.slice(0, index), ...by, ...selections.slice(index + 1)],
    });
    if (selections.length > 1) yield put();
    const each = selections[index] as SelectionNode;
    if (each.kind === Kind.INLINE_FRAGMENT) yield put(...each.selectionSet.selections);
    if (each.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.find(({ name }) => name.value === each.name.value);
      const { name: _name, ...rest } = each;
      if (fragment)
        yield put({
          ...rest,
          kind: Kind.INLINE_FRAGMENT,
          typeCondition: fragment.typeCondition,
          selectionSet: fragment.selectionSet,
        });
    }
    for (const at of each.directives?.keys() ?? [])
      yield put({ ...each, directives: each.directives?.filter((_, other) => other !== at) ?? [] });
    if (each.kind === Kind.FIELD) {
      const { alias, ...bare } = each;
      if (alias) yield put(bare);
      for (const at of each.arguments?.keys() ?? [])
        yield put({ ...each, arguments: each.arguments?.filter((_, other) => other !== at) ?? [] });
    }
    if (each.kind !== Kind.FRAGMENT_SPREAD && each.selectionSet)
      for (const below of smallerSets(each.selectionSet, fragments)) yield put({ ...each, selectionSet: below });
  }
}

/** Without the fragments and variables that nothing uses any more. */
function tidied(operation: Operation): Operation {
  const { document } = operation;
  const spread = new Set<string>();
  const follow = (node: DefinitionNode): void => {
    visit(node, {
      FragmentSpread({ name }) {
        if (spread.has(name.value)) return;
        spread.add(name.value);
        const fragment = document.definitions.find(
          (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name.value,
        );
        if (fragment) follow(fragment);
      },
    });
  };
  for (const each of document.definitions) if (each.kind === Kind.OPERATION_DEFINITION) follow(each);
  const kept = document.definitions.filter(
    (each) => each.kind !== Kind.FRAGMENT_DEFINITION || spread.has(each.name.value),
  );
  const used = new Set<string>();
  for (const each of kept)
    visit(each, {
      VariableDefinition: () => false,
      Variable: ({ name }) => void used.add(name.value),
    });
  const definitions = kept.map((each) =>
    each.kind === Kind.OPERATION_DEFINITION
      ? {
          ...each,
          variableDefinitions: (each.variableDefinitions ?? []).filter((one) => used.has(one.variable.name.value)),
        }
      : each,
  );
  const variables = Object.fromEntries(Object.entries(operation.variables).filter(([name]) => used.has(name)));
  return { ...operation, document: { ...document, definitions }, variables };
}
