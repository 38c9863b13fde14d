/** Supergraphs as composition makes them, prepared; and the plans that the unmodified planner then makes. */

import { composeServices } from "@apollo/composition";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type DocumentNode, Kind, parse, print, visit } from "graphql";
import type { FetchNode, PlanNode, QueryPlan, RequiredSelection } from "./plan.ts";
import { openPlanner, type Planner } from "./planner.ts";
import { prepareDocument } from "./planner-schema.ts";

const imports = `["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible",
  "@interfaceObject", "@context", "@fromContext", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize",
  "@composeDirective", "@tag"]`;

function prepared(sdl: string) {
  const { document, synthetics } = prepareDocument(parse(sdl, { noLocation: true }));
  return { sdl: print(document), synthetics };
}

function composed(subgraphs: Readonly<Record<string, string>>): string {
  const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${imports})`;
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    url: `http://${name}.example`,
    typeDefs: parse(`${link}\n${sdl}`),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

let planner: Planner;
beforeAll(() => {
  planner = openPlanner({ softMs: 10_000, hardMs: 30_000, heapMb: 256 });
});
afterAll(() => planner.close());

async function planned(subgraphs: Readonly<Record<string, string>>, operation: string) {
  const supergraph = await planner.load(composed(subgraphs));
  const plan = await supergraph.plan(operation);
  supergraph.release();
  return { ...supergraph, plan, fetches: fetchesOf(plan) };
}

function fetchesOf(plan: QueryPlan): readonly FetchNode[] {
  const below = (node: PlanNode | undefined): readonly FetchNode[] => {
    switch (node?.kind) {
      case "Fetch":
        return [node];
      case "Flatten":
        return below(node.node);
      case "Sequence":
      case "Parallel":
        return node.nodes.flatMap(below);
      default:
        return [];
    }
  };
  return below(plan.node);
}

/** What a representation is made of, one path for each leaf. */
function requiredPaths(selections: readonly RequiredSelection[] = []): readonly string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === "InlineFragment") return requiredPaths(selection.selections);
    const below = requiredPaths(selection.selections);
    return below.length > 0 ? below.map((path) => `${selection.name}.${path}`) : [selection.name];
  });
}

test("an entity is entered again by a key that its subgraph resolves", async () => {
  const { fetches } = await planned(
    {
      a: `type Query { as: [A] }
        type A @key(fields: "id") @key(fields: "pair { one two }") @key(fields: "id pair { two three }") { id: ID! pair: Pair! name: String! }
        type Pair @shareable { one: ID! two: ID! three: ID! }`,
      b: `type Query { b: B }
        type B { a: [A!]! }
        type A @key(fields: "pair { one two }", resolvable: false) @key(fields: "id pair { two three }")
          { id: ID! pair: Pair! name: String! @external nameInB: String! @requires(fields: "name") }
        type Pair @shareable { one: ID! two: ID! three: ID! }`,
    },
    "{ b { a { nameInB } } }",
  );
  const last = fetches.at(-1);
  expect(last?.serviceName).toBe("b");
  expect(requiredPaths(last?.requires)).toEqual(["__typename", "name", "id", "pair.two", "pair.three"]);
});

