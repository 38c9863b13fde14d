/** What a client gets: at once, in parts that come later, or event by event. */
import { type ClientError, type ErrorCode, type PartError, type Path, partError } from "./errors.ts";
import type { EngineAnswer } from "./execution/engine.ts";
import type { Printed } from "./execution/kept-runs.ts";
import type { SourceFreshness } from "./freshness.ts";

export type Answer = {
  readonly data: unknown;
  /** Of the data. */
  readonly [printed]?: Printed;
  readonly errors?: readonly ClientError[];
  readonly extensions?: { readonly freshness: readonly SourceFreshness[] };
  /** What comes later, to a client that accepts it; ended early when the client goes. */
  readonly deferred?: AsyncIterable<Increment>;
  /** Of a subscription: all there is. Ended early when the client goes. */
  readonly events?: EventStream;
};

/** Of an answer, and never in it. */
export const printed = Symbol("what whoever printed the same before has kept");

/** What a subscription is told, in order; after an `end` there is nothing. */
export type EventStream = AsyncIterableIterator<StreamItem> & {
  /** The event id from which all that has yet to come could be resumed. */
  position(): string;
};
export type StreamItem =
  | { readonly kind: "next"; readonly told: Told; readonly eventId: string }
  | { readonly kind: "end"; readonly code: ErrorCode };
/** The same object for all who are told the same. */
export type Told = {
  readonly data: unknown;
  readonly errors?: readonly ClientError[];
  /** As JSON, without its last brace. */
  readonly text: string;
};

/** One part of an answer that comes later. */
export type Increment = {
  readonly incremental: readonly {
    readonly data: unknown;
    readonly path: Path;
    readonly label?: string;
    readonly errors?: readonly ClientError[];
  }[];
  readonly hasNext: boolean;
};

/** The engine's answer, and how the sources of it stand. */
export function toClient(
  { data, errors, deferred, printed: known }: EngineAnswer,
  freshness: readonly SourceFreshness[],
): Answer {
  return {
    ...toPart({ data, errors }),
    ...(known ? { [printed]: known } : {}),
    ...(freshness.length > 0 ? { extensions: { freshness } } : {}),
    ...(deferred ? { deferred: incrementsOf(deferred) } : {}),
  };
}

/** Errors stand before the data: whoever reads only the beginning of a long answer sees that it is not whole. */
function toPart({ data, errors }: { readonly data: unknown; readonly errors: readonly PartError[] }) {
  return errors.length > 0 ? { errors: errors.map(partError), data } : { data };
}

async function* incrementsOf(deferred: NonNullable<EngineAnswer["deferred"]>): AsyncGenerator<Increment> {
  for await (const { parts, hasNext } of deferred)
    yield {
      incremental: parts.map(({ path, label, ...part }) => ({
        ...toPart(part),
        path,
        ...(label === null ? {} : { label }),
      })),
      hasNext,
    };
}
