/** One request to one subgraph over HTTP: bounded in time and size, cancelled with whoever waits, never redirected. */
import { type Dispatcher, Pool } from "undici";
import { traceParent } from "../telemetry.ts";
import { guardedLookup, type Resolve, urlRefusal } from "./addresses.ts";
import { sharedLifetimeMs } from "./cache-control.ts";
import { abandoned, type SubgraphAnswer, type SubgraphCall, SubgraphFailure, type SubgraphRequest } from "./call.ts";
import { readJson } from "./json-body.ts";
import type { Sign } from "./signature.ts";
import type { Wait, Watch } from "./watch.ts";

export type TransportSettings = {
  /** Of one answer's body. */
  readonly maxBytes: number;
  readonly watch: Watch;
  /** What is sent is signed last, for each attempt anew. */
  readonly sign?: Sign;
  readonly connectTimeoutMs?: number;
  readonly connectionsPerOrigin?: number;
  /** How names become addresses. */
  readonly resolve?: Resolve;
};

export type Transport = {
  readonly call: SubgraphCall;
  /** Of all answers so far. */
  readBytes(): number;
  close(): Promise<void>;
};

/** Where one subgraph is asked, worked out once. */
type Target = { readonly pool: Pool; readonly path: string; readonly search: string };

// Identity: nothing is unpacked here, so no answer is larger than it arrives.
const headers: readonly string[] = [
  "content-type",
  "application/json",
  "accept",
  "application/graphql-response+json, application/json;q=0.9",
  "accept-encoding",
  "identity",
];

/**
 * Keeps connections per origin. `call` rejects with SubgraphFailure: GATEWAY_TIMEOUT at the request's deadline, whatever
 * was under way; SUBREQUEST_HTTP_ERROR for a connection that fails, a status that is no answer, an address that may not
 * be asked; SUBREQUEST_MALFORMED_RESPONSE for what cannot be read or is too large.
 */
