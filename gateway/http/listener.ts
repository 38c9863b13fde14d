/**
 * An HTTP listener with limits on slow, idle and greedy clients, and a way to end it: what was accepted is finished,
 * what comes meanwhile is told to go elsewhere. HTTP/1.1 alone is spoken; whatever stands in front speaks the others.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Bag, type Member } from "../under-way.ts";
import { refuseUnparsed } from "./response.ts";

export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client has gone before its answer, or time is up at the end. */
  readonly signal: AbortSignal;
  /** When the head of the request had come, on the clock of `performance.now()`. */
  readonly receivedAt: number;
};

export type Listener = {
  readonly url: string;
  /** Resolves when nothing is left of it: after the accepted requests, or after `drainMs`. */
  close(drainMs: number): Promise<void>;
};

/** How long each side of a client may take. What is slower is ended, at the next check. */
export type ClientLimits = {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  /** For the client to take an answer: so long, and as long as its bytes take at this rate. */
  readonly answerMs: number;
  readonly answerBytesPerMs: number;
  readonly checkEveryMs: number;
};

export type ListenerSettings = {
  readonly host: string;
  readonly port: number;
  readonly respond: (exchange: Exchange) => Promise<void>;
  /** Answers a request that comes while the listener is ending. */
  readonly refuseEnding: (response: ServerResponse) => void;
  /** Answers a request that HTTP does not allow although it could be parsed. */
  readonly refuseMalformed: (response: ServerResponse) => void;
  readonly limits?: Partial<ClientLimits>;
  /** Takes over connections that are to become WebSockets; they are its own from then on. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

const defaultLimits: ClientLimits = {
  headersMs: 5_000,
  requestMs: 10_000,
  keepAliveMs: 5_000,
  answerMs: 10_000,
  answerBytesPerMs: 100,
  checkEveryMs: 1_000,
};
const quietMs = 100;
/** Connections that the system keeps until we come to them: those of a burst, which it would else drop in silence. */
const backlog = 4096;

type UnderWay = Member & {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly gone: AbortController;
  /** Until when the client may take what was written; set by the check that first finds it waiting. */
  takeBy: number | null;
};

/** Rejects with the code of the operating system when it cannot listen. */
export async function listen(settings: ListenerSettings): Promise<Listener> {
  const { host, port, respond, refuseEnding, refuseMalformed, upgrade } = settings;
  const limits = { ...defaultLimits, ...settings.limits };
  const underWay = new Bag<UnderWay>();
  let isEnding = false;
  let onIdle = () => {};

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const receivedAt = performance.now();
    const gone = new AbortController();
    const exchange: UnderWay = { request, response, gone, takeBy: null };
    underWay.add(exchange);
    response.once("close", () => {
      underWay.delete(exchange);
      if (!response.writableFinished) gone.abort();
      if (underWay.size === 0) onIdle();
    });
    respond({ request, response, signal: gone.signal, receivedAt }).catch(() => response.destroy());
  };
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      maxHeaderSize: 16 * 1024,
      insecureHTTPParser: false,
      // Refused by us instead, with the headers and the code that every answer carries.
      requireHostHeader: false,
      // An offer of another protocol is not taken: such a request is answered as any other.
      ...(upgrade ? { shouldUpgradeCallback: isWebSocketRequest } : {}),
    },
    (request, response) => {
      if (isEnding) refuseEnding(response);
      else if (isWellFormed(request)) begin(request, response);
      else refuseMalformed(response);
    },
  );
  server.maxHeadersCount = 64;
  server.maxConnections = connectionsWithin(openFilesLimit());
  if (upgrade)
    server.on("upgrade", (request, socket, head) => {
      if (isEnding || !isWellFormed(request)) socket.destroy();
      else upgrade(request, socket, head);
    });
  server.on("checkExpectation", (_request, response) => refuseMalformed(response));
  server.on("clientError", ({ code }: NodeJS.ErrnoException, socket) => {
    if (awaitsAnswer(underWay, socket)) socket.destroy();
    else refuseUnparsed(socket, code);
  });
  await new Promise<void>((resolve, reject) => {
    // It stays: later ones say that a connection could not be accepted, which is no reason to end.
    server.on("error", reject);
    server.listen({ port, host, backlog }, resolve);
  });
  const check = setInterval(() => endSlowReaders(underWay, limits), limits.checkEveryMs).unref();
  const { port: boundPort } = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`,
    async close(drainMs) {
      isEnding = true;
      for (const { response } of underWay.members()) response.shouldKeepAlive = false;
      // It goes on listening until then: a refused connection tells a client less than a 503 does.
      await new Promise<void>((resolve) => {
        if (underWay.size === 0) return resolve();
        const timer = setTimeout(resolve, drainMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      await lastWords(server, Math.min(drainMs, quietMs));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      clearInterval(check);
      for (const { gone } of underWay.members()) gone.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}

function isWebSocketRequest({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

/**
 * The parser lets versions pass that we do not speak. One host and, in HTTP/1.1, at least one; no chunks before it
 * (RFC 9112, 3.2 and 6.1); a header that decides who asks stands once.
 */
function isWellFormed({ httpVersion, headers, rawHeaders }: IncomingMessage): boolean {
  if (httpVersion !== "1.1") {
    if (httpVersion !== "1.0" || headers["transfer-encoding"] !== undefined) return false;
    if (headers.host === undefined) return true;
  }
  let hosts = 0;
  let authorizations = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts += 1;
    else if (name.length === 13 && name.toLowerCase() === "authorization") authorizations += 1;
  }
  return hosts === 1 && authorizations <= 1;
}

/**
 * Whether something on this connection is still owed an answer other than the one that could not be read. To write
 * there would be to answer twice, or in the middle of an answer.
 */
function awaitsAnswer(underWay: Bag<UnderWay>, socket: Duplex): boolean {
  for (const { request, response } of underWay.members())
    if (request.socket === socket && (request.complete || response.headersSent)) return true;
  return false;
}

/** Leaves clients that keep a connection time to be told, by the answer to what they have just sent, that it ends. */
function lastWords(server: Server, ms: number): Promise<void> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => {
      if (count > 0) setTimeout(resolve, ms);
      else resolve();
    });
  });
}

function endSlowReaders(underWay: Bag<UnderWay>, { answerMs, answerBytesPerMs }: ClientLimits): void {
  const now = performance.now();
  for (const exchange of underWay.members()) {
    const { response } = exchange;
    // An answer behind another on the same connection has no socket yet: nothing of it can be taken.
    const isWaiting = response.socket !== null && (response.writableEnded || response.writableNeedDrain);
    if (!isWaiting) exchange.takeBy = null;
    else if (exchange.takeBy === null) exchange.takeBy = now + answerMs + response.writableLength / answerBytesPerMs;
    else if (now > exchange.takeBy) response.destroy();
  }
}

/** Connections beyond this are closed as they come: the rest of the files is for subgraphs, logs and our own. */
function connectionsWithin(openFiles: number): number {
  return Math.max(8, Math.min(12_000, Math.floor((openFiles - 32) * 0.75)));
}

/** How many files this process may hold open; unbounded where the system does not say. */
function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
