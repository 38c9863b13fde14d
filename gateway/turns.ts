/**
 * Begins what has been let in: some of it in each turn of the event loop, the most urgent first and of those the oldest.
 * Where there is more to do than can be done, what was begun is so finished before more is begun, and little is held half
 * done, which the collector would copy again and again. Where there is not, the next turn comes at once.
 */
import type { Priority } from "./admission.ts";
import { openWatch, type Wait, type Watch } from "./subgraph/watch.ts";

/** How long a request may wait for its turn. */
export type Until = Pick<Wait, "deadline" | "signal">;

/** Null: it may begin now; else resolves whether it may, once its turn has come or it has been given up. */
export type Turns = (priority: Priority, until: Until) => Promise<boolean> | null;

/** What has been done so far for all that has begun. */
export type Effort = {
  /** Questions to subgraphs that were not answered from memory. */
  asked(): number;
  /** Of what subgraphs answered. */
  readBytes(): number;
};

/** Questions to subgraphs that are asked anew in a turn: what is answered from memory, or with another, costs little. */
const askedPerTurn = 8;
/** When in a turn more of answers has come, those that they are for go on, and none begins beside them. */
const readBytesPerTurn = 32 * 1024;
const begunPerTurn = 64;
/** One of so many is whoever has waited longest, so that nobody waits for good behind those who are more urgent. */
const oldestOf = 4;

type Waiter = Wait & { readonly number: number; readonly letIn: () => void };

export function openTurns({ asked, readBytes }: Effort, watch: Watch = openWatch()): Turns {
  const queues: Readonly<Record<Priority, Waiter[]>> = { urgent: [], ordinary: [], deferrable: [] };
  const byUrgency: readonly Waiter[][] = [queues.urgent, queues.ordinary, queues.deferrable];
  let numbered = 0;
  let picked = 0;
  let isTurning = false;
  let hasSkipped = false;
  let begun = 0;
  let askedBefore = 0;
  let readBefore = 0;

  const mostUrgent = (): Waiter[] | undefined => byUrgency.find(({ length }) => length > 0);
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
    if (mostUrgent() === undefined) return;
    const hadMuchToRead = hasReadMuch();
    open();
    // INVARIANT: of two turns in a row one begins somebody, however much others have to read.
    if (hadMuchToRead && hasSkipped) begun = begunPerTurn - 1;
    hasSkipped = hadMuchToRead && !hasSkipped;
    if (!hasSkipped) beginNext();
  };
  const beginNext = (): void => {
    if (isFull()) return;
    const next = pick();
    if (next === undefined) return;
    begun += 1;
    watch.delete(next);
    next.letIn();
    // By then it has asked what it asks first: a tick asked for by a microtask comes when all of those are done.
    queueMicrotask(() => process.nextTick(beginNext));
  };
  const pick = (): Waiter | undefined => {
    const queue = picked % oldestOf === oldestOf - 1 ? queueOfOldest() : mostUrgent();
    const next = queue?.shift();
    if (next !== undefined) picked += 1;
    return next;
  };
  const queueOfOldest = (): Waiter[] | undefined =>
    byUrgency.reduce((oldest, each) =>
      (each[0]?.number ?? Infinity) < (oldest[0]?.number ?? Infinity) ? each : oldest,
    );

  return (priority, { deadline, signal }) => {
    if (!isTurning) open();
    if (mostUrgent() === undefined && !isFull()) {
      begun += 1;
      return null;
    }
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const queue = queues[priority];
      const waiter: Waiter = {
        deadline,
        signal,
        number: numbered,
        letIn: () => resolve(true),
        onGivenUp() {
          queue.splice(queue.indexOf(waiter), 1);
          resolve(false);
        },
      };
      numbered += 1;
      queue.push(waiter);
      watch.add(waiter);
    });
  };
}
