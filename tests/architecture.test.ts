/** The import rules, held over every file; and every rule is shown to catch what it forbids. */
import { describe, expect, test } from "@jest/globals";
import {
  boundaries,
  environmentIsReadAtTheEdge,
  noCycles,
  nothingImportsUpward,
  oneDoorPerPackage,
  type Rule,
} from "./import-rules.ts";
import { readSource, sourceTree } from "./source-tree.ts";

const tree = sourceTree();

/** What the rule says of one more file with this text. */
function planted(rule: Rule, path: string, text: string): readonly string[] {
  const before = new Set(rule(tree));
  return rule([...tree.filter((each) => each.path !== path), readSource(path, text)]).filter(
    (each) => !before.has(each),
  );
}

type Case = readonly [path: string, text: string];

/** Holds over the tree, catches each forbidden text, and lets each permitted one pass. */
function holds(title: string, rule: Rule, forbidden: readonly Case[], permitted: readonly Case[]): void {
  describe(title, () => {
    test("holds over the tree", () => expect(rule(tree)).toEqual([]));
    test.each(forbidden)("would catch %s with `%s`", (path, text) => expect(planted(rule, path, text)).not.toEqual([]));
    test.each(permitted)("lets %s with `%s` pass", (path, text) => expect(planted(rule, path, text)).toEqual([]));
  });
}

test("the whole tree is looked at", () => {
  const paths = tree.map(({ path }) => path);
  for (const part of ["gateway/config.ts", "subgraphs/uscis/main.ts", "mocks/main.ts", "schema/scalars.ts", "start.ts"])
    expect(paths).toContain(part);
  expect(paths.length).toBeGreaterThan(100);
  expect(paths.filter((path) => path.includes("node_modules"))).toEqual([]);
});

describe("a reference is seen", () => {
  const targetsOf = (text: string) => readSource("gateway/http/x.ts", text).references.map(({ target }) => target);
  test.each<[string, string | null]>([
    ['import { a } from "../a.ts";', "gateway/a.ts"],
    ['import type { A } from "../a.ts";', "gateway/a.ts"],
    ['import { type A } from "../a.ts";', "gateway/a.ts"],
    ['import "../a.ts";', "gateway/a.ts"],
    ['import * as a from "../../schema/a.ts";', "schema/a.ts"],
    ['import a from "./a.json" with { type: "json" };', "gateway/http/a.json"],
    ['export { a } from "../a.ts";', "gateway/a.ts"],
    ['export * from "../a.ts";', "gateway/a.ts"],
    ['export type { A } from "../a.ts";', "gateway/a.ts"],
    ['type A = import("../a.ts").A;', "gateway/a.ts"],
    ['async function f() { return await import("../a.ts"); }', "gateway/a.ts"],
    ["const f = () => import(`../a.ts`);", "gateway/a.ts"],
    ['const f = (name: string) => import("../" + name);', null],
    ['const a = require("../a.ts");', "gateway/a.ts"],
    ['const a = import.meta.resolve("../a.ts");', "gateway/a.ts"],
    ['new Worker(new URL("./a-worker.ts", import.meta.url));', "gateway/http/a-worker.ts"],
    ['import { a } from "#kit/a.ts";', "subgraphs/kit/a.ts"],
    ['import { a } from "#schema/a.ts";', "schema/a.ts"],
    ['import { Pool } from "@apollo/gateway/dist/x.js";', "@apollo/gateway"],
    ['import { readFileSync } from "node:fs";', "node:fs"],
  ])("%s", (text, target) => expect(targetsOf(text)).toEqual([target]));

  test("in code alone, not in comments or strings", () => {
    expect(targetsOf('// import "../a.ts"\nconst text = \'import "../b.ts"\'; export const c = 1;')).toEqual([]);
  });
});

holds(
  "boundaries between the parts",
  boundaries,
  [
    ["gateway/x.ts", 'import { a } from "../subgraphs/kit/source.ts";'],
    ["gateway/x.ts", 'import type { A } from "#kit/source.ts";'],
    ["gateway/x.test.ts", 'import { startMocks } from "../mocks/main.ts";'],
    ["gateway/x.ts", "export const load = (name: string) => import(name);"],
    ["subgraphs/ice/x.ts", 'import { a } from "../../gateway/errors.ts";'],
    ["subgraphs/ice/x.ts", 'import { a } from "../uscis/countries.ts";'],
    ["subgraphs/ice/x.test.ts", 'import { eid } from "../../mocks/ice/eid.ts";'],
    ["subgraphs/ice/x.ts", 'type W = import("../../mocks/world.ts").World;'],
    ["subgraphs/kit/x.ts", 'import { startIce } from "../ice/main.ts";'],
    ["subgraphs/main.ts", 'import { resolvers } from "./ice/resolvers.ts";'],
    ["subgraphs/newcomer/x.ts", 'import { a } from "#kit/source.ts";'],
    ["schema/x.ts", 'import { a } from "#kit/decoded.ts";'],
    ["schema/x.ts", 'export * from "../gateway/errors.ts";'],
    ["mocks/uscis/x.ts", 'import { parseANumber } from "#schema/scalars.ts";'],
    ["mocks/uscis/x.ts", 'import { decodeElis } from "../../subgraphs/uscis/records.ts";'],
    ["mocks/uscis/x.ts", 'import { eid } from "../ice/eid.ts";'],
    ["mocks/x.ts", 'new Worker(new URL("../subgraphs/eoir/load-worker.ts", import.meta.url));'],
  ],
  [
    ["gateway/x.ts", 'import { parseFin } from "#schema/scalars.ts"; import { a } from "./errors.ts";'],
    [
      "subgraphs/ice/x.ts",
      'import { a } from "#kit/source.ts"; import { b } from "./records.ts"; import "#schema/scalars.ts";',
    ],
    ["subgraphs/main.ts", 'import { startIce } from "./ice/main.ts"; import { run } from "#kit/run.ts";'],
    ["mocks/uscis/x.ts", 'import { json } from "../http.ts"; import type { ElisCase } from "../population/types.ts";'],
    ["mocks/main.ts", 'import { eid } from "./ice/eid.ts";'],
    ["tests/x.ts", 'import "../mocks/main.ts"; import "../gateway/gateway.ts"; import "../subgraphs/ice/main.ts";'],
  ],
);

