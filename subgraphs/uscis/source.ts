/**
 * Asks Global and ELIS, each behind its own Torch-style gateway: a token by client credentials, renewed before it
 * expires and once after a 401; a 429 is waited out once, if what it asks for fits the deadline of the call.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Listing, sinceQuery } from "#kit/listing.ts";
import { httpSystem, parseJson, SourceError, type SystemAnswer, type SystemRequest } from "#kit/source.ts";
import { type ChangedRecord, decodeChanges } from "./changes.ts";
import { decodeElis, decodeGlobal, type ElisAnswer, type GlobalAnswer } from "./records.ts";

/** How many A-numbers both systems take in one search. */
export const maxANumbersPerSearch = 100;

export type ClientCredentials = { readonly clientId: string; readonly clientSecret: string };

export type TorchSettings = {
  readonly url: string;
  readonly credentials: ClientCredentials;
  /** Bounds a whole search: token, wait and second try included. */
  readonly timeoutMs: number;
  /** Real time in milliseconds. */
  readonly nowMs?: () => number;
};

/** One of the two systems. `search` takes 1 to 100 A-numbers of nine digits and throws only SourceError. */
export type UscisSystem<Answer> = {
  search(aNumbers: readonly string[]): Promise<Answer>;
  close(): Promise<void>;
};

export function globalSystem(settings: TorchSettings): UscisSystem<GlobalAnswer> {
  const { post, close } = torchSystem("GLOBAL", settings);
  return {
    search: async (aNumbers) =>
      decodeGlobal(await post("/global/v1/records/search", { alienNumbers: aNumbers.map((each) => `A${each}`) })),
    close,
  };
}

export function elisSystem(settings: TorchSettings): UscisSystem<ElisAnswer> {
  const { post, close } = torchSystem("ELIS", settings);
  return {
    search: async (aNumbers) => decodeElis(await post("/elis/v1/cases/search", { alienNumbers: aNumbers })),
    close,
  };
}

/** One of the two systems as whoever watches it asks: with a connection and a token of its own. */
export type WatchedUscis = {
  readonly system: "GLOBAL" | "ELIS";
  changes(position: string | null): Promise<Listing<ChangedRecord>>;
  /** From then on the system calls there when something has changed. */
  subscribe(callback: string): Promise<void>;
  close(): Promise<void>;
};

export function watchedTorch(system: "GLOBAL" | "ELIS", settings: TorchSettings): WatchedUscis {
  const { get, post, close } = torchSystem(system, settings, 1);
  const base = `/${system.toLowerCase()}/v1`;
  return {
    system,
    changes: async (position) => decodeChanges(system, await get(`${base}/changes${sinceQuery(position)}`)),
    subscribe: async (callback) => void (await post(`${base}/subscriptions`, { callback })),
    close,
  };
}

/** `renewAtMs`: from when on the next call takes a new token; endless until the token is there. */
type HeldToken = { readonly token: Promise<string>; renewAtMs: number };

type Torch = {
  get(path: string): Promise<Buffer>;
  post(path: string, body: unknown): Promise<Buffer>;
  close(): Promise<void>;
};

function torchSystem(system: string, settings: TorchSettings, connections = 16): Torch {
  const { url, credentials, timeoutMs, nowMs = Date.now } = settings;
  const http = httpSystem({ system, url, timeoutMs, connections });
  let held: HeldToken | null = null;

  /** The token for everyone: calls that come while one is being fetched share it. */
  function currentToken(): HeldToken {
    if (held !== null && nowMs() < held.renewAtMs) return held;
    const renewed: HeldToken = {
      renewAtMs: Number.POSITIVE_INFINITY,
      token: fetchToken().then(
        ({ token, lifetimeMs }) => {
          // A tenth of its life early, at most a minute, so that no call carries one that expires on the way.
          renewed.renewAtMs = nowMs() + lifetimeMs - Math.min(60_000, lifetimeMs / 10);
          return token;
        },
        (error: unknown) => {
          forget(renewed);
          throw error;
        },
      ),
    };
    held = renewed;
    return renewed;
  }

  function forget(token: HeldToken): void {
    if (held === token) held = null;
  }

  async function fetchToken(): Promise<{ readonly token: string; readonly lifetimeMs: number }> {
    const { status, body } = await http.ask({
      method: "POST",
      path: "/oauth/accesstoken",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
      }).toString(),
    });
    if (status !== 200) throw new SourceError(statusCode(status), system);
    const { access_token: token, expires_in: seconds } = (parseJson(system, body) ?? {}) as Record<string, unknown>;
    // Torch sends the seconds as a string; a token must be fit for a header.
    if (typeof token !== "string" || !/^[\w.~+/=-]{1,4096}$/.test(token) || !/^\d{1,6}$/.test(String(seconds)))
      throw new SourceError("SOURCE_INVALID", system);
    return { token, lifetimeMs: Number(seconds) * 1000 };
  }

  async function call(request: SystemRequest): Promise<Buffer> {
    const deadlineMs = performance.now() + timeoutMs;
    const leftMs = () => deadlineMs - performance.now();
    let answer = await withToken(request);
    const retryAfter = answer.status === 429 ? retryAfterMs(answer) : null;
    if (retryAfter !== null && retryAfter < leftMs()) {
      await wait(retryAfter);
      answer = await withToken(request);
    }
    if (answer.status !== 200) throw new SourceError(statusCode(answer.status), system);
    return answer.body;

    async function withToken(asked: SystemRequest): Promise<SystemAnswer> {
      const first = currentToken();
      const refused = await authorized(asked, await inTime(first.token));
      if (refused.status !== 401) return refused;
      forget(first);
      return authorized(asked, await inTime(currentToken().token));
    }

    /** A token that is fetched for several calls may take longer than this one has left. */
    async function inTime(token: Promise<string>): Promise<string> {
      const settled = new AbortController();
      const tooLate = wait(Math.max(0, leftMs()), undefined, { signal: settled.signal }).then(() => {
        throw new SourceError("SOURCE_TIMEOUT", system);
      });
      return Promise.race([token, tooLate]).finally(() => settled.abort());
    }

    async function authorized(asked: SystemRequest, token: string): Promise<SystemAnswer> {
      const timeLeftMs = Math.floor(leftMs());
      if (timeLeftMs <= 0) throw new SourceError("SOURCE_TIMEOUT", system);
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json",
      };
      return http.ask({ ...asked, headers, timeoutMs: timeLeftMs });
    }
  }

  return {
    get: (path) => call({ method: "GET", path }),
    post: (path, body) => call({ method: "POST", path, body: JSON.stringify(body) }),
    close: http.close,
  };
}

/** Seconds only; a date, or nothing, is no promise to build on. */
function retryAfterMs({ headers }: SystemAnswer): number | null {
  const seconds = headers["retry-after"];
  return typeof seconds === "string" && /^\d{1,4}$/.test(seconds) ? Number(seconds) * 1000 : null;
}

/** INVARIANT: a 404 or 422 is never "nothing": we ask for a path that must be there, with A-numbers already checked. */
function statusCode(status: number): "SOURCE_REFUSED" | "SOURCE_INVALID" {
  return [400, 401, 403, 429].includes(status) ? "SOURCE_REFUSED" : "SOURCE_INVALID";
}
