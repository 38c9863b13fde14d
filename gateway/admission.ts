/**
 * Who is let in when there is more to do than can be done. What comes beyond the bound is refused at once, the least
 * urgent first: a hold check at a jail must not wait behind a report.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Purpose } from "./authorization/purpose.ts";
import { type Refusal, refuse } from "./errors.ts";

export type Priority = "urgent" | "ordinary" | "deferrable";

/** What each purpose is worth when not everybody can be served. Somebody waits at a border, at a jail, at a removal. */
const priorities: ReadonlyMap<string, Priority> = new Map<Purpose, Priority>([
  ["LAW_ENFORCEMENT_INQUIRY", "urgent"],
  ["BORDER_INSPECTION", "urgent"],
  ["REMOVAL_OPERATIONS", "urgent"],
  ["JAIL_INTAKE", "urgent"],
  ["CUSTODY", "urgent"],
  ["BREAK_GLASS", "urgent"],
  ["OVERSIGHT", "deferrable"],
]);

/** Of a request that names no purpose, or none that stands out: in between. */
export function priorityOf(purpose: string | null | undefined): Priority {
  return priorities.get(purpose ?? "") ?? "ordinary";
}

/** Up to which share of the places, and up to which delay of the event loop, each is let in. */
const thresholds: Readonly<Record<Priority, { readonly share: number; readonly maxDelayMs: number }>> = {
  deferrable: { share: 0.7, maxDelayMs: 250 },
  ordinary: { share: 0.85, maxDelayMs: 500 },
  urgent: { share: 1, maxDelayMs: 2000 },
};

export type Admission = {
  /** A place, to be left exactly once; null: nothing is free for this priority. */
  enter(priority: Priority): (() => void) | null;
  close(): void;
};

export type AdmissionSettings = {
  /** Requests under way at once. */
  readonly maxRequests: number;
  /** How long the event loop lately kept things waiting; measured by default. */
  readonly loopDelayMs?: () => number;
};

export function admission({ maxRequests, loopDelayMs }: AdmissionSettings): Admission {
  const measured = loopDelayMs ? { delayMs: loopDelayMs, close: () => {} } : loopDelayMeter();
  let underWay = 0;
  const leave = () => {
    underWay -= 1;
  };
  return {
    enter(priority) {
      const { share, maxDelayMs } = thresholds[priority];
      if (underWay >= Math.ceil(maxRequests * share) || measured.delayMs() > maxDelayMs) return null;
      underWay += 1;
      return leave;
    },
    close: measured.close,
  };
}

/** What a shed request is told. The time differs, so that those refused together do not come back together. */
export function overloaded(): Refusal {
  return refuse("OVERLOADED", undefined, { "retry-after": String(1 + Math.floor(Math.random() * 4)) });
}

const resolutionMs = 10;
const windowMs = 250;

/**
 * The mean delay of the event loop, the lesser of the last two windows: one long step (a large answer, a collection of
 * garbage) is not yet too much to do.
 */
function loopDelayMeter(): { delayMs(): number; close(): void } {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let [before, last, lookedAt] = [0, 0, performance.now()];
  const timer = setInterval(() => {
    before = last;
    // The first step after a reset is not measured: where there was no second one, it took all the time there was.
    const delayMs = histogram.count > 0 ? histogram.mean / 1e6 - resolutionMs : performance.now() - lookedAt;
    last = Math.max(0, delayMs);
    lookedAt = performance.now();
    histogram.reset();
  }, windowMs).unref();
  return {
    delayMs: () => Math.min(before, last),
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
