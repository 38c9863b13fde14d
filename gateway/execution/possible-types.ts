/** Writes an operation's conditions on abstract types out, as conditions on each of their possible types. */
import {
  type GraphQLSchema,
  isAbstractType,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";

/** Null where nothing is to be written out, or too much. */
export function withPossibleTypes(text: string, schema: GraphQLSchema): string | null {
  let added = 0;
  const expanded = visit(parse(text, { noLocation: true }), {
    SelectionSet: {
      leave: (set: SelectionSetNode): SelectionSetNode => ({
        ...set,
        selections: set.selections.flatMap((each): readonly SelectionNode[] => {
          if (each.kind !== Kind.INLINE_FRAGMENT || !each.typeCondition) return [each];
          const type = schema.getType(each.typeCondition.name.value);
          if (!isAbstractType(type)) return [each];
          const types = schema.getPossibleTypes(type);
          added += types.length;
          return types.map(({ name }) => ({
            ...each,
            typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } },
          }));
        }),
      }),
    },
  });
  return added > 0 && added < 100 ? print(expanded) : null;
}
