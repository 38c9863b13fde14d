/** What callers are refused, through the whole gateway: T04 to T07, T11 to T13, T16, T20, T26, T27, and the three modes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  parse,
  validateSchema,
  visit,
} from "graphql";
import { compose } from "./differential/monolith.ts";
import { type Subgraphs, startSubgraphs } from "./differential/subgraphs.ts";
import type { GraphDefinition } from "./differential/world.ts";
import { type Body, startIssuer, startTestGateway, type TestGateway, type TestIssuer } from "./gateway-graph.ts";
import { importForms, type RuleSet, withRules } from "./pruning-rules.ts";

const desk = `
  type Query { posts: [Post]  must: [Post!]!  search: [Result]  one: Post  first: Result  sealed: [Sealed]  me: Member  secret: String }
  type Mutation { publish(text: String): String  erase(text: String): String  note(text: String): Note }
  type Note { text: String by: Member }
  interface Post { id: ID! title: String body: Body }
  type Open implements Post @key(fields: "id") { id: ID! title: String body: Body views: Int extra: String }
  type Sealed implements Post @key(fields: "id") { id: ID! title: String body: Body views: Int extra: String order: Int }
  type Body { text: String grade: Grade code: Code }
  union Result = Open | Grantee
  type Grantee { since: String name: String }
  type Member { name: String ssn: String must: String! friend: Member badge: Badge boss: Member! }
  type Badge { number: String }
  enum Grade { LOW HIGH }
  scalar Code`;
const archive = `
  type Open @key(fields: "id") { id: ID! title: String @external shelf: String @requires(fields: "title") }
  type Query { vault: Vault }
  type Vault { item: Item }
  type Item { name: String }`;

const member = (name: string): { __typename: string; [field: string]: unknown } => ({
  __typename: "Member",
  name,
  ssn: `ssn of ${name}`,
  must: `must of ${name}`,
  badge: { __typename: "Badge", number: `badge of ${name}` },
});
function build() {
  const [ann, bob] = [member("ann"), member("bob")];
  [ann.friend, bob.friend, ann.boss, bob.boss] = [bob, ann, bob, bob];
  const body = (text: string) => ({ __typename: "Body", text, grade: "HIGH", code: "C" });
  const post = (__typename: string, id: string) => ({
    __typename,
    id,
    title: `title ${id}`,
    body: body(id),
    views: 7,
    extra: `extra ${id}`,
  });
  const [o1, s1, o2] = [post("Open", "o1"), post("Sealed", "s1"), post("Open", "o2")];
  const grantee = { __typename: "Grantee", since: "1999", name: "grantee" };
  return {
    entities: [o1, s1, o2],
    computed: {
      "Query.posts": () => [o1, s1, o2],
      "Query.must": () => [o1, s1],
      "Query.search": () => [o1, grantee, o2],
      "Query.one": () => s1,
      "Query.first": () => grantee,
      "Query.sealed": () => [s1],
      "Query.me": () => ann,
      "Query.secret": () => "secret",
      "Query.vault": () => ({ __typename: "Vault", item: { __typename: "Item", name: "gold" } }),
      "Mutation.publish": (_: unknown, { text }: Record<string, unknown>) => `published ${String(text)}`,
      "Mutation.erase": (_: unknown, { text }: Record<string, unknown>) => `erased ${String(text)}`,
      "Mutation.note": (_: unknown, { text }: Record<string, unknown>) => ({ __typename: "Note", text, by: ann }),
    },
  };
}
const definition = { name: "desk", subgraphs: { desk, archive }, build } as unknown as GraphDefinition;

const rules: RuleSet = new Map(
  Object.entries({
    Sealed: [["s"]],
    Grantee: [["g"]],
    "Query.secret": [["x"]],
    "Mutation.erase": [["e"]],
    "Member.ssn": [["x"]],
    "Member.must": [["x"]],
    "Open.extra": [["x"]],
    Badge: [["x"]],
    Grade: [["x"]],
    Code: [["x", "y"], ["z"]],
    Vault: [["v"]],
    "Note.by": [["x"]],
  }).map(([place, scopes]) => [place, [scopes]]),
);

let subgraphs: Subgraphs;
let issuer: TestIssuer;
let sdl: string;
let filter: TestGateway;
let reject: TestGateway;
let dryRun: TestGateway;
const tokens = new Map<string, string>();

beforeAll(async () => {
  [subgraphs, issuer] = await Promise.all([startSubgraphs(definition), startIssuer()]);
  sdl = withRules(compose(definition, subgraphs.urls), rules, importForms[1] as (typeof importForms)[number]);
  const env = { GATEWAY_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`, GATEWAY_INSECURE: "deny-by-default" };
  [filter, reject, dryRun] = await Promise.all([
    startTestGateway(sdl, env),
    startTestGateway(sdl, { ...env, AUTHORIZATION_MODE: "reject" }),
    startTestGateway(sdl, { ...env, AUTHORIZATION_MODE: "dry-run" }),
  ]);
}, 60_000);
afterEach(() => {
  subgraphs.requests.length = 0;
  subgraphs.reset();
});
afterAll(async () => {
  await Promise.all([filter.close(), reject.close(), dryRun.close()]);
  await Promise.all([subgraphs.close(), issuer.close()]);
});

async function ask(query: string, scope = "", { gateway = filter, variables = {}, accept = "" } = {}) {
  const token = tokens.get(scope) ?? (await issuer.token({ scope }));
  tokens.set(scope, token);
  return gateway.ask(query, variables, { authorization: `Bearer ${token}`, ...(accept === "" ? {} : { accept }) });
}
const code = "UNAUTHORIZED_FIELD_OR_TYPE";
const refusedAt = ({ errors = [] }: Body) =>
  errors.filter((each) => each.extensions.code === code).map(({ path }) => path);
/** Names of the fields that any subgraph was asked. */
function asked(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { query } of subgraphs.requests) visit(parse(query), { Field: ({ name }) => void names.add(name.value) });
  return names;
}

