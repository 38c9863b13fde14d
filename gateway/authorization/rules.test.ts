/** What is read of a supergraph's labels, by whatever name they go, and what is refused at start. T07, T09, T10, T16. */
import { composeServices } from "@apollo/composition";
import { describe, expect, test } from "@jest/globals";
import { parse } from "graphql";
import { classOf } from "./caller-class.ts";
import { rightsReader } from "./rights.ts";
import { readRules } from "./rules.ts";

const apollo = "https://specs.apollo.dev";
const core = `@link(url: "https://crosswalk.example/core/v1.0", import: ["@guard", "@open", "@sparse"])`;
const supergraph = (links: string, types: string) =>
  parse(
    `schema @link(url: "${apollo}/link/v1.0") @link(url: "${apollo}/join/v0.5", for: EXECUTION) ${links} { query: Query }\n${types}`,
  );

const caller = (scopes: readonly string[] | null) =>
  classOf(
    scopes === null
      ? null
      : ({ subject: "x", agency: null, roles: [], purposes: [], scopes, ori: null, clearances: [] } as never),
    null,
  );
const rightsIn = (document: ReturnType<typeof parse>, scopes: readonly string[] | null, denyByDefault = false) =>
  rightsReader(readRules(document, { denyByDefault }), null, () => 0)(caller(scopes));

describe("a directive is what @link says it is (T07)", () => {
  const scopesLink = (more: string) => `@link(url: "${apollo}/requiresScopes/v0.1"${more})`;
  test.each([
    ["as it is", scopesLink(", for: SECURITY"), "requiresScopes"],
    ["imported", scopesLink(', import: ["@requiresScopes"]'), "requiresScopes"],
    ["imported under another name", scopesLink(', import: [{ name: "@requiresScopes", as: "@scoped" }]'), "scoped"],
    ["its specification renamed", scopesLink(', as: "scoped"'), "scoped"],
    ["its specification renamed, namespaced", scopesLink(', as: "sec"'), "sec__requiresScopes"],
    ["of federation, namespaced", `@link(url: "${apollo}/federation/v2.9")`, "federation__requiresScopes"],
    ["of a renamed federation", `@link(url: "${apollo}/federation/v2.9/", as: "fed")`, "fed__requiresScopes"],
    [
      "of federation, imported under another name",
      `@link(url: "${apollo}/federation/v2.9", import: ["@tag", { name: "@requiresScopes", as: "@held" }])`,
      "held",
    ],
    ["linked on an extension of the schema, and by another @link", "", "scoped"],
  ])("%s", (title, link, directive) => {
    const more = title.startsWith("linked on")
      ? `extend schema @lnk(url: "${apollo}/requiresScopes/v0.1", as: "scoped")`
      : "";
    const document = supergraph(
      link,
      `type Query { open: String held: String @${directive}(scopes: [["x"]]) } ${more}`,
    );
    expect(rightsIn(document, []).refusesField("Query", "held")).toBe(true);
    expect(rightsIn(document, null).refusesField("Query", "held")).toBe(true);
    expect(rightsIn(document, ["x"]).refusesField("Query", "held")).toBe(false);
    expect(rightsIn(document, []).refusesField("Query", "open")).toBe(false);
  });

  test("and so are our own", () => {
    const link = `@link(url: "https://crosswalk.example/core/v1.0", as: "cw", import: [{ name: "@guard", as: "@held" }])`;
    const document = supergraph(
      link,
      'type Query { a: A @held(policy: "p") b: A @cw__guard(policy: "p") c: A } type A { x: String }',
    );
    const rights = rightsIn(document, ["x"]);
    expect(["a", "b", "c"].map((field) => rights.refusesField("Query", field))).toEqual([true, true, false]);
  });

  test.each([
    [
      "a later version",
      `@link(url: "${apollo}/requiresScopes/v0.2", for: SECURITY)`,
      "",
      /requiresScopes\/v0\.2.*version/,
    ],
    ["no version", `@link(url: "${apollo}/authenticated")`, "", /version is not known/],
    ["a later version of ours", '@link(url: "https://crosswalk.example/core/v2.0")', "", /core\/v2\.0.*version/],
    ["the same of somebody else", '@link(url: "https://specs.other.example/requiresScopes/v0.1")', "", /not known/],
    ["anything for security", '@link(url: "https://other.example/thing/v1.0", for: SECURITY)', "", /not known/],
    [
      "an import that looks protective",
      '@link(url: "https://other.example/thing/v1.0", import: ["@hasRole"])',
      "",
      /@hasRole/,
    ],
    [
      "an alias that looks protective",
      '@link(url: "https://other.example/thing/v1.0", import: [{ name: "@x", as: "@authorized" }])',
      "",
      /@x is not known/,
    ],
    ["a directive that nobody linked", "", '@requiresScopes(scopes: [["x"]])', /@requiresScopes is no directive/],
    ["another spelling", `@link(url: "${apollo}/authenticated/v0.1")`, "@Authenticated", /@Authenticated is no/],
    ["a namespace of nobody's", "", "@federation__authenticated", /@federation__authenticated/],
    ["one carried by the join specification", "", '@join__directive(graphs: [A], name: "policy", args: {})', /@policy/],
    [
      "one name for two directives",
      `@link(url: "${apollo}/authenticated/v0.1", as: "x") @link(url: "${apollo}/policy/v0.1", as: "x")`,
      "",
      /@x would be two/,
    ],
    [
      "no list of scopes",
      `@link(url: "${apollo}/requiresScopes/v0.1")`,
      "@requiresScopes(scopes: 1)",
      /Query\.a.*list of lists/,
    ],
    ["no scopes at all", `@link(url: "${apollo}/requiresScopes/v0.1")`, "@requiresScopes", /Query\.a.*list of lists/],
  ])("the supergraph is refused for %s", (_title, link, directive, why) => {
    expect(() => rightsIn(supergraph(link, `type Query { a: String ${directive} }`), [])).toThrow(why);
  });
});

