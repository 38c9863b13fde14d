/**
 * Documents made to cost, at full size, over the API schema of this graph. Run as a program, as the gateway is, it
 * measures each and prints one line of JSON: inside Jest everything takes ten times as long.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildASTSchema, extendSchema, type GraphQLSchema, getIntrospectionQuery, Kind, parse } from "graphql";
import {
  type OperationRequest,
  operationPreparer,
  type PrepareOperation,
} from "../gateway/operation/operation-preparer.ts";
import { root } from "./source-tree.ts";

export const maxCpuMs = 50;
export const maxHeapBytes = 20 * 1024 * 1024;

/** The graph's own schema, and a type on which everything can be nested. */
function apiSchema(): GraphQLSchema {
  const supergraph = parse(readFileSync(join(root, "schema/supergraph.graphql"), "utf8"), { noLocation: true });
  const definitions = supergraph.definitions.filter(
    (each) => each.kind !== Kind.DIRECTIVE_DEFINITION && each.kind !== Kind.SCHEMA_DEFINITION,
  );
  const abusable = parse(`
    type P implements I { id: ID  f(n: Int, ids: [ID], in: In, json: Json): P  g: P  i: I  y: Int  many(first: Int): [P] }
    type Q2 implements I { id: ID  f(n: Int, ids: [ID], in: In, json: Json): P  g: Q2  i: I  y: Int }
    interface I { id: ID  i: I  y: Int  g: I  f(n: Int, ids: [ID], in: In, json: Json): P }
    input In { in: In  list: [In!]  n: Int  kind: Kind  s: String }
    enum Kind { ONE TWO }
    scalar Json
    type User { id: ID  username: String  name: String  reviews: [Review] }
    type Review { id: ID  body: String  product: Product  author: User }
    type Product { inStock: Boolean  name: String  price: Int  shippingEstimate: Int  upc: String  weight: Int  reviews: [Review] }
    extend type Query { users: [User]  topProducts: [Product]  many(first: Int): [P]  p(n: Int, ids: [ID], in: In, json: Json, s: String): P  i: I }
  `);
  const own = buildASTSchema({ ...supergraph, definitions }, { assumeValidSDL: true });
  return extendSchema(own, abusable, { assumeValidSDL: true });
}

const priced = `
  extend schema @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize"])
  type Query { many(first: Int): [P] @listSize(slicingArguments: ["first"]) }
  type P { many(first: Int): [P] @listSize(slicingArguments: ["first"]) }
`;

const prepare: PrepareOperation = operationPreparer({
  apiSchema: apiSchema(),
  fieldNames: new Set(["p"]),
  introspection: true,
  cost: { supergraph: parse(priced), maxCost: 1e6 },
});

/** What is measured is the work, not the compiler warming up. */
function warmUp(): void {
  for (let at = 0; at < 40; at++) {
    codesOf(`{x${at}: p(n: ${at}, in: {n: 1}) {f {...F} ... on I {y}}} fragment F on P {y id}`);
    codesOf(getIntrospectionQuery() + " ".repeat(at));
    codesOf(`{${"p{".repeat(20)} ${at}`);
    codesOf(`{p(ids: [${"1,".repeat(50 * at)}]) {${times(20 * at, () => "f(n: 1) {y}")}}}`);
  }
}

export function codesOf(query: string, variables: object = {}, operationName: string | null = null): readonly string[] {
  const request: OperationRequest = { query, operationName, variables: variables as Record<string, unknown> };
  const operation = prepare(request, { acceptsDefer: true });
  return "refused" in operation ? operation.refused.map(({ extensions }) => extensions.code) : ["prepared"];
}

/**
 * Codes, and the least of a few measurements of this thread: others may take the core meanwhile, but give nothing back.
 * Each text ends in a comment of its own, so that nothing is found in the cache.
 */
