import { describe, expect, test } from "@jest/globals";
import { buildSchema, parse } from "graphql";
import { costEstimator, costLimit } from "./cost.ts";
import { operationPreparer } from "./operation-preparer.ts";

const link =
  'schema @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", "@listSize"]) { query: Query mutation: Mutation }';
const types = (cost = "cost", listSize = "listSize") => `
  type Query {
    item: Item  items: [Item]  plain: Int  scalars: [Int]
    heavy: Int @${cost}(weight: 5)  gain: Int @${cost}(weight: -5)  dear: Dear  level: Level
    five: [Item] @${listSize}(assumedSize: 5)
    sliced(first: Int, last: Int): [Item] @${listSize}(slicingArguments: ["first", "last"])
    either(first: Int = 3, last: Int, other: Int): [Item]
      @${listSize}(assumedSize: 7, slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
    page(first: Int): Page @${listSize}(slicingArguments: ["first"], sizedFields: ["items"])
    find(by: By, ids: [Int] @${cost}(weight: 2), word: String @${cost}(weight: 3)): Item
    any: Any  some: Some
  }
  type Mutation { change: Item }
  type Item implements Some @join__type(graph: A) { id: Int  inner: Item  many: [Item]
    total: Int @join__field(graph: A, requires: "parts { price }")  parts: [Part] }
  type Part { price: Int @${cost}(weight: 2) }
  type Page { items: [Item]  others: [Item]  size: Int }
  type Dear @${cost}(weight: 40) { id: Int }
  enum Level @${cost}(weight: 4) { LOW }
  input By { number: Int @${cost}(weight: 6)  inner: By  name: String }
  interface Some { id: Int }
  union Any = Item | Dear
`;
const asked = buildSchema(types().replace(/@\w+(\([^()]*\))?/g, ""));

function costOf(
  query: string,
  variables: Record<string, unknown> = {},
  supergraph = `${link} ${types()}`,
): number | string {
  const prepare = operationPreparer({ apiSchema: asked, fieldNames: new Set(), introspection: true });
  const prepared = prepare({ query, operationName: null, variables }, { acceptsDefer: true });
  if ("refused" in prepared) throw new Error(JSON.stringify(prepared.refused));
  const { cost, unsliced } = costEstimator({ supergraph: parse(supergraph) })(prepared.document.operation)(
    prepared.variables,
  );
  return unsliced ? unsliced.join(", ") : cost;
}

