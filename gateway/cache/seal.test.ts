import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { nameOf, randomCacheKeys, readCacheKeys, seal, unseal } from "./seal.ts";

const secret = (of: string) => Buffer.alloc(32, of).toString("base64url");

describe("a sealed text", () => {
  const [key] = randomCacheKeys();
  const [other] = randomCacheKeys();
  const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.json()).filter((text) => text.isWellFormed());

  test("opens with its key under its name, and in no other way", () => {
    fc.assert(
      fc.property(anyText, fc.string(), fc.string(), (text, one, two) => {
        const sealed = seal(key, one, text);
        expect(unseal(key, one, sealed)?.toString("utf8")).toBe(text);
        expect(unseal(other, one, sealed)).toBeNull();
        if (one !== two) expect(unseal(key, two, sealed)).toBeNull();
      }),
    );
  });

  test("does not open with any bit changed, or cut anywhere", () => {
    const sealed = seal(key, "name", "text");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([bit, unseal(key, "name", changed)]).toEqual([bit, null]);
    }
    for (let length = 0; length < sealed.length; length++)
      expect(unseal(key, "name", sealed.subarray(0, length))).toBeNull();
  });

  test("is never the same twice", () => {
    expect(new Set(Array.from({ length: 100 }, () => seal(key, "name", "text").toString("hex"))).size).toBe(100);
  });
});

describe("a name", () => {
  const [key] = randomCacheKeys();
  const [other] = randomCacheKeys();

  test("is the same for the same key text alone, and says nothing of it", () => {
    expect(nameOf(key, "A037182818")).toBe(nameOf(key, "A037182818"));
    expect(nameOf(key, "A037182818")).not.toBe(nameOf(key, "A037182819"));
    expect(nameOf(key, "A037182818").split(":").at(-1)).not.toBe(nameOf(other, "A037182818").split(":").at(-1));
    expect(nameOf(key, "A037182818")).toMatch(/^crosswalk:e:[0-9a-f]{12}:[\w-]{43}$/);
  });
});

describe("the keys", () => {
  test("are read in their order, from the setting or from a file", () => {
    const keys = `new:${secret("n")}, old:${secret("o")}`;
    const folder = mkdtempSync(join(tmpdir(), "crosswalk-keys-"));
    const file = join(folder, "keys");
    writeFileSync(file, `${keys}\n`);
    for (const settings of [
      { keys, file: "" },
      { keys: "", file },
    ])
      expect(readCacheKeys(settings)?.map(({ id }) => id)).toEqual(["new", "old"]);
    rmSync(folder, { recursive: true });
    expect(readCacheKeys({ keys: "", file: "" })).toBeNull();
  });

  test("give the same names in every process, and others for another secret of the same id", () => {
    const read = (of: string) => readCacheKeys({ keys: `a:${secret(of)}`, file: "" })?.[0];
    const [one, same, another] = [read("x"), read("x"), read("y")];
    if (!one || !same || !another) throw new Error("not read");
    expect(nameOf(same, "k")).toBe(nameOf(one, "k"));
    expect(nameOf(another, "k")).not.toBe(nameOf(one, "k"));
    expect(unseal(same, "n", seal(one, "n", "t"))?.toString()).toBe("t");
    expect(unseal(another, "n", seal(one, "n", "t"))).toBeNull();
  });

  test.each([
    [{ keys: "hunter2", file: "" }, /^CACHE_KEYS must be id:secret/],
    [{ keys: "a:hunter2", file: "" }, /^CACHE_KEYS must be id:secret/],
    [{ keys: `a:${secret("h")},`, file: "" }, /^CACHE_KEYS must be id:secret/],
    [{ keys: `a:${secret("h")},a:${secret("i")}`, file: "" }, /^CACHE_KEYS takes 4 keys at most, of different ids/],
    [
      {
        keys: "abcde"
          .split("")
          .map((id) => `${id}:${secret(id)}`)
          .join(","),
        file: "",
      },
      /^CACHE_KEYS takes 4 keys/,
    ],
    [{ keys: "", file: "nowhere/at/all" }, /^CACHE_KEYS_FILE: nowhere\/at\/all cannot be read/],
    [{ keys: `a:${secret("h")}`, file: "x" }, /^set one of CACHE_KEYS and CACHE_KEYS_FILE/],
  ])("are refused without a word of what is secret: %j", (settings, message) => {
    const read = () => readCacheKeys(settings);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/hunter2|aGho/);
  });
});
