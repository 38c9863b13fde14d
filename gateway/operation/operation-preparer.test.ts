import { describe, expect, test } from "@jest/globals";
import { buildSchema, GraphQLError, isScalarType, parse, validate } from "graphql";
import { withDefer } from "./deferred.ts";
import { operationPreparer, type PreparedOperation } from "./operation-preparer.ts";

const schema = buildSchema(`
  directive @shown(as: String) on FIELD | QUERY
  directive @ranked(by: Kind! = TWO, in: In = {a: 3}) on FIELD
  scalar Json
  scalar Code
  type Query {
    node(id: ID, in: In, kind: Kind, by: Choice): Node  c1_: Int  required(n: Int! = 5, m: Int!): Int
    all: [Node!]  any: [Any]  take(json: Json, f: Float, s: String, ids: [ID!], code: Code, flag: Boolean): Int
  }
  extend type Query { one(by: Choice!): Int  many(by: [Choice!]): Int }
  type Mutation { set(id: ID): Node }
  type Subscription { changes: Int }
  interface Thing { a: Int  sub: Thing }
  type Node implements Thing { node(first: Int): Node  a: Int  b: Int  c2_: Int  sub: Node }
  type Other implements Thing { a: Int  sub: Thing  only: Int  node(first: Int): Node }
  union Any = Node | Other
  input In { a: Int = 7  list: [Int!]  deep: In  json: Json }
  input Choice @oneOf { a: Int  b: String }
  enum Kind { ONE TWO }
`);
const code = schema.getType("Code");
if (isScalarType(code)) {
  code.parseValue = (value) => {
    if (typeof value !== "string" || !/^\w+$/.test(value)) throw new GraphQLError(`bad ${value}`);
    return value.toUpperCase();
  };
  code.parseLiteral = (node) => code.parseValue("value" in node ? node.value : null);
}
const fieldNames = new Set(["c1_", "c2_", "hidden"]);
const settings = { apiSchema: schema, fieldNames, introspection: true };
const prepare = operationPreparer(settings);
type Given = { readonly variables?: object; readonly acceptsDefer?: boolean; readonly operationName?: string };

const ask = (query: string, { variables = {}, acceptsDefer = false, operationName }: Given = {}) =>
  prepare(
    { query, operationName: operationName ?? null, variables: variables as Record<string, unknown> },
    { acceptsDefer },
  );

function prepared(query: string, given: Given = {}): PreparedOperation {
  const operation = ask(query, given);
  if ("refused" in operation) throw new Error(JSON.stringify(operation.refused));
  return operation;
}
const oneLine = (text: string) =>
  text
    .replace(/\s+/g, " ")
    .replace(/([{(]) | (?=[)}])/g, "$1")
    .trim();
const textOf = (query: string, given: Given = {}) => oneLine(prepared(query, given).document.text);
const variablesOf = (query: string, given: Given = {}) => JSON.parse(JSON.stringify(prepared(query, given).variables));
const codesOf = (query: string, given: Given = {}) => {
  const operation = ask(query, given);
  return "refused" in operation ? operation.refused.map(({ extensions }) => extensions.code) : [];
};