describe("a refused field is null with an error at its response key, and nobody is asked for it", () => {
  test.each<[string, string, unknown, unknown[][]]>([
    ["plainly", "{ me { name ssn } }", { me: { name: "ann", ssn: null } }, [["me", "ssn"]]],
    ["under an alias", "{ m: me { n: ssn name } }", { m: { n: null, name: "ann" } }, [["m", "n"]]],
    ["under the name of one that is open", "{ me { name: ssn } }", { me: { name: null } }, [["me", "name"]]],
    ["its name given to one that is open", "{ me { ssn: name } }", { me: { ssn: "ann" } }, []],
    [
      "swapped with one that is open",
      "{ me { ssn: name name: ssn } }",
      { me: { ssn: "ann", name: null } },
      [["me", "name"]],
    ],
    [
      "twice",
      "{ me { a: ssn b: ssn } }",
      { me: { a: null, b: null } },
      [
        ["me", "a"],
        ["me", "b"],
      ],
    ],
    [
      "deep",
      "{ me { friend { friend { name ssn } } } }",
      { me: { friend: { friend: { name: "ann", ssn: null } } } },
      [["me", "friend", "friend", "ssn"]],
    ],
    [
      "in a fragment",
      "{ me { ...F } } fragment F on Member { name ssn }",
      { me: { name: "ann", ssn: null } },
      [["me", "ssn"]],
    ],
    [
      "in nested fragments",
      "{ me { ... { ... on Member { ...F } } } } fragment F on Member { ssn }",
      { me: { ssn: null } },
      [["me", "ssn"]],
    ],
    [
      "if included",
      "query ($y: Boolean = true) { me { name ssn @include(if: $y) } }",
      { me: { name: "ann", ssn: null } },
      [["me", "ssn"]],
    ],
    ["skipped", "{ me { name ssn @skip(if: true) } }", { me: { name: "ann" } }, []],
    ["of a refused type", "{ me { name badge { number } } }", { me: { name: "ann", badge: null } }, [["me", "badge"]]],
    [
      "of a refused type, its name alone",
      "{ me { badge { __typename } } }",
      { me: { badge: null } },
      [["me", "badge"]],
    ],
    [
      "of a refused enum",
      "{ posts { ... on Open { body { text grade } } } }",
      { posts: [{ body: { text: "o1", grade: null } }, null, { body: { text: "o2", grade: null } }] },
      [
        ["posts", 0, "body", "grade"],
        ["posts", 1],
        ["posts", 2, "body", "grade"],
      ],
    ],
    [
      "all there is of an object",
      "{ me { friend { ssn } } }",
      { me: { friend: { ssn: null } } },
      [["me", "friend", "ssn"]],
    ],
    [
      "that another field requires",
      "{ posts { ... on Open { shelf extra } } }",
      {
        posts: [
          { shelf: 'Open.shelf of {title:"title o1"} {}', extra: null },
          null,
          { shelf: 'Open.shelf of {title:"title o2"} {}', extra: null },
        ],
      },
      [
        ["posts", 0, "extra"],
        ["posts", 1],
        ["posts", 2, "extra"],
      ],
    ],
  ])("%s", async (_title, query, data, paths) => {
    const { status, body } = await ask(query);
    expect([status, body.data]).toEqual([200, data]);
    expect(refusedAt(body)).toEqual(paths);
    for (const name of ["ssn", "badge", "number", "grade", "extra"]) expect(asked()).not.toContain(name);
    // And whoever may sees all of it.
    const whole = await ask(query, "x s");
    expect(whole.body.errors).toBeUndefined();
  });

  test("which spreads as the schema says where it cannot be null (T20)", async () => {
    const { body } = await ask("{ me { name must } }");
    expect([body.data, refusedAt(body)]).toEqual([{ me: null }, [["me", "must"]]]);
    const below = await ask("{ me { name friend { boss { must } } } }");
    expect([below.body.data, refusedAt(below.body)]).toEqual([
      { me: { name: "ann", friend: null } },
      [["me", "friend", "boss", "must"]],
    ]);
    const list = await ask("{ must { id } }");
    expect([list.body.data, refusedAt(list.body)]).toEqual([null, [["must", 1]]]);
  });

  test("nothing left is no answer, and no agency is asked", async () => {
    for (const query of [
      "{ secret }",
      "{ a: secret b: sealed { id } }",
      "{ ... { ...F } } fragment F on Query { secret }",
      "{ vault { item { name } } }",
    ]) {
      const { status, body } = await ask(query);
      expect([status, body.data, body.errors?.length]).toEqual([200, null, query.includes("b:") ? 2 : 1]);
    }
    expect(subgraphs.requests).toEqual([]);
    expect((await ask("{ secret __typename }")).body.data).toEqual({ secret: null, __typename: "Query" });
  });
});