function measured(query: string, variables: object = {}) {
  let [cpuMs, heapBytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let codes: readonly string[] = [];
  for (let round = 0; round < 5 && (cpuMs >= maxCpuMs || heapBytes >= maxHeapBytes); round++) {
    const heap = process.memoryUsage().heapUsed;
    const start = process.threadCpuUsage();
    codes = codesOf(`${query} #${round}`, variables);
    const { user, system } = process.threadCpuUsage(start);
    cpuMs = Math.min(cpuMs, (user + system) / 1000);
    heapBytes = Math.min(heapBytes, process.memoryUsage().heapUsed - heap);
  }
  return { code: codes[0], cpuMs, heapBytes };
}

export const times = (count: number, text: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => text(at)).join(" ");
const chain = (count: number, last: string) =>
  `{p {...F0}} ${times(count, (at) => `fragment F${at} on P {...F${at + 1}}`)} fragment F${count} on P {${last}}`;
const doubling = (levels: number) =>
  `{p {...F${levels}}} fragment F0 on P {y} ${times(levels, (at) => `fragment F${at + 1} on P {f {...F${at}} g {...F${at}}}`)}`;
const nestedValue = (open: string, close: string, levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;
const deep = (levels: number): unknown => JSON.parse(`${'{"in":'.repeat(levels)}null${"}".repeat(levels)}`);

/** `code`: null where it does not matter whether it is refused. */
export type Shape = readonly [title: string, code: string | null, query: string, variables?: () => object];

export const shapes: readonly Shape[] = [
  ["1,900 aliases", "MAX_ALIASES_LIMIT", `{p {${times(1900, (at) => `a${at}: y`)}}}`],
  ["450 fields at the root", "MAX_ROOT_FIELDS_LIMIT", `{${times(450, (at) => `a${at}: p {y}`)}}`],
  ["900 directives", "MAX_DIRECTIVES_LIMIT", `{p {${times(900, () => "y @include(if: true)")}}}`],
  ["1,100 directives in one place", "MAX_DIRECTIVES_LIMIT", `{p ${times(1100, () => "@include(if: true)")} {y}}`],
  ["a fragment that contains itself", "GRAPHQL_VALIDATION_FAILED", "{p {...F}} fragment F on P {f {...F}}"],
  [
    "a circle of 150 fragments",
    "GRAPHQL_VALIDATION_FAILED",
    `{p {...F0}} ${times(150, (at) => `fragment F${at} on P {f {...F${(at + 1) % 150}}}`)}`,
  ],
  [
    "circles that nothing uses",
    "GRAPHQL_VALIDATION_FAILED",
    `{p {y}} ${times(90, (at) => `fragment F${at} on P {...F${(at + 1) % 90} ...F${(at + 7) % 90}}`)}`,
  ],
  ["fragments that double 30 times: 2^30 fields", "MAX_DEPTH_LIMIT", doubling(30)],
  ["fragments that double 10 times: 2^11 fields", "MAX_FIELDS_LIMIT", doubling(10)],
  [
    "100 spreads in each of 10 fragments: 10^20 fields",
    "MAX_FIELDS_LIMIT",
    `{p {...F10}} fragment F0 on P {y} ${times(10, (at) => `fragment F${at + 1} on P {${times(100, () => `...F${at}`)}}`)}`,
  ],
  ["3,000 fields of one response key", "MAX_FIELDS_LIMIT", `{p {${times(3000, () => "y")}}}`],
  ["450 objects of one response key, and what is in them", null, `{${times(450, () => "p {f {g {y}}}")}}`],
  [
    "800 fields of one response key and different arguments",
    "GRAPHQL_VALIDATION_FAILED",
    `{p {${times(800, (at) => `f(n: ${at}) {y}`)}}}`,
  ],
  [
    "interfaces within interfaces, fragments of both kinds at every level",
    null,
    `{i {...F0}} ${times(11, (at) => `fragment F${at} on I {... on P {g {...F${at + 1}}} ... on Q2 {g {...F${at + 1}}} g {y}}`)} fragment F11 on I {y}`,
  ],
  [
    "introspection within itself",
    "GRAPHQL_VALIDATION_FAILED",
    `{__schema {types {${nestedValue("fields {type {", "}}", 8).replace("1", "name")}}}}`,
  ],
  [
    "introspection side by side",
    "MAX_FIELDS_LIMIT",
    `{__schema {${times(100, (at) => `a${at}: types {name description fields {name description type {name fields {name}}}}`)}}}`,
  ],
  [
    "introspection of one type, 90 times",
    null,
    `{${times(90, (at) => `a${at}: __type(name: "Person") {fields {name type {fields {name type {name}}}}}`)}}`,
  ],
  ["a list of 50,000 in an argument", "MAX_TOKENS_LIMIT", `{p(ids: [${"1,".repeat(50_000)}]) {y}}`],
  ["a list of 7,500 in an argument", null, `{p(ids: [${"1,".repeat(7500)}]) {y}}`],
  [
    "a list of 100,000 in a variable",
    "prepared",
    "query($x: [ID]) {p(ids: $x) {y}}",
    () => ({ x: Array.from({ length: 100_000 }, String) }),
  ],
  ["10 MB in a variable", "prepared", "query($x: String) {p(s: $x) {y}}", () => ({ x: "x".repeat(10_000_000) })],
  [
    "100,000 variables that nothing declares",
    "prepared",
    "{p {y}}",
    () => Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`v${at}`, at])),
  ],
  [
    "100,000 unknown members",
    "BAD_USER_INPUT",
    "query($x: In) {p(in: $x) {y}}",
    () => ({ x: Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`v${at}`, at])) }),
  ],
  [
    "100,000 bad elements",
    "BAD_USER_INPUT",
    "query($x: In) {p(in: $x) {y}}",
    () => ({ x: { list: Array.from({ length: 100_000 }, () => 1) } }),
  ],
  [
    "inputs 100,000 deep in a variable",
    "BAD_USER_INPUT",
    "query($x: In) {p(in: $x) {y}}",
    () => ({ x: deep(100_000) }),
  ],
  ["a custom scalar 100,000 deep", "BAD_USER_INPUT", "query($x: Json) {p(json: $x) {y}}", () => ({ x: deep(100_000) })],
  ["inputs 1,000 deep in an argument", "MAX_DEPTH_LIMIT", `{p(in: ${nestedValue("{in: ", "}", 1000)}) {y}}`],
  [
    "lists 1,000 deep in a variable's default",
    "MAX_DEPTH_LIMIT",
    `query($x: Json = ${nestedValue("[", "]", 1000)}) {p(json: $x) {y}}`,
  ],
  [
    "lists 1,000 deep in a type",
    "MAX_DEPTH_LIMIT",
    `query($x: ${"[".repeat(1000)}ID${"]".repeat(1000)}) {p(ids: $x) {y}}`,
  ],
  ["1e400", "BAD_USER_INPUT", "{p(n: 1e400) {y}}"],
  ["a number of 90,000 digits", "BAD_USER_INPUT", `{p(n: ${"9".repeat(90_000)}) {y}}`],
  ["one name of 500 KB", "MAX_TOKENS_LIMIT", `{${"a".repeat(500_000)}}`],
  ["one alias of 500 KB", "MAX_TOKENS_LIMIT", `{${"a".repeat(500_000)}: p {y}}`],
  ["one string of 500 KB", null, `{p(s: "${"a".repeat(500_000)}") {y}}`],
  ["one block string of 500 KB in lines", null, `{p(s: """${"  a\n".repeat(125_000)}""") {y}}`],
  ["one comment of 500 KB", "MAX_TOKENS_LIMIT", `{p {y}} #${"a".repeat(500_000)}`],
  ["one name of 250 KB", "GRAPHQL_VALIDATION_FAILED", `{${"a".repeat(250_000)}}`],
  ["one alias of 250 KB", "prepared", `{${"a".repeat(250_000)}: p {y}}`],
  ["one string of 250 KB", null, `{p(s: "${"a".repeat(250_000)}") {y}}`],
  ["one block string of 250 KB in lines", null, `{p(s: """${"  a\n".repeat(62_000)}""") {y}}`],
  ["one comment of 250 KB", "prepared", `{p {y}} #${"a".repeat(250_000)}`],
  ["100,000 comments", "prepared", `{p {y}} ${"#\n".repeat(100_000)}`],
  ["a string that never ends", "GRAPHQL_PARSE_FAILED", `{p(s: "${"a".repeat(250_000)}`],
  ["empty selections", "GRAPHQL_PARSE_FAILED", `{p ${"{}".repeat(1000)}}`],
  ["10,000 operations", "MAX_TOKENS_LIMIT", times(10_000, (at) => `query Q${at} {p {y}}`)],
  ["1,000 operations", "MAX_TOKENS_LIMIT", times(1000, (at) => `query Q${at} {p {y}}`)],
  [
    "100 operations that use 100 fragments in a chain",
    null,
    `${times(100, (at) => `query Q${at} {p {...F0}}`)} ${chain(95, "y").replace(/^\{.*?\}\} /, "")}`,
  ],
  ["10,000 variables", "MAX_TOKENS_LIMIT", `query(${times(10_000, (at) => `$v${at}: Int`)}) {p {y}}`],
  [
    "700 variables, each used",
    null,
    `query(${times(700, (at) => `$v${at}: ID`)}) {p(ids: [${times(700, (at) => `$v${at}`)}]) {y}}`,
  ],
  [
    "lists of 2^31-1 in each other",
    "COST_ESTIMATED_TOO_EXPENSIVE",
    `{${"many(first: 2147483647) {".repeat(14)} y ${"}".repeat(14)}}`,
  ],
  [
    "one long literal spread 1,000 times",
    "MAX_TOKENS_LIMIT",
    `{p {${times(100, (at) => `a${at}: g {...F}`)}}} fragment F on P {f(json: "${"a".repeat(50_000)}") {y}}`,
  ],
  ["a multiplication of @defer", null, `{p {${times(400, () => "... @defer {y}")}}}`],
  ["1,500 misspelt fields", "GRAPHQL_VALIDATION_FAILED", `{p {${times(1500, (at) => `yy${at}`)}}}`],
];

/** Deeper and deeper, until it would overflow any stack. */
export const deepShapes: readonly Shape[] = [
  ...[1000, 10_000, 100_000, 1_000_000].flatMap((count) =>
    ["{", "{p", "{p(json: [", "{p(json: {a: ", "query($x: [", "{p @include(if: ["].map(
      (start): Shape => [`${count} times the end of \`${start}\``, null, start + start.slice(-1).repeat(count)],
    ),
  ),
  ...[1000, 5000, 20_000].map(
    (count): Shape => [`a chain of ${count} fragments`, "MAX_TOKENS_LIMIT", chain(count, "y")],
  ),
  ["a chain of as many fragments as are let in", "prepared", chain(198, "y")],
];

export type Measured = {
  readonly title: string;
  readonly code: string | undefined;
  readonly cpuMs: number;
  readonly heapBytes: number;
};

if (import.meta.main) {
  warmUp();
  const rows = [...shapes, ...deepShapes].map(([title, , query, variables = () => ({})]): Measured => {
    return { title, ...measured(query, variables()) };
  });
  process.stdout.write(JSON.stringify(rows));
}
