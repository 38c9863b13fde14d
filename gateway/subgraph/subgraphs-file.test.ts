import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parseSubgraphs, readSubgraphsFile } from "./subgraphs-file.ts";

const defaults = { timeoutMs: 3000, maxConcurrent: 64 };
const parsed = (entries: unknown) => parseSubgraphs(JSON.stringify(entries), defaults);

test("what stands in the file is known, and what does not has its default", () => {
  const outcome = parsed([
    { name: "ice", url: "http://127.0.0.1:1/", systems: ["EID"], lagMs: { EID: 250 } },
    { name: "safeguards", partial: true, fetches: "common", timeoutMs: 500, maxConcurrent: 8 },
  ]);
  if ("refusals" in outcome) throw new Error("refused");
  expect(outcome.traitsOf("ice")).toEqual({
    ...defaults,
    systems: ["EID"],
    lagMs: { EID: 250 },
    isPartial: false,
    fetches: "personal",
  });
  expect(outcome.traitsOf("safeguards")).toEqual({
    systems: [],
    lagMs: {},
    timeoutMs: 500,
    maxConcurrent: 8,
    isPartial: true,
    fetches: "common",
  });
  const unnamed = { ...defaults, systems: [], lagMs: {}, isPartial: false, fetches: "personal" };
  for (const name of ["unknown", "__proto__", "constructor"]) expect(outcome.traitsOf(name)).toEqual(unnamed);
});

test("our own file is understood", () => {
  const path = "schema/subgraphs.json";
  const traitsOf = readSubgraphsFile(path, defaults);
  for (const { name, systems } of JSON.parse(readFileSync(path, "utf8"))) {
    const traits = traitsOf(name);
    expect(traits).toMatchObject({ systems });
    // Each says how late it is.
    expect(Object.keys(traits.lagMs)).toEqual(systems);
  }
});

test("a file that is not there says what to set", () => {
  expect(() => readSubgraphsFile("schema/nowhere.json", defaults)).toThrow("GATEWAY_SUBGRAPHS");
});

const lag = "whole numbers from 0 to 2678400000 by system, of systems that it has as lagMs";

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
    ...[{ ADIS: 1 }, { EID: -1 }, { EID: 0.5 }, { EID: "250" }, { EID: 2_678_400_001 }, 250, ["EID"]].map(
      (lagMs) => [[{ name: "a", systems: ["EID"], lagMs }], [`a must have ${lag}`]] as const,
    ),
    [[{ name: "a", lagMs: { EID: 1 } }], [`a must have ${lag}`]],
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
