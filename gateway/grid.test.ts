import { describe, expect, test } from "@jest/globals";
import { eachOnGrid, gridMs, onGrid } from "./grid.ts";

const never = new AbortController().signal;

describe("what leaves on the grid", () => {
  test.each([0, 1, 12, 24.5, 26, 70])("after %p ms leaves at a point of it, and never before", async (afterMs) => {
    const late: number[] = [];
    for (let round = 0; round < 5; round++) {
      const since = performance.now() - afterMs;
      await onGrid(since, never);
      const tookMs = performance.now() - since;
      expect(tookMs).toBeGreaterThanOrEqual(Math.ceil(afterMs / gridMs) * gridMs);
      late.push(tookMs % gridMs);
    }
    // The best of some: a busy machine may be late with any of them, no timer is early.
    expect(Math.min(...late)).toBeLessThan(gridMs / 2);
  });

  test("is not kept once nobody waits for it, and else goes with all the others of its millisecond", async () => {
    const gone = new AbortController();
    const since = performance.now() - 1;
    const waiting = Array.from({ length: 50 }, (_, index) => onGrid(since, index === 0 ? gone.signal : never));
    gone.abort();
    await Promise.all(waiting);
    expect(performance.now() - since).toBeGreaterThanOrEqual(gridMs);
    const before = performance.now();
    await onGrid(before - 1, gone.signal);
    expect(performance.now() - before).toBeLessThan(gridMs);
  });

  test("goes at one time whether it was ready early or late between two points", async () => {
    const since = performance.now();
    const left: string[] = [];
    const leave = (name: string) => onGrid(since, never).then(() => left.push(name));
    const early = leave("early");
    await onGrid(since - gridMs + 8, never);
    const isInTime = performance.now() < since + gridMs;
    const late = leave("late");
    await early;
    // In one pass, before anything else is done; unless this process was kept from running until the next point.
    await null;
    expect(left).toEqual(isInTime ? ["early", "late"] : ["early"]);
    await late;
  });

  test("in parts leaves each at a point of its own", async () => {
    const since = performance.now() - 3;
    const at: number[] = [];
    async function* values() {
      yield 1;
      yield 2;
    }
    for await (const _each of eachOnGrid(values(), since, never)) at.push(performance.now() - since);
    for (const each of at) expect(each).toBeGreaterThanOrEqual(gridMs);
    expect(at).toHaveLength(2);
  });
});
