/** Court cases as the schema describes them, from CASE's rows. */
import { known, Listed, Lost, ordered, unreadable } from "./answer.ts";
import {
  type Court,
  type CourtCase,
  type CourtRow,
  casesOf,
  courtDay,
  day,
  isDeleted,
  type Table,
  text,
} from "./court.ts";
import { isFinal } from "./court-stays.ts";
import type { Keys } from "./obim.ts";

export function courtCasesOf(court: Court, keys: Keys): unknown {
  const cases = casesOf(court, keys);
  const readable = cases.filter(({ rows }) => rows("A_TblCase").length > 0);
  const inOrder = ordered(readable, openedOn, ({ id }) => id);
  return new Listed(
    inOrder.map((each) => ({
      id: each.id,
      caseType: text(each.rows("A_TblCase")[0]!, "CASE_TYPE"),
      nextHearing: nextHearing(each, courtDay(court)),
      orders: ordersOf(court, each),
      motions: listed(each, "tbl_Court_Motions", motionsOf(each)),
      appeals: listed(each, "tblAppeal", appealsOf(each)),
      source: { system: "CASE", asOf: court.asOf },
    })),
    // A case of which any row cannot be read is not whole, whichever of its lists that row belongs to.
    cases.some(({ damaged }) => damaged.size > 0) ? ["CASE"] : [],
  );
}

/** The earliest charging document. */
function openedOn({ rows }: CourtCase): string | null {
  const days = rows("B_TblProceeding").map((row) => known(day(row, "OSC_DATE")));
  return days.filter((each) => each !== null).sort()[0] ?? null;
}

const listed = ({ damaged }: CourtCase, table: Table, records: readonly unknown[]): Listed =>
  new Listed(records, damaged.has(table) ? ["CASE"] : []);

/** The earliest hearing from today on that has not been adjourned. */
function nextHearing({ rows, damaged }: CourtCase, today: string): unknown {
  if (damaged.has("tbl_schedule")) return unreadable("CASE");
  const coming = rows("tbl_schedule").filter((row) => {
    const on = known(day(row, "ADJ_DATE"));
    return on !== null && on >= today && text(row, "ADJ_RSN") === null;
  });
  const at = (row: CourtRow) => {
    const time = known(clock(row));
    return `${known(day(row, "ADJ_DATE"))}${time === null ? "" : `T${time}`}`;
  };
  const first = ordered(coming, at, (row) => row.IDNSCHEDULE ?? "")[0];
  return first === undefined
    ? null
    : { at: at(first), kind: text(first, "SCHEDULE_TYPE"), location: text(first, "HEARING_LOC_CODE") };
}

/** `0930`, from some courts `9:30`. */
function clock(row: CourtRow): string | Lost | null {
  const read = text(row, "ADJ_TIME_START");
  if (typeof read !== "string") return read;
  const [, hours = "", minutes = ""] = /^(\d{1,2}):?(\d\d)$/.exec(read) ?? [];
  return hours !== "" && Number(hours) < 24 && Number(minutes) < 60
    ? `${hours.padStart(2, "0")}:${minutes}`
    : unreadable("CASE");
}

/** One for each completed proceeding, in CASE's words for this case type. */
function ordersOf(court: Court, courtCase: CourtCase): unknown {
  const completed = courtCase.rows("B_TblProceeding").filter((row) => day(row, "COMP_DATE") !== null);
  const inOrder = ordered(
    completed,
    (row) => day(row, "COMP_DATE"),
    (row) => row.IDNPROCEEDING ?? "",
  );
  const records = inOrder.map((row) => ({
    kind: decisionIn(court, courtCase, row),
    decidedAt: day(row, "COMP_DATE"),
    inAbsentia: yesNo(row, "ABSENTIA"),
    final: isFinal(court, courtCase, row),
  }));
  return listed(courtCase, "B_TblProceeding", records);
}

function decisionIn({ decisions }: Court, { rows }: CourtCase, row: CourtRow): string | Lost | null {
  const caseType = rows("A_TblCase")[0]?.CASE_TYPE;
  const [decision, other] = [text(row, "DEC_CODE"), text(row, "OTHER_COMP")];
  if (decision instanceof Lost || (decision === null && other === null)) return decision;
  const words =
    decision === null ? decisions.get(`${caseType} O ${other}`) : decisions.get(`${caseType} C ${decision}`);
  return words ?? unreadable("CASE");
}

function yesNo(row: CourtRow, column: string): boolean | Lost | null {
  const read = text(row, column);
  return typeof read !== "string" ? read : read === "Y" ? true : read === "N" ? false : unreadable("CASE");
}

function motionsOf({ rows }: CourtCase): readonly unknown[] {
  const standing = rows("tbl_Court_Motions").filter((row) => !isDeleted(row));
  return ordered(
    standing,
    (row) => day(row, "MOTION_RECD_DATE"),
    (row) => row.IDNMOTION ?? "",
  ).map((row) => ({ kind: text(row, "REC_TYPE"), filedAt: day(row, "MOTION_RECD_DATE"), decision: text(row, "DEC") }));
}

function appealsOf({ rows }: CourtCase): readonly unknown[] {
  return ordered(
    rows("tblAppeal"),
    (row) => day(row, "datAppealFiled"),
    (row) => row.idnAppeal ?? "",
  ).map((row) => ({ filedAt: day(row, "datAppealFiled"), decision: text(row, "strBIADecision") }));
}
