/**
 * Operations over WebSocket (`graphql-transport-ws`): who asks is found out once, when the connection is initialised;
 * every operation then takes the same way as over HTTP. The protocol itself is the package graphql-ws's.
 *
 * INVARIANT: a connection lives no longer than what its caller was let in with, and holds no more of what its client does
 * not take than a bound.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GraphQLError, Kind, type OperationDefinitionNode } from "graphql";
import { handleProtocols, makeServer, type ServerOptions } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";
import { overloaded } from "../admission.ts";
import type { Answer, EventStream, StreamItem } from "../answer.ts";
import type { Accepted, Authenticate } from "../authorization/authenticate.ts";
import { endOf } from "../authorization/authorize.ts";
import { type ClientError, type ErrorCode, type Refusal, refuse } from "../errors.ts";
import type { AboutOperation, Handle, OperationInput } from "../handle.ts";
import { refuseUpgrade } from "./refused-upgrade.ts";
import { endErrors } from "./sse.ts";

export type WebSocketSettings = {
  /** Null: authentication is switched off. */
  readonly authenticate: Authenticate | null;
  readonly handle: Handle;
  /** What a `subscribe` message asks for. */
  readonly readOperation: (
    payload: Readonly<Record<string, unknown>>,
  ) => (Pick<OperationInput, "query" | "documentId" | "operationName" | "variables"> & ResumeOf) | Refusal;
  readonly newRequestId: () => string;
  readonly maxMessageBytes: number;
  readonly maxSockets: number;
  readonly events: { readonly faultCaught: (error: unknown) => void };
  readonly aliveMs?: number;
  readonly initMs?: number;
  /** How often it is looked whether callers may still be here. */
  readonly checkMs?: number;
};
type ResumeOf = { readonly resume?: string | null };

export type WebSockets = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  size(): number;
  /** Says goodbye, and ends after this time who has not answered. */
  close(graceMs: number): Promise<void>;
};

/** Of what was sent and not taken; a client that asks on without reading is ended. */
const maxUntakenBytes = 1024 * 1024;
const maxOperations = 100;

type Extra = {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  caller: Caller | null;
  operations: number;
  readonly gone: AbortController;
};
type Caller = Pick<OperationInput, "purpose" | "caseReference" | "reason"> & { readonly accepted: Accepted | null };

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

export function openWebSockets(settings: WebSocketSettings): WebSockets {
  const { events, aliveMs = 12_000, initMs = 3_000, checkMs = 1_000, maxSockets } = settings;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: settings.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => handleProtocols(offered),
  });
  const protocol = makeServer<Record<string, unknown>, Extra>(protocolOptions(settings, initMs));
  const open = new Map<WebSocket, { readonly extra: Extra; isAlive: boolean }>();

  server.on("connection", (socket, request) => {
    const extra: Extra = { socket, request, caller: null, operations: 0, gone: new AbortController() };
    const state = { extra, isAlive: true };
    open.set(socket, state);
    // A frame that is none closes the connection with the code of what is wrong with it: nobody has to be told.
    socket.on("error", () => {});
    socket.on("pong", () => {
      state.isAlive = true;
    });
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => sent(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) =>
          socket.on("message", (data, isBinary) => {
            if (isBinary) return socket.close(4400, "text is expected");
            if (socket.bufferedAmount > maxUntakenBytes) return socket.terminate();
            take(String(data)).catch((error: unknown) => {
              // The connection may be gone by the time that there is something to be sent on it.
              if (socket.readyState === WebSocket.OPEN) events.faultCaught(error);
              socket.close(4500, "INTERNAL_SERVER_ERROR");
            });
          }),
      },
      extra,
    );
    socket.once("close", (code, reason) => {
      open.delete(socket);
      extra.gone.abort();
      Promise.resolve(closed(code, String(reason))).catch(events.faultCaught);
    });
  });

  const checking = setInterval(() => {
    for (const [socket, { extra }] of open) {
      const accepted = extra.caller?.accepted;
      const code = accepted ? endOf(accepted) : null;
      if (code !== null) closeFor(socket, code);
    }
  }, checkMs).unref();
  const alive = setInterval(() => {
    for (const [socket, state] of open) {
      if (!state.isAlive) socket.terminate();
      state.isAlive = false;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }
  }, aliveMs).unref();

  return {
    upgrade(request, socket, head) {
      if (open.size >= maxSockets) return refuseUpgrade(socket, 503);
      server.handleUpgrade(request, socket, head, (webSocket) => server.emit("connection", webSocket, request));
    },
    size: () => open.size,
    async close(graceMs) {
      clearInterval(checking);
      clearInterval(alive);
      const gone = [...open.keys()].map(
        (socket) => new Promise<void>((resolve) => void socket.once("close", () => resolve())),
      );
      for (const socket of open.keys()) closeFor(socket, "SHUTTING_DOWN");
      const late = setTimeout(() => {
        for (const socket of open.keys()) socket.terminate();
      }, graceMs);
      await Promise.all(gone);
      clearTimeout(late);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function sent(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    socket.send(text, (error) => (error && socket.readyState === WebSocket.OPEN ? reject(error) : resolve()));
  });
}

function closeFor(socket: WebSocket, code: ErrorCode): boolean {
  const closes = closeCodes[code];
  if (closes === undefined) return false;
  socket.close(closes, code);
  return true;
}

/** The package wants operations that it knows of: this one stands for all, and is never executed. */
const standIn: OperationDefinitionNode = {
  kind: Kind.OPERATION_DEFINITION,
  operation: "query" as OperationDefinitionNode["operation"],
  selectionSet: { kind: Kind.SELECTION_SET, selections: [] },
};

function protocolOptions(settings: WebSocketSettings, initMs: number): ServerOptions<Record<string, unknown>, Extra> {
  const refused = new WeakMap<GraphQLError, ClientError>();
  const asErrors = ({ refused: errors }: Refusal): GraphQLError[] =>
    errors.map((each) => {
      const error = new GraphQLError(each.message);
      refused.set(error, each);
      return error;
    });
  return {
    connectionInitWaitTimeout: initMs,
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
  { authenticate }: WebSocketSettings,
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
  { handle, readOperation, newRequestId, events }: WebSocketSettings,
  { gone }: Extra,
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
function eventsFor(events: EventStream, extra: Extra): AsyncIterableIterator<unknown> {
  let isOver = false;
  const leave = () => {
    if (isOver) return;
    isOver = true;
    extra.operations -= 1;
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
      if (closeFor(extra.socket, item.code)) return done;
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
