/**
 * Stays of removal out of CASE's rows, by the law: 8 CFR 1003.6(a) (time to appeal, timely appeal), 1003.23(b)(4)(ii)
 * (motion to reopen an order made in absentia, and the appeal of its denial), granted stays, and those of the federal
 * courts. Where schema and format description are silent the law decides, and the comment says so.
 */
import { known, Listed } from "./answer.ts";
import { type Court, type CourtCase, type CourtRow, casesOf, courtDay, day, isDeleted, text } from "./court.ts";
import type { Keys } from "./obim.ts";

type Stay = {
  readonly state: "IN_FORCE" | "UNKNOWN" | "NOT_FOUND_IN_SOURCES_THAT_ANSWERED";
  readonly basis: string | null;
  readonly since: string | null;
  readonly until: string | null;
};

const because = (state: Stay["state"], basis: string | null, since: string | null = null): Stay => ({
  state,
  basis,
  since,
  until: null,
});

/** CASE finds by A-number alone: of a person without one it was not asked, and "no stay" would be a guess. */
export function staysOf(court: Court, keys: Keys): unknown {
  const today = courtDay(court);
  const found = casesOf(court, keys).flatMap((each) => staysIn(each, today));
  const nothing = keys.aNumbers.size === 0 ? "UNKNOWN" : "NOT_FOUND_IN_SOURCES_THAT_ANSWERED";
  const stays = found.length > 0 ? found : [because(nothing, null)];
  return new Listed(
    stays.map((each) => ({ ...each, source: { system: "CASE", asOf: court.asOf } })),
    [],
  );
}

function staysIn(each: CourtCase, today: string): Stay[] {
  return [
    ...(each.damaged.size > 0 ? [because("UNKNOWN", null)] : []),
    ...byLaw(each),
    ...appealWindows(each, today),
    ...pendingAppeals(each),
    ...grantedStays(each),
    ...federalStays(each),
    ...(noticeWithoutMotion(each) ? [because("UNKNOWN", null)] : []),
  ];
}

/**
 * Decisions by which a person may be removed. A voluntary departure carries an alternate order of removal (8 CFR
 * 1240.26(d)); where only withholding is decided, its denial lets an earlier order be carried out. Reviews of a fear
 * finding (CFR, RFR) order nothing and cannot be appealed.
 */
const removalCodes: Readonly<Record<string, string>> = { RMV: "XV", DEP: "DV", EXC: "E", AOC: "XVDZ", WHO: "XVDZ" };

function removalOrders({ rows }: CourtCase): readonly CourtRow[] {
  return rows("B_TblProceeding").filter((row) => {
    const [caseType, decision] = [word(row, "CASE_TYPE"), word(row, "DEC_CODE")];
    return (
      word(row, "COMP_DATE") !== null && decision !== null && (removalCodes[caseType ?? ""] ?? "").includes(decision)
    );
  });
}

const isInAbsentia = (order: CourtRow): boolean => word(order, "ABSENTIA") === "Y";
const motionsOf = ({ rows }: CourtCase) => rows("tbl_Court_Motions").filter((row) => !isDeleted(row));
const isPendingMotion = (row: CourtRow): boolean => word(row, "DEC") === null && word(row, "COMP_DATE") === null;
/** Granted, denied, dismissed, moot, withdrawn, not prosecuted, other. Sent on to the Board (J), it is not disposed of. */
const isDisposedOf = (row: CourtRow): boolean => "GDUMWFO".includes(word(row, "DEC") ?? "?");
const isPendingAppeal = (row: CourtRow): boolean => word(row, "datBIADecision") === null;
const isCaseAppeal = (row: CourtRow): boolean =>
  word(row, "strAppealCategory") === "IJ" && !/bond/i.test(word(row, "strAppealType") ?? "");

