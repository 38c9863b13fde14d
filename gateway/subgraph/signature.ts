/**
 * Signs requests to subgraphs: an HTTP message signature (RFC 9421, hmac-sha256) over a digest of the body (RFC 9530),
 * by a key that only this subgraph has besides us. docs/subgraph-signature.md tells it to those who verify it.
 */
import { createHmac, hash, type KeyObject, randomBytes, randomUUID } from "node:crypto";

export type SigningKey = { readonly id: string; readonly secret: KeyObject };

export type ToSign = {
  readonly subgraph: string;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly search: string;
  readonly body: string;
  /** The gateway's own id of the client's request that it is made for. */
  readonly requestId: string | undefined;
  /** What is told of the caller; undefined: nothing is. */
  readonly caller: string | undefined;
};

/** The headers to be sent beside the others, names and values by turns; none for a subgraph without a key. */
export type Sign = (request: ToSign) => readonly string[];

/** A request is good for so long after it was signed. */
const lifetimeSeconds = 60;

const covered = '"@method" "@path" "@query" "content-digest" "crosswalk-subgraph" "crosswalk-request-id"';
const commonCovered = `(${covered})`;
const personalCovered = `(${covered} "crosswalk-caller")`;

/** `keyOf`: the key that requests to this subgraph are signed with. `now`: milliseconds since 1970. */
export function requestSigner(
  keyOf: (subgraph: string) => SigningKey | undefined,
  now: () => number = Date.now,
  nonces: () => string = nonceSource(),
): Sign {
  return ({ subgraph, path, search, body, requestId = randomUUID(), caller }) => {
    const key = keyOf(subgraph);
    // What is not signed tells nobody's identity: anyone could have said it.
    if (key === undefined) return [];
    const digest = `sha-256=:${hash("sha256", body, "base64")}:`;
    const created = Math.floor(now() / 1000);
    const params = `${caller === undefined ? commonCovered : personalCovered};created=${created};expires=${
      created + lifetimeSeconds
    };nonce="${nonces()}";keyid="${key.id}";tag="crosswalk"`;
    const base = `"@method": POST
"@path": ${path}
"@query": ${search === "" ? "?" : search}
"content-digest": ${digest}
"crosswalk-subgraph": ${subgraph}
"crosswalk-request-id": ${requestId}
${caller === undefined ? "" : `"crosswalk-caller": ${caller}\n`}"@signature-params": ${params}`;
    const signature = createHmac("sha256", key.secret).update(base).digest("base64");
    const headers = [
      "content-digest",
      digest,
      "crosswalk-subgraph",
      subgraph,
      "crosswalk-request-id",
      requestId,
      "signature-input",
      `crosswalk=${params}`,
      "signature",
      `crosswalk=:${signature}:`,
    ];
    if (caller !== undefined) headers.push("crosswalk-caller", caller);
    return headers;
  };
}

/** Never the same twice, in this process or another. Nobody needs to be kept from guessing them: they are signed. */
function nonceSource(): () => string {
  const start = randomBytes(16).toString("base64url");
  let count = 0;
  return () => `${start}-${(count++).toString(36)}`;
}
