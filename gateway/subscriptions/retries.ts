/** Alerts that could not be settled, and when they are tried again. */
import type { AlertEntry } from "./groups.ts";

export type Retries = {
  /** `key`: of the group for which it could not be settled; null: for none. False: it is not tried again. */
  defer(entry: AlertEntry, key: string | null): boolean;
  /** Those whose time has come, each as it is told next; nothing of them is kept. */
  due(): readonly Omit<AlertEntry, "number">[];
  isTooOld(entry: AlertEntry): boolean;
  /** Before the next try, in milliseconds. */
  after(tries: number): number;
  size(): number;
};

export type RetrySettings = {
  readonly now: () => number;
  readonly retentionMs: number;
  readonly retryMs: number;
};

const maxRetries = 10_000;
const maxRetryMs = 30_000;

export function openRetries({ now, retentionMs, retryMs }: RetrySettings): Retries {
  const waiting = new Map<AlertEntry, { readonly keys: Set<string> | null; readonly dueAt: number }>();
  const isTooOld = ({ since }: AlertEntry) => now() - since >= retentionMs;
  const after = (tries: number) => Math.min(maxRetryMs, retryMs * 2 ** tries);
  return {
    isTooOld,
    after,
    size: () => waiting.size,
    defer(entry, key) {
      const pending = waiting.get(entry);
      if (isTooOld(entry) || (!pending && waiting.size >= maxRetries)) return false;
      const dueAt = now() + after(entry.attempt);
      if (key === null) {
        entry.isDeferred = true;
        // To whom an earlier try was told, this one was not meant for.
        waiting.set(entry, { keys: entry.only === null ? null : new Set(entry.only), dueAt });
      } else {
        entry.outcomes.set(key, "deferred");
        if (pending) pending.keys?.add(key);
        else waiting.set(entry, { keys: new Set([key]), dueAt });
      }
      return true;
    },
    due() {
      const found = [...waiting].filter(([, { dueAt }]) => dueAt <= now());
      return found.map(([entry, { keys }]) => {
        waiting.delete(entry);
        return {
          ...entry,
          attempt: entry.attempt + 1,
          only: keys,
          outcomes: new Map(),
          isDeferred: false,
          person: null,
        };
      });
    },
  };
}
