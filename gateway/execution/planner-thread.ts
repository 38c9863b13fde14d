/** One thread that plans, with its limits: it either reports on a task in time, or it is gone. */
import { Worker } from "node:worker_threads";
import type { PlannerReport, PlannerTask } from "./planner-tasks.ts";

/** Why a thread is gone: a task took too long, it needed too much memory, it failed by itself, or it was ended. */
/** `starved`: the machine had no time for the thread, which says nothing of the document. */
export type LossReason = "deadline" | "starved" | "heap" | "crash" | "ended";
export type Loss = { readonly kind: "lost"; readonly why: LossReason };

export type TaskLimits = {
  /** From the moment the task is handed over; then the thread is ended. */
  readonly hardMs: number;
  readonly softMs: number;
  readonly onSlow: () => void;
};

export type PlannerThread = {
  /** One task at a time. Never rejects. A thread that is lost answers every task so. */
  run(task: PlannerTask, limits: TaskLimits): Promise<PlannerReport | Loss>;
  end(): Promise<void>;
};

/** Of a thread's own: Node's 48 MB make planning no faster, and stay resident. */
const youngMb = 8;

/** In multiples of the hard deadline: so long at most, however little a thread gets to work. */
const maxStretch = 8;

type Running = { readonly settle: (outcome: PlannerReport | Loss) => void };

export function startPlannerThread(heapMb: number): PlannerThread {
  // An environment of its own: no secret is there to read, and no variable makes the planner print what it plans.
  const worker = new Worker(new URL("./planner-worker.ts", import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: youngMb },
  });
  worker.unref();
  let running: Running | null = null;
  let loss: Loss | null = null;
  const lose = (why: LossReason): void => {
    loss ??= { kind: "lost", why };
    running?.settle(loss);
  };
  worker.on("message", (report: PlannerReport) => running?.settle(report));
  worker.on("error", (error: unknown) => lose(codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY" ? "heap" : "crash"));
  worker.on("exit", () => lose("crash"));
  const end = async (why: LossReason): Promise<void> => {
    lose(why);
    await worker.terminate();
  };

  return {
    run(task, { softMs, hardMs, onSlow }) {
      if (loss !== null) return Promise.resolve(loss);
      return new Promise((resolve) => {
        const soft = setTimeout(onSlow, softMs);
        // After the timers comes what has arrived meanwhile: an answer in time counts although this thread was late.
        let hard = setTimeout(() => setImmediate(isOver), hardMs);
        const startedAt = performance.now();
        const before = workedMs(worker);
        // A machine with much else to do is no fault of the document: what counts is the time that the thread has worked.
        const isOver = async (): Promise<void> => {
          if (running !== mine) return;
          const worked = (await workedMs(worker)) - (await before);
          const isLate = performance.now() - startedAt >= hardMs * maxStretch;
          if (running !== mine) return;
          if (worked >= hardMs * 0.9) return end("deadline");
          if (isLate) return end("starved");
          hard = setTimeout(() => setImmediate(isOver), hardMs / 4);
        };
        const mine: Running = {
          settle(outcome) {
            clearTimeout(soft);
            clearTimeout(hard);
            running = null;
            worker.unref();
            resolve(outcome);
          },
        };
        running = mine;
        worker.ref();
        worker.postMessage(task);
      });
    },
    end: () => end("ended"),
  };
}

/** On the processor, so far; a thread that has yet to begin has not worked. */
async function workedMs(worker: Worker): Promise<number> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    return 0;
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
