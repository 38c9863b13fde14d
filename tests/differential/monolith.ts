/**
 * The oracle: one ordinary schema over the same data, made of what clients may ask and plain resolvers, executed by
 * graphql-js. It knows nothing of subgraphs, but which fields need which others (`@requires`, `@fromContext`).
 */
import { composeServices } from "@apollo/composition";
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph } from "@apollo/federation-internals";
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  isScalarType,
  Kind,
  visit,
} from "graphql";
import type { Path } from "./compare.ts";
import { pick } from "./field-set.ts";
import { withNullsMarked, withoutNonNull } from "./lenient.ts";
import type { Operation } from "./operations.ts";
import { type Meaning, meaningOf, subgraphDocument } from "./subgraphs.ts";
import { type Args, derive, fieldSet, type GraphDefinition, idOf, ownValue, type Row, type World } from "./world.ts";

export type Monolith = {
  readonly schema: GraphQLSchema;
  answer(operation: Operation): Promise<ExecutionResult>;
  /** Every place that fails or holds a null that it may not hold, whatever null comes up over it. */
  failures(operation: Operation): Promise<readonly Path[]>;
};

/** The supergraph over these URLs. Throws what composition says. */
export function compose(definition: GraphDefinition, urls: Readonly<Record<string, string>>): string {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(definition.subgraphs).map(([name, sdl]) => ({
      name,
      url: urls[name] ?? "",
      typeDefs: subgraphDocument(sdl),
    })),
  );
  if (errors) throw new Error(`${definition.name}: ${errors.map(({ message }) => message).join("\n")}`);
  return supergraphSdl;
}

type Held = { readonly __typename: string; readonly row: Row; readonly contexts: ReadonlyMap<string, Row> };

/** `sdl`: the supergraph, for what of it clients may ask. */
export function openMonolith(definition: GraphDefinition, sdl: string): Monolith {
  const supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
  const schema = supergraph.apiSchema().toGraphQLJSSchema();
  const lenient = withoutNonNull(schema);
  const meaning = meaningOf(Object.values(definition.subgraphs).map(subgraphDocument));
  const providers = providersOf(definition);
  const unknownFields = (row: Row, coordinate: string) => {
    const known = providers.get(coordinate);
    return known?.every((subgraph) => definition.unknown?.[subgraph]?.includes(idOf(row))) ?? false;
  };

  const read = (world: World, row: Row, field: string, args: Args, contexts: Held["contexts"]): unknown => {
    const types = meaning.typesOf(row.__typename);
    const own = types.map((type) => `${type}.${field}`);
    if (own.some((each) => unknownFields(row, each))) return null;
    const how = {
      read: (of: object, name: string, given: Args) => read(world, of as Row, name, given, new Map()),
      isOf: (of: object, type: string) => meaning.typesOf((of as Row).__typename).includes(type),
    };
    const all = withContext(own, args, contexts, meaning, how);
    const coordinate = own.find((each) => meaning.requires.has(each));
    if (coordinate === undefined) return ownValue(world, types, row, field, all);
    const required = pick(row, fieldSet(meaning.requires.get(coordinate) ?? ""), how);
    return derive(definition, coordinate, required, all);
  };

  const inaccessible = inaccessibleOf(definition);
  /** What clients may not know of is null to them. */
  const known = (value: unknown, type: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => known(each, type));
    const isOne = inaccessible.has(
      typeof value === "object" ? ((value as Row | null)?.__typename ?? "") : `${type}.${value}`,
    );
    return isOne ? null : value;
  };

  for (const type of [schema, lenient].flatMap((each) => Object.values(each.getTypeMap()))) {
    if (isScalarType(type) && !["Int", "Float", "String", "Boolean", "ID"].includes(type.name))
      type.serialize = (value) => value;
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = (held: Held | undefined, args: Args, world: World) => {
        const row = held?.row ?? { __typename: type.name };
        const contexts = new Map(held?.contexts);
        for (const [name, types] of meaning.contexts)
          if (meaning.typesOf(row.__typename).some((each) => types.has(each))) contexts.set(name, row);
        const wrap = (value: unknown): unknown => {
          if (Array.isArray(value)) return value.map(wrap);
          if (typeof value !== "object" || value === null || value instanceof Error) return value;
          const { __typename } = value as Row;
          return typeof __typename === "string" ? { __typename, row: value, contexts } : value;
        };
        const strict = (schema.getType(type.name) as GraphQLObjectType).getFields()[field.name]?.type;
        const value = wrap(known(read(world, row, field.name, args, contexts), getNamedType(field.type).name));
        return schema.getType(type.name) === type || !strict ? value : withNullsMarked(value, strict);
      };
    }
  }
  const executed = async (over: GraphQLSchema, { document, variables, operationName }: Operation) =>
    execute({
      schema: over,
      ...withSafeNames(document, variables),
      contextValue: definition.build(),
      ...(operationName === null ? {} : { operationName }),
    });
  return {
    schema,
    answer: (operation) => executed(schema, operation),
    async failures(operation) {
      const { errors = [] } = await executed(lenient, operation);
      return errors.flatMap(({ path }) => (path ? [path] : []));
    },
  };
}

