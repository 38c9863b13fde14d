/** From an HTTP request to the parameters of an operation: method, content type, size, UTF-8, JSON, shape. */
import type { IncomingMessage } from "node:http";
import { type Refusal, refuse } from "../errors.ts";
import type { OperationRequest } from "../operation/prepare.ts";
import { isJsonRequest } from "./media-type.ts";

/** `maxBodyBytes` counts the body as it comes in; it is refused before it is held. */
export async function readOperation(
  request: IncomingMessage,
  { url, maxBodyBytes }: { readonly url: URL; readonly maxBodyBytes: number },
): Promise<OperationRequest | Refusal> {
  const { "content-type": contentType, "content-encoding": encoding, "sec-fetch-site": site } = request.headers;
  if (site !== undefined && site !== "same-origin" && site !== "none") return refuse("CROSS_SITE_REFUSED");
  if (request.method === "GET") {
    // A GET has no body to describe; an odd type is how a page of another site slips past its browser's check.
    if (contentType !== undefined && !isJsonRequest(contentType)) return refuse("UNSUPPORTED_MEDIA_TYPE");
    return readSearch(url.searchParams);
  }
  if (request.method !== "POST") return refuse("METHOD_NOT_ALLOWED", undefined, { allow: "GET, POST" });
  if (!isJsonRequest(contentType) || (encoding !== undefined && encoding !== "identity"))
    return refuse("UNSUPPORTED_MEDIA_TYPE");
  const body = await readBody(request, maxBodyBytes);
  return "refused" in body ? body : readJson(body.bytes);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<{ readonly bytes: Buffer } | Refusal> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return refuse("PAYLOAD_TOO_LARGE");
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        resolve(refuse("PAYLOAD_TOO_LARGE"));
      }
    });
    request.once("end", () => resolve({ bytes: Buffer.concat(chunks) }));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the client has gone")));
  });
}

function readJson(bytes: Buffer): OperationRequest | Refusal {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuse("BAD_REQUEST", "the body is not JSON in UTF-8");
  }
  if (Array.isArray(body)) return refuse("BAD_REQUEST", "one operation a request: batches are not taken");
  if (!isObject(body)) return refuse("BAD_REQUEST", "the body must be a JSON object");
  return readParameters(body);
}

function readSearch(search: URLSearchParams): OperationRequest | Refusal {
  const parameters: Record<string, unknown> = {};
  for (const name of ["query", "operationName", "variables", "extensions"]) {
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

function readParameters(given: Readonly<Record<string, unknown>>): OperationRequest | Refusal {
  const [query, operationName, variables, extensions] = ["query", "operationName", "variables", "extensions"].map(
    (name) => (Object.hasOwn(given, name) ? given[name] : undefined),
  );
  if (typeof query !== "string" || query === "") return refuse("BAD_REQUEST", "query is required, as a string");
  if (!isAbsent(operationName) && typeof operationName !== "string")
    return refuse("BAD_REQUEST", "operationName must be a string");
  if (!isAbsent(variables) && !isObject(variables)) return refuse("BAD_REQUEST", "variables must be an object");
  if (!isAbsent(extensions) && !isObject(extensions)) return refuse("BAD_REQUEST", "extensions must be an object");
  return { query, operationName: operationName || null, variables: variables ?? {} };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
