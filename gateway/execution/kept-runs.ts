/**
 * Executions all of whose answers were at hand: what they have put together is kept as long as those answers hold, so that
 * whoever asks the same is answered without asking, and putting together, again.
 *
 * INVARIANT: nothing that was decided is kept, and nothing is taken from what is kept: whoever is answered from it is
 * decided about anew, by rights that hold now, on facts that hold now.
 */
import type { AtHand, HeldAnswer } from "../subgraph/call.ts";
import type { CompiledPlan } from "./compiled-plan.ts";
import type { Sharing } from "./gather.ts";

export type KeptRun = {
  readonly plan: CompiledPlan;
  /** Under internal names. Never changed. */
  readonly data: object;
  readonly sharing: Sharing;
  /** Those that it was put together from. */
  readonly answers: readonly HeldAnswer[];
  /** Somebody was not shown all of it: what is withheld is taken from a copy. */
  isWithheldFrom: boolean;
  /** Of those who are shown all of it. */
  readonly printed: Printed;
};

/**
 * What data comes to under the client's own names where nothing is wrong and nothing is withheld: the same for all who
 * ask the same. Filled in by whoever prints it.
 */
export type Printed = {
  /** Roughly. */
  bytes: number | null;
  /** The text as `JSON.stringify` gives it, and its bytes; null until there is one that is not too long. */
  kept: { readonly data: object; readonly text: string; readonly bytes: number } | null;
  readonly maxLength: number;
};

/** Room for what is printed is that of the answers it came from: a client's aliases may print them a hundred times. */
export function notPrinted(answers: readonly HeldAnswer[]): Printed {
  return { bytes: null, kept: null, maxLength: answers.reduce((sum, { bytes }) => sum + bytes, 0) };
}

type Kept = {
  readonly run: KeptRun;
  readonly bytes: number;
  readonly until: number;
  /** In which all of its answers held. */
  turn: number;
  /** Since it was last looked at for room. */
  isUsed: boolean;
};

export type KeptRuns = {
  /** `key`: all that its data depends on beside the answers. Undefined: there is none that holds. */
  find(key: string, plan: CompiledPlan): KeptRun | undefined;
  add(key: string, run: KeptRun): void;
};

export type KeptRunsSettings = {
  /** Roughly. The oldest goes first, unless it was used since it was last looked at for that. */
  readonly maxBytes: number;
  readonly turn: AtHand["turn"];
  /** As `performance.now()`. */
  readonly now?: () => number;
};

export function keptRuns({ maxBytes, turn, now = () => performance.now() }: KeptRunsSettings): KeptRuns {
  const all = new Map<string, Kept>();
  let bytes = 0;
  const forget = (key: string): void => {
    const kept = all.get(key);
    if (kept === undefined) return;
    all.delete(key);
    bytes -= kept.bytes;
  };
  const makeRoom = (): void => {
    const [key, oldest] = all.entries().next().value as [string, Kept];
    if (!oldest.isUsed) {
      forget(key);
      return;
    }
    // Once round all of them none is used any more.
    oldest.isUsed = false;
    all.delete(key);
    all.set(key, oldest);
  };
  const holds = (kept: Kept): boolean => {
    if (now() >= kept.until) return false;
    const current = turn();
    if (kept.turn === current) return true;
    kept.turn = current;
    return kept.run.answers.every((each) => each.holds());
  };
  return {
    find(key, plan) {
      const kept = all.get(key);
      if (kept === undefined) return undefined;
      if (kept.run.plan !== plan || !holds(kept)) {
        forget(key);
        return undefined;
      }
      kept.isUsed = true;
      for (const each of kept.run.answers) each.served();
      return kept.run;
    },
    add(key, run) {
      forget(key);
      const kept: Kept = {
        run,
        // Of the data, and as much for what is shown of it; and of the answers, which may be kept nowhere else any more,
        // and as much for what they print to.
        bytes:
          run.answers.reduce((sum, each) => sum + 2 * each.bytes, bytesPerRun + 2 * key.length) +
          2 * heapBytes(run.data),
        until: Math.min(...run.answers.map((each) => each.until)),
        turn: Number.NaN,
        isUsed: false,
      };
      if (kept.bytes > maxBytes) return;
      all.set(key, kept);
      bytes += kept.bytes;
      while (bytes > maxBytes) makeRoom();
    },
  };
}

const bytesPerRun = 1000;
const bytesPerObject = 40;
const bytesPerMember = 16;

/** Texts are the answers' own. One answer may have been written to many objects, and one object may stand at many places. */
function heapBytes(data: object): number {
  const seen = new Set<object>([data]);
  let bytes = 0;
  // Those that are found on the way are looked at as well.
  for (const each of seen) {
    const members = Object.values(each);
    bytes += bytesPerObject + bytesPerMember * members.length;
    for (const member of members) if (typeof member === "object" && member !== null) seen.add(member);
  }
  return bytes;
}
