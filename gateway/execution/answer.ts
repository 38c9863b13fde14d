/**
 * Reads one subgraph's answer against what was asked of it: keeps what has the right shape, and names a problem for
 * every null that is not the data's own. Pure.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
} from "graphql";
import type { Path } from "../errors.ts";
import { fragmentsOf, operationOf } from "../operation/document.ts";
import { type CollectScope, collectFields, type FieldsByKey } from "./collect-fields.ts";
import { type Cause, type Reported, readErrors } from "./reported.ts";
import { isLeafValue, runtimeType } from "./value-types.ts";

export type Fetch = {
  /** The whole supergraph, inaccessible parts included. */
  readonly schema: GraphQLSchema;
  /** What was sent to the subgraph. */
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of an entity fetch; null for a root fetch. */
  readonly representations: readonly Representation[] | null;
};

export type Representation = Readonly<Record<string, unknown>>;

export type Problem = Cause & {
  /** Which entity it is about; 0 for a root fetch. */
  readonly root: number;
  /** Response keys and indexes below the entity or root. */
  readonly path: Path;
};

export type ReadAnswer = {
  /** One per entity; exactly one for a root fetch. Null: the subgraph says that it knows no such entity. */
  readonly roots: readonly (Readonly<Record<string, unknown>> | null)[];
  readonly problems: readonly Problem[];
};

/** From a body of unknown shape. */
export function readAnswer(fetch: Fetch, body: unknown): ReadAnswer {
  const { data, errors } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const reported = readErrors(errors, fetch.representations?.length ?? null);
  const given = rootsOf(fetch, data);
  const types = rootTypes(fetch);
  const reader = shapeReader(fetch, reported);
  const roots = types.map((type, root) =>
    given ? reader.readRoot(given[root], type, root) : reader.missingRoot(type, root, reported[0] ?? malformed),
  );
  reader.reportRest();
  return { roots, problems: reader.problems };
}

/** What stands for an answer that never came: every field null, with a problem for each. */
export function missingAnswer(fetch: Fetch, cause: Cause): ReadAnswer {
  const reader = shapeReader(fetch, []);
  const roots = rootTypes(fetch).map((type, root) => reader.missingRoot(type, root, cause));
  return { roots, problems: reader.problems };
}

/**
 * What stands for an answer to a question that was itself incomplete: every field has a problem, or each list in it has,
 * and an empty list, which would say that there is nothing, is null.
 */
export function incompleteAnswer(fetch: Fetch, root: ReadAnswer["roots"][number], cause: Cause): ReadAnswer {
  if (root === null) return missingAnswer(fetch, cause);
  const [given = {}] = fetch.representations ?? [];
  const found = Object.keys(root).filter((key) => key !== "__typename" && !Object.hasOwn(given, key));
  const paths = found.flatMap((key) => {
    const lists = listsIn(root[key], [key]);
    return lists.length > 0 ? lists : [[key]];
  });
  const { code, system } = cause;
  const problems = paths.map((path) => ({ code, ...(system ? { system } : {}), root: 0, path }));
  const emptied = Object.fromEntries(found.map((key) => [key, withoutEmptyLists(root[key])]));
  return { roots: [{ ...root, ...emptied }], problems };
}

/** Where this value is or holds a list; what stands in a list's elements is theirs. */
function listsIn(value: unknown, path: Path): Path[] {
  if (Array.isArray(value)) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => listsIn(each, [...path, key]));
}

function withoutEmptyLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? null : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutEmptyLists(each)]));
}

const malformed: Cause = { code: "SUBREQUEST_MALFORMED_RESPONSE" };

/** The entities, or the one root object; null when the answer as a whole cannot be used. */
function rootsOf({ representations }: Fetch, data: unknown): readonly unknown[] | null {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  if (!representations) return [data];
  const entities = (data as { _entities?: unknown })._entities;
  return Array.isArray(entities) && entities.length === representations.length ? entities : null;
}

function rootTypes({ schema, document, representations }: Fetch): readonly (GraphQLNamedType | undefined)[] {
  if (representations) return representations.map((each) => schema.getType(String(each.__typename)));
  return [schema.getRootType(operationOf(document).operation) ?? undefined];
}

