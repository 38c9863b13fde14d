/**
 * The keys of a development machine: made from one secret, in a file that is never committed, by whoever needs it first.
 * `npm start` hands them to the gateway and to the subgraphs.
 */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * SUBGRAPH_KEY_<NAME>'s values by subgraph, the same on every start. Throws a line that says what to do when what is in
 * `home` is no secret.
 */
export function developmentKeys(home: string, subgraphs: readonly string[]): Readonly<Record<string, string>> {
  const path = join(home, "subgraph-secret");
  const secret = readIfThere(path) ?? makeSecret(home, path);
  if (!/^[\w-]{43}$/.test(secret))
    throw new Error(`${path} is not a secret of this kind; delete it and a new one is made`);
  return Object.fromEntries(
    subgraphs.map((name) => {
      const key = createHmac("sha256", secret).update(`subgraph ${name}`).digest("base64url");
      return [name, `development:${key}`];
    }),
  );
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
function makeSecret(home: string, path: string): string {
  const secret = randomBytes(32).toString("base64url");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, secret, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, path);
    return secret;
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    return readFileSync(path, "utf8");
  } finally {
    rmSync(draft);
  }
}
