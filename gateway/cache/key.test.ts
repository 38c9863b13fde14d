import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Question } from "../subgraph/call.ts";
import { keyText, openKeys, shortKey } from "./key.ts";

const pairs = Number(process.env.PROOF_KEYS ?? 2000);

/** What a key is made of: subgraph, question, variables, representation. */
type Asked = readonly [subgraph: string, text: string, variables: string, representation: string | null];

/** Made of what delimits, so that parts of two keys may well read the same together. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom("1", "2", ":", "r", "e", "{", "}", '"', " "), maxLength: 4 }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
);
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));
const asked: fc.Arbitrary<Asked> = fc.tuple(
  text,
  text,
  fc.oneof(json, text),
  fc.option(fc.oneof(json, text), { nil: null }),
);

/** Another of the same, or the same with one cut between two parts moved. */
const pair = fc.oneof(
  fc.tuple(asked, asked),
  fc.tuple(asked, fc.nat(3), fc.nat(8)).map(([one, at, by]): [Asked, Asked] => {
    const parts = one.map((each) => each ?? "");
    const [left = "", right = ""] = [parts[at], parts[at + 1]];
    const joined = left + right;
    parts[at] = joined.slice(0, by);
    if (at < 3) parts[at + 1] = joined.slice(by);
    return [one, parts as unknown as Asked];
  }),
);

const isSame = (one: Asked, other: Asked) => one.every((each, index) => each === other[index]);
const question = (of: string): Question => ({ text: of, lifetime: null, tagsOf: () => [] });

test("T63: keys are the same only for what is the same in every part, in this process and beyond", () => {
  const keys = openKeys();
  const short = ([subgraph, of, variables, representation]: Asked) =>
    shortKey(keys.prefixOf(subgraph, question(of)), variables, representation);
  let compared = 0;
  fc.assert(
    fc.property(pair, ([one, other]) => {
      compared += 1;
      expect(keyText(...one) === keyText(...other)).toBe(isSame(one, other));
      expect(short(one) === short(other)).toBe(isSame(one, other));
    }),
    { numRuns: pairs },
  );
  console.log(`result: ${compared} pairs, and no two keys alike that are not of the same`);
}, 600_000);

describe("T63: apart are", () => {
  const key = (representation: unknown, variables: unknown = {}) =>
    keyText("eoir", "Person { name }", JSON.stringify(variables), JSON.stringify(representation));
  test.each<readonly [string, string, string]>([
    ["null and missing", key({ a: null }), key({})],
    ["a variable that is null and one that is missing", key({}, { a: null }), key({}, {})],
    ["a number and its text", key({ a: 1 }), key({ a: "1" })],
    ["a text composed and decomposed", key({ a: "\u00e9" }), key({ a: "e\u0301" })],
    ["two orders of keys", key({ a: 1, b: 2 }), key({ b: 2, a: 1 })],
    ["false and null", key({ a: false }), key({ a: null })],
    ["a list of one and what is in it", key({ a: ["x"] }), key({ a: "x" })],
    ["a root and an entity", keyText("a", "b", "{}", null), keyText("a", "b", "{}", "")],
    ["a root and an entity that reads as one", keyText("a", "b", "{}", null), keyText("a", "b", "{}", "r")],
    ["a value with a delimiter and two values", keyText("a", "b:c", "{}", null), keyText("a:b", "c", "{}", null)],
  ])("%s", (_, one, other) => {
    expect(one).not.toBe(other);
  });
});

test("a question forgotten for others gets another number: what was kept under the old one is not found", () => {
  const keys = openKeys(1);
  const first = keys.prefixOf("eoir", question("a"));
  expect(keys.prefixOf("eoir", question("a"))).toBe(first);
  keys.prefixOf("eoir", question("b"));
  expect(keys.prefixOf("eoir", question("a"))).not.toBe(first);
});
