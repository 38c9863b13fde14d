/** The development issuer's one key: made by whoever needs it first, and the same for all from then on. */
import { join } from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { defaultHome, readIfThere, writeOnce } from "../development-keys.ts";

export type IssuerKey = {
  readonly kid: string;
  readonly privateJwk: JWK;
  /** Without the secret part: what others may see. */
  readonly publicJwk: JWK;
};

const alg = "ES256";

/**
 * Reads the key in `home`, or makes it. Processes that start together end with the same one.
 * Throws a line that says what to do when the file is there and is not a key.
 */
export async function issuerKey(home: string = defaultHome()): Promise<IssuerKey> {
  const path = join(home, "issuer-key.json");
  const text = readIfThere(path) ?? writeOnce(path, await makeKey());
  const privateJwk = parseKey(text);
  if (privateJwk === null) throw new Error(`${path} is not an issuer's key; delete it and a new one is made`);
  const { d: _secret, ...publicJwk } = privateJwk;
  const kid = await calculateJwkThumbprint(publicJwk);
  return { kid, privateJwk, publicJwk: { ...publicJwk, kid, alg, use: "sig" } };
}

async function makeKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return JSON.stringify(await exportJWK(privateKey));
}

function parseKey(text: string): JWK | null {
  try {
    const jwk = JSON.parse(text) as JWK;
    const whole =
      jwk.kty === "EC" && jwk.crv === "P-256" && [jwk.x, jwk.y, jwk.d].every((part) => typeof part === "string");
    return whole ? jwk : null;
  } catch {
    return null;
  }
}