describe("interfaces and unions: each object by its own type (T04, T05, T06)", () => {
  test.each<[string, string, unknown, unknown[][]]>([
    [
      "a field of the interface",
      "{ posts { id title } }",
      { posts: [{ id: "o1", title: "title o1" }, null, { id: "o2", title: "title o2" }] },
      [["posts", 1]],
    ],
    ["under an alias", "{ p: posts { title: id } }", { p: [{ title: "o1" }, null, { title: "o2" }] }, [["p", 1]]],
    [
      "only what it is called",
      "{ search { __typename } }",
      { search: [{ __typename: "Open" }, null, { __typename: "Open" }] },
      [["search", 1]],
    ],
    [
      "what it is called, by an alias",
      "{ search { t: __typename } first { t: __typename } }",
      { search: [{ t: "Open" }, null, { t: "Open" }], first: null },
      [["search", 1], ["first"]],
    ],
    [
      "by fragments on each",
      "{ posts { ... on Open { x: title } ... on Sealed { x: title } } }",
      { posts: [{ x: "title o1" }, null, { x: "title o2" }] },
      [["posts", 1]],
    ],
    [
      "by fragments, the other way round",
      "{ posts { ... on Sealed { x: title } ... on Open { x: title } } }",
      { posts: [{ x: "title o1" }, null, { x: "title o2" }] },
      [["posts", 1]],
    ],
    [
      "one response key for different fields",
      "{ posts { ... on Sealed { x: extra } ... on Open { x: title } } }",
      { posts: [{ x: "title o1" }, null, { x: "title o2" }] },
      [["posts", 1]],
    ],
    [
      "the refused field in the open type's place",
      "{ posts { ... on Sealed { x: title } ... on Open { x: extra } } }",
      { posts: [{ x: null }, null, { x: null }] },
      [
        ["posts", 0, "x"],
        ["posts", 1],
        ["posts", 2, "x"],
      ],
    ],
    ["one alone", "{ one { id } }", { one: null }, [["one"]]],
    [
      "through a named fragment on the interface",
      "{ posts { ...F } } fragment F on Post { id ... on Sealed { order } }",
      { posts: [{ id: "o1" }, null, { id: "o2" }] },
      [["posts", 1]],
    ],
    [
      "a union's members",
      "{ search { ... on Grantee { since } ... on Open { id } } }",
      { search: [{ id: "o1" }, null, { id: "o2" }] },
      [["search", 1]],
    ],
    [
      "a union's refused member alone",
      "{ search { ... on Grantee { since } } }",
      { search: [{}, null, {}] },
      [["search", 1]],
    ],
    ["by its own type's name", "{ sealed { id } me { name } }", { sealed: null, me: { name: "ann" } }, [["sealed"]]],
  ])("%s", async (_title, query, data, paths) => {
    const { body, text } = await ask(query);
    expect(body.data).toEqual(data);
    expect(refusedAt(body)).toEqual(paths);
    for (const secret of ["Sealed", "Grantee", "s1", "1999"]) expect(text).not.toContain(secret);
    for (const name of ["since", "order"]) expect(asked()).not.toContain(name);
  });

  test("whoever may see them all sees them all, after and before one who may not (T11)", async () => {
    const query = "{ posts { __typename id ... on Open { extra } } search { __typename } }";
    const whole = {
      posts: [
        { __typename: "Open", id: "o1", extra: "extra o1" },
        { __typename: "Sealed", id: "s1" },
        { __typename: "Open", id: "o2", extra: "extra o2" },
      ],
      search: [{ __typename: "Open" }, { __typename: "Grantee" }, { __typename: "Open" }],
    };
    for (let round = 0; round < 3; round++) {
      expect((await ask(query, "s g x")).body).toEqual({ data: whole });
      const less = (await ask(query, "s")).body;
      expect(less.data.posts[1]).toEqual({ __typename: "Sealed", id: "s1" });
      expect(refusedAt(less)).toEqual([
        ["posts", 0, "extra"],
        ["posts", 2, "extra"],
        ["search", 1],
      ]);
      expect(refusedAt((await ask(query, "g x")).body)).toEqual([["posts", 1]]);
      expect((await ask(query, "x g s")).body).toEqual({ data: whole });
    }
  });
});

