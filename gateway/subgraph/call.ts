/** One request to one subgraph, and the layers that stand around it. */
import type { ErrorCode } from "../errors.ts";
import type { Origin } from "./caller.ts";

export type SubgraphRequest = {
  readonly subgraph: string;
  /** As the supergraph that is executed has it: another one may have another. */
  readonly url: string;
  /** The whole JSON body, as it is sent. */
  readonly body: string;
  readonly kind: "query" | "mutation";
  /** Whether one that is under way already may stand for it: not for what is read after something was written. */
  readonly mayJoin: boolean;
  /** On the clock of `performance.now()`: when an answer is of no use any more. */
  readonly deadline: number;
  /** Aborted when nobody waits any more. Its reason may be the SubgraphFailure to reject with. */
  readonly signal: AbortSignal;
  /** The gateway's own id of the client's request: of the first one's, where several share it. */
  readonly requestId?: string;
  /**
   * What the subgraph is told of the caller (Crosswalk-Caller). INVARIANT: of personal subgraphs alone; whoever is told
   * the same is the same to it.
   */
  readonly caller?: string;
  /** What of it can be kept, and asked apart; left out where nothing can. */
  readonly reads?: Reads;
  /** How fresh the client wants it; left out: as it is kept. */
  readonly freshness?: Freshness;
  /** A read under way may stand for this one only if it began in the same generation. */
  readonly generation?: string;
};

/** The questions that stand in one body. */
export type Reads = {
  readonly parts: readonly ReadPart[];
  /** The body that asks of each part the representations at these indexes alone, in this order; none: `[]` is sent. */
  bodyOf(indexes: readonly (readonly number[])[]): string;
};

export type ReadPart = {
  /** Its key in the answer's data; null: a root, of which the whole data is the answer. */
  readonly alias: string | null;
  /** As they are sent, in JSON, with `__askedBy` where that tells them apart (execution/reads.ts); null for a root. */
  readonly representations: readonly string[] | null;
  /** The operation's own variables that go with it, as a JSON object. */
  readonly variables: string;
  readonly question: Question;
};

/** The same object for every request of a plan. */
export type Question = {
  /** What is asked of what, in which generation of the schema. INVARIANT: injective. */
  readonly text: string;
  /** Null: its answers are not kept. */
  readonly lifetime: { readonly seconds: number; readonly feeds: readonly string[] } | null;
  /** What an answer depends on, as `kind value`, each once. `asked`: the representation, or the variables of a root. */
  tagsOf(asked: unknown, answered: unknown): readonly string[];
};

export type Freshness = {
  /** Nothing that a source vouched for longer ago; null: no bound. 0: from the source itself. */
  readonly maxAgeMs: number | null;
  /** By feed: at least as new as this. */
  readonly atLeast: ReadonlyMap<string, { readonly epoch: string; readonly seq: number }>;
};

export type SubgraphAnswer = {
  /** The parsed body, whatever it is. */
  readonly body: unknown;
  /** Others hold the same object: it must not be changed. */
  readonly isShared: boolean;
  /** For how long the subgraph lets it be kept, from when it was asked; left out: it says nothing of that. */
  readonly keepMs?: number;
  /** Nobody was asked for it. */
  readonly isKept?: true;
  /** By a read that another had begun, and by nothing else. */
  readonly isJoined?: true;
  /** Of one that was at hand: how it is served once more without being looked up. */
  readonly hold?: () => HeldAnswer;
};

export type HeldAnswer = {
  /** When its lifetime ends, on the clock of `performance.now()`. */
  readonly until: number;
  /** Whether it may still be served, as far as sources have said. */
  holds(): boolean;
  /** To be called whenever it is. */
  served(): void;
  /** In memory, roughly. */
  readonly bytes: number;
};

/** Rejects with SubgraphFailure. */
export type SubgraphCall = (request: SubgraphRequest) => Promise<SubgraphAnswer>;

/** A call as a supergraph's operations make it: the URL, and who may be told what, are not theirs to know. */
export type ExecutedRequest = Omit<SubgraphRequest, "url" | "requestId" | "caller" | "generation"> & {
  readonly origin: Origin | undefined;
};
export type ExecutedCall = {
  (request: ExecutedRequest): Promise<SubgraphAnswer>;
  /** What is kept, at once and without asking anybody; null, or left out: it has to be asked for. */
  readonly atHand?: AtHand;
};
export type AtHand = {
  (
    request: Pick<SubgraphRequest, "subgraph" | "kind" | "caller" | "mayJoin" | "reads" | "freshness">,
  ): SubgraphAnswer | null;
  /** Another one whenever anything that held may hold no longer, lifetimes aside. */
  turn(): number;
};

/** Something done around a call. Layers do not know each other; gateway.ts puts them in order. */
export type Layer = (next: SubgraphCall) => SubgraphCall;

export type SubgraphFailureCode = Extract<
  ErrorCode,
  "SUBREQUEST_HTTP_ERROR" | "SUBREQUEST_MALFORMED_RESPONSE" | "SUBREQUEST_NOT_SENT" | "GATEWAY_TIMEOUT"
>;

export class SubgraphFailure extends Error {
  readonly code: SubgraphFailureCode;
  /** Of the answer, where there was one. */
  readonly status: number | null;
  constructor(code: SubgraphFailureCode, cause?: unknown, status: number | null = null) {
    super(code, { cause });
    this.code = code;
    this.status = status;
  }
}

/** For a call whose signal is aborted. */
export function abandoned({ reason }: AbortSignal): SubgraphFailure {
  return reason instanceof SubgraphFailure ? reason : new SubgraphFailure("SUBREQUEST_HTTP_ERROR", reason);
}
