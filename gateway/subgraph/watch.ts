/** Gives up waits at their deadlines, with one timer for all of them, and when those they are for have gone. */
import { Bag, type Member } from "../under-way.ts";

export type Wait = {
  /** On the clock of `now()`; Infinity: none. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Called at most once, and never after `delete`. */
  onGivenUp(why: "deadline" | "aborted"): void;
  /** The watch's own, while it watches. */
  watched?: Watched | null;
};

type Watched = Member & { readonly wait: Wait; readonly listener: () => void };

export type Watch = {
  /** Milliseconds; `performance.now()` outside tests. */
  now(): number;
  /** The caller has looked whether the signal is aborted already. */
  add(wait: Wait): void;
  delete(wait: Wait): void;
  /** Ends the timer; what still waits is no longer watched. */
  close(): void;
};

const stoodStillMs = 50;

/** Deadlines nearly always come in the order of their calls, so that the one timer is hardly ever set anew. */
export function openWatch(now: () => number = () => performance.now()): Watch {
  const waits = new Bag<Watched>();
  let timer: NodeJS.Timeout | null = null;
  let timerDue = Infinity;

  const arm = (due: number): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    timerDue = due;
    if (due === Infinity) return;
    timer = setTimeout(onTimer, Math.min(Math.max(1, Math.ceil(due - now())), 2 ** 31 - 1));
    timer.unref();
  };
  const onTimer = (): void => {
    // This process stood still: what has arrived meanwhile is read first, or all that waits would seem to have failed.
    if (now() - timerDue > stoodStillMs) setImmediate(giveUpLate);
    else giveUpLate();
  };
  const giveUpLate = (): void => {
    const instant = now();
    let next = Infinity;
    const late: Wait[] = [];
    for (const { wait } of waits.members()) {
      if (wait.deadline <= instant) late.push(wait);
      else if (wait.deadline < next) next = wait.deadline;
    }
    arm(next);
    for (const wait of late) if (forget(wait)) wait.onGivenUp("deadline");
  };
  const forget = (wait: Wait): boolean => {
    const { watched } = wait;
    if (!watched) return false;
    wait.watched = null;
    wait.signal.removeEventListener("abort", watched.listener);
    return waits.delete(watched);
  };

  return {
    now,
    add(wait) {
      const listener = () => {
        if (forget(wait)) wait.onGivenUp("aborted");
      };
      wait.watched = { wait, listener };
      waits.add(wait.watched);
      wait.signal.addEventListener("abort", listener);
      if (wait.deadline < timerDue) arm(wait.deadline);
    },
    delete(wait) {
      forget(wait);
    },
    close() {
      arm(Infinity);
      for (const { wait } of waits.members()) forget(wait);
    },
  };
}
