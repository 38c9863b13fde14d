import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseStrictJson } from "./strict-json.ts";

const parse = (text: string) => parseStrictJson(Buffer.from(text));

describe("strict JSON", () => {
  test("reads what JSON.parse reads of any value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("refuses a member named twice, at any depth and in any spelling", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), fc.nat({ max: 3 }), (name, one, other, depth) => {
        const escaped = [...name].map((each) =>
          [...Array(each.length).keys()]
            .map((at) => `\\u${each.charCodeAt(at).toString(16).padStart(4, "0")}`)
            .join(""),
        );
        const object = `{${JSON.stringify(name)}:${JSON.stringify(one)} , "${escaped.join("")}":${JSON.stringify(other)}}`;
        expect(() => parse(`${'[0,{"a":'.repeat(depth)}${object}${"}]".repeat(depth)}`)).toThrow("named twice");
      }),
    );
  });

  test.each(["", "{", "{a:1}", "[1,]", "\uFEFF{}", '{"a":1}{}'])("%j is no JSON", (text) => {
    expect(() => parse(text)).toThrow();
  });

  test("bytes that are not UTF-8 are no JSON", () => {
    expect(() => parseStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow();
  });

  test("the same name in different objects is no repetition", () => {
    const text = '[{"a":"{\\"a\\":1}"},{"a":{"a":[{"a":1},"a","a"]},"b":"a"}]';
    expect(parse(text)).toEqual(JSON.parse(text));
  });
});
