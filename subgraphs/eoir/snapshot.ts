/**
 * The format of EOIR's published snapshot: `.csv` names, but tab-separated, unquoted, Latin-1, with NUL bytes here and
 * there, a header row, and a `Count.txt` that states how many rows each file has. Bytes in, rows out; nothing is kept.
 */
import { SourceError } from "#kit/source.ts";

export type TableName =
  | "A_TblCase"
  | "B_TblProceeding"
  | "tbl_schedule"
  | "tbl_Court_Motions"
  | "tblAppeal"
  | "tblAppealFedCourts"
  | "tbl_Lead_Rider"
  | "tbl_JuvenileHistory"
  | "tbl_AlienNumber"
  | "tblLookupCourtDecision"
  | "tblLookup_Juvenile";

export type TableFormat = {
  readonly name: TableName;
  /** One or two whole numbers by which rows are found; the first is the case, where the table has one. */
  readonly keys: readonly string[];
  /** The columns that are kept, beside the keys. INVARIANT: what no field is answered from is not copied. */
  readonly columns: readonly string[];
};

/** Everything that the subgraph reads of the snapshot. */
export const tableFormats: readonly TableFormat[] = [
  table(
    "A_TblCase",
    "IDNCASE",
    "IDNCASE ALIEN_CITY ALIEN_STATE ALIEN_ZIPCODE UPDATED_CITY UPDATED_STATE UPDATED_ZIPCODE ADDRESS_CHANGEDON CASE_TYPE",
  ),
  table(
    "B_TblProceeding",
    "IDNCASE",
    "IDNPROCEEDING IDNCASE OSC_DATE DEC_CODE OTHER_COMP APPEAL_RSVD COMP_DATE ABSENTIA DATE_APPEAL_DUE_STATUS CASE_TYPE",
  ),
  table(
    "tbl_schedule",
    "IDNCASE",
    "IDNSCHEDULE IDNCASE HEARING_LOC_CODE ADJ_DATE ADJ_TIME_START ADJ_RSN SCHEDULE_TYPE NOTICE_CODE",
  ),
  table(
    "tbl_Court_Motions",
    "IDNCASE",
    "IDNMOTION IDNPROCEEDING IDNCASE REC_TYPE DEC COMP_DATE MOTION_RECD_DATE STAY_GRANT strFilingParty blnDeleted",
  ),
  table(
    "tblAppeal",
    "idncase",
    "idnAppeal idncase idnProceeding strAppealCategory strAppealType datAppealFiled strFiledBy datBIADecision strBIADecision",
  ),
  table("tblAppealFedCourts", "lngAppealID", "idnAppealFedCourts lngAppealID datRequestedByOIL strFedCourtDecision"),
  table("tbl_Lead_Rider", "idnLeadCase idnRiderCase", "idnLeadRider idnLeadCase idnRiderCase datSeveredOn blnActive"),
  table("tbl_JuvenileHistory", "idnCase", "idnJuvenileHistory idnCase idnJuvenile datCreatedOn"),
  table("tbl_AlienNumber", "ALIEN_NBR IDNCASE", ""),
  table("tblLookupCourtDecision", "", "strCaseType strDecCode strDecDescription strDecType"),
  table("tblLookup_Juvenile", "", "idnJuvenile strCode"),
];

function table(name: TableName, keys: string, columns: string): TableFormat {
  const list = (text: string) => text.split(" ").filter((each) => each !== "");
  return { name, keys: list(keys), columns: list(columns) };
}

export type Counts = { readonly snapshotDate: string; readonly rows: ReadonlyMap<string, number> };

/** `Count.txt`. Throws SOURCE_INVALID unless it states the snapshot's date and a whole number for every other line. */
export function parseCounts(bytes: Buffer): Counts {
  const lines = bytes
    .toString("latin1")
    .replaceAll("\0", "")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  const rows = new Map<string, number>();
  let snapshotDate: string | null = null;
  for (const line of lines) {
    const [name = "", value = "", ...rest] = line.split("\t");
    const date = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(value);
    if (name === "SnapshotDate" && date !== null && snapshotDate === null) snapshotDate = `${date[1]}T${date[2]}Z`;
    else if (/^\d{1,12}$/.test(value) && rest.length === 0 && !rows.has(name)) rows.set(name, Number(value));
    else throw new SourceError("SOURCE_INVALID", "CASE");
  }
  if (snapshotDate === null || Number.isNaN(Date.parse(snapshotDate))) throw new SourceError("SOURCE_INVALID", "CASE");
  return { snapshotDate, rows };
}

export type RowSink = {
  /** Columns to be kept, in the order in which the file has them; called once, before any row. */
  header(columns: readonly string[]): void;
  /** `line` counts from 1, which is the header. `kept`: the kept columns' text, joined by tabs. */
  row(line: number, first: number, second: number, kept: string): void;
  /** `keys`: those of the row's keys that can be relied on, all the same. */
  unreadable(line: number, field: string, keys: readonly number[]): void;
};

