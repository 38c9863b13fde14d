/** For tests of who asks: key sets served over HTTP, keys good and bad, and tokens put together by hand. */
import {
  checkPrimeSync,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closing, listening } from "./listeners.ts";

export type TestKey = { readonly jwk: JsonWebKey & { kid: string }; sign(text: string): Buffer };

/** A key pair by the algorithm's name; the JWK is its public part. */
export function keyPair(algorithm: "EdDSA" | "ES256" | "RS256", kid = "k1", bits = 2048): TestKey {
  const pair =
    algorithm === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : algorithm === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: bits });
  return testKey(pair.privateKey, pair.publicKey.export({ format: "jwk" }), kid);
}

function testKey(privateKey: KeyObject, jwk: JsonWebKey, kid: string): TestKey {
  const digest = privateKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  return {
    jwk: { ...jwk, kid },
    sign: (text) => sign(digest, Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

/** RSA with the exponent 1: whoever knows the public key signs. */
export function exponentOneKey(kid = "k1"): TestKey {
  const { jwk } = keyPair("RS256", kid);
  const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
  return {
    jwk: { ...jwk, e: "AQ" },
    sign(text) {
      const digest = Buffer.concat([info, createHash("sha256").update(text).digest()]);
      const padding = Buffer.alloc(256 - 3 - digest.length, 0xff);
      return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), digest]);
    },
  };
}

/** An Ed25519 key that is the neutral element: one signature fits every text. */
export function neutralKey(kid = "k1"): TestKey {
  const point = Buffer.alloc(32);
  point[0] = 1;
  const jwk = { kty: "OKP", crv: "Ed25519", x: point.toString("base64url"), kid };
  return { jwk, sign: () => Buffer.concat([point, Buffer.alloc(32)]) };
}

/** An RSA key whose primes are made as those of CVE-2017-15361: k·M + (65537^a mod M). */
export function rocaKey(kid = "k1"): TestKey {
  const primes = Array.from({ length: 166 }, (_, at) => at + 2).filter((n) => checkPrimeSync(BigInt(n)));
  const product = primes.reduce((all, each) => all * BigInt(each), 1n);
  const [p, q] = [rocaPrime(product), rocaPrime(product)];
  const e = 65537n;
  const d = inverse(e, (p - 1n) * (q - 1n));
  const parts = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, base64url(value)]));
  const privateKey = createPrivateKey({ key: { kty: "RSA", ...jwk }, format: "jwk" });
  return testKey(privateKey, { kty: "RSA", n: base64url(parts.n), e: base64url(e) }, kid);
}

function rocaPrime(product: bigint): bigint {
  const remainder = power(65537n, BigInt(`0x${randomBytes(8).toString("hex")}`), product);
  for (;;) {
    const k = ((1n << 1024n) - (BigInt(`0x${randomBytes(90).toString("hex")}`) << 100n)) / product;
    const candidate = k * product + remainder;
    if (candidate.toString(2).length === 1024 && checkPrimeSync(candidate)) return candidate;
  }
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function inverse(of: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [of % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}

export function base64url(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex").toString("base64url");
}

/** A token of exactly these members, or of exactly this JSON text. */
export function rawToken(header: object | string, claims: object | string, key: Pick<TestKey, "sign">): string {
  const [head, body] = [header, claims].map((part) =>
    Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url"),
  );
  return `${head}.${body}.${key.sign(`${head}.${body}`).toString("base64url")}`;
}

export type KeyServer = {
  readonly url: string;
  /** Requests so far. */
  count: number;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
};

/** Serves these keys until `answer` is set to something else. */
export async function startKeyServer(...keys: readonly object[]): Promise<KeyServer> {
  const server = createServer((request, response) => {
    state.count += 1;
    state.answer(request, response);
  });
  const url = `${await listening(server)}/jwks.json`;
  const state: KeyServer = { url, count: 0, answer: serving(...keys), close: () => closing(server) };
  return state;
}

export const serving =
  (...keys: readonly object[]): KeyServer["answer"] =>
  (_request, response) =>
    // No connection is kept: one that the server drops while a busy test looks away is no fault of the issuer's.
    void response
      .writeHead(200, { "content-type": "application/json", connection: "close" })
      .end(JSON.stringify({ keys }));
