/** Asking an agency's existing system over HTTP: one call, bounded in time and size, with errors a resolver can throw. */
import { Pool } from "undici";

export type SourceErrorCode = "SOURCE_UNAVAILABLE" | "SOURCE_TIMEOUT" | "SOURCE_INVALID" | "SOURCE_REFUSED";

const texts: Readonly<Record<SourceErrorCode, string>> = {
  SOURCE_UNAVAILABLE: "could not be reached",
  SOURCE_TIMEOUT: "did not answer in time",
  SOURCE_INVALID: "answered with something that cannot be read",
  SOURCE_REFUSED: "refused to answer",
};

/** An agency's system was asked and gave no usable answer. Never read as "nothing". */
export class SourceError extends Error {
  readonly extensions: { readonly code: SourceErrorCode; readonly system: string };
  constructor(code: SourceErrorCode, system: string, cause?: unknown) {
    super(`${system} ${texts[code]}`, { cause });
    this.extensions = { code, system };
  }
}

export type SystemRequest = {
  readonly method: "GET" | "POST";
  /** Path and query, from the system's root. No identifier of a person belongs here: it would end in logs. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Less than the system's own, where an earlier call has used up some of it. */
  readonly timeoutMs?: number;
};

export type SystemAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};

export type HttpSystem = {
  readonly system: string;
  /** Resolves for any HTTP status below 500; throws SourceError for no answer, a late one, one too large, or 5xx. */
  ask(request: SystemRequest): Promise<SystemAnswer>;
  /** The raw stream of one answer, for files too large to hold; only 200 is accepted. */
  stream(request: SystemRequest): Promise<AsyncIterable<Buffer>>;
  close(): Promise<void>;
};

export type HttpSystemSettings = {
  readonly system: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxBytes?: number;
  /** How many calls are under way at once; the others wait. */
  readonly connections?: number;
};

/** A keep-alive connection pool to one system. `timeoutMs` bounds each whole call. */
export function httpSystem(settings: HttpSystemSettings): HttpSystem {
  const { system, url, timeoutMs, maxBytes = 32 * 1024 * 1024, connections = 16 } = settings;
  const { origin, pathname } = new URL(url);
  const prefix = pathname.replace(/\/$/, "");
  const pool = new Pool(origin, {
    connections,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const options = ({ method, path, headers, body }: SystemRequest) => ({
    method,
    path: prefix + path,
    headers: { ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return {
    system,
    async ask(request) {
      const signal = AbortSignal.timeout(Math.min(timeoutMs, request.timeoutMs ?? timeoutMs));
      try {
        const { statusCode, headers, body } = await pool.request({ ...options(request), signal });
        const bytes = await readBounded(body, maxBytes, system);
        if (statusCode >= 500) throw new SourceError("SOURCE_UNAVAILABLE", system);
        return { status: statusCode, headers, body: bytes };
      } catch (error) {
        throw asSourceError(error, system);
      }
    },
    async stream(request) {
      try {
        const { statusCode, body } = await pool.request(options(request));
        if (statusCode === 200) return errorsNamed(body, system);
        await body.dump();
        throw new SourceError(statusCode >= 500 ? "SOURCE_UNAVAILABLE" : "SOURCE_REFUSED", system);
      } catch (error) {
        throw asSourceError(error, system);
      }
    },
    close: () => pool.destroy(),
  };
}

/** Parses a JSON answer; anything but well-formed JSON is SOURCE_INVALID. */
export function parseJson(system: string, body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new SourceError("SOURCE_INVALID", system, cause);
  }
}

async function readBounded(body: AsyncIterable<Buffer>, maxBytes: number, system: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new SourceError("SOURCE_INVALID", system);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* errorsNamed(body: AsyncIterable<Buffer>, system: string): AsyncIterable<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw asSourceError(error, system);
  }
}

const timeoutCodes = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"]);

function asSourceError(error: unknown, system: string): SourceError {
  if (error instanceof SourceError) return error;
  const { name, code } = error as { name?: string; code?: unknown };
  if (name === "TimeoutError" || timeoutCodes.has(String(code)))
    return new SourceError("SOURCE_TIMEOUT", system, error);
  // A broken HTTP answer (not just a broken connection) is nonsense, not absence.
  if (name === "HTTPParserError" || String(code).startsWith("HPE_"))
    return new SourceError("SOURCE_INVALID", system, error);
  return new SourceError("SOURCE_UNAVAILABLE", system, error);
}
