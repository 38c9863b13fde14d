import { describe, expect, test } from "@jest/globals";
import { buildSchema, print } from "graphql";
import { describeInputType } from "./input-forms.ts";
import { type PreparedOperation, preparer } from "./prepare.ts";
import { splitRoot } from "./root.ts";

const schema = buildSchema(`
  type Query { node(id: ID, in: In, kind: Kind): Node  c1_: Int }
  type Mutation { set(id: ID): Node }
  type Node { node(first: Int): Node  a: Int  b: Int  c2_: Int }
  input In { a: Int  list: [Int!]  deep: In }
  input Choice @oneOf { a: Int  b: String }
  enum Kind { ONE TWO }
`);
const fieldNames = new Set(["node", "a", "b", "c1_", "c2_", "hidden"]);
const prepare = preparer({ apiSchema: schema, fieldNames, introspection: true, maxDocuments: 2 });
const request = (query: string, variables = {}, operationName: string | null = null) => ({
  query,
  variables,
  operationName,
});

function prepared(query: string, variables = {}): PreparedOperation {
  const operation = prepare(request(query, variables));
  if ("refused" in operation) throw new Error(JSON.stringify(operation.refused));
  return operation;
}
const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

describe("internal names", () => {
  test("aliases, fields with arguments, variables, fragments and the operation's name become ours; the rest stays", () => {
    const { document, variables, name } = prepared(
      "query Q($x: ID) { y: node(id: $x) { ...F a b: a } } fragment F on Node { node(first: 1) { z: b } }",
      { x: 7 },
    );
    expect(oneLine(print(document))).toBe(
      "query ($v1_: ID) { c3_: node(id: $v1_) { ...f1_ a c4_: a } } fragment f1_ on Node { c5_: node(first: 1) { c6_: b } }",
    );
    expect(variables).toEqual({ v1_: "7" });
    expect(name).toBe("Q");
  });

  test("no internal key is the name of any field", () => {
    expect(oneLine(print(prepared("{ x: c1_ y: node { z: c2_ } }").document))).toBe(
      "{ c3_: c1_ c4_: node { c5_: c2_ } }",
    );
  });
});

describe("limits", () => {
  const nested = (levels: number) => `{ ${"node { ".repeat(levels - 1)}a${" }".repeat(levels)}`;
  const codes = (query: string) => {
    const operation = prepare(request(query));
    return "refused" in operation ? operation.refused.map(({ extensions }) => extensions.code) : [];
  };
  test("twelve levels pass, thirteen do not, in fragments too", () => {
    expect(codes(nested(12))).toEqual([]);
    expect(codes(nested(13))).toEqual(["MAX_DEPTH_LIMIT"]);
    const spread = `{ node { ...F } } fragment F on Node ${nested(12).replace("{ node", "{ n: node")}`;
    expect(codes(spread)).toEqual(["MAX_DEPTH_LIMIT"]);
  });
  test("a fragment that doubles is counted as often as it stands", () => {
    const doubling = (levels: number) =>
      `{ node { ...F0 } } ${Array.from({ length: levels }, (_, each) => `fragment F${each} on Node { x: node { ...F${each + 1} } y: node { ...F${each + 1} } }`).join(" ")} fragment F${levels} on Node { a }`;
    expect(codes(doubling(9))).toEqual([]);
    expect(codes(doubling(10))).toEqual(["MAX_FIELDS_LIMIT"]);
  });
});

test("the same text is prepared once, and the longest unused one is forgotten", () => {
  const first = prepared("{ c1_ }");
  expect(prepared("{ c1_ }").document).toBe(first.document);
  prepared("{ a: c1_ }");
  prepared("{ b: c1_ }");
  expect(prepared("{ c1_ }").document).not.toBe(first.document);
});

test("defaults are coerced, null is kept, absence stays absence", () => {
  const query =
    "query ($a: Int = 3, $b: Int, $c: Int, $in: In) { node(in: { a: $a, list: [1] }) { a } x: node(in: $in) { x: node(first: $b) { a } y: node(first: $c) { a } } }";
  expect(prepared(query, { b: null, in: { list: 5, deep: { a: 1 } }, undeclared: 1 }).variables).toEqual({
    v1_: 3,
    v2_: null,
    v4_: { list: [5], deep: { a: 1 } },
  });
});

test("every input type can say what it takes", () => {
  const of = (name: string) => describeInputType(schema.getType(name) as never);
  expect(of("Int")).toBe("Int takes a whole number of 32 bits");
  expect(of("Kind")).toBe("Kind takes one of ONE, TWO");
  expect(of("Choice")).toBe("Choice takes exactly one member, not null, of: a, b");
  expect(of("In")).toBe("In takes only its members, each of its own type: a: Int, list: [Int!], deep: In");
});

test("an operation is split at its root, whatever wraps its fields", () => {
  const operation = prepared(
    "query ($no: Boolean = false) { c1_ ...F @skip(if: $no) ... on Query { t: __typename } __schema { queryType { name } } gone: node @include(if: $no) { a } } fragment F on Query { n: node { a } c1_ }",
  );
  const root = splitRoot(operation, (field) => field === "node");
  expect([...root.keys.values()].map(({ part, field }) => `${part} ${field}`)).toEqual([
    "executed c1_",
    "refused node",
    "executed __typename",
    "schema __schema",
  ]);
  const text = (part: "executed" | "refused" | "schema") =>
    oneLine(print(root.only(part)?.definitions[0] ?? operation.document));
  expect(text("executed")).toBe(
    "query ($v1_: Boolean = false) { c1_ ... on Query @skip(if: $v1_) { c1_ } ... on Query { c3_: __typename } }",
  );
  expect(text("executed")).not.toContain("node");
  expect(text("schema")).toBe("query ($v1_: Boolean = false) { __schema { queryType { name } } }");
});
