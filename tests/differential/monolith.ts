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
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
  isScalarType,
  responsePathAsArray,
  visit,
} from "graphql";
import type { Path } from "./compare.ts";
import { pick } from "./field-set.ts";
import { withNullsMarked, withoutNonNull } from "./lenient.ts";
import type { Operation } from "./operations.ts";
import { type Meaning, meaningOf, subgraphDocument } from "./subgraphs.ts";
import { type Args, derive, fieldSet, type GraphDefinition, idOf, ownValue, type Row, type World } from "./world.ts";

export type Failures = {
  /** Every place that fails or holds a null that it may not hold, whatever null comes up over it. */
  readonly paths: readonly Path[];
  /**
   * Places that may be null with an error though nothing fails there: what a subgraph gives of an object for which it
   * also has to compute something whose requirement failed. One fetch asks it for both, and that fetch is not sent.
   */
  readonly collateral: readonly Path[];
};

export type Monolith = {
  readonly schema: GraphQLSchema;
  answer(operation: Operation): Promise<ExecutionResult>;
  failures(operation: Operation): Promise<Failures>;
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

/** What is known of one field of one object. */
type Note = {
  readonly path: Path;
  readonly providers: readonly string[];
  /** Who gives what it requires. */
  readonly needed: readonly string[];
  /** Who could not compute it, or something that it requires, because a requirement failed. */
  readonly lacking: readonly string[];
};
type Run = { readonly world: World; readonly notes: Note[] | undefined };

function collateralIn(notes: readonly Note[]): readonly Path[] {
  const collateral = new Set<Note>();
  const lacking = new Map<string, Set<string>>();
  const lackingBeside = ({ path }: Note) => {
    const parent = JSON.stringify(path.slice(0, -1));
    const known = lacking.get(parent) ?? new Set();
    lacking.set(parent, known);
    return known;
  };
  for (const each of notes) for (const subgraph of each.lacking) lackingBeside(each).add(subgraph);
  // What is computed from a collateral null is not computed either: until nothing is added any more.
  for (let size = -1; size < collateral.size; ) {
    size = collateral.size;
    for (const each of notes) {
      const beside = lackingBeside(each);
      if (![...each.providers, ...each.needed].some((subgraph) => beside.has(subgraph))) continue;
      collateral.add(each);
      if (each.needed.length > 0) for (const subgraph of each.providers) beside.add(subgraph);
    }
  }
  return [...collateral].map(({ path }) => path);
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

  /** The subgraphs that would have to compute something of this object from a requirement that failed. */
  const lackingRequirement = (world: World, row: Row, field: string): readonly string[] => {
    const own = meaning.typesOf(row.__typename).map((type) => `${type}.${field}`);
    const coordinate = own.find((each) => meaning.requires.has(each));
    if (coordinate === undefined) return [];
    try {
      read(world, row, field, {}, new Map());
      return [];
    } catch {
      const required = fieldSet(meaning.requires.get(coordinate) ?? "");
      const deeper = required.flatMap((each) => ("field" in each ? lackingRequirement(world, row, each.field) : []));
      return [...(providers.get(coordinate) ?? []), ...deeper];
    }
  };
  const providersFor = (row: Row, field: string) =>
    meaning.typesOf(row.__typename).flatMap((type) => providers.get(`${type}.${field}`) ?? []);
  const neededFor = (row: Row, field: string): readonly string[] =>
    meaning
      .typesOf(row.__typename)
      .flatMap((type) => fieldSet(meaning.requires.get(`${type}.${field}`) ?? "__typename"))
      .flatMap((each) => ("field" in each ? [...providersFor(row, each.field), ...neededIn(row, each.field)] : []));
  const neededIn = (row: Row, field: string) => (field === "__typename" ? [] : neededFor(row, field));
  const notesOf = (world: World, row: Row, field: string, path: Path): Note => ({
    path,
    providers: providersFor(row, field),
    needed: neededFor(row, field),
    lacking: lackingRequirement(world, row, field),
  });

  for (const type of [schema, lenient].flatMap((each) => Object.values(each.getTypeMap()))) {
    if (isScalarType(type) && !["Int", "Float", "String", "Boolean", "ID"].includes(type.name))
      type.serialize = (value) => value;
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = (held: Held | undefined, args: Args, { world, notes }: Run, info: GraphQLResolveInfo) => {
        const row = held?.row ?? { __typename: type.name };
        notes?.push(notesOf(world, row, field.name, responsePathAsArray(info.path)));
        const contexts = new Map(held?.contexts);
        for (const [name, types] of meaning.contexts)
          if (meaning.typesOf(row.__typename).some((each) => types.has(each))) contexts.set(name, row);
        const wrap = (value: unknown): unknown => {
          if (Array.isArray(value)) return value.map(wrap);
          if (typeof value !== "object" || value === null || value instanceof Error) return value;
          const { __typename } = value as Row;
          return typeof __typename === "string" ? { __typename, row: value, contexts } : value;
        };
        const value = wrap(read(world, row, field.name, args, contexts));
        const strict = (schema.getType(type.name) as GraphQLObjectType).getFields()[field.name]?.type;
        return schema.getType(type.name) === type || !strict ? value : withNullsMarked(value, strict);
      };
    }
  }
  const executed = async (over: GraphQLSchema, { document, variables, operationName }: Operation, notes?: Note[]) =>
    execute({
      schema: over,
      ...withSafeNames(document, variables),
      contextValue: { world: definition.build(), notes } satisfies Run,
      ...(operationName === null ? {} : { operationName }),
    });
  return {
    schema,
    answer: (operation) => executed(schema, operation),
    async failures(operation) {
      const notes: Note[] = [];
      const { errors = [] } = await executed(lenient, operation, notes);
      return { paths: errors.flatMap(({ path }) => (path ? [path] : [])), collateral: collateralIn(notes) };
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
