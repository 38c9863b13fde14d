/**
 * When answers leave that something may be hidden from: not when they are ready, but at the next point of a grid of time.
 * What was done for somebody who is hidden takes longer or shorter than for nobody; on the grid it takes the same.
 */
export const gridMs = 25;

/** Resolves at the first point of the grid from now on, counted from `since` on the clock of `performance.now()`. */
export function onGrid(since: number, signal: AbortSignal): Promise<void> {
  const leavesAt = since + Math.ceil((performance.now() - since) / gridMs) * gridMs;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const wait = () => {
      const leftMs = leavesAt - performance.now();
      // Timers know whole milliseconds, and may come a little early.
      if (leftMs <= 0) end();
      else timer = setTimeout(wait, Math.ceil(leftMs));
    };
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", end, { once: true });
    wait();
  });
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
