/**
 * The snapshot in an embedded store: one table for each file, found by whole-number keys, each row's kept columns as one
 * text. Written once, then only read.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { UnreadableRow } from "#kit/decoded.ts";
import { type TableFormat, type TableName, tableFormats } from "./snapshot.ts";

/** A row in CASE's own column names, and where it stands. Empty columns are null. */
export type PlacedRow = { readonly position: string; readonly values: Readonly<Record<string, string | null>> };
/** One case as its system holds it: every table's rows of it, and those that could not be read. */
export type CaseRows = {
  readonly id: string;
  readonly tables: Readonly<Partial<Record<TableName, readonly PlacedRow[]>>>;
  readonly unreadable: readonly UnreadableRow[];
};

export type CaseStore = {
  readonly snapshotDate: string;
  readonly path: string;
  /** The cases under this A-number (nine digits). Well under a millisecond. */
  find(aNumber: string): readonly CaseRows[];
  /** All rows of a small table. */
  rows(table: TableName): readonly PlacedRow[];
  close(): void;
};

export type StoreWriter = {
  begin(format: TableFormat, columns: readonly string[]): TableWriter;
  finish(meta: { readonly snapshotDate: string; readonly fingerprint: string }): void;
  close(): void;
};

export type TableWriter = {
  row(line: number, first: number, second: number, kept: string): void;
  /** `keys`: those by which the row would have been found, as far as they can be read. */
  unreadable(line: number, field: string, keys: readonly number[]): void;
  end(): void;
};

/** Changes whenever the tables or the kept columns do: an older store is then not used. */
const storeVersion = "1";
const readingCacheKiB = 65_536;
/** Mapped pages are the system's to take back; reading through them saves a third of a look-up. */
const mappedBytes = 1024 * 1024 * 1024;
const loadingCacheKiB = 131_072;

/** A new store; the file must not exist. Nothing is safe until `finish`: a store without its mark is never opened. */
export function createStore(path: string): StoreWriter {
  const db = new DatabaseSync(path);
  // Nothing to recover: a load that is interrupted starts again from the files.
  db.exec(`PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;
    PRAGMA cache_size=-${loadingCacheKiB};
    CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE layout(name TEXT PRIMARY KEY, columns TEXT);
    CREATE TABLE unreadable(name TEXT, line INTEGER, field TEXT, first INTEGER);`);
  return {
    begin({ name, keys }, columns) {
      const bare = columns.length === 0;
      db.exec(`CREATE TABLE "${name}"(first INTEGER, second INTEGER${bare ? "" : ", kept TEXT"})`);
      db.prepare("INSERT INTO layout VALUES (?, ?)").run(name, columns.join("\t"));
      const insert = db.prepare(
        `INSERT INTO "${name}"(rowid, first, second${bare ? "" : ", kept"}) VALUES (?, ?, ?${bare ? "" : ", ?"})`,
      );
      const refuse = db.prepare("INSERT INTO unreadable VALUES (?, ?, ?, ?)");
      const second = keys.length > 1;
      db.exec("BEGIN");
      return {
        row: bare
          ? (line, first, other) => void insert.run(line, first, other)
          : (line, first, other, kept) => void insert.run(line, first, second ? other : null, kept),
        unreadable(line, field, known) {
          for (const each of known.length === 0 ? [null] : new Set(known)) refuse.run(name, line, field, each);
        },
        end() {
          db.exec("COMMIT");
          if (keys.length > 0) db.exec(`CREATE INDEX "${name} by first" ON "${name}"(first)`);
          if (name === "tbl_Lead_Rider") db.exec(`CREATE INDEX "${name} by second" ON "${name}"(second)`);
        },
      };
    },
    finish({ snapshotDate, fingerprint }) {
      db.exec("CREATE INDEX unreadable_by_first ON unreadable(first)");
      const mark = db.prepare("INSERT INTO meta VALUES (?, ?)");
      mark.run("snapshotDate", snapshotDate);
      mark.run("fingerprint", fingerprint);
      mark.run("version", storeVersion);
    },
    close: () => db.close(),
  };
}

