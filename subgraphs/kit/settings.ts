/** A subgraph's settings from the environment: every one has a default that fits `npm start` on one machine. */
import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SubgraphKey } from "./verify.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A URL; throws a line saying what to set when it is not one. */
export function urlSetting(env: Environment, name: string, fallback: string): string {
  const value = env[name] ?? fallback;
  if (!URL.canParse(value)) throw new Error(`${name} must be a URL, such as ${fallback}`);
  return value;
}

/** A whole number from 0 up; throws a line saying what to set. */
export function wholeNumberSetting(env: Environment, name: string, fallback: number): number {
  const value = env[name] ?? String(fallback);
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} must be a whole number, such as ${fallback}`);
  return Number(value);
}

/** Where changes are announced. `sentinels` and `masterName` are empty where Redis is at its URL. */
export type ChangesTo = { readonly url: string; readonly sentinels: string; readonly masterName: string };

/**
 * CHANGES_TO: an http(s) URL of one gateway's `/changes`, or a redis(s) URL, with REDIS_SENTINELS and REDIS_MASTER_NAME
 * where Sentinels say which server it is; null: nowhere. Throws a line that says what to set, without what was: it may
 * hold a password.
 */
export function changesSetting(env: Environment): ChangesTo | null {
  const url = env.CHANGES_TO;
  if (!url) return null;
  if (!URL.canParse(url) || !/^(https?|rediss?):$/.test(new URL(url).protocol))
    throw new Error("CHANGES_TO must be a URL, such as http://127.0.0.1:4001/changes or redis://127.0.0.1:6379");
  return { url, sentinels: env.REDIS_SENTINELS ?? "", masterName: env.REDIS_MASTER_NAME ?? "" };
}

/**
 * The keys by which the gateway's requests to this subgraph are known: SUBGRAPH_KEY_<NAME> (`id:key`, and a second one
 * behind a comma while one replaces the other) or this subgraph's member of the JSON object in SUBGRAPH_KEYS_FILE.
 * Null where there is none, in development alone. Throws a line that says what to set, and never the key.
 */
export function keysSetting(env: Environment, subgraph: string): readonly SubgraphKey[] | null {
  const setting = `SUBGRAPH_KEY_${subgraph.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
  const [text, where] = env[setting]
    ? [env[setting], setting]
    : [keysInFile(env.SUBGRAPH_KEYS_FILE, subgraph), `SUBGRAPH_KEYS_FILE: ${subgraph}`];
  if (text) return readKeys(text, where);
  if (env.CROSSWALK_ENV === "production")
    throw new Error(`production: set ${setting} or SUBGRAPH_KEYS_FILE: ${keyForm}`);
  return null;
}

const keyForm = "id:key, or id:key,id:key, each key at least 32 bytes in base64url";

function readKeys(text: string, where: string): readonly SubgraphKey[] {
  const keys = text.split(",").map((pair) => {
    const [, id, secret] = /^([\w.-]{1,64}):([\w-]{43,1024})$/.exec(pair.trim()) ?? [];
    if (id === undefined || secret === undefined) throw new Error(`${where} must be ${keyForm}`);
    return { id, secret: createSecretKey(Buffer.from(secret, "base64url")) };
  });
  if (keys.length > 2 || new Set(keys.map(({ id }) => id)).size < keys.length)
    throw new Error(`${where} takes two keys at most, of different ids`);
  return keys;
}

function keysInFile(path: string | undefined, subgraph: string): string | undefined {
  if (!path) return undefined;
  let entries: unknown;
  try {
    entries = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // The parser's own message may quote what stands there.
    throw new Error(`SUBGRAPH_KEYS_FILE: ${path} cannot be read, or is not JSON`);
  }
  const isObject = typeof entries === "object" && entries !== null && Object.hasOwn(entries, subgraph);
  const text = isObject ? (entries as Readonly<Record<string, unknown>>)[subgraph] : undefined;
  if (typeof text !== "string") throw new Error(`SUBGRAPH_KEYS_FILE: ${path} has no keys for ${subgraph}`);
  return text;
}
