/**
 * CASE's own bytes: the whole snapshot read into maps, and the docket's answer laid over it. The files are
 * tab-separated Latin-1 with NUL bytes in them; a row with a tab too many has its columns shifted and cannot be read.
 */
import { chunks, isDay, type Lost, redacted, unreadable } from "./answer.ts";
import type { Keys } from "./obim.ts";

export type CourtRow = Readonly<Record<string, string | null>>;

/** One charging document: its rows by table, and the tables some of whose rows cannot be read. */
export type CourtCase = {
  readonly id: string;
  readonly rows: (table: Table) => readonly CourtRow[];
  readonly damaged: ReadonlySet<Table>;
};

export type Court = {
  readonly asOf: string;
  readonly casesByANumber: ReadonlyMap<string, readonly CourtCase[]>;
  /** `<case type> <C or O> <code>` → the decision in CASE's words. */
  readonly decisions: ReadonlyMap<string, string>;
};

/** Each table, and the column that says whose case a row is. */
const tables = {
  A_TblCase: "IDNCASE",
  B_TblProceeding: "IDNCASE",
  tbl_schedule: "IDNCASE",
  tbl_Court_Motions: "IDNCASE",
  tblAppeal: "idncase",
  tbl_AlienNumber: "IDNCASE",
  tblAppealFedCourts: null,
} as const;
export type Table = keyof typeof tables;
const tableNames = Object.keys(tables) as Table[];

type Building = { readonly id: string; readonly rows: Map<Table, CourtRow[]>; readonly damaged: Set<Table> };

export async function readCourt(url: string, keys: readonly Keys[]): Promise<Court> {
  const cases = await readSnapshot(url);
  const aNumbers = [...new Set(keys.flatMap((each) => [...each.aNumbers]))];
  let asOf = await overlay(url, [], cases);
  for (const some of chunks(aNumbers, 100)) asOf = await overlay(url, some, cases);
  const casesByANumber = new Map<string, CourtCase[]>();
  for (const { id, rows, damaged } of cases.values())
    for (const row of rows.get("tbl_AlienNumber") ?? []) {
      const aNumber = String(row.ALIEN_NBR).padStart(9, "0");
      const known = casesByANumber.get(aNumber) ?? [];
      casesByANumber.set(aNumber, [...known, { id, rows: (table) => rows.get(table) ?? [], damaged }]);
    }
  return { asOf, casesByANumber, decisions: await readDecisions(url) };
}

/** The cases that stand under a person's A-numbers, each once. */
export function casesOf({ casesByANumber }: Court, { aNumbers }: Keys): CourtCase[] {
  const all = [...aNumbers].flatMap((each) => casesByANumber.get(each) ?? []);
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

async function readSnapshot(url: string): Promise<Map<string, Building>> {
  const cases = new Map<string, Building>();
  const caseOfAppeal = new Map<string, string>();
  for (const table of tableNames) {
    for (const { row, whole } of await readTable(url, table)) {
      const owner = tables[table] === null ? caseOfAppeal.get(row.lngAppealID ?? "") : row[tables[table]];
      if (owner === null || owner === undefined) continue;
      if (table === "tblAppeal") caseOfAppeal.set(row.idnAppeal ?? "", owner);
      const building = cases.get(owner) ?? { id: owner, rows: new Map(), damaged: new Set() };
      cases.set(owner, building);
      if (whole) building.rows.set(table, [...(building.rows.get(table) ?? []), row]);
      else building.damaged.add(table);
    }
  }
  return cases;
}

/** Rows by heading; a damaged one keeps what stands before the damage: the numbers in its first columns. */
async function readTable(url: string, table: string): Promise<{ row: CourtRow; whole: boolean }[]> {
  const response = await fetch(`${url}/snapshot/${table}.csv`);
  if (response.status !== 200) throw new Error(`${table} answered ${response.status}`);
  const text = new TextDecoder("latin1").decode(await response.arrayBuffer()).replaceAll("\0", "");
  const [header = "", ...lines] = text.split("\r\n");
  const headings = header.split("\t");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const cells = line.split("\t");
      const row = Object.fromEntries(headings.map((heading, place) => [heading, cells[place] || null]));
      return { row, whole: cells.length === headings.length };
    });
}

/** What the docket says of a case stands instead of all that the snapshot says of it. */
async function overlay(url: string, alienNumbers: readonly string[], cases: Map<string, Building>): Promise<string> {
  const response = await fetch(`${url}/docket/v1/changes`, { method: "POST", body: JSON.stringify({ alienNumbers }) });
  if (response.status !== 200) throw new Error(`the docket answered ${response.status}`);
  const {
    asOf,
    cases: changed,
    removed,
  } = (await response.json()) as {
    readonly asOf: string;
    readonly cases: readonly Readonly<Record<string, readonly CourtRow[]>>[];
    readonly removed: readonly string[];
  };
  for (const id of removed) cases.delete(id);
  for (const each of changed) {
    const id = each.A_TblCase?.[0]?.IDNCASE ?? "";
    const rows = new Map(tableNames.map((table) => [table, [...(each[table] ?? [])]]));
    cases.set(id, { id, rows, damaged: new Set() });
  }
  return asOf;
}

async function readDecisions(url: string): Promise<ReadonlyMap<string, string>> {
  const rows = await readTable(url, "tblLookupCourtDecision");
  return new Map(
    rows.map(({ row }) => [
      `${row.strCaseType} ${row.strDecType} ${row.strDecCode}`,
      (row.strDecDescription ?? "").trim(),
    ]),
  );
}

/** A cell as text: blank and the courts' words for nothing are null; `b6` is a value that is withheld. */
export function text(row: CourtRow, column: string): string | Lost | null {
  const value = (row[column] ?? "").trim();
  if (value === "" || value === "N/A" || value === "A.2.a") return null;
  return value === "b6" ? redacted("CASE") : value;
}

/** `2026-10-19 00:00:00`: always a day; times stand in columns of their own. */
export function day(row: CourtRow, column: string): string | Lost | null {
  const read = text(row, column);
  if (typeof read !== "string") return read;
  const found = /^(\d{4}-\d\d-\d\d)( 00:00:00)?$/.exec(read)?.[1];
  return found !== undefined && isDay(found) ? found : unreadable("CASE");
}

/** Motions that were marked as deleted are none. */
export const isDeleted = (row: CourtRow): boolean => text(row, "blnDeleted") === "1";

/** The day at the westernmost court (Honolulu): no time to appeal is over, and no hearing past, while it lasts there. */
export const courtDay = ({ asOf }: Court): string =>
  new Date(Date.parse(asOf) - 10 * 3_600_000).toISOString().slice(0, 10);
