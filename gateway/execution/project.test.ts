/** Compiled projection gives what completion gives where nothing is wrong, and gives up wherever anything is. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  buildSchema,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
} from "graphql";
import { complete } from "./complete.ts";
import { openProblems } from "./problems.ts";
import { projection } from "./project.ts";
import { allRights } from "./rights.ts";
import { shapeOf } from "./shape.ts";

const textOf = (hidden: { readonly value: string; readonly type: string }) => `
  scalar Any
  enum Kind { GOOD BAD ${hidden.value} }
  interface Node { id: ID! name: String }
  type Query { node: Node nodes: [Node!] either: [Either] things: [[Thing]!]! thing: Thing! toString: String }
  union Either = Thing | Other
  type Thing implements Node { id: ID! name: String count: Int! share: Float on: Boolean kind: Kind kinds: [Kind!] any: Any tags: [String!] next: Thing constructor: Int }
  type Other implements Node { id: ID! name: String other: Int }
  ${hidden.type}`;
const schema = buildSchema(textOf({ value: "", type: "" }));
const whole = buildSchema(
  textOf({
    value: "SECRET",
    type: "type Unseen implements Node { id: ID! name: String } extend union Either = Unseen",
  }),
);

const operation = parse(`{
  __typename toString
  node { id ... on Thing { count kind kinds next { id tags } } }
  nodes { __typename name ... on Other { other } }
  either { __typename ... on Thing { id any constructor } ... on Node { name } }
  things { count share on kind any tags next { next { id } } }
  thing { id name count }
}`).definitions[0] as OperationDefinitionNode;

/** Nothing stops a name from being any text: it is never evaluated. */
const hostile = 'x"]:0});globalThis.evaluated=true;({["';
const clientKeys = new Map([
  ["name", "__proto__"],
  ["count", hostile],
  ["kind", "constructor"],
]);

const shape = shapeOf(
  { schema: whole, apiSchema: schema, clientKeys, variables: {}, rights: allRights },
  schema.getQueryType() as GraphQLObjectType,
  [operation.selectionSet],
);

describe("of what clients may not know", () => {
  const unseen = { __typename: "Unseen", id: "1", name: "x" };
  const thing = { id: "1", name: null, count: 1 };
  const right = { toString: "", node: null, nodes: [], either: [], things: [], thing };
  const inaccessible = (...path: readonly (string | number)[]) => [{ code: "VALUE_INACCESSIBLE", path }];
  const malformed = (...path: readonly (string | number)[]) => [
    { code: "SUBREQUEST_MALFORMED_RESPONSE", agency: "one", path },
  ];
  test.each<[string, object, object, readonly unknown[]]>([
    ["an object is null, and nothing is said of it", { node: unseen }, { node: null }, []],
    ["an element is null where it may be", { either: [unseen, null] }, { either: [null, null] }, []],
    [
      "none may be null here: so is the list, with an error",
      { nodes: [unseen] },
      { nodes: null },
      inaccessible("nodes", 0),
    ],
    [
      "a value of an enum is null",
      { node: { __typename: "Thing", ...thing, kind: "SECRET", kinds: [], next: null } },
      { node: { id: "1", [hostile]: 1, constructor: null, kinds: [], next: null } },
      [],
    ],
    [
      "and with an error the list that it may not be null in",
      { node: { __typename: "Thing", ...thing, kind: null, kinds: ["SECRET"], next: null } },
      { node: { id: "1", [hostile]: 1, constructor: null, kinds: null, next: null } },
      inaccessible("node", "kinds", 0),
    ],
    [
      "a type that nobody knows is a fault",
      { node: { __typename: "Typo", id: "1" } },
      { node: null },
      malformed("node"),
    ],
  ])("%s", (_, data, shown, errors) => {
    const raw = { ...right, ...data };
    const completed = complete(raw, shape, { problems: openProblems(), given: {}, agencyOf: () => "one" });
    expect(completed.errors).toEqual(errors);
    expect(JSON.parse(JSON.stringify(completed.data))).toMatchObject(shown);
    const projected = projection(shape)(raw, {});
    expect(JSON.stringify(projected)).toBe(errors.length > 0 ? "null" : JSON.stringify(completed.data));
  });
});

