/** The docket's answer: what changed since the snapshot, whole cases at a time, in the columns of the snapshot's files. */
import type { UnreadableRow } from "#kit/decoded.ts";
import { type Listing, readListing } from "#kit/listing.ts";
import { parseJson, SourceError } from "#kit/source.ts";
import { parseANumber } from "#schema/scalars.ts";
import { CASE, isDay, type Values } from "./cells.ts";
import { type TableName, tableFormats } from "./snapshot.ts";
import type { CaseRows, PlacedRow } from "./store.ts";

export type Docket = {
  readonly asOf: string;
  /** The snapshot that the changes count from. */
  readonly snapshotDate: string;
  /** The one that is published now. */
  readonly latestSnapshotDate: string;
  /** By IDNCASE; the A-numbers are those under which the case stands. */
  readonly cases: ReadonlyMap<string, { readonly aNumbers: readonly string[]; readonly rows: CaseRows }>;
  /** Cases whose number or A-number cannot be read: they may be anybody's. */
  readonly nobodys: readonly UnreadableRow[];
  readonly removed: ReadonlySet<string>;
};

/** The docket's answer. Throws SOURCE_INVALID when the envelope is not what it must be. */
export function decodeDocket(body: Buffer): Docket {
  const answer = parseJson(CASE, body);
  if (!isObject(answer)) throw invalid();
  const { asOf, snapshotDate, latestSnapshotDate = snapshotDate, cases, removed } = answer;
  if (!isInstant(asOf) || !isInstant(snapshotDate) || !isInstant(latestSnapshotDate)) throw invalid();
  if (!Array.isArray(cases) || !Array.isArray(removed)) throw invalid();
  const found = new Map<string, { aNumbers: readonly string[]; rows: CaseRows }>();
  const nobodys: UnreadableRow[] = [];
  cases.forEach((each: unknown, index) => {
    const decoded = docketCase(each, `docket case ${index + 1}`);
    if (decoded === null || found.has(decoded.rows.id))
      nobodys.push({ system: CASE, field: "tbl_AlienNumber", position: `docket case ${index + 1}` });
    else found.set(decoded.rows.id, decoded);
  });
  if (!removed.every((id) => typeof id === "string" && /^\d{1,10}$/.test(id))) throw invalid();
  return { asOf, snapshotDate, latestSnapshotDate, cases: found, nobodys, removed: new Set(removed as string[]) };
}

type DocketCase = { readonly aNumbers: readonly string[]; readonly rows: CaseRows };

/** One entry of the docket: a case before and after. "nobodys": a case that may be anybody's; null: not on record. */
export type DocketEntry = {
  readonly at: string;
  readonly id: string;
  readonly before: DocketCase | "nobodys" | null;
  readonly after: DocketCase | "nobodys" | null;
};

export type DocketEntries = Listing<DocketEntry> & { readonly latestSnapshotDate: string };

/** What was entered since a position. Throws SOURCE_INVALID when it is not what it must be, entries included. */
export function decodeEntries(body: Buffer): DocketEntries {
  const form = { system: CASE, asOf: "asOf", entries: "entries", isInstant, entry: docketEntry };
  const listing = readListing(form, body);
  const answer = parseJson(CASE, body);
  const latestSnapshotDate = isObject(answer) ? answer.latestSnapshotDate : null;
  if (!isInstant(latestSnapshotDate)) throw invalid();
  return { ...listing, latestSnapshotDate };
}

function docketEntry(value: unknown): DocketEntry {
  if (!isObject(value) || !isInstant(value.at) || typeof value.IDNCASE !== "string" || !isCaseId(value.IDNCASE))
    throw invalid();
  const side = (each: unknown) => (each === null ? null : (docketCase(each, "docket entry") ?? "nobodys"));
  return { at: value.at, id: value.IDNCASE, before: side(value.before), after: side(value.after) };
}

const isCaseId = (text: string) => /^[1-9]\d{0,9}$/.test(text);

function docketCase(value: unknown, position: string): DocketCase | null {
  if (!isObject(value)) return null;
  const tables: Partial<Record<TableName, readonly PlacedRow[]>> = {};
  const bad: UnreadableRow[] = [];
  for (const { name, keys, columns } of tableFormats) {
    if (name.startsWith("tblLookup")) continue;
    const rows = value[name];
    if (!Array.isArray(rows)) {
      bad.push({ system: CASE, field: `${name}.rows`, position });
      continue;
    }
    tables[name] = rows.map((row: unknown, index) => ({
      position: `${position}, ${name} row ${index + 1}`,
      values: columnsOf(row, [...keys, ...columns]),
    }));
  }
  const numbers = tables.tbl_AlienNumber ?? [];
  const ids = new Set(numbers.map(({ values }) => values.IDNCASE));
  const aNumbers = numbers.map(({ values }) => parseANumber(values.ALIEN_NBR ?? ""));
  const [id] = ids;
  if (ids.size !== 1 || id == null || !isCaseId(id)) return null;
  const readable = aNumbers.filter((each) => each !== null);
  return readable.length < aNumbers.length ? null : { aNumbers: readable, rows: { id, tables, unreadable: bad } };
}

function isInstant(value: unknown): value is string {
  return (
    typeof value === "string" &&
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(value) &&
    isDay(value.slice(0, 10)) &&
    !Number.isNaN(Date.parse(value))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The columns that are read; {} where one is missing or holds neither text nor null: such a row cannot be read. */
function columnsOf(row: unknown, columns: readonly string[]): Values {
  if (!isObject(row)) return {};
  const values: Record<string, string | null> = {};
  for (const column of columns) {
    const value = Object.hasOwn(row, column) ? row[column] : undefined;
    if (value !== null && typeof value !== "string") return {};
    values[column] = value;
  }
  return values;
}

function invalid(): SourceError {
  return new SourceError("SOURCE_INVALID", CASE);
}
