/** The HTTP side of every simulator: routes, a bounded body, and a listener that closes cleanly. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

export type HttpRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes, text, or a stream for what is too large to hold. */
  readonly body?: string | Buffer | AsyncIterable<Buffer>;
};

export type HttpListener = { readonly port: number; close(): Promise<void> };

const maxBodyBytes = 4 * 1024 * 1024;

/** Listens on loopback (or `host`); `answer` is asked once for each request. An exception in it is a 500. */
export async function listenHttp(
  answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>,
  { port = 0, host = "127.0.0.1" }: { readonly port?: number; readonly host?: string } = {},
): Promise<HttpListener> {
  const server = createServer((request, response) => {
    respond(answer, request, response).catch((error: unknown) => {
      console.error("simulator:", error instanceof Error ? error.stack : error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

async function respond(
  answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://simulator");
  const body = await readBody(request);
  if (body === null) return void response.writeHead(413).end();
  const { method = "GET", headers } = request;
  const reply = await answer({ method, path: url.pathname, query: url.searchParams, headers, body });
  if (reply.body === undefined || typeof reply.body === "string" || Buffer.isBuffer(reply.body)) {
    const bytes = Buffer.from(reply.body ?? "");
    response.writeHead(reply.status, { ...reply.headers, "content-length": String(bytes.length) }).end(bytes);
    return;
  }
  response.writeHead(reply.status, { ...reply.headers });
  const stream = Readable.from(reply.body);
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