test("what comes later of an object that clients may not know of is nothing", () => {
  const [, { selectionSet }] = operation.selectionSet.selections as never as readonly [
    unknown,
    OperationDefinitionNode,
  ];
  const node = shapeOf(
    { schema: whole, apiSchema: schema, clientKeys, variables: {}, rights: allRights },
    schema.getType("Node") as GraphQLInterfaceType,
    [selectionSet],
  );
  const settings = { problems: openProblems(), given: {}, agencyOf: () => "one" };
  expect(complete({ __typename: "Unseen", id: "1" }, node, settings)).toEqual({ data: null, errors: [] });
});

/** Mostly what the type says, sometimes not. */
const sometimes = <Value>(right: fc.Arbitrary<Value>) =>
  fc.oneof(
    { arbitrary: right as fc.Arbitrary<unknown>, weight: 60 },
    { arbitrary: fc.constantFrom(null, undefined, 7, 2 ** 53, 1.5, "text", true, [], {}, [null]), weight: 1 },
  );
const leafs = {
  id: sometimes(fc.oneof(fc.string(), fc.nat())),
  name: sometimes(fc.option(fc.string())),
  count: sometimes(fc.integer()),
  share: sometimes(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))),
  on: sometimes(fc.option(fc.boolean())),
  kind: sometimes(fc.constantFrom("GOOD", "BAD", "SECRET", null)),
  kinds: sometimes(fc.array(fc.constantFrom("GOOD", "GOOD", "GOOD", "SECRET"), { maxLength: 2 })),
  any: sometimes(fc.jsonValue({ maxDepth: 3 })),
  tags: sometimes(fc.option(fc.array(fc.string(), { maxLength: 3 }))),
  constructor: sometimes(fc.integer()),
};
const { thing } = fc.letrec((tie) => ({
  thing: sometimes(
    fc.record({ ...leafs, __typename: fc.constant("Thing"), next: fc.option(tie("thing"), { maxDepth: 2 }) }),
  ),
}));
const other = sometimes(
  fc.record({ __typename: fc.constantFrom("Other"), id: leafs.id, name: leafs.name, other: leafs.count }),
);
const unseen = sometimes(fc.record({ __typename: fc.constant("Unseen"), id: leafs.id, name: leafs.name }));
const node = fc.oneof({ arbitrary: fc.oneof(thing, other), weight: 6 }, { arbitrary: unseen, weight: 1 });
const answers = fc.record({
  toString: sometimes(fc.string()),
  node: fc.option(node),
  nodes: sometimes(fc.array(node, { maxLength: 3 })),
  either: sometimes(fc.array(node, { maxLength: 3 })),
  things: sometimes(fc.array(fc.array(thing, { maxLength: 2 }), { maxLength: 2 })),
  thing,
});

test("for any data, byte for byte", () => {
  expect(operation.kind).toBe(Kind.OPERATION_DEFINITION);
  const project = projection(shape);
  const seen = { right: 0, wrong: 0 };
  fc.assert(
    fc.property(answers, (data) => {
      const completed = complete(data, shape, { problems: openProblems(), given: {}, agencyOf: () => "one" });
      const projected = project(data, {});
      if (completed.errors.length > 0) {
        seen.wrong += 1;
        expect(projected).toBeNull();
      } else {
        seen.right += 1;
        expect(JSON.stringify(projected)).toBe(JSON.stringify(completed.data));
      }
    }),
    { numRuns: 3000 },
  );
  expect(seen.right).toBeGreaterThan(300);
  expect(seen.wrong).toBeGreaterThan(300);
  expect((globalThis as { evaluated?: unknown }).evaluated).toBeUndefined();
});