describe("rules of several subgraphs for one field must all be fulfilled (T09)", () => {
  const federation = `extend schema @link(url: "${apollo}/federation/v2.9", import: ["@key", "@shareable", "@requiresScopes"])`;
  const part = (name: string, scopes: string, isRoot: boolean) => ({
    name,
    url: "http://127.0.0.1:1",
    typeDefs: parse(
      `${federation} ${isRoot ? "type Query { t: T }" : ""} type T @key(fields: "id") { id: ID! f: String @shareable @requiresScopes(scopes: ${scopes}) }`,
    ),
  });
  const composed = (parts: ReturnType<typeof part>[]) => {
    const { supergraphSdl, errors } = composeServices(parts);
    if (!supergraphSdl) throw new Error(String(errors));
    return parse(supergraphSdl);
  };
  const cases: readonly [readonly string[], boolean][] = [
    [["x"], false],
    [["y"], false],
    [["x", "y"], true],
    [["x", "z"], true],
    [["z"], false],
  ];
  test.each(cases)("%j of X, and Y or Z, in either order: %s", (scopes, may) => {
    const [one, other] = [part("a", '[["x"]]', true), part("b", '[["y"], ["z"]]', false)];
    const [two, another] = [part("b", '[["x"]]', true), part("a", '[["y"], ["z"]]', false)];
    for (const document of [composed([one, other]), composed([another, two])])
      expect(rightsIn(document, scopes).refusesField("T", "f")).toBe(!may);
  });
});

