/**
 * Answers of Global and ELIS → records with the field names of schema.graphql. Pure. What cannot be read is said with
 * field and place, and never guessed; formats are those of the systems' own description.
 */
import {
  type Decoded,
  decodeRows,
  isRedactionMark,
  isWithheld,
  known,
  RowUnreadable,
  redacted,
  type UnreadableRow,
  unreadable,
} from "#kit/decoded.ts";
import { parseJson, SourceError } from "#kit/source.ts";
import { parseANumber, parseReceiptNumber } from "#schema/scalars.ts";
import { countryOfCode, countryOfName } from "./countries.ts";

export type Source = { readonly system: "GLOBAL" | "ELIS"; readonly asOf: string };

export type Screening = {
  readonly id: string;
  readonly kind: "CREDIBLE_FEAR" | "REASONABLE_FEAR";
  readonly referredAt: Decoded<string>;
  readonly decision: Decoded<"POSITIVE" | "NEGATIVE" | "ADMINISTRATIVELY_CLOSED">;
  readonly decidedAt: Decoded<string>;
  readonly servedOnApplicantAt: Decoded<string>;
  readonly servedOnEroAt: Decoded<string>;
  readonly servedOnCourtAt: Decoded<string>;
  readonly closedAt: Decoded<string>;
  readonly source: Source;
};

export type ApplicationDecision = "PENDING" | "GRANTED" | "DENIED" | "REFERRED" | "WITHDRAWN" | "CLOSED";

/** Serves as AsylumApplication and as BenefitRequest. */
export type Application = {
  readonly receiptNumber: Decoded<string>;
  readonly form: string;
  readonly filedAt: Decoded<string>;
  readonly decision: Decoded<ApplicationDecision>;
  readonly decidedAt: Decoded<string>;
  readonly birthCountry: Decoded<string>;
  /** It is, or carries the marker of, a filing under 8 USC 1367. */
  readonly protectedFiling: boolean;
  readonly source: Source;
};

export type ElisApplication = Application & {
  /** The bar of 8 USC 1367 stands on this filing. */
  readonly protected1367: boolean;
};

/** One row: its record, or why there is none; and whose it is, null when even that cannot be read. */
export type DecodedRow<T> = {
  readonly aNumber: string | null;
  readonly record: T | null;
  readonly unreadable: readonly UnreadableRow[];
};

export type GlobalAnswer = {
  readonly screenings: readonly DecodedRow<Screening>[];
  readonly applications: readonly DecodedRow<Application>[];
};

export type ElisAnswer = { readonly asOf: string; readonly cases: readonly DecodedRow<ElisApplication>[] };

/** In: the bytes of a records search. Throws SOURCE_INVALID when the envelope itself is wrong. */
export function decodeGlobal(body: Buffer): GlobalAnswer {
  const envelope = readEnvelope("GLOBAL", body);
  const source = { system: "GLOBAL", asOf: readAsOf("GLOBAL", envelope.asOf) } as const;
  return {
    screenings: eachRow("GLOBAL", envelope, "screenings", (row) => screening(row, source)),
    applications: eachRow("GLOBAL", envelope, "applications", (row) => paperApplication(row, source)),
  };
}

/** In: the bytes of a cases search. Throws SOURCE_INVALID when the envelope itself is wrong. */
export function decodeElis(body: Buffer): ElisAnswer {
  const envelope = readEnvelope("ELIS", body);
  const source = { system: "ELIS", asOf: readAsOf("ELIS", envelope.asOf) } as const;
  return { asOf: source.asOf, cases: eachRow("ELIS", envelope, "cases", (row) => elisCase(row, source)) };
}

type Row = Readonly<Record<string, unknown>>;

function screening(row: Row, source: Source): Screening {
  const served = isRow(row.decisionServed) ? row.decisionServed : {};
  return {
    id: required(row, "screeningId", (value) => (/^[\w-]{1,40}$/.test(value) ? value : null)),
    kind: required(row, "screeningType", (value) => entry(screeningKinds, value)),
    referredAt: globalDay("referralDate", row.referralDate),
    decision: word("GLOBAL", "decision", row.decision, screeningDecisions),
    decidedAt: globalDay("decisionDate", row.decisionDate),
    servedOnApplicantAt: globalDay("decisionServed.applicant", served.applicant),
    servedOnEroAt: globalDay("decisionServed.ero", served.ero),
    servedOnCourtAt: globalDay("decisionServed.immigrationCourt", served.immigrationCourt),
    closedAt: globalDay("closeEffective", row.closeEffective),
    source,
  };
}

