/**
 * What keeps one subgraph's trouble its own: a time of its own, so many calls at once, a breaker, and few careful
 * retries. Small code of ours: cockatiel's breaker lets calls wait for a trial instead of refusing them, takes a call
 * that was given up for a success, and keeps what is older than its window while there is little traffic; its bulkhead
 * holds on to calls that were given up; it has no budget for retries.
 */
import { type BreakerState, type BreakerTerms, type Outcome, openBreaker } from "./breaker.ts";
import { type Bulkhead, openBulkhead } from "./bulkhead.ts";
import {
  abandoned,
  type Layer,
  type SubgraphAnswer,
  type SubgraphCall,
  SubgraphFailure,
  type SubgraphRequest,
} from "./call.ts";
import { isOutage } from "./outage.ts";
import type { Watch } from "./watch.ts";

export type SubgraphLimits = {
  /** For a whole call: waiting for its turn, every attempt, and the pauses between them. */
  readonly timeoutMs: number;
  /** As many again may wait for their turn. */
  readonly maxConcurrent: number;
  /** The agency's systems behind it. */
  readonly systems: readonly string[];
};

export type ResilienceEvent =
  | { readonly kind: "breaker"; readonly subgraph: string; readonly state: BreakerState }
  | { readonly kind: "not-sent"; readonly subgraph: string; readonly why: "breaker" | "bulkhead" }
  | { readonly kind: "retried"; readonly subgraph: string };

export type ResilienceSettings = {
  /** Asked once for each subgraph. */
  readonly limitsOf: (subgraph: string) => SubgraphLimits;
  readonly watch: Watch;
  readonly onEvent?: (event: ResilienceEvent) => void;
  readonly breakerTerms?: BreakerTerms;
  /** From 0 to 1, as Math.random. */
  readonly random?: () => number;
};

/** Rejects with SubgraphFailure; beside those of the transport, SUBREQUEST_NOT_SENT while breaker or bulkhead refuse. */
export function resilient({
  limitsOf,
  watch,
  onEvent = () => {},
  breakerTerms,
  random = Math.random,
}: ResilienceSettings): Layer {
  const guards = new Map<string, Guard>();
  const openGuard = (subgraph: string): Guard => {
    const limits = limitsOf(subgraph);
    const bulkhead = openBulkhead(limits.maxConcurrent, limits.maxConcurrent, watch);
    const breaker = openBreaker((state) => onEvent({ kind: "breaker", subgraph, state }), breakerTerms);
    const guard = { subgraph, limits, bulkhead, breaker, budget: openRetryBudget(), watch, onEvent, random };
    guards.set(subgraph, guard);
    return guard;
  };
  return (next) => (request) =>
    throughGuard(guards.get(request.subgraph) ?? openGuard(request.subgraph), next, request);
}

type Guard = {
  readonly subgraph: string;
  readonly limits: SubgraphLimits;
  readonly bulkhead: Bulkhead;
  readonly breaker: ReturnType<typeof openBreaker>;
  readonly budget: RetryBudget;
  readonly watch: Watch;
  readonly onEvent: (event: ResilienceEvent) => void;
  readonly random: () => number;
};

async function throughGuard(guard: Guard, next: SubgraphCall, request: SubgraphRequest): Promise<SubgraphAnswer> {
  const { limits, bulkhead, breaker, watch } = guard;
  const now = watch.now();
  if (request.signal.aborted) throw abandoned(request.signal);
  if (breaker.isShut(now)) throw notSent(guard, "breaker");
  const bounded = { ...request, deadline: Math.min(request.deadline, now + limits.timeoutMs) };
  if (!hasPlace(guard)) await bulkhead.wait(bounded.deadline, request.signal);
  try {
    guard.budget.earn();
    return await withRetries(guard, next, bounded);
  } finally {
    bulkhead.leave();
  }
}

