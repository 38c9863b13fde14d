import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { buildSchema, parse } from "graphql";
import { errorTable } from "../errors.ts";
import { type Fetch, incompleteAnswer, missingAnswer, readAnswer } from "./answer.ts";

const schema = buildSchema(`
  type Query { person: Person  things: [Thing!]  one: Either }
  type Person { fin: ID!  name: String  age: Int  tags: [String]  flags: [Boolean!]!  home: Place!  extra: Any }
  type Place { city: String! }
  interface Thing { id: ID! }
  type Chair implements Thing { id: ID!  legs: Int }
  type Table implements Thing { id: ID!  wide: Boolean }
  union Either = Chair | Table
  scalar Any
`);

const fetchOf = (query: string, representations: Fetch["representations"] = null): Fetch => ({
  schema,
  document: parse(query),
  variables: {},
  representations,
});
const entities = (selection: string, count = 1) =>
  fetchOf(
    `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Person { ${selection} } } }`,
    Array.from({ length: count }, (_, index) => ({ __typename: "Person", fin: String(index) })),
  );
const problemsOf = (fetch: Fetch, body: unknown) =>
  readAnswer(fetch, body).problems.map(({ code, root, path }) => [code, root, path.join(".")]);
const broken = "SUBREQUEST_MALFORMED_RESPONSE";

describe("values are kept only where they are of the supergraph's type", () => {
  test.each([
    ["age", 2 ** 31],
    ["age", 1.5],
    ["age", "3"],
    ["name", 3],
    ["name", ["x"]],
    ["tags", "x"],
    ["tags", { 0: "x", length: 1 }],
  ])("%s: %j is null with a problem", (field, value) => {
    const fetch = entities(field);
    const { roots, problems } = readAnswer(fetch, { data: { _entities: [{ [field]: value }] } });
    expect({ ...roots[0] }).toEqual({ [field]: null });
    expect(problems).toEqual([{ code: broken, root: 0, path: [field] }]);
  });

  test("a scalar of the schema's own is taken as it comes", () => {
    const extra = { any: ["thing", { __proto__: null }] };
    expect(readAnswer(entities("extra"), { data: { _entities: [{ extra }] } })).toEqual({
      roots: [{ extra }],
      problems: [],
    });
  });

  test("a null inside a list is the data's own where the type allows it, and a problem where it does not", () => {
    const body = { data: { _entities: [{ tags: ["a", null], flags: [true, null] }] } };
    expect(problemsOf(entities("tags flags"), body)).toEqual([[broken, 0, "flags.1"]]);
  });

  test("what was not asked for is left behind", () => {
    const body = { data: { _entities: [{ name: "x", age: 3, __proto__: 1 }] } };
    expect(readAnswer(entities("name"), body).roots.map((each) => Object.keys(each ?? {}))).toEqual([["name"]]);
  });
});

describe("abstract types", () => {
  const things = fetchOf("{ things { __typename id ... on Chair { legs } ... on Table { wide } } }");
  test("each element is read as the type it says it is", () => {
    const given = [
      { __typename: "Chair", id: "1", legs: 4, wide: "not asked of chairs" },
      { __typename: "Table", id: "2", wide: "very" },
    ];
    const { roots, problems } = readAnswer(things, { data: { things: given } });
    expect(roots).toEqual([
      {
        things: [
          { __typename: "Chair", id: "1", legs: 4 },
          { __typename: "Table", id: "2", wide: null },
        ],
      },
    ]);
    expect(problems).toEqual([{ code: broken, root: 0, path: ["things", 1, "wide"] }]);
  });

  test("an element of a type that cannot stand there is a problem", () => {
    expect(problemsOf(things, { data: { things: [{ __typename: "Person", id: "1" }] } })).toEqual([
      [broken, 0, "things.0"],
    ]);
    expect(problemsOf(fetchOf("{ one { __typename } }"), { data: { one: { __typename: "Nothing" } } })).toEqual([
      [broken, 0, "one"],
    ]);
  });
});

