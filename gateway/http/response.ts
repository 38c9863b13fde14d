/** Writing answers: status, media type, and the headers that every answer carries. */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type ErrorCode, errorTable, type Refusal, refusalStatus, refuse } from "../errors.ts";
import type { Answer } from "../handle.ts";
import type { ResponseType } from "./media-type.ts";

const everywhere: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

/** Sends one body. Never throws: a client that has gone is nobody's fault. */
export function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...everywhere, ...headers, "content-length": String(Buffer.byteLength(body)) });
  response.end(body);
}

/** Sends the answer to an operation, and says what was sent. */
export function sendAnswer(
  response: ServerResponse,
  answer: Answer | Refusal,
  { mediaType, contentType }: ResponseType,
  headers: Readonly<Record<string, string>>,
): { readonly status: number; readonly codes: readonly ErrorCode[] } {
  const isRefused = "refused" in answer;
  const errors = isRefused ? answer.refused : (answer.errors ?? []);
  const status = isRefused ? refusalStatus(answer, mediaType) : 200;
  const body = JSON.stringify(isRefused ? { errors } : answer);
  send(response, status, body, { ...headers, "content-type": contentType, ...(isRefused ? answer.headers : {}) });
  return { status, codes: errors.map(({ extensions }) => extensions.code) };
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, `${JSON.stringify(value)}\n`, { "content-type": "application/json; charset=utf-8" });
}

const parserCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
  HPE_HEADER_OVERFLOW: "REQUEST_HEADERS_TOO_LARGE",
};

/** For the answer to arrive: it is lost when a connection is ended with bytes unread. */
const lingerMs = 1_000;

/** Answers what never became a request: malformed HTTP, headers too large or too slow. Ends the connection. */
export function refuseUnparsed(socket: Duplex, parserCode: string | undefined): void {
  if (parserCode === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const code = parserCodes[parserCode ?? ""] ?? "BAD_REQUEST";
  const { status } = errorTable[code];
  const body = JSON.stringify({ errors: refuse(code).refused });
  const headers = {
    ...everywhere,
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
  // Nothing else ends a client that keeps its own side open, nor what waits for the rest of its request.
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
