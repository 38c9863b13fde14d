/**
 * From the text of a document to one operation that is valid, within limits, under internal names: parse, validate,
 * choose, limit, rename. The same text is prepared once per supergraph.
 */
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  separateOperations,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { type KeyTree, toInternalNames } from "./internal-names.ts";
import { maxTokens, refuseTooLarge } from "./limits.ts";
import { validateDocument } from "./validation.ts";
import { coerceVariables } from "./variables.ts";

export type PreparedOperation = {
  readonly kind: "query" | "mutation";
  /** As the client named it. */
  readonly name: string | null;
  /** One unnamed operation and its fragments, under internal names. */
  readonly document: DocumentNode;
  readonly keys: KeyTree;
  /** Coerced, by internal names. */
  readonly variables: Readonly<Record<string, unknown>>;
};

export type OperationRequest = {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
};

type Refused = { readonly refused: readonly ClientError[] };
type PreparedDocument = Omit<PreparedOperation, "variables"> & {
  readonly clientOperation: OperationDefinitionNode;
  readonly variableNames: ReadonlyMap<string, string>;
};

export type Prepare = (request: OperationRequest) => PreparedOperation | Refused;

export type PrepareSettings = {
  readonly apiSchema: GraphQLSchema;
  /** Every field name of the supergraph, inaccessible ones included. */
  readonly fieldNames: ReadonlySet<string>;
  readonly introspection: boolean;
  /** How many documents are kept. */
  readonly maxDocuments?: number;
};

export function preparer({ maxDocuments = 500, ...settings }: PrepareSettings): Prepare {
  const documents = new Map<string, PreparedDocument>();
  const prepareDocument = (query: string, operationName: string | null): PreparedDocument | Refused => {
    const key = `${operationName ?? ""}\n${query}`;
    const known = documents.get(key);
    const prepared = known ?? readDocument(settings, query, operationName);
    if ("refused" in prepared) return prepared;
    // Last used last: the first one is the one to forget.
    documents.delete(key);
    documents.set(key, prepared);
    if (documents.size > maxDocuments) documents.delete(documents.keys().next().value ?? "");
    return prepared;
  };
  return ({ query, operationName, variables }) => {
    const prepared = prepareDocument(query, operationName);
    if ("refused" in prepared) return prepared;
    const { clientOperation, variableNames, ...operation } = prepared;
    const coerced = coerceVariables(settings.apiSchema, clientOperation, variables);
    if ("refused" in coerced) return coerced;
    const named = Object.entries(coerced.values).map(([name, value]) => [variableNames.get(name) ?? name, value]);
    return { ...operation, variables: Object.fromEntries(named) };
  };
}

function readDocument(
  { apiSchema, fieldNames, introspection }: PrepareSettings,
  query: string,
  operationName: string | null,
): PreparedDocument | Refused {
  const document = parseDocument(query);
  if ("refused" in document) return document;
  const invalid = validateDocument(apiSchema, document, { introspection });
  if (invalid.length > 0) return { refused: invalid };
  const operation = chooseOperation(document, operationName);
  if (!operation) return { refused: [clientError("OPERATION_RESOLUTION_FAILURE")] };
  const kind = operation.operation;
  if (kind === "subscription" || !apiSchema.getRootType(kind))
    return { refused: [clientError("OPERATION_NOT_SUPPORTED")] };
  const own = separateOperations(document)[operation.name?.value ?? ""] ?? document;
  const tooLarge = refuseTooLarge(own, operation);
  if (tooLarge) return { refused: [tooLarge] };
  const { document: renamed, keys, variables } = toInternalNames(own, fieldNames);
  return {
    kind,
    name: operation.name?.value ?? null,
    document: renamed,
    keys,
    clientOperation: operation,
    variableNames: variables,
  };
}

function parseDocument(query: string): DocumentNode | Refused {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    const syntaxError = error instanceof GraphQLError ? error : null;
    // graphql-js has no code for it; its text is the only mark.
    if (
      syntaxError?.message.includes(`more that ${maxTokens} tokens`) ||
      syntaxError?.message.includes(`more than ${maxTokens} tokens`)
    )
      return { refused: [clientError("MAX_TOKENS_LIMIT", `the document has more than ${maxTokens} tokens`)] };
    return { refused: [clientError("GRAPHQL_PARSE_FAILED", undefined, syntaxError?.locations)] };
  }
}

function chooseOperation(document: DocumentNode, operationName: string | null): OperationDefinitionNode | null {
  const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  if (operationName !== null) return operations.find(({ name }) => name?.value === operationName) ?? null;
  return operations.length === 1 ? (operations[0] ?? null) : null;
}