describe("a required field with arguments", () => {
  const comments = {
    a: `type Query { posts: [Post] }
      type Post @key(fields: "id") { id: ID! comments(limit: Int!): [Comment] }
      type Comment @key(fields: "id") { id: ID! authorId: ID }`,
    b: `type Post @key(fields: "id") { id: ID! comments(limit: Int!): [Comment] @external
        author: Author @requires(fields: "comments(limit: 3) { authorId }") }
      type Comment @key(fields: "id") { id: ID! @external authorId: ID @external body: String }
      type Author { id: ID! }`,
  };
  const prices = {
    a: `type Query { products: [Product] }
      type Product @key(fields: "upc") { upc: ID! price(currency: String!): Int weight: Int }`,
    b: `type Product @key(fields: "upc") { upc: ID! price(currency: String!): Int @external weight: Int @external
        inUsd: Int @requires(fields: "price(currency: \\"USD\\") weight")
        inEur: Int @requires(fields: "price(currency: \\"EUR\\") weight") }`,
  };

  test("is not what the client asked under the same name", async () => {
    const { fetches, synthetics } = await planned(comments, "{ posts { author { id } comments(limit: 1) { body } } }");
    const [name] = [...synthetics.keys()];
    expect([...synthetics]).toEqual([[name, "comments"]]);
    expect(fetches[0]?.operation).toContain(`${name}(limit:3){authorId}`);
    expect(fetches[0]?.operation).toMatch(/\bcomments\(limit:1\)\{__typename id\}/);
    const entered = fetches.find(({ operation }) => operation.includes("author{"));
    expect(requiredPaths(entered?.requires)).toEqual(["__typename", "id", `${name}.authorId`]);
  });

  test("stands once for every set of arguments", async () => {
    const { fetches, synthetics } = await planned(prices, '{ products { inUsd inEur price(currency: "GBP") } }');
    expect([...synthetics.values()]).toEqual(["price", "price"]);
    const [usd, eur] = [...synthetics.keys()];
    for (const text of [`${usd}(currency:"USD")`, `${eur}(currency:"EUR")`, ')price(currency:"GBP")'])
      expect(fetches[0]?.operation).toContain(text);
    expect([...requiredPaths(fetches[1]?.requires)].sort()).toEqual(
      ["__typename", "upc", "weight", String(usd), String(eur)].sort(),
    );
  });

  test.each<[string, Record<string, string>, string, readonly string[]]>([
    [
      "below others, and in objects and strings",
      {
        a: `type Query { ts: [T] } type T @key(fields: "id") { id: ID! v: V } type V { w(x: Int = 1): W }
          type W { s(p: String, o: I): String } input I { k: Int }`,
        b: `type T @key(fields: "id") { id: ID! v: V @external
            e: Int @requires(fields: "v { w(x: 2) { s(p: \\"a  (b\\", o: { k: 1 }) } }") }
          type V @external { w(x: Int = 1): W } type W @external { s(p: String, o: I): String } input I { k: Int }`,
      },
      "{ ts { e v { w { s } } } }",
      ["(x:2)", '(p:"a  (b" o:{k:1})'],
    ],
    [
      "beside the same field without any",
      {
        a: `type Query { ts: [T] } type T @key(fields: "id") { id: ID! f(x: Int = 1): Int }`,
        b: `type T @key(fields: "id") { id: ID! f(x: Int = 1): Int @external g: Int @requires(fields: "f")
            h: Int @requires(fields: "f(x: 2)") }`,
        c: `type T @key(fields: "id") { id: ID! f(x: Int = 1): Int @external k: Int @requires(fields: "f(x: 3)") }`,
      },
      "{ ts { g h k f(x: 4) } }",
      ["(x:2)", "(x:3)", ")f "],
    ],
    [
      "which itself requires one with arguments",
      {
        a: `type Query { ts: [T] } type T @key(fields: "id") { id: ID! low(x: Int = 1): Int }`,
        b: `type T @key(fields: "id") { id: ID! low(x: Int = 1): Int @external mid(y: Int): Int @requires(fields: "low(x: 2)") }`,
        c: `type T @key(fields: "id") { id: ID! mid(y: Int): Int @external high: Int @requires(fields: "mid(y: 3)") }`,
      },
      "{ ts { high mid(y: 1) } }",
      ["(x:2)", "(y:3)", "mid(y:1)"],
    ],
    [
      "of an interface",
      {
        a: `type Query { holder: Holder } type Holder @key(fields: "id") { id: ID! pet: Pet }
          interface Pet { name(len: Int): String } type Dog implements Pet @shareable { name(len: Int): String }
          type Cat implements Pet @key(fields: "id") { id: ID! name(len: Int): String }`,
        b: `type Holder @key(fields: "id") { id: ID! pet: Pet @external label: String @requires(fields: "pet { name(len: 3) }") }
          interface Pet { name(len: Int): String } type Dog implements Pet @shareable { name(len: Int): String }
          type Cat implements Pet @key(fields: "id") { id: ID! name(len: Int): String @external }`,
      },
      "{ holder { label pet { name } } }",
      ["(len:3)"],
    ],
    [
      "under a type condition",
      {
        a: `type Query { h: H } type H @key(fields: "id") { id: ID! u: U } union U = X | Y
          type X { n(a: Int): Int } type Y { m: Int }`,
        b: `type H @key(fields: "id") { id: ID! u: U @external l: Int @requires(fields: "u { ... on X { n(a: 5) } ... on Y { m } }") }
          union U = X | Y type X @external { n(a: Int): Int } type Y @external { m: Int }`,
      },
      "{ h { l u { ... on X { n } } } }",
      ["(a:5)"],
    ],
    [
      "that another subgraph has taken over",
      {
        a: `type Query { ts: [T] } type T @key(fields: "id") { id: ID! p(x: Int): Int }`,
        b: `type T @key(fields: "id") { id: ID! p(x: Int): Int @override(from: "a") }`,
        c: `type T @key(fields: "id") { id: ID! p(x: Int): Int @external q: Int @requires(fields: "p(x: 7)") }`,
      },
      "{ ts { q p } }",
      ["(x:7)"],
    ],
    [
      "that a context selects",
      {
        a: `type Query { t: T } type T @key(fields: "id") @context(name: "c") { id: ID! u: U prop(x: Int): String @external }
          type U @key(fields: "id") { id: ID! f(a: String @fromContext(field: "$c { prop(x: 1) }")): Int
            g(a: String @fromContext(field: "$c { prop(x: 2) }")): Int }`,
        b: `type T @key(fields: "id") { id: ID! prop(x: Int): String } type U @key(fields: "id") { id: ID! z: Int }`,
      },
      "{ t { u { f g z } } }",
      ["(x:1)", "(x:2)"],
    ],
  ])("is found %s", async (_, subgraphs, operation, argumentTexts) => {
    const { fetches, synthetics, apiSdl } = await planned(subgraphs, operation);
    const sent = fetches.map((fetch) => fetch.operation).join("\n");
    for (const text of argumentTexts) expect(sent).toContain(text);
    for (const name of synthetics.keys()) {
      expect(sent).toContain(name);
      expect(apiSdl).not.toContain(name);
    }
    expect(synthetics.size).toBe(argumentTexts.filter((text) => text.startsWith("(")).length);
  });

  test("gets the same name in every run, and none that the supergraph has", () => {
    const sdl = composed(prices);
    const { synthetics } = prepared(sdl);
    expect(prepared(sdl).synthetics).toEqual(synthetics);
    const [taken] = [...synthetics.keys()];
    const clashing = composed({ ...prices, a: prices.a.replace("weight: Int", `weight: Int ${taken}: Int`) });
    const others = prepared(clashing).synthetics;
    expect(others.size).toBe(2);
    expect(others.has(String(taken))).toBe(false);
  });

  test("is hidden though nothing else of the supergraph is", async () => {
    expect(composed(prices)).not.toContain("inaccessible");
    const { apiSdl } = await planned(prices, "{ products { upc } }");
    expect(apiSdl).not.toContain("__req_");
  });
});

