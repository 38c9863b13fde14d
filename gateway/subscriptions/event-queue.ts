/** What has yet to be taken by one subscriber: bounded, in order, and ended once. */

export type EventQueue<Item> = AsyncIterableIterator<Item> & {
  /** False: it is full, and the item was not taken. What comes after its end is passed over. */
  push(item: Item): boolean;
  /** The last item, beyond the bound; nothing comes after it. */
  end(last?: Item): void;
};

/** `onReturn`: the reader wants no more, or has had the last. Called once. */
export function eventQueue<Item>(maxItems: number, onReturn: () => void): EventQueue<Item> {
  let items: Item[] = [];
  let waiting: ((result: IteratorResult<Item, undefined>) => void) | null = null;
  let [isEnded, isReturned] = [false, false];
  const done = { done: true, value: undefined } as const;

  const finish = (): void => {
    if (isReturned) return;
    isReturned = true;
    isEnded = true;
    items = [];
    onReturn();
  };
  const give = (item: Item): void => {
    if (waiting === null) return void items.push(item);
    const take = waiting;
    waiting = null;
    take({ done: false, value: item });
  };
  return {
    push(item) {
      if (isEnded) return true;
      if (items.length >= maxItems) return false;
      give(item);
      return true;
    },
    end(last) {
      if (isEnded) return;
      isEnded = true;
      if (last !== undefined) give(last);
      if (waiting === null) return;
      const take = waiting;
      waiting = null;
      finish();
      take(done);
    },
    next() {
      const item = items.shift();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
      if (isEnded) {
        finish();
        return Promise.resolve(done);
      }
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    return() {
      finish();
      const take = waiting;
      waiting = null;
      take?.(done);
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
