import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type DocumentsMode, openDocuments } from "./documents.ts";

const folder = mkdtempSync(join(tmpdir(), "documents-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const known = "{ person { fin } }\n";
const other = "query Other { holdCheck { state } }";
const unknown = "{ unknown }";

let count = 0;
function files(texts: Readonly<Record<string, string>>): string {
  const path = join(folder, String(count++));
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}
const manifest = (content: unknown) =>
  join(files({ "manifest.json": typeof content === "string" ? content : JSON.stringify(content) }), "manifest.json");
const operations = (...all: readonly object[]) => ({
  format: "apollo-persisted-query-manifest",
  version: 1,
  operations: all,
});

const fromFolder = () => files({ "a.graphql": known, "deep/b.graphql": other, "readme.md": "not a document" });
const fromManifest = () =>
  manifest(operations({ id: sha256(known), name: "A", type: "query", body: known }, { id: "other", body: other }));

function answer(mode: DocumentsMode, query: string | null, documentId: string | null, path = fromFolder()) {
  const resolved = openDocuments({ path, mode }).resolve({ query, documentId });
  return "refused" in resolved ? resolved.refused[0]?.extensions.code : resolved.query;
}

describe("a trusted document", () => {
  test.each<[title: string, mode: DocumentsMode, query: string | null, documentId: string | null, expected: string]>([
    ["is taken by its id", "require", null, sha256(known), known],
    ["is taken by its id with a prefix, in capitals", "require", null, `sha256:${sha256(known).toUpperCase()}`, known],
    ["is taken by its id and its text", "require", known, sha256(known), known],
    ["is not taken by its text alone where ids are required", "require", known, null, "PERSISTED_QUERY_ID_REQUIRED"],
    ["is preferred, but others are taken", "prefer", unknown, null, unknown],
    ["is not looked for where they are off", "off", null, sha256(known), "PERSISTED_QUERY_NOT_IN_LIST"],
  ])("%s", (_, mode, query, documentId, expected) => expect(answer(mode, query, documentId)).toBe(expected));

  test.each<[title: string, mode: DocumentsMode, query: string | null, documentId: string | null, expected: string]>([
    ["an id that nobody knows", "prefer", null, sha256(unknown), "PERSISTED_QUERY_NOT_IN_LIST"],
    [
      "another text, with its id, where ids are required",
      "require",
      unknown,
      sha256(unknown),
      "PERSISTED_QUERY_NOT_IN_LIST",
    ],
    ["another text, without an id, where ids are required", "require", unknown, null, "PERSISTED_QUERY_ID_REQUIRED"],
    ["an id with a text that is not its", "prefer", unknown, sha256(known), "BAD_REQUEST"],
    ["an id with a text that is not its, where ids are required", "require", unknown, sha256(known), "BAD_REQUEST"],
    ["an id with a text that is not its, where they are off", "off", unknown, sha256(known), "BAD_REQUEST"],
    ["T88: `__proto__` as an id", "prefer", null, "__proto__", "PERSISTED_QUERY_NOT_IN_LIST"],
    ["neither", "prefer", null, null, "BAD_REQUEST"],
  ])("is not %s", (_, mode, query, documentId, expected) => expect(answer(mode, query, documentId)).toBe(expected));

  test("may have an id that is no hash in a manifest", () => {
    expect(answer("require", null, "other", fromManifest())).toBe(other);
    expect(answer("require", null, `sha256:${sha256(known)}`, fromManifest())).toBe(known);
    expect(answer("require", other, "other", fromManifest())).toBe(other);
    expect(answer("require", unknown, "other", fromManifest())).toBe("BAD_REQUEST");
  });

  test.each([fromFolder, fromManifest])("can be listed, to be planned ahead", (source) =>
    expect(openDocuments({ path: source(), mode: "prefer" }).texts).toEqual([known, other]),
  );
});

describe("the gateway does not start with", () => {
  const stands =
    (path: () => string, mode: DocumentsMode = "prefer") =>
    () =>
      openDocuments({ path: path(), mode });
  test.each<[title: string, open: () => unknown, reason: RegExp]>([
    ["a path where nothing is", stands(() => join(folder, "nothing")), /nothing: there is no such file or folder$/],
    ["nothing to require", stands(() => files({ "readme.md": "" }), "require"), /there is nothing to require$/],
    ["nothing to require at all", stands(() => "", "require"), /there is nothing to require$/],
    [
      "one document twice",
      stands(() => files({ "a.graphql": known, "b.graphql": known })),
      /b\.graphql: the same document as .*a\.graphql$/,
    ],
    [
      "a document that is not GraphQL",
      stands(() => files({ "a.graphql": "{ secret(" })),
      /a\.graphql: not GraphQL, line 1, column 10$/,
    ],
    ["a manifest that is not JSON", stands(() => manifest("{")), /manifest\.json: not JSON$/],
    [
      "a manifest of another format",
      stands(() => manifest({ format: "relay", version: 1, operations: [] })),
      /its format is not apollo-persisted-query-manifest$/,
    ],
    ["a manifest of another version", stands(() => manifest({ ...operations(), version: 2 })), /its version is not 1$/],
    [
      "a manifest without operations",
      stands(() => manifest({ ...operations(), operations: {} })),
      /it has no list of operations$/,
    ],
    [
      "a manifest's operation without a body",
      stands(() => manifest(operations({ id: "a" }))),
      /operation 0 needs an id and a body, as strings$/,
    ],
    [
      "an id that is not the hash of its body",
      stands(() => manifest(operations({ id: sha256(other), body: known }))),
      /operation 0: its id is not the hash of its body$/,
    ],
    [
      "an id that stands twice",
      stands(() => manifest(operations({ id: "a", body: known }, { id: "a", body: other }))),
      /operation 1: its id stands twice$/,
    ],
    [
      "a manifest's operation that is not GraphQL",
      stands(() => manifest(operations({ id: "a", body: "{ secret(" }))),
      /operation 0: not GraphQL, line 1, column 10$/,
    ],
  ])("%s", (_, open, reason) => expect(open).toThrow(reason));

  test("is not asked of documents that are off", () => {
    expect(openDocuments({ path: join(folder, "nothing"), mode: "off" }).texts).toEqual([]);
  });
});
