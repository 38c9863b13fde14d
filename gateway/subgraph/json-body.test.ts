import { describe, expect, test } from "@jest/globals";
import { maxDepth, readJson } from "./json-body.ts";

const nested = (levels: number, inside = "") => Buffer.from("[".repeat(levels) + inside + "]".repeat(levels));

test.each([
  ["ASCII", '{"a":"b"}', { a: "b" }],
  ["letters beyond ASCII", '{"name":"Müller 漢字 🙂"}', { name: "Müller 漢字 🙂" }],
  ["a byte order mark before ASCII", "\uFEFF[1]", [1]],
  ["a byte order mark before other letters", '\uFEFF"é"', "é"],
])("%s is read", (_, text, value) => {
  expect(readJson(Buffer.from(text))).toEqual(value);
});

test.each([
  ["nothing", Buffer.alloc(0)],
  ["a byte order mark alone", Buffer.from("\uFEFF")],
  ["two byte order marks", Buffer.from("\uFEFF\uFEFF1")],
  ["Latin-1", Buffer.from('"é"', "latin1")],
  ["an overlong form", Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ["half of a surrogate pair as bytes", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ["a letter cut in two", Buffer.from('"é').subarray(0, 2)],
  ["UTF-16", Buffer.from('{"a":1}', "utf16le")],
])("%s is refused", (_, bytes) => {
  expect(() => readJson(bytes)).toThrow();
});

test("members named __proto__ and members that stand twice are inert", () => {
  const body = readJson(
    Buffer.from('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1,"a":2}'),
  );
  expect(Object.keys(body as object)).toEqual(["__proto__", "constructor", "a"]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
});

describe("T74: an answer nested a million deep", () => {
  test.each([
    ["lists", nested(1_000_000)],
    ["objects", Buffer.from(`${'{"a":'.repeat(1_000_000)}1${"}".repeat(1_000_000)}`)],
    ["lists after strings that look like their ends", Buffer.from(`["${']\\"}'.repeat(9)}",${nested(1_000_000)}]`)],
    ["lists between others", Buffer.from(`${"[[0],".repeat(300_000)}0${"]".repeat(300_000)}`)],
  ])("is refused before it is parsed: %s", (_, bytes) => {
    expect(() => readJson(bytes)).toThrow("nested too deep");
  });

  test("is not mistaken for a large answer with brackets in its strings", () => {
    const list = Array.from({ length: 40_000 }, (_, index) => ({ text: `[[[{{{"\\ ${index}`, inner: [{ a: [] }] }));
    const text = JSON.stringify(list);
    expect(JSON.stringify(readJson(Buffer.from(text))) === text).toBe(true);
  });

  test("in a body too small to be looked at is parsed without overflowing", () => {
    expect(Array.isArray(readJson(nested(65_000)))).toBe(true);
  });
});

test("what the depth permits can be written again", () => {
  let value: unknown = 1;
  for (let level = 0; level < maxDepth; level++) value = { a: [value] };
  expect(() => JSON.stringify(value)).not.toThrow();
});
