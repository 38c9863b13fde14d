/**
 * Answers that come in parts: incremental delivery over HTTP, `multipart/mixed` with `deferSpec=20220824`, in the bytes
 * that Apollo Client and urql read.
 */
import type { ServerResponse } from "node:http";
import type { Answer, Increment } from "../answer.ts";
import { clientError, type ErrorCode } from "../errors.ts";
import { codesOf, type Headers, headerPairs, type Sent } from "./response.ts";

const contentType = 'multipart/mixed; boundary="-"; deferSpec=20220824';

export type DeferredAnswer = Answer & { readonly deferred: AsyncIterable<Increment> };

/**
 * Writes the first part, then each part as it comes and no faster than the client takes them. Resolves when the last
 * byte is handed over, or the client has gone; then what is deferred is ended. A fault in the middle becomes a last
 * part with an error: the client must not take what is missing for nothing.
 */
export async function sendDeferred(
  response: ServerResponse,
  { deferred, ...first }: DeferredAnswer,
  {
    headers,
    signal,
    onFault,
  }: {
    readonly headers: Headers;
    readonly signal: AbortSignal;
    readonly onFault: (error: unknown) => void;
  },
): Promise<Sent> {
  const codes = new Set<ErrorCode>(codesOf(first.errors));
  const iterator = deferred[Symbol.asyncIterator]();
  const gone = goneWith(signal);
  let [isBegun, isOver] = [false, false];
  try {
    const opening = `\r\n---${partOf({ ...first, hasNext: true })}\r\n---`;
    response.writeHead(200, headerPairs(contentType, headers));
    await gone.or(written(response, opening));
    while (!isOver) {
      isBegun = true;
      const step = await gone.or(iterator.next());
      isOver = step.done === true || !step.value.hasNext;
      if (!step.done)
        for (const { errors } of step.value.incremental) for (const code of codesOf(errors)) codes.add(code);
      await gone.or(written(response, `${partOf(step.done ? { hasNext: false } : step.value)}\r\n---`));
    }
  } catch (error) {
    if (gone.isSo()) return { status: 200, codes: [...codes] };
    if (!response.headersSent) throw error;
    onFault(error);
    codes.add("INTERNAL_SERVER_ERROR");
    const errors = [clientError("INTERNAL_SERVER_ERROR")];
    response.write(`${partOf({ errors, hasNext: false })}\r\n---`);
  } finally {
    gone.forget();
    // Not waited for: what is deferred may itself hang on something slow.
    if (!isOver) endDeferred(iterator, isBegun);
  }
  response.end("--\r\n");
  return { status: 200, codes: [...codes] };
}

/** A part's head and body. The boundary is told apart from `---` in a value: urql looks for it anywhere. */
function partOf(payload: unknown): string {
  const json = JSON.stringify(payload);
  return `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json.includes("---") ? json.replaceAll("---", "--\\u002d") : json}`;
}

/** Resolves when more may be written. */
function written(response: ServerResponse, text: string): Promise<void> | undefined {
  if (response.write(text)) return undefined;
  return new Promise((resolve) => response.once("drain", resolve));
}

/** The client's absence as something to be waited for together with anything else, and nothing left behind. */
function goneWith(signal: AbortSignal) {
  const gone = Promise.withResolvers<never>();
  // It may come when nobody is waiting.
  gone.promise.catch(() => undefined);
  const onAbort = () => gone.reject(new Error("the client has gone"));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    async or<Value>(other: Promise<Value> | undefined): Promise<Value> {
      if (other === undefined && !signal.aborted) return undefined as Value;
      return Promise.race([gone.promise, other as Promise<Value>]);
    },
    isSo: () => signal.aborted,
    forget: () => signal.removeEventListener("abort", onAbort),
  };
}

/**
 * Lets go of what nobody will read. It is begun first where it was not yet: ending a generator that never ran would
 * skip its own end.
 */
export function endDeferred(iterator: AsyncIterator<unknown>, isBegun: boolean): void {
  const ignore = () => undefined;
  try {
    if (!isBegun) iterator.next().then(ignore, ignore);
    iterator.return?.().then(ignore, ignore);
  } catch {
    // One that cannot even be ended has nothing to be ended.
  }
}
