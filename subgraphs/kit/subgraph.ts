/** Makes a subgraph of an agency's schema and resolvers, and serves it over HTTP. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
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
import { createHandler } from "graphql-http";
import { identifierScalars } from "#schema/scalars.ts";
import type { AssertedCaller } from "./caller.ts";
import { isWithheld, type UnreadableRow, type Withheld } from "./decoded.ts";
import { rememberedDocuments } from "./documents.ts";
import { sealer } from "./envelope.ts";
import { type ChangeCarrier, type Feed, openFeed, type WatchedSource } from "./feed.ts";
import { httpCarrier } from "./feed-http.ts";
import { redisCarrier } from "./feed-redis.ts";
import type { ChangesTo } from "./settings.ts";
import { type Refused, type Signed, type SubgraphKey, signatureVerifier } from "./verify.ts";

/** What every resolver gets: this request's loaders, and where to report rows that had to be left out. */
export type RequestContext<Loaders> = {
  readonly loaders: Loaders;
  /** Tells the caller that the list at this field lacks rows that could not be read. */
  report(info: GraphQLResolveInfo, unreadable: readonly UnreadableRow[]): void;
  /** A system could not be asked, and the answer says so in its data alone: it is for this request, and not to be kept. */
  passing(): void;
  /** Who asks; null in a common subgraph, whose answers are the same for everybody. */
  readonly caller: AssertedCaller | null;
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
  /** As in schema/subgraphs.json; common unless told. */
  readonly fetches?: "common" | "personal";
  /** New for every request: INVARIANT: nothing looked up for one caller is kept for another. */
  readonly loaders: () => Loaders;
  /** Its systems, as they are watched for changes; new ones for every call. */
  readonly watched?: () => readonly WatchedSource[];
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

export type ServeAt = {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Only the gateway, which has one of them, is answered. Null or left out: whoever asks is, for development alone. */
  readonly keys?: readonly SubgraphKey[] | null;
  /** Where changes are announced, or the way itself. Null or left out: nowhere. */
  readonly changesTo?: ChangesTo | ChangeCarrier | null;
  /** How long a source is left alone between two looks at it; 250 unless told. */
  readonly pollMs?: number;
  /** What the operator is told; the console's error lines by default. */
  readonly writeLine?: (line: string) => void;
};

/**
 * Serves the subgraph at `/graphql` and `/live`, and announces what changes in its sources. They are closed with it.
 */
export async function serveSubgraph<Loaders>(definition: SubgraphDefinition<Loaders>, at: ServeAt): Promise<Listening> {
  const closeSources = async () => definition.close?.();
  try {
    const announcing = announcer(definition, at);
    const { url, close } = await listen(definition, at);
    const feed = announcing?.();
    return {
      url,
      async close() {
        await Promise.all([close(), feed?.close()]);
        await closeSources();
      },
    };
  } catch (error) {
    await closeSources();
    throw error;
  }
}

/** Null: nothing is announced. Opens nothing before it is called. */
function announcer<Loaders>({ name, watched }: SubgraphDefinition<Loaders>, at: ServeAt): (() => Feed) | null {
  const { changesTo = null, keys = null, writeLine = (line) => console.error(line) } = at;
  if (changesTo === null || watched === undefined) return null;
  const carrier = "url" in changesTo ? carrierTo(changesTo) : changesTo;
  // The first of two keys, as the gateway signs with its first.
  const seal = sealer({ subgraph: name, key: keys?.[0] ?? null });
  const pollMs = at.pollMs === undefined ? {} : { pollMs: at.pollMs, beatMs: at.pollMs * 2 };
  return () =>
    openFeed({ sources: watched(), carrier, seal, ...pollMs, writeLine: (line) => writeLine(`${name}: ${line}`) });
}

function carrierTo(changesTo: ChangesTo): ChangeCarrier {
  return changesTo.url.startsWith("http") ? httpCarrier(changesTo) : redisCarrier(changesTo);
}

async function listen<Loaders>(definition: SubgraphDefinition<Loaders>, at: ServeAt): Promise<Listening> {
  const { port, host = "127.0.0.1", keys = null, writeLine = (line) => console.error(line) } = at;
  const answer = answering(definition);
  const { name, fetches = "common" } = definition;
  const verify = keys === null ? null : signatureVerifier({ subgraph: name, keys, fetches });
  const refuse = refusing(name, writeLine);
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // INVARIANT: nothing is parsed, and of what is not signed nothing even read, before the signature is verified.
    const signed = verify?.(request) ?? unsigned;
    if ("refused" in signed) return refuse(response, signed.refused);
    const body = await readBody(request);
    const refused = body === null ? "another body than was signed" : signed.accept(body);
    if (refused !== null) return refuse(response, refused);
    const [text, init] = await answer(request, String(body), signed.caller);
    response.writeHead(init.status, init.statusText, init.headers).end(text);
  };
  const server = createServer((request, response) => {
    if (request.url === "/live") return void response.end("live\n");
    respond(request, response).catch(() => response.destroy());
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

const unsigned: Signed = { caller: null, accept: () => null };

/** Every refusal is the same to whoever is refused; the operator is told each reason once a minute. */
function refusing(name: string, writeLine: (line: string) => void) {
  const toldAt = new Map<Refused, number>();
  return (response: ServerResponse, why: Refused): void => {
    // What still comes of a refused request is not waited for.
    const headers = { "content-type": "text/plain", "www-authenticate": "Signature", connection: "close" };
    response.writeHead(401, headers).end("not signed by the gateway\n");
    if (performance.now() - (toldAt.get(why) ?? -Infinity) < 60_000) return;
    toldAt.set(why, performance.now());
    writeLine(`${name}: refused a request: ${why}`);
  };
}

const maxBodyBytes = 16 * 1024 * 1024;

/** Null where it is larger than any that the gateway sends. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

type AnswerRequest = (
  request: IncomingMessage,
  body: string,
  caller: AssertedCaller | null,
) => ReturnType<ReturnType<typeof createHandler>>;

function answering<Loaders>(definition: SubgraphDefinition<Loaders>): AnswerRequest {
  const schema = subgraphSchema(definition);
  const problemsOf = new WeakMap<object, GraphQLError[]>();
  const passing = new WeakSet<object>();
  const handler = createHandler<IncomingMessage, { readonly caller: AssertedCaller | null }>({
    schema,
    ...rememberedDocuments(),
    context: ({ context: { caller } }) => {
      const problems: GraphQLError[] = [];
      const context: RequestContext<Loaders> = {
        loaders: definition.loaders(),
        report: (info, rows) => problems.push(...recordsUnreadable(info, rows)),
        passing: () => void passing.add(context),
        caller,
      };
      problemsOf.set(context, problems);
      // biome-ignore lint/suspicious/noExplicitAny: graphql-http wants an index signature on its context.
      return context as any;
    },
    execute: (args) => execute({ ...args, fieldResolver: resolveField }),
    onOperation: (_request, args, result) => {
      const context = args.contextValue as unknown as object;
      const problems = problemsOf.get(context) ?? [];
      const isPassing = passing.has(context);
      if ((problems.length === 0 && !isPassing) || !("data" in result)) return;
      const { data = null, errors = [] } = result as ExecutionResult;
      const all = [...errors, ...problems];
      return {
        data: withoutEmptyLists(data, problems),
        ...(all.length > 0 ? { errors: all } : {}),
        ...(isPassing ? { extensions: { passing: true } } : {}),
      };
    },
  });
  return (request, body, caller) => {
    const { method = "", url = "", headers } = request;
    return handler({ method, url, headers, body: () => body, raw: request, context: { caller } });
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
