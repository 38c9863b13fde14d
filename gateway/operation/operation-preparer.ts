/**
 * From the text of a request to a normalised operation and its variables: limits, parse, limits, validate, choose,
 * normalise; then, for every request, coerce. A document is prepared once and kept; a request that brings it again costs
 * a look-up and its variables.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  visit,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { type CoercionOf, inputCoercion } from "./coercion.ts";
import { costLimit, type RefuseCost } from "./cost.ts";
import { absent, coerceDeclared, type Declared, declare } from "./declared-variables.ts";
import { deferCondition, isDefer, withDefer } from "./deferred.ts";
import { fragmentsOf } from "./document.ts";
import { defaultLimits, type Limits, refuseSize } from "./document-size.ts";
import { type MaxSeconds, maxSecondsOf, withFreshness, withoutFreshness } from "./freshness.ts";
import { introspectionLimit, type RefuseIntrospection } from "./introspection-size.ts";
import { keptDocuments } from "./kept-documents.ts";
import { normalise } from "./normalise.ts";
import { parseFailed, refuseTokens } from "./tokens.ts";
import { validateWithinLimits } from "./validation.ts";

export type OperationRequest = {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
};

/** The same object for the same text, operation name and variant of `@defer`: what is derived of it may be kept by it. */
export type PreparedDocument = {
  readonly kind: "query" | "mutation" | "subscription";
  /** As the client named it. */
  readonly name: string | null;
  /** One unnamed operation under internal keys and variables, without fragment spreads and literals. */
  readonly operation: OperationDefinitionNode;
  /** `operation`, printed: the same for all documents that differ only in how they were written. */
  readonly text: string;
  /** Internal key → client's. A key that is not in it is its own. */
  readonly clientKeys: ReadonlyMap<string, string>;
  /** Internal label → client's, null where none was given. Empty: nothing is deferred. */
  readonly deferLabels: ReadonlyMap<string, string | null>;
  /** Held in memory, roughly. */
  readonly bytes: number;
};

export type PreparedOperation = {
  readonly document: PreparedDocument;
  /** Coerced, by internal names, lifted literals among them; without a prototype. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** As its `@freshness` says; null: it says nothing. */
  readonly maxSeconds: number | null;
};

const none: ReadonlySet<string> = new Set();

type Refused = { readonly refused: readonly ClientError[] };

export type PrepareOperation = (
  request: OperationRequest,
  options: { readonly acceptsDefer: boolean },
) => PreparedOperation | Refused;

export type PreparerSettings = {
  readonly apiSchema: GraphQLSchema;
  /** Every field name of the supergraph, inaccessible ones included. */
  readonly fieldNames: ReadonlySet<string>;
  /** Fields whose objects stand in keys or are required by other fields; none by default. */
  readonly requiredObjects?: ReadonlySet<string>;
  readonly introspection: boolean;
  readonly limits?: Partial<Limits>;
  /** Of all documents kept. */
  readonly maxBytes?: number;
  /** The supergraph with its directives, and what an operation may cost by them. */
  readonly cost?: { readonly supergraph: DocumentNode; readonly maxCost: number; readonly assumedListSize?: number };
};

/** Variables that decide about `@defer`; what further ones decide about is not deferred. */
const maxDeferVariables = 4;

/** A variant of a document, and how its variables come from the client's. */
type Variant = {
  readonly document: PreparedDocument;
  readonly variables: readonly (
    | { readonly internal: string; readonly index: number; readonly refusesNull: boolean }
    | { readonly internal: string; readonly index: null; readonly literal: unknown }
  )[];
  readonly refuseCost: RefuseCost | null;
};

type ReadDocument = {
  /** What variants are made of; null when there is none to come. */
  source: {
    readonly operation: OperationDefinitionNode;
    readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  } | null;
  readonly kind: PreparedDocument["kind"];
  readonly declared: readonly Declared[];
  readonly maxSeconds: MaxSeconds;
  /** Null: nothing says `@defer`, and there is one variant. */
  readonly deferVariables: readonly string[] | null;
  readonly variants: Map<number, Variant>;
  readonly bytes: number;
};

