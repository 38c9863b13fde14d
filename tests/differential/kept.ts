/**
 * Answers kept by the simplest cache there is, which never forgets: what it gives must be what the subgraphs give, as long
 * as they do not change. What it keeps is frozen: whoever changes it is caught.
 */
import { type ConstDirectiveNode, type FieldDefinitionNode, Kind, parse, parseConstValue, print, visit } from "graphql";
import { type Answer, printed } from "../../gateway/answer.ts";
import { cached } from "../../gateway/cache/entity-cache.ts";
import { openFeeds } from "../../gateway/cache/feeds.ts";
import type { Change } from "../../gateway/cache/message.ts";
import type { EngineAnswer } from "../../gateway/execution/engine.ts";
import { answerBody } from "../../gateway/http/response.ts";
import type { AtHand, ExecutedCall, ExecutedRequest, ReadPart, SubgraphAnswer } from "../../gateway/subgraph/call.ts";
import { openWatch } from "../../gateway/subgraph/watch.ts";
import { nameNode } from "./arguments.ts";
import { drawSeeded } from "./draw.ts";

const link = `extend schema @link(url: "https://crosswalk.example/core/v1.0", import: ["@lifetime"])
directive @lifetime(seconds: Int!, feed: String!) repeatable on OBJECT | FIELD_DEFINITION`;

export const lifetimeNode = (seconds: number, feed: string): ConstDirectiveNode => ({
  kind: Kind.DIRECTIVE,
  name: nameNode("lifetime"),
  arguments: [
    { kind: Kind.ARGUMENT, name: nameNode("seconds"), value: parseConstValue(String(seconds)) },
    { kind: Kind.ARGUMENT, name: nameNode("feed"), value: parseConstValue(JSON.stringify(feed)) },
  ],
});

/** The supergraph with what is drawn for each type, and for each field of a type. */
export function withLifetimes(
  sdl: string,
  draw: { readonly ofType: () => ConstDirectiveNode[]; readonly ofField: () => ConstDirectiveNode[] },
): string {
  const onField = (field: FieldDefinitionNode) => ({
    ...field,
    directives: [...(field.directives ?? []), ...draw.ofField()],
  });
  const document = visit(parse(`${sdl}\n${link}`, { noLocation: true }), {
    ObjectTypeDefinition: (type) => ({
      ...type,
      directives: [...(type.directives ?? []), ...draw.ofType()],
      fields: type.fields?.map(onField) ?? [],
    }),
    InterfaceTypeDefinition: (type) => ({ ...type, fields: type.fields?.map(onField) ?? [] }),
  });
  return print(document);
}

/** On most of its fields: few kinds of lifetimes, and some fields without. */
export function withSomeLifetimes(sdl: string, seed: number): string {
  const draw = drawSeeded(seed);
  const ofType = () => (draw.chance(85) ? [lifetimeNode(draw.of([60, 300]), draw.of(["one", "other"]))] : []);
  return withLifetimes(sdl, { ofType, ofField: () => (draw.chance(60) ? ofType() : []) });
}

/** What stands in front of the subgraphs; `lose` forgets some of what is kept, drawn from a number. */
export type Front = { readonly call: ExecutedCall; lose(from: number): void };

/** The gateway's own cache, under two feeds whose leases never end. */
export function ownCache(
  next: ExecutedCall,
): Front & { readonly counts: { hits: number; misses: number }; close(): void } {
  const feeds = openFeeds({ leaseMs: 2_000, now: () => 0 });
  const counts = { hits: 0, misses: 0 };
  const seqs = { one: 0, other: 0 };
  const tell = (source: keyof typeof seqs, changes: readonly Change[]) =>
    feeds.receive(
      {
        source,
        epoch: "e",
        seq: seqs[source],
        changes,
        heartbeat: { clock: "c", since: 0, asOf: "2026-10-19T14:00:00Z" },
      },
      0,
    );
  for (const source of ["one", "other"] as const) tell(source, []);
  const watch = openWatch();
  const layer = cached({
    isCommon: () => true,
    feeds,
    maxBytes: 64 * 1024 * 1024,
    far: null,
    watch,
    random: Math.random,
    onLookup: ({ hits, misses }) => {
      counts.hits += hits;
      counts.misses += misses;
    },
    onFault: (error) => {
      throw error;
    },
  });
  const call = layer(({ url: _url, ...request }) => next({ ...request, origin: undefined }));
  return {
    counts,
    call: Object.assign(({ origin: _origin, ...request }: ExecutedRequest) => call({ ...request, url: "" }), {
      atHand: layer.atHand,
    }),
    lose(from) {
      const source = from % 2 === 0 ? "one" : "other";
      seqs[source] += 1;
      tell(source, [{ all: true }]);
    },
    close: watch.close,
  };
}

export type NaiveCache = Front & {
  /** By everything that may tell two answers apart. */
  readonly entries: Map<string, { readonly value: unknown; readonly tags: readonly string[] }>;
  clear(): void;
  /** Requests that were answered wholly, partly and not at all from what is kept, and those that were not even made again. */
  readonly counts: { whole: number; partly: number; missed: number; again: number };
  /** Requests whose body, made of all that they ask, is not the body that they are. */
  readonly unlikeBodies: string[];
};