/** A finished store, for reading; null for a file that is none, is unfinished, or holds another snapshot. */
export function openStore(path: string, fingerprint?: string): CaseStore | null {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    db.exec(`PRAGMA cache_size=-${readingCacheKiB}; PRAGMA mmap_size=${mappedBytes}`);
    const meta = new Map(
      db
        .prepare("SELECT name, value FROM meta")
        .all()
        .map(({ name, value }) => [String(name), String(value)]),
    );
    const snapshotDate = meta.get("snapshotDate");
    const right = fingerprint === undefined || meta.get("fingerprint") === fingerprint;
    if (snapshotDate !== undefined && right && meta.get("version") === storeVersion)
      return reading(db, path, snapshotDate);
  } catch {
    // Not a database, or not one of ours.
  }
  db?.close();
  return null;
}

function reading(db: DatabaseSync, path: string, snapshotDate: string): CaseStore {
  const layouts = new Map(
    db
      .prepare("SELECT name, columns FROM layout")
      .all()
      .map(({ name, columns }) => [String(name), String(columns) === "" ? [] : String(columns).split("\t")]),
  );
  const select = (name: TableName, where: string): StatementSync =>
    db.prepare(`SELECT rowid AS line, kept FROM "${name}" ${where} ORDER BY rowid`);
  const byCase = tableFormats
    .filter(({ keys }) => /^idncase$/i.test(keys[0] ?? ""))
    .map(({ name }) => ({ name, statement: select(name, "WHERE first = ?") }));
  const riders = select("tbl_Lead_Rider", "WHERE first = ?1 OR second = ?1");
  const federal = select("tblAppealFedCourts", "WHERE first = ?");
  const casesOf = db.prepare('SELECT DISTINCT second AS id FROM "tbl_AlienNumber" WHERE first = ? ORDER BY id');
  const unreadableOf = db.prepare("SELECT name, line, field FROM unreadable WHERE first = ? ORDER BY rowid");

  const placed = (name: TableName, found: readonly Record<string, unknown>[]): PlacedRow[] => {
    const columns = layouts.get(name) ?? [];
    return found.map(({ line, kept }) => {
      const texts = String(kept).split("\t");
      return {
        position: `${name} line ${line}`,
        values: Object.fromEntries(columns.map((column, at) => [column, texts[at] || null])),
      };
    });
  };
  /** A table keyed by appeals has numbers of its own: the same number may be a case elsewhere. */
  const missing = (first: number, ofAppeals: boolean): UnreadableRow[] =>
    unreadableOf
      .all(first)
      .filter(({ name }) => (name === "tblAppealFedCourts") === ofAppeals)
      .map(({ name, line, field }) => ({
        system: "CASE",
        field: `${name}.${field}`,
        position: `${name} line ${line}`,
      }));

  const caseOf = (id: number): CaseRows => {
    const tables: Partial<Record<TableName, readonly PlacedRow[]>> = {};
    for (const { name, statement } of byCase) tables[name] = placed(name, statement.all(id));
    tables.tbl_Lead_Rider = placed("tbl_Lead_Rider", riders.all(id));
    const appeals = (tables.tblAppeal ?? []).map(({ values }) => Number(values.idnAppeal)).filter(Number.isSafeInteger);
    tables.tblAppealFedCourts = appeals.flatMap((appeal) => placed("tblAppealFedCourts", federal.all(appeal)));
    const unreadable = [...missing(id, false), ...appeals.flatMap((appeal) => missing(appeal, true))];
    return { id: String(id), tables, unreadable };
  };

  return {
    snapshotDate,
    path,
    find: (aNumber) => casesOf.all(Number(aNumber)).map(({ id }) => caseOf(Number(id))),
    rows: (table) => placed(table, select(table, "").all()),
    close: () => db.close(),
  };
}
