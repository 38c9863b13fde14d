/** One operation, front to back: who asks and why, what is asked, what of it may be asked, and the answer. */
import { type Admission, overloaded, priorityOf } from "./admission.ts";
import type { Authenticate } from "./authorization/authenticate.ts";
import type { BreakGlass } from "./authorization/break-glass.ts";
import { type CallerClass, classOf } from "./authorization/caller-class.ts";
import { policePurposes, readPurpose, usualPurpose } from "./authorization/purpose.ts";
import { type ClientError, type PartError, type Path, partError, type Refusal, refuse } from "./errors.ts";
import type { EngineAnswer } from "./execution/engine.ts";
import { PlannerUnavailable, QueryPlanningFailed, QueryPlanningTimeout } from "./execution/plan.ts";
import { allRights, type Rights } from "./execution/rights.ts";
import { type FreshnessAsked, readFreshness, type SourceFreshness } from "./freshness.ts";
import { eachOnGrid, onGrid } from "./grid.ts";
import type { TrustedDocuments } from "./operation/documents.ts";
import type { OperationRequest, PreparedOperation } from "./operation/operation-preparer.ts";
import type { Origin } from "./subgraph/caller.ts";
import type { Supergraph } from "./supergraph/supergraph.ts";
import { describeStage, stage, stageNow, type Telemetry } from "./telemetry.ts";

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
  /** The gateway's own id of the request; a batch has one. */
  readonly requestId: string;
  readonly authorization: string | undefined;
  readonly purpose: string | undefined;
  readonly caseReference: string | undefined;
  /** Why the glass is broken. */
  readonly reason: string | undefined;
  readonly freshness: FreshnessAsked;
  readonly signal: AbortSignal;
};

export type Answer = {
  readonly data: unknown;
  readonly errors?: readonly ClientError[];
  readonly extensions?: { readonly freshness: readonly SourceFreshness[] };
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
  readonly breakGlass: BreakGlass;
  readonly authorizationMode: AuthorizationMode;
  readonly admission: Admission;
  readonly documents: TrustedDocuments;
  /** From a request's arrival to its answer. */
  readonly requestTimeoutMs: number;
  readonly current: () => Supergraph;
  /** How sources stand at this moment: told of those that an operation is answered from. */
  readonly sources: () => (subgraphs: readonly string[]) => readonly SourceFreshness[];
  readonly telemetry: Pick<Telemetry, "requestShed" | "partsRefused">;
};

/**
 * What becomes of an operation of which a part is refused: it is answered without that part, or not at all; or, for
 * trying rules out, it is answered as if nothing were refused, and told of.
 */
export type AuthorizationMode = "filter" | "reject" | "dry-run";

export function operationHandler(settings: HandleSettings): Handle {
  const { admission, telemetry } = settings;
  return (input, about) =>
    stage("operation", null, async () => {
      const authorized = await authorize(settings, input, about);
      if ("refused" in authorized) return authorized;
      const priority = priorityOf(about.purpose);
      const leave = admission.enter(priority);
      if (leave === null) {
        telemetry.requestShed(priority);
        return overloaded();
      }
      // From here on this one supergraph, whatever is loaded meanwhile.
      const supergraph = settings.current();
      const letGo = supergraph.hold();
      const end = () => {
        letGo();
        leave();
      };
      const { callerClass, origin } = authorized;
      let answer: Answer | Refusal;
      let mayHide = false;
      let isLeft = false;
      try {
        const rights = supergraph.rightsOf(callerClass);
        mayHide = policePurposes.has(callerClass.purpose ?? "") || rights.mayHide;
        answer = await answerTo(settings, supergraph, input, about, { rights, origin });
        if ("deferred" in answer && answer.deferred) {
          isLeft = true;
          answer = { ...answer, deferred: endingWith(answer.deferred, end) };
        }
      } finally {
        if (!isLeft) end();
      }
      return mayHide ? released(answer, input) : answer;
    });
}

/** Whether it took long or short says nothing of what was hidden. Its place is given to others meanwhile. */
async function released(answer: Answer | Refusal, { receivedAt, signal }: OperationInput): Promise<Answer | Refusal> {
  await onGrid(receivedAt, signal);
  if (!("deferred" in answer) || !answer.deferred) return answer;
  return { ...answer, deferred: eachOnGrid(answer.deferred, receivedAt, signal) };
}

/** Who asks, as far as rights depend on it, and what subgraphs may be told of it. */
type Authorized = { readonly callerClass: CallerClass; readonly origin: Origin };