function paperApplication(row: Row, source: Source): Application {
  return {
    receiptNumber: read("GLOBAL", "receiptNumber", row.receiptNumber, parseReceiptNumber),
    form: required(row, "formType", (value) => (value === "I-589" ? value : null)),
    filedAt: globalDay("filedDate", row.filedDate),
    decision: word("GLOBAL", "decision", row.decision, globalDecisions),
    decidedAt: globalDay("decisionDate", row.decisionDate),
    birthCountry: read(
      "GLOBAL",
      "countryOfBirth",
      row.countryOfBirth === "UNKNO" ? null : row.countryOfBirth,
      countryOfCode,
    ),
    // Global holds no marker: a filing that ELIS marks is marked when the two are merged.
    protectedFiling: false,
    source,
  };
}

function elisCase(row: Row, source: Source): ElisApplication {
  const decision = word("ELIS", "status", row.status, elisStatuses);
  const form = required(row, "formType", (value) =>
    /^[A-Z]{1,4}-\d{1,4}[A-Z]?( [A-Z]+)?$/.test(value) ? value : null,
  );
  const protected1367 = isProtected(row.protectionMarkers);
  return {
    receiptNumber: required(row, "receiptNumber", parseReceiptNumber),
    form,
    filedAt: elisDay("receivedDate", row.receivedDate),
    decision,
    decidedAt: decidedOn(decision, elisDay("statusDate", row.statusDate)),
    birthCountry: read("ELIS", "countryOfBirth", row.countryOfBirth, countryOfName),
    protectedFiling: protected1367 || protectedForms.test(form),
    protected1367,
    source,
  };
}

/** The day of a status is the day of a decision only where the status is one. */
function decidedOn(decision: Decoded<ApplicationDecision>, statusDate: Decoded<string>): Decoded<string> {
  if (decision === "PENDING" || statusDate === null) return null;
  return known(decision) === null ? unreadable("ELIS", "statusDate") : statusDate;
}

/** INVARIANT: a marker that is missing or unknown makes the row unreadable; it never reads as "not protected". */
function isProtected(markers: unknown): boolean {
  if (!Array.isArray(markers) || markers.some((each) => each !== "8 USC 1367"))
    throw new RowUnreadable("protectionMarkers");
  return markers.length > 0;
}

const screeningKinds = { CF: "CREDIBLE_FEAR", RF: "REASONABLE_FEAR" } as const;

const screeningDecisions = {
  POSITIVE: "POSITIVE",
  NEGATIVE: "NEGATIVE",
  "ADMIN CLOSE": "ADMINISTRATIVELY_CLOSED",
} as const;

const globalDecisions = {
  PENDING: "PENDING",
  GRANT: "GRANTED",
  DENIAL: "DENIED",
  REFERRAL: "REFERRED",
  WITHDRAWN: "WITHDRAWN",
  "ADMIN CLOSE": "CLOSED",
} as const;

const elisStatuses = {
  "Case Was Received": "PENDING",
  "Case Was Approved": "GRANTED",
  "Case Was Denied": "DENIED",
  "Case Was Withdrawn": "WITHDRAWN",
  "Case Closed": "CLOSED",
} as const;

function readEnvelope(system: Source["system"], body: Buffer): Row {
  const envelope = parseJson(system, body);
  if (!isRow(envelope)) throw new SourceError("SOURCE_INVALID", system);
  return envelope;
}

/** The form of both systems' clocks. */
export function isInstant(text: string): boolean {
  const form = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
  const [, year, month, day] = form.exec(text) ?? [];
  return calendarDay(year, month, day) !== null;
}

function readAsOf(system: Source["system"], asOf: unknown): string {
  if (typeof asOf !== "string" || !isInstant(asOf)) throw new SourceError("SOURCE_INVALID", system);
  return asOf;
}

