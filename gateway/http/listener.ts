/**
 * An HTTP listener with limits on slow and idle clients, and a way to end it: what was accepted is finished, what comes
 * meanwhile is told to go elsewhere.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { refuseUnparsed } from "./response.ts";

export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client has gone before its answer, or time is up at the end. */
  readonly signal: AbortSignal;
};

export type Listener = {
  readonly url: string;
  /** Resolves when nothing is left of it: after the accepted requests, or after `drainMs`. */
  close(drainMs: number): Promise<void>;
};

export type ListenerSettings = {
  readonly host: string;
  readonly port: number;
  readonly respond: (exchange: Exchange) => Promise<void>;
  /** Answers a request that comes while the listener is ending. */
  readonly refuseEnding: (response: ServerResponse) => void;
};

const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const keepAliveTimeoutMs = 5_000;

/** Rejects with the code of the operating system when it cannot listen. */
export async function listen({ host, port, respond, refuseEnding }: ListenerSettings): Promise<Listener> {
  const underWay = new Set<AbortController>();
  let isEnding = false;
  let onIdle = () => {};

  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => {
      if (isEnding) return refuseEnding(response);
      const gone = new AbortController();
      underWay.add(gone);
      response.once("close", () => {
        underWay.delete(gone);
        if (!response.writableFinished) gone.abort();
        if (underWay.size === 0) onIdle();
      });
      respond({ request, response, signal: gone.signal }).catch(() => response.destroy());
    },
  );
  server.maxHeadersCount = 64;
  server.on("clientError", ({ code }: NodeJS.ErrnoException, socket) => refuseUnparsed(socket, code));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const { port: boundPort } = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`,
    async close(drainMs) {
      isEnding = true;
      // It goes on listening until then: a refused connection tells a client less than a 503 does.
      await new Promise<void>((resolve) => {
        if (underWay.size === 0) return resolve();
        const timer = setTimeout(resolve, drainMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const gone of underWay) gone.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}