test("no combination of @skip and @include brings a refused field, or takes another (T12)", async () => {
  const query = `query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!) { me {
    name @skip(if: $a) ssn @include(if: $b)
    ... on Member @skip(if: $c) { x: ssn @include(if: $a) friend @include(if: $d) { name ssn @skip(if: $b) } }
    ...F @include(if: $c) } }
    fragment F on Member { y: name @skip(if: $d) z: ssn @include(if: $a) @skip(if: $b) }`;
  for (let bits = 0; bits < 16; bits++) {
    const [a, b, c, d] = [1, 2, 4, 8].map((bit) => (bits & bit) !== 0);
    const expected = {
      ...(a ? {} : { name: "ann" }),
      ...(b ? { ssn: null } : {}),
      ...(c
        ? {}
        : { ...(a ? { x: null } : {}), ...(d ? { friend: { name: "bob", ...(b ? {} : { ssn: null }) } } : {}) }),
      ...(c ? { ...(d ? {} : { y: "ann" }), ...(a && !b ? { z: null } : {}) } : {}),
    };
    const { body } = await ask(query, "", { variables: { a, b, c, d } });
    expect([bits, body.data]).toEqual([bits, { me: expected }]);
    expect(refusedAt(body)).toHaveLength(JSON.stringify(expected).split(":null").length - 1);
  }
  expect(asked()).not.toContain("ssn");
});

