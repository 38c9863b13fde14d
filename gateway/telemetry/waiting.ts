/** How long an operation waited for subgraphs: the time in which at least one fetch was under way, counted once. */

export type WaitingClock = {
  began(): void;
  ended(): void;
  /** So far, what is under way included. */
  waitedMs(): number;
};

export function waitingClock(now: () => number = () => performance.now()): WaitingClock {
  let underWay = 0;
  let since = 0;
  let total = 0;
  return {
    began() {
      if (underWay === 0) since = now();
      underWay += 1;
    },
    ended() {
      underWay -= 1;
      if (underWay === 0) total += now() - since;
    },
    waitedMs: () => (underWay === 0 ? total : total + now() - since),
  };
}
