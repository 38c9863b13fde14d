/** So many at once, the others in order. */
export function limited(max: number): <Result>(run: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (run) => {
    if (underWay >= max) await new Promise<void>((resolve) => void waiting.push(resolve));
    else underWay += 1;
    try {
      return await run();
    } finally {
      // A place is handed on; only one that nobody waits for becomes free.
      const next = waiting.shift();
      if (next) next();
      else underWay -= 1;
    }
  };
}