describe("mutations (T13)", () => {
  test("a refused one is never sent, and the others are carried out in order", async () => {
    const { body } = await ask('mutation { a: publish(text: "1") b: erase(text: "2") c: publish(text: "3") }');
    expect(body.data).toEqual({ a: "published 1", b: null, c: "published 3" });
    expect(refusedAt(body)).toEqual([["b"]]);
    const sent = subgraphs.requests.map(({ query }) => query).join();
    expect(sent).not.toContain("erase");
    expect(sent.match(/publish/g)).toHaveLength(2);
  });
  test("alone, nothing is sent", async () => {
    const { body } = await ask('mutation { x: erase(text: "2") publish: erase(text: "3") }');
    expect([body.data, refusedAt(body), subgraphs.requests]).toEqual([null, [["x"], ["publish"]], []]);
  });
  test("one that is open is carried out, without what is refused of its answer", async () => {
    const { body } = await ask('mutation { note(text: "n") { text by { name } } }');
    expect([body.data, refusedAt(body)]).toEqual([{ note: { text: "n", by: null } }, [["note", "by"]]]);
  });
});

describe("what the schema says of itself (T26)", () => {
  const introspect = async (scope: string) => {
    const { body } = await ask(getIntrospectionQuery({ inputValueDeprecation: true }), scope);
    return buildClientSchema(body.data as IntrospectionQuery);
  };
  test("is what the caller may ask, a whole schema, and nothing beside it", async () => {
    const schema = await introspect("");
    expect(validateSchema(schema)).toEqual([]);
    for (const type of ["Sealed", "Grantee", "Badge", "Grade", "Code", "Vault", "Item"])
      expect([type, schema.getType(type)]).toEqual([type, undefined]);
    const fields = (name: string) => Object.keys((schema.getType(name) as { getFields(): object }).getFields());
    expect(fields("Query")).not.toEqual(expect.arrayContaining(["secret"]));
    expect(fields("Query").filter((each) => ["secret", "sealed", "vault"].includes(each))).toEqual([]);
    expect(fields("Mutation")).toEqual(["publish", "note"]);
    expect(fields("Member")).toEqual(["name", "friend", "boss"]);
    expect(fields("Open")).not.toContain("extra");
  });
  test("is more for whoever may ask more, whoever asked before", async () => {
    const more = await introspect("s g x v y e");
    for (const type of ["Sealed", "Grantee", "Badge", "Grade", "Code", "Vault", "Item"])
      expect([type, more.getType(type)?.name]).toEqual([type, type]);
    expect((await introspect("")).getType("Sealed")).toBeUndefined();
    const { body } = await ask('{ a: __type(name: "Sealed") { name } b: __type(name: "NoSuch") { name } }');
    expect(body.data).toEqual({ a: null, b: null });
  });
  test("and no guess is helped", async () => {
    const wordlist = ["secre", "secrets", "vaults", "sealedPosts", "asylumCases", "ssnn", "person", "_entities"];
    for (const word of wordlist)
      for (const query of [
        `{ ${word} }`,
        `{ me { ${word} } }`,
        `{ me { ... on ${word} { name } } }`,
        `{ search(${word}: 1) { __typename } }`,
      ]) {
        const { body, text } = await ask(query);
        expect(body).not.toHaveProperty("data");
        expect(text).not.toMatch(/did you mean|suggest/i);
        for (const name of ["Sealed", "Grantee", "Vault", 'ssn"', "secret"]) expect(text).not.toContain(name);
      }
  });
});

