/** HTTP message signatures by RFC 9421's own words: shares nothing with the code that signs, nor with that which verifies. */
import { createHash, createHmac, randomUUID } from "node:crypto";

export type Message = {
  readonly method: string;
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What RFC 9421 calls the signature base: of the one signature in `signature-input`; `@authority` is that of `host`. */
export function signedText({ method, target, headers }: Message): string {
  const input = headers["signature-input"] ?? "";
  const params = input.slice(input.indexOf("=") + 1);
  const names = [...params.slice(0, params.indexOf(")")).matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? "");
  const [path, query = ""] = target.split(/\?(.*)/s);
  const derived: Record<string, string | undefined> = {
    "@method": method,
    "@path": path,
    "@query": `?${query}`,
    "@authority": headers.host,
  };
  const lines = names.map((name) => `"${name}": ${derived[name] ?? headers[name]}`);
  return [...lines, `"@signature-params": ${params}`].join("\n");
}

export function macOf(key: Buffer, message: Message): string {
  return createHmac("sha256", key).update(signedText(message), "utf8").digest().toString("base64");
}

export function digestOf(body: string): string {
  return `sha-256=:${createHash("sha256").update(body, "utf8").digest().toString("base64")}:`;
}

export type HandSigning = {
  readonly key: Buffer;
  readonly keyId: string;
  readonly subgraph: string;
  readonly body: string;
  readonly target?: string;
  readonly caller?: string;
  readonly createdSeconds?: number;
  readonly lifetimeSeconds?: number;
  readonly nonce?: string;
  readonly tag?: string;
  /** In place of what the gateway covers. */
  readonly covered?: readonly string[];
};

/** A request as the gateway would send it, each part of it as wanted. */
export function signByHand(wanted: HandSigning): Message {
  const { key, keyId, subgraph, body, target = "/graphql", caller } = wanted;
  const created = wanted.createdSeconds ?? Math.floor(Date.now() / 1000);
  const { lifetimeSeconds = 60, nonce = randomUUID(), tag = "crosswalk" } = wanted;
  const usual = ["@method", "@path", "@query", "content-digest", "crosswalk-subgraph", "crosswalk-request-id"];
  const covered = wanted.covered ?? (caller === undefined ? usual : [...usual, "crosswalk-caller"]);
  const names = covered.map((each) => `"${each}"`).join(" ");
  const expires = created + lifetimeSeconds;
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "content-digest": digestOf(body),
    "crosswalk-subgraph": subgraph,
    "crosswalk-request-id": randomUUID(),
    ...(caller === undefined ? {} : { "crosswalk-caller": caller }),
    "signature-input": `crosswalk=(${names});created=${created};expires=${expires};nonce="${nonce}";keyid="${keyId}";tag="${tag}"`,
  };
  const unsigned = { method: "POST", target, headers, body };
  return { ...unsigned, headers: { ...headers, signature: `crosswalk=:${macOf(key, unsigned)}:` } };
}