describe("the estimated cost", () => {
  test.each<[title: string, query: string, cost: number, variables?: Record<string, unknown>]>([
    ["of leaves is nothing", "{plain scalars __typename}", 0],
    ["of an object is 1", "{item {id}}", 1],
    ["of an object in an object is 2", "{item {inner {id}}}", 2],
    ["of a list is 10 of its elements", "{items {id}}", 10],
    ["of a list in a list is 10 times 10, and the outer 10", "{items {many {id}}}", 110],
    ["of a field with @cost is its weight", "{heavy}", 5],
    ["of a type with @cost is its weight", "{dear {id}}", 40],
    ["of an enum with @cost is its weight", "{level}", 4],
    ["is never less than nothing", "{gain heavy}", 5],
    ["of a list of an assumed size is that many", "{five {id}}", 5],
    ["of a sliced list is as many as are asked", "{sliced(first: 4) {id}}", 4],
    ["of a sliced list is as many as a variable asks", "query($n: Int) {sliced(last: $n) {id}}", 6, { n: 6 }],
    ["of a negative slice is nothing", "{sliced(first: -4) {id}}", 0],
    ["takes the larger of two slices", "{either(first: 4, last: 9) {id}}", 9],
    ["takes the default of a slice", "{either {id}}", 3],
    ["takes the assumed size where the slice is null", "{either(first: null) {id}}", 7],
    ["sizes the fields below that are said to be sized", "{page(first: 4) {items {id} others {id}}}", 1 + 4 + 10],
    ["counts arguments", '{find(word: "x") {id}}', 1 + 3],
    ["counts lists of arguments, and their elements", "{find(ids: [1, 2, 3]) {id}}", 1 + 2 + 6],
    ["counts members of inputs", "{find(by: {number: 1, inner: {number: 2, name: null}}) {id}}", 1 + 1 + 6 + 1 + 6],
    [
      "counts members of inputs that stand with a variable",
      "query($n: Int) {find(by: {number: $n, inner: {}}) {id}}",
      1 + 1 + 6 + 1,
      { n: 1 },
    ],
    ["counts nothing for absent variables", "query($n: By) {find(by: $n) {id}}", 1],
    ["adds what a field requires", "{item {total}}", 1 + 10 * 3],
    ["adds up over fragments of every type", "{any {... on Item {id inner {id}} ... on Dear {id}}}", 1 + 1],
    ["of a mutation is 10 more", "mutation {change {id}}", 11],
    [
      "of what is skipped is nothing",
      "query($x: Boolean!) {items @skip(if: $x) {id} item @include(if: $x) {id} ... @include(if: $x) {dear {id}}}",
      41,
      { x: true },
    ],
    ["counts what is deferred", "{... @defer {item {id}}}", 1],
    ["of what describes the schema is nothing", "{__schema {types {name}}}", 0],
  ])("%s", (_, query, cost, variables = {}) => expect(costOf(query, variables)).toBe(cost));

  test("needs exactly one slice where one is required", () => {
    for (const [query, variables] of [
      ["{sliced {id}}", {}],
      ["{sliced(first: 1, last: 1) {id}}", {}],
      ["query($n: Int) {sliced(first: $n) {id}}", {}],
      ["query($n: Int) {sliced(first: $n) {id}}", { n: null }],
    ] as const)
      expect(costOf(query, variables)).toBe("first, last");
    const refuse = costLimit({ supergraph: parse(`${link} ${types()}`), maxCost: 1000 });
    const prepare = operationPreparer({ apiSchema: asked, fieldNames: new Set(), introspection: true });
    const prepared = prepare({ query: "{sliced {id}}", operationName: null, variables: {} }, { acceptsDefer: false });
    if ("refused" in prepared) throw new Error("refused");
    expect(refuse(prepared.document.operation)({})).toMatchObject({
      message: "exactly one of these arguments is required: first, last",
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  test("T75: of lists of 2^31-1 in each other is too much, whatever is allowed", () => {
    const deep = (levels: number): string => (levels === 0 ? "id" : `sliced: many {${deep(levels - 1)}}`);
    const first = "{sliced(first: 2147483647) {id}}";
    expect(costOf(first)).toBe(2147483647);
    const limit = costLimit({ supergraph: parse(`${link} ${types()}`), maxCost: 1e15, assumedListSize: 2147483647 });
    const prepare = operationPreparer({ apiSchema: asked, fieldNames: new Set(), introspection: true });
    const prepared = prepare(
      { query: `{items {${deep(14)}}}`, operationName: null, variables: {} },
      { acceptsDefer: false },
    );
    if ("refused" in prepared) throw new Error("refused");
    expect(limit(prepared.document.operation)({})?.extensions.code).toBe("COST_ESTIMATED_TOO_EXPENSIVE");
  });

  test.each<[title: string, supergraph: string, cost: number]>([
    [
      "imported under other names",
      `${link.replace('["@cost", "@listSize"]', '[{name: "@cost", as: "@price"}, {name: "@listSize", as: "@length"}]')} ${types("price", "length")}`,
      5 + 5,
    ],
    [
      "imported not at all",
      `${link.replace(', import: ["@cost", "@listSize"]', "")} ${types("cost", "cost__listSize")}`,
      5 + 5,
    ],
    [
      "under another namespace",
      `${link.replace(', import: ["@cost", "@listSize"]', ', as: "money"')} ${types("money", "money__listSize")}`,
      5 + 5,
    ],
    ["that are not those of the spec", `${link.replace("cost/v0.1", "other/v0.1")} ${types()}`, 10],
  ])("is told by directives %s", (_, supergraph, cost) => {
    expect(costOf("{heavy five {id}}", {}, supergraph)).toBe(cost);
  });
});
