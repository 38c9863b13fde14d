/**
 * Watches CASE: the docket's entries, each with the case before and after it, and the snapshot that answers are made of.
 * Stays are derived here as they are for an answer; so a stay that begins or ends with an entry is told even of a case that
 * was never seen before. One that ends because its time has run out is told only of cases seen changing: nothing is
 * entered then, and of all other cases nobody here knows. `all` goes out for them.
 */
import type { About, Alert, Change } from "#kit/envelope.ts";
import type { WatchedSource } from "#kit/feed.ts";
import { listedSince } from "#kit/listing.ts";
import { SourceError } from "#kit/source.ts";
import { courtDay } from "./appeal-time.ts";
import { CASE } from "./cells.ts";
import type { DocketEntry } from "./docket.ts";
import { type CaseRecord, decodeCase, type Lookups } from "./records.ts";
import type { Court } from "./source.ts";
import { type StayFinding, staysOf } from "./stays.ts";

/** Up to where the last poll had come. */
type Standing = { readonly position: string; readonly published: string; readonly held: string; readonly day: string };
/** A case as it was last seen to change: its time may run out. */
type SeenCase = { readonly about: readonly About[]; readonly record: CaseRecord };

const maxSeenCases = 10_000;

export function watchedCase(court: Court): WatchedSource {
  let last: Standing | null = null;
  const seenCases = new Map<string, SeenCase>();
  return {
    system: CASE,
    dayOf: courtDay,
    async poll() {
      const page = await listedSince(court.entriesSince, last?.position ?? null);
      const holding = court.held();
      // Nothing can be answered without it.
      if (holding === null) throw new SourceError("SOURCE_UNAVAILABLE", CASE);
      const now: Standing = {
        position: page.position,
        published: page.latestSnapshotDate,
        held: holding.snapshotDate,
        day: courtDay(page.asOf),
      };
      const changes: Change[] = [];
      const isOther = last !== null && (last.published !== now.published || last.held !== now.held);
      if (isOther || !page.complete) changes.push({ all: true });
      if (last !== null && last.day !== now.day) changes.push(...lapsed([...seenCases.values()], last.day, now.day));
      for (const entry of page.entries) changes.push(...changesOf(entry, holding.lookups, now.day, seenCases));
      for (const id of seenCases.keys()) {
        if (seenCases.size <= maxSeenCases) break;
        seenCases.delete(id);
      }
      last = now;
      return { asOf: page.asOf, changes };
    },
  };
}

function changesOf(entry: DocketEntry, lookups: Lookups, day: string, seenCases: Map<string, SeenCase>): Change[] {
  const { before, after } = entry;
  if (before === "nobodys" || after === "nobodys") return [{ all: true }];
  const aNumbers = new Set([...(before?.aNumbers ?? []), ...(after?.aNumbers ?? [])]);
  const about: About[] = [
    ["CourtCase", entry.id],
    ["ID", entry.id],
    ...[...aNumbers].map((each): About => ["ANumber", each]),
  ];
  const earlier = before && decodeCase(before.rows, lookups);
  const later = after && decodeCase(after.rows, lookups);
  seenCases.delete(entry.id);
  if (later !== null) seenCases.set(entry.id, { about, record: later });
  const kinds = [
    ...(later?.motions ?? [])
      .filter(({ id }) => earlier?.motions.every((each) => each.id !== id) ?? true)
      .map(() => "MOTION_FILED" as const),
    ...turns(staysIn(earlier, day), staysIn(later, day)),
  ];
  const alerts = kinds.map((kind): Change => ({ about, alert: { kind, at: entry.at } }));
  return alerts.length > 0 ? alerts : [{ about }];
}

/** Stays of cases seen changing whose time ran out with the day. */
function lapsed(cases: readonly SeenCase[], from: string, to: string): Change[] {
  return cases.flatMap(({ about, record }) =>
    turns(staysIn(record, from), staysIn(record, to)).map((kind): Change => ({ about, alert: { kind, at: null } })),
  );
}

const staysIn = (record: CaseRecord | null, day: string) => (record === null ? [] : staysOf([record], day));

/** A stay that is in doubt has neither begun nor ended. */
function turns(before: readonly StayFinding[], after: readonly StayFinding[]): Alert["kind"][] {
  const keyOf = ({ basis, since }: StayFinding) => `${basis} ${since}`;
  const inForce = (stays: readonly StayFinding[]) => stays.filter(({ state }) => state === "IN_FORCE").map(keyOf);
  const [then, now] = [inForce(before), inForce(after)];
  const doubted = new Set(after.filter(({ state }) => state === "UNKNOWN").map(({ basis }) => basis));
  const ended = before.filter((each) => each.state === "IN_FORCE" && !now.includes(keyOf(each)));
  return [
    ...(now.some((each) => !then.includes(each)) ? (["STAY_BEGAN"] as const) : []),
    ...(ended.some(({ basis }) => !doubted.has(basis)) ? (["STAY_ENDED"] as const) : []),
  ];
}
