/**
 * What the court's records say of stays of removal, and whether an order is final. Pure. Three answers: a
 * stay is IN_FORCE; or the records do not settle it: UNKNOWN; or, when neither was found, NOT_FOUND in this source.
 *
 * INVARIANT: whatever cannot be read, or contradicts itself, makes UNKNOWN and never "not found".
 */
import { type Decoded, isWithheld, known } from "#kit/decoded.ts";
import { dueDay } from "./appeal-time.ts";
import type { Appeal, CaseRecord, Motion, Proceeding } from "./records.ts";

export type StayBasis =
  | "MA_PENDING"
  | "MA_APPEAL_PENDING"
  | "APPEAL_WINDOW"
  | "APPEAL_PENDING"
  | "STAY_GRANTED"
  | "FEDERAL_COURT_STAY";

export type StayFinding = {
  readonly state: "IN_FORCE" | "UNKNOWN" | "NOT_FOUND_IN_SOURCES_THAT_ANSWERED";
  readonly basis: StayBasis | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly courtCaseId: string | null;
};

type Found = Omit<StayFinding, "courtCaseId">;

/** All findings, the cases in their order; never empty. `today`: the day of the records' `asOf`. */
export function staysOf(cases: readonly CaseRecord[], today: string): readonly StayFinding[] {
  const found = cases.flatMap((each) =>
    staysOfCase(each, today).map((stay): StayFinding => ({ ...stay, courtCaseId: each.id })),
  );
  if (found.length > 0) return found;
  return [{ state: "NOT_FOUND_IN_SOURCES_THAT_ANSWERED", basis: null, since: null, until: null, courtCaseId: null }];
}

/**
 * The court was not asked, or could not be: nothing it said earlier may be read as true now. One element, whatever the
 * snapshot holds.
 */
export const notAsked: StayFinding = { state: "UNKNOWN", basis: null, since: null, until: null, courtCaseId: null };

/** Each rule gives what it finds in one case; none sees what another found. */
const rules: readonly ((record: CaseRecord, today: string) => readonly Found[])[] = [
  unreadableRows,
  unknownDecisions,
  motionsToReopenInAbsentia,
  appealsOfReopening,
  appealWindows,
  caseAppeals,
  grantedStays,
  federalStays,
  noticesOfNothing,
];

function staysOfCase(record: CaseRecord, today: string): readonly Found[] {
  return rules.flatMap((rule) => rule(record, today));
}

/** A row that cannot be read may be the one that stays the removal. */
function unreadableRows({ unreadable }: CaseRecord): readonly Found[] {
  return unreadable.length > 0 ? [unknown(null)] : [];
}

/** DEC_CODE is read by case type (tblLookupCourtDecision); a code that we do not know may mean removal or its end. */
function unknownDecisions({ proceedings }: CaseRecord): readonly Found[] {
  return proceedings.some((each) => meaningOf(each) === "UNKNOWN") ? [unknown(null)] : [];
}

/**
 * 8 CFR 1003.23(b)(4)(ii): while a motion to reopen an in-absentia order (REC_TYPE MA) is pending, removal is stayed
 * automatically, whether or not a stay was keyed (STAY_GRANT) or a notice sent. Pending: neither DEC nor COMP_DATE. Where
 * DEC disposes of nothing (J sends the motion on to the Board), or the order that it would reopen is missing, unreadable
 * or not in absentia: UNKNOWN.
 */
function motionsToReopenInAbsentia(record: CaseRecord): readonly Found[] {
  const inAbsentia = orders(record).some((each) => each.inAbsentia === true);
  return record.motions.flatMap((motion): Found[] => {
    if (motion.kind !== "MA" && !unsure(motion.kind)) return [];
    const state = motionState(motion);
    if (state === "DECIDED") return [];
    const certain = motion.kind === "MA" && state === "PENDING" && inAbsentia;
    return [
      { state: certain ? "IN_FORCE" : "UNKNOWN", basis: "MA_PENDING", since: known(motion.filedAt), until: null },
    ];
  });
}

/**
 * The appeal (strAppealCategory MA) from the denial of such a motion stays removal too: 8 CFR 1003.23(b)(4)(ii) with
 * 1003.6(a). The appeal from the denial of an ordinary motion to reopen does not.
 */
