/** Stops asking a subgraph that mostly fails, and tries now and then whether it is back. */

export type BreakerState = "closed" | "open" | "half-open";

/** What became of one attempt. `neutral`: says nothing about the subgraph (the client went, too little time was left). */
export type Outcome = "success" | "failure" | "neutral";

export type BreakerTerms = {
  /** Fewer attempts within the window say nothing. */
  readonly minAttempts: number;
  readonly failureRate: number;
  readonly windowMs: number;
  readonly sleepMs: number;
};

export const defaultTerms: BreakerTerms = { minAttempts: 20, failureRate: 0.5, windowMs: 10_000, sleepMs: 5000 };

export type Breaker = {
  /** Whether an attempt would be let through at this instant. */
  isShut(now: number): boolean;
  /** Starts an attempt: where it is let through, its outcome has to be told; null: it is not. */
  enter(now: number): Attempt | null;
};

export type Attempt = { end(outcome: Outcome, now: number): void };

const buckets = 10;

/** Every instant is handed in: nothing runs by itself. */
export function openBreaker(
  onState: (state: BreakerState) => void,
  { minAttempts, failureRate, windowMs, sleepMs }: BreakerTerms = defaultTerms,
): Breaker {
  const bucketMs = windowMs / buckets;
  const successes = new Uint32Array(buckets);
  const failures = new Uint32Array(buckets);
  let latestBucket = 0;
  let state: BreakerState = "closed";
  let asleepUntil = 0;
  let isTrying = false;

  const become = (next: BreakerState): void => {
    state = next;
    onState(next);
  };
  const bucketAt = (now: number): number => {
    const bucket = Math.floor(now / bucketMs);
    for (let past = Math.max(latestBucket + 1, bucket - buckets + 1); past <= bucket; past++) {
      successes[past % buckets] = 0;
      failures[past % buckets] = 0;
    }
    latestBucket = Math.max(latestBucket, bucket);
    return latestBucket % buckets;
  };
  const open = (now: number): void => {
    asleepUntil = now + sleepMs;
    become("open");
  };
  const countClosed: Attempt = {
    end(outcome, now) {
      // What was begun before the breaker opened tells nothing new.
      if (state !== "closed" || outcome === "neutral") return;
      const bucket = bucketAt(now);
      const counts = outcome === "failure" ? failures : successes;
      counts[bucket] = (counts[bucket] as number) + 1;
      if (outcome === "success") return;
      const failed = sum(failures);
      const attempts = failed + sum(successes);
      if (attempts >= minAttempts && failed >= attempts * failureRate) open(now);
    },
  };
  const trial: Attempt = {
    end(outcome, now) {
      isTrying = false;
      if (outcome === "failure") open(now);
      if (outcome !== "success") return;
      successes.fill(0);
      failures.fill(0);
      become("closed");
    },
  };

  const isShut = (now: number): boolean =>
    (state === "open" && now < asleepUntil) || (state === "half-open" && isTrying);
  return {
    isShut,
    enter(now) {
      if (state === "closed") return countClosed;
      if (isShut(now)) return null;
      isTrying = true;
      if (state === "open") become("half-open");
      return trial;
    },
  };
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
