/** The public listener: operations at /graphql, and in development GraphiQL at /. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Authenticate } from "../authorization/authenticate.ts";
import { refuse } from "../errors.ts";
import type { Handle } from "../handle.ts";
import { refuseUpgrade } from "../subscriptions/refused-upgrade.ts";
import type { WebSockets } from "../subscriptions/websocket.ts";
import type { Telemetry } from "../telemetry.ts";
import { openEventStreams } from "./event-stream.ts";
import { graphiqlPage } from "./graphiql.ts";
import { type ClientLimits, type Listener, listen } from "./listener.ts";
import { plainJson } from "./media-type.ts";
import { operationResponder } from "./operation.ts";
import { readParameters, refuseUpgradeHead } from "./request.ts";
import { send, sendAnswer } from "./response.ts";

export type PublicSettings = {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  /** Requests under way at once that are let in; twice as many may wait to be looked at. */
  readonly maxRequests: number;
  /** Operations in one request; 0: batches are not taken. */
  readonly maxBatch: number;
  /** Whether GraphiQL is served. */
  readonly graphiql: boolean;
  readonly handle: Handle;
  readonly telemetry: Telemetry;
  /** Who opens a WebSocket; null or absent: authentication is switched off. */
  readonly authenticate?: Authenticate | null;
  readonly maxSockets?: number;
  /** How often a stream shows that it is alive. */
  readonly aliveMs?: number;
  readonly limits?: Partial<ClientLimits>;
};

export async function openPublicListener({ host, port, limits, ...settings }: PublicSettings): Promise<Listener> {
  const { aliveMs = 12_000, handle, telemetry, authenticate = null, maxBodyBytes, maxSockets = 10_000 } = settings;
  const eventStreams = openEventStreams({ aliveMs });
  const respondToOperation = operationResponder({ ...settings, eventStreams });
  let sockets: Promise<WebSockets> | null = null;
  const openSockets = async () => {
    // Loaded when somebody asks for one: a tenth of a second of a start that needs none.
    const { openWebSockets } = await import("../subscriptions/websocket.ts");
    return openWebSockets({
      authenticate,
      handle,
      readOperation: readParameters,
      newRequestId: randomUUID,
      maxMessageBytes: maxBodyBytes,
      maxSockets,
      aliveMs,
      events: telemetry,
    });
  };
  const close = { connection: "close" };
  const endStreams = async (graceMs = 0) => {
    eventStreams.close();
    await (await sockets)?.close(graceMs);
  };
  const listening = listen({
    host,
    port,
    upgrade(request, socket, head) {
      const refused = refuseUpgradeHead(request);
      if (refused !== null) return refuseUpgrade(socket, refused);
      // It may go while they are loaded.
      socket.on("error", () => {});
      sockets ??= openSockets();
      sockets.then(
        (ready) => ready.upgrade(request, socket, head),
        (error: unknown) => {
          telemetry.faultCaught(error);
          refuseUpgrade(socket, 503);
        },
      );
    },
    ...(limits ? { limits } : {}),
    async respond(exchange) {
      const { request, response } = exchange;
      if (settings.graphiql && isVisit(request)) return send(response, 302, "", { location: "/" });
      if (request.url === "/graphql") return respondToOperation(exchange, null);
      const url = urlOf(request);
      if (url?.pathname === "/graphql") return respondToOperation(exchange, url.searchParams);
      if (url?.pathname === "/" && settings.graphiql && request.method === "GET") {
        const page = await graphiqlPage();
        return send(response, 200, page.html, page.headers);
      }
      sendAnswer(response, refuse("NOT_FOUND"), plainJson, {});
    },
    refuseEnding(response: ServerResponse) {
      sendAnswer(response, refuse("SHUTTING_DOWN", undefined, { "retry-after": "1" }), plainJson, close);
    },
    refuseMalformed(response: ServerResponse) {
      sendAnswer(response, refuse("BAD_REQUEST", "the request's headers contradict each other"), plainJson, close);
    },
  });
  const listener = await listening.catch(async (error: unknown) => {
    await endStreams();
    throw error;
  });
  return {
    url: listener.url,
    async close(drainMs) {
      await endStreams(Math.min(drainMs, goodbyeMs));
      await listener.close(drainMs);
    },
  };
}

/** For a client to answer that it is told to go. */
const goodbyeMs = 500;

/** A person's browser, where programs ask: the page is elsewhere. */
function isVisit({ method, url, headers }: IncomingMessage): boolean {
  return method === "GET" && url === "/graphql" && (headers.accept?.startsWith("text/html,") ?? false);
}

function urlOf({ url = "" }: IncomingMessage): URL | null {
  // Put together as text: resolved against a base, `//x/graphql` would be the path /graphql of a host `x`.
  const absolute = `http://gateway.invalid${url}`;
  return url.startsWith("/") && URL.canParse(absolute) ? new URL(absolute) : null;
}
