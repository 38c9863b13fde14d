import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { redacted, unreadable } from "./decoded.ts";
import { SourceError } from "./source.ts";
import { type Listening, serveSubgraph, subgraphSchema } from "./subgraph.ts";

const sdl = `
  type Query { rows(kind: String!): [Row!] }
  type Row { id: ID! value: String }
`;
const oneBadRow = { system: "SYS", field: "ID", position: "row 1" };
const resolvers = {
  Query: {
    // biome-ignore lint/suspicious/noExplicitAny: a resolver under test.
    rows: (_parent: unknown, { kind }: { kind: string }, context: any, info: any) => {
      if (kind === "down") throw new SourceError("SOURCE_UNAVAILABLE", "SYS");
      if (kind === "some unreadable") context.report(info, [oneBadRow]);
      if (kind === "all unreadable") {
        context.report(info, [oneBadRow, oneBadRow]);
        return [];
      }
      const values = { redacted: redacted("SYS", "VALUE"), unreadable: unreadable("SYS", "VALUE") };
      return [{ id: "1", value: values[kind as keyof typeof values] ?? null }];
    },
  },
};

let subgraph: Listening;
beforeAll(async () => {
  subgraph = await serveSubgraph({ name: "sys", sdl, resolvers, loaders: () => ({}) }, { port: 0 });
});
afterAll(() => subgraph.close());

async function rows(kind: string) {
  const response = await fetch(subgraph.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "query Q($kind: String!) { rows(kind: $kind) { id value } }", variables: { kind } }),
  });
  return (await response.json()) as { data: unknown; errors?: { path: unknown[]; extensions: unknown }[] };
}

test("a value the system does not hold is null without an error", async () => {
  expect(await rows("absent")).toEqual({ data: { rows: [{ id: "1", value: null }] } });
});

test.each([
  ["redacted", "REDACTED_BY_SOURCE"],
  ["unreadable", "VALUE_UNREADABLE"],
])("a value that is %s is null with an error that says so", async (kind, code) => {
  expect(await rows(kind)).toMatchObject({
    data: { rows: [{ id: "1", value: null }] },
    errors: [{ path: ["rows", 0, "value"], extensions: { code, system: "SYS" } }],
  });
});

test("a list that lacks unreadable rows is given with an error beside it", async () => {
  expect(await rows("some unreadable")).toMatchObject({
    data: { rows: [{ id: "1" }] },
    errors: [{ path: ["rows"], extensions: { code: "RECORD_UNREADABLE", system: "SYS", count: 1 } }],
  });
});

test("a list whose every row was unreadable is null, never empty", async () => {
  expect(await rows("all unreadable")).toMatchObject({
    data: { rows: null },
    errors: [{ path: ["rows"], extensions: { code: "RECORD_UNREADABLE", count: 2 } }],
  });
});

test("a system that gave no answer is null with its code and name", async () => {
  expect(await rows("down")).toMatchObject({
    data: { rows: null },
    errors: [{ path: ["rows"], extensions: { code: "SOURCE_UNAVAILABLE", system: "SYS" } }],
  });
});

test("a resolver for a field that the schema lacks refuses to start", () => {
  const misspelt = { Query: { rowz: () => null } };
  expect(() => subgraphSchema({ name: "sys", sdl, resolvers: misspelt, loaders: () => ({}) })).toThrow("Query.rowz");
});

test("a port in use is an error that can be told apart", async () => {
  const port = Number(new URL(subgraph.url).port);
  const second = serveSubgraph({ name: "sys", sdl, resolvers, loaders: () => ({}) }, { port });
  await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a reference that is refused at once is null with an error, and the others are answered", async () => {
  const entity = `type Query { none: ID } type Thing @key(fields: "id") { id: ID! }`;
  const things = {
    Thing: {
      __resolveReference: ({ id }: { id: string }) => {
        if (id === "2") throw new SourceError("SOURCE_INVALID", "SYS");
        return { id };
      },
    },
  };
  const { url, close } = await serveSubgraph(
    { name: "sys", sdl: entity, resolvers: things, loaders: () => ({}) },
    { port: 0 },
  );
  const query = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Thing { id } } }";
  const of = ["1", "2", "3"].map((id) => ({ __typename: "Thing", id }));
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { of } }),
  });
  const answer = await response.json();
  await close();
  expect(answer).toMatchObject({
    data: { _entities: [{ id: "1" }, null, { id: "3" }] },
    errors: [{ path: ["_entities", 1], extensions: { code: "SOURCE_INVALID" } }],
  });
});

describe("the sources of a subgraph", () => {
  const counted = () => {
    let closed = 0;
    const close = async () => {
      closed += 1;
    };
    return { definition: { name: "sys", sdl, resolvers, loaders: () => ({}), close }, closed: () => closed };
  };

  test("are closed with it, not before", async () => {
    const { definition, closed } = counted();
    const listening = await serveSubgraph(definition, { port: 0 });
    expect(closed()).toBe(0);
    await listening.close();
    expect(closed()).toBe(1);
  });

  test.each([
    ["its port is in use", () => ({ port: Number(new URL(subgraph.url).port) }), {}],
    ["its resolvers do not fit its schema", () => ({ port: 0 }), { resolvers: { Query: { rowz: () => null } } }],
  ])("are closed when %s", async (_why, at, instead) => {
    const { definition, closed } = counted();
    await expect(serveSubgraph({ ...definition, ...instead }, at())).rejects.toThrow();
    expect(closed()).toBe(1);
  });
});