export function openTransport({
  maxBytes,
  watch,
  sign = (_request, common = []) => [...common],
  connectTimeoutMs = 3000,
  connectionsPerOrigin = 64,
  resolve,
}: TransportSettings): Transport {
  const pools = new Map<string, Pool>();
  const targets = new Map<string, Target>();
  const lookup = guardedLookup(resolve);
  let readBytes = 0;

  const openPool = (origin: string): Pool =>
    new Pool(origin, {
      connections: connectionsPerOrigin,
      allowH2: false,
      connect: { timeout: connectTimeoutMs, lookup: lookup as never },
      // The deadline of each request stands over all of its phases: undici's own timers would only cost.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  const targetAt = (url: string): Target => {
    const known = targets.get(url);
    if (known !== undefined) return known;
    const refusal = urlRefusal(url);
    if (refusal !== null) throw new SubgraphFailure("SUBREQUEST_HTTP_ERROR", new Error(`refused URL: ${refusal}`));
    const { origin, pathname, search } = new URL(url);
    const pool = pools.get(origin) ?? openPool(origin);
    pools.set(origin, pool);
    const target = { pool, path: pathname, search };
    targets.set(url, target);
    return target;
  };

  return {
    call: (request) =>
      new Promise((answer, fail) => {
        if (request.signal.aborted) return fail(abandoned(request.signal));
        if (request.deadline <= watch.now()) return fail(new SubgraphFailure("GATEWAY_TIMEOUT"));
        const { pool, path, search } = targetAt(request.url);
        const { subgraph, body, requestId, caller } = request;
        const sent = sign({ subgraph, path, search, body, requestId, caller }, headers);
        const parent = traceParent();
        if (parent !== null) sent.push("traceparent", parent);
        const read = (answered: SubgraphAnswer, bytes: number) => {
          readBytes += bytes;
          answer(answered);
        };
        const exchange = new Exchange(request, maxBytes, watch, read, fail);
        watch.add(exchange);
        pool.dispatch(
          {
            method: "POST",
            path: path + search,
            headers: sent,
            body,
          },
          exchange,
        );
      }),
    readBytes: () => readBytes,
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

/** Of an answer that is refused unread, so much is still let in to keep its connection for the next request. */
const maxSkippedBytes = 16 * 1024;

/** One request on its way: collects the answer, and gives up at the deadline, at the limit, or when nobody waits. */
class Exchange implements Dispatcher.DispatchHandler, Wait {
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly #maxBytes: number;
  readonly #watch: Watch;
  readonly #answer: (answer: SubgraphAnswer, bytes: number) => void;
  readonly #fail: (failure: SubgraphFailure) => void;
  #isOver = false;
  #controller: Dispatcher.DispatchController | null = null;
  /** Known from status and headers; told when the body has passed. */
  #refusal: SubgraphFailure | null = null;
  #keepMs: number | null = null;
  #bytes: Buffer | null = null;
  #length = 0;

  constructor(
    request: SubgraphRequest,
    maxBytes: number,
    watch: Watch,
    answer: (answer: SubgraphAnswer, bytes: number) => void,
    fail: (failure: SubgraphFailure) => void,
  ) {
    this.deadline = request.deadline;
    this.signal = request.signal;
    this.#maxBytes = maxBytes;
    this.#watch = watch;
    this.#answer = answer;
    this.#fail = fail;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection: thrown here, nothing is sent and the connection stays good.
    if (this.#isOver) throw new Error("given up before it was sent");
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#refusal = refusalOf(status, headers);
    this.#keepMs = sharedLifetimeMs(headers["cache-control"], headers.age);
    if (this.#refusal === null && Number(headers["content-length"]) > this.#maxBytes) this.#giveUp(tooLarge());
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    const length = this.#length + chunk.length;
    if (this.#refusal !== null) {
      this.#length = length;
      if (length > maxSkippedBytes) this.#giveUp(this.#refusal);
    } else if (length > this.#maxBytes) this.#giveUp(tooLarge());
    else this.#keep(chunk, length);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    const body = this.#refusal === null ? this.#read() : null;
    this.#end(this.#refusal);
    if (this.#refusal !== null) return;
    const keeping = this.#keepMs === null ? {} : { keepMs: this.#keepMs };
    this.#answer({ body, isShared: false, ...keeping }, this.#length);
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (!this.#isOver) this.#end(this.#refusal ?? asFailure(error));
  }

  onGivenUp(why: "deadline" | "aborted"): void {
    const failure = why === "aborted" ? abandoned(this.signal) : new SubgraphFailure("GATEWAY_TIMEOUT");
    this.#giveUp(why === "deadline" && this.#refusal !== null ? this.#refusal : failure);
  }

  /** A body in one piece is not copied; a body in a million pieces takes no more room than its bytes. */
  #keep(chunk: Buffer, length: number): void {
    if (this.#bytes === null) this.#bytes = chunk;
    else {
      if (this.#bytes.length < length) {
        const roomier = Buffer.allocUnsafeSlow(Math.min(Math.max(length * 2, 64 * 1024), this.#maxBytes));
        this.#bytes.copy(roomier, 0, 0, this.#length);
        this.#bytes = roomier;
      }
      chunk.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  /** Turns what cannot be read into a refusal. */
  #read(): unknown {
    try {
      return readJson((this.#bytes ?? nothing).subarray(0, this.#length));
    } catch (cause) {
      this.#refusal = new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE", cause);
      return null;
    }
  }

  /** Whatever still comes is not wanted: the connection is closed. */
  #giveUp(failure: SubgraphFailure): void {
    this.#end(failure);
    this.#controller?.abort(failure);
  }

  #end(failure: SubgraphFailure | null): void {
    this.#isOver = true;
    this.#watch.delete(this);
    if (failure === null) return;
    this.#bytes = null;
    this.#fail(failure);
  }
}

const nothing = Buffer.alloc(0);

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Why an answer with this status and these headers is not read; null: it is. */
function refusalOf(status: number, headers: Headers): SubgraphFailure | null {
  const isSuccess = status >= 200 && status < 300;
  const mediaType = mediaTypeOf(headers["content-type"]);
  // Only the newer media type says of a 4xx or 5xx that it is an answer of the subgraph itself, not of something between.
  if (!isSuccess && (status < 400 || mediaType !== "application/graphql-response+json"))
    return new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, status);
  const isJson = mediaType === "application/graphql-response+json" || mediaType === "application/json";
  if (isJson && headers["content-encoding"] === undefined) return null;
  return new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE", undefined, status);
}

function mediaTypeOf(contentType: string | string[] | undefined): string {
  const text = String(contentType ?? "");
  const end = text.indexOf(";");
  return (end === -1 ? text : text.slice(0, end)).trim().toLowerCase();
}

function tooLarge(): SubgraphFailure {
  return new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE", new Error("larger than is allowed"));
}

function asFailure(error: Error): SubgraphFailure {
  const { code } = error as { code?: unknown };
  if (code === "UND_ERR_CONNECT_TIMEOUT") return new SubgraphFailure("GATEWAY_TIMEOUT", error);
  // What does not parse as HTTP has a name, and a code for some of its ways only.
  const isMalformed = code === "UND_ERR_HEADERS_OVERFLOW" || error.name === "HTTPParserError";
  return new SubgraphFailure(isMalformed ? "SUBREQUEST_MALFORMED_RESPONSE" : "SUBREQUEST_HTTP_ERROR", error);
}