describe("the normal form", () => {
  test.each([
    [
      "aliased fields and those with arguments get keys of ours, and no field's name",
      "{x: c1_ y: node {z: c2_ a}}",
      "{c3_: c1_ c4_: node {c5_: c2_ a}}",
    ],
    ["`a: a` is `a`", "{node {a: a}}", "{node {a}}"],
    ["one alias in two places is two keys", "{x: node {x: a}}", "{c3_: node {c4_: a}}"],
    ["one alias of fields that merge is one key", "{x: node {a} x: node {b}}", "{c3_: node {a b}}"],
    [
      "fragments are put in their places",
      "{node {...F}} fragment F on Node {a ...G} fragment G on Thing {sub {a}}",
      "{node {a sub {a}}}",
    ],
    [
      "a type condition stays where it decides",
      "{any {... on Thing {a ... on Node {b}} ...F}} fragment F on Other {only}",
      "{any {... on Thing {a ... on Node {b}} ... on Other {only}}}",
    ],
    ["what can never apply is left out", "{node {... on Thing {a ... on Other {only}}}}", "{node {a}}"],
    [
      "constant conditions are folded away",
      "{c1_ @skip(if: false) @include(if: true) node @skip(if: true) {a} ... @include(if: false) {node {b}}}",
      "{c1_}",
    ],
    ["something stands where nothing is left", "{node {a @skip(if: true)}}", "{node {__typename @skip(if: true)}}"],
    [
      "fields asked twice are asked once",
      "{node {a a} c1_ node {b ...F}} fragment F on Node {a b}",
      "{node {a b} c1_}",
    ],
    [
      "fields are not moved across a fragment",
      "{node {sub {a} ... on Node @shown {sub {b}} sub {c2_}}}"
        .replace(" @shown", " @include(if: $x)")
        .replace("{node", "query($x: Boolean!) {node"),
      "query ($v1_: Boolean!) {node {sub {a} ... @include(if: $v1_) {sub {b}} sub {c2_}}}",
    ],
    [
      "arguments stand in one order",
      "query($a: Kind, $b: ID) {node(kind: $a, id: $b) {a}}",
      "query ($v1_: ID, $v2_: Kind) {c3_: node(id: $v1_, kind: $v2_) {a}}",
    ],
    [
      "directives of others stay, with their literals",
      'query @shown(as: "q") {c1_ @shown(as: "x")}',
      'query @shown(as: "q") {c1_ @shown(as: "x")}',
    ],
    [
      "directives of others are given the defaults that the client has seen",
      "{c1_ @ranked node @ranked(by: ONE) {a}}",
      "{c1_ @ranked(by: TWO, in: {a: 3}) node @ranked(by: ONE, in: {a: 3}) {a}}",
    ],
    [
      "variables that nothing uses are dropped",
      "query($x: Int, $y: Boolean!) {c1_ node @skip(if: true) {node(first: $x) {a}} x: c1_ @include(if: $y)}",
      "query ($v1_: Boolean!) {c1_ c3_: c1_ @include(if: $v1_)}",
    ],
  ])("%s", (_, query, expected) => {
    const names = query.match(/\$\w+: Boolean!/g) ?? [];
    const variables = Object.fromEntries(names.map((each) => [each.slice(1, each.indexOf(":")), true]));
    expect(textOf(query, { variables })).toBe(expected);
  });

  test("says by which key the client knows what", () => {
    const { document } = prepared("query Named {x: node(id: 1) {node(first: 2) {b} a}}");
    expect([...document.clientKeys]).toEqual([
      ["c3_", "x"],
      ["c4_", "node"],
    ]);
    expect([document.kind, document.name]).toEqual(["query", "Named"]);
  });
});