describe("a rule on any kind of element is enforced, or refused at start (T10)", () => {
  const links = `@link(url: "${apollo}/authenticated/v0.1", for: SECURITY)`;
  const wrappers = ["X", "X!", "[X]", "[X!]!", "[[X]]", "[[X!]!]!"];
  const kinds: readonly [string, string][] = [
    ["a scalar", "scalar X @authenticated"],
    ["an enum", "enum X @authenticated { A }"],
    ["an object", "type X @authenticated { f: String }"],
    ["an interface", "interface X @authenticated { f: String } type I implements X { f: String }"],
    [
      "every member of a union",
      "union X = A | B type A @authenticated { f: String } type B @authenticated { f: String }",
    ],
    ["an extension", "type X { f: String } extend type X @authenticated { g: String }"],
  ];
  test.each(kinds.flatMap(([kind, sdl]) => wrappers.map((wrapper) => [kind, wrapper, sdl] as const)))(
    "%s, given as %s",
    (_kind, wrapper, sdl) => {
      const document = supergraph(links, `type Query { x: ${wrapper} other: String } ${sdl}`);
      expect(rightsIn(document, null).refusesField("Query", "x")).toBe(true);
      expect(rightsIn(document, null).refusesField("Query", "other")).toBe(false);
      expect(rightsIn(document, []).refusesField("Query", "x")).toBe(false);
    },
  );

  test.each([
    ["an input", "input X @authenticated { a: String }", "X"],
    ["a member of an input", "input X { a: String @authenticated }", "X.a"],
    ["an argument", "type X { f(a: String @authenticated): String }", "X.a"],
    ["an enum's value", "enum X { A @authenticated }", "X.A"],
    ["a union", "union X @authenticated = Query", "X"],
    ["an enum that is given", "enum E @authenticated { A } type X { f(e: [E!]): String }", "X.e"],
    ["a scalar in an input", "scalar S @authenticated input X { s: S }", "X.s"],
  ])("%s: refused", (_kind, sdl, place) => {
    expect(() => rightsIn(supergraph(links, `type Query { a: String } ${sdl}`), [])).toThrow(place);
  });
});

describe("rules on interfaces", () => {
  const links = `@link(url: "${apollo}/requiresScopes/v0.1", for: SECURITY)`;
  const rule = (scopes: string) => `@requiresScopes(scopes: ${scopes})`;
  test("that composition made of the implementers' own refuse nothing more than those", () => {
    const document = supergraph(
      links,
      `type Query { i: I } interface I ${rule('[["a", "b"]]')} { f: String g: String ${rule('[["c"]]')} }
       type A implements I ${rule('[["a"]]')} { f: String g: String }
       type B implements I ${rule('[["b"]]')} { f: String g: String ${rule('[["c"]]')} }`,
    );
    const rights = rightsIn(document, ["a"]);
    expect([rights.refusesType("A"), rights.refusesType("B"), rights.refusesType("I")]).toEqual([false, true, false]);
    expect([rights.refusesField("A", "g"), rights.refusesField("Query", "i")]).toEqual([false, false]);
  });
  test("that somebody wrote by hand hold for every implementer", () => {
    const document = supergraph(
      links,
      `type Query { i: I } interface I ${rule('[["x"]]')} { f: String } interface J { g: String ${rule('[["y"]]')} }
       type A implements I & J { f: String g: String } type B implements I ${rule('[["b"]]')} { f: String }`,
    );
    expect(rightsIn(document, ["b", "y"]).refusesType("A")).toBe(true);
    expect(rightsIn(document, ["x"]).refusesField("A", "g")).toBe(true);
    expect(rightsIn(document, ["x", "y"]).refusesField("A", "g")).toBe(false);
  });
});

