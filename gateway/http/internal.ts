/** The internal listener, on loopback alone: liveness, readiness, metrics, reloading the supergraph, announced changes. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReloadOutcome } from "../supergraph/source.ts";
import { type Listener, listen } from "./listener.ts";
import { readBody } from "./request.ts";
import { send, sendJson } from "./response.ts";

export type InternalSettings = {
  readonly port: number;
  /** The id of the supergraph in use. */
  readonly supergraph: () => string;
  readonly isEnding: () => boolean;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly reload: () => Promise<ReloadOutcome>;
  /** Where subgraphs announce changes; null: they do so elsewhere. */
  readonly changes: Changes | null;
  /** What an issuer pushes (RFC 8935): sessions that it has taken back. */
  readonly receiveSet: (set: string) => Promise<{ readonly status: 202 | 400 | 503; readonly body: string }>;
};

export type Changes = {
  /** The clock that heartbeats are to be measured on. */
  readonly clock: () => { readonly id: string; readonly now: number };
  /** What became of what was posted. */
  receive(body: unknown): "taken" | "malformed" | "untrusted";
};

const maxChangesBytes = 1024 * 1024;

export function openInternalListener({
  port,
  supergraph,
  isEnding,
  metrics,
  reload,
  changes,
  receiveSet,
}: InternalSettings): Promise<Listener> {
  return listen({
    host: "127.0.0.1",
    port,
    async respond({ request, response }) {
      // Loopback is no border for a page in a browser on the same machine.
      if (request.headers.origin !== undefined || !isOfThisMachine(request.headers.host))
        return sendJson(response, 403, { refused: "not for pages" });
      switch (`${request.method} ${request.url?.split("?")[0]}`) {
        case "GET /live":
          return sendJson(response, 200, { live: true });
        case "GET /ready":
          return sendJson(response, isEnding() ? 503 : 200, { ready: !isEnding(), supergraph: supergraph() });
        case "GET /metrics": {
          const { contentType, text } = await metrics();
          return send(response, 200, text, { "content-type": contentType });
        }
        case "POST /reload": {
          const outcome = await reload();
          return sendJson(response, outcome === "refused" ? 422 : 200, { outcome, supergraph: supergraph() });
        }
        case "GET /changes":
        case "POST /changes":
          if (request.method === "POST" && isSet(request)) return respondToSet(receiveSet, request, response);
          if (changes !== null) return respondToChanges(changes, request, response);
          return sendJson(response, 404, { refused: "changes are announced through Redis here" });
        default:
          return sendJson(response, 404, {
            here: ["GET /live", "GET /ready", "GET /metrics", "POST /reload", "GET /changes", "POST /changes"],
          });
      }
    },
    refuseEnding: (response) => sendJson(response, 503, { live: true, ready: false }),
    refuseMalformed: (response) => sendJson(response, 400, { refused: "not well-formed" }),
  });
}

/** A page whose name leads here by now asks us as its own server: without an origin, but under that name. */
function isOfThisMachine(host: string | undefined): boolean {
  return host === undefined || /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host);
}

const maxSetBytes = 32 * 1024;

/** RFC 8935, 2.1: a Security Event Token as it stands. */
function isSet({ headers }: IncomingMessage): boolean {
  return /^application\/secevent\+jwt\s*(;|$)/i.test(headers["content-type"] ?? "");
}

async function respondToSet(
  receiveSet: InternalSettings["receiveSet"],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bytes = await readBody(request, maxSetBytes);
  if (bytes === null) return sendJson(response, 413, { err: "invalid_request", description: "too large" });
  const { status, body } = await receiveSet(bytes.toString("latin1").trim());
  send(response, status, body, { "content-type": "application/json" });
}

async function respondToChanges(
  { clock, receive }: Changes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const sendClock = () => {
    const { id, now } = clock();
    sendJson(response, 200, { clock: id, now });
  };
  if (request.method === "GET") return sendClock();
  const bytes = await readBody(request, maxChangesBytes);
  if (bytes === null) return sendJson(response, 413, { refused: "too large" });
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString());
  } catch {
    return sendJson(response, 400, { refused: "not JSON" });
  }
  const outcome = receive(body);
  if (outcome === "taken") return sendClock();
  sendJson(response, outcome === "malformed" ? 400 : 401, { refused: outcome });
}
