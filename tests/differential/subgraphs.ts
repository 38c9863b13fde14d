/**
 * The subgraphs of a definition, on the real wire. A field with `@requires` is computed from the representation alone:
 * what a gateway puts into one shows in its answer.
 */
import { createServer, type ServerResponse } from "node:http";
import { buildSubgraphSchema } from "@apollo/subgraph";
import {
  type ConstDirectiveNode,
  type DocumentNode,
  execute,
  type FieldDefinitionNode,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  parse,
  validate,
} from "graphql";
import { closing, listening } from "../listeners.ts";
import { pick } from "./field-set.ts";
import {
  type Args,
  canonical,
  derive,
  fieldSet,
  type GraphDefinition,
  idOf,
  ownValue,
  type Row,
  type World,
} from "./world.ts";

const federation = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@requires",
  "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject", "@context", "@fromContext",
  "FieldSet", "ContextFieldValue"])`;

export const subgraphDocument = (sdl: string): DocumentNode => parse(`${federation}\n${sdl}`, { noLocation: true });

/** What a definition's subgraphs say of their fields, and which interfaces types implement in any of them. */
export type Meaning = {
  readonly requires: ReadonlyMap<string, string>;
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Concrete type → itself and every interface it implements anywhere. */
  typesOf(type: string): readonly string[];
  /** `Type.field` → its argument that comes from a context, and where from. */
  readonly fromContext: ReadonlyMap<
    string,
    { readonly arg: string; readonly context: string; readonly selection: string }
  >;
  /** Context → the types that set it. */
  readonly contexts: ReadonlyMap<string, ReadonlySet<string>>;
};

export type Request = {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
};

type Answer = { data?: unknown; errors?: unknown };

/** Answers in a subgraph's place, or spoils its answer. */
export type Meddle = (request: Request, answer: Answer, response: ServerResponse) => Answer | "answered";

export type Subgraphs = {
  readonly urls: Readonly<Record<string, string>>;
  readonly requests: Request[];
  /** Those that refuse every request. */
  readonly down: Set<string>;
  /** Those that anything was asked of. */
  readonly attempts: Set<string>;
  meddle: Meddle | null;
  /** Puts the data back as it was. */
  reset(): void;
  answer(subgraph: string, query: string, variables: Readonly<Record<string, unknown>>): Promise<Answer>;
  close(): Promise<void>;
};

/** Nothing that would make a gateway stop asking: the next operation asks again. */
const refusal = JSON.stringify({ errors: [{ message: "not now", extensions: { code: "FORBIDDEN" } }] });

type Held = { readonly __typename: string; readonly row: Row; readonly given: Row | null };

/** Starts every subgraph of the definition; each answers from one data set, so that mutations are seen by all. */
export async function startSubgraphs(definition: GraphDefinition): Promise<Subgraphs> {
  let world = definition.build();
  const names = Object.keys(definition.subgraphs);
  const schemas = new Map(names.map((name) => [name, executableSubgraph(definition, name, () => world)]));
  const documents = new Map<string, DocumentNode | readonly unknown[]>();
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const subgraph = (request.url ?? "").slice(1);
      self.attempts.add(subgraph);
      if (self.down.has(subgraph))
        return void response.writeHead(200, { "content-type": "application/json" }).end(refusal);
      const { query, variables = {} } = JSON.parse(Buffer.concat(chunks).toString()) as Request;
      const asked = { subgraph, query, variables };
      requests.push(asked);
      void self.answer(subgraph, query, variables).then((given) => {
        const answer = self.meddle ? self.meddle(asked, JSON.parse(JSON.stringify(given)) as Answer, response) : given;
        if (answer !== "answered")
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
      });
    });
  });
  const url = await listening(server);
  const self: Subgraphs = {
    urls: Object.fromEntries(names.map((name) => [name, `${url}/${name}`])),
    requests,
    down: new Set(),
    attempts: new Set(),
    meddle: null,
    reset() {
      world = definition.build();
    },
    async answer(subgraph, query, variables) {
      const schema = schemas.get(subgraph);
      if (!schema) throw new Error(`no subgraph ${subgraph}`);
      const known = `${subgraph}\n${query}`;
      const document = documents.get(known) ?? readDocument(schema, query);
      if (documents.size < 20_000) documents.set(known, document);
      if (!("kind" in document)) return { errors: document };
      return (await execute({ schema, document, variableValues: variables })) as Answer;
    },
    close: () => closing(server),
  };
  return self;
}

function readDocument(schema: GraphQLSchema, query: string): DocumentNode | readonly unknown[] {
  const document = parse(query, { noLocation: true });
  const errors = validate(schema, document);
  return errors.length > 0 ? errors : document;
}

function executableSubgraph(definition: GraphDefinition, name: string, world: () => World): GraphQLSchema {
  const typeDefs = subgraphDocument(definition.subgraphs[name] ?? "");
  const own = meaningOf([typeDefs]);
  const all = meaningOf(Object.values(definition.subgraphs).map(subgraphDocument));
  const resolvers: Record<string, { __resolveReference(given: Row): Held | Error | null }> = {};
  for (const [type, keys] of own.keys)
    resolvers[type] = {
      __resolveReference(given) {
        // Returned, it is this one's error. Thrown, it would be everybody's; rejected, nobody's who is no longer waited for.
        try {
          return find(type, keys, given);
        } catch (error) {
          return error as Error;
        }
      },
    };
  // biome-ignore lint/suspicious/noExplicitAny: the resolver map's type is the package's own.
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as any }]);

  const hold = (row: Row, declared: string, given: Row | null): Held => {
    const names = [declared, ...all.typesOf(row.__typename)];
    const runtime = names.map((each) => schema.getType(each)).find(isObjectType);
    if (!runtime) throw new Error(`${name} cannot say ${row.__typename}`);
    return { __typename: runtime.name, row, given };
  };
  const find = (type: string, keys: readonly string[], given: Row): Held | null => {
    const usable = keys.filter((key) => keyOf(given, key, true) !== null);
    if (usable.length === 0) throw new Error(`${name}: no key of ${type} in ${canonical(given)}`);
    const found = world().entities.find(
      (row) =>
        all.typesOf(row.__typename).includes(type) &&
        usable.every((key) => keyOf(row, key, false) === keyOf(given, key, true)),
    );
    if (!found || definition.unknown?.[name]?.includes(idOf(found))) return null;
    return hold(found, type, given);
  };
  const keyOf = (row: Row, key: string, isGiven: boolean): string | null => {
    try {
      const how = isGiven ? fromRepresentation : fromRow(world(), all);
      return canonical(pick(row, fieldSet(key), how));
    } catch {
      return null;
    }
  };

  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("_")) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.name.startsWith("_")) continue;
      const declared = getNamedType(field.type);
      const coordinate = `${type.name}.${field.name}`;
      const wrap = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(wrap);
        if (typeof value !== "object" || value === null || value instanceof Error) return value;
        if (isObjectType(declared) || isAbstractType(declared)) return hold(value as Row, declared.name, null);
        return value;
      };
      field.resolve = (held: Held | undefined, args: Args) => {
        const required = own.requires.get(coordinate);
        if (required !== undefined) {
          // What is provided along the way needs no representation.
          const picked = held?.given
            ? pick(held.given, fieldSet(required), fromRepresentation)
            : pick(held?.row ?? {}, fieldSet(required), fromRow(world(), all));
          return wrap(derive(definition, coordinate, picked, args));
        }
        const row = held?.row ?? { __typename: type.name };
        return wrap(ownValue(world(), [type.name, ...all.typesOf(row.__typename)], row, field.name, args));
      };
    }
  }
  return schema;
}

const fromRow = (world: World, { typesOf }: Meaning) => ({
  read: (row: object, field: string, args: Args) =>
    ownValue(world, typesOf((row as Row).__typename), row as Row, field, args),
  isOf: (row: object, type: string) => typesOf((row as Row).__typename).includes(type),
});

const fromRepresentation = {
  read(given: object, field: string) {
    if (!Object.hasOwn(given, field)) throw new Error(`a representation lacks ${field}`);
    return (given as Row)[field];
  },
  isOf: (given: object, type: string) => (given as Row).__typename === type,
};

export function meaningOf(documents: readonly DocumentNode[]): Meaning {
  const requires = new Map<string, string>();
  const keys = new Map<string, string[]>();
  const interfaces = new Map<string, Set<string>>();
  const fromContext = new Map<string, { arg: string; context: string; selection: string }>();
  const contexts = new Map<string, Set<string>>();
  const readField = (type: string, { name, directives, arguments: args }: FieldDefinitionNode) => {
    const required = argOf(directives, "requires", "fields")[0];
    if (required !== undefined) requires.set(`${type}.${name.value}`, required);
    for (const arg of args ?? []) {
      const given = /^\$(\w+)\s*(.*)$/s.exec(argOf(arg.directives, "fromContext", "field")[0] ?? "");
      const [, context = "", selection = ""] = given ?? [];
      if (given) fromContext.set(`${type}.${name.value}`, { arg: arg.name.value, context, selection });
    }
  };
  for (const each of documents.flatMap(({ definitions }) => definitions)) {
    if (
      each.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      each.kind !== Kind.OBJECT_TYPE_EXTENSION &&
      each.kind !== Kind.INTERFACE_TYPE_DEFINITION
    )
      continue;
    const type = each.name.value;
    keys.set(type, [...(keys.get(type) ?? []), ...argOf(each.directives, "key", "fields")]);
    for (const name of argOf(each.directives, "context", "name"))
      contexts.set(name, (contexts.get(name) ?? new Set()).add(type));
    const implemented = interfaces.get(type) ?? new Set();
    interfaces.set(type, implemented);
    for (const { name } of each.interfaces ?? []) implemented.add(name.value);
    for (const field of each.fields ?? []) readField(type, field);
  }
  for (const [type, own] of keys) if (own.length === 0) keys.delete(type);
  return {
    requires,
    keys,
    fromContext,
    contexts,
    typesOf: (type) => [type, ...(interfaces.get(type) ?? [])],
  };
}

function argOf(directives: readonly ConstDirectiveNode[] | undefined, name: string, arg: string): readonly string[] {
  return (directives ?? [])
    .filter((each) => each.name.value === name)
    .flatMap((each) => each.arguments?.find((one) => one.name.value === arg)?.value ?? [])
    .map((value) => (value.kind === Kind.STRING ? value.value : ""));
}