describe("errors of the subgraph", () => {
  const at = (path: unknown, code = "SOURCE_TIMEOUT") => [{ message: "secret", path, extensions: { code } }];
  test.each<[string, unknown, unknown, unknown[]]>([
    [
      "explains the null at its path",
      [{ name: null, age: 3, home: { city: "x" } }],
      at(["_entities", 0, "name"]),
      [["SOURCE_TIMEOUT", 0, "name"]],
    ],
    [
      "explains the null that came up from below it",
      [{ home: null }],
      at(["_entities", 0, "home", "city"]),
      [
        ["SOURCE_TIMEOUT", 0, "home.city"],
        [broken, 0, "name"],
        [broken, 0, "age"],
      ],
    ],
    [
      "at an entity stands at each of its fields",
      [null],
      at(["_entities", 0]),
      [
        ["SOURCE_TIMEOUT", 0, "name"],
        ["SOURCE_TIMEOUT", 0, "age"],
        ["SOURCE_TIMEOUT", 0, "home"],
      ],
    ],
    [
      "without a path stands at each null",
      [{ name: null, age: 3, home: { city: "x" } }],
      at(undefined),
      [["SOURCE_TIMEOUT", 0, "name"]],
    ],
    [
      "for no such entity stands as one without a path",
      [{ name: null, age: 3, home: { city: "x" } }],
      at(["_entities", 7, "name"]),
      [["SOURCE_TIMEOUT", 0, "name"]],
    ],
    [
      "that stands for no null is told all the same",
      [{ name: "x", age: 3, home: { city: "x" } }],
      at(undefined),
      [["SOURCE_TIMEOUT", 0, ""]],
    ],
    ["that is no list is an error", [{ name: "x", age: 3, home: { city: "x" } }], "oops", [["SUBGRAPH_ERROR", 0, ""]]],
  ])("%s", (_title, given, errors, expected) => {
    const found = problemsOf(entities("name age home { city }"), { data: { _entities: given }, errors });
    for (const each of expected) expect(found).toContainEqual(each);
    if (!JSON.stringify(expected).includes(broken)) expect(found).toHaveLength(expected.length);
  });
});

test("an entity that the subgraph does not know is null, which is its to say", () => {
  expect(readAnswer(entities("name", 2), { data: { _entities: [null, { name: "x" }] } })).toEqual({
    roots: [null, { name: "x" }],
    problems: [],
  });
});

test("an answer that never came is null everywhere, each null with its problem", () => {
  const { roots, problems } = missingAnswer(entities("name home { city }", 2), { code: "GATEWAY_TIMEOUT" });
  expect(roots).toEqual([
    { name: null, home: null },
    { name: null, home: null },
  ]);
  expect(problems.map(({ root, path }) => [root, ...path])).toEqual([
    [0, "name"],
    [0, "home"],
    [1, "name"],
    [1, "home"],
  ]);
});

test("what was found by half a question says so at each list, wherever it stands, and no list of it is empty", () => {
  const [fetch, cause] = [entities("fin name extra"), { code: "RECORD_UNREADABLE", system: "IDENT" } as const];
  const found = { fin: "0", name: null, extra: { none: [], some: [{ below: [] }], label: "x" }, tags: [], age: 3 };
  const { roots, problems } = incompleteAnswer(fetch, found, cause);
  expect(roots).toEqual([{ ...found, extra: { none: null, some: [{ below: [] }], label: "x" }, tags: null }]);
  const paths = [["name"], ["extra", "none"], ["extra", "some"], ["tags"], ["age"]];
  expect(problems).toEqual(paths.map((path) => ({ ...cause, root: 0, path })));
});

test("whatever comes, as many entities come out as were asked for, and nothing of what came is in a problem", () => {
  const name = fc.constantFrom(
    "name",
    "age",
    "tags",
    "flags",
    "home",
    "city",
    "__typename",
    "__proto__",
    "_entities",
    "data",
    "errors",
    "path",
    "extensions",
    "code",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 3, "canary", "Person"),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(name, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  const body = fc.oneof(
    tree,
    fc.record({ data: fc.record({ _entities: fc.array(tree, { minLength: 2, maxLength: 2 }) }), errors: tree }),
  );
  fc.assert(
    fc.property(body, (given) => {
      const { roots, problems } = readAnswer(entities("name age tags flags home { city }", 2), given);
      expect(roots).toHaveLength(2);
      for (const root of roots)
        for (const [key, value] of Object.entries(root ?? {}))
          if (value === null && ["flags", "home"].includes(key))
            expect(problems.some(({ path }) => path.length === 0 || path[0] === key)).toBe(true);
      for (const { code } of problems) expect(Object.hasOwn(errorTable, code)).toBe(true);
      expect(JSON.stringify(problems)).not.toContain('"system"');
    }),
    { numRuns: 500 },
  );
});
