/** One operation, front to back: who asks and why, what is asked, what of it may be asked, and the answer. */
import { execute as executeLocally } from "graphql";
import type { Authenticate, Caller } from "./authorization/authenticate.ts";
import { readPurpose } from "./authorization/purpose.ts";
import { refusedRootFields } from "./authorization/root-fields.ts";
import { type ClientError, type PartError, type Path, partError, type Refusal, refuse } from "./errors.ts";
import { QueryPlanningFailed } from "./execution/port.ts";
import { toClientKeys, toClientPath } from "./operation/internal-names.ts";
import type { OperationRequest, PreparedOperation } from "./operation/prepare.ts";
import { splitRoot } from "./operation/root.ts";
import type { Supergraph } from "./supergraph/supergraph.ts";

export type OperationInput = Omit<OperationRequest, "query"> & {
  /** Null when the operation is asked for by the id of its document. */
  readonly query: string | null;
  /** As the client sent it: `documentId` of GraphQL over HTTP, or Apollo's `extensions.persistedQuery.sha256Hash`. */
  readonly documentId: string | null;
  /** Whether the client takes parts of the answer later (`multipart/mixed`). */
  readonly acceptsDefer: boolean;
  /** When the request's head had come, on the clock of `performance.now()`. */
  readonly receivedAt: number;
  readonly method: "GET" | "POST";
  readonly authorization: string | undefined;
  readonly purpose: string | undefined;
  readonly caseReference: string | undefined;
  readonly signal: AbortSignal;
};

export type Answer = {
  readonly data: unknown;
  readonly errors?: readonly ClientError[];
  /** What comes later, to a client that accepts it; ended early when the client goes. */
  readonly deferred?: AsyncIterable<Increment>;
};

/** One part of an answer that comes later. */
export type Increment = {
  readonly incremental: readonly {
    readonly data: unknown;
    readonly path: Path;
    readonly label?: string;
    readonly errors?: readonly ClientError[];
  }[];
  readonly hasNext: boolean;
};

/** What logs and metrics may know of an operation. */
export type AboutOperation = {
  operation?: string | null;
  agency?: string | null;
  purpose?: string | null;
  /** In which at least one subgraph was being waited for. */
  waitedMs?: number;
};

/** `about` is filled in as it becomes known. */
export type Handle = (input: OperationInput, about: AboutOperation) => Promise<Answer | Refusal>;

export type HandleSettings = {
  readonly mode: "development" | "production";
  /** Null: authentication is switched off, and nobody is known. */
  readonly authenticate: Authenticate | null;
  /** False: any caller may ask for any purpose, or for none. */
  readonly requirePurpose: boolean;
  readonly current: () => Supergraph;
};

export function operationHandler({ mode, authenticate, requirePurpose, current }: HandleSettings): Handle {
  const noFields: ReadonlySet<string> = new Set();

  const authorize = async (input: OperationInput, about: AboutOperation): Promise<ReadonlySet<string> | Refusal> => {
    if (!authenticate) return noFields;
    const authenticated = await authenticate(input.authorization);
    if ("refused" in authenticated) return authenticated;
    const { caller } = authenticated;
    about.agency = caller.agency;
    const asked = requirePurpose ? readPurpose(input, caller, mode) : { purpose: usualPurpose(caller) };
    if ("refused" in asked) return asked;
    about.purpose = asked.purpose;
    return refusedRootFields(caller, asked.purpose);
  };

  return async (input, about) => {
    const refusedFields = await authorize(input, about);
    if ("refused" in refusedFields) return refusedFields;
    // From here on this one supergraph, whatever is loaded meanwhile.
    const supergraph = current();
    if (input.query === null) return refuse("PERSISTED_QUERY_NOT_IN_LIST");
    const operation = supergraph.prepare({ ...input, query: input.query });
    if ("refused" in operation) return operation;
    about.operation = operation.name;
    if (operation.kind === "mutation" && input.method === "GET")
      return refuse("METHOD_NOT_ALLOWED", "a mutation needs POST", { allow: "POST" });
    try {
      return await answer(supergraph, operation, refusedFields, input.signal);
    } catch (error) {
      if (error instanceof QueryPlanningFailed) return refuse("QUERY_PLANNING_FAILED");
      throw error;
    }
  };
}

/** With `purpose` switched off, what a caller usually asks for is what is assumed. */
function usualPurpose({ purposes }: Caller) {
  return purposes[0] ?? null;
}

async function answer(
  supergraph: Supergraph,
  operation: PreparedOperation,
  refusedFields: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Answer> {
  const root = splitRoot(operation, (field) => operation.kind === "query" && refusedFields.has(field));
  const [executable, aboutSchema] = [root.only("executed"), root.only("schema")];
  const executed = executable
    ? await supergraph.execute({ ...operation, document: executable }, { signal })
    : { data: {}, errors: [] };
  const schemaPart = aboutSchema
    ? await executeLocally({ schema: supergraph.apiSchema, document: aboutSchema, variableValues: operation.variables })
    : { data: {} };

  const refusedErrors: PartError[] = [];
  const internal: Record<string, unknown> = Object.create(null);
  let isNull = executed.data === null || !schemaPart.data;
  for (const [key, { part, field }] of root.keys) {
    if (part !== "refused") internal[key] = (part === "schema" ? schemaPart.data : executed.data)?.[key] ?? null;
    else {
      internal[key] = null;
      refusedErrors.push({ code: "UNAUTHORIZED_FIELD_OR_TYPE", path: [key] });
      const type = supergraph.apiSchema.getQueryType()?.getFields()[field]?.type;
      isNull ||= String(type).endsWith("!");
    }
  }
  const errors = [...refusedErrors, ...executed.errors].map((each) =>
    partError({ ...each, path: toClientPath(each.path, operation.keys) }),
  );
  const data = isNull ? null : toClientKeys(internal, operation.keys);
  return errors.length > 0 ? { errors, data } : { data };
}