function shapeReader(fetch: Fetch, reported: readonly Reported[]) {
  const scope: CollectScope = { ...fetch, fragments: fragmentsOf(fetch.document) };
  const unplaced = reported.find(({ root }) => root === null);
  const problems: Problem[] = [];
  const report = ({ code, system }: Cause, root: number, path: Path) =>
    problems.push({ code, ...(system ? { system } : {}), root, path });

  for (const each of reported) if (each.root !== null && each.path.length > 0) report(each, each.root, each.path);

  /** A null is explained by an error of the subgraph at it, or below it: from there it came up. */
  const isExplained = (root: number, path: Path) =>
    reported.some((each) => each.root === root && each.path.length > 0 && isPrefix(path, each.path));

  const missing = (root: number, path: Path, cause: Cause = unplaced ?? malformed): null => {
    if (!isExplained(root, path)) report(cause, root, path);
    return null;
  };

  const fieldsOf = (type: GraphQLNamedType | undefined): FieldsByKey => {
    const { selectionSet } = operationOf(fetch.document);
    const entities = selectionSet.selections.find(
      (each) => each.kind === Kind.FIELD && each.name.value === "_entities",
    );
    const sets = fetch.representations && entities?.kind === Kind.FIELD ? [entities.selectionSet] : [selectionSet];
    return collectFields(
      scope,
      type,
      sets.flatMap((each) => each ?? []),
    );
  };

  const readFields = (
    value: object,
    fields: FieldsByKey,
    parent: GraphQLNamedType | undefined,
    root: number,
    path: Path,
  ) => {
    const kept: Record<string, unknown> = Object.create(null);
    for (const [key, nodes] of fields) {
      const name = nodes[0]?.name.value ?? key;
      const given: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
      const type = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name]?.type : undefined;
      if (name === "__typename") {
        if (typeof given === "string") kept[key] = given;
      } else if (given === undefined) kept[key] = missing(root, [...path, key]);
      else kept[key] = type ? readValue(given, type, nodes, root, [...path, key]) : given;
    }
    return kept;
  };

  const readValue = (
    value: unknown,
    type: GraphQLOutputType,
    nodes: readonly FieldNode[],
    root: number,
    path: Path,
  ): unknown => {
    if (isNonNullType(type))
      return value === null ? missing(root, path) : readValue(value, type.ofType, nodes, root, path);
    // Null is the data's own, unless the subgraph gave an error without saying where.
    if (value === null) return unplaced && path.length === 1 ? missing(root, path) : null;
    if (isListType(type)) {
      if (!Array.isArray(value)) return missing(root, path);
      return value.map((element, index) => readValue(element, type.ofType, nodes, root, [...path, index]));
    }
    if (isCompositeType(type)) {
      const runtime = runtimeType(fetch.schema, type, value);
      if (runtime === undefined) return missing(root, path);
      const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      return readFields(value as object, collectFields(scope, runtime, sets), runtime, root, path);
    }
    return isLeafValue(type, value) ? value : missing(root, path);
  };

  return {
    problems,
    readRoot(value: unknown, type: GraphQLNamedType | undefined, root: number) {
      const ofEntity = reported.find((each) => each.root === root && each.path.length === 0) ?? unplaced;
      if (value === null && !ofEntity) return null;
      const runtime = isCompositeType(type) ? runtimeType(fetch.schema, type, value) : undefined;
      if (typeof value !== "object" || value === null || (isCompositeType(type) && !runtime))
        return this.missingRoot(type, root, ofEntity ?? malformed);
      return readFields(value, fieldsOf(runtime), runtime, root, []);
    },
    missingRoot(type: GraphQLNamedType | undefined, root: number, cause: Cause) {
      const kept: Record<string, unknown> = Object.create(null);
      for (const [key, nodes] of fieldsOf(type))
        if (nodes[0]?.name.value !== "__typename") kept[key] = missing(root, [key], cause);
      return kept;
    },
    /** An error that stands for no null in particular reaches the client all the same. */
    reportRest() {
      for (const each of reported)
        if ((each.root === null || each.path.length === 0) && !problems.some(({ code }) => code === each.code))
          report(each, each.root ?? 0, []);
    },
  };
}

function isPrefix(prefix: Path, path: Path): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === path[index]);
}
