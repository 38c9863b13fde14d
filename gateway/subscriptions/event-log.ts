/** What has happened lately, in order and numbered without gaps: bounded by time and by number. */

export type EventLog<Entry> = {
  /** The number of the last one there was. */
  last(): number;
  add(make: (number: number) => Entry): Entry;
  /** All after this number, in order; null: some of them are no longer there, or it is a number to come. */
  after(number: number): readonly Entry[] | null;
  forgetOld(): void;
};

export type EventLogSettings = {
  readonly maxEntries: number;
  readonly retentionMs: number;
  /** Milliseconds on a clock that is never set. */
  readonly now: () => number;
};

export function eventLog<Entry>({ maxEntries, retentionMs, now }: EventLogSettings): EventLog<Entry> {
  let kept: { readonly entry: Entry; readonly since: number }[] = [];
  /** Those before it are forgotten; what has not yet been cut off the list is before `from` too. */
  let [last, from] = [0, 0];

  const forget = (isOver: (index: number) => boolean): void => {
    while (from < kept.length && isOver(from)) from += 1;
    if (from < 1024 && from < kept.length) return;
    kept = kept.slice(from);
    from = 0;
  };
  const forgetOld = () => {
    const before = now() - retentionMs;
    forget((index) => kept.length - index > maxEntries || (kept[index]?.since ?? 0) < before);
  };
  return {
    last: () => last,
    add(make) {
      last += 1;
      const entry = make(last);
      kept.push({ entry, since: now() });
      forgetOld();
      return entry;
    },
    after(number) {
      forgetOld();
      const first = last - (kept.length - from) + 1;
      if (number > last || number < first - 1) return null;
      return kept.slice(from + number - first + 1).map(({ entry }) => entry);
    },
    forgetOld,
  };
}
