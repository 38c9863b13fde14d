/** What operations may say beside fields: directives that are the subgraphs' own. */
import { composeServices } from "@apollo/composition";
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph } from "@apollo/federation-internals";
import { describe, expect, test } from "@jest/globals";
import { parse, printSchema, validate } from "graphql";
import { readApiSchema } from "./api-schema.ts";

const link = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@composeDirective", "@inaccessible"])`;

function schemaOf(...subgraphs: readonly string[]) {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.map((sdl, at) => ({ name: `s${at}`, url: `http://s${at}.example`, typeDefs: parse(`${link} ${sdl}`) })),
  );
  if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
  const supergraph = Supergraph.build(supergraphSdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
  const apiSdl = printSchema(supergraph.apiSchema().toGraphQLJSSchema());
  return readApiSchema(apiSdl, parse(supergraphSdl));
}

describe("a directive that subgraphs bring along with a spec of their own", () => {
  const spec =
    '@link(url: "https://specs.example/access/v1.0", import: ["@access"]) @composeDirective(name: "@access")';
  const subgraph = (field: string, directive: string) =>
    `${spec} directive @access${directive} enum Scope { PUBLIC PRIVATE } type Query { ${field}: String }`;

  test("may be said by operations, with its default, where it is for operations", () => {
    const schema = schemaOf(
      subgraph("a", "(scope: Scope!) on FIELD | OBJECT"),
      subgraph("b", "(scope: Scope! = PUBLIC) on FIELD | OBJECT"),
    );
    expect(printSchema(schema)).toContain("directive @access(scope: Scope! = PUBLIC) on FIELD\n");
    expect(validate(schema, parse("{ a @access b @access(scope: PRIVATE) }"))).toEqual([]);
    expect(validate(schema, parse("query @access { a }"))).toHaveLength(1);
  });

  test("stays unknown where it is for schemas alone", () => {
    expect(schemaOf(subgraph("a", "(scope: Scope!) on OBJECT")).getDirective("access")).toBeUndefined();
  });

  test.each([
    ["@skip is the gateway's own", "directive @skip(because: String, if: Boolean!) on FIELD", "skip", ["if"]],
    ["@freshness is the gateway's own", "directive @freshness(zone: Int) on QUERY", "freshness", undefined],
    ["a default of a scalar of its own", "directive @a(b: Json = {c: 1}) on FIELD", "a", undefined],
    ["a type of its name is no directive", "directive @Query(b: Int) on FIELD", "Query", ["b"]],
    [
      "an argument's type of its own name that is not there",
      "directive @x(b: x) on FIELD enum x { A }",
      "x",
      undefined,
    ],
  ])("of a supergraph made by hand: %s", (_, sdl, name, args) => {
    const schema = readApiSchema("scalar Json type Query { a: Json }", parse(`${sdl} scalar Json`));
    expect(schema.getDirective(name)?.args.map((each) => each.name)).toEqual(args);
  });

  test("stays unknown where its argument is of a type that clients may not know", () => {
    const supergraph = parse("directive @access(scope: Scope) on FIELD enum Scope @inaccessible { PUBLIC }");
    expect(readApiSchema("type Query { a: String }", supergraph).getDirective("access")).toBeUndefined();
  });
});
