/** One operation, front to back: who asks and why, what is asked, what of it may be asked, and the answer. */
import { type Admission, overloaded, priorityOf } from "./admission.ts";
import type { Accepted, Authenticate } from "./authorization/authenticate.ts";
import type { BreakGlass } from "./authorization/break-glass.ts";
import { type CallerClass, classOf } from "./authorization/caller-class.ts";
import { policePurposes, readPurpose, usualPurpose } from "./authorization/purpose.ts";
import {
  type ClientError,
  type ErrorCode,
  type PartError,
  type Path,
  partError,
  type Refusal,
  refuse,
} from "./errors.ts";
import type { EngineAnswer } from "./execution/engine.ts";
import type { Printed } from "./execution/kept-runs.ts";
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
  /** Whether the client takes events (`text/event-stream`, WebSocket). */
  readonly acceptsEvents?: boolean;
  /** The event after which a subscription goes on; null: it begins. */
  readonly resume?: string | null;
  /** Who asks, where that was found out before: on a connection that stays. `authorization` is then not looked at. */
  readonly accepted?: Accepted | null;
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
  /** Of the data. */
  readonly [printed]?: Printed;
  readonly errors?: readonly ClientError[];
  readonly extensions?: { readonly freshness: readonly SourceFreshness[] };
  /** What comes later, to a client that accepts it; ended early when the client goes. */
  readonly deferred?: AsyncIterable<Increment>;
  /** Of a subscription: all there is. Ended early when the client goes. */
  readonly events?: EventStream;
};

/** Of an answer, and never in it. */
export const printed = Symbol("what whoever printed the same before has kept");

/** What a subscription is told, in order; after an `end` there is nothing. */
export type EventStream = AsyncIterableIterator<StreamItem> & {
  /** The event id from which all that has yet to come could be resumed. */
  position(): string;
};
export type StreamItem =
  | { readonly kind: "next"; readonly told: Told; readonly eventId: string }
  | { readonly kind: "end"; readonly code: ErrorCode };
/** The same object for all who are told the same. */
export type Told = {
  readonly data: unknown;
  readonly errors?: readonly ClientError[];
  /** As JSON, without its last brace. */
  readonly text: string;
};

/** What a subscription is opened with; what it may see is asked anew for each event. */
export type Subscribing = {
  readonly supergraph: Supergraph;
  readonly operation: PreparedOperation;
  /** To be prepared again for the next supergraph. */
  readonly request: OperationRequest;
  readonly callerClass: CallerClass;
  readonly origin: Origin;
  /** Whose it is, injectively. */
  readonly subscriber: string;
  readonly resume: string | null;
  /** By the rules in force now. */
  rightsIn(supergraph: Supergraph, operation: PreparedOperation): Rights | Refusal;
  /** Why it ends; null: it goes on. */
  endedBy(): ErrorCode | null;
};
/** Refused as a whole, it is answered as a query would be: without data, and with what was refused. */
export type Subscribe = (asked: Subscribing) => EventStream | Refusal | Pick<Answer, "data" | "errors">;

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
  /** Null or absent: subscriptions are not offered. */
  readonly subscribe?: Subscribe | null;
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
      let answer: Answer | Refusal;
      let mayHide = false;
      let isLeft = false;
      try {
        const { callerClass } = authorized;
        const rights = supergraph.rightsOf(callerClass);
        mayHide = policePurposes.has(callerClass.purpose ?? "") || rights.mayHide;
        answer = await answerTo(settings, supergraph, input, about, { ...authorized, rights });
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
type Authorized = Pick<Subscribing, "callerClass" | "origin" | "subscriber" | "endedBy">;

async function authorize(
  { mode, authenticate, requirePurpose, breakGlass }: HandleSettings,
  input: OperationInput,
  about: AboutOperation,
): Promise<Authorized | Refusal> {
  const { requestId } = input;
  if (!authenticate) return { ...nobodyKnown, origin: { requestId, caller: null } };
  // What no longer holds is refused as if nothing had come.
  const known = input.accepted?.fault() === null ? input.accepted : null;
  const accepted = known ?? (await authenticate(input.accepted ? undefined : input.authorization));
  if ("refused" in accepted) return accepted;
  const { caller } = accepted;
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
  return {
    callerClass: classOf(caller, purpose),
    origin,
    subscriber: JSON.stringify([caller.assurance.issuer, caller.subject, purpose]),
    endedBy: () => endOf(accepted) ?? (purpose !== "BREAK_GLASS" || breakGlass.isOpen(caller) ? null : glassClosed),
  };
}

const nobodyKnown = { callerClass: classOf(null, null), subscriber: "", endedBy: () => null };
const glassClosed: ErrorCode = "REAUTHENTICATION_REQUIRED";

/** What a token that no longer holds ends what is being told with; null while it holds. */
export function endOf({ fault }: Pick<Accepted, "fault">): ErrorCode | null {
  const found = fault();
  if (found === null) return null;
  if (found === "revoked") return "SUBSCRIPTION_REVOKED";
  return found === "unavailable" ? "AUTHENTICATION_UNAVAILABLE" : "SUBSCRIPTION_JWT_EXPIRED";
}

async function answerTo(
  settings: HandleSettings,
  supergraph: Supergraph,
  input: OperationInput,
  about: AboutOperation,
  { rights: own, ...authorized }: Authorized & { readonly rights: Rights },
): Promise<Answer | Refusal> {
  const prepared = stageNow("prepare", null, () => prepare(settings.documents, supergraph, input));
  if ("refused" in prepared) return prepared;
  const { operation, request } = prepared;
  const { origin } = authorized;
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
    if (kind === "subscription") return subscribed(settings, { ...authorized, supergraph, operation, request }, input);
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

/** Whoever may be told something is told it by the same line: what it may see is worked out for each event anew. */
function subscribed(
  settings: HandleSettings,
  asked: Omit<Subscribing, "rightsIn" | "resume">,
  { acceptsEvents = false, resume = null }: OperationInput,
): Answer | Refusal {
  if (!settings.subscribe || !acceptsEvents) return needsStream;
  const events = settings.subscribe({
    ...asked,
    resume,
    // What a dry run would refuse is told once.
    rightsIn: (supergraph, operation) =>
      rightsFor(
        { ...settings, telemetry: { ...settings.telemetry, partsRefused: () => {} } },
        supergraph,
        supergraph.rightsOf(asked.callerClass),
        operation,
      ),
  });
  return "refused" in events || "data" in events ? events : { data: null, events };
}

const needsStream = refuse(
  "OPERATION_NOT_SUPPORTED",
  "a subscription is told over `text/event-stream` (Accept) or WebSocket (graphql-transport-ws)",
);

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
): { readonly operation: PreparedOperation; readonly request: OperationRequest } | Refusal {
  const resolved = documents.resolve(input);
  if ("refused" in resolved) return resolved;
  const { operationName, variables, acceptsDefer } = input;
  const request = { query: resolved.query, operationName, variables };
  const operation = supergraph.prepare(request, { acceptsDefer });
  if ("refused" in operation) return operation;
  if (operation.document.kind === "mutation" && input.method === "GET")
    return refuse("METHOD_NOT_ALLOWED", "a mutation needs POST", { allow: "POST" });
  return { operation, request };
}

function toClient(
  { data, errors, deferred, printed: known }: EngineAnswer,
  freshness: readonly SourceFreshness[],
): Answer {
  return {
    ...toPart({ data, errors }),
    ...(known ? { [printed]: known } : {}),
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
