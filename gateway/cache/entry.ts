/** What is kept of a subgraph's answer, and what must still hold for it to be served. */

/** How far a source's announcements had come when a read of it began. */
export type Position = { readonly feed: string; readonly epoch: string; readonly seq: number };

export type Entry = {
  /** As the subgraph answered it; never changed. Null: it said that there is nothing. */
  readonly value: unknown;
  /** What it depends on: `kind value`, as changes name it. */
  readonly tags: readonly string[];
  /** One for each feed. */
  readonly positions: readonly Position[];
};

/** A tier beyond this process. INVARIANT: it never rejects, and never takes longer than its bound. */
export type FarTier = {
  /** By key, in order; null: not there, not to be had in time, or not to be trusted. `leftMs` of its lifetime. */
  read(keys: readonly string[]): Promise<readonly ({ readonly entry: Entry; readonly leftMs: number } | null)[]>;
  /** Without waiting; may be lost. */
  write(entries: readonly { readonly key: string; readonly entry: Entry; readonly lifetimeMs: number }[]): void;
};
