/**
 * Publishes a snapshot: one pass over the population writes every table to a folder, in the format of the public
 * release with its defects. Nobody is held in memory, and what has been published never changes.
 */
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import type { CaseFile, PersonFile } from "../population/types.ts";
import { chance, hash } from "./hash.ts";
import { lookups } from "./lookups.ts";
import { columns, type Row, rowsOf, type TableName, tableNames } from "./tables.ts";

export type Defects = {
  /** Share of a table's rows that an extra tab has shifted. deportationdata/eoir's logs: 101 of 12,610,093 and 71 of 16,467,602. */
  readonly shiftedRates: Readonly<Partial<Record<TableName, number>>>;
  /** So rare that a small population would have none: at least so many, as long as there are enough rows. */
  readonly shiftedAtLeast: Readonly<Partial<Record<TableName, number>>>;
  /** One row in so many has a NUL byte in it. */
  readonly nulOneIn: number;
};

export const publishedDefects: Defects = {
  shiftedRates: { A_TblCase: 101 / 12_610_093, B_TblProceeding: 71 / 16_467_602 },
  shiftedAtLeast: { A_TblCase: 3, B_TblProceeding: 2, tbl_schedule: 1 },
  nulOneIn: 60,
};

export type Publication = {
  readonly folder: string;
  /** ISO instant of the snapshot. */
  readonly snapshotDate: string;
  readonly persons: Iterable<PersonFile>;
  /** This person's cases as they stand in the snapshot. */
  readonly casesOf: (file: PersonFile) => readonly CaseFile[];
  /** Cases never damaged: the scenarios' own. */
  readonly spared: (file: PersonFile) => boolean;
  readonly defects: Defects;
  readonly progress: (line: string) => void;
};

/** Writes every file and `Count.txt`, which states how many rows each has. Returns the counts. */
export async function publish(publication: Publication): Promise<Readonly<Record<string, number>>> {
  const { folder, snapshotDate, persons, casesOf, spared, defects, progress } = publication;
  await mkdir(folder, { recursive: true });
  const files = new Map<TableName, TableFile>();
  try {
    for (const table of tableNames) files.set(table, await createTable(folder, table, columns[table]));
    const damage = damager(defects);
    let seen = 0;
    for (const person of persons) {
      for (const file of casesOf(person)) {
        const rows = rowsOf(file);
        for (const table of tableNames)
          for (const row of rows[table]) {
            const line = lineOf(table, row);
            files.get(table)!.add(spared(person) ? line : damage(table, row, line));
          }
      }
      seen += 1;
      if (seen % 256 === 0) {
        for (const file of files.values()) await file.flush();
        await breathe();
      }
      if (seen % 100_000 === 0) progress(`case     snapshot: ${seen.toLocaleString("en-US")} persons written`);
    }
    const counts: Record<string, number> = {};
    for (const [table, file] of files) counts[table] = await file.end();
    for (const [name, { columns: names, rows }] of Object.entries(lookups)) {
      const file = await createTable(folder, name, names);
      files.set(name as TableName, file);
      for (const row of rows) file.add(row.join("\t"));
      counts[name] = await file.end();
    }
    await writeCounts(folder, snapshotDate, counts);
    return counts;
  } finally {
    for (const file of files.values()) await file.close();
  }
}

/** First line: the snapshot's date, which the public release states on its web page only. Then a line for each table. */
async function writeCounts(folder: string, snapshotDate: string, counts: Readonly<Record<string, number>>) {
  const date = snapshotDate.replace("T", " ").replace("Z", "");
  const lines = [`SnapshotDate\t${date}`, ...Object.entries(counts).map(([table, count]) => `${table}\t${count}`)];
  const file = await open(join(folder, "Count.txt"), "w");
  await file.writeFile(`${lines.join("\r\n")}\r\n`);
  await file.close();
}

type TableFile = { add(line: string): void; flush(): Promise<void>; end(): Promise<number>; close(): Promise<void> };

async function createTable(folder: string, name: string, header: readonly string[]): Promise<TableFile> {
  let handle: FileHandle | null = await open(join(folder, `${name}.csv`), "w");
  let waiting = `${header.join("\t")}\r\n`;
  let rows = 0;
  const flush = async () => {
    const bytes = latin1(waiting);
    waiting = "";
    await handle?.write(bytes);
  };
  const close = async () => {
    await handle?.close();
    handle = null;
  };
  return {
    add(line) {
      waiting += `${line}\r\n`;
      rows += 1;
    },
    flush,
    async end() {
      await flush();
      await close();
      return rows;
    },
    close,
  };
}

/** What Latin-1 has no place for becomes a question mark. */
function latin1(text: string): Buffer {
  return Buffer.from(text.replace(/[^\x00-\xff]/g, "?"), "latin1");
}

/** No quoting: what would break the line is a blank. */
function lineOf(table: TableName, row: Row): string {
  return columns[table].map((column) => (row[column] ?? "").replace(/[\t\r\n]/g, " ")).join("\t");
}

function damager(defects: Defects): (table: TableName, row: Row, line: string) => string {
  const shifted: Partial<Record<TableName, number>> = {};
  return (table, row, line) => {
    const id = `${table}:${row[columns[table][0] as string]}`;
    const due = (shifted[table] ?? 0) < (defects.shiftedAtLeast[table] ?? 0) && chance(`${id}:due`, 40);
    if (due || hash(`${id}:shift`) / 2 ** 32 < (defects.shiftedRates[table] ?? 0)) {
      shifted[table] = (shifted[table] ?? 0) + 1;
      return withExtraTab(table, line, hash(`${id}:where`));
    }
    return chance(`${id}:nul`, defects.nulOneIn) ? withNul(line, hash(`${id}:where`)) : line;
  };
}

/** Somewhere after the key columns, as in the public release: free text there holds the tab. */
function withExtraTab(table: TableName, line: string, where: number): string {
  const fields = line.split("\t");
  const firstFree = columns[table].findIndex((column) => !/^idn/i.test(column));
  const at = firstFree + (where % (fields.length - firstFree));
  return fields.toSpliced(at, 0, "").join("\t");
}

function withNul(line: string, where: number): string {
  const at = where % (line.length + 1);
  return `${line.slice(0, at)}\0${line.slice(at)}`;
}
