/** EID's rows, as they come out of its database, to typed records of one person. Pure. Format: mocks/ice/README.md. */
import {
  type Decoded,
  type DecodedRows,
  decodeRows,
  isWithheld,
  known,
  RowUnreadable,
  unreadable,
} from "#kit/decoded.ts";
import { SourceError } from "#kit/source.ts";
import { parseANumber, parseEidSubjectId } from "#schema/scalars.ts";
import {
  parseInstant,
  type Row,
  readCoded,
  readDateTime,
  readDay,
  readInstant,
  readText,
  readYesNo,
  required,
  system,
} from "./cells.ts";
import { parseCountryName } from "./countries.ts";

const keyColumns = ["EID Subject ID", "Alien File Number"] as const;

/** What is read of each table, under EID's own names. */
export const columns = {
  "Detention Stints": [
    ...keyColumns,
    "Stay Book In Date Time",
    "Stay Book Out Date Time",
    "Stay Release Reason",
    "Book In Date Time",
    "Book Out Date Time",
    "Detention Facility",
    "Detention Facility Code",
    // Shown nowhere: it tells a stint that ended where the next began, at the same instant, from a row that came twice.
    "Detention Release Reason",
  ],
  Detainers: [
    ...keyColumns,
    "EID DTA ID",
    "Detainer Prepare Date",
    "Deportation Ordered",
    "Order to Show Cause Served",
    "Biometric Match",
    "Statements Made",
    "Warrant Form",
    "Detainer Served Date",
    "Detainer Lifted Date",
    "Detainer Lift Reason",
    "Detainer Facility",
    "Detainer Facility Code",
  ],
  Removals: [
    ...keyColumns,
    "EID Removal ID",
    "Removal Scheduled Date",
    "Departed Date",
    "Departure Country",
    "Port of Departure",
  ],
  Cases: [
    ...keyColumns,
    "EID Case ID",
    "Case Status",
    "Case Category",
    "Final Order Yes No",
    "Final Order Date",
    "Last Screened Date",
  ],
} as const;

export type Table = keyof typeof columns;
export const tables = Object.keys(columns) as Table[];

/** One reading of all tables in one snapshot. */
export type EidAnswer = { readonly asOf: string; readonly rows: Readonly<Record<Table, readonly Row[]>> };

/** What one person is found by: canonical identifiers. */
export type Keys = { readonly aNumbers: readonly string[]; readonly eidSubjectIds: readonly string[] };

type Source = { readonly system: typeof system; readonly asOf: string };
type Facility = { readonly code: Decoded<string>; readonly name: Decoded<string> };

export type Stint = {
  readonly facility: Facility | null;
  readonly bookedInAt: Decoded<string>;
  readonly bookedOutAt: Decoded<string>;
};

export type CustodyStay = {
  readonly id: string;
  readonly bookedInAt: string;
  readonly bookedOutAt: Decoded<string>;
  readonly releaseReason: Decoded<string>;
  readonly stints: readonly Stint[];
  readonly source: Source;
};

export type DetainerBasis =
  | "FINAL_ORDER"
  | "PENDING_PROCEEDINGS"
  | "BIOMETRIC_MATCH"
  | "STATEMENTS_OR_RELIABLE_EVIDENCE";

export type Detainer = {
  readonly id: string;
  readonly preparedAt: Decoded<string>;
  readonly status: "ACTIVE" | "LIFTED";
  readonly basis: Decoded<readonly DetainerBasis[]>;
  readonly warrantForm: Decoded<"I200" | "I205">;
  readonly servedAt: Decoded<string>;
  readonly liftedAt: Decoded<string>;
  readonly liftReason: Decoded<string>;
  readonly facility: Facility | null;
  readonly source: Source;
};

export type Removal = {
  readonly id: string;
  readonly scheduledAt: Decoded<string>;
  readonly departedAt: Decoded<string>;
  readonly country: Decoded<string>;
  readonly port: Decoded<string>;
  readonly source: Source;
};

export type EnforcementCase = {
  readonly id: string;
  readonly status: Decoded<string>;
  readonly category: Decoded<string>;
  readonly finalOrder: Decoded<boolean>;
  readonly finalOrderAt: Decoded<string>;
  readonly lastScreenedAt: Decoded<string>;
  readonly source: Source;
};

export type PersonRecords = {
  readonly custodyStays: DecodedRows<CustodyStay>;
  readonly detainers: DecodedRows<Detainer>;
  readonly removals: DecodedRows<Removal>;
  readonly enforcementCases: DecodedRows<EnforcementCase>;
};

/**
 * The database's one row: a JSON array of rows for each table, and of "As Of" for the clock. Throws `SourceError` when
 * it is anything else: no instant, no table, a table that is not one.
 */