async function authorize(
  { mode, authenticate, requirePurpose, breakGlass }: HandleSettings,
  input: OperationInput,
  about: AboutOperation,
): Promise<Authorized | Refusal> {
  const { requestId } = input;
  if (!authenticate) return { callerClass: classOf(null, null), origin: { requestId, caller: null } };
  const authenticated = await authenticate(input.authorization);
  if ("refused" in authenticated) return authenticated;
  const { caller } = authenticated;
  about.agency = caller.agency;
  // With `purpose` switched off, what a caller usually asks for is what is assumed.
  const asked = requirePurpose
    ? breakGlass(readPurpose(input, caller, mode), input, caller)
    : { purpose: usualPurpose(caller), caseReference: null };
  if ("refused" in asked) return asked;
  const { purpose, caseReference } = asked;
  about.purpose = purpose;
  const { agency, ori, roles } = caller;
  const origin = { requestId, caller: { agency, ori, roles, purpose, caseReference } };
  return { callerClass: classOf(caller, purpose), origin };
}

async function answerTo(
  settings: HandleSettings,
  supergraph: Supergraph,
  input: OperationInput,
  about: AboutOperation,
  { rights: own, origin }: { readonly rights: Rights; readonly origin: Origin },
): Promise<Answer | Refusal> {
  const operation = stageNow("prepare", null, () => prepare(settings.documents, supergraph, input));
  if ("refused" in operation) return operation;
  const { name, kind } = operation.document;
  about.operation = name;
  describeStage({ operation: name, kind });
  const freshness = readFreshness(input.freshness, operation.maxSeconds);
  if (freshness !== undefined && "refused" in freshness) return freshness;
  try {
    const { signal, receivedAt } = input;
    const deadline = receivedAt + settings.requestTimeoutMs;
    // Of before: whatever comes to be known while it is executed may or may not be in the answer.
    const sourcesBefore = settings.sources();
    const rights = rightsFor(settings, supergraph, own, operation);
    if ("refused" in rights) return rights;
    const answer = await stage("execute", { operation: name, kind }, () =>
      supergraph.execute(operation, { signal, deadline, rights, origin, ...(freshness ? { freshness } : {}) }),
    );
    about.waitedMs = answer.waitedMs();
    return toClient(answer, sourcesBefore(answer.subgraphs));
  } catch (error) {
    if (error instanceof QueryPlanningFailed) return refuse("QUERY_PLANNING_FAILED");
    if (error instanceof QueryPlanningTimeout) return refuse("QUERY_PLANNING_TIMEOUT");
    if (error instanceof PlannerUnavailable) return overloaded();
    throw error;
  }
}

function rightsFor(
  { authorizationMode, telemetry }: HandleSettings,
  supergraph: Supergraph,
  rights: Rights,
  operation: PreparedOperation,
): Rights | Refusal {
  if (authorizationMode === "filter") return rights;
  const refused = supergraph.refusedIn(operation, rights);
  if (authorizationMode === "reject") return refused.length > 0 ? refuse("UNAUTHORIZED_OPERATION") : rights;
  if (refused.length > 0) telemetry.partsRefused({ operation: operation.document.name, elements: refused });
  return allRights;
}

function prepare(
  documents: TrustedDocuments,
  supergraph: Supergraph,
  input: OperationInput,
): PreparedOperation | Refusal {
  const resolved = documents.resolve(input);
  if ("refused" in resolved) return resolved;
  const { operationName, variables, acceptsDefer } = input;
  const operation = supergraph.prepare({ query: resolved.query, operationName, variables }, { acceptsDefer });
  if ("refused" in operation) return operation;
  if (operation.document.kind === "mutation" && input.method === "GET")
    return refuse("METHOD_NOT_ALLOWED", "a mutation needs POST", { allow: "POST" });
  return operation;
}

function toClient({ data, errors, deferred }: EngineAnswer, freshness: readonly SourceFreshness[]): Answer {
  return {
    ...toPart({ data, errors }),
    ...(freshness.length > 0 ? { extensions: { freshness } } : {}),
    ...(deferred ? { deferred: incrementsOf(deferred) } : {}),
  };
}

/** Errors stand before the data: whoever reads only the beginning of a long answer sees that it is not whole. */
function toPart({ data, errors }: { readonly data: unknown; readonly errors: readonly PartError[] }) {
  return errors.length > 0 ? { errors: errors.map(partError), data } : { data };
}

async function* incrementsOf(deferred: NonNullable<EngineAnswer["deferred"]>): AsyncGenerator<Increment> {
  for await (const { parts, hasNext } of deferred)
    yield {
      incremental: parts.map(({ path, label, ...part }) => ({
        ...toPart(part),
        path,
        ...(label === null ? {} : { label }),
      })),
      hasNext,
    };
}

async function* endingWith<Value>(values: AsyncIterable<Value>, end: () => void): AsyncGenerator<Value> {
  try {
    yield* values;
  } finally {
    end();
  }
}
