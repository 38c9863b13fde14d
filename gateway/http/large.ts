/**
 * Large answers, printed and sent in slices: printing ten megabytes at once would keep everybody else waiting for as
 * long as it takes.
 */
import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { roughBytes } from "../answer.ts";

const sliceBytes = 128 * 1024;

/** What `JSON.stringify` gives for plain values, in pieces of about this size. */
export function* slicesOf(value: unknown, bytes = sliceBytes): Generator<string> {
  if (typeof value !== "object" || value === null || roughBytes(value) <= bytes) yield JSON.stringify(value) ?? "null";
  else if (Array.isArray(value)) yield* slicesOfList(value, bytes);
  else {
    let opening = "{";
    for (const key of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[key];
      if (member === undefined || typeof member === "function" || typeof member === "symbol") continue;
      yield `${opening}${JSON.stringify(key)}:`;
      yield* slicesOf(member, bytes);
      opening = ",";
    }
    yield opening === "{" ? "{}" : "}";
  }
}

function* slicesOfList(list: readonly unknown[], bytes: number): Generator<string> {
  const perElement = Math.max(1, roughBytes(list) / Math.max(1, list.length));
  const step = Math.max(1, Math.floor(bytes / perElement));
  yield "[";
  for (let at = 0; at < list.length; at += step) {
    if (at > 0) yield ",";
    if (step === 1) yield* slicesOf(list[at], bytes);
    else yield JSON.stringify(list.slice(at, at + step)).slice(1, -1);
  }
  yield "]";
}

/** Writes the body, other things between its slices, and no faster than the client takes it. Ends when the client goes. */
export async function writeSlices(response: ServerResponse, value: unknown): Promise<void> {
  for (const slice of slicesOf(value)) {
    if (response.destroyed) return;
    if (!response.write(slice))
      await new Promise<void>((resolve) => {
        const end = () => {
          response.off("drain", end);
          response.off("close", end);
          resolve();
        };
        response.on("drain", end);
        response.on("close", end);
      });
    if (slice.length > 1024) await setImmediate();
  }
  response.end();
}
