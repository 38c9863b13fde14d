import { beforeEach, describe, expect, test } from "@jest/globals";
import type { HeldAnswer } from "../subgraph/call.ts";
import type { CompiledPlan } from "./compiled-plan.ts";
import { type KeptRun, type KeptRuns, keptRuns, notPrinted } from "./kept-runs.ts";

let turn: number;
let instant: number;
let looks: number;
let runs: KeptRuns;
const plan = { requests: [] } as unknown as CompiledPlan;

const open = (maxBytes: number) => keptRuns({ maxBytes, turn: () => turn, now: () => instant });

function answer(more: Partial<HeldAnswer> = {}) {
  const counts = { served: 0 };
  const holds = () => {
    looks += 1;
    return true;
  };
  const served = () => {
    counts.served += 1;
  };
  return { until: 1000, bytes: 500, holds, served, counts, ...more };
}

const runOf = (...answers: readonly HeldAnswer[]): KeptRun => ({
  plan,
  data: {},
  sharing: "none",
  answers,
  isWithheldFrom: false,
  printed: notPrinted(answers),
});

beforeEach(() => {
  [turn, instant, looks] = [1, 0, 0];
  runs = open(1_000_000);
});

test("what is kept is found by its key, and each of its answers counts as served", () => {
  const [one, other] = [answer(), answer()];
  const run = runOf(one, other);
  runs.add("a", run);
  expect([runs.find("a", plan), runs.find("b", plan), runs.find("a", plan)]).toEqual([run, undefined, run]);
  expect([one.counts.served, other.counts.served]).toEqual([2, 2]);
});

describe("what is kept is not given, now or ever again,", () => {
  const isGone = () => {
    const first = runs.find("a", plan);
    [turn, instant] = [turn + 1, 0];
    return first === undefined && runs.find("a", plan) === undefined;
  };

  test("once one of its answers does not hold", () => {
    let isGood = true;
    runs.add("a", runOf(answer(), answer({ holds: () => isGood })));
    expect(runs.find("a", plan)).toBeDefined();
    [turn, isGood] = [2, false];
    expect(isGone()).toBe(true);
  });

  test("where one of them had ceased to hold before it was kept", () => {
    runs.add("a", runOf(answer(), answer({ holds: () => false })));
    expect(isGone()).toBe(true);
  });

  test("at the end of the first of its answers' lifetimes", () => {
    runs.add("a", runOf(answer(), answer({ until: 20 })));
    instant = 19.9;
    expect(runs.find("a", plan)).toBeDefined();
    instant = 20;
    expect(isGone()).toBe(true);
  });

  test("for another plan", () => {
    runs.add("a", runOf(answer()));
    expect(runs.find("a", { ...plan })).toBeUndefined();
    expect(isGone()).toBe(true);
  });
});

test("answers are asked whether they hold once a turn, and none of them counts as served before", () => {
  const one = answer();
  runs.add("a", runOf(one, answer({ holds: () => turn === 1 })));
  for (let times = 0; times < 3; times += 1) runs.find("a", plan);
  expect(looks).toBe(1);
  turn = 2;
  runs.find("a", plan);
  expect([looks, one.counts.served]).toEqual([2, 3]);
});

test("what it takes is counted by its objects, each once: one answer may have been written to many of them", () => {
  const shared = { name: "guardian" };
  const manyOf = (make: (at: number) => object): KeptRun => ({
    ...runOf(answer()),
    data: { people: Array.from({ length: 1000 }, (_, at) => make(at)) },
  });
  runs = open(100_000);
  runs.add(
    "one, a thousand times",
    manyOf(() => shared),
  );
  runs.add(
    "a thousand",
    manyOf((at) => ({ a: at, b: at, c: at })),
  );
  expect(runs.find("one, a thousand times", plan)).toBeDefined();
  expect(runs.find("a thousand", plan)).toBeUndefined();
});

test("where there is no room the oldest goes, unless it was used, and what is larger than all the room is not kept", () => {
  runs = open(5000);
  for (const key of ["a", "b"]) runs.add(key, runOf(answer()));
  runs.find("a", plan);
  runs.add("c", runOf(answer()));
  const left = ["a", "b", "c", "d"].filter((key) => runs.find(key, plan) !== undefined);
  expect(left).toEqual(["a", "c"]);
  runs.add("d", runOf(answer({ bytes: 3000 })));
  expect(["a", "c", "d"].filter((key) => runs.find(key, plan) !== undefined)).toEqual(["a", "c"]);
  runs = open(0);
  runs.add("a", runOf(answer()));
  expect(runs.find("a", plan)).toBeUndefined();
});
