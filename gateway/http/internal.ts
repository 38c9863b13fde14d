/** The internal listener, on loopback alone: liveness, readiness, metrics, and reloading the supergraph. */
import type { ReloadOutcome } from "../supergraph/source.ts";
import { type Listener, listen } from "./listener.ts";
import { send, sendJson } from "./response.ts";

export type InternalSettings = {
  readonly port: number;
  /** The id of the supergraph in use. */
  readonly supergraph: () => string;
  readonly isEnding: () => boolean;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly reload: () => Promise<ReloadOutcome>;
};

export function openInternalListener({
  port,
  supergraph,
  isEnding,
  metrics,
  reload,
}: InternalSettings): Promise<Listener> {
  return listen({
    host: "127.0.0.1",
    port,
    async respond({ request, response }) {
      // Loopback is no border for a page in a browser on the same machine.
      if (request.headers.origin !== undefined) return sendJson(response, 403, { refused: "not for pages" });
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
        default:
          return sendJson(response, 404, { here: ["GET /live", "GET /ready", "GET /metrics", "POST /reload"] });
      }
    },
    refuseEnding: (response) => sendJson(response, 503, { live: true, ready: false }),
    refuseMalformed: (response) => sendJson(response, 400, { refused: "not well-formed" }),
  });
}