type Body = { readonly data?: Record<string, unknown> | null; readonly errors?: unknown };

export function naiveCache(next: ExecutedCall): NaiveCache {
  const entries: NaiveCache["entries"] = new Map();
  const counts = { whole: 0, partly: 0, missed: 0, again: 0 };
  let turn = 0;
  const unlikeBodies: string[] = [];
  const keyOf = (
    { subgraph }: Parameters<AtHand>[0],
    { question, variables }: ReadPart,
    representation: string | null,
  ) => JSON.stringify([subgraph, question.text, variables, representation]);
  const keep = (request: ExecutedRequest, part: ReadPart, representation: string | null, value: unknown): void => {
    const asked: unknown = JSON.parse(representation ?? part.variables);
    const tags = part.question.tagsOf(asked, value);
    if (part.question.lifetime !== null)
      entries.set(keyOf(request, part, representation), { value: frozen(value), tags });
  };

  const askRoot = async (request: ExecutedRequest, part: ReadPart): Promise<SubgraphAnswer> => {
    counts.missed += 1;
    const { body } = await next(request);
    const { data, errors } = body as Body;
    if (errors === undefined && data) keep(request, part, null, structuredClone(data));
    return { body, isShared: false };
  };

  const askEntities = async (
    request: ExecutedRequest,
    parts: readonly ReadPart[],
    bodyOf: NonNullable<ExecutedRequest["reads"]>["bodyOf"],
  ): Promise<SubgraphAnswer> => {
    const found = parts.map((part) =>
      (part.representations ?? []).map((each) =>
        part.question.lifetime === null ? undefined : entries.get(keyOf(request, part, each)),
      ),
    );
    const missing = found.map((all) => all.flatMap((each, index) => (each === undefined ? [index] : [])));
    const all = found.map((each) => each.map((_, index) => index));
    if (bodyOf(all) !== request.body) unlikeBodies.push(request.body);
    const isMissed = missing.every((indexes, at) => indexes.length === found[at]?.length);
    counts[isMissed ? "missed" : "partly"] += 1;
    const fetched = (await next({ ...request, body: bodyOf(missing) })).body as Body;
    // What is wrong with a part of it says nothing of the places in the whole.
    if (fetched.errors !== undefined || !fetched.data) return next(request);
    const data: Record<string, unknown> = {};
    for (const [at, part] of parts.entries()) {
      const given = (fetched.data[part.alias as string] ?? []) as readonly unknown[];
      const values = found[at]?.map((each) => each?.value) ?? [];
      if (given.length !== missing[at]?.length) return next(request);
      for (const [place, index] of (missing[at] ?? []).entries()) {
        values[index] = given[place];
        keep(request, part, part.representations?.[index] as string, structuredClone(given[place]));
      }
      data[part.alias as string] = values;
    }
    return { body: frozen({ data }), isShared: true };
  };

  const call = (request: ExecutedRequest): Promise<SubgraphAnswer> => {
    const { reads } = request;
    if (reads === undefined) return next(request);
    const [first] = reads.parts as readonly [ReadPart];
    return first.alias === null ? askRoot(request, first) : askEntities(request, reads.parts, reads.bodyOf);
  };
  /** Whatever is kept as a whole is given here: nobody gets as far as `call` with it. */
  const atHand = (request: Parameters<AtHand>[0]): SubgraphAnswer | null => {
    const { parts = [] } = request.reads ?? {};
    const values = parts.map((part) =>
      (part.representations ?? [null]).map((each) =>
        part.question.lifetime === null ? undefined : entries.get(keyOf(request, part, each)),
      ),
    );
    if (request.reads === undefined || values.flat().includes(undefined)) return null;
    counts.whole += 1;
    const [first] = parts as readonly [ReadPart];
    const keys = parts.flatMap((part) => (part.representations ?? [null]).map((each) => keyOf(request, part, each)));
    const hold = () => ({
      until: Infinity,
      bytes: 1000,
      holds: () => keys.every((key) => entries.has(key)),
      served: () => {
        counts.again += 1;
      },
    });
    if (first.alias === null) return { body: { data: values[0]?.[0]?.value }, isShared: true, hold };
    const data = parts.map(({ alias }, at) => [alias, values[at]?.map((each) => each?.value)]);
    return { body: frozen({ data: Object.fromEntries(data) }), isShared: true, hold };
  };
  return {
    entries,
    counts,
    unlikeBodies,
    clear() {
      turn += 1;
      entries.clear();
    },
    lose(from) {
      turn += 1;
      let at = from;
      for (const key of [...entries.keys()]) {
        at = (Math.imul(at, 1_664_525) + 1_013_904_223) >>> 0;
        if (at % 3 === 0) entries.delete(key);
      }
    },
    call: Object.assign(call, { atHand: Object.assign(atHand, { turn: () => turn }) }),
  };
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}

/** As it is sent to a client; what was printed for another before is not printed again. */
export function sentText({ data, errors, printed: known }: EngineAnswer): string {
  const told = errors.length === 0 ? {} : { errors: errors as unknown as NonNullable<Answer["errors"]> };
  return answerBody({ data, ...told, ...(known === undefined ? {} : { [printed]: known }) }).text;
}