function appealsOfReopening(record: CaseRecord): readonly Found[] {
  const appealed = record.appeals.filter(
    (each) => (each.category === "MA" || unsure(each.category)) && appealState(each) !== "DECIDED",
  );
  return appealed.flatMap((appeal): Found[] => {
    const inAbsentia = orders(record).some((each) => each.inAbsentia === true);
    const reopening = record.motions.filter(({ kind }) => kind === "MA" || unsure(kind));
    const basis = { basis: "MA_APPEAL_PENDING", since: known(appeal.filedAt), until: null } as const;
    const denied = reopening.filter((motion) => motion.kind === "MA" && motion.decision === "D");
    const certain = appeal.category === "MA" && appealState(appeal) === "PENDING";
    if (certain && inAbsentia && denied.some((motion) => motion.deleted === false))
      return [{ state: "IN_FORCE", ...basis }];
    if (appeal.category === "MA") {
      // The order was rescinded, and the government appeals: nothing is to be stayed.
      if (reopening.length > 0 && reopening.every(({ decision }) => decision === "G")) return [];
      const ordinary = record.motions.some(({ kind }) => reopeningKinds.has(known(kind) ?? ""));
      if (reopening.length === 0 && ordinary) return [];
    }
    return [{ state: "UNKNOWN", ...basis }];
  });
}

/**
 * 8 CFR 1003.6(a): no order is executed while the time to appeal runs, unless the appeal was waived. Until
 * DATE_APPEAL_DUE_STATUS, else 30 days (8 CFR 1003.38(b)); the due day counts. Reserved by the alien (A) or both (B): in
 * force. Otherwise neither the waiver nor the reservation is on record: UNKNOWN. In-absentia orders have no appeal window.
 */
function appealWindows(record: CaseRecord, today: string): readonly Found[] {
  return orders(record).flatMap((order): Found[] => {
    if (order.inAbsentia === true || appealsOf(record, order).some(takesTheWindow)) return [];
    const due = dueDay(order);
    const window = { basis: "APPEAL_WINDOW", since: known(order.completedOn), until: due } as const;
    if (due === null) return [{ state: "UNKNOWN", ...window }];
    if (today > due) return [];
    const reserved = order.appealReserved === "A" || order.appealReserved === "B";
    return [{ state: reserved && !isWithheld(order.inAbsentia) ? "IN_FORCE" : "UNKNOWN", ...window }];
  });
}

/**
 * 8 CFR 1003.6(a): nor while a timely appeal (strAppealCategory IJ) is pending. A late one may be taken by
 * certification (8 CFR 1003.1(c)): UNKNOWN. Bond and custody appeals stay nothing: 8 CFR 1003.6(c).
 */
function caseAppeals(record: CaseRecord): readonly Found[] {
  return record.appeals.flatMap((appeal): Found[] => {
    if (appeal.category !== "IJ" && !unsure(appeal.category)) return [];
    if (isBond(appeal) === true || appealState(appeal) === "DECIDED") return [];
    const since = known(appeal.filedAt);
    const uncertain: Found = { state: "UNKNOWN", basis: "APPEAL_PENDING", since, until: null };
    const from = record.proceedings.find(({ id }) => id === appeal.proceedingId);
    if (from === undefined) return [uncertain];
    // A case has a proceeding for each venue and reopening: keyed to another, it may still be the order's.
    if (meaningOf(from) !== "REMOVAL") return orders(record).length > 0 ? [uncertain] : [];
    const due = dueDay(from);
    const certain = appeal.category === "IJ" && isBond(appeal) === false && appealState(appeal) === "PENDING";
    const timely = due !== null && since !== null && since <= due && from.inAbsentia !== true;
    return certain && timely && !isWithheld(from.inAbsentia) ? [{ ...uncertain, state: "IN_FORCE" }] : [uncertain];
  });
}

/**
 * 8 CFR 1003.23(b)(1)(v), 1003.2(f): a stay ordered by a judge or the Board, on a motion for it (SY) or keyed with another
 * (STAY_GRANT), until the motion or appeal that it accompanies is decided. Asking for one stays nothing.
 */
function grantedStays(record: CaseRecord): readonly Found[] {
  return record.motions.flatMap((motion): Found[] => {
    const granted = stayGranted(motion);
    if (granted === false) return [];
    const since = motion.kind === "SY" ? known(motion.decidedAt) : null;
    const ended = granted === true ? stayEnded(record, motion) : null;
    if (ended === true) return [];
    return [{ state: ended === false ? "IN_FORCE" : "UNKNOWN", basis: "STAY_GRANTED", since, until: null }];
  });
}

/** 28 USC 2349(b), 8 USC 1252(b)(3)(B): a petition for review stays removal only when the court orders it. */
function federalStays({ federalReviews }: CaseRecord): readonly Found[] {
  return federalReviews.flatMap((review): Found[] => {
    if (review.decision === null) return [];
    const state = review.decision === "STY" ? "IN_FORCE" : "UNKNOWN";
    return [{ state, basis: "FEDERAL_COURT_STAY", since: known(review.orderedOn), until: null }];
  });
}