function hasPlace(guard: Guard): boolean {
  try {
    return guard.bulkhead.enter();
  } catch (error) {
    guard.onEvent({ kind: "not-sent", subgraph: guard.subgraph, why: "bulkhead" });
    throw error;
  }
}

function notSent({ onEvent, subgraph }: Guard, why: "breaker" | "bulkhead"): SubgraphFailure {
  onEvent({ kind: "not-sent", subgraph, why });
  return new SubgraphFailure("SUBREQUEST_NOT_SENT");
}

const maxRetries = 2;

async function withRetries(guard: Guard, next: SubgraphCall, request: SubgraphRequest): Promise<SubgraphAnswer> {
  for (let retries = 0; ; retries++) {
    try {
      return await attempt(guard, next, request);
    } catch (error) {
      if (retries === maxRetries || !isWorthRetrying(request, error)) throw error;
      const instant = guard.watch.now() + pauseMs(retries, guard.random);
      if (instant >= request.deadline || guard.breaker.isShut(guard.watch.now()) || !guard.budget.spend()) throw error;
      await until(instant, request.signal, guard.watch);
      if (guard.breaker.isShut(guard.watch.now())) throw error;
      guard.onEvent({ kind: "retried", subgraph: guard.subgraph });
    }
  }
}

async function attempt(guard: Guard, next: SubgraphCall, request: SubgraphRequest): Promise<SubgraphAnswer> {
  const { breaker, limits, watch } = guard;
  const startedAt = watch.now();
  const entered = breaker.enter(startedAt);
  if (entered === null) throw notSent(guard, "breaker");
  try {
    const answer = await next(request);
    entered.end(isOutage(answer.body, limits.systems) ? "failure" : "success", watch.now());
    return answer;
  } catch (error) {
    const now = watch.now();
    entered.end(outcomeOf(error, request, (now - startedAt) * 2 >= limits.timeoutMs), now);
    throw error;
  }
}

/** `hadTime`: at least half of what the subgraph has for a call. Less may just be the end of a long operation. */
function outcomeOf(error: unknown, { signal }: SubgraphRequest, hadTime: boolean): Outcome {
  const failure = error instanceof SubgraphFailure ? error : null;
  if (failure?.code === "GATEWAY_TIMEOUT") return hadTime ? "failure" : "neutral";
  if (signal.aborted || failure === null) return "neutral";
  // A 4xx is not asked for again, and not an outage: something is there and refuses this request.
  return failure.status !== null && failure.status >= 400 && failure.status < 500 ? "success" : "failure";
}

const passingStatuses: readonly number[] = [502, 503, 504];

function isWorthRetrying({ kind, signal }: SubgraphRequest, error: unknown): boolean {
  if (kind !== "query" || signal.aborted || !(error instanceof SubgraphFailure)) return false;
  return error.code === "SUBREQUEST_HTTP_ERROR" && (error.status === null || passingStatuses.includes(error.status));
}

const firstPauseMs = 50;

/** Anywhere from none to twice as long as the last, so that those who failed together do not come back together. */
function pauseMs(retries: number, random: () => number): number {
  return random() * firstPauseMs * 2 ** retries;
}

function until(instant: number, signal: AbortSignal, watch: Watch): Promise<void> {
  return new Promise((resolve, reject) => {
    watch.add({
      deadline: instant,
      signal,
      onGivenUp: (why) => (why === "deadline" ? resolve() : reject(abandoned(signal))),
    });
  });
}

type RetryBudget = { earn(): void; spend(): boolean };

const earnedPerRequest = 0.1;
const maxSaved = 10;

/** One retry for ten requests, saved up to ten: however long a subgraph fails, it is asked a tenth more than usual. */
function openRetryBudget(): RetryBudget {
  let saved = 0;
  return {
    earn() {
      saved = Math.min(saved + earnedPerRequest, maxSaved);
    },
    spend() {
      // Ten tenths are a little less than one.
      if (saved < 1 - 1e-9) return false;
      saved -= 1;
      return true;
    },
  };
}
