/** The development issuer's one key: made by whoever needs it first, and the same for all from then on. */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";

export type IssuerKey = {
  readonly kid: string;
  readonly privateJwk: JWK;
  /** Without the secret part: what others may see. */
  readonly publicJwk: JWK;
};

const alg = "ES256";

/** The folder for what is made on this machine and never committed. */
export function defaultHome(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.CROSSWALK_HOME || fileURLToPath(new URL("../../.crosswalk", import.meta.url));
}

/**
 * Reads the key in `home`, or makes it. Processes that start together end with the same one.
 * Throws a line that says what to do when the file is there and is not a key.
 */
export async function issuerKey(home: string = defaultHome()): Promise<IssuerKey> {
  const path = join(home, "issuer-key.json");
  const text = readIfThere(path) ?? (await makeKey(home, path));
  const privateJwk = parseKey(text);
  if (privateJwk === null) throw new Error(`${path} is not an issuer's key; delete it and a new one is made`);
  const { d: _secret, ...publicJwk } = privateJwk;
  const kid = await calculateJwkThumbprint(publicJwk);
  return { kid, privateJwk, publicJwk: { ...publicJwk, kid, alg, use: "sig" } };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all: the file is written beside, then given its name; whoever comes second uses the first's. */
async function makeKey(home: string, path: string): Promise<string> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const text = JSON.stringify(await exportJWK(privateKey));
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
    return text;
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    return readFileSync(path, "utf8");
  } finally {
    rmSync(draft);
  }
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
