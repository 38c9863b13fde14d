/** Which places of a selection have references alone, and what becomes of those that are of one entity. */
import { describe, expect, test } from "@jest/globals";
import { type OperationDefinitionNode, parse, type SelectionSetNode } from "graphql";
import { referencePlaces, unifying } from "./references.ts";
import { readSchemaFacts } from "./schema-facts.ts";

const facts = readSchemaFacts(
  parse(`
    schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
    enum join__Graph {
      SAID @join__graph(name: "said", url: "http://said.test")
      SOLD @join__graph(name: "sold", url: "http://sold.test")
    }
    type Query { reviews(first: Int): [Review!]! best: Review media: [Media] shelves: [[Product]] pairs: [Pair] }
    type Review @join__type(graph: SAID, key: "id") { id: ID! product: Product price: Money author: Author media: Media }
    type Product @join__type(graph: SAID, key: "sku", resolvable: false) @join__type(graph: SOLD, key: "sku") {
      sku: ID!
      name: String
    }
    type Author @join__type(graph: SAID, key: "first last") { first: String! last: String! }
    type Pair { left: Product right: Product }
    type Money { currency: String! }
    interface Media { id: ID! }
    type Film implements Media @join__type(graph: SOLD, key: "id") { id: ID! }
  `),
);
const root = facts.schema.getQueryType() as NonNullable<ReturnType<typeof facts.schema.getQueryType>>;

const setOf = (text: string): SelectionSetNode =>
  (parse(text, { noLocation: true }).definitions[0] as OperationDefinitionNode).selectionSet;
const placesIn = (text: string) =>
  referencePlaces(setOf(text), root, facts).map(
    ({ place, type, key }) => `${place.map((step) => step.key + "[]".repeat(step.lists)).join(".")}: ${type} by ${key}`,
  );

describe("references stand", () => {
  test.each([
    ["in an object of a list", "{ reviews { product { __typename sku } } }", ["reviews[].product: Product by sku"]],
    ["in lists of lists", "{ shelves { __typename sku } }", ["shelves[][]: Product by sku"]],
    ["under an alias of the field", "{ r: reviews { p: product { __typename sku } } }", ["r[].p: Product by sku"]],
    [
      "at several places",
      "{ best { product { sku __typename } } pairs { left { __typename sku } right { __typename sku } } }",
      ["best.product: Product by sku", "pairs[].left: Product by sku", "pairs[].right: Product by sku"],
    ],
    ["below a fragment", "{ ... on Query { best { product { __typename sku } } } }", ["best.product: Product by sku"]],
  ])("%s", (_, text, places) => expect(placesIn(text)).toEqual(places));
});

describe("references do not stand", () => {
  test.each([
    ["where more is said", "{ best { product { __typename sku name } } }"],
    ["where more is said elsewhere in the selection", "{ best { product { __typename sku } product { name } } }"],
    ["where the type is not said", "{ best { product { sku } } }"],
    ["where the field is no key", "{ best { price { __typename currency } } }"],
    ["where the key has two fields", "{ best { author { __typename first last } } }"],
    ["where one field of two is said", "{ best { author { __typename first } } }"],
    ["where the key has another name", "{ best { product { __typename sku: name } } }"],
    ["where a variable decides", "query ($b: Boolean!) { best { product { __typename sku @include(if: $b) } } }"],
    ["where the type may be one of several", "{ best { media { __typename id } } media { __typename id } }"],
  ])("%s", (_, text) => expect(placesIn(text)).toEqual([]));
});

describe("of one entity", () => {
  const places = referencePlaces(
    setOf("{ pairs { left { __typename sku } right { __typename sku } } shelves { __typename sku } }"),
    root,
    facts,
  );
  const unify = unifying(places) as NonNullable<ReturnType<typeof unifying>>;
  const product = (sku: unknown, more: object = {}) => ({ __typename: "Product", sku, ...more });

  test("references at one place become one object, across lists, those at two stay two, and the answer reads as before", () => {
    const answer = () => ({
      pairs: [{ left: product("a"), right: product("b") }, null, { left: product("b"), right: null }],
      shelves: [[product("a"), null], null, [product("c"), product("a")]],
    });
    const given = answer();
    expect(unify([given])).toBe(true);
    expect(given).toEqual(answer());
    const { pairs, shelves } = given;
    expect(shelves[2]?.[1]).toBe(shelves[0]?.[0]);
    expect(shelves[0]?.[0]).not.toBe(pairs[0]?.left);
    expect(pairs[2]?.left).not.toBe(pairs[0]?.right);
  });

  test.each([
    ["another key", product("b")],
    ["a number that another writes as a text", product(1)],
    ["another type", { __typename: "Film", sku: "a" }],
    ["no key", product(null)],
    ["a key that is not exact", product(2 ** 60)],
    ["a list", [product("a")]],
  ])("those with %s stay themselves", (_, other) => {
    const first = product(Array.isArray(other) ? "a" : other.sku === 1 ? "1" : other.sku === 2 ** 60 ? 2 ** 60 : "a");
    const given = { pairs: [{ left: first }, { left: other }] };
    expect(unify([given])).toBe(false);
    expect(given.pairs).toEqual([{ left: first }, { left: other }]);
    expect(given.pairs[1]?.left).toBe(other);
  });

  test("nothing is looked for where no selection has any", () => {
    expect(unifying(referencePlaces(setOf("{ best { id } }"), root, facts))).toBeNull();
  });

  test("each answer has its own", () => {
    const [one, other] = [{ pairs: [{ left: product("a") }] }, { pairs: [{ left: product("a") }] }];
    expect([unify([one]), unify([other])]).toEqual([false, false]);
    expect(one.pairs[0]?.left).not.toBe(other.pairs[0]?.left);
  });
});