describe("literals", () => {
  test.each([
    [
      "become variables of the argument's own type",
      "{required(m: 3)}",
      "query ($v1_: Int!) {c3_: required(m: $v1_)}",
      { v1_: 3 },
    ],
    [
      "go whole, defaults put in",
      "{node(in: {list: 1}) {a}}",
      "query ($v1_: In) {c3_: node(in: $v1_) {a}}",
      { v1_: { a: 7, list: [1] } },
    ],
    [
      "go in parts where a variable stands among them",
      "query($x: Int) {node(in: {a: $x, list: [1, 2]}) {a}}",
      "query ($v1_: Int, $v2_: [Int!]) {c3_: node(in: {a: $v1_, list: $v2_}) {a}}",
      { v1_: 4, v2_: [1, 2] },
    ],
    [
      "go one by one out of a list",
      "query($x: ID!) {take(ids: [1, $x])}",
      "query ($v1_: ID!, $v2_: ID!) {c3_: take(ids: [$v1_, $v2_])}",
      { v1_: "1", v2_: "4" },
    ],
    ["stay when they are null", "{node(id: null) {a}}", "{c3_: node(id: null) {a}}", {}],
    [
      "of an enum are its names",
      "{node(kind: TWO) {a}}",
      "query ($v1_: Kind) {c3_: node(kind: $v1_) {a}}",
      { v1_: "TWO" },
    ],
    [
      "of one-of inputs go whole",
      '{node(by: {b: "x"}) {a}}',
      "query ($v1_: Choice) {c3_: node(by: $v1_) {a}}",
      { v1_: { b: "x" } },
    ],
    [
      "are coerced as variables are",
      '{take(code: "abc")}',
      "query ($v1_: Code) {c3_: take(code: $v1_)}",
      { v1_: "ABC" },
    ],
    [
      "of fields that merge are one variable",
      "query($y: Boolean!) {node(id: 1) {a} node(id: 1) @skip(if: $y) {b}}",
      "query ($v1_: ID, $v2_: Boolean!) {c3_: node(id: $v1_) {a} c3_: node(id: $v1_) @skip(if: $v2_) {b}}",
      { v1_: "1", v2_: true },
    ],
    [
      "T89: stay as written: a whole number beyond 2^53",
      "{take(json: {n: 9007199254740993})}",
      "{c3_: take(json: {n: 9007199254740993})}",
      {},
    ],
    ["T89: stay as written: decimals that are counted", "{take(json: [2.50])}", "{c3_: take(json: [2.50])}", {}],
    ["T89: stay as written: minus zero", "{take(json: -0)}", "{c3_: take(json: -0)}", {}],
    [
      "T89: stay as written inside an object whose other members go",
      "{node(in: {a: 1, json: 9007199254740993}) {a}}",
      "query ($v1_: Int) {c3_: node(in: {a: $v1_, json: 9007199254740993}) {a}}",
      { v1_: 1 },
    ],
    [
      "T89: stay as written where no number could carry them",
      "{take(json: {n: 9007199254740993, m: 2.50, o: 1})}",
      "{c3_: take(json: {n: 9007199254740993, m: 2.50, o: 1})}",
      {},
    ],
    [
      "T89: as identifiers stay digits",
      "{node(id: 12345678901234567890) {a}}",
      "query ($v1_: ID) {c3_: node(id: $v1_) {a}}",
      { v1_: "12345678901234567890" },
    ],
  ])("%s", (_, query, expected, variables) => {
    const given = { variables: { x: 4, y: true } };
    expect(textOf(query, given)).toBe(expected);
    expect(variablesOf(query, given)).toEqual(variables);
  });

  test("of one key for different types are variables of their own", () => {
    const query = "{any {... on Node {x: node(first: 1) {a}} ... on Other {x: node(first: 2) {a}}}}";
    expect(textOf(query)).toBe(
      "query ($v1_: Int, $v2_: Int) {any {... on Node {c3_: node(first: $v1_) {a}} ... on Other {c4_: node(first: $v2_) {a}}}}",
    );
    expect(variablesOf(query)).toEqual({ v1_: 1, v2_: 2 });
  });

  test("T89: a Float that no machine has is refused", () => {
    expect(codesOf("{take(f: 1e400)}")).toEqual(["BAD_USER_INPUT"]);
    expect(codesOf("{take(json: 1e400)}")).toEqual([]);
  });

  test("a variable with a default is never null where null is not taken, and needs no default", () => {
    const query = "query($m: Int = 3) {required(n: $m, m: $m)}";
    expect(textOf(query)).toBe("query ($v1_: Int!) {c3_: required(m: $v1_, n: $v1_)}");
    expect(variablesOf(query)).toEqual({ v1_: 3 });
    expect(codesOf(query, { variables: { m: null } })).toEqual(["BAD_USER_INPUT"]);
    // Where the place has a default of its own, null is the field's error.
    expect(textOf("query($m: Int = 3) {required(n: $m, m: 1)}", { variables: { m: null } })).toBe(
      "query ($v1_: Int!, $v2_: Int) {c3_: required(m: $v1_, n: $v2_)}",
    );
  });

  test("every normal form is valid", () => {
    for (const query of [
      "query($m: Int = 3) {required(n: $m, m: $m)}",
      "query($m: Int = 3) {required(n: $m, m: 1)}",
      "query($b: Boolean = true) {c1_ @skip(if: $b)}",
    ])
      expect(validate(schema, parse(prepared(query).document.text))).toEqual([]);
  });
});

