/** So many calls of one subgraph under way at once, so many more waiting for their turn, and no others. */
import { abandoned, SubgraphFailure } from "./call.ts";
import type { Wait, Watch } from "./watch.ts";

export type Bulkhead = {
  /** True: the place is taken, now. False: it has to be waited for. Throws SubgraphFailure where there is none to wait for. */
  enter(): boolean;
  /** Resolves with the place taken; rejects with SubgraphFailure. */
  wait(deadline: number, signal: AbortSignal): Promise<void>;
  /** Gives the place to whoever waits longest. */
  leave(): void;
};

type Waiter = Wait & { readonly letIn: () => void };

export function openBulkhead(places: number, waitingPlaces: number, watch: Watch): Bulkhead {
  // In the order of their coming; one who gives up is out at once.
  const waiters: Waiter[] = [];
  let taken = 0;
  return {
    enter() {
      if (taken < places) {
        taken++;
        return true;
      }
      if (waiters.length >= waitingPlaces) throw new SubgraphFailure("SUBREQUEST_NOT_SENT");
      return false;
    },
    wait: (deadline, signal) =>
      new Promise((resolve, reject) => {
        const waiter: Waiter = {
          deadline,
          signal,
          letIn: resolve,
          onGivenUp(why) {
            waiters.splice(waiters.indexOf(waiter), 1);
            reject(why === "deadline" ? new SubgraphFailure("GATEWAY_TIMEOUT") : abandoned(signal));
          },
        };
        waiters.push(waiter);
        watch.add(waiter);
      }),
    leave() {
      const longest = waiters.shift();
      if (longest === undefined) {
        taken--;
        return;
      }
      watch.delete(longest);
      longest.letIn();
    },
  };
}
