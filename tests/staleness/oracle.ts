/**
 * Knows at what time each act could be seen in its agency's system, and so how old is what an answer shows. It counts: of
 * each person the motions at the court and the detainers of ICE, of which every act adds one.
 */
import type { SourceFreshness } from "../../gateway/freshness.ts";
import type { FeedMessage } from "../../subgraphs/kit/envelope.ts";

export const sources = ["CASE", "EID"] as const;
export type Source = (typeof sources)[number];

export type Person = {
  readonly fin: string;
  readonly aNumber: string;
  /** As many as there were before the first act. */
  readonly before: Readonly<Record<Source, number>>;
};

/** One answer of one gateway; times are of the one clock of this process. */
export type Read = {
  readonly gateway: number;
  readonly person: Person;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly status: number;
  /** Null: the answer says that it could not be asked. */
  readonly counts: Readonly<Record<Source, number | null>>;
  readonly freshness: readonly SourceFreshness[];
  /** What the answer was to know at least: a position of a source. */
  readonly atLeast: { readonly source: string; readonly seq: number } | null;
};

export type Judged = {
  /** Nothing: it is as it should be. */
  readonly wrong: readonly string[];
  /** By source: for how long what the answer does not show could already be seen when it was asked for. */
  readonly staleMs: Readonly<Record<Source, number>>;
};

export type Bounds = {
  /** Where the answer says that it knows how the source stands. */
  readonly liveMs: number;
  /** Where it says that it does not, and so asked the subgraph. */
  readonly askedMs: number;
};

export type Oracle = {
  /** It can be seen from now on at the latest. */
  done(person: Person, source: Source): void;
  count(person: Person, source: Source): number;
  judge(read: Read): Judged;
  /** Of each act: for how long each gateway still gave answers without it. */
  shownAfter(): readonly { readonly doneAt: number; readonly gateway: number; readonly staleMs: number }[];
};

const alertOf: Readonly<Record<Source, string>> = { CASE: "MOTION_FILED", EID: "DETAINER_LODGED" };

type Deed = { readonly doneAt: number; readonly staleMs: number[] };

export function openOracle(announced: readonly FeedMessage[], bounds: Bounds, gateways: number): Oracle {
  const deeds = new Map<string, Deed[]>();
  const from = announced.length;
  const deedsOf = ({ fin }: Person, source: Source): Deed[] => {
    const key = `${source} ${fin}`;
    const known = deeds.get(key) ?? [];
    deeds.set(key, known);
    return known;
  };
  /** How many of a person's acts since the beginning a source had announced by this number. */
  const announcedBy = ({ aNumber }: Person, source: Source, seq: number): number =>
    announced
      .slice(from)
      .filter((each) => each.source === source && each.seq <= seq)
      .flatMap(({ changes }) => changes)
      .filter((each) => "about" in each && each.alert?.kind === alertOf[source])
      .filter((each) => "about" in each && each.about.some(([kind, value]) => kind === "ANumber" && value === aNumber))
      .length;
  const judgeSource = (read: Read, source: Source): { readonly wrong: string | null; readonly staleMs: number } => {
    const { person, sentAt, gateway } = read;
    const count = read.counts[source];
    if (count === null) return { wrong: null, staleMs: 0 };
    const shown = count - person.before[source];
    const all = deedsOf(person, source);
    const missing = all.slice(Math.max(0, shown)).filter(({ doneAt }) => doneAt < sentAt);
    const staleMs = missing[0] === undefined ? 0 : sentAt - missing[0].doneAt;
    for (const each of missing) each.staleMs[gateway] = Math.max(each.staleMs[gateway] ?? 0, sentAt - each.doneAt);
    const isLive = read.freshness.some(({ system, live }) => system === source && live);
    const boundMs = isLive ? bounds.liveMs : bounds.askedMs;
    const says = `gateway ${gateway}, ${source}, ${isLive ? "live" : "not live"}`;
    if (shown < 0) return { wrong: `${says}: fewer than there ever were`, staleMs };
    if (staleMs > boundMs) return { wrong: `${says}: ${staleMs.toFixed(0)} ms behind, at most ${boundMs}`, staleMs };
    if (read.atLeast?.source === source && shown < announcedBy(person, source, read.atLeast.seq))
      return { wrong: `${says}: behind what it was asked to know at least`, staleMs };
    return { wrong: null, staleMs };
  };
  return {
    done(person, source) {
      deedsOf(person, source).push({ doneAt: performance.now(), staleMs: Array.from({ length: gateways }, () => 0) });
    },
    count: (person, source) => person.before[source] + deedsOf(person, source).length,
    judge(read) {
      const judged = sources.map((source) => [source, judgeSource(read, source)] as const);
      const wrong = judged.flatMap(([, each]) => each.wrong ?? []);
      if (read.status >= 500) wrong.push(`gateway ${read.gateway}: status ${read.status}`);
      return {
        wrong,
        staleMs: Object.fromEntries(judged.map(([source, { staleMs }]) => [source, staleMs])) as Judged["staleMs"],
      };
    },
    shownAfter: () =>
      [...deeds.values()]
        .flat()
        .flatMap(({ doneAt, staleMs }) => staleMs.map((ms, gateway) => ({ doneAt, gateway, staleMs: ms }))),
  };
}