describe("variables", () => {
  const declare = (type: string, use: string) => `query($x: ${type}) {${use}}`;
  test.each<[title: string, query: string, value: unknown, expected: unknown]>([
    ["ids that are numbers become strings", declare("ID", "node(id: $x) {a}"), 7, "7"],
    ["ids keep their zeros", declare("ID", "node(id: $x) {a}"), "007", "007"],
    ["one stands for a list of one", declare("[ID!]", "take(ids: $x)"), 7, ["7"]],
    ["null is kept", declare("ID", "node(id: $x) {a}"), null, null],
    [
      "defaults of input members are put in",
      declare("In", "node(in: $x) {a}"),
      { deep: { list: 1 } },
      { a: 7, deep: { a: 7, list: [1] } },
    ],
    ["whole numbers may be written as decimals", declare("Int!", "required(m: $x)"), 1.0, 1],
    ["T89: minus zero is zero", declare("Int!", "required(m: $x)"), -0, 0],
    ["T89: a Float may be large", declare("Float", "take(f: $x)"), 1e300, 1e300],
    [
      "custom scalars take anything that was read faithfully",
      declare("Json", "take(json: $x)"),
      { a: [1, { __proto: null }] },
      { a: [1, { __proto: null }] },
    ],
  ])("%s", (_, query, value, expected) => {
    const variables = prepared(query, { variables: { x: value } }).variables;
    expect(Object.getPrototypeOf(variables)).toBe(null);
    expect(Object.is(variables.v1_, expected) || JSON.stringify(variables.v1_) === JSON.stringify(expected)).toBe(true);
  });

  const deep = (levels: number): unknown => JSON.parse(`${'{"deep":'.repeat(levels)}null${"}".repeat(levels)}`);
  test.each<[title: string, query: string, value: unknown]>([
    ["T89: 2^53+1 as an ID", declare("ID", "node(id: $x) {a}"), JSON.parse("9007199254740993")],
    ["T89: -0 as an ID", declare("ID", "node(id: $x) {a}"), -0],
    ["T89: 1.5 as an ID", declare("ID", "node(id: $x) {a}"), 1.5],
    ["T89: 2^31 as an Int", declare("Int!", "required(m: $x)"), 2 ** 31],
    ["T89: full-width digits as an Int", declare("Int!", "required(m: $x)"), "１"],
    ["T89: 1e400 as a Float", declare("Float", "take(f: $x)"), JSON.parse("1e400")],
    [
      "T89: 2^53+1 deep in a custom scalar",
      declare("Json", "take(json: $x)"),
      JSON.parse('{"a": [{"b": 9007199254740993}]}'),
    ],
    ["an unknown member", declare("In", "node(in: $x) {a}"), { secret: 1 }],
    ["T88: `__proto__` as a member", declare("In", "node(in: $x) {a}"), JSON.parse('{"__proto__": {"a": 1}}')],
    ["T88: `constructor` as a member", declare("In", "node(in: $x) {a}"), { constructor: 1 }],
    ["T88: `__proto__` as an enum's value", declare("Kind", "node(kind: $x) {a}"), "__proto__"],
    ["a list for an object", declare("In", "node(in: $x) {a}"), [1]],
    ["two members of a one-of", declare("Choice", "node(by: $x) {a}"), { a: 1, b: "x" }],
    ["null as a one-of's member", declare("Choice", "node(by: $x) {a}"), { a: null }],
    ["what a custom scalar refuses", declare("Code", "take(code: $x)"), "a-b"],
    ["nothing for what is required", declare("Int!", "required(m: $x)"), undefined],
    ["T74: ten thousand levels of an input that contains itself", declare("In", "node(in: $x) {a}"), deep(10_000)],
    ["T74: ten thousand levels in a custom scalar", declare("Json", "take(json: $x)"), deep(10_000)],
  ])("%s is refused, and not repeated", (_, query, value) => {
    const operation = ask(query, { variables: { x: value } });
    expect("refused" in operation && operation.refused.map(({ extensions }) => extensions.code)).toEqual([
      "BAD_USER_INPUT",
    ]);
    expect(JSON.stringify(operation)).not.toMatch(/secret|__proto__|constructor|a-b|900719925474099/);
  });

  describe("that is the member of a one-of input, and may be null by its type", () => {
    const asked = [
      ["", "one(by: {a: $x})"],
      [" = 5", "one(by: {a: $x})"],
      ["", "many(by: [{a: $x}])"],
    ] as const;
    test.each(asked)("(Int%s, %s) is refused where it is null, or nothing", (byDefault, field) => {
      const query = `query($x: Int${byDefault}) {${field}}`;
      expect(codesOf(query, { variables: { x: null } })).toEqual(["BAD_USER_INPUT"]);
      expect(codesOf(query, {})).toEqual(byDefault === "" ? ["BAD_USER_INPUT"] : []);
    });
    test.each(asked)(
      "(Int%s, %s) is taken where it is not, and no subgraph is asked with one that may be",
      (byDefault, field) => {
        const query = `query($x: Int${byDefault}) {${field}}`;
        expect(variablesOf(query, { variables: { x: 1 } })).toEqual({ v1_: 1 });
        expect(textOf(query, { variables: { x: 1 } })).toContain("($v1_: Int!)");
      },
    );
  });

  test("T88: may be called `__proto__` and `constructor`, and hold what was sent under these names", () => {
    const query = "query($__proto__: ID, $constructor: Json) {node(id: $__proto__) {a} take(json: $constructor)}";
    const variables = JSON.parse('{"__proto__": "7", "constructor": {"__proto__": {"polluted": 1}}}');
    const operation = prepared(query, { variables });
    expect(JSON.stringify(operation.variables)).toBe('{"v1_":"7","v2_":{"__proto__":{"polluted":1}}}');
    expect(({} as Record<string, unknown>).polluted).toBe(undefined);
    expect(
      variablesOf("query($__proto__: ID, $toString: ID) {node(id: $__proto__) {a} x: node(id: $toString) {a}}"),
    ).toEqual({});
  });

  test("that are absent stay absent; those not declared are ignored", () => {
    expect(variablesOf("query($x: ID) {node(id: $x) {a}}", { variables: { other: 1 } })).toEqual({});
  });

  test("that are bad are told even if nothing asks for them any more", () => {
    expect(
      codesOf("query($x: Int) {c1_ node @skip(if: true) {node(first: $x) {a}}}", { variables: { x: "no" } }),
    ).toEqual(["BAD_USER_INPUT"]);
  });
});