export function readAnswer(answer: unknown): EidAnswer {
  if (!isRow(answer)) throw invalid();
  const clock = answer["Replication Status"];
  const asOf = Array.isArray(clock) && clock.length === 1 ? parseInstant(clock[0]) : null;
  if (asOf === null) throw invalid();
  const rows = tables.map((table): [Table, readonly Row[]] => {
    const each = answer[table];
    if (!Array.isArray(each) || !each.every(isRow)) throw invalid();
    return [table, each];
  });
  return { asOf, rows: Object.fromEntries(rows) as unknown as EidAnswer["rows"] };
}

/** This person's records out of an answer for many. INVARIANT: a row is theirs by an identifier standing in it. */
export function recordsOf({ asOf, rows }: EidAnswer, keys: Keys): PersonRecords {
  const source: Source = { system, asOf };
  const decode = <T>(table: Table, decodeRow: (row: Row) => T) => decodeTable(table, rows[table], keys, decodeRow);
  const stints = decode("Detention Stints", decodeStint);
  return {
    custodyStays: { records: inOrder(staysOf(stints.records, source), oldestStay), unreadable: stints.unreadable },
    detainers: sorted(
      decode("Detainers", (row) => decodeDetainer(row, source)),
      ({ preparedAt }) => known(preparedAt),
    ),
    removals: sorted(
      decode("Removals", (row) => decodeRemoval(row, source)),
      // A removal is as old as its plan; one that was never planned, as its departure.
      ({ scheduledAt, departedAt }) => known(scheduledAt) ?? known(departedAt),
    ),
    enforcementCases: sorted(
      decode("Cases", (row) => decodeCase(row, source)),
      ({ id }) => id,
    ),
  };
}

function decodeTable<T>(table: Table, rows: readonly Row[], keys: Keys, decodeRow: (row: Row) => T): DecodedRows<T> {
  const seen = new Set<string>();
  const theirs = rows
    .map((row, index) => ({ row, position: `${table} row ${index + 1}` }))
    .filter(({ row }) => belongs(row, keys))
    // Some rows stand there twice, in every column: they say nothing twice.
    .filter(({ row }) => {
      const text = JSON.stringify(columns[table].map((column) => row[column]));
      return !seen.has(text) && seen.add(text);
    });
  return decodeRows(
    system,
    theirs,
    ({ row }) => {
      requiredSubject(row);
      return decodeRow(row);
    },
    ({ position }) => position,
  );
}

/** A row with neither identifier to be read may be anybody's: everybody asked about is told of it. */
function belongs(row: Row, { aNumbers, eidSubjectIds }: Keys): boolean {
  const subject = subjectOf(row);
  const aNumber = aNumberOf(row);
  if (subject === null && aNumber === null) return true;
  return (subject !== null && eidSubjectIds.includes(subject)) || (aNumber !== null && aNumbers.includes(aNumber));
}

/** The A-file's number; null where there is none, or none that can be read. */
export function aNumberOf(row: Row): string | null {
  const file = row["Alien File Number"];
  return typeof file === "string" && file.length <= 64 ? parseANumber(file) : null;
}

export function subjectOf(row: Row): string | null {
  const subject = row["EID Subject ID"];
  return typeof subject === "string" && subject.length <= 64 ? parseEidSubjectId(subject) : null;
}

function requiredSubject(row: Row): string {
  const subject = subjectOf(row);
  if (subject === null) throw new RowUnreadable("EID Subject ID");
  return subject;
}

type StintRow = Pick<CustodyStay, "id" | "bookedInAt" | "bookedOutAt" | "releaseReason"> & { readonly stint: Stint };

/** A stay has no key of its own: it is its person and its book-in. */
function decodeStint(row: Row): StintRow {
  const bookedInAt = parseInstant(row["Stay Book In Date Time"]);
  if (bookedInAt === null) throw new RowUnreadable("Stay Book In Date Time");
  return {
    id: `${requiredSubject(row)}/${bookedInAt}`,
    bookedInAt,
    bookedOutAt: readInstant(row, "Stay Book Out Date Time"),
    releaseReason: readText(row, "Stay Release Reason"),
    stint: {
      facility: readFacility(row, "Detention Facility"),
      bookedInAt: readInstant(row, "Book In Date Time"),
      bookedOutAt: readInstant(row, "Book Out Date Time"),
    },
  };
}

function staysOf(rows: readonly StintRow[], source: Source): CustodyStay[] {
  return [...Map.groupBy(rows, ({ id }) => id)].map(([id, ofStay]) => ({
    id,
    bookedInAt: (ofStay[0] as (typeof ofStay)[number]).bookedInAt,
    bookedOutAt: agreed(ofStay, ({ bookedOutAt }) => bookedOutAt, "Stay Book Out Date Time"),
    releaseReason: agreed(ofStay, ({ releaseReason }) => releaseReason, "Stay Release Reason"),
    stints: inOrder(
      ofStay.map(({ stint }) => stint),
      ({ bookedInAt, facility }) => [known(bookedInAt) ?? last, known(facility?.code ?? null) ?? ""],
    ),
    source,
  }));
}

