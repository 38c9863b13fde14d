import { expect, test } from "@jest/globals";
import { buildSchema } from "graphql";
import { rememberedDocuments } from "./documents.ts";

const schema = buildSchema("type Query { a: Int }");

test("a document is read once, and found valid once", () => {
  const { parse, validate } = rememberedDocuments();
  const document = parse("{ a }");
  expect(parse("{ a }")).toBe(document);
  expect([validate(schema, document), validate(schema, document)]).toEqual([[], []]);
});

test("what is not valid is refused each time", () => {
  const { parse, validate } = rememberedDocuments();
  for (let time = 0; time < 2; time++) expect(validate(schema, parse("{ b }"))).toHaveLength(1);
});

test("what is no document is refused each time", () => {
  const { parse } = rememberedDocuments();
  for (let time = 0; time < 2; time++) expect(() => parse("{")).toThrow(/Syntax Error/);
});

test("as many are remembered as there is room for", () => {
  const { parse } = rememberedDocuments();
  const first = parse("{ a }");
  for (let at = 0; at < 500; at++) parse(`{ a${at}: a }`);
  expect(parse("{ a }")).not.toBe(first);
});