describe("T88: names of the language's own objects", () => {
  test("may be aliases, fragments and operations", () => {
    const query =
      "query __proto__ {__proto__: node {constructor: a toString: a ...__proto__}} fragment __proto__ on Node {hasOwnProperty: b}";
    const { document } = prepared(query, { operationName: "__proto__" });
    expect(oneLine(document.text)).toBe("{c3_: node {c4_: a c5_: a c6_: b}}");
    expect([...document.clientKeys.values()]).toEqual(["__proto__", "constructor", "toString", "hasOwnProperty"]);
    expect(document.name).toBe("__proto__");
  });
  test.each(["constructor", "__proto__", "toString"])(
    "`%s` names no operation, field, type, directive or argument that is not there",
    (name) => {
      expect(codesOf("query A {c1_}", { operationName: name })).toEqual(["OPERATION_RESOLUTION_FAILURE"]);
      for (const query of [
        `{${name}}`,
        `{any {... on ${name} {a}}}`,
        `{c1_ @${name}}`,
        `{c1_(${name}: 1)}`,
        `{node(in: {${name}: 1}) {a}}`,
        `{node(kind: ${name}) {a}}`,
        `query($x: ${name}) {take(json: $x)}`,
        `{...${name}}`,
      ])
        expect([query, codesOf(query)[0]]).toEqual([
          query,
          expect.stringMatching(/^(GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT)$/),
        ]);
    },
  );
});

