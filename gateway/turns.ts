/**
 * Begins what has been let in: some of it in each turn of the event loop, the oldest first. Where there is more to do than
 * can be done, what was begun is so finished before more is begun, and little is held half done, which the collector would
 * copy again and again. Where there is not, the next turn comes at once.
 */

/** Null: it may begin now; else resolves when it may. */
export type Turns = () => Promise<void> | null;

/** Questions to subgraphs that are asked anew in a turn: what is answered from memory, or with another, costs little. */
const askedPerTurn = 8;
const begunPerTurn = 64;

/** `asked`: how many questions subgraphs have been asked so far. */
export function openTurns(asked: () => number): Turns {
  const waiting: (() => void)[] = [];
  let isTurning = false;
  let begun = 0;
  let askedBefore = 0;
  const isFull = (): boolean => begun >= begunPerTurn || asked() - askedBefore >= askedPerTurn;
  const open = (): void => {
    begun = 0;
    askedBefore = asked();
    isTurning = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    isTurning = false;
    if (waiting.length === 0) return;
    open();
    beginNext();
  };
  const beginNext = (): void => {
    if (isFull()) return;
    const begin = waiting.shift();
    if (begin === undefined) return;
    begun += 1;
    begin();
    // By then it has asked what it asks first: a tick asked for by a microtask comes when all of those are done.
    queueMicrotask(() => process.nextTick(beginNext));
  };
  return () => {
    if (!isTurning) open();
    if (waiting.length === 0 && !isFull()) {
      begun += 1;
      return null;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
}
