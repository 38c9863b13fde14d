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

type Text = NonNullable<Printed["kept"]>;

/** The data as `JSON.stringify` gives it, by whoever has printed the same before; kept for the next where there is room. */
export function printOnce({ data, [printed]: known }: Answer): Text {
  if (known?.kept) return known.kept;
  const text = JSON.stringify(data);
  const made = { data: data as object, text, bytes: Buffer.byteLength(text) };
  if (known && text.length <= known.maxLength) known.kept = made;
  return made;
}

/** Printed now, unless it is sent in slices: nothing is left to be done that takes longer for more of it. */
export function printedAhead(answer: Answer): Answer {
  if (sizeOf(answer) > largeBytes) return answer;
  const kept = printOnce(answer);
  return answer[printed]?.kept ? answer : { ...answer, [printed]: { bytes: kept.bytes, kept, maxLength: 0 } };
}

/** From here on an answer is sent in slices; below, printing it takes less than ten milliseconds. */
export const largeBytes = 1024 * 1024;

/** About as many bytes as its data prints to. */
export function sizeOf({ data, [printed]: known }: Answer): number {
  if (known === undefined) return roughBytes(data);
  known.bytes ??= roughBytes(data);
  return known.bytes;
}

/** Some elements stand for all of a list; deeper than this, something stands for anything. */
const maxSampled = 3;
const maxDepth = 12;

/** About as many bytes as this prints to; from samples, so that asking costs nothing beside printing. */
export function roughBytes(value: unknown, depth = 0): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 6;
  if (depth > maxDepth) return 64;
  if (Array.isArray(value)) {
    const { length } = value;
    if (length <= maxSampled) return value.reduce((sum: number, each) => sum + roughBytes(each, depth + 1) + 1, 2);
    const sampled =
      roughBytes(value[0], depth + 1) +
      roughBytes(value[length >> 1], depth + 1) +
      roughBytes(value[length - 1], depth + 1);
    return Math.ceil((sampled / maxSampled + 1) * length);
  }
  let bytes = 2;
  for (const key in value) bytes += key.length + 4 + roughBytes((value as Record<string, unknown>)[key], depth + 1);
  return bytes;
}

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
