/** What is not sent on, and what is sent but known to have gaps. */
import { expect, test } from "@jest/globals";
import type { Path } from "../errors.ts";
import { openTaints } from "./taint.ts";

const taint = { code: "SOURCE_TIMEOUT", agency: "obim" } as const;
const noted = (root: unknown, path: Path) => {
  const taints = openTaints();
  taints.note(root, path, taint);
  return (fields: object) => {
    const representation = { __typename: "Person", ...fields };
    return [taints.missingIn(representation), taints.incompleteIn(representation)];
  };
};
const [missing, incomplete, whole] = [
  [taint, undefined],
  [undefined, taint],
  [undefined, undefined],
];

test.each<[string, unknown, Path, object, readonly unknown[]]>([
  ["a null is missing", { a: null }, ["a"], { a: null }, missing],
  ["a null without a problem is a fact", { a: null }, ["a"], { b: null }, whole],
  ["a null that came up from below is missing", { a: null }, ["a", 0, "b"], { a: null }, missing],
  ["a null inside an object", { a: { b: null } }, ["a", "b"], { a: { b: null } }, missing],
  ["a null inside a list of lists", { a: [[null]] }, ["a", 0, 0], { a: [[null]] }, missing],
  ["an entity that is null as a whole", null, ["a"], { a: null }, missing],
  ["the planner's own alias", { a__alias_0: null }, ["a__alias_0"], { a: null }, missing],
  ["a list with gaps", { a: ["1"] }, ["a"], { a: ["1"] }, incomplete],
  ["another entity's list is its own", { a: ["1"] }, ["a"], { a: ["2"] }, whole],
  ["objects with gaps, whatever of them is sent on", { a: [{ b: 1, c: 2 }] }, ["a"], { a: [{ b: 1 }] }, incomplete],
  ["a list with gaps inside an object", { a: { b: ["1"] } }, ["a", "b"], { a: { b: ["1"] } }, incomplete],
  ["a problem of nothing in particular", { a: "1" }, [], { a: "1" }, whole],
])("%s", (_title, root, path, representation, expected) => {
  expect(noted(root, path)(representation)).toEqual(expected);
});
