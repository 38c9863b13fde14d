/**
 * Where the supergraph comes from: a file or a URL, looked at again and again. The last good one stays until a better
 * one is there.
 */
import { readFile, stat } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { request } from "undici";

/** What one look gave: the text, or null when nothing has changed since the last look. */
export type Look = () => Promise<string | null>;

const settleMs = 50;
const urlTimeoutMs = 5000;
const maxBytes = 32 * 1024 * 1024;

/** A file by its path, or an http(s) URL. A look throws when the text could not be had. */
export function supergraphAt(place: string): Look {
  return /^https?:\/\//i.test(place) ? urlLook(place) : fileLook(place);
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

function urlLook(url: string): Look {
  let etag: string | undefined;
  return async () => {
    const { statusCode, headers, body } = await request(url, {
      headers: etag === undefined ? {} : { "if-none-match": etag },
      signal: AbortSignal.timeout(urlTimeoutMs),
    });
    if (statusCode === 304) {
      await body.dump();
      return null;
    }
    if (statusCode !== 200 || Number(headers["content-length"] ?? 0) > maxBytes) {
      await body.dump();
      throw new Error(`answered with status ${statusCode}`);
    }
    const text = await body.text();
    etag = typeof headers.etag === "string" ? headers.etag : undefined;
    return text;
  };
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