/** graphql-js 16 loses a variable called `__proto__`: here it is called something else. */
function withSafeNames(document: DocumentNode, variables: Args) {
  const safe = (name: string) => (name === "__proto__" ? "proto__" : name);
  return {
    document: visit(document, {
      Variable: (variable) => ({ ...variable, name: { ...variable.name, value: safe(variable.name.value) } }),
    }),
    variableValues: Object.fromEntries(Object.entries(variables).map(([name, value]) => [safe(name), value])),
  };
}

function withContext(
  coordinates: readonly string[],
  args: Args,
  contexts: Held["contexts"],
  { fromContext }: Meaning,
  how: Parameters<typeof pick>[2],
): Args {
  const found = coordinates.map((each) => fromContext.get(each)).find((each) => each !== undefined);
  if (!found) return args;
  const { arg, context, selection } = found;
  const setter = contexts.get(context);
  const inner = selection.trim().replace(/^\{|\}$/g, "");
  const [value = null] = setter ? Object.values(pick(setter, fieldSet(inner), how)) : [];
  return { ...args, [arg]: value };
}

/** Object types, and `Enum.VALUE`. */
function inaccessibleOf(definition: GraphDefinition): ReadonlySet<string> {
  const isOne = ({ directives }: { readonly directives?: readonly { readonly name: { readonly value: string } }[] }) =>
    directives?.some(({ name }) => name.value === "inaccessible") ?? false;
  return new Set(
    Object.values(definition.subgraphs).flatMap((sdl) =>
      subgraphDocument(sdl).definitions.flatMap((each) => {
        if (each.kind === Kind.OBJECT_TYPE_DEFINITION) return isOne(each) ? [each.name.value] : [];
        if (each.kind !== Kind.ENUM_TYPE_DEFINITION) return [];
        return (each.values ?? []).filter(isOne).map(({ name }) => `${each.name.value}.${name.value}`);
      }),
    ),
  );
}

/** `Type.field` → the subgraphs that can give it. */
export function providersOf(definition: GraphDefinition): ReadonlyMap<string, readonly string[]> {
  const providers = new Map<string, string[]>();
  for (const [subgraph, sdl] of Object.entries(definition.subgraphs))
    for (const each of subgraphDocument(sdl).definitions) {
      if (!("fields" in each) || !each.fields) continue;
      const isExternalType = each.directives?.some(({ name }) => name.value === "external");
      for (const field of each.fields) {
        if (isExternalType || field.directives?.some(({ name }) => name.value === "external")) continue;
        const coordinate = `${each.name.value}.${field.name.value}`;
        providers.set(coordinate, [...(providers.get(coordinate) ?? []), subgraph]);
      }
    }
  return providers;
}
