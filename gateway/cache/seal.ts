/** How entries are named and sealed where others keep them: neither name nor bytes say anything without the secret. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { readFileSync } from "node:fs";

export type CacheKey = { readonly id: string; readonly naming: KeyObject; readonly sealing: KeyObject };

/** The first one names and seals what is written; whatever any of them sealed is opened. */
export type CacheKeys = readonly [CacheKey, ...CacheKey[]];

export type CacheKeySettings = {
  /** CACHE_KEYS: `id:secret`, and more behind commas; or empty. */
  readonly keys: string;
  /** CACHE_KEYS_FILE: the path of a file that holds the same; or empty. */
  readonly file: string;
};

const maxKeys = 4;
const form = "id:secret, and more behind commas: an id of letters, digits and ._-, at least 32 bytes in base64url";

/** Null: none is set. Throws a line that says what to set, and never a secret. */
export function readCacheKeys({ keys, file }: CacheKeySettings): CacheKeys | null {
  if (keys !== "" && file !== "") throw new Error("set one of CACHE_KEYS and CACHE_KEYS_FILE");
  if (keys !== "") return parseKeys(keys, "CACHE_KEYS");
  return file === "" ? null : parseKeys(readKeysFile(file), `CACHE_KEYS_FILE: ${file}`);
}

/** For one process alone: what it writes is of no use to another one, or after it. */
export function randomCacheKeys(): CacheKeys {
  return [cacheKey(randomBytes(6).toString("hex"), randomBytes(32))];
}

function readKeysFile(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    throw new Error(`CACHE_KEYS_FILE: ${path} cannot be read`);
  }
}

function parseKeys(text: string, where: string): CacheKeys {
  const [first, ...others] = text.split(",").map((each) => {
    const [, id, secret] = /^([\w.-]{1,64}):([\w-]{43,1024})$/.exec(each.trim()) ?? [];
    if (id === undefined || secret === undefined) throw new Error(`${where} must be ${form}`);
    return cacheKey(id, Buffer.from(secret, "base64url"));
  });
  const ids = new Set([first, ...others].map((each) => each?.id));
  if (first === undefined || ids.size <= others.length || ids.size > maxKeys)
    throw new Error(`${where} takes ${maxKeys} keys at most, of different ids`);
  return [first, ...others];
}

function cacheKey(id: string, secret: Buffer): CacheKey {
  const derived = (purpose: string) => createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", purpose, 32)));
  return { id, naming: derived("crosswalk cache names v1"), sealing: derived("crosswalk cache entries v1") };
}

/** Where an entry lies in Redis. Nobody without the secret can tell, or try out, what it is about. */
export function nameOf({ id, naming }: CacheKey, key: string): string {
  return `crosswalk:e:${id}:${createHmac("sha256", naming).update(key).digest("base64url")}`;
}

const cipher = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** nonce ‖ ciphertext ‖ tag. INVARIANT: it opens under this name alone. */
export function seal(key: CacheKey, name: string, text: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, keyOf(key, name), nonce, { authTagLength: tagBytes }).setAAD(
    Buffer.from(name),
  );
  return Buffer.concat([nonce, sealing.update(text, "utf8"), sealing.final(), sealing.getAuthTag()]);
}

/** Null: it was not sealed with this key under this name. */
export function unseal(key: CacheKey, name: string, sealed: Buffer): Buffer | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  const nonce = sealed.subarray(0, nonceBytes);
  const opening = createDecipheriv(cipher, keyOf(key, name), nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(name))
    .setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([opening.update(sealed.subarray(nonceBytes, -tagBytes)), opening.final()]);
  } catch {
    return null;
  }
}

/** A key for each name: random nonces then only have to differ among the few values that one name ever has. */
function keyOf({ sealing }: CacheKey, name: string): Buffer {
  return createHmac("sha256", sealing).update(name).digest();
}
