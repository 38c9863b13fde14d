/** The threads that plan for one supergraph, and what waits for them. */
import { noOverrides, type Overrides } from "./overrides.ts";
import { PlannerUnavailable, type QueryPlan, QueryPlanningFailed, QueryPlanningTimeout } from "./plan.ts";
import type { LoadedReport, PlannerReport } from "./planner-tasks.ts";
import { type LossReason, type PlannerThread, startPlannerThread } from "./planner-thread.ts";

export type PoolSettings = {
  /** While a plan takes longer, another thread may start on those that wait. */
  readonly softMs: number;
  /** A plan that takes longer, from when a thread starts on it, is given up with its thread. */
  readonly hardMs: number;
  /** Of one thread. */
  readonly heapMb: number;
  readonly maxWorkers?: number;
  /** For a thread; by then who asked has given up. */
  readonly maxWaitMs?: number;
  readonly onEvent?: (event: PlannerEvent) => void;
};

export type PlannerEvent =
  | { readonly kind: "loaded" | "planned" | "unplannable"; readonly durationMs: number }
  | { readonly kind: "slow" }
  | { readonly kind: "thread-lost"; readonly why: LossReason };

export type PlanPool = {
  readonly loaded: Promise<Pick<LoadedReport, "apiSdl" | "synthetics">>;
  plan(operation: string, overrides?: Overrides): Promise<QueryPlan>;
  close(): Promise<void>;
};

/** Loading is no client's doing; this only keeps a thread from hanging for good. */
const maxLoadMs = 60_000;
/** A plan is parsed on the main thread, and its fetches are compiled there: larger ones would hold it up. */
const maxPlanBytes = 1024 * 1024;
const idleThreadMs = 30_000;
const released = "the supergraph was released";

type Seat = { readonly thread: PlannerThread; state: "loading" | "idle" | "busy" | "slow" };
type Job = {
  readonly operation: string;
  readonly overrides: Overrides;
  readonly settle: (outcome: QueryPlan | Error) => void;
};

export function openPlanPool(sdl: string, settings: PoolSettings, first: PlannerThread): PlanPool {
  const { softMs, hardMs, heapMb, maxWorkers = 2, maxWaitMs = 5000, onEvent = () => {} } = settings;
  const seats = new Set<Seat>();
  const waiting = new Set<Job>();
  let isClosed = false;

  const leave = (seat: Seat): Promise<void> => {
    seats.delete(seat);
    return seat.thread.end();
  };

  const seatThread = async (thread: PlannerThread): Promise<LoadedReport> => {
    const seat: Seat = { thread, state: "loading" };
    seats.add(seat);
    const startedAt = performance.now();
    const report = await thread.run({ kind: "load", sdl }, { hardMs: maxLoadMs, softMs: maxLoadMs, onSlow() {} });
    if (report.kind === "loaded") {
      onEvent({ kind: "loaded", durationMs: performance.now() - startedAt });
      makeIdle(seat);
      return report;
    }
    void leave(seat);
    if (isClosed) throw new PlannerUnavailable(released);
    if (report.kind === "lost") onEvent({ kind: "thread-lost", why: report.why });
    throw new Error(report.kind === "refused" ? report.reason : "loading the supergraph took too much memory or time");
  };

  const addThread = (): void => {
    seatThread(startPlannerThread(heapMb)).catch(() => {
      if (seats.size === 0) rejectAll("the planner could not be started again");
    });
  };

  const rejectAll = (reason: string): void => {
    for (const job of waiting) job.settle(new PlannerUnavailable(reason));
  };

  const makeIdle = (seat: Seat): void => {
    seat.state = "idle";
    dispatch();
    if (seat.state !== "idle" || seats.size === 1) return;
    const retire = () => {
      if (seat.state === "idle" && seats.size > 1) void leave(seat);
    };
    setTimeout(retire, idleThreadMs).unref();
  };

  const dispatch = (): void => {
    for (const seat of seats) {
      const [job] = waiting;
      if (job === undefined) return;
      if (seat.state !== "idle") continue;
      waiting.delete(job);
      void work(seat, job);
    }
    if (waiting.size === 0 || isClosed) return;
    const isStuck = [...seats].every(({ state }) => state === "slow");
    if (isStuck && seats.size < maxWorkers) addThread();
  };

  const work = async (seat: Seat, job: Job): Promise<void> => {
    seat.state = "busy";
    const onSlow = () => {
      seat.state = "slow";
      onEvent({ kind: "slow" });
      dispatch();
    };
    const startedAt = performance.now();
    const task = { kind: "plan", operation: job.operation, overrides: job.overrides, maxBytes: maxPlanBytes } as const;
    const report = await seat.thread.run(task, { softMs, hardMs, onSlow });
    if (report.kind !== "lost") {
      const kind = report.kind === "planned" ? "planned" : "unplannable";
      onEvent({ kind, durationMs: performance.now() - startedAt });
      makeIdle(seat);
    } else if (!isClosed) {
      onEvent({ kind: "thread-lost", why: report.why });
      seats.delete(seat);
      if (seats.size === 0) addThread();
      dispatch();
    }
    job.settle(planOf(report));
  };

  return {
    loaded: seatThread(first),
    plan(operation, overrides = noOverrides) {
      if (isClosed) return Promise.reject(new PlannerUnavailable(released));
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          if (waiting.has(job)) job.settle(new PlannerUnavailable("too much waits to be planned"));
        }, maxWaitMs);
        const job: Job = {
          operation,
          overrides,
          settle(outcome) {
            clearTimeout(late);
            waiting.delete(job);
            if (outcome instanceof Error) reject(outcome);
            else resolve(outcome);
          },
        };
        waiting.add(job);
        dispatch();
      });
    },
    async close() {
      isClosed = true;
      rejectAll(released);
      await Promise.all([...seats].map(leave));
    },
  };
}

function planOf(report: PlannerReport | { readonly kind: "lost"; readonly why: LossReason }): QueryPlan | Error {
  if (report.kind === "planned") return JSON.parse(report.plan);
  if (report.kind !== "lost") return new QueryPlanningFailed("the planner found no plan");
  switch (report.why) {
    case "deadline":
      return new QueryPlanningTimeout("planning took too long");
    case "heap":
      return new QueryPlanningTimeout("planning took too much memory");
    case "starved":
      return new PlannerUnavailable("the machine has no time for planning");
    case "crash":
      return new QueryPlanningFailed("planning failed");
    case "ended":
      return new PlannerUnavailable(released);
  }
}