export type RowReader = {
  push(chunk: Buffer): void;
  /** Ends the file; returns how many rows it had, unreadable ones included. */
  end(): number;
};

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const ZERO = 48;
const maxLineBytes = 1024 * 1024;

/**
 * Reads one file chunk by chunk. A row is unreadable when it has not as many columns as the header (an extra tab has
 * shifted it) or a key is not a whole number. Throws SOURCE_INVALID when the header lacks a column that is needed or a
 * line never ends.
 */
export function rowReader(format: TableFormat, sink: RowSink): RowReader {
  let carried: Buffer | null = null;
  let line = 0;
  let rows = 0;
  let layout: Layout | null = null;
  let scratch = Buffer.alloc(4096);

  function readLine(bytes: Buffer, from: number, to: number): void {
    line += 1;
    if (layout === null) {
      layout = layoutOf(format, textOf(bytes, from, to));
      sink.header(layout.keptColumns);
      return;
    }
    const { columns, kept, keyAt, places, keys } = layout;
    if (scratch.length < to - from) scratch = Buffer.alloc((to - from) * 2);
    let column = 0;
    let written = 0;
    let number = -1;
    let broken = false;
    // A key can be relied on when it and all columns before it are numbers: then no tab too many stands before it.
    let leading = 0;
    keys[0] = -1;
    keys[1] = -1;
    let content = false;
    for (let at = from; at <= to; at += 1) {
      const byte = at === to ? TAB : (bytes[at] as number);
      if (byte === TAB) {
        const key = keyAt[column];
        const value = broken ? -1 : number;
        if (key !== undefined && key >= 0) keys[key] = value;
        if (leading === column && value >= 0) leading += 1;
        if (kept[column] === 1) scratch[written++] = TAB;
        column += 1;
        number = -1;
        broken = false;
      } else if (byte !== 0 && byte !== CARRIAGE_RETURN) {
        content = true;
        if (kept[column] === 1) scratch[written++] = byte;
        if (byte < ZERO || byte > ZERO + 9) broken = true;
        else if (!broken) {
          number = (number < 0 ? 0 : number * 10) + byte - ZERO;
          if (number > 2_147_483_647) broken = true;
        }
      }
    }
    if (!content && column === 1) return;
    rows += 1;
    const wrong = column === columns ? format.keys.findIndex((_, key) => (keys[key] as number) < 0) : -1;
    if (column !== columns || wrong >= 0) {
      const field = wrong >= 0 ? (format.keys[wrong] as string) : "the number of columns";
      sink.unreadable(
        line,
        field,
        [...keys].slice(0, places.length).filter((_, key) => (places[key] as number) < leading),
      );
      return;
    }
    const first = keys[0] as number;
    sink.row(line, first, keys[1] as number, scratch.toString("latin1", 0, Math.max(0, written - 1)));
  }

  return {
    push(chunk) {
      const bytes = carried === null ? chunk : Buffer.concat([carried, chunk]);
      let from = 0;
      for (let to = bytes.indexOf(LINE_FEED, from); to !== -1; to = bytes.indexOf(LINE_FEED, from)) {
        readLine(bytes, from, to);
        from = to + 1;
      }
      carried = from === bytes.length ? null : bytes.subarray(from);
      if (carried !== null && carried.length > maxLineBytes) throw new SourceError("SOURCE_INVALID", "CASE");
    },
    end() {
      if (carried !== null) readLine(carried, 0, carried.length);
      if (layout === null) throw new SourceError("SOURCE_INVALID", "CASE");
      return rows;
    },
  };
}

type Layout = {
  readonly columns: number;
  readonly keptColumns: readonly string[];
  /** By column: 1 where it is kept. */
  readonly kept: Uint8Array;
  /** By column: which key it is, or -1. */
  readonly keyAt: Int8Array;
  /** By key: its column. */
  readonly places: readonly number[];
  readonly keys: Int32Array;
};

function layoutOf(format: TableFormat, header: string): Layout {
  const names = header.split("\t").map((name) => name.trim().toUpperCase());
  const canonical = new Map([...format.keys, ...format.columns].map((name) => [name.toUpperCase(), name]));
  for (const name of canonical.keys())
    if (names.filter((each) => each === name).length !== 1) throw new SourceError("SOURCE_INVALID", "CASE");
  const wanted = new Set(format.columns.map((name) => name.toUpperCase()));
  const keyAt = new Int8Array(names.length).fill(-1);
  format.keys.forEach((name, key) => {
    keyAt[names.indexOf(name.toUpperCase())] = key;
  });
  return {
    columns: names.length,
    keptColumns: names.filter((name) => wanted.has(name)).map((name) => canonical.get(name) as string),
    kept: Uint8Array.from(names, (name) => (wanted.has(name) ? 1 : 0)),
    keyAt,
    places: format.keys.map((name) => names.indexOf(name.toUpperCase())),
    keys: new Int32Array(2),
  };
}

function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString("latin1", from, to).replace(/[\0\r]/g, "");
}
