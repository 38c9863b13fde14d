/** The keys that requests to subgraphs are signed with, from settings or a file. INVARIANT: no message contains one. */
import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SigningKey } from "./signature.ts";

export type SigningKeySettings = {
  /** SUBGRAPH_KEY_<NAME>'s values, by <NAME>: `id:key`, and a second one behind a comma. */
  readonly keys: Readonly<Record<string, string>>;
  /** SUBGRAPH_KEYS_FILE's path, or empty. */
  readonly file: string;
};

/**
 * The keys shared with a subgraph. The first signs; both are taken from it while one replaces the other. Undefined where
 * there is none. `settingName`: what stands for a subgraph's name in settings.
 * Throws with every refusal in one message.
 */
export function readSigningKeys(
  { keys, file }: SigningKeySettings,
  settingName: (subgraph: string) => string,
): (subgraph: string) => readonly [SigningKey, ...SigningKey[]] | undefined {
  const refusals: string[] = [];
  const known = new Map<string, readonly [SigningKey, ...SigningKey[]]>();
  const add = (name: string, text: string, where: string) => {
    const parsed = parseKeys(text);
    if (typeof parsed === "string") refusals.push(`${where} ${parsed}`);
    else if (!known.has(name)) known.set(name, parsed);
  };
  for (const [name, text] of Object.entries(keys)) add(name, text, `SUBGRAPH_KEY_${name}`);
  if (file !== "") {
    const entries = readKeysFile(file);
    for (const [subgraph, text] of Object.entries(entries)) add(settingName(subgraph), text, `${file}: ${subgraph}`);
  }
  if (refusals.length > 0) throw new Error(refusals.join("\n"));
  return (subgraph) => known.get(settingName(subgraph));
}

function readKeysFile(path: string): Readonly<Record<string, string>> {
  let entries: unknown;
  try {
    entries = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    // The parser's own message may quote what stands there.
    throw new Error(`${path} ${(error as { code?: string }).code === undefined ? "is not JSON" : "cannot be read"}`);
  }
  const isObject = typeof entries === "object" && entries !== null && !Array.isArray(entries);
  if (!isObject || !Object.values(entries as object).every((each) => typeof each === "string"))
    throw new Error(`${path} must be an object: keys by subgraph, each of the form id:key or id:key,id:key`);
  return entries as Readonly<Record<string, string>>;
}

/** The keys, or what is wrong. */
function parseKeys(text: string): readonly [SigningKey, ...SigningKey[]] | string {
  const pairs = text.split(",").map((each) => /^([\w.-]{1,64}):([\w-]{43,1024})$/.exec(each.trim()));
  const [first, ...others] = pairs.flatMap((pair) => {
    if (pair === null) return [];
    const [, id = "", secret = ""] = pair;
    return [{ id, secret: createSecretKey(Buffer.from(secret, "base64url")) }];
  });
  if (pairs.length > 2 || pairs.includes(null) || !first)
    return "must be id:key, or id:key,id:key: an id of letters, digits and ._-, a key of at least 32 bytes in base64url";
  if (others.some(({ id }) => id === first.id)) return "has two keys of one id";
  return [first, ...others];
}
