/**
 * Bounds what introspection answers: two kilobytes of types of fields of types ask for megabytes. The size is counted as
 * the answer would be put together, but each selection of each type once, and no further than what is allowed.
 */
import {
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  isLeafType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { fragmentsOf, operationOf, responseKeyOf } from "./document.ts";

/** Of what introspection tools ask, which is everything once. */
const maxTimes = 3;
const alwaysAllowed = 64 * 1024;

/** `literalOf`: the value of an argument that is known before the request's variables are. */
export type RefuseIntrospection = (
  operation: OperationDefinitionNode,
  literalOf: (variable: string) => unknown,
) => ClientError | null;

/** One per schema. The operation has no fragment spreads. */
export function introspectionLimit(schema: GraphQLSchema): RefuseIntrospection {
  let maxChars: number | null = null;
  return (operation, literalOf) => {
    const isAsked = operation.selectionSet.selections.some(asksForSchema);
    if (!isAsked) return null;
    maxChars ??= alwaysAllowed + maxTimes * everythingOnce(schema);
    const size = answerSize({ schema, literalOf, fragments: new Map() }, operation.selectionSet, maxChars);
    return size > maxChars ? clientError("MAX_FIELDS_LIMIT", "introspection asks for the same things too often") : null;
  };
}

function asksForSchema(selection: SelectionSetNode["selections"][number]): boolean {
  if (selection.kind === Kind.FIELD) return selection.name.value === "__schema" || selection.name.value === "__type";
  return selection.kind === Kind.INLINE_FRAGMENT && selection.selectionSet.selections.some(asksForSchema);
}

function everythingOnce(schema: GraphQLSchema): number {
  const all = {
    inputValueDeprecation: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
  };
  const document = parse(getIntrospectionQuery(all));
  const scope = { schema, literalOf: () => undefined, fragments: fragmentsOf(document) };
  return answerSize(scope, operationOf(document).selectionSet, Number.MAX_SAFE_INTEGER);
}

type Scope = {
  readonly schema: GraphQLSchema;
  readonly literalOf: (variable: string) => unknown;
  readonly fragments: ReturnType<typeof fragmentsOf>;
};

/** Characters of the answer, about; any number above `maxChars` when it is more than that. */
function answerSize({ schema, literalOf, fragments }: Scope, root: SelectionSetNode, maxChars: number): number {
  const known = new Map<SelectionSetNode, Map<unknown, number>>();
  /** Of selections met for the first time: every one of them stands in the answer at least once. */
  let met = 0;
  const argumentOf = ({ arguments: args }: FieldNode, name: string): unknown => {
    const value = args?.find((each) => each.name.value === name)?.value;
    return value?.kind === Kind.VARIABLE
      ? literalOf(value.name.value)
      : value?.kind === Kind.STRING
        ? value.value
        : undefined;
  };
  const fieldSize = (field: FieldNode, definition: GraphQLField<unknown, unknown>, source: unknown): number => {
    const own = responseKeyOf(field).length + 4;
    met += own;
    // Deprecated elements are counted even where they are left out.
    const args = { includeDeprecated: true };
    const info = { schema } as Parameters<NonNullable<typeof definition.resolve>>[3];
    const value = definition.resolve?.(source, args, undefined, info);
    const type = getNamedType(definition.type);
    if (isLeafType(type)) {
      const chars = typeof value === "string" ? value.length : 5;
      met += chars;
      return own + chars;
    }
    if (!isObjectType(type) || !field.selectionSet) return own;
    let size = own;
    for (const each of Array.isArray(value) ? value : [value]) size += objectSize(field.selectionSet, type, each);
    return size;
  };
  const objectSize = (selectionSet: SelectionSetNode, type: GraphQLObjectType, source: unknown): number => {
    if (source === null || source === undefined) return 4;
    if (met > maxChars) return maxChars + 1;
    const sizes = known.get(selectionSet) ?? new Map<unknown, number>();
    known.set(selectionSet, sizes);
    const before = sizes.get(source);
    if (before !== undefined) return before;
    let size = 2;
    for (const selection of selectionSet.selections) {
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (fragment?.kind === Kind.FIELD) {
        const definition = type.getFields()[fragment.name.value];
        size += definition ? fieldSize(fragment, definition, source) : 20;
      } else if (fragment) size += objectSize(fragment.selectionSet, type, source);
    }
    size = Math.min(size, Number.MAX_SAFE_INTEGER / 1e6);
    sizes.set(source, size);
    return size;
  };
  const typeSize = (field: FieldNode, selectionSet: SelectionSetNode): number => {
    const name = argumentOf(field, "name");
    const type = getNamedType(TypeMetaFieldDef.type) as GraphQLObjectType;
    if (typeof name === "string") return objectSize(selectionSet, type, schema.getType(name));
    // Any type may be meant: the largest one counts.
    return Object.values(schema.getTypeMap()).reduce(
      (largest, each) => Math.max(largest, objectSize(selectionSet, type, each)),
      0,
    );
  };
  const rootSize = ({ selections }: SelectionSetNode): number =>
    selections.reduce((size, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return size;
      if (selection.kind === Kind.INLINE_FRAGMENT) return size + rootSize(selection.selectionSet);
      if (!selection.selectionSet || !asksForSchema(selection)) return size;
      if (selection.name.value === "__type") return size + typeSize(selection, selection.selectionSet);
      const type = getNamedType(SchemaMetaFieldDef.type) as GraphQLObjectType;
      return size + objectSize(selection.selectionSet, type, schema);
    }, 0);
  return rootSize(root);
}
