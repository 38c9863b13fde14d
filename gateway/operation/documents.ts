/**
 * Trusted documents: operations known beforehand, asked for by their id. Read once at start, from a folder of `.graphql`
 * files or from a manifest as Apollo's tools write it (`apollo-persisted-query-manifest`, version 1).
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { GraphQLError, parse } from "graphql";
import { type Refusal, refuse } from "../errors.ts";

export type DocumentsMode = "off" | "prefer" | "require";

export type DocumentsSettings = {
  /** A folder or a manifest; empty: no documents. */
  readonly path: string;
  /** `require`: nothing else is taken. */
  readonly mode: DocumentsMode;
};

export type TrustedDocuments = {
  /** The text to prepare. `documentId`: hexadecimal SHA-256, `sha256:` before it or not. */
  readonly resolve: (asked: {
    readonly query: string | null;
    readonly documentId: string | null;
  }) => { readonly query: string } | Refusal;
  /** All of them, so that their plans can be made ahead. */
  readonly texts: readonly string[];
};

/** Throws, naming file and reason, for documents that are not as they should be. */
export function openDocuments({ path, mode }: DocumentsSettings): TrustedDocuments {
  const byId = mode === "off" || path === "" ? new Map<string, string>() : readDocuments(path);
  if (mode === "require" && byId.size === 0) throw new Error(`${path || "no documents"}: there is nothing to require`);
  return {
    texts: [...new Set(byId.values())],
    resolve({ query, documentId }) {
      if (documentId === null) {
        if (query === null) return refuse("BAD_REQUEST", "query or documentId is required, as a string");
        return mode === "require" ? refuse("PERSISTED_QUERY_ID_REQUIRED") : { query };
      }
      const id = withoutPrefix(documentId);
      const known = byId.get(id);
      if (query !== null && query !== known && sha256(query) !== id)
        return refuse("BAD_REQUEST", "the document's id is not the hash of this query");
      if (known !== undefined) return { query: known };
      return query !== null && mode !== "require" ? { query } : refuse("PERSISTED_QUERY_NOT_IN_LIST");
    },
  };
}

function readDocuments(path: string): Map<string, string> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw new Error(`${path}: there is no such file or folder`);
  return isFolder ? readFolder(path) : readManifest(path);
}

function readFolder(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  const byId = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (!name.endsWith(".graphql")) continue;
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    const id = sha256(text);
    const same = files.get(id);
    if (same !== undefined) throw new Error(`${file}: the same document as ${same}`);
    requireGraphql(file, text);
    files.set(id, file);
    byId.set(id, text);
  }
  return byId;
}

function readManifest(file: string): Map<string, string> {
  const fail = (reason: string): never => {
    throw new Error(`${file}: ${reason}`);
  };
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return fail("not JSON");
  }
  const { format, version, operations } = (isObject(manifest) ? manifest : {}) as Readonly<Record<string, unknown>>;
  if (format !== "apollo-persisted-query-manifest") fail("its format is not apollo-persisted-query-manifest");
  if (version !== 1) fail("its version is not 1");
  if (!Array.isArray(operations)) return fail("it has no list of operations");
  const byId = new Map<string, string>();
  for (const [index, each] of (operations as readonly unknown[]).entries()) {
    const { id, body } = (isObject(each) ? each : {}) as Readonly<Record<string, unknown>>;
    const at = `operation ${index}`;
    if (typeof id !== "string" || id === "" || typeof body !== "string")
      return fail(`${at} needs an id and a body, as strings`);
    const plain = withoutPrefix(id);
    if (looksLikeHash(plain) && plain !== sha256(body)) fail(`${at}: its id is not the hash of its body`);
    if (byId.has(plain)) fail(`${at}: its id stands twice`);
    requireGraphql(`${file}: ${at}`, body);
    byId.set(plain, body);
  }
  return byId;
}

function requireGraphql(where: string, text: string): void {
  try {
    parse(text, { noLocation: true });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const [at] = error.locations ?? [];
    throw new Error(`${where}: not GraphQL${at ? `, line ${at.line}, column ${at.column}` : ""}`);
  }
}

function withoutPrefix(id: string): string {
  const plain = id.startsWith("sha256:") ? id.slice("sha256:".length) : id;
  return looksLikeHash(plain) ? plain.toLowerCase() : plain;
}

function looksLikeHash(id: string): boolean {
  return /^[0-9a-f]{64}$/i.test(id);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
