/** From an HTTP request to the parameters of operations: method, content type, size, UTF-8, JSON, shape. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { type Refusal, refuse } from "../errors.ts";
import { isJsonRequest } from "./media-type.ts";

/** What was asked for by one operation: by its document, or by the id of one. */
export type Parameters = {
  readonly query: string | null;
  readonly documentId: string | null;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** `extensions.resume`: the event after which a subscription goes on. */
  readonly resume?: string;
};
/** Operations to be answered in order. */
export type Batch = { readonly batch: readonly (Parameters | Refusal)[] };

export type RequestLimits = {
  /** Of the body as it comes in; it is refused before it is held. */
  readonly maxBodyBytes: number;
  /** Operations in one body; 0: batches are not taken. */
  readonly maxBatch: number;
};

/** Whether this request may be read at all; null when it may. Nothing of its body is touched. */
export function refuseHead({ method, headers }: IncomingMessage): Refusal | null {
  const { "sec-fetch-site": site, origin, "content-type": contentType, "content-encoding": encoding } = headers;
  if (site !== undefined && site !== "same-origin" && site !== "none") return refuse("CROSS_SITE_REFUSED");
  // A page that hides where it comes from; without `sec-fetch-site`, an old browser.
  if (origin === "null" && site === undefined) return refuse("CROSS_SITE_REFUSED");
  if (method === "POST")
    return isJsonRequest(contentType) && (encoding === undefined || encoding === "identity")
      ? null
      : refuse("UNSUPPORTED_MEDIA_TYPE");
  if (method !== "GET") return refuse("METHOD_NOT_ALLOWED", undefined, { allow: "GET, POST" });
  // A GET has no body to describe; an odd type is how a page of another site slips past its browser's check.
  return contentType === undefined || isJsonRequest(contentType) ? null : refuse("UNSUPPORTED_MEDIA_TYPE");
}

/**
 * Whether a WebSocket may be opened; null when it may. A browser says where its page comes from, and nothing else keeps a
 * page of another site from asking.
 */
export function refuseUpgradeHead({ method, url, headers }: IncomingMessage): 400 | 403 | 404 | null {
  const { "sec-fetch-site": site, origin, host } = headers;
  if (method !== "GET" || url === undefined) return 400;
  // Nothing is taken from an address that stands in logs: least of all a token.
  if (url !== "/graphql") return url.startsWith("/graphql?") ? 400 : 404;
  if (site !== undefined && site !== "same-origin" && site !== "none") return 403;
  if (origin === undefined) return null;
  return URL.canParse(origin) && new URL(origin).host === host ? null : 403;
}

/** The whole body; null when it is larger than `maxBytes`. Never settles when the client goes in the middle. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    if (Number(request.headers["content-length"] ?? 0) > maxBytes) return resolve(null);
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        [first, more] = [null, null];
        resolve(null);
      } else if (first === null) first = chunk;
      else {
        more ??= [first];
        more.push(chunk);
      }
    });
    request.on("end", () => resolve(more ? Buffer.concat(more) : (first ?? nothing)));
  });
}

const nothing = Buffer.alloc(0);

/** The operations in a body. A batch's own faults are those of its members; a body's refuse it whole. */
export function readJson(bytes: Buffer, { maxBatch }: Pick<RequestLimits, "maxBatch">): Parameters | Batch | Refusal {
  let body: unknown;
  try {
    if (!isUtf8(bytes)) return notJson;
    if (bytes.length === 0) return refuse("BAD_REQUEST", "the body is empty: send a JSON object with `query`");
    const text = bytes.toString();
    body = JSON.parse(text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text);
  } catch {
    return notJson;
  }
  if (!Array.isArray(body))
    return isObject(body) ? readParameters(body) : refuse("BAD_REQUEST", "the body must be a JSON object");
  if (maxBatch === 0) return refuse("BAD_REQUEST", "one operation a request: batches are not taken");
  if (body.length === 0 || body.length > maxBatch)
    return refuse("BAD_REQUEST", `a batch holds 1 to ${maxBatch} operations`);
  return {
    batch: body.map((each: unknown) =>
      isObject(each) ? readParameters(each) : refuse("BAD_REQUEST", "each of a batch must be a JSON object"),
    ),
  };
}

const notJson = refuse("BAD_REQUEST", "the body is not JSON in UTF-8");
const byteOrderMark = 0xfeff;
const maxResumeChars = 512;

/** The operation in the address of a GET. */
export function readSearch(search: URLSearchParams): Parameters | Refusal {
  const parameters: Record<string, unknown> = {};
  for (const name of ["query", "documentId", "operationName", "variables", "extensions"]) {
    const [value, ...more] = search.getAll(name);
    if (more.length > 0) return refuse("BAD_REQUEST", `${name} stands twice`);
    if (value === undefined) continue;
    try {
      parameters[name] = name === "variables" || name === "extensions" ? JSON.parse(value || "null") : value;
    } catch {
      return refuse("BAD_REQUEST", `${name} is not JSON`);
    }
  }
  return readParameters(parameters);
}

/** One operation, as a body or a message holds it. */
export function readParameters(given: Readonly<Record<string, unknown>>): Parameters | Refusal {
  const query = own(given, "query");
  const operationName = own(given, "operationName");
  const variables = own(given, "variables");
  const extensions = own(given, "extensions");
  if (!isAbsent(query) && typeof query !== "string") return refuse("BAD_REQUEST", "query must be a string");
  if (!isAbsent(operationName) && typeof operationName !== "string")
    return refuse("BAD_REQUEST", "operationName must be a string");
  if (!isAbsent(variables) && !isObject(variables)) return refuse("BAD_REQUEST", "variables must be an object");
  if (!isAbsent(extensions) && !isObject(extensions)) return refuse("BAD_REQUEST", "extensions must be an object");
  const documentId = readDocumentId(own(given, "documentId"), extensions ?? null);
  if (documentId !== null && typeof documentId !== "string") return documentId;
  if (!query && documentId === null) return refuse("BAD_REQUEST", "query is required, as a string");
  const resume = isAbsent(extensions) ? undefined : own(extensions, "resume");
  if (!isAbsent(resume) && (typeof resume !== "string" || resume.length > maxResumeChars))
    return refuse("BAD_REQUEST", "extensions.resume takes the id of an event");
  return {
    query: query || null,
    documentId,
    operationName: operationName || null,
    variables: variables ?? {},
    ...(isAbsent(resume) ? {} : { resume }),
  };
}

/** `documentId` of GraphQL over HTTP, or the hash that Apollo's clients send in `extensions.persistedQuery`. */
function readDocumentId(
  documentId: unknown,
  extensions: Readonly<Record<string, unknown>> | null,
): string | null | Refusal {
  const persisted = extensions === null ? undefined : own(extensions, "persistedQuery");
  const hash = isObject(persisted) ? own(persisted, "sha256Hash") : undefined;
  if (!isAbsent(persisted) && (typeof hash !== "string" || !/^[0-9a-f]{64}$/i.test(hash)))
    return refuse("BAD_REQUEST", "extensions.persistedQuery takes sha256Hash, 64 hexadecimal digits");
  if (isAbsent(documentId)) return (hash as string | undefined) ?? null;
  if (typeof documentId !== "string" || !/^[\w.:/+=-]{1,256}$/.test(documentId))
    return refuse("BAD_REQUEST", "documentId takes 1 to 256 letters, digits and . : / + = _ -");
  if (hash !== undefined && hash !== documentId) return refuse("BAD_REQUEST", "two documents are named");
  return documentId;
}

function own(from: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
