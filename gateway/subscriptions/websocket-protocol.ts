/**
 * What is said on a WebSocket (`graphql-transport-ws`): who asks is found out once, when the connection is initialised;
 * every operation then takes the same way as over HTTP. The protocol itself is the package graphql-ws's.
 */
import type { IncomingMessage } from "node:http";
import { GraphQLError, Kind, type OperationDefinitionNode } from "graphql";
import { makeServer, type Server, type ServerOptions } from "graphql-ws";
import { overloaded } from "../admission.ts";
import type { Answer, EventStream, StreamItem } from "../answer.ts";
import type { Accepted, Authenticate } from "../authorization/authenticate.ts";
import { type ClientError, type ErrorCode, type Refusal, refuse } from "../errors.ts";
import type { AboutOperation, Handle, OperationInput } from "../handle.ts";
import { endErrors } from "./sse.ts";

export { handleProtocols as chosenProtocol } from "graphql-ws";

export type ProtocolSettings = {
  /** Null: authentication is switched off. */
  readonly authenticate: Authenticate | null;
  readonly handle: Handle;
  /** What a `subscribe` message asks for. */
  readonly readOperation: (
    payload: Readonly<Record<string, unknown>>,
  ) => (Pick<OperationInput, "query" | "documentId" | "operationName" | "variables"> & ResumeOf) | Refusal;
  readonly newRequestId: () => string;
  readonly events: { readonly faultCaught: (error: unknown) => void };
  readonly initMs?: number;
};
type ResumeOf = { readonly resume?: string | null };

const maxOperations = 100;

export type Connection = {
  readonly socket: Closable;
  readonly request: IncomingMessage;
  caller: Caller | null;
  /** Under way. */
  operations: number;
  /** Aborted when the client is. */
  readonly gone: AbortController;
};
type Caller = Pick<OperationInput, "purpose" | "caseReference" | "reason"> & { readonly accepted: Accepted | null };
type Closable = { close(code: number, reason: string): void };

export function newConnection(socket: Closable, request: IncomingMessage): Connection {
  return { socket, request, caller: null, operations: 0, gone: new AbortController() };
}

/** How a connection ends that may not go on; what is not here ends the operation alone. */
const closeCodes: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNAUTHENTICATED: 4401,
  SUBSCRIPTION_JWT_EXPIRED: 4401,
  SUBSCRIPTION_REVOKED: 4401,
  REAUTHENTICATION_REQUIRED: 4401,
  SUBSCRIPTION_UNAUTHORIZED: 4403,
  AUTHENTICATION_UNAVAILABLE: 1013,
  SHUTTING_DOWN: 1001,
};

/** False: it goes on, since this ends an operation alone. */
export function closeFor(socket: Closable, code: ErrorCode): boolean {
  const closes = closeCodes[code];
  if (closes === undefined) return false;
  socket.close(closes, code);
  return true;
}

export function openProtocol(settings: ProtocolSettings): Server<Connection> {
  return makeServer(protocolOptions(settings));
}

/** The package wants operations that it knows of: this one stands for all, and is never executed. */
const standIn: OperationDefinitionNode = {
  kind: Kind.OPERATION_DEFINITION,
  operation: "query" as OperationDefinitionNode["operation"],
  selectionSet: { kind: Kind.SELECTION_SET, selections: [] },
};

