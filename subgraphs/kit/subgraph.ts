/** Makes a subgraph of an agency's schema and resolvers, and serves it over HTTP. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buildSubgraphSchema } from "@apollo/subgraph";
import {
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
  parse,
  responsePathAsArray,
} from "graphql";
import { createHandler } from "graphql-http/lib/use/http";
import { identifierScalars } from "#schema/scalars.ts";
import { isWithheld, type UnreadableRow, type Withheld } from "./decoded.ts";

/** What every resolver gets: this request's loaders, and where to report rows that had to be left out. */
export type RequestContext<Loaders> = {
  readonly loaders: Loaders;
  /** Tells the caller that the list at this field lacks rows that could not be read. */
  report(info: GraphQLResolveInfo, unreadable: readonly UnreadableRow[]): void;
};

export type Resolvers<Loaders> = Readonly<
  // biome-ignore lint/suspicious/noExplicitAny: graphql-js types a resolver's parent and arguments as any.
  Record<string, Readonly<Record<string, GraphQLFieldResolver<any, RequestContext<Loaders>, any>>>>
>;

export type SubgraphDefinition<Loaders> = {
  readonly name: string;
  /** The agency's own SDL; `schema/shared.graphql` is put in front of it. */
  readonly sdl: string;
  readonly resolvers: Resolvers<Loaders>;
  /** New for every request: INVARIANT: nothing looked up for one caller is kept for another. */
  readonly loaders: () => Loaders;
  /** Closes the sources: called once, when the subgraph has closed or could not be served. */
  readonly close?: () => Promise<unknown>;
};

export type Listening = { readonly url: string; close(): Promise<void> };

const sharedSdl = readFileSync(new URL("../../schema/shared.graphql", import.meta.url), "utf8");

/** The executable schema, `_entities` and `_service` included. Throws when a resolver names no field of the SDL. */
export function subgraphSchema<Loaders>({ name, sdl, resolvers }: SubgraphDefinition<Loaders>): GraphQLSchema {
  const typeDefs = parse(`${sharedSdl}\n${sdl}`);
  const declared = new Set(typeDefs.definitions.map((each) => ("name" in each ? each.name?.value : undefined)));
  const scalars = Object.fromEntries(Object.entries(identifierScalars).filter(([scalar]) => declared.has(scalar)));
  // biome-ignore lint/suspicious/noExplicitAny: the resolver map's type differs between the two packages.
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: { ...scalars, ...settled(resolvers) } as any }]);
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    const known = isObjectType(type) ? type.getFields() : {};
    for (const field of Object.keys(fields))
      if (!Object.hasOwn(known, field) && field !== "__resolveReference")
        throw new Error(`${name}: a resolver stands for ${typeName}.${field}, which the schema does not have`);
  }
  return schema;
}

/** INVARIANT: a reference that cannot be resolved fails alone: thrown at once, it would take the whole request with it. */
function settled<Loaders>(resolvers: Resolvers<Loaders>): Resolvers<Loaders> {
  return Object.fromEntries(
    Object.entries(resolvers).map(([type, { __resolveReference: resolve, ...fields }]) => [
      type,
      resolve === undefined ? fields : { ...fields, __resolveReference: async (...given) => resolve(...given) },
    ]),
  );
}

/** Serves the subgraph at `/graphql` and `/live`. `port` 0 takes a free one. Its sources are closed with it. */
export async function serveSubgraph<Loaders>(
  definition: SubgraphDefinition<Loaders>,
  at: { readonly port: number; readonly host?: string },
): Promise<Listening> {
  const closeSources = async () => definition.close?.();
  try {
    const { url, close } = await listen(definition, at);
    return {
      url,
      async close() {
        await close();
        await closeSources();
      },
    };
  } catch (error) {
    await closeSources();
    throw error;
  }
}

async function listen<Loaders>(
  definition: SubgraphDefinition<Loaders>,
  { port, host = "127.0.0.1" }: { readonly port: number; readonly host?: string },
): Promise<Listening> {
  const schema = subgraphSchema(definition);
  const problemsOf = new WeakMap<object, GraphQLError[]>();
  const handler = createHandler({
    schema,
    context: () => {
      const problems: GraphQLError[] = [];
      const context: RequestContext<Loaders> = {
        loaders: definition.loaders(),
        report: (info, rows) => problems.push(...recordsUnreadable(info, rows)),
      };
      problemsOf.set(context, problems);
      // biome-ignore lint/suspicious/noExplicitAny: graphql-http wants an index signature on its context.
      return context as any;
    },
    execute: (args) => execute({ ...args, fieldResolver: resolveField }),
    onOperation: (_request, args, result) => {
      const problems = problemsOf.get(args.contextValue as object) ?? [];
      if (problems.length === 0 || !("data" in result)) return;
      const executed = result as ExecutionResult;
      return {
        data: withoutEmptyLists(executed.data ?? null, problems),
        errors: [...(executed.errors ?? []), ...problems],
      };
    },
  });
  const server = createServer((request, response) => {
    if (request.url === "/live") return void response.end("live\n");
    handler(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/graphql`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Reads a property, and turns a withheld value into null with an error that says why. */
const resolveField: GraphQLFieldResolver<unknown, unknown> = (parent, _args, _context, info) => {
  const value = (parent as Record<string, unknown>)[info.fieldName];
  if (isWithheld(value)) throw withheldError(value);
  return value;
};

const withheldCodes = { REDACTED: "REDACTED_BY_SOURCE", UNREADABLE: "VALUE_UNREADABLE" } as const;

function withheldError({ withheld, system, field }: Withheld): GraphQLError {
  const what = withheld === "REDACTED" ? "withholds" : "holds something unreadable in";
  return new GraphQLError(`${system} ${what} ${field}`, { extensions: { code: withheldCodes[withheld], system } });
}

/** One error per system and field of the answer, however many rows: the count is in it, the rows' content is not. */
function recordsUnreadable(info: GraphQLResolveInfo, rows: readonly UnreadableRow[]): GraphQLError[] {
  return [...new Set(rows.map((row) => row.system))].map((system) => {
    const count = rows.filter((row) => row.system === system).length;
    return new GraphQLError(`${system}: ${count} of the records here could not be read and are left out`, {
      path: responsePathAsArray(info.path),
      extensions: { code: "RECORD_UNREADABLE", system, count },
    });
  });
}

type Answer = Record<string, unknown> | null;

/**
 * INVARIANT: a list from which every record had to be left out is null, never empty: an empty list says "nothing is
 * there".
 */
function withoutEmptyLists(data: Answer, problems: readonly GraphQLError[]): Answer {
  for (const { path = [] } of problems) {
    const parent = path
      .slice(0, -1)
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], data);
    const key = path.at(-1);
    const list = key === undefined ? undefined : (parent as Record<string, unknown> | null | undefined)?.[key];
    if (Array.isArray(list) && list.length === 0) (parent as Record<string, unknown>)[key as string] = null;
  }
  return data;
}
