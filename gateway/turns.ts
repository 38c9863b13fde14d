/**
 * Begins what has been let in: some of it in each turn of the event loop, the most urgent first and of those the oldest.
 * Where there is more to do than can be done, what was begun is so finished before more is begun, and little is held half
 * done, which the collector would copy again and again. Where there is not, the next turn comes at once.
 */
import type { Priority } from "./admission.ts";

/** Null: it may begin now; else resolves when it may. */
export type Turns = (priority: Priority) => Promise<void> | null;

/** What has been done so far for all that has begun. */
export type Effort = {
  /** Questions to subgraphs that were not answered from memory. */
  asked(): number;
  /** Of what subgraphs answered. */
  readBytes(): number;
};

/** Questions to subgraphs that are asked anew in a turn: what is answered from memory, or with another, costs little. */
const askedPerTurn = 8;
/** After a turn in which more of answers has come, those that they are for go on, and none begins beside them. */
const readBytesPerTurn = 32 * 1024;
const begunPerTurn = 64;

export function openTurns({ asked, readBytes }: Effort): Turns {
  const waiting: Readonly<Record<Priority, (() => void)[]>> = { urgent: [], ordinary: [], deferrable: [] };
  let waits = 0;
  let isTurning = false;
  let begun = 0;
  let askedBefore = 0;
  let readBefore = 0;
  const hasReadMuch = (): boolean => readBytes() - readBefore >= readBytesPerTurn;
  const isFull = (): boolean => begun >= begunPerTurn || asked() - askedBefore >= askedPerTurn || hasReadMuch();
  const open = (): void => {
    begun = 0;
    askedBefore = asked();
    readBefore = readBytes();
    isTurning = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    isTurning = false;
    if (waits === 0) return;
    const hadMuchToRead = hasReadMuch();
    open();
    if (!hadMuchToRead) beginNext();
  };
  const beginNext = (): void => {
    if (isFull()) return;
    const begin = waiting.urgent.shift() ?? waiting.ordinary.shift() ?? waiting.deferrable.shift();
    if (begin === undefined) return;
    waits -= 1;
    begun += 1;
    begin();
    // By then it has asked what it asks first: a tick asked for by a microtask comes when all of those are done.
    queueMicrotask(() => process.nextTick(beginNext));
  };
  return (priority) => {
    if (!isTurning) open();
    if (waits === 0 && !isFull()) {
      begun += 1;
      return null;
    }
    waits += 1;
    return new Promise((resolve) => waiting[priority].push(resolve));
  };
}
