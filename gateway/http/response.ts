/** Writing answers: status, media type, and the headers that every answer carries. */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Answer, printOnce } from "../answer.ts";
import { type ClientError, type ErrorCode, errorTable, type Refusal, refusalStatus, refuse } from "../errors.ts";
import type { SourceFreshness } from "../freshness.ts";
import { writeSlices } from "./large.ts";
import type { ResponseType } from "./media-type.ts";

const everywhere: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  vary: "accept",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};
/** In the form that Node writes as it stands: name, value, name, value. */
const everywhereInPairs: readonly string[] = Object.entries(everywhere).flat();

export type Headers = Readonly<Record<string, string>>;

/** What was sent, for the log. */
export type Sent = { readonly status: number; readonly codes: readonly ErrorCode[] };

/** Sends one body. Never throws: a client that has gone is nobody's fault. */
export function send(response: ServerResponse, status: number, body: string, headers: Headers): void {
  write(response, status, Object.entries({ ...everywhere, ...headers }).flat(), body, Buffer.byteLength(body));
}

/** Sends a whole answer that is too large to be printed at once. Resolves when it is handed over or the client has gone. */
export async function sendLarge(
  response: ServerResponse,
  answer: Answer,
  { contentType }: ResponseType,
  headers: Headers,
): Promise<Sent> {
  response.writeHead(200, headerPairs(contentType, headers));
  await writeSlices(response, answer);
  return { status: 200, codes: codesOf(answer.errors) };
}

/** Sends the answer to an operation, and says what was sent. */
export function sendAnswer(
  response: ServerResponse,
  answer: Answer | Refusal,
  { mediaType, contentType }: ResponseType,
  headers: Headers,
): Sent {
  const isRefused = "refused" in answer;
  const errors = isRefused ? answer.refused : answer.errors;
  const status = isRefused ? refusalStatus(answer, mediaType) : 200;
  const { text, bytes } = isRefused ? bodyOf(JSON.stringify({ errors })) : answerBody(answer);
  const own = isRefused && answer.headers ? { ...headers, ...answer.headers } : headers;
  write(response, status, headerPairs(contentType, own), text, bytes);
  return { status, codes: codesOf(errors) };
}

type Body = { readonly text: string; readonly bytes: number };

const bodyOf = (text: string): Body => ({ text, bytes: Buffer.byteLength(text) });

/** As it is told to many; the same lists are told again and again. */
const freshnessBodies = new WeakMap<object, Body>();

/** As `JSON.stringify` gives it. What is known of parts of it is not measured again: that would copy all of it. */
export function answerBody(answer: Answer): Body {
  const { errors, extensions } = answer;
  const { text, bytes } = printOnce(answer);
  const before = errors === undefined ? opening : bodyOf(`{"errors":${JSON.stringify(errors)},"data":`);
  const after = extensions === undefined ? closing : freshnessBody(extensions.freshness);
  return { text: before.text + text + after.text, bytes: before.bytes + bytes + after.bytes };
}

const opening = bodyOf('{"data":');
const closing = bodyOf("}");

function freshnessBody(freshness: readonly SourceFreshness[]): Body {
  let body = freshnessBodies.get(freshness);
  if (body === undefined) {
    body = bodyOf(`,"extensions":${JSON.stringify({ freshness })}}`);
    freshnessBodies.set(freshness, body);
  }
  return body;
}

/**
 * Sends the answers to a batch in their order, each with its own errors, and says what each one came to. The status is
 * theirs when they agree on one, else 200.
 */
export function sendBatch(
  response: ServerResponse,
  answers: readonly (Answer | Refusal)[],
  { mediaType, contentType }: ResponseType,
  headers: Headers,
): readonly Sent[] {
  const sent = answers.map((each) =>
    "refused" in each
      ? { status: refusalStatus(each, mediaType), codes: codesOf(each.refused), headers: each.headers }
      : { status: 200, codes: codesOf(each.errors), headers: undefined },
  );
  const first = sent[0];
  const isUniform = first !== undefined && sent.every(({ status }) => status === first.status);
  const bodies = answers.map((each) => ("refused" in each ? { errors: each.refused } : each));
  const pairs = headerPairs(contentType, isUniform ? { ...headers, ...first.headers } : headers);
  const { text, bytes } = bodyOf(JSON.stringify(bodies));
  write(response, isUniform ? first.status : 200, pairs, text, bytes);
  return sent;
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, `${JSON.stringify(value)}\n`, { "content-type": "application/json; charset=utf-8" });
}

/** All headers of an answer to an operation but its length. */
export function headerPairs(contentType: string, headers: Headers): string[] {
  const pairs = [...everywhereInPairs, "content-type", contentType];
  for (const name in headers) pairs.push(name, headers[name] as string);
  return pairs;
}

const noCodes: readonly ErrorCode[] = [];

export function codesOf(errors: readonly ClientError[] | undefined): readonly ErrorCode[] {
  return errors === undefined || errors.length === 0 ? noCodes : errors.map(({ extensions }) => extensions.code);
}

function write(response: ServerResponse, status: number, pairs: string[], body: string, bytes: number): void {
  if (response.headersSent || response.destroyed) return;
  pairs.push("content-length", String(bytes));
  response.writeHead(status, pairs);
  // Head and body leave in one write; as Latin-1, where that is the same, without measuring the text again.
  response.end(body, bytes === body.length ? "latin1" : "utf8");
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
