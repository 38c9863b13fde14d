/**
 * Writes an operation's conditions on abstract types out: one fragment for each possible type, with what is asked of just
 * that type.
 */
import {
  doTypesOverlap,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { typeBelow } from "./shape.ts";

const maxFragments = 200;

/** Null where nothing is to be written out, or too much. */
export function withPossibleTypes(text: string, schema: GraphQLSchema): string | null {
  const [operation] = parse(text, { noLocation: true }).definitions as readonly OperationDefinitionNode[];
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return null;
  const writer = { schema, fragments: 0 };
  const selectionSet = written(writer, operation.selectionSet, root);
  return writer.fragments > 0 && writer.fragments <= maxFragments ? print({ ...operation, selectionSet }) : null;
}

const typename: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

type Writer = { readonly schema: GraphQLSchema; fragments: number };

function written(writer: Writer, { selections }: SelectionSetNode, parent: GraphQLCompositeType): SelectionSetNode {
  return {
    kind: Kind.SELECTION_SET,
    selections: selections.flatMap((each): readonly SelectionNode[] => {
      if (each.kind === Kind.FRAGMENT_SPREAD) return [];
      if (each.kind === Kind.FIELD) {
        const below = each.selectionSet ? typeBelow(parent, each.name.value) : null;
        if (!below || !each.selectionSet) return [each];
        const selectionSet = written(writer, each.selectionSet, below);
        // No type is left that anything is asked of: what is there is an object all the same.
        const isEmpty = selectionSet.selections.length === 0;
        return [{ ...each, selectionSet: isEmpty ? { ...selectionSet, selections: [typename] } : selectionSet }];
      }
      const condition = each.typeCondition ? writer.schema.getType(each.typeCondition.name.value) : parent;
      if (!isCompositeType(condition) || !doTypesOverlap(writer.schema, condition, parent)) return [];
      const types = isAbstractType(condition)
        ? writer.schema.getPossibleTypes(condition).filter((type) => doTypesOverlap(writer.schema, type, parent))
        : [condition];
      writer.fragments += types.length;
      if (writer.fragments > maxFragments) return [];
      return types.flatMap((type) => {
        const selectionSet = written(writer, each.selectionSet, type);
        const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } } as const;
        return selectionSet.selections.length > 0 ? [{ ...each, typeCondition, selectionSet }] : [];
      });
    }),
  };
}