/** The motion that stays an order made in absentia, and the appeal when it was denied. */
function byLaw(each: CourtCase): Stay[] {
  const absent = removalOrders(each).some(isInAbsentia);
  const reopening = motionsOf(each).filter((row) => word(row, "REC_TYPE") === "MA");
  const denied = reopening.some((row) => word(row, "DEC") === "D");
  const appealed = each
    .rows("tblAppeal")
    .filter((row) => word(row, "strAppealCategory") === "MA" && isPendingAppeal(row));
  return [
    ...reopening
      .filter((row) => !isDisposedOf(row))
      .map((row) => {
        const state = absent && isPendingMotion(row) ? "IN_FORCE" : "UNKNOWN";
        return because(state, "MA_PENDING", date(row, "MOTION_RECD_DATE"));
      }),
    ...appealed.map((row) =>
      because(absent && denied ? "IN_FORCE" : "UNKNOWN", "MA_APPEAL_PENDING", date(row, "datAppealFiled")),
    ),
  ];
}

/**
 * The time to appeal, while no appeal is pending and the alien has had none decided: the government's, withdrawn, leaves
 * the alien's own time as it was. An order made in absentia has none.
 */
function appealWindows(each: CourtCase, today: string): Stay[] {
  return removalOrders(each).flatMap((order): Stay[] => {
    const due = dueDate(order);
    if (isInAbsentia(order) || takesTheTime(each, order) || (due !== null && due < today)) return [];
    const reserved = due !== null && ["A", "B"].includes(word(order, "APPEAL_RSVD") ?? "");
    return [{ ...because(reserved ? "IN_FORCE" : "UNKNOWN", "APPEAL_WINDOW", date(order, "COMP_DATE")), until: due }];
  });
}

/** Appeals of a removal order that the Board has not decided; late ones settle nothing. */
function pendingAppeals(each: CourtCase): Stay[] {
  const orders = removalOrders(each);
  const pending = each.rows("tblAppeal").filter((row) => isCaseAppeal(row) && isPendingAppeal(row));
  return pending.flatMap((appeal): Stay[] => {
    const filed = date(appeal, "datAppealFiled");
    const order = orders.find((row) => row.IDNPROCEEDING === appeal.idnProceeding);
    const due = order === undefined || isInAbsentia(order) ? null : dueDate(order);
    const known = each.rows("B_TblProceeding").some((row) => row.IDNPROCEEDING === appeal.idnProceeding);
    // The government's appeal of a decision that removes nobody has nothing to stay.
    if (order === undefined && known) return [];
    const timely = filed !== null && due !== null && filed <= due;
    return [because(timely ? "IN_FORCE" : "UNKNOWN", "APPEAL_PENDING", filed)];
  });
}

const appealsFrom = ({ rows }: CourtCase, order: CourtRow): readonly CourtRow[] =>
  rows("tblAppeal").filter((row) => isCaseAppeal(row) && row.idnProceeding === order.IDNPROCEEDING);

const takesTheTime = (each: CourtCase, order: CourtRow): boolean =>
  appealsFrom(each, order).some((row) => isPendingAppeal(row) || ["A", "B"].includes(word(row, "strFiledBy") ?? ""));

const reopeningKinds = ["MA", "O", "MC", "RD"];

/**
 * A stay that a judge or the Board granted holds until the motion or appeal that it goes with is decided. Decided on the
 * same day, the rows do not tell which came first.
 */
function grantedStays(each: CourtCase): Stay[] {
  const motions = motionsOf(each);
  const granted = motions.filter((row) => word(row, "STAY_GRANT") === "G" || isGrantedRequest(row));
  const decisions = [
    ...motions
      .filter((row) => reopeningKinds.includes(word(row, "REC_TYPE") ?? ""))
      .map((row) => date(row, "COMP_DATE")),
    ...each
      .rows("tblAppeal")
      .filter(isCaseAppeal)
      .map((row) => date(row, "datBIADecision")),
  ];
  return granted.flatMap((row): Stay[] => {
    const since = date(row, "COMP_DATE");
    const open = decisions.filter((on) => on === null || since === null || on >= since);
    if (open.length === 0 || open.includes(null)) return [because("IN_FORCE", "STAY_GRANTED", since)];
    return open.includes(since) ? [because("UNKNOWN", "STAY_GRANTED", since)] : [];
  });
}

