/**
 * Where the supergraph comes from: a file or a URL, looked at again and again. The last good one stays until a better
 * one is there.
 */
import { readFile, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { request } from "undici";

/** What one look gave: the text, or null when nothing has changed since the last look. */
export type Look = () => Promise<string | null>;

const settleMs = 50;
const urlTimeoutMs = 5000;
const maxBytes = 32 * 1024 * 1024;

/**
 * A file by its path, or an http(s) URL, with a name and password in it where its server wants them. A look throws when
 * the text could not be had; what it says then holds nothing of a URL but its host.
 */
export function supergraphAt(place: string): Look {
  if (!isAddress(place)) return fileLook(place);
  if (!/^https?:/i.test(place) || !URL.canParse(place))
    return async () => {
      throw new Error("only a file's path or an http(s) URL is taken");
    };
  return urlLook(new URL(place));
}

/** The place as it may be printed: a URL without name, password, query and fragment. */
export function printable(place: string): string {
  if (!isAddress(place)) return place;
  if (!URL.canParse(place)) return "of GATEWAY_SUPERGRAPH";
  const { protocol, host, pathname } = new URL(place);
  return `${protocol}//${host}${pathname}`;
}

/** Anything with a scheme: a mistyped URL is not to be looked for, and named, as a file. */
function isAddress(place: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(place);
}

function fileLook(path: string): Look {
  let seen = "";
  const stamp = async () => {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  };
  return async () => {
    let now = await stamp();
    if (now === seen) return null;
    // A file that is being written is not a bad file: it is read when it has stopped changing.
    for (let before = ""; before !== now && seen !== ""; ) {
      before = now;
      await setTimeout(settleMs);
      now = await stamp();
    }
    const text = await readFile(path, "utf8");
    seen = now;
    return text;
  };
}

function urlLook(place: URL): Look {
  const url = new URL(place);
  [url.username, url.password, url.hash] = ["", "", ""];
  const { username, password } = place;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = credentials === ":" ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
  let etag: string | undefined;
  const ask = async (): Promise<string | null> => {
    const { statusCode, headers, body } = await request(url, {
      headers: {
        ...(etag === undefined ? {} : { "if-none-match": etag }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      signal: AbortSignal.timeout(urlTimeoutMs),
    });
    if (statusCode === 200) {
      const text = await boundedText(body, headers["content-length"]);
      etag = typeof headers.etag === "string" ? headers.etag : undefined;
      return text;
    }
    await body.dump();
    if (statusCode === 304) return null;
    throw new Error(`answered with status ${statusCode}`);
  };
  return async () => {
    try {
      return await ask();
    } catch (error) {
      throw new Error(`${url.host}: ${withoutAddress(error, url)}`);
    }
  };
}

/** Reads no further than `maxBytes`, whatever length was announced, and no other bytes than UTF-8. */
async function boundedText(body: Readable, announced: unknown): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop ends the body, and with it the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes || Number(announced ?? 0) > maxBytes)
      throw new Error(`answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
}

/** What went wrong, without the path and the query of the URL, where a message repeats them. */
function withoutAddress(error: unknown, { href, pathname, search }: URL): string {
  let text = String((error as { message?: unknown } | null)?.message ?? error);
  for (const each of [href, pathname + search, search]) if (each.length > 1) text = text.replaceAll(each, "…");
  return text;
}

/** Stands in the place of a refused text when there was no text. */
const unreachable = Symbol("unreachable");

export type ReloadOutcome = "replaced" | "unchanged" | "refused";

export type Kept<Value> = {
  current(): Value;
  /** Looks now, whatever the interval. */
  reload(): Promise<ReloadOutcome>;
  close(): void;
};

export type KeepSettings<Value> = {
  readonly look: Look;
  /** Throws for a text that is no good. */
  readonly read: (text: string) => Promise<Value>;
  readonly intervalMs: number;
  readonly onOutcome: (outcome: "replaced" | "refused", reason?: unknown) => void;
};

/**
 * Loads the first value (throws when there is none), then keeps it up to date. The same bad text is reported once.
 * INVARIANT: `current` is always a whole, good value; a change replaces it in one step.
 */
export async function keepCurrent<Value>({
  look,
  read,
  intervalMs,
  onOutcome,
}: KeepSettings<Value>): Promise<Kept<Value>> {
  let text = await look();
  if (text === null) throw new Error("nothing was there at the first look");
  let value = await read(text);
  let refusedReason: string | typeof unreachable | null = null;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const refused = (reason: unknown, id: string | typeof unreachable): ReloadOutcome => {
    if (id !== refusedReason) onOutcome("refused", reason);
    refusedReason = id;
    return "refused";
  };
  const lookOnce = async (): Promise<ReloadOutcome> => {
    let next: string | null;
    try {
      next = await look();
    } catch (reason) {
      return refused(reason, unreachable);
    }
    if (refusedReason === unreachable) refusedReason = null;
    if (next === null) return refusedReason === null ? "unchanged" : "refused";
    if (next === text) {
      refusedReason = null;
      return "unchanged";
    }
    try {
      value = await read(next);
    } catch (reason) {
      return refused(reason, next);
    }
    [text, refusedReason] = [next, null];
    onOutcome("replaced");
    return "replaced";
  };
  // One look at a time: a slow one must not replace what a later one has brought.
  let looking: Promise<ReloadOutcome> = Promise.resolve("unchanged");
  const reload = () => {
    looking = looking.then(lookOnce);
    return looking;
  };
  const schedule = () => {
    timer = globalThis
      .setTimeout(() => {
        reload().then(() => {
          if (!isClosed) schedule();
        }, schedule);
      }, intervalMs)
      .unref();
  };
  schedule();
  return {
    current: () => value,
    reload,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
