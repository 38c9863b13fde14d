import { describe, expect, test } from "@jest/globals";
import { freshnessOf, readFreshness, type Standing } from "./freshness.ts";

const standing: Standing = {
  isLive: true,
  asOf: "2026-10-19T14:00:00Z",
  position: { epoch: "e1", seq: 7 },
};
const token = freshnessOf("CASE", standing, 250).token ?? "";

describe("how fresh an answer is wanted", () => {
  const none = new Map();
  test.each<[string, string | undefined, string | undefined, number | null, unknown]>([
    ["nothing is said", undefined, undefined, null, undefined],
    ["a header says it", "5", undefined, null, { maxAgeMs: 5000, atLeast: none }],
    ["the document says it", undefined, undefined, 3, { maxAgeMs: 3000, atLeast: none }],
    ["both say it: the narrower bound counts", "5", undefined, 3, { maxAgeMs: 3000, atLeast: none }],
    ["nothing that is kept will do", "0", undefined, null, { maxAgeMs: 0, atLeast: none }],
    [
      "a token says it",
      undefined,
      ` ${token} `,
      null,
      { maxAgeMs: null, atLeast: new Map([["CASE", { epoch: "e1", seq: 7 }]]) },
    ],
  ])("%s", (_what, maxAge, atLeast, written, expected) => {
    expect(readFreshness({ maxAge, atLeast }, written)).toEqual(expected);
  });

  test.each([
    ["a fraction of a second", "0.5", undefined],
    ["less than nothing", "-1", undefined],
    ["more than a day", "86401", undefined],
    ["a header that stands twice", "5, 5", undefined],
    ["nothing as a token", undefined, ""],
    ["a token that nobody gave", undefined, "AAAAAAAAAAAA"],
    ["one token with another's tail", undefined, `${token}"`],
    ["two tokens of one source", undefined, `${token},${token}`],
    ["too many tokens", undefined, Array(33).fill(token).join(",")],
  ])("%s is refused", (_what, maxAge, atLeast) => {
    expect(readFreshness({ maxAge, atLeast }, null)).toMatchObject({
      refused: [{ extensions: { code: "FRESHNESS_INVALID" } }],
    });
  });
});

test("a client is told how a source stands, and that nobody watches another", () => {
  expect([freshnessOf("CASE", standing, 250), freshnessOf("EID", undefined, undefined)]).toEqual([
    { system: "CASE", live: true, asOf: "2026-10-19T14:00:00Z", lagMs: 250, token },
    { system: "EID", live: false, asOf: null, lagMs: null, token: null },
  ]);
});
