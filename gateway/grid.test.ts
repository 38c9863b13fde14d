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

  test("goes at once when nobody waits any more, and leaves no timer", async () => {
    const gone = new AbortController();
    const waiting = onGrid(performance.now() - 1, gone.signal);
    gone.abort();
    await waiting;
    await onGrid(performance.now() - 1, gone.signal);
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
