/**
 * Where the supergraph and the policies come from: a file or a URL, and a folder, looked at again and again. Both are
 * replaced together; the last good two stay until better ones are there.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { request } from "undici";
import { type PolicyTexts, schemaFile } from "../authorization/policy-texts.ts";

/** What one look gave: the text, or null when nothing has changed since the last look. */
export type Look<Text = string> = () => Promise<Text | null>;

/** A supergraph, and the policies by which it is served. */
export type Generation = {
  /** Of all texts. */
  readonly id: string;
  readonly supergraph: string;
  readonly policies: PolicyTexts;
};

const settleMs = 50;
const maxLooks = 20;
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

/** Every *.cedar file of a folder, and its schema. */
export function policiesAt(folder: string): Look<PolicyTexts> {
  let seen = "";
  const files = async () =>
    (await readdir(folder)).filter((each) => each.endsWith(".cedar") || each === schemaFile).sort();
  const stamp = async () => {
    const stamps = (await files()).map(async (file) => {
      const { mtimeMs, size, ino } = await stat(join(folder, file));
      return [file, mtimeMs, size, ino];
    });
    return JSON.stringify(await Promise.all(stamps));
  };
  const read = async (): Promise<PolicyTexts> => {
    const names = (await files()).filter((each) => each !== schemaFile);
    const texts = names.map(async (file): Promise<[string, string]> => [file, await textOf(file)]);
    return { folder, schema: await textOf(schemaFile), policies: new Map(await Promise.all(texts)) };
  };
  const textOf = (file: string) => readFile(join(folder, file), "utf8");
  return async () => {
    try {
      const now = await stamp();
      if (now === seen) return null;
      const texts = await read();
      // Read while somebody wrote: what comes next is read again.
      seen = (await stamp()) === now ? now : "";
      return texts;
    } catch (error) {
      throw new Error(`${folder}: cannot be read (${(error as NodeJS.ErrnoException).code ?? "no reason given"})`);
    }
  };
}

/**
 * Both as one. A change of either is looked at again until neither changes any more: a supergraph and the policies that
 * were written for it are put in place one after the other.
 */
export function together(lookAtSupergraph: Look, lookAtPolicies: Look<PolicyTexts>): Look<Generation> {
  let supergraph: string | null = null;
  let policies: PolicyTexts | null = null;
  let isNew = false;
  /** Whether anything has changed. What one of them gave is kept where the other could not be had. */
  const lookOnce = async (): Promise<boolean> => {
    const [sdl, texts] = await Promise.allSettled([lookAtSupergraph(), lookAtPolicies()]);
    const newSdl = sdl.status === "fulfilled" && sdl.value !== supergraph ? sdl.value : null;
    const newTexts = texts.status === "fulfilled" && texts.value !== policies ? texts.value : null;
    [supergraph, policies] = [newSdl ?? supergraph, newTexts ?? policies];
    const hasChanged = newSdl !== null || newTexts !== null;
    isNew ||= hasChanged;
    for (const each of [sdl, texts]) if (each.status === "rejected") throw each.reason;
    return hasChanged;
  };
  return async () => {
    const isFirst = supergraph === null && policies === null;
    let hasChanged = await lookOnce();
    for (let looks = 0; hasChanged && !isFirst && looks < maxLooks; looks += 1) {
      await setTimeout(settleMs);
      hasChanged = await lookOnce();
    }
    if (!isNew || supergraph === null || policies === null) return null;
    isNew = false;
    const texts = [supergraph, policies.schema, ...policies.policies];
    return { id: createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 12), supergraph, policies };
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
  readonly look: Look<Generation>;
  /** Throws for texts that are no good. */
  readonly read: (generation: Generation) => Promise<Value>;
  readonly intervalMs: number;
  readonly onOutcome: (outcome: "replaced" | "refused", reason?: unknown) => void;
};

/**
 * Loads the first value (throws when there is none), then keeps it up to date. The same bad texts are reported once.
 * INVARIANT: `current` is always a whole, good value; a change replaces it in one step.
 */
export async function keepCurrent<Value>({
  look,
  read,
  intervalMs,
  onOutcome,
}: KeepSettings<Value>): Promise<Kept<Value>> {
  const first = await look();
  if (first === null) throw new Error("nothing was there at the first look");
  let value = await read(first);
  let { id } = first;
  let refusedReason: string | typeof unreachable | null = null;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const refused = (reason: unknown, what: string | typeof unreachable): ReloadOutcome => {
    if (what !== refusedReason) onOutcome("refused", reason);
    refusedReason = what;
    return "refused";
  };
  const lookOnce = async (): Promise<ReloadOutcome> => {
    let next: Generation | null;
    try {
      next = await look();
    } catch (reason) {
      return refused(reason, unreachable);
    }
    if (refusedReason === unreachable) refusedReason = null;
    if (next === null) return refusedReason === null ? "unchanged" : "refused";
    if (next.id === id) {
      refusedReason = null;
      return "unchanged";
    }
    try {
      value = await read(next);
    } catch (reason) {
      return refused(reason, next.id);
    }
    [id, refusedReason] = [next.id, null];
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