describe("@defer", () => {
  const query =
    'query($x: Boolean = true) {node {a ... @defer(label: "L", if: $x) {b} ...F @defer}} fragment F on Node {c2_}';
  test("gets labels of ours where it is accepted", () => {
    const { document } = prepared(query, { acceptsDefer: true });
    expect(oneLine(document.text)).toBe('{node {a ... @defer(label: "d1_") {b} ... @defer(label: "d2_") {c2_}}}');
    expect([...document.deferLabels]).toEqual([
      ["d1_", "L"],
      ["d2_", null],
    ]);
    expect(validate(withDefer(schema), parse(document.text))).toEqual([]);
  });
  test("is stripped where a variable decides so, and where it is not accepted", () => {
    expect(textOf(query, { acceptsDefer: true, variables: { x: false } })).toBe(
      '{node {a b ... @defer(label: "d1_") {c2_}}}',
    );
    expect(textOf(query)).toBe("{node {a b c2_}}");
    expect([...prepared(query).document.deferLabels]).toEqual([]);
  });
  test("gets a label of its own wherever its fragment stands", () => {
    const { document } = prepared('{node {...F sub {...F}}} fragment F on Node {... @defer(label: "L") {b}}', {
      acceptsDefer: true,
    });
    expect([...document.deferLabels]).toEqual([
      ["d1_", "L"],
      ["d2_", "L"],
    ]);
  });
  test("makes a bounded number of variants, each prepared once", () => {
    const names = Array.from({ length: 12 }, (_, at) => `x${at}`);
    const many = `query(${names.map((each) => `$${each}: Boolean!`)}) {${names.map((each) => `... @defer(if: $${each}) {${each}: c1_}`).join(" ")}}`;
    const documents = new Set();
    for (let bits = 0; bits < 4096; bits++) {
      const variables = Object.fromEntries(names.map((each, at) => [each, (bits & (1 << at)) !== 0]));
      documents.add(prepared(many, { acceptsDefer: true, variables }).document);
    }
    expect(documents.size).toBe(16);
  });
  test("is never about the schema", () => {
    expect(textOf("{... @defer {__schema {description}} c1_}", { acceptsDefer: true })).toBe(
      "{__schema {description} c1_}",
    );
    expect(textOf("{__schema {... @defer {description}}}", { acceptsDefer: true })).toBe("{__schema {description}}");
  });
  test.each([
    ["two with one label", '{node {... @defer(label: "L") {a} ... @defer(label: "L") {b}}}'],
    ["a label in a variable", "query($x: String) {node {... @defer(label: $x) {a}}}"],
    ["what a mutation does", "mutation {... @defer {set(id: 1) {a}}}"],
    [
      "what a mutation does, in a fragment",
      "mutation {...F} fragment F on Mutation {...G @defer} fragment G on Mutation {set(id: 1) {a}}",
    ],
    ["a field", "{c1_ @defer}"],
  ])("%s is refused", (_, text) => {
    expect(codesOf(text, { acceptsDefer: true })[0]).toBe("GRAPHQL_VALIDATION_FAILED");
    expect(codesOf(text)[0]).toBe("GRAPHQL_VALIDATION_FAILED");
  });
  test("below a mutation's root is fine", () => {
    expect(textOf("mutation {set(id: 1) {... @defer {a}}}", { acceptsDefer: true })).toBe(
      'mutation ($v1_: ID) {c3_: set(id: $v1_) {... @defer(label: "d1_") {a}}}',
    );
  });
});

