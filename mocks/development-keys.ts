/**
 * Secrets of a development machine: made once, by whoever needs them first, in files that are never committed.
 * `npm start` makes the keys of all subgraphs of one of them; the issuer's own is in issuer/keys.ts.
 */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder for what is made on this machine and never committed. */
export function defaultHome(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.CROSSWALK_HOME || fileURLToPath(new URL("../.crosswalk", import.meta.url));
}

/**
 * SUBGRAPH_KEY_<NAME>'s values by subgraph, the same on every start. Throws a line that says what to do when what is in
 * `home` is no secret.
 */
export function developmentKeys(home: string, subgraphs: readonly string[]): Readonly<Record<string, string>> {
  const path = join(home, "subgraph-secret");
  const secret = readIfThere(path) ?? writeOnce(path, randomBytes(32).toString("base64url"));
  if (!/^[\w-]{43}$/.test(secret))
    throw new Error(`${path} is not a secret of this kind; delete it and a new one is made`);
  return Object.fromEntries(
    subgraphs.map((name) => {
      const key = createHmac("sha256", secret).update(`subgraph ${name}`).digest("base64url");
      return [name, `development:${key}`];
    }),
  );
}

export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Whole or not at all: the file is written beside, then given its name. Gives what is there afterwards: whoever comes
 * second uses the first's.
 */
export function writeOnce(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
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
