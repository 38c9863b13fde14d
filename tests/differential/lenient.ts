/** A schema in which no failure hides another: everything may be null, and a null that may not be fails where it is. */
import {
  buildASTSchema,
  type GraphQLOutputType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  Kind,
  parse,
  printSchema,
  type TypeNode,
  visit,
} from "graphql";
import { broken } from "./world.ts";

/** The same schema, where everything may be null: no failure hides another. */
export function withoutNonNull(schema: GraphQLSchema): GraphQLSchema {
  const document = visit(parse(printSchema(schema), { noLocation: true }), {
    FieldDefinition: (definition) => ({ ...definition, type: nullable(definition.type) }),
  });
  return buildASTSchema(document);
}

function nullable(type: TypeNode): TypeNode {
  if (type.kind === Kind.NON_NULL_TYPE) return nullable(type.type);
  return type.kind === Kind.LIST_TYPE ? { ...type, type: nullable(type.type) } : type;
}

/** A null that may not be here fails here. */
export function withNullsMarked(value: unknown, type: GraphQLOutputType): unknown {
  if (isNonNullType(type)) return value === null ? broken() : withNullsMarked(value, type.ofType);
  return isListType(type) && Array.isArray(value) ? value.map((each) => withNullsMarked(each, type.ofType)) : value;
}
