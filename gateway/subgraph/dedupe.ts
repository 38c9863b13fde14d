/** Identical reads under way at the same time are asked for once. */

import { Table } from "../under-way.ts";
import {
  abandoned,
  type Layer,
  type SubgraphAnswer,
  type SubgraphCall,
  SubgraphFailure,
  type SubgraphRequest,
} from "./call.ts";
import { unknownCaller } from "./caller.ts";
import type { Wait, Watch } from "./watch.ts";

export type DedupeSettings = {
  /** Whether a subgraph's answers are the same whoever asks: only those are shared. */
  readonly isCommon: (subgraph: string) => boolean;
  readonly watch: Watch;
};

/**
 * Shares reads whose whole body is the same, compared in full: of common subgraphs whoever asks, of personal ones where
 * the subgraph is told the same of those who ask, and never where it is told nothing. A read that began before something
 * changed stands for nobody who asks afterwards (`generation`). Whoever waits goes at its own deadline or with its own
 * client, and nobody else notices; the request upstream goes with the last of them.
 *
 * The failure of a read is told to those who waited when it began. Whoever joined it later asked after it was sent, and
 * may have time left: one of them asks again for all of them. So nobody waits for more than two requests, and there are
 * never more requests than there were calls.
 */
export function deduped({ isCommon, watch }: DedupeSettings): Layer {
  return (next) => {
    const readsByPlace = new Map<string, Table<Read>>();
    const readsOf = ({ subgraph, url }: SubgraphRequest): Table<Read> => {
      const place = `${subgraph} ${url}`;
      const reads = readsByPlace.get(place) ?? new Table<Read>();
      readsByPlace.set(place, reads);
      return reads;
    };
    return (request) => {
      if (request.kind === "mutation") return next(request).finally(() => readsByPlace.clear());
      const { caller, subgraph } = request;
      const isSharable = caller === undefined ? isCommon(subgraph) : caller !== unknownCaller;
      if (!request.mayJoin || !isSharable) return next(request);
      return new Promise((answer, fail) => {
        if (request.signal.aborted) return fail(abandoned(request.signal));
        if (request.deadline <= watch.now()) return fail(new SubgraphFailure("GATEWAY_TIMEOUT"));
        const reads = readsOf(request);
        const read = reads.get(keyOf(request));
        const waiter = new Waiter(request, answer, fail);
        watch.add(waiter);
        if (read !== undefined) read.join(waiter);
        else new Read(reads, next, watch, request).begin([waiter]);
      });
    };
  };
}

/**
 * INVARIANT: injective. Neither what is told of a caller nor a generation has a line break, no body begins as a caller
 * does, and none of them with #.
 */
function keyOf({ caller, generation, body }: SubgraphRequest): string {
  const asked = caller === undefined ? body : `${caller}\n${body}`;
  return generation === undefined ? asked : `#${generation}\n${asked}`;
}

class Waiter implements Wait {
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly answer: (answer: SubgraphAnswer) => void;
  readonly fail: (failure: unknown) => void;
  /** What it waits for. */
  read: Read | null = null;
  /** Whether that was begun after this one asked. */
  takesFailure = false;

  constructor(request: SubgraphRequest, answer: (answer: SubgraphAnswer) => void, fail: (failure: unknown) => void) {
    this.deadline = request.deadline;
    this.signal = request.signal;
    this.answer = answer;
    this.fail = fail;
  }

  onGivenUp(why: "deadline" | "aborted"): void {
    const failure = why === "deadline" ? new SubgraphFailure("GATEWAY_TIMEOUT") : abandoned(this.signal);
    this.read?.leave(this, failure);
    this.fail(failure);
  }
}

/** One request upstream and all who wait for it. INVARIANT: it is in `reads` exactly as long as somebody waits for it. */
class Read {
  readonly #reads: Table<Read>;
  readonly #key: string;
  readonly #next: SubgraphCall;
  readonly #watch: Watch;
  readonly #request: SubgraphRequest;
  readonly #waiters = new Set<Waiter>();
  readonly #upstream = new AbortController();

  constructor(reads: Table<Read>, next: SubgraphCall, watch: Watch, request: SubgraphRequest) {
    this.#reads = reads;
    this.#key = keyOf(request);
    this.#next = next;
    this.#watch = watch;
    this.#request = request;
  }

  begin(waiters: Iterable<Waiter>): void {
    for (const waiter of waiters) {
      this.join(waiter);
      waiter.takesFailure = true;
    }
    this.#reads.set(this.#key, this);
    // Those who wait have the deadlines; the latest of them ends it.
    this.#next({ ...this.#request, deadline: Infinity, signal: this.#upstream.signal }).then(
      (answer) => this.#answerAll(answer),
      (failure) => this.#fail(failure),
    );
  }

  join(waiter: Waiter): void {
    waiter.read = this;
    this.#waiters.add(waiter);
  }

  leave(waiter: Waiter, failure: SubgraphFailure): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size > 0) return;
    this.#reads.delete(this.#key);
    this.#upstream.abort(failure);
  }

  #answerAll(answer: SubgraphAnswer): void {
    if (this.#waiters.size === 0) return;
    this.#reads.delete(this.#key);
    const shared = this.#waiters.size > 1 ? { ...answer, isShared: true } : answer;
    let isFirst = true;
    for (const waiter of this.#waiters) {
      this.#watch.delete(waiter);
      waiter.answer(isFirst ? shared : { ...shared, isJoined: true });
      isFirst = false;
    }
  }

  #fail(failure: unknown): void {
    if (this.#waiters.size === 0) return;
    this.#reads.delete(this.#key);
    const others: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (!waiter.takesFailure) {
        others.push(waiter);
        continue;
      }
      this.#watch.delete(waiter);
      waiter.fail(failure);
    }
    if (others.length > 0) new Read(this.#reads, this.#next, this.#watch, this.#request).begin(others);
  }
}
