/** The public listener: operations at /graphql, and in development GraphiQL at /. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { refuse } from "../errors.ts";
import type { AboutOperation, Handle } from "../handle.ts";
import type { Telemetry } from "../telemetry.ts";
import { graphiqlPage } from "./graphiql.ts";
import { type Exchange, type Listener, listen } from "./listener.ts";
import { negotiate, type ResponseType } from "./media-type.ts";
import { readOperation } from "./request.ts";
import { send, sendAnswer } from "./response.ts";

export type PublicSettings = {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  /** Whether GraphiQL is served. */
  readonly graphiql: boolean;
  readonly handle: Handle;
  readonly telemetry: Telemetry;
};

const plainJson: ResponseType = { mediaType: "application/json", contentType: "application/json; charset=utf-8" };

export function openPublicListener({ host, port, ...settings }: PublicSettings): Promise<Listener> {
  return listen({
    host,
    port,
    async respond(exchange) {
      const { request, response } = exchange;
      const url = urlOf(request);
      if (url?.pathname === "/graphql") return respondToOperation(exchange, url, settings);
      if (url?.pathname === "/" && settings.graphiql && request.method === "GET") {
        const page = await graphiqlPage();
        return send(response, 200, page.html, page.headers);
      }
      sendAnswer(response, refuse("NOT_FOUND"), plainJson, {});
    },
    refuseEnding(response) {
      sendAnswer(response, refuse("SHUTTING_DOWN", undefined, { "retry-after": "1" }), plainJson, {
        connection: "close",
      });
    },
  });
}

async function respondToOperation(
  { request, response, signal }: Exchange,
  url: URL,
  { handle, maxBodyBytes, telemetry }: Omit<PublicSettings, "host" | "port">,
): Promise<void> {
  const startedAt = performance.now();
  const requestId = randomUUID();
  const about: AboutOperation = {};
  const type = negotiate(request.headers.accept);
  const answerTo = async () => {
    if (!type) return refuse("NOT_ACCEPTABLE");
    const operation = await readOperation(request, { url, maxBodyBytes });
    if ("refused" in operation) return operation;
    const [authorization, purpose, caseReference] = ["authorization", "crosswalk-purpose", "crosswalk-case"].map(
      (name) => header(request, name),
    );
    const method = request.method === "GET" ? "GET" : "POST";
    return handle({ ...operation, method, authorization, purpose, caseReference, signal }, about);
  };
  const answer = await answerTo().catch((error: unknown) => {
    if (!signal.aborted) telemetry.faultCaught(error);
    return refuse("INTERNAL_SERVER_ERROR");
  });
  // Nobody is there to be answered.
  if (signal.aborted || response.destroyed) return;
  const sent = sendAnswer(response, answer, type ?? plainJson, { "crosswalk-request-id": requestId });
  telemetry.requestAnswered({ requestId, ...sent, durationMs: performance.now() - startedAt, ...about });
}

function urlOf({ url = "" }: IncomingMessage): URL | null {
  // Put together as text: resolved against a base, `//x/graphql` would be the path /graphql of a host `x`.
  const absolute = `http://gateway.invalid${url}`;
  return url.startsWith("/") && URL.canParse(absolute) ? new URL(absolute) : null;
}

/** A header that stands twice is one that no rule accepts: Node would take the first, something in front the last. */
function header({ headersDistinct }: IncomingMessage, name: string): string | undefined {
  return headersDistinct[name]?.join(", ");
}
