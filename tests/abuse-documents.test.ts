/** Documents made to cost: each is refused, or prepared, within its time on the processor, at full size. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { getIntrospectionQuery } from "graphql";
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

describe("what reasonable clients ask is prepared", () => {
  const personRecord = () => readFileSync(join(root, "schema/documents/person-record.graphql"), "utf8");
  test.each<[title: string, query: () => string, variables?: object]>([
    [
      "the introspection of every tool",
      () =>
        getIntrospectionQuery({
          inputValueDeprecation: true,
          schemaDescription: true,
          specifiedByUrl: true,
          directiveIsRepeatable: true,
          oneOf: true,
        }),
    ],
    ["the whole record of a person", personRecord, { by: { aNumber: "A123456789" } }],
    ["700 fields", () => `{${times(7, (at) => `p${at}: p {${times(33, (n) => `a${n}: f {id y}`)}}`)}}`],
    [
      "a deep query over shared fragments",
      () =>
        `{p {...A}} fragment A on P {id y f {...B}} fragment B on P {id y g {...C i {...D}}} fragment C on P {id f {id g {id f {y}}}} fragment D on I {id i {id i {id ... on P {y}}}}`,
    ],
    ["a hundred persons at once", () => `{${times(100, (at) => `p${at}: p(n: ${at}) {id y}`)}}`],
    ["a document of fifty operations", () => times(50, (at) => `query Q${at} {p {id}}`)],
  ])("%s", (title, query, variables = {}) => {
    expect(codesOf(query(), variables, title.includes("operations") ? "Q7" : null)).toEqual(["prepared"]);
  });
});
