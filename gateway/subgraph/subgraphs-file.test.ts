import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parseSubgraphs, readSubgraphsFile } from "./subgraphs-file.ts";

const defaults = { timeoutMs: 3000, maxConcurrent: 64 };
const parsed = (entries: unknown) => parseSubgraphs(JSON.stringify(entries), defaults);

test("what stands in the file is known, and what does not has its default", () => {
  const outcome = parsed([
    { name: "ice", url: "http://127.0.0.1:1/", systems: ["EID"] },
    { name: "safeguards", partial: true, fetches: "common", timeoutMs: 500, maxConcurrent: 8 },
  ]);
  if ("refusals" in outcome) throw new Error("refused");
  expect(outcome.traitsOf("ice")).toEqual({ ...defaults, systems: ["EID"], isPartial: false, fetches: "personal" });
  expect(outcome.traitsOf("safeguards")).toEqual({
    systems: [],
    timeoutMs: 500,
    maxConcurrent: 8,
    isPartial: true,
    fetches: "common",
  });
  for (const name of ["unknown", "__proto__", "constructor"])
    expect(outcome.traitsOf(name)).toEqual({ ...defaults, systems: [], isPartial: false, fetches: "personal" });
});

test("our own file is understood", () => {
  const path = "schema/subgraphs.json";
  const traitsOf = readSubgraphsFile(path, defaults);
  for (const { name, systems } of JSON.parse(readFileSync(path, "utf8")))
    expect(traitsOf(name)).toMatchObject({ systems });
});

test("a file that is not there says what to set", () => {
  expect(() => readSubgraphsFile("schema/nowhere.json", defaults)).toThrow("GATEWAY_SUBGRAPHS");
});

describe("refused, saying which subgraph and why", () => {
  test.each<readonly [unknown, readonly string[]]>([
    [{}, ["must be a list of subgraphs"]],
    [[7], ["entry 1 must be an object"]],
    [[[]], ["entry 1 must be an object"]],
    [[{}], ["entry 1 must have a name as name"]],
    [[{ name: "" }], ["entry 1 must have a name as name"]],
    [[{ name: "a" }, { name: "a" }], ["a stands twice"]],
    [[{ name: "a", timeout: 5 }], ["a has a member that nobody reads: timeout"]],
    [[{ name: "a", url: "nowhere" }], ["a must have a URL as url"]],
    [[{ name: "a", systems: "EID" }], ["a must have a list of names as systems"]],
    [[{ name: "a", timeoutMs: 0 }], ["a must have a whole number from 1 to 600000 as timeoutMs"]],
    [[{ name: "a", timeoutMs: "5" }], ["a must have a whole number from 1 to 600000 as timeoutMs"]],
    [[{ name: "a", maxConcurrent: 1.5 }], ["a must have a whole number from 1 to 10000 as maxConcurrent"]],
    [[{ name: "a", partial: false }], ["a must have true, or left out as partial"]],
    [[{ name: "a", fetches: "shared" }], ['a must have "common" or "personal" as fetches']],
    [
      [{ name: "a", partial: 1 }, { nam: "b" }],
      [
        "a must have true, or left out as partial",
        "entry 2 has a member that nobody reads: nam",
        "entry 2 must have a name as name",
      ],
    ],
  ])("%j", (entries, refusals) => expect(parsed(entries)).toEqual({ refusals }));

  test("what is not JSON", () => expect(parseSubgraphs("[", defaults)).toEqual({ refusals: ["is not JSON"] }));
});
