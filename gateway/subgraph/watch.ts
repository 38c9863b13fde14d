/** Gives up waits at their deadlines and when their clients go: one timer for all of them, one listener per client. */

export type Wait = {
  /** On the clock of `now()`; Infinity: none. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Called at most once, and never after `delete`. */
  onGivenUp(why: "deadline" | "aborted"): void;
};

export type Watch = {
  /** Milliseconds; `performance.now()` outside tests. */
  now(): number;
  /** The caller has looked whether the signal is aborted already. */
  add(wait: Wait): void;
  delete(wait: Wait): void;
  /** Ends the timer; what still waits is no longer watched. */
  close(): void;
};

/**
 * A timer and a listener for each call would cost more than the rest of the call's bookkeeping; deadlines nearly always
 * come in the order of their calls, so the one timer is hardly ever set anew.
 */
export function openWatch(now: () => number = () => performance.now()): Watch {
  const waits = new Set<Wait>();
  const bySignal = new WeakMap<AbortSignal, Set<Wait>>();
  let timer: NodeJS.Timeout | null = null;
  let timerDue = Infinity;

  const arm = (due: number): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    timerDue = due;
    if (due === Infinity) return;
    timer = setTimeout(giveUpLate, Math.min(Math.max(1, Math.ceil(due - now())), 2 ** 31 - 1));
    timer.unref();
  };
  const giveUpLate = (): void => {
    const instant = now();
    let next = Infinity;
    const late: Wait[] = [];
    for (const wait of waits) {
      if (wait.deadline <= instant) late.push(wait);
      else if (wait.deadline < next) next = wait.deadline;
    }
    arm(next);
    for (const wait of late) if (forget(wait)) wait.onGivenUp("deadline");
  };
  const forget = (wait: Wait): boolean => {
    bySignal.get(wait.signal)?.delete(wait);
    return waits.delete(wait);
  };
  const waitsOf = (signal: AbortSignal): Set<Wait> => {
    const known = bySignal.get(signal);
    if (known !== undefined) return known;
    const fresh = new Set<Wait>();
    bySignal.set(signal, fresh);
    const giveUpAll = () => {
      for (const wait of fresh) if (forget(wait)) wait.onGivenUp("aborted");
    };
    signal.addEventListener("abort", giveUpAll, { once: true });
    return fresh;
  };

  return {
    now,
    add(wait) {
      waits.add(wait);
      waitsOf(wait.signal).add(wait);
      if (wait.deadline < timerDue) arm(wait.deadline);
    },
    delete: forget,
    close() {
      arm(Infinity);
      waits.clear();
    },
  };
}
