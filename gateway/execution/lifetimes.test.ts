/** How long what is selected may be kept, what is asked apart because of it, and what an answer depends on. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { type OperationDefinitionNode, parse, print, type SelectionSetNode, stripIgnoredCharacters } from "graphql";
import { lifetimeOf, readLifetimes, splitByLifetime } from "./lifetimes.ts";
import { entityQuestion, rootQuestion } from "./questions.ts";
import { readSchemaFacts } from "./schema-facts.ts";

const supergraph = parse(`
  schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
  directive @lifetime(seconds: Int!, feed: String!) repeatable on OBJECT | FIELD_DEFINITION
  enum join__Graph { COURT @join__graph(name: "court", url: "http://court.test") }
  scalar ANumber
  scalar Fin
  input By { fin: Fin numbers: [ANumber!] nested: By text: String }
  type Query {
    person(by: By, fin: Fin, ids: [ID!]): Person @lifetime(seconds: 300, feed: "IDENT")
    anything: [Thing!] @lifetime(seconds: 100, feed: "CASE")
    hold: Person
  }
  union Thing = Case | Notice
  interface Record { id: ID! text: String }
  type Person @join__type(graph: COURT, key: "fin") {
    fin: Fin!
    aNumbers: [ANumber!] @lifetime(seconds: 300, feed: "IDENT")
    other: [[ANumber]] @lifetime(seconds: 300, feed: "IDENT")
    cases(first: Int, like: ANumber, by: By): [Case!] @lifetime(seconds: 300, feed: "CASE")
    stays: [Stay!] @lifetime(seconds: 60, feed: "CASE")
    joined: String @lifetime(seconds: 300, feed: "B") @lifetime(seconds: 200, feed: "A")
    records: [Record!] @lifetime(seconds: 300, feed: "CASE")
    never: String
    wrong: String @lifetime(seconds: 0, feed: "CASE")
    friend: Person @lifetime(seconds: 300, feed: "IDENT")
  }
  type Case implements Record @join__type(graph: COURT, key: "id court { code }") {
    id: ID!
    text: String
    court: Court
    hearing: Hearing @lifetime(seconds: 30, feed: "HALL")
    never: Stay
  }
  type Court { code: String! }
  type Hearing { at: String room: String @lifetime(seconds: 10, feed: "ROOMS") }
  type Stay @lifetime(seconds: 5, feed: "STAYS") { state: String since: String @lifetime(seconds: 900, feed: "OTHER") }
  type Notice implements Record @join__type(graph: COURT, key: "id") {
    id: ID!
    text: String @lifetime(seconds: 7, feed: "NOTICES")
  }
`);
const facts = readSchemaFacts(supergraph);
const lifetimes = readLifetimes(supergraph, (directive) => directive === "lifetime");
const keeping = { lifetimes, generation: "g1" };
const settings = { facts, keeping, synthetics: new Map<string, string>() };

const operationOf = (text: string) => parse(text, { noLocation: true }).definitions[0] as OperationDefinitionNode;
const setOf = (text: string): SelectionSetNode => operationOf(text).selectionSet;
const written = (set: SelectionSetNode) => stripIgnoredCharacters(print(set));

describe("what a root brings", () => {
  test.each([
    ["a field's own", "{ person { aNumbers } }", 300, ["IDENT"]],
    ["the shortest of all, and every feed", "{ person { aNumbers stays { state } } }", 5, ["CASE", "IDENT", "STAYS"]],
    ["that of the field around it, where nothing else is said", "{ person { fin friend { fin } } }", 300, ["IDENT"]],
    ["its own before its type's", "{ person { stays { since } } }", 60, ["CASE", "IDENT", "OTHER"]],
    ["several feeds of one field", "{ person { joined } }", 200, ["A", "B", "IDENT"]],
    [
      "what is inherited through a field with its own",
      "{ person { cases { hearing { at } } } }",
      30,
      ["CASE", "HALL", "IDENT"],
    ],
    ["the deepest", "{ person { cases { hearing { room } } } }", 10, ["CASE", "HALL", "IDENT", "ROOMS"]],
    ["the same under other keys", "{ c1: person { c2: stays { c3: state } } }", 5, ["CASE", "IDENT", "STAYS"]],
    ["what stands in fragments", "{ person { ... { ... on Person { joined } } } }", 200, ["A", "B", "IDENT"]],
    ["whatever may stand behind an interface", "{ person { records { text } } }", 7, ["CASE", "IDENT", "NOTICES"]],
    ["what a type's fragment asks", "{ person { records { ... on Case { text } } } }", 300, ["CASE", "IDENT"]],
    ["what a union's fragments ask", "{ anything { __typename ... on Notice { text } } }", 7, ["CASE", "NOTICES"]],
  ])("is kept for %s", (_title, text, seconds, feeds) => {
    expect(lifetimeOf({ lifetimes, schema: facts.schema }, setOf(text), "Query")).toEqual({ seconds, feeds });
  });

  test.each([
    ["a root without one", "{ hold { aNumbers } }"],
    ["one of two roots without one", "{ person { fin } hold { aNumbers } }"],
    ["a lifetime that is none", "{ person { wrong } }"],
    ["nothing at all", "{ __typename }"],
  ])("is not kept for %s", (_title, text) => {
    expect(lifetimeOf({ lifetimes, schema: facts.schema }, setOf(text), "Query")).toBeNull();
  });
});

describe("what is fetched of entities", () => {
  const parts = (text: string, labels = lifetimes) =>
    splitByLifetime(setOf(text), "court", facts, labels).map(({ set, lifetime }) => [
      written(set),
      lifetime && `${lifetime.seconds} ${lifetime.feeds}`,
    ]);

  test.each<[string, string, (readonly [string, string | null])[]]>([
    [
      "fields that are kept alike stay together",
      "{ ... on Person { a: cases { id } b: cases(first: 2) { id } } }",
      [["{...on Person{a:cases{id}b:cases(first:2){id}}}", "300 CASE"]],
    ],
    [
      "others are asked apart, with the key in the first",
      "{ ... on Person { __typename fin stays { state } aNumbers never } }",
      [
        ["{...on Person{__typename fin stays{state}}}", "5 CASE,STAYS"],
        ["{...on Person{aNumbers}}", "300 IDENT"],
        ["{...on Person{never}}", null],
      ],
    ],
    [
      "fields of one key are merged, and so not parted",
      "{ ... on Person { cases { id } cases { hearing { at } } joined } }",
      [
        ["{...on Person{cases{id}cases{hearing{at}}}}", "30 CASE,HALL"],
        ["{...on Person{joined}}", "200 A,B"],
      ],
    ],
    [
      "conditions stay with what they are about",
      "{ ... on Person { ... @include(if: $x) { joined aNumbers } } ... on Notice { text } }",
      [
        ["{...on Person{...@include(if:$x){joined}}}", "200 A,B"],
        ["{...on Person{...@include(if:$x){aNumbers}}}", "300 IDENT"],
        ["{...on Notice{text}}", "7 NOTICES"],
      ],
    ],
    ["a key alone is not kept", "{ ... on Person { fin } }", [["{...on Person{fin}}", null]]],
    [
      "what may say of which type an entity is stays whole",
      "{ ... on Record { __typename text ... on Notice { id } } ... on Case { hearing { at } } }",
      [["{...on Record{__typename text ...on Notice{id}}...on Case{hearing{at}}}", null]],
    ],
  ])("%s", (_title, text, expected) => {
    expect(parts(text)).toEqual(expected);
  });

  test("is not taken apart where the supergraph says nothing of lifetimes", () => {
    const text = "{ ... on Person { stays { state } joined } }";
    expect(parts(text, new Map())).toEqual([[written(setOf(text)), null]]);
  });
});

describe("what an answer depends on", () => {
  const root = (text: string, asked: unknown, answered: unknown) => {
    const operation = operationOf(text);
    const { question } = rootQuestion(settings, {
      selectionSet: operation.selectionSet,
      variables: operation.variableDefinitions ?? [],
    });
    return [...question.tagsOf(asked, answered)].sort();
  };

  test.each<[string, string, unknown, unknown, readonly string[]]>([
    [
      "a variable, of nobody as well",
      "query ($a: Fin) { person(fin: $a) { fin } }",
      { a: "F1" },
      { person: null },
      ["Fin F1"],
    ],
    [
      "a list of them, and none that is null",
      "query ($a: [ID!], $b: Fin) { person(ids: $a, fin: $b) { fin } }",
      { a: ["1", 2], b: null },
      { person: null },
      ["ID 1", "ID 2"],
    ],
    [
      "one where a list is declared",
      "query ($a: [ID!]) { person(ids: $a) { fin } }",
      { a: "1" },
      { person: null },
      ["ID 1"],
    ],
    [
      "members of input objects, nested ones too",
      "query ($by: By) { person(by: $by) { fin } }",
      { by: { fin: "F1", nested: { numbers: ["012345678", "1"], nested: { fin: "F2" } }, text: "no identifier" } },
      { person: null },
      ["ANumber 012345678", "ANumber 1", "Fin F1", "Fin F2"],
    ],
    [
      "literals that stand in the document, as they are meant",
      '{ person(by: { numbers: ["A12-345-678"] }, ids: [7]) { fin } }',
      {},
      { person: null },
      ["ANumber 012345678", "ID 7"],
    ],
    [
      "literals beside variables",
      'query ($n: ANumber!) { person(by: { nested: { numbers: [$n] }, fin: "FIN001" }) { fin } }',
      { n: "012345678" },
      { person: null },
      ["ANumber 012345678", "Fin FIN001"],
    ],
    [
      "identifiers and entities in the answer, under any key, in lists of lists",
      "{ c1: person { c2: fin c3: aNumbers c4: other } }",
      {},
      { c1: { c2: "F1", c3: ["1", "2"], c4: [["3", null], null] } },
      ["ANumber 1", "ANumber 2", "ANumber 3", "Fin F1", "Person F1"],
    ],
    [
      "an entity whose key is of several fields",
      "{ person { cases { c1: id c2: court { c3: code } } } }",
      {},
      { person: { cases: [{ c1: 4, c2: { c3: "X" } }] } },
      ['Case ["4",["X"]]', "ID 4"],
    ],
    [
      "an entity of which the key is not all there",
      "{ person { cases { id } } }",
      {},
      { person: { cases: [{ id: 4 }] } },
      ["ID 4"],
    ],
    [
      "an abstract type's fields, by what each object is",
      "{ anything { __typename ... on Case { c1: id } ... on Notice { c1: text c2: id } } }",
      {},
      {
        anything: [
          { __typename: "Case", c1: "1" },
          { __typename: "Notice", c1: "no identifier", c2: "2" },
        ],
      },
      ["ID 1", "ID 2", "Notice 2"],
    ],
    [
      "all that it may be, where nobody says what it is",
      "{ anything { ... on Case { c1: id } ... on Notice { c2: id } } }",
      {},
      { anything: [{ c1: "1" }, { c2: "2" }] },
      ["ID 1", "ID 2"],
    ],
    [
      "nothing that nobody selected",
      "{ person { joined } }",
      {},
      { person: { joined: "x", fin: "F1", aNumbers: ["1"] } },
      [],
    ],
  ])("is %s", (_title, text, asked, answered, tags) => {
    expect(root(text, asked, answered)).toEqual([...tags].sort());
  });

  const requires = [
    {
      kind: "InlineFragment" as const,
      typeCondition: "Person",
      selections: ["__typename", "fin", "aNumbers"].map((name) => ({ kind: "Field" as const, name })),
    },
  ];
  const entity = (text: string, more: Partial<Parameters<typeof entityQuestion>[1]> = {}) => {
    const operation = operationOf(text);
    return entityQuestion(settings, {
      selectionSet: operation.selectionSet,
      variables: operation.variableDefinitions ?? [],
      requires,
      inputRewrites: [],
      lifetime: { seconds: 60, feeds: ["CASE"] },
      ...more,
    });
  };

  test("is what an entity is told by, and who it is, though nothing came of it", () => {
    const { question } = entity("{ ... on Person { _k0_fin: fin cases { id } } }");
    const asked = { __typename: "Person", fin: "F1", aNumbers: ["1", "2"] };
    expect([...question.tagsOf(asked, null)].sort()).toEqual(["ANumber 1", "ANumber 2", "Fin F1", "Person F1"]);
    const answered = { __typename: "Person", _k0_fin: "F1", cases: [{ id: "9" }] };
    expect(question.tagsOf(asked, answered)).toContain("ID 9");
  });

  test.each<[string, string, Partial<Parameters<typeof entityQuestion>[1]>]>([
    ["an identifier goes along as a variable", "query ($a: ANumber) { ... on Person { cases(like: $a) { id } } }", {}],
    ["an input object that may hold one does", "query ($a: By) { ... on Person { cases(by: $a) { id } } }", {}],
    ["a type is not known", "query ($a: Nobody) { ... on Person { cases(first: $a) { id } } }", {}],
    ["the supergraph has no such field", "{ ... on Person { cases { nobody } } }", {}],
    [
      "a representation holds something under another name",
      "{ ... on Person { cases { id } } }",
      { inputRewrites: [{ kind: "KeyRenamer", path: ["aNumbers"], renameKeyTo: "numbers" }] },
    ],
    [
      "the supergraph has no such requirement",
      "{ ... on Person { cases { id } } }",
      {
        requires: [
          { kind: "InlineFragment", typeCondition: "Person", selections: [{ kind: "Field", name: "nobody" }] },
        ],
      },
    ],
  ])("cannot be told where %s: it is not kept", (_title, text, more) => {
    expect(entity(text, more).question.lifetime).toBeNull();
  });

  test("is told where a variable is no identifier, which is part of what is asked", () => {
    const { question, variables } = entity("query ($n: Int, $m: Int) { ... on Person { cases(first: $n) { id } } }");
    expect(question.lifetime).toEqual({ seconds: 60, feeds: ["CASE"] });
    expect(variables).toEqual(["n"]);
  });
});

describe("a question", () => {
  const text = (root: string, generation = "g1") => {
    const { selectionSet, variableDefinitions: variables = [] } = operationOf(root);
    return rootQuestion({ ...settings, keeping: { lifetimes, generation } }, { selectionSet, variables }).question.text;
  };
  const asked = "query ($a: Fin) { person(fin: $a) { fin } }";

  test.each([
    ["another field", "query ($a: Fin) { person(fin: $a) { fin joined } }"],
    ["another key", "query ($a: Fin) { c1: person(fin: $a) { fin } }"],
    ["another variable's type", "query ($a: Fin!) { person(fin: $a) { fin } }"],
    ["another default", 'query ($a: Fin = "F1") { person(fin: $a) { fin } }'],
    ["another literal", 'query ($a: Fin) { person(fin: "F1") { fin } }'],
    ["a condition", "query ($a: Fin) { person(fin: $a) { fin @skip(if: false) } }"],
  ])("is another one for %s", (_title, other) => {
    expect(text(other)).not.toBe(text(asked));
  });

  test("is the same however it is written, and another one over another schema", () => {
    expect(text("query  ($a : Fin) { person(fin: $a) { fin, } }")).toBe(text(asked));
    expect(text(asked, "g2")).not.toBe(text(asked));
  });
});

test("nothing that police ask of a hold is kept, and everything that the gate asks of a person is", () => {
  const own = readLifetimes(
    parse(readFileSync(new URL("../../schema/supergraph.graphql", import.meta.url), "utf8"), { noLocation: true }),
    (directive) => directive === "lifetime",
  );
  expect([...own.keys()].filter((each) => /Hold|holdCheck|DetainerFact|ProtectionFacts/.test(each))).toEqual([]);
  const person = [
    "Query.person",
    ...["protected1367", "iceCase", "cbpCase", "uscisCase", "eoirCase", "minor", "foundByReceipt"].map(
      (each) => `Person.${each}`,
    ),
  ];
  expect(person.filter((each) => !own.get(each))).toEqual([]);
});
