/** Virtual time: what is to happen, in order; nothing waits for a real clock. */
import type { Wait, Watch } from "../../gateway/subgraph/watch.ts";

export type Timeline = {
  now(): number;
  in(delayMs: number, happen: () => void): void;
  /** Goes on to the next that is to happen, until there is none before `end`. */
  runUntil(end: number): Promise<void>;
};

export function openTimeline(): Timeline {
  let now = 0;
  let order = 0;
  const due: { readonly at: number; readonly order: number; happen(): void }[] = [];
  return {
    now: () => now,
    in(delayMs, happen) {
      const event = { at: now + delayMs, order: order++, happen };
      let place = due.length;
      while (place > 0 && (due[place - 1] as typeof event).at <= event.at) place--;
      due.splice(place, 0, event);
    },
    async runUntil(end) {
      for (let next = due.pop(); next !== undefined; next = due.pop()) {
        if (next.at > end) return;
        now = next.at;
        next.happen();
        // Whatever that set going comes to rest before anything else happens.
        await new Promise((rest) => setImmediate(rest));
      }
    },
  };
}

/** A watch on virtual time. `look`: gives up what is due; a gateway that stands still does not look. */
export function openVirtualWatch(now: () => number): Watch & { look(): void } {
  const waits = new Map<Wait, () => void>();
  const forget = (wait: Wait): boolean => {
    const listener = waits.get(wait);
    if (listener !== undefined) wait.signal.removeEventListener("abort", listener);
    return waits.delete(wait);
  };
  return {
    now,
    add(wait) {
      const listener = () => {
        if (forget(wait)) wait.onGivenUp("aborted");
      };
      waits.set(wait, listener);
      wait.signal.addEventListener("abort", listener);
    },
    delete: forget,
    close: () => waits.clear(),
    look() {
      for (const wait of [...waits.keys()]) if (wait.deadline <= now() && forget(wait)) wait.onGivenUp("deadline");
    },
  };
}