function eachRow<T>(
  system: Source["system"],
  envelope: Row,
  table: string,
  decode: (row: Row) => T,
): readonly DecodedRow<T>[] {
  const rows = envelope[table];
  if (!Array.isArray(rows)) throw new SourceError("SOURCE_INVALID", system);
  return rows.map((row: unknown, index) => {
    const aNumber = isRow(row) && typeof row.alienNumber === "string" ? parseANumber(row.alienNumber) : null;
    const decodeOwned = (each: unknown) => {
      if (!isRow(each)) throw new RowUnreadable(table);
      if (aNumber === null) throw new RowUnreadable("alienNumber");
      return decode(each);
    };
    const { records, unreadable } = decodeRows(system, [row], decodeOwned, () => `${table} row ${index + 1}`);
    return { aNumber, record: records[0] ?? null, unreadable };
  });
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value the row cannot stand without. */
function required<T extends string>(row: Row, field: string, parse: (value: string) => T | null): T {
  const value = row[field];
  const parsed = typeof value === "string" ? parse(value.trim()) : null;
  if (parsed === null) throw new RowUnreadable(field);
  return parsed;
}

/** A value that may be absent (null, blank, `N/A`), withheld, or unreadable. A key that is not there is not absence. */
function read<T extends string>(
  system: Source["system"],
  field: string,
  value: unknown,
  parse: (text: string) => T | null,
): Decoded<T> {
  if (value === null) return null;
  if (typeof value !== "string") return unreadable(system, field);
  const text = value.trim();
  if (text === "" || text === "N/A") return null;
  if (isRedactionMark(text)) return redacted(system, field);
  return parse(text) ?? unreadable(system, field);
}

function word<T extends string>(
  system: Source["system"],
  field: string,
  value: unknown,
  words: Readonly<Record<string, T>>,
): Decoded<T> {
  return read(system, field, value, (text) => entry(words, text));
}

function entry<T extends string>(words: Readonly<Record<string, T>>, text: string): T | null {
  return Object.hasOwn(words, text) ? (words[text] as T) : null;
}

/** `MM/DD/YYYY`, and nothing else. */
function globalDay(field: string, value: unknown): Decoded<string> {
  return read("GLOBAL", field, value, (text) => {
    const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(text) ?? [];
    return calendarDay(year, month, day);
  });
}

/** `YYYY-MM-DD`, or with a midnight that says nothing. */
function elisDay(field: string, value: unknown): Decoded<string> {
  return read("ELIS", field, value, (text) => {
    const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)(?:T00:00:00)?$/.exec(text) ?? [];
    return calendarDay(year, month, day);
  });
}

/** `YYYY-MM-DD` for a day that exists, from 1900 on. */
function calendarDay(year = "", month = "", day = ""): string | null {
  const written = `${year}-${month}-${day}`;
  const at = new Date(`${written}T00:00:00Z`);
  const exists = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(written);
  return exists && Number(year) >= 1900 ? written : null;
}

/** Oldest first; a day not known comes last; equal days by receipt or id, then as they came. */
export function oldestFirst<T>(
  records: readonly T[],
  dayOf: (record: T) => Decoded<string>,
  idOf: (record: T) => Decoded<string>,
): readonly T[] {
  return records
    .map((record) => ({ record, key: `${known(dayOf(record)) ?? "9999"} ${known(idOf(record)) ?? ""}` }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ record }) => record);
}

/**
 * I-589s of both systems as one list. A receipt that stands in both is given once, as Global has it, unless the two
 * disagree on the decision (or it cannot be read): then both are given. What either knows to be protected is.
 */
export function mergeApplications(
  fromGlobal: readonly Application[],
  fromElis: readonly Application[],
): readonly Application[] {
  const decisionOf = new Map(fromGlobal.map((each) => [known(each.receiptNumber), each.decision]));
  const sameInGlobal = ({ receiptNumber, decision }: Application) =>
    known(receiptNumber) !== null && !isWithheld(decision) && decisionOf.get(known(receiptNumber)) === decision;
  const marked = new Set(fromElis.flatMap((each) => (each.protectedFiling ? [known(each.receiptNumber)] : [])));
  const inBoth = fromGlobal.map((each) => {
    const receipt = known(each.receiptNumber);
    return receipt !== null && marked.has(receipt) ? { ...each, protectedFiling: true } : each;
  });
  return [...inBoth, ...fromElis.filter((each) => !sameInGlobal(each))];
}

/** Forms under 8 USC 1367 (VAWA, T, U), whatever has become of their marker. */
const protectedForms = /^I-?(914|918)|VAWA/;
