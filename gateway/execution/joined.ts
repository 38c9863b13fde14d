/**
 * Identical operations under way at once are executed once, as long as none of the first one's reads has been answered:
 * each of its reads would be shared anyway (subgraph/dedupe.ts), and what is read later is read after the others came.
 */
import { Table } from "../under-way.ts";

/** Starts an execution. `onAnswered` is to be called when the first of its reads is answered. */
export type Start<Result> = (signal: AbortSignal, onAnswered: () => void) => Promise<Result>;

export type JoinedRuns<Result> = {
  /**
   * `key`: everything that may change the result, compared in full. The execution goes on while anybody waits for it.
   */
  run(
    key: string,
    signal: AbortSignal,
    start: Start<Result>,
  ): Promise<{ readonly result: Result; readonly isJoined: boolean }>;
};

type Run<Result> = { readonly result: Promise<Result>; readonly gone: AbortController; waiting: number };

export function joinedRuns<Result>(): JoinedRuns<Result> {
  const open = new Table<Run<Result>>();

  const begin = (key: string, start: Start<Result>): Run<Result> => {
    const gone = new AbortController();
    let isOver = false;
    let run: Run<Result> | null = null;
    const close = () => {
      isOver = true;
      if (run !== null && open.get(key) === run) open.delete(key);
    };
    run = { gone, waiting: 0, result: start(gone.signal, close).finally(close) };
    // What is at hand may have been read already.
    if (!isOver) open.set(key, run);
    return run;
  };
  const leave = (key: string, run: Run<Result>): void => {
    run.waiting -= 1;
    if (run.waiting > 0) return;
    if (open.get(key) === run) open.delete(key);
    run.gone.abort();
  };

  return {
    async run(key, signal, start) {
      const known = open.get(key);
      const run = known ?? begin(key, start);
      run.waiting += 1;
      const onAbort = () => leave(key, run);
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
      try {
        return { result: await run.result, isJoined: known !== undefined };
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}
