/** Watches EID by its change log: each row before and after, in the transaction's own order of becoming visible. */
import { isWithheld, known } from "#kit/decoded.ts";
import type { About, Alert, Change } from "#kit/envelope.ts";
import type { WatchedSource } from "#kit/feed.ts";
import { parseInstant, type Row, readDateTime, readInstant, system } from "./cells.ts";
import { type EidChange, maxListed } from "./changes.ts";
import { aNumberOf, detainerStatus, subjectOf, type Table, tables } from "./records.ts";
import type { EidSource } from "./source.ts";

/** `seen`: changes of transactions from `openFrom` on that have been told already. */
type Standing = { readonly logId: string; readonly openFrom: string; readonly seen: readonly EidChange[] };

/** So many transactions that began after one that does not end: what is told of them then is told again. */
const maxSeen = 5_000;

export function watchedEid(source: EidSource): WatchedSource {
  let last: Standing | null = null;
  return {
    system,
    async poll() {
      const known = last?.seen.map(({ number }) => number) ?? [];
      const { asOf, logId, openFrom, changes } = await source.changes(last?.openFrom ?? null, known);
      const before = last;
      const isSame = before === null || before.logId === logId;
      const isOpen = ({ transaction }: EidChange) => BigInt(transaction) >= BigInt(openFrom);
      const seen = [...(isSame ? (before?.seen ?? []) : []), ...changes].filter(isOpen);
      last = { logId, openFrom, seen: seen.length > maxSeen ? [] : seen };
      if (before === null) return { asOf, changes: [] };
      // Another log, as of a database that was restored, or more of it than came.
      if (!isSame || changes.length >= maxListed) return { asOf, changes: [{ all: true }] };
      return { asOf, changes: toldOnce(changes.flatMap(changesOf)) };
    },
  };
}

/** The rows of a stay say the same, each of them. */
function toldOnce(changes: readonly Change[]): readonly Change[] {
  return [...new Map(changes.map((each) => [JSON.stringify(each), each])).values()];
}

function changesOf(change: EidChange): readonly Change[] {
  const { table, before, after } = change;
  // Arrests are shown nowhere.
  if (!isRead(table)) return [];
  const sides = [before, after].filter((row) => row !== null);
  // May be anybody's, as for whoever asks.
  if (sides.some((row) => subjectOf(row) === null && aNumberOf(row) === null)) return [{ all: true }];
  const about = new Map(sides.flatMap((row) => aboutOf(table, row)).map((each) => [each.join(" "), each]));
  const alert = alerts[table](change);
  return [{ about: [...about.values()], ...(alert === null ? {} : { alert }) }];
}

const isRead = (table: string): table is Table => (tables as readonly string[]).includes(table);

function aboutOf(table: Table, row: Row): readonly About[] {
  const [subject, aNumber, id] = [subjectOf(row), aNumberOf(row), idOf(table, row, subjectOf(row))];
  return [
    ...(subject === null ? [] : [["EidSubjectId", subject] as const]),
    ...(aNumber === null ? [] : [["ANumber", aNumber] as const]),
    ...(id === null ? [] : [["ID", id] as const]),
  ];
}

const idColumns = { Detainers: "EID DTA ID", Removals: "EID Removal ID", Cases: "EID Case ID" } as const;

function idOf(table: Table, row: Row, subject: string | null): string | null {
  if (table !== "Detention Stints") {
    const id = row[idColumns[table]];
    return typeof id === "string" && id !== "" ? id : null;
  }
  const bookedInAt = parseInstant(row["Stay Book In Date Time"]);
  return subject === null || bookedInAt === null ? null : `${subject}/${bookedInAt}`;
}

const alerts: Readonly<Record<Table, (change: EidChange) => Alert | null>> = {
  // A stint that begins with its stay is the booking in; the others are transfers.
  "Detention Stints": ({ before, after }) => {
    if (after === null) return null;
    const [stayFrom, from] = [readInstant(after, "Stay Book In Date Time"), readInstant(after, "Book In Date Time")];
    const stayUntil = readInstant(after, "Stay Book Out Date Time");
    if (before === null)
      return known(stayFrom) !== null && stayFrom === from && stayUntil === null
        ? { kind: "BOOKED_IN", at: known(stayFrom) }
        : null;
    const isOut = stayUntil !== null && readInstant(before, "Stay Book Out Date Time") === null;
    return isOut ? { kind: "BOOKED_OUT", at: known(stayUntil) } : null;
  },
  Detainers: ({ at, before, after }) => {
    const [then, now] = [before && detainerStatus(before), after && detainerStatus(after)];
    if (after === null || then === now) return null;
    if (now === "ACTIVE") return { kind: "DETAINER_LODGED", at };
    if (now !== "LIFTED" || before === null) return null;
    return { kind: "DETAINER_LIFTED", at: known(readDateTime(after, "Detainer Lifted Date")) ?? at };
  },
  // A day that was moved is told as well.
  Removals: ({ at, before, after }) => {
    if (after === null || readDateTime(after, "Departed Date") !== null) return null;
    const [then, now] = [before, after].map((row) => row && readDateTime(row, "Removal Scheduled Date"));
    if (now === null || now === undefined || isWithheld(now) || now === then) return null;
    return { kind: "REMOVAL_SCHEDULED", at };
  },
  Cases: () => null,
};
