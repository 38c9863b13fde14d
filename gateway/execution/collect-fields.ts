/** CollectFields of the GraphQL specification, over a subgraph operation and the whole supergraph's types. */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import { isSkipped, responseKeyOf } from "../operation/document.ts";

export type FieldsByKey = ReadonlyMap<string, readonly FieldNode[]>;

export type CollectScope = {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
};

/** Fields that apply to a value of this type, by response key. */
export function collectFields(
  scope: CollectScope,
  type: GraphQLNamedType | undefined,
  selectionSets: readonly SelectionSetNode[],
): FieldsByKey {
  const fields = new Map<string, FieldNode[]>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (isSkipped(selection.directives, scope.variables)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = responseKeyOf(selection);
        fields.set(key, [...(fields.get(key) ?? []), selection]);
        continue;
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? scope.fragments.get(selection.name.value) : selection;
      if (fragment && applies(scope.schema, type, fragment.typeCondition?.name.value)) collect(fragment.selectionSet);
    }
  };
  for (const selectionSet of selectionSets) collect(selectionSet);
  return fields;
}

function applies(schema: GraphQLSchema, type: GraphQLNamedType | undefined, condition: string | undefined): boolean {
  if (condition === undefined || type === undefined || condition === type.name) return true;
  const conditionType = schema.getType(condition);
  const isPossible = isObjectType(type) || isInterfaceType(type);
  return isPossible && isAbstractType(conditionType) && schema.isSubType(conditionType, type);
}
