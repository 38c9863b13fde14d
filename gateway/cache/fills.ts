/** Reads under way whose answers others may take, entry by entry. */
import type { SubgraphFailure } from "../subgraph/call.ts";
import { Table } from "../under-way.ts";
import type { Entry } from "./entry.ts";

/** A value that was found or read. `entry`: it was kept, and must still hold when it is served; null: read just now. */
export type Found = { readonly value: unknown; readonly entry: Entry | null };

export type FillEnd<Own> = {
  /** What those who joined may take; empty where anything was wrong. */
  readonly found: ReadonlyMap<string, Found>;
  /** For who began it. */
  readonly own: { readonly result: Own } | { readonly failure: unknown };
};

/** INVARIANT: `ended` never rejects, and whoever joined leaves. */
export type Fill<Own> = {
  readonly ended: Promise<FillEnd<Own>>;
  join(): void;
  /** The last one takes a read that is still under way along. `why`: what it is ended with. */
  leave(why: () => SubgraphFailure): void;
};

export type Fills<Own> = {
  /** The read of this key that is under way, if it began in this generation. */
  find(key: string, generation: string): Fill<Own> | undefined;
  /** Begins one that others may join by these keys; who begins it has joined. */
  begin(
    keys: readonly { readonly key: string; readonly generation: string }[],
    read: (signal: AbortSignal) => Promise<{ readonly found: ReadonlyMap<string, Found>; readonly result: Own }>,
  ): Fill<Own>;
};

const none: ReadonlyMap<string, Found> = new Map();

export function openFills<Own>(): Fills<Own> {
  const open = new Table<{ readonly generation: string; readonly fill: Fill<Own> }>();
  return {
    find(key, generation) {
      const known = open.get(key);
      return known?.generation === generation ? known.fill : undefined;
    },
    begin(keys, read) {
      const upstream = new AbortController();
      let waiting = 1;
      let isOver = false;
      const close = () => {
        isOver = true;
        for (const { key } of keys) if (open.get(key)?.fill === fill) open.delete(key);
      };
      const ended = read(upstream.signal).then(
        ({ found, result }): FillEnd<Own> => ({ found, own: { result } }),
        (failure: unknown): FillEnd<Own> => ({ found: none, own: { failure } }),
      );
      const fill: Fill<Own> = {
        ended: ended.finally(close),
        join() {
          waiting += 1;
        },
        leave(why) {
          waiting -= 1;
          if (waiting > 0 || isOver) return;
          close();
          upstream.abort(why());
        },
      };
      for (const { key, generation } of keys) open.set(key, { generation, fill });
      return fill;
    },
  };
}
