/** The public listener: operations at /graphql, and in development GraphiQL at /. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { refuse } from "../errors.ts";
import type { Handle } from "../handle.ts";
import type { Telemetry } from "../telemetry.ts";
import { graphiqlPage } from "./graphiql.ts";
import { type ClientLimits, type Listener, listen } from "./listener.ts";
import { plainJson } from "./media-type.ts";
import { operationResponder } from "./operation.ts";
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
  readonly limits?: Partial<ClientLimits>;
};

export function openPublicListener({ host, port, limits, ...settings }: PublicSettings): Promise<Listener> {
  const respondToOperation = operationResponder(settings);
  const close = { connection: "close" };
  return listen({
    host,
    port,
    ...(limits ? { limits } : {}),
    async respond(exchange) {
      const { request, response } = exchange;
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
}

function urlOf({ url = "" }: IncomingMessage): URL | null {
  // Put together as text: resolved against a base, `//x/graphql` would be the path /graphql of a host `x`.
  const absolute = `http://gateway.invalid${url}`;
  return url.startsWith("/") && URL.canParse(absolute) ? new URL(absolute) : null;
}