const isGrantedRequest = (row: CourtRow): boolean => word(row, "REC_TYPE") === "SY" && word(row, "DEC") === "G";

function federalStays({ rows }: CourtCase): Stay[] {
  const ordered = rows("tblAppealFedCourts").filter((row) => word(row, "strFedCourtDecision") === "STY");
  return ordered.map((row) => because("IN_FORCE", "FEDERAL_COURT_STAY", date(row, "datRequestedByOIL")));
}

/** The court announced a stay, and no motion stands that it could go with. */
function noticeWithoutMotion(each: CourtCase): boolean {
  const announced = each
    .rows("tbl_schedule")
    .some((row) => ["0T", "1Q", "Q1"].includes(word(row, "NOTICE_CODE") ?? ""));
  return announced && !motionsOf(each).some((row) => [...reopeningKinds, "SY"].includes(word(row, "REC_TYPE") ?? ""));
}

/** Legal holidays as the Office of Personnel Management lists them, month and day by year. */
const holidays: Readonly<Record<string, string>> = {
  2023: "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25",
  2024: "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
  2025: "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
  2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
  2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
};

/**
 * The last day for an appeal: as recorded, else thirty days from the decision; when that is no business day, the next
 * that is one (8 CFR 1003.38(b)).
 */
function dueDate(order: CourtRow): string | null {
  const recorded = word(order, "DATE_APPEAL_DUE_STATUS") !== null;
  const from = date(order, recorded ? "DATE_APPEAL_DUE_STATUS" : "COMP_DATE");
  if (from === null) return null;
  const last = new Date(`${from}T00:00:00Z`);
  if (!recorded) last.setUTCDate(last.getUTCDate() + 30);
  const printed = () => last.toISOString().slice(0, 10);
  const isClosed = () =>
    [0, 6].includes(last.getUTCDay()) || (holidays[printed().slice(0, 4)] ?? "").includes(printed().slice(5));
  while (isClosed()) last.setUTCDate(last.getUTCDate() + 1);
  return printed();
}

/** Boards' decisions that leave the order as it was. */
const affirmed = ["DIS", "SAF", "SUD", "WDL"];

/**
 * No appeal stands or can still be filed in time, and no motion that stays the order by law is pending. Not known where
 * rows cannot be read, nobody recorded who reserved an appeal, or the order was reopened or remanded; nor of a completion
 * that decides nothing.
 */
export function isFinal(court: Court, each: CourtCase, order: CourtRow): boolean | null {
  if (word(order, "DEC_CODE") === null) return null;
  const today = courtDay(court);
  const isRemoval = removalOrders(each).includes(order);
  const standing = isRemoval ? [...byLaw(each), ...pendingAppeals(each)] : [];
  if (standing.some(({ state }) => state === "IN_FORCE")) return false;
  const appeals = appealsFrom(each, order);
  if (appeals.some(isPendingAppeal)) return isRemoval ? null : false;
  const due = dueDate(order);
  const hasWindow = !isInAbsentia(order) && !["CFR", "RFR"].includes(word(order, "CASE_TYPE") ?? "");
  if (hasWindow && !takesTheTime(each, order) && due !== null && today <= due)
    return word(order, "APPEAL_RSVD") === null ? null : false;
  const reopened = motionsOf(each).some(
    (row) => reopeningKinds.includes(word(row, "REC_TYPE") ?? "") && word(row, "DEC") === "G",
  );
  const upheld = appeals.every((row) => affirmed.includes(word(row, "strBIADecision") ?? ""));
  return reopened || !upheld || standing.length > 0 || each.damaged.size > 0 ? null : true;
}

/** A code in capitals; blank and withheld alike are null here: neither settles anything. */
const word = (row: CourtRow, column: string): string | null => known(text(row, column))?.toUpperCase() ?? null;
const date = (row: CourtRow, column: string): string | null => known(day(row, column));
