/** Whether a value from a subgraph is of the type that the supergraph gives it. */
import {
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isObjectType,
} from "graphql";

/** The type of the object that the value says it is; undefined for what is no such object. */
export function runtimeType(
  schema: GraphQLSchema,
  declared: GraphQLNamedType,
  value: unknown,
): GraphQLNamedType | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const typename: unknown = Object.hasOwn(value, "__typename")
    ? (value as { __typename: unknown }).__typename
    : undefined;
  if (typename === undefined || typename === declared.name) return declared;
  const type = typeof typename === "string" ? schema.getType(typename) : undefined;
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
  return isAbstractType(declared) && schema.isSubType(declared, type) ? type : undefined;
}

/** Scalars of the schema's own are taken as they come: only their subgraph knows their form. */
export function isLeafValue(type: GraphQLOutputType, value: unknown): boolean {
  if (isEnumType(type)) return typeof value === "string" && type.getValue(value) !== undefined;
  switch (String(type)) {
    case "Int":
      return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 31;
    case "Float":
      return typeof value === "number" && Number.isFinite(value);
    case "String":
      return typeof value === "string";
    case "Boolean":
      return typeof value === "boolean";
    case "ID":
      return typeof value === "string" || Number.isSafeInteger(value);
    default:
      return true;
  }
}
