/**
 * Limits on a document, in time linear in its text and before validation: a fragment is measured once, however often it
 * is spread, and every counter saturates.
 */
import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { fragmentsOf, responseKeyOf } from "./document.ts";
import type { TokenLimits } from "./tokens.ts";

/** From `maxDepth` on, counted with every fragment put in its place. */
export type Limits = TokenLimits & {
  /** Operations and fragments. */
  readonly maxDefinitions: number;
  readonly maxDepth: number;
  /** Introspection tools ask for types of types; this reaches no subgraph. */
  readonly maxIntrospectionDepth: number;
  /** Of one operation; of all in a document together ten times as many. */
  readonly maxFields: number;
  /** Different response keys at the root. */
  readonly maxRootFields: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  /** Characters in the arguments of fields: a fragment must not repeat a long literal at will. */
  readonly maxArgumentChars: number;
};

/** No reasonable client meets them. */
export const defaultLimits: Limits = {
  maxChars: 256 * 1024,
  maxTokens: 8000,
  maxNesting: 64,
  maxDefinitions: 200,
  maxDepth: 16,
  maxIntrospectionDepth: 24,
  maxFields: 2000,
  maxRootFields: 100,
  maxAliases: 500,
  maxDirectives: 500,
  maxArgumentChars: 256 * 1024,
};

type Size = {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly argumentChars: number;
};

const nothing: Size = { depth: 0, introspectionDepth: 0, fields: 0, aliases: 0, directives: 0, argumentChars: 0 };
const saturated = 1_000_000_000;

/** Null for a document within the limits; it need not be valid. */
export function refuseSize(document: DocumentNode, limits: Limits): ClientError | null {
  if (document.definitions.length > limits.maxDefinitions)
    return clientError(
      "MAX_TOKENS_LIMIT",
      `the document has more than ${limits.maxDefinitions} operations and fragments`,
    );
  const measure = measurer(document);
  let fields = 0;
  for (const operation of document.definitions) {
    if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = measure(operation.selectionSet);
    if (size === null) return clientError("GRAPHQL_VALIDATION_FAILED", "a fragment contains itself");
    const directives = size.directives + (operation.directives?.length ?? 0);
    fields += size.fields;
    const refused = refuseOperation({ ...size, directives }, fields, limits) ?? refuseRoot(document, operation, limits);
    if (refused) return refused;
  }
  return null;
}

function refuseOperation(size: Size, fieldsSoFar: number, limits: Limits): ClientError | null {
  if (size.depth > limits.maxDepth || size.introspectionDepth > limits.maxIntrospectionDepth)
    return clientError("MAX_DEPTH_LIMIT", `the operation is deeper than ${limits.maxDepth} levels`);
  if (size.fields > limits.maxFields || fieldsSoFar > 10 * limits.maxFields)
    return clientError("MAX_FIELDS_LIMIT", `the operation has more than ${limits.maxFields} fields`);
  if (size.aliases > limits.maxAliases)
    return clientError("MAX_ALIASES_LIMIT", `the operation has more than ${limits.maxAliases} aliases`);
  if (size.directives > limits.maxDirectives)
    return clientError("MAX_DIRECTIVES_LIMIT", `the operation has more than ${limits.maxDirectives} directives`);
  if (size.argumentChars > limits.maxArgumentChars)
    return clientError(
      "MAX_TOKENS_LIMIT",
      `the operation's arguments are longer than ${limits.maxArgumentChars} characters`,
    );
  return null;
}

function refuseRoot(document: DocumentNode, operation: OperationDefinitionNode, limits: Limits): ClientError | null {
  const fragments = fragmentsOf(document);
  const keys = new Set<string>();
  const seen = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) keys.add(responseKeyOf(selection));
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment) collect(fragment.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return keys.size > limits.maxRootFields
    ? clientError("MAX_ROOT_FIELDS_LIMIT", `the operation has more than ${limits.maxRootFields} fields at its root`)
    : null;
}

/** Gives null where a fragment contains itself. */
function measurer(document: DocumentNode): (selectionSet: SelectionSetNode) => Size | null {
  const fragments = fragmentsOf(document);
  /** Null while a fragment is being measured: met again, it contains itself. */
  const measured = new Map<string, Size | null>();
  const fragmentSize = (name: string): Size | null => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    // Validation says that there is no such fragment.
    if (!fragment) return nothing;
    measured.set(name, null);
    const size = measure(fragment.selectionSet);
    measured.set(name, size);
    return size;
  };
  const below = (selection: SelectionNode): Size | null =>
    selection.kind === Kind.FRAGMENT_SPREAD
      ? fragmentSize(selection.name.value)
      : selection.selectionSet
        ? measure(selection.selectionSet)
        : nothing;
  const measure = ({ selections }: SelectionSetNode): Size | null => {
    let total = nothing;
    for (const selection of selections) {
      const size = below(selection);
      if (size === null) return null;
      const directives = size.directives + (selection.directives?.length ?? 0);
      total = add(
        total,
        selection.kind === Kind.FIELD ? withField({ ...size, directives }, selection) : { ...size, directives },
      );
    }
    return total;
  };
  return measure;
}

function withField(size: Size, field: FieldNode): Size {
  const introspects = field.name.value === "__schema" || field.name.value === "__type";
  const args = field.arguments ?? [];
  return {
    ...size,
    depth: introspects ? 1 : size.depth + 1,
    introspectionDepth: introspects ? size.depth + 1 : size.introspectionDepth,
    fields: size.fields + 1,
    aliases: size.aliases + (field.alias && field.alias.value !== field.name.value ? 1 : 0),
    argumentChars: size.argumentChars + (args.at(-1)?.loc?.end ?? 0) - (args[0]?.loc?.start ?? 0),
  };
}

function add(a: Size, b: Size): Size {
  return {
    depth: Math.max(a.depth, b.depth),
    introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
    fields: Math.min(a.fields + b.fields, saturated),
    aliases: Math.min(a.aliases + b.aliases, saturated),
    directives: Math.min(a.directives + b.directives, saturated),
    argumentChars: Math.min(a.argumentChars + b.argumentChars, saturated),
  };
}
