/**
 * The shape of an answer: from an operation under internal names to what each object of the answer consists of, by
 * CollectFields of the GraphQL specification. Compiled per combination of its `@skip` and `@include` variables, so that
 * nothing conditional is left in it.
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isWrappingType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import { isSkipped, responseKeyOf } from "../operation/document.ts";
import { problemOf } from "./decisions.ts";
import type { Problem } from "./problems.ts";
import type { Rights } from "./rights.ts";

/** What stands where a value is expected. */
export type ValueShape =
  | { readonly kind: "nonNull"; readonly of: ValueShape }
  | { readonly kind: "list"; readonly of: ValueShape }
  | { readonly kind: "object"; readonly shape: ObjectShape }
  | { readonly kind: "leaf"; readonly leaf: Leaf }
  /** Put there by the gateway itself: introspection. */
  | { readonly kind: "given" };

/** What a leaf of this type takes; `any`: a scalar of the schema's own, whose form only its subgraph knows. */
export type Leaf = "Int" | "Float" | "String" | "Boolean" | "ID" | "any" | EnumLeaf;
/** Each value of the enum → what clients are shown: itself; null for one that they may not know of. */
export type EnumLeaf = ReadonlyMap<unknown, string | null>;

export type FieldShape = {
  readonly key: string;
  /** In the schema. */
  readonly name: string;
  /** As the client calls it. */
  readonly clientKey: string;
  readonly value: ValueShape;
  /** `__typename`: the type's name itself. */
  readonly isTypename: boolean;
  /** Not asked for, because this caller may not: what is told instead. */
  readonly refused: Problem | null;
};

export type ObjectShape = {
  /** The one type that such an object has; null where only its `__typename` tells. */
  readonly typename: string | null;
  readonly declared: string;
  /** Not null: objects of this type are refused, or some of those that it stands for; what is told instead. */
  refusal(typename: string): Problem | null;
  /** A type that may stand here, and that clients may not know of. */
  hides(typename: string): boolean;
  /** Null for a type that cannot stand here. */
  of(typename: string): readonly FieldShape[] | null;
  /** A field of any of the types, by internal key. */
  find(key: string): FieldShape | null;
};

export type ShapeSettings = {
  /** The whole supergraph, inaccessible parts included. */
  readonly schema: GraphQLSchema;
  /** What clients may know of it. */
  readonly apiSchema: GraphQLSchema;
  /** Internal key → client's; one that is not in it is its own. */
  readonly clientKeys: ReadonlyMap<string, string>;
  /** Values of the Boolean variables that decide what is skipped. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** What was refused before planning. */
  readonly rights: Pick<Rights, "refusesType" | "refusesField" | "refusalOf">;
};

/** `sets` stand in `type`; fragments with `@defer` are left to their own shapes. */
export function shapeOf(
  settings: ShapeSettings,
  type: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
): ObjectShape {
  const { schema, apiSchema } = settings;
  const known = new Map<string, readonly FieldShape[] | null>();
  const of = (typename: string): readonly FieldShape[] | null => {
    const remembered = known.get(typename);
    if (remembered !== undefined) return remembered;
    const runtime = apiSchema.getType(typename);
    if (!isPossible(apiSchema, type, runtime)) return null;
    // Known by its interface's name alone: good for what any of its objects has, and for nothing else.
    if (!isObjectType(runtime) && asksType(settings, runtime, sets)) return null;
    const fields = collectFields(settings, runtime, sets).map((nodes) => fieldShape(settings, runtime, nodes));
    known.set(typename, fields);
    return fields;
  };
  return {
    typename: isObjectType(type) ? type.name : null,
    declared: type.name,
    refusal: (typename) => (refusesObject(settings, typename) ? toldOf(settings, typename, null) : null),
    hides: (typename) =>
      !apiSchema.getType(typename) && isPossible(schema, compositeType(schema, type.name), schema.getType(typename)),
    of,
    find(key) {
      const types = isObjectType(type) ? [type] : [type, ...apiSchema.getPossibleTypes(type)];
      for (const { name } of types) {
        const field = of(name)?.find((each) => each.key === key);
        if (field) return field;
      }
      return null;
    },
  };
}

function refusesObject({ apiSchema, rights }: ShapeSettings, typename: string): boolean {
  const type = apiSchema.getType(typename);
  // What is no type of the schema is no right of anybody's, but a fault of who answered.
  if (type === undefined) return false;
  if (!isAbstractType(type)) return rights.refusesType(typename);
  return rights.refusesType(typename) || apiSchema.getPossibleTypes(type).some(({ name }) => rights.refusesType(name));
}

function toldOf({ rights }: ShapeSettings, type: string, field: string | null): Problem {
  const refusal = rights.refusalOf(type, field);
  return refusal === null ? { code: "UNAUTHORIZED_FIELD_OR_TYPE" } : problemOf(refusal);
}

