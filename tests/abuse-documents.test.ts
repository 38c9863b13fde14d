/** Documents made to cost: each is refused, or prepared, within its time on the processor, at full size. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { type DocumentNode, getIntrospectionQuery, Kind, parse, print, visit } from "graphql";
import {
  codesOf,
  deepShapes,
  type Measured,
  maxCpuMs,
  maxHeapBytes,
  type Shape,
  shapes,
  times,
} from "./abuse-documents.ts";
import { root } from "./source-tree.ts";

let measured: ReadonlyMap<string, Measured>;
beforeAll(() => {
  const program = join(root, "tests/abuse-documents.ts");
  const env = { ...process.env, NODE_ENV: "production" };
  const rows: readonly Measured[] = JSON.parse(
    execFileSync(process.execPath, [program], { env, encoding: "utf8", timeout: 50_000 }),
  );
  measured = new Map(rows.map((each) => [each.title, each]));
});

function expectBounded([title, expected]: Shape): void {
  const found = measured.get(title);
  if (expected !== null) expect(found?.code).toBe(expected);
  expect(found?.code).toMatch(/^(prepared|[A-Z_]+)$/);
  expect(found?.cpuMs).toBeLessThan(maxCpuMs);
  expect(found?.heapBytes).toBeLessThan(maxHeapBytes);
}

describe("T75: a document made to cost", () => {
  test("takes more than twenty shapes", () => expect(shapes.length).toBeGreaterThan(20));
  test.each(shapes)("%s", (...shape) => expectBounded(shape));
});

describe("T74: what is too deep is refused in time, and nothing overflows", () => {
  test.each(deepShapes)("%s", (...shape) => expectBounded(shape));
});

/** The document of a person's record, so often under different keys that it has this many fields. */
function personRecords(fields: number): string {
  const document = parse(readFileSync(join(root, "schema/documents/person-record.graphql"), "utf8"), {
    noLocation: true,
  });
  let inOne = 0;
  visit(document, { Field: () => void inOne++ });
  const repeated: DocumentNode = visit(document, {
    OperationDefinition: (operation) => {
      const selections = Array.from({ length: Math.ceil(fields / inOne) }, (_, at) =>
        operation.selectionSet.selections.map((each) =>
          each.kind === Kind.FIELD ? { ...each, alias: { kind: Kind.NAME, value: `p${at}` } as const } : each,
        ),
      );
      return { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: selections.flat() } };
    },
  });
  return print(repeated);
}

/** As the public federation benchmark asks. */
const benchmarked = `
  fragment User on User { id username name }
  fragment Review on Review { id body }
  fragment Product on Product { inStock name price shippingEstimate upc weight }
  query TestQuery {
    users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...User
      reviews { ...Review product { ...Product } } } } } } }
    topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } }
  }`;

describe("what reasonable clients ask is prepared", () => {
  const everything = {
    inputValueDeprecation: true,
    schemaDescription: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    oneOf: true,
  };
  test.each<[title: string, query: string, variables?: object]>([
    ["the introspection of every tool", getIntrospectionQuery(everything)],
    ["the record of a person", personRecords(1), { by: { aNumber: "A123456789" } }],
    ["700 fields of persons' records", personRecords(700), { by: { aNumber: "A123456789" } }],
    ["a deep query over shared fragments", benchmarked],
    ["a hundred at once", `{${times(100, (at) => `p${at}: p(n: ${at}) {id y}`)}}`],
    ["a document of fifty operations", times(50, (at) => `query Q${at} {p {id}}`)],
    ["empty arguments, comments, commas and a byte order mark", "\uFEFF#c\n,,{,p(in:{},ids:[]){,y,},},"],
    [
      "the same field in fifty components",
      `{p {...C0 ${times(50, (at) => `...C${at}`)}}} ${times(50, (at) => `fragment C${at} on P {id f(n: 1) {id y}}`)}`,
    ],
    [
      "a hundred conditions",
      `query(${times(100, (at) => `$x${at}: Boolean = true`)}) {p {${times(100, (at) => `a${at}: y @include(if: $x${at})`)}}}`,
    ],
  ])("%s", (title, query, variables = {}) => {
    expect(codesOf(query, variables, title.includes("operations") ? "Q7" : null)).toEqual(["prepared"]);
  });
});
