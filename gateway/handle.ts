/** One operation, front to back: who asks and why, what is asked, what of it may be asked, and the answer. */
import { type Admission, overloaded, priorityOf } from "./admission.ts";
import { type Answer, type EventStream, printedAhead, toClient } from "./answer.ts";
import {
  type AboutCaller,
  type Authorized,
  type AuthorizeSettings,
  authorize,
  type ToAuthorize,
} from "./authorization/authorize.ts";
import { policePurposes } from "./authorization/purpose.ts";
import { type Refusal, refuse } from "./errors.ts";
import { PlannerUnavailable, QueryPlanningFailed, QueryPlanningTimeout } from "./execution/plan.ts";
import { allRights, type Rights } from "./execution/rights.ts";
import { type FreshnessAsked, readFreshness, type SourceFreshness } from "./freshness.ts";
import { eachOnGrid, onGrid } from "./grid.ts";
import type { TrustedDocuments } from "./operation/documents.ts";
import type { OperationRequest, PreparedOperation } from "./operation/operation-preparer.ts";
import type { Supergraph } from "./supergraph/supergraph.ts";
import { describeStage, stage, stageNow, type Telemetry } from "./telemetry.ts";
import { type Effort, openTurns } from "./turns.ts";

export type OperationInput = Omit<OperationRequest, "query"> &
  ToAuthorize & {
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
    /** When the request's head had come, on the clock of `performance.now()`. */
    readonly receivedAt: number;
    readonly method: "GET" | "POST";
    readonly freshness: FreshnessAsked;
    readonly signal: AbortSignal;
  };

/** What a subscription is opened with; what it may see is asked anew for each event. */
export type Subscribing = Authorized & {
  readonly supergraph: Supergraph;
  readonly operation: PreparedOperation;
  /** To be prepared again for the next supergraph. */
  readonly request: OperationRequest;
  readonly resume: string | null;
  /** By the rules in force now. */
  rightsIn(supergraph: Supergraph, operation: PreparedOperation): Rights | Refusal;
};
/** Refused as a whole, it is answered as a query would be: without data, and with what was refused. */
export type Subscribe = (asked: Subscribing) => EventStream | Refusal | Pick<Answer, "data" | "errors">;

/** What logs and metrics may know of an operation. */
export type AboutOperation = AboutCaller & {
  operation?: string | null;
  /** In which at least one subgraph was being waited for. */
  waitedMs?: number;
};

/** `about` is filled in as it becomes known. */
export type Handle = (input: OperationInput, about: AboutOperation) => Promise<Answer | Refusal>;

export type HandleSettings = AuthorizeSettings & {
  readonly authorizationMode: AuthorizationMode;
  readonly admission: Admission;
  readonly documents: TrustedDocuments;
  /** From a request's arrival to its answer. */
  readonly requestTimeoutMs: number;
  readonly current: () => Supergraph;
  /** What has been done for operations so far. */
  readonly effort: Effort;
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
  const turns = openTurns(settings.effort);
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
      const { signal, receivedAt } = input;
      const turn = turns(priority, { signal, deadline: receivedAt + settings.requestTimeoutMs });
      if (turn !== null && !(await turn)) {
        leave();
        if (!signal.aborted) telemetry.requestShed(priority);
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
  // INVARIANT: what is done after the grid does not depend on what was hidden, and so on whether anything had to be printed.
  const ready = "refused" in answer || answer.events || answer.deferred ? answer : printedAhead(answer);
  await onGrid(receivedAt, signal);
  if (!("deferred" in ready) || !ready.deferred) return ready;
  return { ...ready, deferred: eachOnGrid(ready.deferred, receivedAt, signal) };
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

async function* endingWith<Value>(values: AsyncIterable<Value>, end: () => void): AsyncGenerator<Value> {
  try {
    yield* values;
  } finally {
    end();
  }
}