describe("guards that cannot be held are refused, naming the element", () => {
  const keyed = `type P @join__type(graph: A, key: "id") { id: ID! flag: Boolean count: Int other: Q flags: [Boolean] }`;
  const whole = (types: string) => supergraph(core, `type Query { p: P } type Q { x: Boolean } ${keyed} ${types}`);
  test.each([
    ["an interface", 'interface I @guard(policy: "x") { f: String }', /^I: /],
    ["an interface's field", 'interface I { f: String @guard(policy: "x") }', /^I\.f: /],
    ["a scalar", 'scalar S @guard(policy: "x")', /^S: /],
    ["a field that is never null", 'type R { f: String! @guard(policy: "x") }', /^R\.f: .*never be null/],
    [
      "a type that is given as never null",
      'type R @guard(policy: "x") { f: String } type H { r: R! }',
      /^H\.r: .*nullable/,
    ],
    ["a list that is never null", 'type R @guard(policy: "x") { f: String } type H { r: [R!]! }', /^H\.r: /],
    ["a list with nulls in it", 'type R @guard(policy: "x") { f: String } type H { r: [R] }', /^H\.r: /],
    ["a list of lists", 'type R @guard(policy: "x") { f: String } type H { r: [[R!]!] }', /^H\.r: /],
    ["a member of a union", 'type R @guard(policy: "x") { f: String } union U = R | Q type H { u: U! }', /^H\.u: /],
    ["a fact that is no Boolean", 'type R @guard(policy: "x", facts: "n") { n: Int }', /^R: .*n, which is no Boolean/],
    ["a list of facts", 'type R @guard(policy: "x", facts: "n") { n: [Boolean] }', /n, which is no Boolean/],
    ["a fact that is not there", 'type R @guard(policy: "x", facts: "n") { f: String }', /n, which R does not have/],
    [
      "a person's fact that is no Boolean",
      'type R @guard(policy: "x", facts: "subject { count }") { subject: P }',
      /count, which is no/,
    ],
    ["facts of somebody else", 'type R @guard(policy: "x", facts: "owner { flag }") { owner: P }', /through owner/],
    ["a subject without a key", 'type R @guard(policy: "x", facts: "subject { x }") { subject: Q }', /through subject/],
    ["several subjects", 'type R @guard(policy: "x", facts: "subject { flag }") { subject: [P!] }', /through subject/],
    [
      "one name for two facts",
      'type R @guard(policy: "x", facts: "flag subject { flag }") { flag: Boolean subject: P }',
      /twice/,
    ],
    ["an alias", 'type R @guard(policy: "x", facts: "a: flag") { flag: Boolean }', /plain fields/],
    ["no field set", 'type R @guard(policy: "x", facts: "{{") { flag: Boolean }', /no field set/],
    ["no policy", "type R @guard { flag: Boolean }", /names no policy/],
    [
      "a mutation's field with facts",
      'type M { f: String @guard(policy: "x", facts: "b") b: Boolean } extend schema { mutation: M }',
      /^M\.f: /,
    ],
  ])("%s", (_title, types, why) => {
    expect(() => readRules(whole(types), { denyByDefault: true })).toThrow(why);
  });
  test("and those that can are read", () => {
    const { types } = readRules(
      whole('type R @guard(policy: "x", facts: "own subject { flag }") { own: Boolean! subject: P r: [R!] s: R }'),
      { denyByDefault: true },
    );
    expect(types.get("R")?.guards).toEqual([
      {
        policy: "x",
        facts: [
          { name: "own", of: "record" },
          { name: "flag", of: "subject" },
        ],
      },
    ]);
  });
});

test("a field is served only if something is said of it (T16)", () => {
  const open = '@open(reason: "so")';
  const document = supergraph(
    core,
    `type Query ${open} { labelled: String ${open} unlabelled: String p: P ${open} }
     type P @join__type(graph: A, key: "id") ${open} { id: ID! ${open} name: String }
     type R ${open} { f: String } type S { f: String g: String ${open} } enum E { A }`,
  );
  const rights = rightsIn(document, [], true);
  const served = (type: string, ...fields: string[]) => fields.map((field) => !rights.refusesField(type, field));
  expect(served("Query", "labelled", "unlabelled", "p", "__typename", "__schema")).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
  expect(served("P", "id", "name")).toEqual([true, false]);
  expect(served("R", "f")).toEqual([true]);
  expect(served("S", "f", "g")).toEqual([false, true]);
  expect(rightsIn(document, [], false).refusesField("Query", "unlabelled")).toBe(false);
});