function protocolOptions(settings: ProtocolSettings): ServerOptions<Record<string, unknown>, Connection> {
  const refused = new WeakMap<GraphQLError, ClientError>();
  const asErrors = ({ refused: errors }: Refusal): GraphQLError[] =>
    errors.map((each) => {
      const error = new GraphQLError(each.message);
      refused.set(error, each);
      return error;
    });
  return {
    connectionInitWaitTimeout: settings.initMs ?? 3_000,
    async onConnect({ extra, connectionParams = {} }) {
      const caller = await callerOf(settings, extra.request, connectionParams);
      if ("refused" in caller) {
        const code = caller.refused[0]?.extensions.code ?? "UNAUTHENTICATED";
        extra.socket.close(closeCodes[code] ?? 4400, code);
        return false;
      }
      extra.caller = caller;
      return true;
    },
    async onSubscribe({ extra }, _id, payload) {
      const { caller } = extra;
      if (caller === null) return asErrors(refuse("UNAUTHENTICATED"));
      if (extra.operations >= maxOperations) return asErrors(overloaded());
      extra.operations += 1;
      let isStream = false;
      try {
        const answer = await answerTo(settings, extra, caller, payload as unknown as Record<string, unknown>);
        if ("refused" in answer) {
          const code = answer.refused[0]?.extensions.code;
          if (code === "UNAUTHENTICATED") closeFor(extra.socket, code);
          return asErrors(answer);
        }
        const { events, ...single } = answer;
        isStream = events !== undefined;
        const result = events ? eventsFor(events, extra) : single;
        return { schema: null, document: { kind: Kind.DOCUMENT, definitions: [standIn] }, rootValue: result } as never;
      } finally {
        if (!isStream) extra.operations -= 1;
      }
    },
    execute: ({ rootValue }) => rootValue as never,
    onNext: (_context, _id, _payload, _args, result) => result as never,
    onError: (_context, _id, _payload, errors) =>
      errors.map((each) => refused.get(each as GraphQLError) ?? refuse("INTERNAL_SERVER_ERROR").refused[0]) as never,
  };
}

async function callerOf(
  { authenticate }: ProtocolSettings,
  { headers }: IncomingMessage,
  params: Readonly<Record<string, unknown>>,
): Promise<Caller | Refusal> {
  const given = (name: string, header: string): string | undefined => {
    const value = Object.hasOwn(params, name) ? params[name] : headers[header];
    // What is there in another form is nothing that any rule accepts.
    return value === undefined || value === null ? undefined : typeof value === "string" ? value : "\0";
  };
  const accepted = authenticate === null ? null : await authenticate(given("authorization", "authorization"));
  if (accepted !== null && "refused" in accepted) return accepted;
  return {
    accepted,
    purpose: given("purpose", "crosswalk-purpose"),
    caseReference: given("caseReference", "crosswalk-case"),
    reason: given("reason", "crosswalk-reason"),
  };
}

async function answerTo(
  { handle, readOperation, newRequestId, events }: ProtocolSettings,
  { gone }: Connection,
  caller: Caller,
  payload: Readonly<Record<string, unknown>>,
): Promise<Answer | Refusal> {
  const asked = readOperation(payload);
  if ("refused" in asked) return asked;
  const about: AboutOperation = {};
  const input: OperationInput = {
    ...asked,
    ...caller,
    resume: asked.resume ?? null,
    authorization: undefined,
    freshness: { maxAge: undefined, atLeast: undefined },
    method: "POST",
    requestId: newRequestId(),
    acceptsDefer: false,
    acceptsEvents: true,
    receivedAt: performance.now(),
    signal: gone.signal,
  };
  try {
    return await handle(input, about);
  } catch (error) {
    if (!gone.signal.aborted) events.faultCaught(error);
    return refuse("INTERNAL_SERVER_ERROR");
  }
}

/** As the package takes them; what ends the connection is told by the code that closes it. */
function eventsFor(events: EventStream, connection: Connection): AsyncIterableIterator<unknown> {
  let isOver = false;
  const leave = () => {
    if (isOver) return;
    isOver = true;
    connection.operations -= 1;
  };
  const done = { done: true, value: undefined } as const;
  return {
    async next() {
      if (isOver) return done;
      const result: IteratorResult<StreamItem> = await events.next();
      if (result.done) {
        leave();
        return done;
      }
      const item = result.value;
      if (item.kind === "next") {
        const { data, errors } = item.told;
        return {
          done: false,
          value: { ...(errors ? { errors } : {}), data, extensions: { eventId: item.eventId } },
        };
      }
      leave();
      if (closeFor(connection.socket, item.code)) return done;
      return { done: false, value: { errors: endErrors(item.code), data: null } };
    },
    async return() {
      leave();
      await events.return?.();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