/** NOTICE_CODE 0T, 1Q and Q1 announce a stay with a motion to reopen; with no such motion on record, nobody can say. */
function noticesOfNothing({ hearings, motions }: CaseRecord): readonly Found[] {
  const announced = hearings.some(({ notice }) => isWithheld(notice) || (notice !== null && stayNotices.has(notice)));
  const explained = motions.some(({ kind }) => unsure(kind) || reopeningKinds.has(kind as string) || kind === "SY");
  return announced && !explained ? [unknown(null)] : [];
}

const stayNotices = new Set(["0T", "1Q", "Q1"]);
const reopeningKinds = new Set(["MA", "O", "MC", "RD"]);

/**
 * No appeal stands or can still be filed in time, and no motion that stays the order by law is pending. Null: not known,
 * also where the order has been reopened or remanded, and for completions that decide nothing (OTHER_COMP).
 */
export function isFinal(record: CaseRecord, order: Proceeding, today: string): boolean | null {
  const meaning = meaningOf(order);
  if (meaning === "UNKNOWN" || order.decision === null) return null;
  const appeals = appealsOf(record, order);
  const due = dueDay(order);
  const absent = order.inAbsentia;
  const stayed = [...motionsToReopenInAbsentia(record), ...appealsOfReopening(record), ...caseAppeals(record)];
  if (meaning === "REMOVAL" && stayed.some(({ state }) => state === "IN_FORCE")) return false;
  const pending = appeals.some((each) => appealState(each) === "PENDING");
  if (pending && absent !== true && due !== null) return meaning === "REMOVAL" ? null : false;
  if (absent !== true && !appeals.some(takesTheWindow) && !reviewTypes.has(known(order.caseType) ?? "")) {
    if (due === null || isWithheld(absent)) return null;
    if (today <= due) return order.appealReserved === null || isWithheld(order.appealReserved) ? null : false;
  }
  const undone =
    record.motions.some((each) => unsure(each.kind) || (reopeningKinds.has(each.kind as string) && mayReopen(each))) ||
    appeals.some((each) => !affirmances.has(known(each.decision) ?? ""));
  const unsettled = stayed.length > 0 || record.unreadable.length > 0;
  return undone || unsettled ? null : true;
}

/** Reviews of a fear finding: no appeal can be filed. */
const reviewTypes = new Set(["CFR", "RFR"]);

/** strBIADecision codes that leave the order as it was: dismissed, affirmed without opinion, summarily, withdrawn. */
const affirmances = new Set(["DIS", "SAF", "SUD", "WDL"]);

/** An ordinary motion that is only pending leaves the order final: it stays nothing. */
function mayReopen(motion: Motion): boolean {
  return motion.kind === "MA" ? motion.decision !== "D" : motion.decision === "G" || isWithheld(motion.decision);
}

/**
 * By case type: the decisions after which a person may be removed, and those after which not. A voluntary departure
 * carries an alternate order of removal (8 CFR 1240.26(d)). In fear reviews (CFR, RFR) the judge orders nothing: the DHS
 * order stands or falls, and there is no appeal (8 CFR 1003.42(f), 1208.31(g)).
 */
const decisionMeanings: Readonly<Record<string, { readonly removal: string; readonly other: string }>> = {
  RMV: { removal: "XV", other: "RTUWOS" },
  DEP: { removal: "DV", other: "RTUWO" },
  EXC: { removal: "E", other: "RTUWOA" },
  AOC: { removal: "XDVZ", other: "RTGEWO" },
  WHO: { removal: "XDVZ", other: "RTGEWO" },
  CFR: { removal: "", other: "AVWO" },
  RFR: { removal: "", other: "AVWO" },
};

/** OPEN: not completed. OTHER: completed without an order of removal. */
export function meaningOf(proceeding: Proceeding): "OPEN" | "REMOVAL" | "OTHER" | "UNKNOWN" {
  const { completedOn, decision, otherCompletion, caseType } = proceeding;
  if (decision === null && otherCompletion === null) return completedOn === null ? "OPEN" : "UNKNOWN";
  if (completedOn === null) return "UNKNOWN";
  if (decision === null) return isWithheld(otherCompletion) || isWithheld(completedOn) ? "UNKNOWN" : "OTHER";
  if (isWithheld(decision) || caseType === null || isWithheld(caseType)) return "UNKNOWN";
  const meanings = Object.hasOwn(decisionMeanings, caseType) ? decisionMeanings[caseType] : undefined;
  if (meanings === undefined || decision.length !== 1) return "UNKNOWN";
  if (meanings.removal.includes(decision)) return "REMOVAL";
  return meanings.other.includes(decision) && !isWithheld(completedOn) ? "OTHER" : "UNKNOWN";
}