/** Whether the selections say more of some of this abstract type's objects than of others. */
function asksType(settings: ShapeSettings, type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): boolean {
  if (isObjectType(type)) return false;
  const { apiSchema, variables, rights } = settings;
  const types = apiSchema.getPossibleTypes(type);
  const differsByRight = (field: string) =>
    types.some(({ name }) => rights.refusesField(name, field) !== rights.refusesField(type.name, field));
  const differs = ({ selections }: SelectionSetNode): boolean =>
    selections.some((each) => {
      if (isSkipped(each.directives, variables) || each.kind === Kind.FRAGMENT_SPREAD) return false;
      if (each.kind === Kind.FIELD) return each.name.value === "__typename" || differsByRight(each.name.value);
      if (isDeferred(each)) return false;
      const condition = each.typeCondition ? compositeType(apiSchema, each.typeCondition.name.value) : type;
      const meant = types.filter((one) => isPossible(apiSchema, condition, one));
      if (meant.length === types.length) return differs(each.selectionSet);
      return meant.some((one) => collectFields(settings, one, [each.selectionSet]).length > 0);
    });
  return sets.some(differs);
}

/** An object of this type, or of an interface whose subgraph knows its objects by that name alone. */
function isPossible(
  schema: GraphQLSchema,
  declared: GraphQLCompositeType,
  runtime: GraphQLNamedType | undefined,
): runtime is GraphQLCompositeType {
  if (runtime === declared) return true;
  if (isObjectType(declared) || !(isObjectType(runtime) || isInterfaceType(runtime))) return false;
  return schema.isSubType(declared, runtime);
}

function fieldShape(
  settings: ShapeSettings,
  parent: GraphQLCompositeType,
  nodes: readonly [FieldNode, ...FieldNode[]],
): FieldShape {
  const [node] = nodes;
  const [key, name] = [responseKeyOf(node), node.name.value];
  const clientKey = settings.clientKeys.get(key) ?? key;
  const isTypename = name === "__typename";
  const refused = settings.rights.refusesField(parent.name, name) ? toldOf(settings, parent.name, name) : null;
  if (isTypename || name === "__schema" || name === "__type")
    return { key, name, clientKey, isTypename, refused: null, value: { kind: "given" } };
  const type = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name]?.type : undefined;
  if (!type) throw new Error("a valid operation selects fields that are there");
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  return { key, name, clientKey, isTypename, refused, value: valueShape(settings, type, sets) };
}

function valueShape(settings: ShapeSettings, type: GraphQLOutputType, sets: readonly SelectionSetNode[]): ValueShape {
  if (isNonNullType(type)) return { kind: "nonNull", of: valueShape(settings, type.ofType, sets) };
  if (isListType(type)) return { kind: "list", of: valueShape(settings, type.ofType, sets) };
  if (isCompositeType(type)) return { kind: "object", shape: shapeOf(settings, type, sets) };
  return { kind: "leaf", leaf: leafOf(type, settings) };
}

const builtIn: ReadonlySet<string> = new Set(["Int", "Float", "String", "Boolean", "ID"]);

function leafOf(type: GraphQLNamedType, { schema }: ShapeSettings): Leaf {
  if (isEnumType(type)) {
    const whole = schema.getType(type.name);
    const values = isEnumType(whole) ? whole.getValues() : [];
    return new Map(values.map(({ name }) => [name, type.getValue(name) ? name : null]));
  }
  return builtIn.has(type.name) ? (type.name as Leaf) : "any";
}

function collectFields(
  { apiSchema, variables }: ShapeSettings,
  runtime: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
): readonly (readonly [FieldNode, ...FieldNode[]])[] {
  const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (isSkipped(selection.directives, variables)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = responseKeyOf(selection);
        const known = fields.get(key);
        if (known) known.push(selection);
        else fields.set(key, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT && !isDeferred(selection)) {
        const condition = selection.typeCondition?.name.value;
        if (condition === undefined || isPossible(apiSchema, compositeType(apiSchema, condition), runtime))
          collect(selection.selectionSet);
      }
    }
  };
  for (const set of sets) collect(set);
  return [...fields.values()];
}

export function isDeferred({ directives }: { readonly directives?: readonly { name: { value: string } }[] }): boolean {
  return directives?.some(({ name }) => name.value === "defer") ?? false;
}

export function compositeType(schema: GraphQLSchema, name: string): GraphQLCompositeType {
  const type = schema.getType(name);
  if (!isCompositeType(type)) throw new Error("a valid operation names types that are there");
  return type;
}

export function fieldType(type: GraphQLCompositeType, field: string): GraphQLOutputType | undefined {
  return "getFields" in type ? type.getFields()[field]?.type : undefined;
}

/** How many lists a value of this type is wrapped in. */
export function listsOf(type: GraphQLOutputType): number {
  let lists = 0;
  for (let each = type; isWrappingType(each); each = each.ofType) if (isListType(each)) lists += 1;
  return lists;
}

/** What is selected below this field; null for a leaf. */
export function typeBelow(type: GraphQLCompositeType, field: string): GraphQLCompositeType | null {
  const below = fieldType(type, field);
  const named = below ? getNamedType(below) : null;
  return isCompositeType(named) ? named : null;
}
