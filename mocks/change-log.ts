/** What a system remembers of changes to its records, for whoever asks what has changed since a position of before. */
import { randomBytes } from "node:crypto";

export type Listing<Entry> = {
  /** To be given at the next call; opaque to whoever gives it. */
  readonly position: string;
  /** There is more behind `position` already. */
  readonly more: boolean;
  /** False: what was asked for is not remembered (any more); anything may have changed. */
  readonly complete: boolean;
  readonly entries: readonly Entry[];
};

export type ChangeLog<Entry> = {
  add(entry: Entry): void;
  /** From the position on, oldest first; null: none, and where the log stands. */
  since(position: string | null): Listing<Entry>;
  onAdd(listener: () => void): () => void;
};

export type ChangeLogSettings = { readonly pageSize?: number; readonly kept?: number };

/** A log of its own at each start: a position of an earlier one is not remembered. */
export function changeLog<Entry>({ pageSize = 200, kept = 10_000 }: ChangeLogSettings = {}): ChangeLog<Entry> {
  const id = randomBytes(4).toString("hex");
  const entries: Entry[] = [];
  const listeners = new Set<() => void>();
  let dropped = 0;
  const latest = () => dropped + entries.length;
  const positionAt = (count: number) => `${id}-${count}`;
  return {
    add(entry) {
      entries.push(entry);
      if (entries.length > kept) {
        entries.shift();
        dropped += 1;
      }
      for (const listener of listeners) listener();
    },
    since(position) {
      const [, log, at = ""] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(position ?? "") ?? [];
      const from = Number(at);
      const known = log === id && from >= dropped && from <= latest();
      if (!known) return { position: positionAt(latest()), more: false, complete: position === null, entries: [] };
      const page = entries.slice(from - dropped, from - dropped + pageSize);
      const reached = from + page.length;
      return { position: positionAt(reached), more: reached < latest(), complete: true, entries: page };
    },
    onAdd(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
