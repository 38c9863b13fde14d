/**
 * An agency's system and who watches it. It knows people by A-numbers alone, some of which turn out to be one person's:
 * what it answers about one number then has the other's record in it, and a change of that record is announced by its own
 * number only.
 */
import type { Change, FeedMessage } from "../../gateway/cache/message.ts";
import type { Chance } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

export const aNumbers = ["200000001", "200000002", "200000003", "200000004"];

export type Answered = { readonly numbers: readonly string[]; readonly stamps: readonly number[] } | null;

type Snapshot = {
  /** When it began. */
  readonly from: number;
  /** By A-number, of those that are known. */
  readonly stamps: Readonly<Record<string, number>>;
  /** Known to be one person's. */
  readonly linked: readonly string[];
  /** The change that led to it is announced by these. */
  readonly about: readonly string[];
};

export type Source = {
  readonly name: string;
  /** The oldest first. */
  readonly history: readonly Snapshot[];
  /** As of now, or as of a time in its history. */
  answer(aNumber: string, at?: number): Answered;
  change(): void;
};

export function openSource(name: string, timeline: Timeline, chance: Chance): Source {
  const stamps = Object.fromEntries(aNumbers.slice(0, 3).map((aNumber) => [aNumber, 0]));
  const history: Snapshot[] = [{ from: -Infinity, stamps, linked: [], about: [] }];
  const last = () => history.at(-1) as Snapshot;
  return {
    name,
    history,
    answer(aNumber, at = history.length - 1) {
      const { stamps: known, linked } = history[at] as Snapshot;
      if (known[aNumber] === undefined) return null;
      const numbers = linked.includes(aNumber) ? linked : [aNumber];
      return { numbers, stamps: numbers.map((each) => known[each] ?? 0) };
    },
    change() {
      const { stamps: known, linked } = last();
      const stamp = history.length;
      const [one, other] = [chance.pick(aNumbers), chance.pick(aNumbers)];
      const kind = chance.is(0.3) && one !== other && known[one] !== undefined && known[other] !== undefined;
      const next = kind ? (linked.length > 0 ? [] : [one, other].sort()) : linked;
      // Linked or parted: everybody's answer is another one whose record it was put into.
      const about = kind ? [...new Set([...linked, ...next])] : [one];
      const changed = Object.fromEntries(about.map((each) => [each, stamp]));
      history.push({ from: timeline.now(), stamps: { ...known, ...changed }, linked: next, about });
    },
  };
}

/** What is announced, with what the model has to know of it. */
export type Announced = {
  readonly message: FeedMessage;
  /** How far in the source's history whoever sent it had looked. */
  readonly seen: number;
  /** Which start of the watching it belongs to, counted from 0. */
  readonly start: number;
};

export type Watcher = {
  /** Forgets what it had not announced yet, and counts anew in an epoch of its own. */
  restart(): void;
  /** Goes on from how it was some time ago, in the same epoch: as a machine does that is put back to an earlier copy. */
  putBack(): void;
};

export type WatcherSettings = {
  readonly source: Source;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly beatMs: number;
  /** The clock of whoever carries the feed. */
  readonly clock: () => string;
  readonly publish: (announced: Announced) => void;
  /** Whether the source can be asked now by who watches it. */
  readonly canLook: () => boolean;
  /** Whether some changes are announced without saying when it looked. */
  readonly maySayLess: boolean;
};

export function openWatcher(settings: WatcherSettings): Watcher {
  const { source, timeline, chance, beatMs, clock, publish, canLook, maySayLess } = settings;
  let start = 0;
  let life = 0;
  let epoch = `${source.name}-0-${chance.between(0, 1e9)}`;
  let state = { seen: 0, seq: 0 };
  let before = state;

  /** One at a time; `of`: those of a watcher that was restarted or put back end with it. */
  const round = (of: number): void => {
    const began = timeline.now();
    const next = () => timeline.in(Math.max(0, began + beatMs - timeline.now()), () => of === life && round(of));
    const ticket = { clock: clock(), since: began };
    // It may be held up between any two of its steps.
    timeline.in(pause(), () => {
      if (of !== life) return;
      if (!canLook()) return next();
      const seen = source.history.length - 1;
      timeline.in(pause(), () => {
        if (of !== life) return;
        tell(seen, ticket);
        next();
      });
    });
  };
  const pause = () => (chance.is(0.05) ? chance.between(100, 3000) : chance.between(0, 20));

  const tell = (seen: number, ticket: { readonly clock: string; readonly since: number }): void => {
    const fresh = source.history.slice(state.seen + 1, seen + 1);
    const heartbeat = { ...ticket, asOf: String(ticket.since) };
    if (chance.is(0.1)) before = state;
    state = { seen, seq: fresh.length > 0 ? state.seq + 1 : state.seq };
    const changes: Change[] = fresh.map(({ about }) => ({ about: about.map((each) => ["ANumber", each] as const) }));
    const all: Change[] = changes.length > 0 && chance.is(0.05) ? [{ all: true }] : changes;
    const message = { source: source.name, epoch, seq: state.seq, changes: all, heartbeat };
    if (fresh.length > 0 && maySayLess && chance.is(0.2))
      publish({ message: { ...message, heartbeat: null }, seen, start });
    else publish({ message, seen, start });
  };

  round(0);
  return {
    restart() {
      start += 1;
      epoch = `${source.name}-${start}-${chance.between(0, 1e9)}`;
      before = state = { seen: source.history.length - 1, seq: 0 };
      round(++life);
    },
    putBack() {
      state = before;
      round(++life);
    },
  };
}
