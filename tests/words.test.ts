/** Names that say nothing are not used; and nothing tracked names a machine or a package registry. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readSource, root, type SourceFile, sourceTree } from "./source-tree.ts";

const emptyWords = ["manager", "helper", "util", "utility", "common", "base", "service", "data", "info", "processor"];
const forbidden = new Set(emptyWords.flatMap((word) => [word, `${word}s`, word.replace(/y$/, "ies")]));

/** `readI94Data` → read, i94, data; `entity-cache.ts` → entity, cache, ts. */
function wordsOf(name: string): readonly string[] {
  const words = name.match(/[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])/g) ?? [];
  return words.map((word) => word.toLowerCase());
}

function emptyNamesIn({ path, exports }: SourceFile): readonly string[] {
  const names = [...path.split("/"), ...exports];
  return names.filter((name) => wordsOf(name).some((word) => forbidden.has(word))).map((name) => `${path}: ${name}`);
}

/** Tracked files that are there now (one may have just been removed), as text. */
const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)))
  .map((path) => ({ path, text: readFileSync(join(root, path), "latin1") }));

// Written so that this file does not hold what it looks for.
const registryHost =
  /\bregistry\.[a-z0-9.-]+\.(org|com|io|net|dev)\b|\b(npmjs|yarnpkg|pypi|pythonhosted|rubygems)\.(org|com)\b|\bproxy\.golang\.org\b|\bstatic\.crates\.io\b/;
const machinePath = /(?<![\w.\-/$}\\])\/(?:work|root)(?![\w-])|(?<![\w.\-/$}\\])\/tmp\/\w/;

const linesWith = (pattern: RegExp, { path, text }: { readonly path: string; readonly text: string }) =>
  text.split("\n").flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : []));

describe("names", () => {
  test("of files and exports say something", () => {
    expect(sourceTree().flatMap(emptyNamesIn)).toEqual([]);
    const others = tracked.filter(({ path }) => !path.endsWith(".ts")).map(({ path }) => ({ path, exports: [] }));
    expect(others.flatMap((each) => emptyNamesIn({ ...each, references: [], readsEnvironment: false }))).toEqual([]);
  });

  test.each([
    ["gateway/cache-manager.ts", ""],
    ["gateway/utils/x.ts", ""],
    ["mocks/common.ts", ""],
    ["gateway/x.ts", "export const helper = 1;"],
    ["gateway/x.ts", "export function processorOf() {}"],
    ["gateway/x.ts", "export class BaseSource {}"],
    ["gateway/x.ts", "export type UserInfo = string;"],
    ["gateway/x.ts", "export interface PersonData {}"],
    ["gateway/x.ts", "export const { personService, b } = c;"],
    ["gateway/x.ts", "const a = 1; export { a as utilities };"],
    ["gateway/x.ts", 'export * as helpers from "./y.ts";'],
  ])("such as %s with `%s` would be caught", (path, text) => {
    expect(emptyNamesIn(readSource(path, text))).not.toEqual([]);
  });

  test.each([
    ["mocks/ice/existing-database.ts", "export const readBaseline = 1; const data = 2;"],
    ["gateway/x.ts", 'import { helper } from "elsewhere"; export type Informed = { data: string };'],
  ])("such as %s with `%s` are let be", (path, text) => {
    expect(emptyNamesIn(readSource(path, text))).toEqual([]);
  });
});

describe("no tracked file", () => {
  test("names a package registry's host", () => {
    expect(tracked.flatMap((each) => linesWith(registryHost, each))).toEqual([]);
  });

  test("names a path of one machine", () => {
    expect(tracked.flatMap((each) => linesWith(machinePath, each))).toEqual([]);
  });

  test("could do so unseen", () => {
    expect(tracked.length).toBeGreaterThan(100);
    const dotted = (...parts: string[]) => parts.join(".");
    for (const host of [
      dotted("registry", "npmjs", "org"),
      dotted("files", "pythonhosted", "org"),
      dotted("registry", "example", "com"),
    ])
      expect(linesWith(registryHost, { path: "x", text: `a\nsee https://${host}/undici\n` })).toEqual(["x:2"]);
    const slashed = (...parts: string[]) => `/${parts.join("/")}`;
    for (const path of [slashed("work", "main"), slashed("work"), slashed("root", ".npm"), slashed("tmp", "x")])
      for (const text of [`see ${path}`, `"${path}"`, `=${path}`, `file:${path}`, path])
        expect(linesWith(machinePath, { path: "x", text })).toEqual(["x:1"]);
    for (const text of [
      "tests/work/x",
      "./root/x",
      "the /tmp folder",
      "join(tmpdir(), name)",
      "/workers/a",
      "homework/root",
    ])
      expect(linesWith(machinePath, { path: "x", text })).toEqual([]);
  });
});
