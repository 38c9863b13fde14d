/**
 * An issuer's key set (RFC 7517), each key checked before anything is verified with it.
 *
 * INVARIANT: a key verifies by the one algorithm of its type; what a token says of itself never chooses.
 */
import { hash } from "node:crypto";
import { type CryptoKey, importJWK, type JWK } from "jose";
import { hasSmallFactor, isRocaShaped } from "./roca.ts";
import { parseStrictJson } from "./strict-json.ts";

export type Algorithm = "EdDSA" | "ES256" | "RS256";
export type VerifyingKey = {
  readonly algorithm: Algorithm;
  readonly key: CryptoKey;
  /** Of what it consists of: the same for the same key, whenever and under whatever name it was published. */
  readonly digest: string;
};
/** By key id. */
export type KeySet = ReadonlyMap<string, VerifyingKey>;

/** Why a key is not used; the list is closed, and stands in logs. */
export type KeyFault =
  | "no-kid"
  | "duplicate-kid"
  | "symmetric"
  | "private"
  | "not-for-signatures"
  | "unknown-type"
  | "other-algorithm"
  | "malformed"
  | "short-modulus"
  | "long-modulus"
  | "factored-modulus"
  | "roca"
  | "weak-exponent"
  | "small-order";
export type RefusedKey = { readonly kid: string | null; readonly fault: KeyFault };

/** A set with more is taken for a mistake: each costs time to check. */
const maxKeys = 100;

/** Throws when this is no key set at all; keys that are not good are left out and told. */
export async function readKeySet(
  bytes: Uint8Array,
): Promise<{ readonly keys: KeySet; readonly refused: readonly RefusedKey[] }> {
  const members = (parseStrictJson(bytes) as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(members) || members.length > maxKeys || !members.every(isObject))
    throw new SyntaxError("not a key set");
  const keys = new Map<string, VerifyingKey>();
  const refused: RefusedKey[] = [];
  const kids = members.map(({ kid }) => kid);
  for (const jwk of members) {
    const kid = typeof jwk.kid === "string" && /^[\x21-\x7e]{1,256}$/.test(jwk.kid) ? jwk.kid : null;
    // Of two keys by one name neither can be meant for certain.
    const isTwice = kids.indexOf(jwk.kid) !== kids.lastIndexOf(jwk.kid);
    const read = kid === null ? "no-kid" : isTwice ? "duplicate-kid" : await readKey(jwk);
    if (kid === null || typeof read === "string") refused.push({ kid, fault: read as KeyFault });
    else keys.set(kid, read);
  }
  return { keys, refused };
}

type Given = Readonly<Record<string, unknown>>;

async function readKey(jwk: Given): Promise<VerifyingKey | KeyFault> {
  const { kty, crv, alg, use, key_ops: operations } = jwk;
  if (kty === "oct" || "k" in jwk) return "symmetric";
  if (["d", "p", "q", "dp", "dq", "qi", "oth"].some((secret) => secret in jwk)) return "private";
  if (use !== undefined && use !== "sig") return "not-for-signatures";
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify")))
    return "not-for-signatures";
  const type = types.find((each) => each.kty === kty && (each.crv === null || each.crv === crv));
  if (type === undefined) return "unknown-type";
  if (alg !== undefined && alg !== type.algorithm) return "other-algorithm";
  const fault = type.faultOf(jwk);
  if (fault !== null) return fault;
  // Only what the key consists of: nothing else that stands beside it may matter.
  const bare = Object.fromEntries(["kty", "crv", "x", "y", "n", "e"].flatMap((name) => own(jwk, name)));
  try {
    const key = await importJWK(bare as JWK, type.algorithm);
    if (key instanceof Uint8Array) return "symmetric";
    return { algorithm: type.algorithm, key, digest: hash("sha256", JSON.stringify(bare), "base64url") };
  } catch {
    return "malformed";
  }
}

const types: readonly {
  readonly kty: string;
  readonly crv: string | null;
  readonly algorithm: Algorithm;
  readonly faultOf: (jwk: Given) => KeyFault | null;
}[] = [
  { kty: "RSA", crv: null, algorithm: "RS256", faultOf: rsaFault },
  // That the point is on its curve is checked where it is imported.
  { kty: "EC", crv: "P-256", algorithm: "ES256", faultOf: ({ x, y }) => (is32(x) && is32(y) ? null : "malformed") },
  { kty: "OKP", crv: "Ed25519", algorithm: "EdDSA", faultOf: ed25519Fault },
];

/** FIPS 186-5, 5.1 and A.1.1: at least 2048 bits; the exponent odd, between 2^16 and 2^256. */
function rsaFault({ n, e }: Given): KeyFault | null {
  const [modulus, exponent] = [numberOf(n), numberOf(e)];
  if (modulus === null || exponent === null) return "malformed";
  const bits = modulus.toString(2).length;
  if (bits < 2048) return "short-modulus";
  if (bits > 8192) return "long-modulus";
  if (exponent % 2n === 0n || exponent <= 2n ** 16n || exponent >= 2n ** 256n) return "weak-exponent";
  if (hasSmallFactor(modulus)) return "factored-modulus";
  return isRocaShaped(modulus) ? "roca" : null;
}

/**
 * The points of small order and their other encodings, without the sign bit: under such a key one signature fits many
 * texts. Source: RFC 7748, 6.1 and RFC 8032, 5.1.3; the order-8 points as in libsodium's list of them.
 */
const smallOrder = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

function ed25519Fault({ x }: Given): KeyFault | null {
  if (!is32(x)) return "malformed";
  const point = Buffer.from(x as string, "base64url");
  point[31] = (point[31] ?? 0) & 0x7f;
  return smallOrder.has(point.toString("hex")) ? "small-order" : null;
}

function is32(value: unknown): boolean {
  return typeof value === "string" && /^[\w-]{43}$/.test(value);
}

function numberOf(value: unknown): bigint | null {
  if (typeof value !== "string" || !/^[\w-]{1,2048}$/.test(value)) return null;
  return BigInt(`0x${Buffer.from(value, "base64url").toString("hex") || "0"}`);
}

function own(jwk: Given, name: string): readonly (readonly [string, unknown])[] {
  return Object.hasOwn(jwk, name) ? [[name, jwk[name]]] : [];
}

function isObject(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
