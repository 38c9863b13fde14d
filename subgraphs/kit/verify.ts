/**
 * Whether a request comes from the gateway, for this subgraph, as it was signed, now, and for the first time: HTTP
 * message signatures (RFC 9421), as docs/subgraph-signature.md tells them. Shares nothing with the code that signs.
 */
import { createHmac, hash, type KeyObject, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { type AssertedCaller, readCaller } from "./caller.ts";

export type SubgraphKey = { readonly id: string; readonly secret: KeyObject };

export type VerifierSettings = {
  readonly subgraph: string;
  /** Each of them is taken: two while one replaces the other. */
  readonly keys: readonly SubgraphKey[];
  /** Personal: every request says who asks; common: none does. */
  readonly fetches: "common" | "personal";
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Of requests that are still good: beyond it they are refused, since one could be a second time. */
  readonly maxNonces?: number;
};

export type RequestHead = {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
};

/** For the operator's log. INVARIANT: whoever sent the request is told none of it. */
export type Refused =
  | "not signed"
  | "not signed in this form"
  | "for another subgraph"
  | "lacks what is signed"
  | "caller told or not told"
  | "signed for too long"
  | "signed before this process began"
  | "signed in the future"
  | "expired"
  | "unknown key"
  | "wrong signature"
  | "another body than was signed"
  | "seen before"
  | "too many to remember";

export type Signed = {
  /** Null in common fetches. */
  readonly caller: AssertedCaller | null;
  /** To be called once, with the whole body: null when all is well. */
  accept(body: Uint8Array): Refused | null;
};

/** Looks at a request before its body is read. */
export type Verify = (head: RequestHead) => Signed | { readonly refused: Refused };

const maxLifetimeSeconds = 60;
/** How far the gateway's clock may be ahead of ours. */
const maxAheadSeconds = 5;

const covered = '"@method" "@path" "@query" "content-digest" "crosswalk-subgraph" "crosswalk-request-id"';
const inputForms = {
  common: inputForm(`(${covered})`),
  personal: inputForm(`(${covered} "crosswalk-caller")`),
};

/** The one form of Signature-Input that is taken: what is covered, its order and its parameters are not the sender's choice. */
function inputForm(components: string): RegExp {
  const text = components.replace(/[()]/g, "\\$&");
  return new RegExp(
    `^crosswalk=(${text};created=(\\d{1,12});expires=(\\d{1,12});nonce="([\\w-]{16,64})";keyid="([\\w.-]{1,64})";tag="crosswalk")$`,
  );
}

export function signatureVerifier(settings: VerifierSettings): Verify {
  const { subgraph, fetches, now = Date.now } = settings;
  const keys = new Map(settings.keys.map(({ id, secret }) => [id, secret]));
  const nonces = nonceMemory(settings.maxNonces ?? 500_000);
  const secondsNow = () => Math.floor(now() / 1000);
  // What was seen before this process began is not remembered: nothing of then is taken.
  const beganAt = secondsNow();

  const refusalOfTime = (created: number, expires: number): Refused | null => {
    const instant = secondsNow();
    if (expires <= created || expires - created > maxLifetimeSeconds) return "signed for too long";
    if (created < beganAt) return "signed before this process began";
    if (created > instant + maxAheadSeconds) return "signed in the future";
    return expires <= instant ? "expired" : null;
  };

  return ({ method, url = "", headers }) => {
    const [input, signature] = [headers["signature-input"], headers.signature];
    if (input === undefined || signature === undefined) return { refused: "not signed" };
    const personal = one(headers["crosswalk-caller"]);
    if ((personal !== undefined) !== (fetches === "personal")) return { refused: "caller told or not told" };
    const found = inputForms[fetches].exec(String(input));
    const mac = /^crosswalk=:([A-Za-z0-9+/]{43}=):$/.exec(String(signature))?.[1];
    if (!found || mac === undefined) return { refused: "not signed in this form" };
    const [, params = "", createdText, expiresText, nonce = "", keyId = ""] = found;
    const [created, expires] = [Number(createdText), Number(expiresText)];
    if (one(headers["crosswalk-subgraph"]) !== subgraph) return { refused: "for another subgraph" };
    const [digest, requestId] = [one(headers["content-digest"]), one(headers["crosswalk-request-id"])];
    if (digest === undefined || requestId === undefined) return { refused: "lacks what is signed" };
    const secret = keys.get(keyId);
    if (secret === undefined) return { refused: "unknown key" };
    const at = url.indexOf("?");
    const lines = [
      `"@method": ${method}`,
      `"@path": ${at === -1 ? url : url.slice(0, at)}`,
      `"@query": ${at === -1 ? "?" : url.slice(at)}`,
      `"content-digest": ${digest}`,
      `"crosswalk-subgraph": ${subgraph}`,
      `"crosswalk-request-id": ${requestId}`,
      ...(personal === undefined ? [] : [`"crosswalk-caller": ${personal}`]),
      `"@signature-params": ${params}`,
    ];
    const expected = createHmac("sha256", secret).update(lines.join("\n")).digest();
    if (!timingSafeEqual(expected, Buffer.from(mac, "base64"))) return { refused: "wrong signature" };
    const late = refusalOfTime(created, expires);
    if (late !== null) return { refused: late };
    const caller = personal === undefined ? null : readCaller(personal);
    if (personal !== undefined && caller === null) return { refused: "not signed in this form" };
    return {
      caller,
      accept(body) {
        if (digest !== `sha-256=:${hash("sha256", body, "base64")}:`) return "another body than was signed";
        // The body may have come slowly.
        return refusalOfTime(created, expires) ?? nonces.add(nonce, expires, secondsNow());
      },
    };
  };
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

type NonceMemory = { add(nonce: string, expires: number, now: number): Refused | null };

/** By the second in which they expire, which is signed with them: who comes a second time comes with the same. */
function nonceMemory(maxNonces: number): NonceMemory {
  const seen = new Map<number, Set<string>>();
  let count = 0;
  let clearedAt = 0;
  const clear = (now: number): void => {
    if (now === clearedAt) return;
    clearedAt = now;
    for (const [expires, nonces] of seen) {
      if (expires > now) continue;
      count -= nonces.size;
      seen.delete(expires);
    }
  };
  return {
    add(nonce, expires, now) {
      clear(now);
      const nonces = seen.get(expires) ?? new Set();
      if (nonces.has(nonce)) return "seen before";
      if (count >= maxNonces) return "too many to remember";
      seen.set(expires, nonces.add(nonce));
      count += 1;
      return null;
    },
  };
}
