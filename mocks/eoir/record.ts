/**
 * CASE's two views of the same people: the record as it is now, and as the published snapshot has it. An act keeps what
 * stood before it, so that the docket can say what changed since.
 */
import type { CaseFile, PersonFile } from "../population/types.ts";
import type { World } from "../world.ts";
import { onSnapshotDay } from "./snapshot-view.ts";
import { type CaseRows, rowsOf } from "./tables.ts";

export type Snapshot = {
  /** ISO instant. */
  readonly date: string;
  /** The first one knows what the population says of the last snapshot; later ones go by dates alone. */
  readonly first: boolean;
  /** By person: the cases as they were when the snapshot was made, kept from the first act on. */
  readonly before: Map<number, readonly CaseFile[]>;
  /** Cases in it that are no longer on record; their A-number may stand nowhere else. */
  readonly removed: { readonly aNumber: string; readonly idncase: number }[];
  /** IDNCASE of a rider → of the cases that it rides with. */
  readonly leads: Map<number, number[]>;
};

export type Changes = {
  readonly asOf: string;
  readonly snapshotDate: string;
  readonly cases: readonly CaseRows[];
  readonly removed: readonly string[];
};

/** The 1st of the month at 06:00Z; on the 1st itself still the month's before: it takes a day to publish. */
export function lastSnapshotDate(now: string): string {
  const first = `${now.slice(0, 7)}-01T06:00:00Z`;
  const midnight = Date.parse(`${now.slice(0, 7)}-01T00:00:00Z`);
  if (Date.parse(now) - midnight >= 86_400_000) return first;
  return lastSnapshotDate(new Date(midnight - 86_400_000).toISOString());
}

type Cases = Pick<PersonFile, "index" | "cases">;

/** This person's cases as the snapshot has them. */
export function snapshotCases({ date, first, before }: Snapshot, file: Cases): readonly CaseFile[] {
  const then = before.get(file.index) ?? file.cases;
  return then.flatMap((each) => {
    if (first && !each.inSnapshot) return [];
    const view = onSnapshotDay(each, date.slice(0, 10));
    return view === null ? [] : [view];
  });
}

/** Every case under these A-numbers whose rows are not those of the snapshot, and the numbers of those that are gone. */
export function changesSince(world: World, snapshot: Snapshot, now: string, aNumbers: ReadonlySet<string>): Changes {
  const files = new Map<number, PersonFile>();
  for (const aNumber of aNumbers) for (const file of world.find("aNumber", aNumber)) files.set(file.index, file);
  const cases: CaseRows[] = [];
  for (const file of files.values()) {
    const asked = ({ aNumber }: CaseFile) => aNumbers.has(aNumber);
    const current = new Map(file.cases.filter(asked).map((each) => [each.idncase, each]));
    const then = new Map(snapshotCases(snapshot, file).map((each) => [each.idncase, each]));
    for (const [idncase, each] of current) {
      const rows = rowsOf(each, leadsNow(world, snapshot, idncase));
      const earlier = then.get(idncase);
      const published = earlier && rowsOf(earlier, leadsThen(world, snapshot, idncase));
      if (JSON.stringify(rows) !== JSON.stringify(published)) cases.push(rows);
    }
  }
  const removed = snapshot.removed.filter(({ aNumber }) => aNumbers.has(aNumber));
  return { asOf: now, snapshotDate: snapshot.date, cases, removed: removed.map(({ idncase }) => String(idncase)) };
}

/** All rows of a case as they are now; null: it is not on record. */
export function rowsNow(world: World, snapshot: Snapshot | null, idncase: number): CaseRows | null {
  const file = world
    .find("idncase", String(idncase))
    .flatMap(({ cases }) => cases)
    .find((each) => each.idncase === idncase);
  if (file === undefined) return null;
  return rowsOf(file, snapshot === null ? [] : leadsNow(world, snapshot, idncase));
}

function leadsNow(world: World, { leads }: Snapshot, rider: number): readonly CaseFile[] {
  return (leads.get(rider) ?? []).flatMap((lead) =>
    world.find("idncase", String(lead)).flatMap(({ cases }) => cases.filter(({ idncase }) => idncase === lead)),
  );
}

function leadsThen(world: World, snapshot: Snapshot, rider: number): readonly CaseFile[] {
  // One that has been taken off the record since stands in nobody's file any more.
  const gone = (lead: number): Cases[] =>
    [...snapshot.before]
      .filter(([, cases]) => cases.some(({ idncase }) => idncase === lead))
      .map(([index, cases]) => ({ index, cases }));
  const holders = (lead: number): readonly Cases[] => {
    const found = world.find("idncase", String(lead));
    return found.length > 0 ? found : gone(lead);
  };
  return (snapshot.leads.get(rider) ?? []).flatMap((lead) =>
    holders(lead).flatMap((file) => snapshotCases(snapshot, file).filter(({ idncase }) => idncase === lead)),
  );
}