test("what subgraphs have for the gateway is a field like any that does not exist (T27)", async () => {
  const unknown = await ask("{ noSuchField }");
  for (const query of [
    '{ _entities(representations: [{ __typename: "Sealed", id: "s1" }]) { ... on Sealed { id } } }',
    "{ _service { sdl } }",
    "{ x: _service { sdl } }",
    "{ ...F } fragment F on Query { _service { sdl } }",
    "{ ... on Query { e: _entities(representations: []) { __typename } } }",
    "{ me { ... on _Any { x } } }",
    "{ me { ... on _Entity { __typename } } }",
    "query ($r: [_Any!]!) { me { name } }",
    "mutation { _service { sdl } }",
  ])
    for (const gateway of [filter, reject, dryRun]) {
      const { status, body } = await ask(query, "x s g e v", { gateway });
      expect([query, status, body.errors?.[0]?.extensions]).toEqual([
        query,
        unknown.status,
        unknown.body.errors?.[0]?.extensions,
      ]);
      expect(body).not.toHaveProperty("data");
    }
  const { body } = await ask(
    '{ a: __type(name: "_Any") { name } b: __type(name: "_Entity") { name } c: __type(name: "join__Graph") { name } }',
  );
  expect(body.data).toEqual({ a: null, b: null, c: null });
  expect(subgraphs.requests).toEqual([]);
});

describe("AUTHORIZATION_MODE", () => {
  test("reject answers nothing of an operation of which anything is refused", async () => {
    const typed = "application/graphql-response+json";
    for (const [query, isRefused] of [
      ["{ me { name } }", false],
      ["{ me { name ssn } }", true],
      ["{ posts { id } }", true],
      ["{ posts { ... on Open { id } } }", false],
      ['mutation { publish(text: "1") erase(text: "2") }', true],
    ] as const) {
      subgraphs.requests.length = 0;
      const { status, body } = await ask(query, "", { gateway: reject, accept: typed });
      expect([query, status]).toEqual([query, isRefused ? 403 : 200]);
      if (!isRefused) continue;
      expect(body).toEqual({
        errors: [{ message: expect.any(String), extensions: { code: "UNAUTHORIZED_OPERATION" } }],
      });
      expect(subgraphs.requests).toEqual([]);
      const json = await ask(query, "", { gateway: reject, accept: "application/json" });
      expect([json.status, json.body]).toEqual([200, body]);
    }
    expect((await ask("{ me { name ssn } }", "x", { gateway: reject })).status).toBe(200);
  });

  test("dry-run refuses nothing, and says what it would have refused, in names of the schema alone", async () => {
    dryRun.lines.length = 0;
    const { body } = await ask("query Q { me { hidden: ssn } posts { id } }", "", { gateway: dryRun });
    expect(body).toEqual({ data: { me: { hidden: "ssn of ann" }, posts: [{ id: "o1" }, { id: "s1" }, { id: "o2" }] } });
    const told = dryRun.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "dry-run");
    expect(told).toEqual([expect.objectContaining({ operation: "Q", refused: ["Member.ssn", "Sealed"] })]);
    const metrics = await (await fetch(new URL("/metrics", dryRun.internalUrl))).text();
    expect(metrics).toMatch(/^crosswalk_dry_run_refusals_total 1$/m);
  });
});

test("a supergraph with a rule that is not known never replaces the one in use (T07)", async () => {
  let text = sdl;
  const env = {
    GATEWAY_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`,
    GATEWAY_INSECURE: "deny-by-default",
    GATEWAY_SUPERGRAPH_POLL_MS: "60000",
  };
  const gateway = await startTestGateway(sdl, env, { look: async () => text });
  const ssn = async () => (await ask("{ me { name ssn } }", "", { gateway })).body.data;
  expect(await ssn()).toEqual({ me: { name: "ann", ssn: null } });
  const reload = () => fetch(new URL("/reload", gateway.internalUrl), { method: "POST" });
  for (const wrong of [
    sdl.replaceAll("requiresScopes/v0.1", "requiresScopes/v9.0"),
    sdl.replace(/@link\([^)]*requiresScopes\/v0\.1[^)]*\)/, ""),
    sdl.replaceAll("https://specs.apollo.dev/requiresScopes/", "https://specs.other.example/requiresScopes/"),
  ]) {
    expect(wrong).not.toBe(sdl);
    text = wrong;
    const { status } = await reload();
    expect(status).not.toBe(200);
    expect(await ssn()).toEqual({ me: { name: "ann", ssn: null } });
  }
  await gateway.close();
});