function orders({ proceedings }: CaseRecord): readonly Proceeding[] {
  return proceedings.filter((each) => meaningOf(each) === "REMOVAL");
}

/** Appeals of the judge's decision in this proceeding, bond appeals apart. */
function appealsOf({ appeals }: CaseRecord, { id }: Proceeding): readonly Appeal[] {
  return appeals.filter((each) => each.proceedingId === id && each.category === "IJ" && isBond(each) !== true);
}

/** One that is undecided is judged by itself; the government's, once decided, leaves the alien's own time as it was. */
function takesTheWindow(appeal: Appeal): boolean {
  if (isBond(appeal) !== false) return false;
  return appealState(appeal) !== "DECIDED" || appeal.filedBy === "A" || appeal.filedBy === "B";
}

/** DEC by which the judge is done with a motion: granted, denied, dismissed, moot, withdrawn, not prosecuted, other. */
const disposals = new Set(["G", "D", "U", "M", "W", "F", "O"]);

function motionState({ decision, decidedAt, deleted }: Motion): "PENDING" | "DECIDED" | "UNSETTLED" {
  if (isWithheld(decision) || isWithheld(decidedAt) || isWithheld(deleted)) return "UNSETTLED";
  if (decision !== null) return disposals.has(decision) ? "DECIDED" : "UNSETTLED";
  // Completed, and nobody keyed how.
  return decidedAt === null ? "PENDING" : "UNSETTLED";
}

function appealState({ filedAt, decision, decidedAt }: Appeal): "PENDING" | "DECIDED" | "UNSETTLED" {
  if (isWithheld(decision) || isWithheld(decidedAt)) return "UNSETTLED";
  if (decidedAt !== null) return "DECIDED";
  return decision === null && known(filedAt) !== null ? "PENDING" : "UNSETTLED";
}

function isBond({ type }: Appeal): boolean | null {
  return type === null || isWithheld(type) ? null : /bond|custody/i.test(type);
}

function stayGranted({ kind, decision, stayGrant, deleted }: Motion): boolean | null {
  const asked = kind === "SY" || unsure(kind);
  if (stayGrant === null && !asked) return false;
  if (isWithheld(deleted)) return null;
  const votes = [stayGrant, asked ? decision : null].filter((each) => each !== null);
  if (votes.length === 0) return false;
  if (votes.every((each) => each === "G")) return kind === "SY" || stayGrant !== null ? true : null;
  return votes.some((each) => isWithheld(each) || each === "G" || !stayRefusals.has(each)) ? null : false;
}

/** DEC on a motion for a stay, other than G: denied, moot, withdrawn, otherwise disposed of. */
const stayRefusals = new Set(["D", "M", "W", "O"]);

/** True once what the stay accompanies has been decided; null where that cannot be told. */
function stayEnded(record: CaseRecord, stay: Motion): boolean | null {
  if (stay.kind !== "SY") {
    const state = motionState(stay);
    return state === "UNSETTLED" ? null : state === "DECIDED";
  }
  const matters = [
    ...record.motions.filter(({ kind }) => reopeningKinds.has(known(kind) ?? "")),
    ...record.appeals.filter((each) => isBond(each) !== true),
  ];
  const grantedOn = known(stay.decidedAt);
  const ends = matters.map((each) => endedBy(each, grantedOn)).filter((each) => each !== "BEFORE");
  if (ends.length === 0 || ends.includes("PENDING")) return false;
  return ends.every((each) => each === "AFTER") ? true : null;
}

function endedBy(matter: Motion | Appeal, grantedOn: string | null): "BEFORE" | "AFTER" | "PENDING" | "UNSETTLED" {
  const state = "deleted" in matter ? motionState(matter) : appealState(matter);
  if (state !== "DECIDED") return state;
  const decidedOn = known(matter.decidedAt);
  if (decidedOn === null || grantedOn === null || decidedOn === grantedOn) return "UNSETTLED";
  return decidedOn < grantedOn ? "BEFORE" : "AFTER";
}

/** Not recorded or not readable: it may be what matters. */
function unsure(value: Decoded<string>): boolean {
  return value === null || isWithheld(value);
}

function unknown(basis: StayBasis | null): Found {
  return { state: "UNKNOWN", basis, since: null, until: null };
}
