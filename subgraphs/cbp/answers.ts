/** The pages in which CBP's three systems answer, and the rows in them: whose they are and where they stood. Pure. */
import { type DecodedRows, decodeRows } from "#kit/decoded.ts";
import { type Listing, readListing } from "#kit/listing.ts";
import { parseJson, SourceError } from "#kit/source.ts";
import { isoTime, type System } from "./cells.ts";

export type Page = { readonly asOf: string; readonly rows: readonly unknown[]; readonly next: string | null };

/** One row as it came, and its place in the answer. */
export type Row = { readonly value: unknown; readonly position: string };

/** What a system answered to one search: all its pages, vouched for up to the oldest of them. */
export type Answer = { readonly asOf: string; readonly rows: readonly Row[] };

export type Source = { readonly system: System; readonly asOf: string };

const envelopes = {
  ADIS: { asOf: "asOf", rows: "crossings" },
  I94: { asOf: "dataAsOf", rows: "admissions" },
  E3: { asOf: "extractedAt", rows: "rows" },
} as const satisfies Record<System, { asOf: string; rows: string }>;

/** One page of an answer; throws SourceError SOURCE_INVALID for anything but the system's own envelope. */
export function readPage(system: System, body: Buffer): Page {
  const page = asObject(parseJson(system, body));
  const { asOf, rows, next } = {
    asOf: page?.[envelopes[system].asOf],
    rows: page?.[envelopes[system].rows],
    next: page?.next,
  };
  const isCursor = next === null || (typeof next === "string" && next !== "");
  if (typeof asOf !== "string" || !isInstant(asOf) || !Array.isArray(rows) || !isCursor)
    throw new SourceError("SOURCE_INVALID", system);
  return { asOf, rows, next };
}

const isInstant = (text: string) => text.length > 10 && isoTime(text) !== null;

/** A row as it was and as it is; null: there was none, or there is none any more. */
export type RowChange = { readonly before: unknown; readonly after: unknown };

/** What ADIS or I-94 lists as changed. Throws SourceError SOURCE_INVALID for anything else. */
export function readChangedRows(system: "ADIS" | "I94", body: Buffer): Listing<RowChange> {
  const { asOf } = envelopes[system];
  return readListing({ system, asOf, entries: "changes", isInstant, entry: rowChangeIn(system) }, body);
}

/** Names of the files that e3 has dropped. */
export function readDrops(body: Buffer): Listing<string> {
  const entry = (name: unknown) => {
    if (typeof name !== "string" || !/^[\w.-]{1,64}$/.test(name)) throw new SourceError("SOURCE_INVALID", "E3");
    return name;
  };
  return readListing({ system: "E3", asOf: envelopes.E3.asOf, entries: "files", isInstant, entry }, body);
}

/** One of these files. */
export function readDrop(body: Buffer): readonly RowChange[] {
  const changes = asObject(parseJson("E3", body))?.changes;
  if (!Array.isArray(changes)) throw new SourceError("SOURCE_INVALID", "E3");
  return changes.map(rowChangeIn("E3"));
}

const rowChangeIn =
  (system: System) =>
  (value: unknown): RowChange => {
    const { before, after } = asObject(value) ?? {};
    const isRow = (row: unknown) => row === null || asObject(row) !== null;
    if (!isRow(before) || !isRow(after) || (before === null && after === null))
      throw new SourceError("SOURCE_INVALID", system);
    return { before, after };
  };

/** Pages in the order they came, as one answer. Exact duplicates among their rows are one row. */
export function answerOf(pages: readonly Page[]): Answer {
  const rows = new Map<string, Row>();
  pages
    .flatMap((page) => page.rows)
    .forEach((value, index) => {
      const bytes = JSON.stringify(value);
      if (!rows.has(bytes)) rows.set(bytes, { value, position: `row ${index + 1}` });
    });
  return { asOf: pages.map(({ asOf }) => asOf).reduce((a, b) => (b < a ? b : a)), rows: [...rows.values()] };
}

/** A JSON object; null for anything else. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

/** Decodes each row; `decode` throws RowUnreadable for one that cannot stand. */
export function decodeAnswer<T>(system: System, { rows }: Answer, decode: (value: unknown) => T): DecodedRows<T> {
  return decodeRows(
    system,
    rows,
    ({ value }) => decode(value),
    ({ position }) => position,
  );
}

/** An identifier as people's and rows' are compared: `fin 1234567890`, `i94 …`, `a …`. */
export type Identifier = `${"fin" | "i94" | "a"} ${string}`;

/**
 * What each person gets of one answer: the rows in which one of the person's identifiers stands, each once, and the
 * rows of which nobody can tell whose they are: they may be anybody's who was asked for.
 */
export function rowsOf(
  { asOf, rows }: Answer,
  persons: readonly ReadonlySet<Identifier>[],
  identifiersIn: (value: unknown) => readonly Identifier[],
): readonly Answer[] {
  const holders = new Map<Identifier, number[]>();
  persons.forEach((identifiers, person) => {
    for (const each of identifiers) holders.set(each, [...(holders.get(each) ?? []), person]);
  });
  const shares: Row[][] = persons.map(() => []);
  for (const row of rows) {
    const standing = identifiersIn(row.value);
    const owners = standing.length === 0 ? shares.keys() : standing.flatMap((each) => holders.get(each) ?? []);
    for (const person of new Set(owners)) shares[person]?.push(row);
  }
  return shares.map((share) => ({ asOf, rows: share }));
}
