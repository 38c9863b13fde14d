/** One request to one subgraph over HTTP: bounded in time and size, cancelled with the client, never redirected. */
import { Pool } from "undici";
import { SubgraphFailure } from "./call.ts";

export type SubgraphRequest = {
  readonly subgraph: string;
  readonly url: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
};

/** The parsed body, whatever it is; throws SubgraphFailure. */
export type SubgraphCall = (request: SubgraphRequest) => Promise<unknown>;

export { SubgraphFailure };

export type SubgraphHttp = { readonly call: SubgraphCall; close(): Promise<void> };

/** Keeps connections per origin. `timeoutMs` bounds each whole exchange, `maxBytes` each answer. */
export function openSubgraphHttp({
  timeoutMs,
  maxBytes,
}: {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}): SubgraphHttp {
  const pools = new Map<string, Pool>();
  const poolOf = (origin: string): Pool => {
    const pool =
      pools.get(origin) ??
      new Pool(origin, {
        connections: 64,
        connect: { timeout: timeoutMs },
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        maxResponseSize: maxBytes,
      });
    pools.set(origin, pool);
    return pool;
  };
  return {
    async call({ url, query, variables, signal }) {
      const { origin, pathname, search } = new URL(url);
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        const { statusCode, headers, body } = await poolOf(origin).request({
          method: "POST",
          path: pathname + search,
          headers: {
            "content-type": "application/json",
            accept: "application/graphql-response+json, application/json;q=0.9",
          },
          body: JSON.stringify({ query, variables }),
          signal: AbortSignal.any([signal, deadline]),
        });
        const bytes = await body.arrayBuffer();
        return readBody(statusCode, headers, bytes);
      } catch (error) {
        if (deadline.aborted) throw new SubgraphFailure("GATEWAY_TIMEOUT", error);
        throw asFailure(error);
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

function readBody(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  bytes: ArrayBuffer,
): unknown {
  const mediaType = String(headers["content-type"] ?? "")
    .split(";")[0]
    ?.trim()
    .toLowerCase();
  const succeeded = status >= 200 && status < 300;
  // Only the newer media type says of a 4xx or 5xx that it is an answer of the subgraph itself, not of something between.
  if (!succeeded && mediaType !== "application/graphql-response+json")
    throw new SubgraphFailure("SUBREQUEST_HTTP_ERROR");
  const isJson = mediaType === "application/graphql-response+json" || mediaType === "application/json";
  if (!isJson || headers["content-encoding"] !== undefined) throw new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE", cause);
  }
}

const timeouts: readonly unknown[] = ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"];

function asFailure(error: unknown): SubgraphFailure {
  if (error instanceof SubgraphFailure) return error;
  const { code } = error as { code?: unknown };
  if (timeouts.includes(code)) return new SubgraphFailure("GATEWAY_TIMEOUT", error);
  const isMalformed = code === "UND_ERR_RES_EXCEEDED_MAX_SIZE" || String(code).startsWith("HPE_");
  return new SubgraphFailure(isMalformed ? "SUBREQUEST_MALFORMED_RESPONSE" : "SUBREQUEST_HTTP_ERROR", error);
}
