/** Reading a document that is known to be valid. */
import {
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  type ValueNode,
} from "graphql";

/** The one operation of a prepared document, or of a fetch's. */
export function operationOf(document: DocumentNode): OperationDefinitionNode {
  const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error("the document has no operation");
  return operation;
}

export function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])),
  );
}

export const responseKeyOf = ({ alias, name }: FieldNode): string => alias?.value ?? name.value;

/** By `@skip` and `@include`; `variables` are coerced. */
export function isSkipped(
  directives: readonly DirectiveNode[] | undefined,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  return (directives ?? []).some(({ name, arguments: args }) => {
    const value = args?.[0]?.value;
    const condition =
      value?.kind === Kind.VARIABLE ? variables[value.name.value] : value?.kind === Kind.BOOLEAN && value.value;
    return (name.value === "skip" && condition === true) || (name.value === "include" && condition !== true);
  });
}

/** The fields that introspection adds to every type, or to the query's root, included. */
export function fieldDefinition(
  schema: GraphQLSchema,
  parent: GraphQLCompositeType,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (name === "__typename") return TypeNameMetaFieldDef;
  if (parent === schema.getQueryType()) {
    if (name === "__schema") return SchemaMetaFieldDef;
    if (name === "__type") return TypeMetaFieldDef;
  }
  // graphql-js keeps fields in an object without a prototype.
  return isUnionType(parent) ? undefined : parent.getFields()[name];
}

/** The same arguments in whatever order. */
export function sameArguments(a: readonly ArgumentNode[] = [], b: readonly ArgumentNode[] = []): boolean {
  return a === b || sameNamed(a, b);
}

type NamedValue = { readonly name: { readonly value: string }; readonly value: ValueNode };

function sameNamed(a: readonly NamedValue[], b: readonly NamedValue[]): boolean {
  if (a.length !== b.length) return false;
  const others = new Map(b.map(({ name, value }) => [name.value, value]));
  return a.every(({ name, value }) => {
    const other = others.get(name.value);
    return other !== undefined && sameValue(value, other);
  });
}

function sameValue(a: ValueNode, b: ValueNode): boolean {
  if (a.kind === Kind.VARIABLE) return b.kind === Kind.VARIABLE && a.name.value === b.name.value;
  if (a.kind === Kind.LIST)
    return (
      b.kind === Kind.LIST &&
      a.values.length === b.values.length &&
      a.values.every((each, index) => sameValue(each, b.values[index] as ValueNode))
    );
  if (a.kind === Kind.OBJECT) return b.kind === Kind.OBJECT && sameNamed(a.fields, b.fields);
  if (a.kind === Kind.NULL) return b.kind === Kind.NULL;
  return a.kind === b.kind && a.value === (b as typeof a).value;
}
