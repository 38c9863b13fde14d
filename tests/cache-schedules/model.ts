/**
 * What a read may answer, from the sources' histories and from what reached which gateway when: no cache in it, and nothing
 * of the gateway's. One thing after the other.
 */
import type { Announced, Answered, Source } from "./source.ts";

/** What one read was answered about one A-number in one source. */
export type Told = { readonly source: string; readonly aNumber: string; readonly answer: unknown };

export type Asked = {
  readonly gateway: number;
  readonly at: number;
  /** The client's own bound, if it is tighter than the lease. */
  readonly maxAgeMs: number | null;
  /** By source: how far in its history the answer must reach at least, by a token that the client had. */
  readonly atLeast: ReadonlyMap<string, number>;
};

type Heard = { start: number; isProven: boolean; seen: number };

export type Model = {
  /** A message has reached a gateway. `isTimely`: its heartbeat is of the clock that holds. */
  reached(gateway: number, announced: Announced, isTimely: boolean): void;
  /** A gateway was started anew. */
  forget(gateway: number): void;
  /** To be asked when a read begins: how far each source must be answered at least, because that has reached the gateway. */
  begin(asked: Asked): (told: Told) => string | null;
};

export function openModel(sources: readonly Source[], leaseMs: number): Model {
  /** By gateway, then by source. */
  const heard = new Map<number, Map<string, Heard>>();
  const of = (gateway: number): Map<string, Heard> => {
    const known = heard.get(gateway) ?? new Map<string, Heard>();
    heard.set(gateway, known);
    return known;
  };
  return {
    reached(gateway, { message, seen, start }, isTimely) {
      const sourcesHeard = of(gateway);
      const known = sourcesHeard.get(message.source);
      const proves = isTimely && message.heartbeat !== null;
      if (known === undefined) sourcesHeard.set(message.source, { start, isProven: proves, seen });
      else {
        // A later start is believed when it shows that it has looked; one that never did gives way to one that does.
        if (start !== known.start && proves && (start > known.start || !known.isProven))
          Object.assign(known, { start, isProven: true });
        else if (start === known.start && proves) known.isProven = true;
        if (start <= known.start) known.seen = Math.max(known.seen, seen);
      }
    },
    forget: (gateway) => void heard.delete(gateway),
    begin({ gateway, at, maxAgeMs, atLeast }) {
      const seenBy = new Map([...of(gateway)].map(([source, { seen }]) => [source, seen]));
      const bound = at - Math.min(leaseMs, maxAgeMs ?? leaseMs);
      return ({ source: name, aNumber, answer }) => {
        const source = sources.find((each) => each.name === name) as Source;
        const last = lastTime(source, aNumber, answer);
        if (last === null) return `${name} ${aNumber}: it never was so`;
        const until = source.history[last + 1]?.from ?? Infinity;
        const late = `until ${until}, asked at ${at}`;
        if (until <= bound) return `${name} ${aNumber}: older than the bound (${late})`;
        if (last < (seenBy.get(name) ?? 0)) return `${name} ${aNumber}: older than what had been announced (${late})`;
        if (last < (atLeast.get(name) ?? 0)) return `${name} ${aNumber}: older than the client's token (${late})`;
        return null;
      };
    },
  };
}

/** When in its history a source last answered this so; null: never. */
function lastTime(source: Source, aNumber: string, answer: unknown): number | null {
  const text = JSON.stringify(answer);
  for (let at = source.history.length - 1; at >= 0; at--) {
    const then: Answered = source.answer(aNumber, at);
    if (JSON.stringify(then) === text) return at;
  }
  return null;
}