holds(
  "one door for each heavy or replaceable package",
  oneDoorPerPackage,
  [
    ["gateway/handle.ts", 'import { ApolloGateway } from "@apollo/gateway";'],
    ["gateway/execution/x.ts", 'import { ApolloGateway } from "@apollo/gateway";'],
    ["gateway/execution/x.ts", 'import { QueryPlanner } from "@apollo/query-planner";'],
    ["gateway/supergraph/x.ts", 'import type { GatewayConfig } from "@apollo/gateway";'],
    ["subgraphs/uscis/x.ts", 'import { Pool } from "undici";'],
    ["subgraphs/uscis/resolvers.ts", 'import { buildSubgraphSchema } from "@apollo/subgraph";'],
    ["subgraphs/ice/records.ts", 'import pg from "pg";'],
    ["subgraphs/eoir/x.ts", 'const { Pool } = await import("pg");'],
    ["gateway/http/x.ts", 'import { jwtVerify } from "jose";'],
    ["gateway/x.ts", 'import { DatabaseSync } from "node:sqlite";'],
    ["mocks/obim/ident.ts", 'import * as soap from "soap";'],
    ["mocks/uscis/x.ts", 'import { parse } from "graphql";'],
    ["start.ts", 'import { parse } from "yaml";'],
  ],
  [
    ["subgraphs/ice/source.ts", 'import pg from "pg";'],
    ["mocks/ice/x.ts", 'import pg from "pg";'],
    ["mocks/obim/x.test.ts", 'import * as soap from "soap";'],
    ["tests/x.ts", 'import { ApolloGateway } from "@apollo/gateway";'],
  ],
);

holds(
  "the environment is read at the edge",
  environmentIsReadAtTheEdge,
  [
    ["gateway/http/public.ts", "export const port = process.env.PORT;"],
    ["gateway/main.ts", "export const { env } = process;"],
    ["gateway/x.ts", 'export const port = process["env"]["PORT"];'],
    ["gateway/x.ts", 'import { env } from "node:process";'],
    ["gateway/x.ts", "export const port = globalThis.process.env.PORT;"],
    ["subgraphs/kit/settings.ts", "export const read = (env = process.env) => env;"],
    ["subgraphs/uscis/source.ts", "export const url = process.env.ELIS_URL;"],
    ["mocks/population/world.ts", "export const size = process.env.POPULATION;"],
    ["schema/x.ts", "export const home = process?.env.HOME;"],
  ],
  [
    ["gateway/config.ts", "export const port = process.env.PORT;"],
    ["subgraphs/uscis/main.ts", "export const url = process.env.ELIS_URL;"],
    ["gateway/x.ts", "export const pid = process.pid; export const read = (env: unknown) => env;"],
    ["tests/x.ts", "export const port = process.env.PORT;"],
  ],
);

holds(
  "nothing in the gateway imports upward",
  nothingImportsUpward,
  [
    ["gateway/handle.ts", 'import { startGateway } from "./gateway.ts";'],
    ["gateway/authorization/x.ts", 'import { operationHandler } from "../handle.ts";'],
    ["gateway/operation/x.ts", 'import type { Supergraph } from "../supergraph/supergraph.ts";'],
    ["gateway/subgraph/x.ts", 'import { a } from "../execution/apollo.ts";'],
    ["gateway/errors.ts", 'import { readConfig } from "./config.ts";'],
    ["gateway/config.ts", 'import type { Telemetry } from "./telemetry.ts";'],
    ["gateway/newcomer/x.ts", "export const a = 1;"],
  ],
  [
    ["gateway/gateway.ts", 'import { a } from "./http/public.ts"; import { b } from "./cache/x.ts";'],
    ["gateway/http/x.ts", 'import type { Handle } from "../handle.ts"; import "./listener.ts";'],
    ["gateway/execution/x.ts", 'import { a } from "../subgraph/http.ts"; import "../errors.ts";'],
  ],
);

holds(
  "no import cycles",
  noCycles,
  [
    ["gateway/errors.ts", 'import { handle } from "./handle.ts"; import { refuse } from "./operation/prepare.ts";'],
    ["subgraphs/uscis/records.ts", 'export * from "./source.ts";'],
    ["mocks/x.ts", 'import "./x.ts";'],
  ],
  [["subgraphs/uscis/records.ts", 'import type { UscisSystem } from "./source.ts";']],
);
