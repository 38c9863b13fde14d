/** A client that keeps everything of an answer that can be observed but when it came. */
import { connect } from "node:net";

export type Observed = {
  readonly status: string;
  /** In their order, without those that are random or tell the time. */
  readonly headers: readonly string[];
  /** As they were sent; one for a body with a length. */
  readonly chunks: readonly string[];
};

export type ClientRequest = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const ownToEach = /^(date|crosswalk-request-id|x-request-id):/i;

export function observe(port: number, { method, path, headers, body }: ClientRequest): Promise<Observed> {
  const lines = Object.entries({ host: "crosswalk", connection: "close", ...headers }).map(
    ([n, v]) => `${n}: ${v}\r\n`,
  );
  const length = method === "POST" ? `content-length: ${Buffer.byteLength(body)}\r\n` : "";
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}${length}\r\n${method === "POST" ? body : ""}`);
    });
    socket.on("data", (chunk: Buffer) => void received.push(chunk));
    socket.once("error", reject);
    socket.once("close", () => resolve(readAnswer(Buffer.concat(received))));
  });
}

function readAnswer(bytes: Buffer): Observed {
  const headTo = bytes.indexOf("\r\n\r\n");
  const [status = "", ...headers] = bytes.toString("latin1", 0, Math.max(headTo, 0)).split("\r\n");
  const body = bytes.subarray(headTo + 4);
  const isChunked = headers.some((each) => /^transfer-encoding: *chunked/i.test(each));
  return {
    status,
    headers: headers.filter((each) => !ownToEach.test(each)),
    chunks: isChunked ? chunksOf(body) : [body.toString()],
  };
}

function chunksOf(bytes: Buffer): readonly string[] {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (!(size > 0)) return chunks;
    chunks.push(bytes.toString("utf8", lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return [...chunks, "(cut off)"];
}