/** `INVARIANT:` a refusal repeats nothing of what the client wrote. */
export function operationPreparer(settings: PreparerSettings): PrepareOperation {
  const reader = readerOf(settings);
  const kept = keptDocuments<ReadDocument>(settings.maxBytes ?? 32 * 1024 * 1024);
  return ({ query, operationName, variables }, { acceptsDefer }) => {
    let read = kept.find(query, operationName);
    if (!read) {
      const made = readDocument(reader, query, operationName);
      if ("refused" in made) return made;
      read = made;
      kept.add(query, operationName, read);
    }
    const values = coerceDeclared(read.declared, variables);
    if ("refused" in values) return values;
    const maxSeconds = readMaxSeconds(read, values);
    if (typeof maxSeconds === "object" && maxSeconds !== null) return maxSeconds;
    const defers = acceptsDefer && read.kind !== "subscription";
    const variantKey = read.deferVariables === null || !defers ? 0 : 1 + deferBits(read, values);
    let variant = read.variants.get(variantKey);
    if (!variant) {
      const made = makeVariant(reader, read, variantKey);
      if ("refused" in made) return made;
      variant = made;
      read.variants.set(variantKey, variant);
      if (read.deferVariables === null) read.source = null;
      kept.grow(read, variant.document.bytes);
    }
    return withVariables(variant, values, read.declared, maxSeconds);
  };
}

/** A document as it is prepared for who takes one answer, whatever its variables will be. */
export function documentPreparer(settings: PreparerSettings): (query: string) => PreparedDocument | Refused {
  const reader = readerOf(settings);
  return (query) => {
    const read = readDocument(reader, query, null);
    if ("refused" in read) return read;
    const variant = makeVariant(reader, read, 0);
    return "refused" in variant ? variant : variant.document;
  };
}

type Reader = PreparerSettings & {
  readonly coercionOf: CoercionOf;
  readonly refuseIntrospection: RefuseIntrospection;
  /** Null: operations may cost whatever they do. */
  readonly costOf: ((operation: OperationDefinitionNode) => RefuseCost) | null;
};

/** The same schema with what operations may say to the gateway itself: `@defer` and `@freshness`. */
export const withOwnDirectives = (schema: GraphQLSchema): GraphQLSchema => withFreshness(withDefer(schema));

function readerOf(settings: PreparerSettings): Reader {
  return {
    ...settings,
    apiSchema: withOwnDirectives(settings.apiSchema),
    coercionOf: inputCoercion(),
    refuseIntrospection: introspectionLimit(settings.apiSchema),
    costOf: settings.cost && settings.cost.maxCost > 0 ? costLimit(settings.cost) : null,
  };
}

function readDocument(reader: Reader, query: string, operationName: string | null): ReadDocument | Refused {
  const limits = { ...defaultLimits, ...reader.limits };
  const tooMuch = refuseTokens(query, limits);
  if (tooMuch) return { refused: [tooMuch] };
  const document = parseDocument(query);
  if ("refused" in document) return document;
  const tooLarge = refuseSize(document, limits);
  if (tooLarge) return { refused: [tooLarge] };
  const invalid = validateWithinLimits(reader.apiSchema, document, reader);
  if (invalid.length > 0) return { refused: invalid };
  const operation = chooseOperation(document, operationName);
  if (!operation) return { refused: [clientError("OPERATION_RESOLUTION_FAILURE")] };
  if (!reader.apiSchema.getRootType(operation.operation)) return { refused: [clientError("OPERATION_NOT_SUPPORTED")] };
  const declared = (operation.variableDefinitions ?? []).map((each) =>
    declare(reader.apiSchema, reader.coercionOf, each),
  );
  const deferVariables = deferVariablesOf(document);
  // What is kept for further variants keeps its tokens too.
  const bytes = 1000 + query.length * (deferVariables ? 100 : 2) + declared.length * 200;
  return {
    source: { operation: withoutFreshness(operation), fragments: fragmentsOf(document) },
    kind: operation.operation,
    declared,
    maxSeconds: maxSecondsOf(operation),
    deferVariables,
    variants: new Map(),
    bytes,
  };
}

function parseDocument(query: string): DocumentNode | Refused {
  try {
    return parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return { refused: [parseFailed(error)] };
    throw error;
  }
}

function chooseOperation(document: DocumentNode, operationName: string | null): OperationDefinitionNode | null {
  const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  if (operationName !== null) return operations.find(({ name }) => name?.value === operationName) ?? null;
  return operations.length === 1 ? (operations[0] ?? null) : null;
}

