/**
 * Log lines: JSON, one event each.
 *
 * INVARIANT: a line is built from an allow-list. No value, token, variable, document, address of a person or text of a
 * subgraph is in it.
 */
import { isPlainName } from "./names.ts";

export type WriteLine = (line: string) => void;

export type RequestLine = {
  readonly requestId: string;
  readonly status: number;
  readonly durationMs: number;
  readonly codes: readonly string[];
  readonly operation?: string | null;
  readonly agency?: string | null;
  readonly purpose?: string | null;
};

/** The line of one answered request, put together by hand: it is written more often than all others together. */
export function requestLine({ requestId, status, durationMs, codes, operation, agency, purpose }: RequestLine): string {
  const rounded = Math.round(durationMs * 10) / 10;
  let line = `{"time":"${timeNow()}","event":"request","requestId":"${requestId}","status":${status},"durationMs":${rounded}`;
  if (codes.length > 0) line += `,"codes":${JSON.stringify([...new Set(codes)])}`;
  if (operation && isPlainName(operation)) line += `,"operation":"${operation}"`;
  if (agency) line += `,"agency":${JSON.stringify(agency)}`;
  if (purpose) line += `,"purpose":${JSON.stringify(purpose)}`;
  return `${line}}`;
}

/** Any other event. The caller names members of the allow-list alone. */
export function eventLine(event: string, members: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ time: timeNow(), event, ...members });
}

let second = Number.NaN;
let upToSecond = "";

/** As `toISOString` gives it; all but the milliseconds is kept from one line to the next. */
function timeNow(): string {
  const now = Date.now();
  const ofNow = Math.floor(now / 1000);
  if (ofNow !== second) {
    second = ofNow;
    upToSecond = new Date(ofNow * 1000).toISOString().slice(0, 20);
  }
  return `${upToSecond}${String(now - ofNow * 1000).padStart(3, "0")}Z`;
}

const maxHeldChars = 64 * 1024;

/**
 * Writes the lines of one turn of the event loop in one piece: a write for each would cost more than the rest of a
 * line. What is still held when the process exits is written then.
 */
export function lineWriter(write: (text: string) => void): WriteLine {
  let held = "";
  const flush = () => {
    const text = held;
    held = "";
    if (text !== "") write(text);
  };
  process.once("exit", flush);
  return (line) => {
    if (held === "") setImmediate(flush);
    held += `${line}\n`;
    if (held.length > maxHeldChars) flush();
  };
}

/** Where an error was thrown: files and lines, never what it says, for that may be anybody's text. */
export function framesOf(error: unknown, depth = 0): readonly string[] {
  const { stack, message, cause } = (error ?? {}) as { stack?: unknown; message?: unknown; cause?: unknown };
  const [text, said] = [String(stack ?? ""), String(message ?? "")];
  const from = text.indexOf(said);
  // A message that is not where it should be may be anywhere among the frames.
  const frames =
    from < 0
      ? []
      : text
          .slice(from + said.length)
          .split("\n")
          .flatMap((each) => /^\s+at .*?((?:[\w.@-]+\/)?(?:node:)?[\w.@/-]+:\d+:\d+)\)?$/.exec(each)?.[1] ?? [])
          .map((each) => each.split("/").slice(-3).join("/"))
          .slice(0, 6);
  return cause === undefined || depth >= 4 ? frames : [...frames, "caused by", ...framesOf(cause, depth + 1)];
}

/** A supergraph is configuration: what is wrong with it may be said, in one line. */
export function firstLine(reason: unknown): string {
  const { message } = (reason ?? {}) as { message?: unknown };
  return (
    String(message ?? reason)
      .split("\n")[0]
      ?.slice(0, 300) ?? ""
  );
}
