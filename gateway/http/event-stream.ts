/** Streams of events over HTTP (`text/event-stream`): no faster than the client takes them, and alive in between. */
import type { ServerResponse } from "node:http";
import type { Answer, EventStream } from "../answer.ts";
import type { ErrorCode } from "../errors.ts";
import { aliveText, answerText, completeText, eventText } from "../subscriptions/sse.ts";
import { codesOf, type Headers, headerPairs, type Sent } from "./response.ts";

const contentType = "text/event-stream; charset=utf-8";

export type EventStreams = {
  /** Resolves when the stream has ended, or the client has gone. */
  send(response: ServerResponse, events: EventStream, options: StreamOptions): Promise<Sent>;
  close(): void;
};
type StreamOptions = { readonly headers: Headers; readonly signal: AbortSignal };

/** One clock for all: ten thousand timers cost more than the streams. */
export function openEventStreams({ aliveMs }: { readonly aliveMs: number }): EventStreams {
  const open = new Map<ServerResponse, EventStream>();
  const timer = setInterval(() => {
    // Who does not take what there is needs no sign of life.
    for (const [response, events] of open)
      if (!response.writableNeedDrain) response.write(aliveText(events.position()));
  }, aliveMs).unref();
  return {
    async send(response, events, { headers, signal }) {
      const codes: ErrorCode[] = [];
      const leave = () => void events.return?.();
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      try {
        response.writeHead(200, headerPairs(contentType, { ...headers, "x-accel-buffering": "no" }));
        // From the first byte on there is something to resume from.
        response.write(aliveText(events.position()));
        open.set(response, events);
        for await (const item of events) {
          if (item.kind === "end") codes.push(item.code);
          if (!response.write(eventText(item))) await drained(response);
        }
        response.end(codes.length > 0 ? "" : completeText);
      } finally {
        open.delete(response);
        signal.removeEventListener("abort", leave);
        leave();
      }
      return { status: 200, codes };
    },
    close: () => clearInterval(timer),
  };
}

/** A single answer to a client that takes nothing but events. */
export function sendAsEvents(response: ServerResponse, answer: Answer, headers: Headers): Sent {
  response.writeHead(200, headerPairs(contentType, headers));
  response.end(answerText(answer));
  return { status: 200, codes: codesOf(answer.errors) };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off("drain", end);
      response.off("close", end);
      resolve();
    };
    if (response.destroyed) return resolve();
    response.once("drain", end);
    response.once("close", end);
  });
}