/** Null where nothing says `@defer`. */
function deferVariablesOf(document: DocumentNode): readonly string[] | null {
  let isDeferred = false;
  const variables = new Set<string>();
  visit(document, {
    Directive: (directive) => {
      if (!isDefer(directive)) return;
      isDeferred = true;
      const condition = deferCondition(directive);
      if (typeof condition === "object" && variables.size < maxDeferVariables) variables.add(condition.variable);
    },
  });
  return isDeferred ? [...variables] : null;
}

function deferBits({ deferVariables, declared }: ReadDocument, values: readonly unknown[]): number {
  let bits = 0;
  deferVariables?.forEach((name, bit) => {
    if (values[declared.findIndex((each) => each.name === name)] === true) bits |= 1 << bit;
  });
  return bits;
}

/** `key`: 0 when nothing is deferred, else 1 and the values of the variables that decide. */
function makeVariant(reader: Reader, read: ReadDocument, key: number): Variant | Refused {
  const { source, declared, deferVariables } = read;
  if (!source) throw new Error("this document has no further variant");
  const { operation, fragments } = source;
  const normal = normalise({
    schema: reader.apiSchema,
    fieldNames: reader.fieldNames,
    requiredObjects: reader.requiredObjects ?? none,
    operation,
    fragments,
    keepsDefer: (directive) => {
      const condition = key > 0 && deferCondition(directive);
      if (typeof condition === "boolean") return condition;
      const bit = deferVariables?.indexOf(condition.variable) ?? -1;
      return bit >= 0 && ((key - 1) & (1 << bit)) !== 0;
    },
  });
  if ("refused" in normal) return normal;
  const tooMuch = reader.refuseIntrospection(
    normal.operation,
    (name) => normal.variables[Number(name.slice(1, -1)) - 1]?.literal,
  );
  if (tooMuch) return { refused: [tooMuch] };
  const text = print(normal.operation);
  let literalBytes = 0;
  const variables = normal.variables.map(({ client, literal, refusesNull }, at) => {
    const internal = `v${at + 1}_`;
    if (client !== null)
      return { internal, index: declared.findIndex(({ name }) => name === client), refusesNull: refusesNull() };
    literalBytes += JSON.stringify(literal).length * 4;
    return { internal, index: null, literal: deepFreeze(literal) };
  });
  const document: PreparedDocument = {
    kind: operation.operation,
    name: operation.name?.value ?? null,
    operation: normal.operation,
    text,
    clientKeys: normal.clientKeys,
    deferLabels: normal.deferLabels,
    bytes: 1000 + text.length * 30 + literalBytes + normal.variables.length * 200,
  };
  return { document, variables, refuseCost: reader.costOf?.(normal.operation) ?? null };
}

/** It is shared by every request. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const each of Object.values(value)) deepFreeze(each);
  return Object.freeze(value);
}

function readMaxSeconds({ maxSeconds, declared }: ReadDocument, values: readonly unknown[]): number | null | Refused {
  if (maxSeconds === null) return null;
  const index = "written" in maxSeconds ? -1 : declared.findIndex(({ name }) => name === maxSeconds.variable);
  const value = "written" in maxSeconds ? maxSeconds.written : values[index];
  if (typeof value === "number" && value >= 0) return value;
  return {
    refused: [clientError("BAD_USER_INPUT", "maxSeconds takes a whole number from 0 on", declared[index]?.locations)],
  };
}

function withVariables(
  { document, variables: made, refuseCost }: Variant,
  values: readonly unknown[],
  declared: readonly Declared[],
  maxSeconds: number | null,
): PreparedOperation | Refused {
  const variables: Record<string, unknown> = Object.create(null);
  for (const each of made) {
    const value = each.index === null ? each.literal : values[each.index];
    if ((value === null || value === absent) && each.index !== null && each.refusesNull) {
      const { form, locations } = declared[each.index] as Declared;
      return { refused: [clientError("BAD_USER_INPUT", form, locations)] };
    }
    if (value !== absent) variables[each.internal] = value;
  }
  const tooExpensive = refuseCost?.(variables);
  return tooExpensive ? { refused: [tooExpensive] } : { document, variables, maxSeconds };
}
