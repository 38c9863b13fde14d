/**
 * Signs requests to subgraphs: an HTTP message signature (RFC 9421, hmac-sha256) over a digest of the body (RFC 9530),
 * by a key that only this subgraph has besides us. docs/subgraph-signature.md tells it to those who verify it.
 */
import { hash, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { hmacSha256 } from "./hmac.ts";

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

/** The headers to be sent, names and values by turns: the common ones, and none beside them for a subgraph without a key. */
export type Sign = (request: ToSign, common?: readonly string[]) => string[];

/** A request is good for so long after it was signed. */
const lifetimeSeconds = 60;

const covered = '"@method" "@path" "@query" "content-digest" "crosswalk-subgraph" "crosswalk-request-id"';
const commonCovered = `(${covered})`;
const personalCovered = `(${covered} "crosswalk-caller")`;

/** What is the same in every signature for one subgraph. */
type Prepared = {
  readonly subgraphLine: string;
  /** Of the parameters, behind the nonce. */
  readonly ending: string;
  readonly mac: (text: string) => string;
};

function prepare(subgraph: string, { id, secret }: SigningKey): Prepared {
  return {
    subgraphLine: `"crosswalk-subgraph": ${subgraph}\n"crosswalk-request-id": `,
    ending: `";keyid="${id}";tag="crosswalk"`,
    mac: hmacSha256(secret),
  };
}

/** `keyOf`: the key that requests to this subgraph are signed with. `now`: milliseconds since 1970. */
export function requestSigner(
  keyOf: (subgraph: string) => SigningKey | undefined,
  now: () => number = Date.now,
  nonces: () => string = nonceSource(),
): Sign {
  const known = new Map<string, Prepared | null>();
  const preparedFor = (subgraph: string): Prepared | null => {
    let prepared = known.get(subgraph);
    if (prepared === undefined) {
      const key = keyOf(subgraph);
      prepared = key === undefined ? null : prepare(subgraph, key);
      known.set(subgraph, prepared);
    }
    return prepared;
  };
  let second = Number.NaN;
  let times = "";

  return ({ subgraph, path, search, body, requestId = randomUUID(), caller }, common = []) => {
    const prepared = preparedFor(subgraph);
    // What is not signed tells nobody's identity: anyone could have said it.
    if (prepared === null) return [...common];
    const created = Math.floor(now() / 1000);
    if (created !== second) {
      second = created;
      times = `;created=${created};expires=${created + lifetimeSeconds};nonce="`;
    }
    const digest = `sha-256=:${hash("sha256", body, "base64")}:`;
    const covers = caller === undefined ? commonCovered : personalCovered;
    const params = covers + times + nonces() + prepared.ending;
    const base = `"@method": POST
"@path": ${path}
"@query": ${search === "" ? "?" : search}
"content-digest": ${digest}
${prepared.subgraphLine}${requestId}
${caller === undefined ? "" : `"crosswalk-caller": ${caller}\n`}"@signature-params": ${params}`;
    const signature = prepared.mac(base);
    const headers = [
      ...common,
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