/** What every row of a stay repeats. Rows that contradict each other leave nothing to rely on. */
function agreed<R, T>(rows: readonly R[], value: (row: R) => Decoded<T>, column: string): Decoded<T> {
  const values = new Map(rows.map((row) => [JSON.stringify(value(row)), value(row)]));
  return values.size === 1 ? ([...values.values()][0] as Decoded<T>) : unreadable(system, column);
}

function decodeDetainer(row: Row, source: Source): Detainer {
  const liftedAt = readDateTime(row, "Detainer Lifted Date");
  const liftReason = readText(row, "Detainer Lift Reason");
  return {
    id: required(row, "EID DTA ID"),
    preparedAt: readDateTime(row, "Detainer Prepare Date"),
    status: statusOf(liftedAt, liftReason),
    basis: basisOf(row),
    warrantForm: readCoded(row, "Warrant Form", (form) => warrantForms.get(form) ?? null),
    servedAt: readDateTime(row, "Detainer Served Date"),
    liftedAt,
    liftReason,
    facility: readFacility(row, "Detainer Facility"),
    source,
  };
}

/** A detainer's status out of its row alone; null: it cannot be told. */
export function detainerStatus(row: Row): Detainer["status"] | null {
  try {
    return statusOf(readDateTime(row, "Detainer Lifted Date"), readText(row, "Detainer Lift Reason"));
  } catch (error) {
    if (error instanceof RowUnreadable) return null;
    throw error;
  }
}

const warrantForms = new Map([
  ["I-200", "I200"],
  ["I-205", "I205"],
] as const) as ReadonlyMap<string, "I200" | "I205">;

/**
 * Lifted when a date or a reason stands, were it withheld. Something that cannot be read is no statement either way,
 * and a detainer's status is never guessed.
 */
function statusOf(liftedAt: Decoded<string>, liftReason: Decoded<string>): Detainer["status"] {
  const stands = (value: Decoded<string>) => value !== null && !(isWithheld(value) && value.withheld === "UNREADABLE");
  if (stands(liftedAt) || stands(liftReason)) return "LIFTED";
  for (const value of [liftedAt, liftReason]) if (isWithheld(value)) throw new RowUnreadable(value.field);
  return "ACTIVE";
}

const grounds = [
  ["Deportation Ordered", "FINAL_ORDER"],
  ["Order to Show Cause Served", "PENDING_PROCEEDINGS"],
  ["Biometric Match", "BIOMETRIC_MATCH"],
  ["Statements Made", "STATEMENTS_OR_RELIABLE_EVIDENCE"],
] as const;

/** Form I-247A box 1. A ground that is withheld or unreadable leaves the list incomplete: then there is none. */
function basisOf(row: Row): Detainer["basis"] {
  const boxes = grounds.map(([column, ground]) => ({ ground, ticked: readYesNo(row, column) }));
  const withheld = boxes.map(({ ticked }) => ticked).find(isWithheld);
  if (withheld !== undefined) return withheld;
  if (boxes.every(({ ticked }) => ticked === null)) return null;
  return boxes.filter(({ ticked }) => ticked === true).map(({ ground }) => ground);
}

function decodeRemoval(row: Row, source: Source): Removal {
  return {
    id: required(row, "EID Removal ID"),
    scheduledAt: readDateTime(row, "Removal Scheduled Date"),
    departedAt: readDateTime(row, "Departed Date"),
    country: readCoded(row, "Departure Country", parseCountryName),
    port: readText(row, "Port of Departure"),
    source,
  };
}

function decodeCase(row: Row, source: Source): EnforcementCase {
  return {
    id: required(row, "EID Case ID"),
    status: readText(row, "Case Status"),
    category: readCoded(row, "Case Category", (text) => /^\[([0-9A-Z]{1,3})\]/.exec(text)?.[1] ?? null),
    finalOrder: readYesNo(row, "Final Order Yes No"),
    finalOrderAt: readDay(row, "Final Order Date"),
    lastScreenedAt: readDay(row, "Last Screened Date"),
    source,
  };
}

function readFacility(row: Row, column: "Detention Facility" | "Detainer Facility"): Facility | null {
  const facility = { code: readText(row, `${column} Code`), name: readText(row, column) };
  return facility.code === null && facility.name === null ? null : facility;
}

/** Sorts after every date. */
const last = "~";

function sorted<T extends { readonly id: string }>(
  { records, unreadable: rows }: DecodedRows<T>,
  date: (record: T) => string | null,
): DecodedRows<T> {
  return { records: inOrder(records, (record) => [date(record) ?? last, record.id]), unreadable: rows };
}

const oldestStay = ({ bookedInAt, id }: CustodyStay) => [bookedInAt, id];

function inOrder<T>(records: readonly T[], by: (record: T) => readonly string[]): T[] {
  const key = (record: T) => by(record).join("\0");
  return [...records].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(): SourceError {
  return new SourceError("SOURCE_INVALID", system);
}