describe("a supergraph without arguments in FieldSets", () => {
  test("changes in nothing but the order of keys", () => {
    const keySets = fc.uniqueArray(fc.constantFrom("a", "b", "c", "a b", "b c", "a b c"), {
      minLength: 1,
      maxLength: 4,
    });
    const keys = keySets.chain((sets) =>
      fc.tuple(...sets.map((fields) => fc.record({ fields: fc.constant(fields), resolvable: fc.boolean() }))),
    );
    const subgraph = fc.record({ keys, requires: fc.boolean() });
    fc.assert(
      fc.property(fc.array(subgraph, { minLength: 1, maxLength: 4 }), (subgraphs) => {
        const sdl = composed(
          {
            first: `type Query { t: T } type T @key(fields: "a") @key(fields: "b") @key(fields: "c") { a: ID! b: ID! c: ID! own: Int }`,
            ...Object.fromEntries(
              subgraphs.map((each, index) => [
                `s${index}`,
                `type T ${each.keys.map((key) => `@key(fields: "${key.fields}", resolvable: ${key.resolvable || key === each.keys[0]})`).join(" ")}
                { a: ID! @shareable b: ID! @shareable c: ID! @shareable f${index}(x: Int = 3): Int
                ${each.requires ? `own: Int @external g${index}: Int @requires(fields: "own")` : ""} }`,
              ]),
            ),
          }.valueOf() as Record<string, string>,
        );
        const once = prepared(sdl);
        expect(once.synthetics.size).toBe(0);
        expect(inOrder(parse(once.sdl))).toBe(inOrder(parse(sdl)));
        expect(prepared(once.sdl).sdl).toBe(once.sdl);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    "type Query { a: Int }",
    'schema @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query } type Query { a: Int }',
  ])("stays as it is where it is none of Federation 2: %s", (sdl) => expect(prepared(sdl).sdl).toBe(print(parse(sdl))));
});

/** The document with the directives of every node in one order. */
function inOrder(document: DocumentNode): string {
  return print(
    visit(document, {
      enter(node) {
        if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) return undefined;
        const directives = [...(node.directives ?? [])].sort((a, b) => (print(a) < print(b) ? -1 : 1));
        return { ...node, directives };
      },
    }),
  );
}
