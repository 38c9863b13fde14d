/** For tests of the front alone: the public listener before a handle that the test gives, and a client that sends bytes. */
import { connect, type Socket } from "node:net";
import type { Handle } from "../gateway/handle.ts";
import { openPublicListener, type PublicSettings } from "../gateway/http/public.ts";
import { openTelemetry, type Telemetry } from "../gateway/telemetry.ts";

export type Front = {
  readonly url: string;
  readonly port: number;
  /** Log lines so far. */
  readonly lines: readonly string[];
  readonly telemetry: Telemetry;
  close(drainMs?: number): Promise<void>;
};

export async function startFront(handle: Handle, settings: Partial<PublicSettings> = {}): Promise<Front> {
  const lines: string[] = [];
  const telemetry = openTelemetry((line) => void lines.push(line));
  const listener = await openPublicListener({
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 100_000,
    maxRequests: 1000,
    maxBatch: 0,
    graphiql: false,
    handle,
    telemetry,
    ...settings,
  });
  return {
    url: `${listener.url}/graphql`,
    port: Number(new URL(listener.url).port),
    lines,
    telemetry: settings.telemetry ?? telemetry,
    close: (drainMs = 0) => listener.close(drainMs),
  };
}

/** A whole request for one operation, as bytes. */
export function requestBytes(body: unknown = { query: "{ a }" }, headers = ""): string {
  const text = JSON.stringify(body);
  return `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

export type Conversation = {
  /** All that came, in Latin-1. */
  readonly text: string;
  readonly statuses: readonly string[];
  /** Whether the other side ended it. */
  readonly isClosed: boolean;
  readonly ms: number;
};

/**
 * Sends bytes on a connection of their own, and listens until it is closed: where it is kept, for a moment after so many
 * answers, so that one too many is heard; at most 10 s.
 */
export function converse(port: number, bytes: string | Uint8Array, answers = Infinity): Promise<Conversation> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let text = "";
    const socket: Socket = connect(port, "127.0.0.1", () => {
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    });
    const over = (isClosed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => status as string);
      resolve({ text, statuses, isClosed, ms: performance.now() - startedAt });
    };
    let timer = setTimeout(() => over(false), 10_000);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if ([...text.matchAll(/^HTTP\/1\.1 \d{3} /gm)].length < answers) return;
      clearTimeout(timer);
      timer = setTimeout(() => over(false), 200);
    });
    socket.once("error", () => over(true));
    socket.once("close", () => over(true));
  });
}

export async function ask(url: string, body: unknown = { query: "{ a }" }, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}
