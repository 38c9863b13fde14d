import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { readSigningKeys } from "./signing-keys.ts";

const folder = mkdtempSync(join(tmpdir(), "keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

const newKey = () => randomBytes(32).toString("base64url");
const upper = (name: string) => name.toUpperCase();
const fileOf = (text: string): string => {
  const path = join(folder, `${randomBytes(4).toString("hex")}.json`);
  writeFileSync(path, text);
  return path;
};

test("a subgraph's keys stand in their order; its own setting stands before the file", () => {
  const [first, second, third] = [newKey(), newKey(), newKey()];
  const file = fileOf(JSON.stringify({ obim: `c:${third}`, ice: `c:${third}` }));
  const keysOf = readSigningKeys({ keys: { OBIM: `a:${first}, b:${second}` }, file }, upper);
  const shown = (name: string) => keysOf(name)?.map(({ id, secret }) => [id, secret.export().toString("base64url")]);
  expect([shown("obim"), shown("ice"), shown("cbp")]).toEqual([
    [
      ["a", first],
      ["b", second],
    ],
    [["c", third]],
    undefined,
  ]);
});

const secret = newKey();
test.each([
  ["no id", { X: secret }, "", /^SUBGRAPH_KEY_X must be id:key/],
  ["a short key", { X: `a:${secret.slice(1)}` }, "", /^SUBGRAPH_KEY_X must be id:key/],
  ["three keys", { X: `a:${secret},b:${secret},c:${secret}` }, "", /^SUBGRAPH_KEY_X must/],
  ["two of one id", { X: `a:${secret},a:${secret}` }, "", /^SUBGRAPH_KEY_X has two keys of one id/],
  ["no file", {}, join(folder, "none"), /none cannot be read$/],
  ["no JSON", {}, fileOf(`a:${secret}`), /is not JSON$/],
  ["a list", {}, fileOf(`["a:${secret}"]`), /must be an object/],
  ["a file with one bad key", {}, fileOf(`{"x":"${secret}"}`), /: x must be id:key/],
])("%s is refused by name, and never shown", (_what, keys, file, message) => {
  const read = () => readSigningKeys({ keys, file }, upper);
  expect(read).toThrow(message);
  try {
    read();
  } catch (error) {
    expect(String((error as Error).stack)).not.toContain(secret.slice(1, 20));
  }
});
