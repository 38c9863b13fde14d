/**
 * When answers leave that something may be hidden from: not when they are ready, but at the next point of a grid of time.
 * What was done for somebody who is hidden takes longer or shorter than for nobody; on the grid it takes the same.
 *
 * INVARIANT: when an answer leaves depends on when its request came and on how many points have passed, on nothing else.
 */
export const gridMs = 25;

/** Those who leave in the same millisecond leave together: one timer for all of them. */
type Together = { readonly leavesAt: number; readonly resolves: (() => void)[] };
/** Not a map: what is old in one keeps what is new in it (under-way.ts). */
const leaving: Together[] = [];

/**
 * Resolves at the first point of the grid from now on, counted from `since` on the clock of `performance.now()`, and no
 * sooner for a client that has gone: nothing is there to be saved by it.
 */
export function onGrid(since: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const now = performance.now();
  const leavesAt = Math.ceil(since + Math.ceil((now - since) / gridMs) * gridMs);
  return new Promise((resolve) => {
    const together = leaving.find((each) => each.leavesAt === leavesAt);
    if (together !== undefined) together.resolves.push(resolve);
    else {
      const first: Together = { leavesAt, resolves: [resolve] };
      leaving.push(first);
      setTimeout(leave, Math.ceil(leavesAt - now), first);
    }
  });
}

function leave(together: Together): void {
  const leftMs = together.leavesAt - performance.now();
  // Timers may come a little early.
  if (leftMs > 0) return void setTimeout(leave, Math.ceil(leftMs), together);
  leaving.splice(leaving.indexOf(together), 1);
  for (const resolve of together.resolves) resolve();
}

/** Each value at a point of the grid of its own. */
export async function* eachOnGrid<Value>(
  values: AsyncIterable<Value>,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<Value> {
  for await (const value of values) {
    await onGrid(since, signal);
    yield value;
  }
}