describe("documents", () => {
  test("are prepared once for a text, an operation and a variant", () => {
    const query = "query A {c1_} query B {c1_ node {a}}";
    const [a, b] = ["A", "B"].map((operationName) => prepared(query, { operationName }).document);
    expect(prepared(query, { operationName: "A" }).document).toBe(a);
    expect(prepared(query, { operationName: "A", acceptsDefer: true }).document).toBe(a);
    expect(b?.text).not.toBe(a?.text);
    expect(codesOf(query)).toEqual(["OPERATION_RESOLUTION_FAILURE"]);
  });
  test("are not mixed up by an operation's name that continues the text", () => {
    expect(prepared("query A {c1_}", { operationName: "A" }).document.name).toBe("A");
    expect(codesOf("{c1_}", { operationName: "A\nquery A {c1_}" })).toEqual(["OPERATION_RESOLUTION_FAILURE"]);
  });
  test("are forgotten, the longest unused first, when they take too much memory", () => {
    const few = operationPreparer({ ...settings, maxBytes: 8000 });
    const documentOf = (query: string) => {
      const operation = few({ query, operationName: null, variables: {} }, { acceptsDefer: false });
      if ("refused" in operation) throw new Error("refused");
      return operation.document;
    };
    const first = documentOf("{c1_}");
    documentOf("{a: c1_}");
    expect(documentOf("{c1_}")).toBe(first);
    documentOf("{b: c1_}");
    documentOf("{c: c1_}");
    expect(documentOf("{c1_}")).toBe(first);
    for (let at = 0; at < 20; at++) documentOf(`{x${at}: c1_}`);
    expect(documentOf("{c1_}")).not.toBe(first);
  });
  test.each([
    ["what is not GraphQL", "{c1_", "GRAPHQL_PARSE_FAILED"],
    ["nothing", "", "GRAPHQL_PARSE_FAILED"],
    ["a schema", "type Query {a: Int}", "GRAPHQL_VALIDATION_FAILED"],
  ])("of %s are refused", (_, query, expected) => expect(codesOf(query)[0]).toBe(expected));

  test("of a subscription say so: how it is answered is for others to know", () => {
    expect(prepared("subscription {changes}").document.kind).toBe("subscription");
  });

  test("that cost too much are refused where costs are bounded", () => {
    const bounded = operationPreparer({
      ...settings,
      cost: { supergraph: parse("type Query {all: [Node!]} type Node {a: Int}"), maxCost: 9 },
    });
    const request = { query: "{all {a}}", operationName: null, variables: {} };
    const refused = bounded(request, { acceptsDefer: false });
    expect("refused" in refused && refused.refused[0]?.extensions.code).toBe("COST_ESTIMATED_TOO_EXPENSIVE");
  });
});

describe("@freshness", () => {
  test.each<[string, string, Given, number | null]>([
    ["says nothing where it does not stand", "{ all { a } }", {}, null],
    ["is written out", "query @freshness(maxSeconds: 5) { all { a } }", {}, 5],
    ["stands in a variable", "query($s: Int!) @freshness(maxSeconds: $s) { all { a } }", { variables: { s: 0 } }, 0],
    ["stands in a variable's default", "query($s: Int! = 9) @freshness(maxSeconds: $s) { all { a } }", {}, 9],
  ])("%s", (_what, query, given, expected) => {
    const { maxSeconds, document } = prepared(query, given);
    expect(maxSeconds).toBe(expected);
    // What is planned, and kept, is the same with it and without.
    expect(oneLine(document.text)).toBe(textOf("{ all { a } }"));
  });

  test.each<[string, string, Given, string]>([
    ["below nothing", "query @freshness(maxSeconds: -1) { all { a } }", {}, "BAD_USER_INPUT"],
    [
      "below nothing, in a variable",
      "query($s: Int!) @freshness(maxSeconds: $s) { all { a } }",
      { variables: { s: -1 } },
      "BAD_USER_INPUT",
    ],
    ["without a bound", "query @freshness { all { a } }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["on a field", "{ all @freshness(maxSeconds: 1) { a } }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["on a mutation", "mutation @freshness(maxSeconds: 1) { set { a } }", {}, "GRAPHQL_VALIDATION_FAILED"],
  ])("is refused %s", (_what, query, given, code) => {
    expect(codesOf(query, given)).toEqual([code]);
  });
});
