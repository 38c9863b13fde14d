/** EID's rows: arrests, detainers, stays with their stints, removals, cases. */
import { DAY, day, HOUR, instant, MINUTE, type Seconds } from "./dates.ts";
import type { CaseOutcome } from "./docket.ts";
import { aNumberOf, type Draft, meet } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import { facilities, holdRooms, jails, stagingFacilities, states } from "./places.ts";
import { rates } from "./rates.ts";
import { type EidDetainer, type EidStay, REDACTED, type Redactable } from "./types.ts";

/** The keys every EID row carries: the subject always, the A-file not always. */
function keys(draft: Draft, slot = 0): { subjectId: string; aFileNumber: Redactable<string> } {
  const { random } = draft;
  const aFileNumber = random.chance(rates.eidAFileMissing.rate)
    ? null
    : random.chance(rates.eidAFileRedacted.rate)
      ? REDACTED
      : aNumberOf(draft, "enforcement");
  return { subjectId: identifiers.eidSubjectId(draft.index, slot), aFileNumber };
}

const caseIdOf = (draft: Draft) => String(200_000_000 + draft.index * 4);

/** ICE takes fingerprints: from here on IDENT knows the subject id. */
export function enrolSubject(draft: Draft, at: Seconds, reason: string, fbi = false): void {
  meet(draft, {
    at,
    sender: "ICE-ERO",
    reason,
    aNumber: aNumberOf(draft, "enforcement"),
    eidSubjectId: identifiers.eidSubjectId(draft.index, 0),
    ...(fbi ? { fbiNumber: identifiers.fbiNumber(draft.index) } : {}),
  });
}

const methods = [
  [40, "CAP Local Incarceration"],
  [15, "Located"],
  [12, "Non-Custodial Arrest"],
  [10, "ERO Reprocessed Arrest"],
  [10, "Probation and Parole"],
  [8, "287(g) Program"],
  [5, "Patrol Border"],
] as const;

export function arrest(draft: Draft, at: Seconds, method?: string): void {
  const { random } = draft;
  const state = random.chance(rates.eidArrestStateMissing.rate) ? null : random.pick(states);
  const row = { at: instant(at), method: method ?? random.weighted(methods), state };
  draft.arrests.push({ ...keys(draft), ...row });
  const share = rates.eidArrestDuplicate.rate;
  if (!random.chance(share / (1 - share))) return;
  const later = random.chance(0.2) ? at : at + random.between(10, 23 * 60) * MINUTE;
  const stateAgain = random.chance(rates.eidArrestStateMissing.rate) ? null : (row.state ?? random.pick(states));
  draft.arrests.push({ ...keys(draft), ...row, at: instant(Math.min(later, draft.now)), state: stateAgain });
}

/** A custody stay from book-in to book-out (null: still there), through one to three facilities. */
export function stay(draft: Draft, bookInAt: Seconds, bookOutAt: Seconds | null, releaseReason: string | null): void {
  const { random } = draft;
  const end = bookOutAt ?? draft.now;
  const length = Math.max(end - bookInAt, 4 * HOUR);
  const stops: Seconds[] = [bookInAt];
  if (length > 2 * DAY && random.chance(0.6)) stops.push(bookInAt + random.between(4, 40) * HOUR);
  if (length > 12 * DAY && random.chance(0.5))
    stops.push(bookInAt + 3 * DAY + random.int(Math.floor(length / DAY) - 5) * DAY);
  const stints = stops.map((at, place) => {
    const last = place === stops.length - 1;
    const out = last ? bookOutAt : stops[place + 1]! - random.between(30, 200) * MINUTE;
    return {
      bookInAt: instant(at),
      bookOutAt: out === null ? null : instant(out),
      ...random.pick(stops.length > 1 && place === 0 ? holdRooms : facilities),
      releaseReason: out === null ? null : last ? releaseReason : "Transferred",
    };
  });
  if (releaseReason === "Removed" && length > 20 * DAY && random.chance(0.4)) viaStaging(draft, stints, bookOutAt!);
  const impossible = bookOutAt !== null && random.chance(rates.eidStayOrderImpossible.rate);
  draft.stays.push({
    ...keys(draft),
    bookInAt: instant(bookInAt),
    bookOutAt: bookOutAt === null ? null : instant(impossible ? bookInAt - random.between(1, 300) * HOUR : bookOutAt),
    releaseReason,
    stints,
  });
}

type Stint = EidStay["stints"][number];

function viaStaging({ random }: Draft, stints: Stint[], bookOutAt: Seconds): void {
  const moved = bookOutAt - random.between(8, 30) * HOUR;
  const last = stints[stints.length - 1]!;
  if (last.bookInAt >= instant(moved - 2 * HOUR)) return;
  stints[stints.length - 1] = { ...last, bookOutAt: instant(moved - 2 * HOUR), releaseReason: "Transferred" };
  const releaseReason = "Removed";
  stints.push({
    bookInAt: instant(moved),
    bookOutAt: instant(bookOutAt),
    ...random.pick(stagingFacilities),
    releaseReason,
  });
}

const liftReasons = [
  [14, "Detainer Declined by LEA"],
  [8, "Prosecutorial Discretion"],
  [6, "Not Amenable to Removal"],
  [4, "USC or Presumptive Claim to US Citizenship"],
  [6, "Case Closed"],
  [3, "Judicial Review"],
  [5, "Early Release"],
  [8, "No longer in State, Local, or Federal Custody"],
] as const;

export type DetainerPlan = {
  readonly at: Seconds;
  /** When ICE took the person into custody; null: it did not. */
  readonly bookedInAt: Seconds | null;
  readonly active: boolean;
  readonly finalOrder: boolean;
  readonly pendingProceedings: boolean;
};

export function detainer(draft: Draft, plan: DetainerPlan): EidDetainer {
  const { random } = draft;
  const jail = random.pick(jails);
  const liftedAt = plan.active ? null : (plan.bookedInAt ?? Math.min(plan.at + random.between(1, 40) * DAY, draft.now));
  const served = random.chance(rates.detainerNotServed.rate) ? null : plan.at + random.between(1, 30) * HOUR;
  // The rate is of all detainers; those still active have no reason by their nature.
  const { detainerLiftReasonMissing, detainerActive } = rates;
  const missing = (detainerLiftReasonMissing.rate - detainerActive.rate) / (1 - detainerActive.rate);
  const liftReason: Redactable<string> =
    liftedAt === null || random.chance(missing)
      ? null
      : plan.bookedInAt !== null
        ? "Booked into Detention"
        : random.chance(0.02)
          ? REDACTED
          : random.weighted(liftReasons);
  const row: EidDetainer = {
    ...keys(draft),
    dtaId: String(40_000_000 + draft.index * 4 + draft.detainers.length),
    caseId: random.chance(rates.detainerCaseIdMissing.rate) ? null : caseIdOf(draft),
    preparedAt: instant(plan.at),
    ...(random.chance(0.03) ? { facility: null, facilityCode: null } : jail),
    deportationOrdered: plan.finalOrder,
    orderToShowCauseServed: plan.pendingProceedings,
    biometricMatch: random.chance(0.8),
    statementsMade: random.chance(0.3),
    warrantForm: random.chance(rates.detainerWarrantMissing.rate) ? null : plan.finalOrder ? "I-205" : "I-200",
    servedAt: served === null ? null : instant(Math.min(served, liftedAt ?? draft.now)),
    liftedAt: liftedAt === null ? null : instant(liftedAt),
    liftReason,
    apprehensionDate: random.chance(rates.detainerApprehensionMissing.rate) ? null : day(plan.at - random.int(5) * DAY),
  };
  draft.detainers.push(row);
  return row;
}

export function removal(draft: Draft, scheduledAt: Seconds | null, departedAt: Seconds | null): void {
  const { random } = draft;
  draft.removals.push({
    ...keys(draft),
    removalId: String(60_000_000 + draft.index * 4 + draft.removals.length),
    caseId: random.chance(0.05) ? null : caseIdOf(draft),
    scheduledAt: scheduledAt === null ? null : instant(scheduledAt),
    departedAt: departedAt === null ? null : instant(departedAt),
    country: draft.country.iso,
    port: departedAt === null ? null : random.pick(["Alexandria, LA", "Mesa, AZ", "Brownsville, TX", "El Paso, TX"]),
  });
}

export const categories = {
  beforeJudge: "[2A] Deportable - Under Adjudication by IJ",
  beforeBoard: "[2B] Deportable - Under Adjudication by BIA",
  finalOrder: "[3] Deportable - Administratively Final Order",
  fugitive: "[5B] Removable - ICE Fugitive",
  withholding: "[5C] Relief Granted - Withholding of Deportation / Removal",
  expedited: "[8F] Expedited Removal",
  credibleFear: "[8G] Expedited Removal - Credible Fear Referral",
  credibleFearFound: "[8K] Expedited Removal Terminated due to Credible Fear Finding / NTA Issued",
  reinstated: "[16] Reinstated Final Order",
} as const;

/** The category that a court case's outcome puts an EID case in. */
export function categoryOf(outcome: CaseOutcome, whilePending: (typeof categories)[keyof typeof categories]) {
  if (outcome.appealPending) return categories.beforeBoard;
  if (outcome.state === "pending") return whilePending;
  if (outcome.state === "relief") return categories.withholding;
  if (outcome.finalAt === null) return categories.beforeJudge;
  return outcome.absentia ? categories.fugitive : categories.finalOrder;
}

export type EidCasePlan = {
  readonly category: (typeof categories)[keyof typeof categories];
  readonly finalOrderAt: Seconds | null;
  readonly departedAt: Seconds | null;
  readonly relief?: boolean;
  readonly openedAt: Seconds;
};

export function eidCase(draft: Draft, plan: EidCasePlan): void {
  const { random, now } = draft;
  const departed = plan.departedAt;
  const status =
    departed !== null && !random.chance(rates.eidDepartedActive.rate)
      ? random.pick(["8-Excluded/Removed - Inadmissibility", "6-Deported/Removed - Deportability"])
      : plan.relief
        ? "B-Relief Granted"
        : "ACTIVE";
  const screenedFrom = Math.min(plan.openedAt, now - DAY);
  const screened = screenedFrom + random.int(Math.max(1, Math.floor((now - screenedFrom) / DAY))) * DAY;
  draft.eidCases.push({
    ...keys(draft),
    caseId: caseIdOf(draft),
    status,
    category: plan.category,
    finalOrder: plan.finalOrderAt !== null,
    finalOrderDate: plan.finalOrderAt === null ? null : day(plan.finalOrderAt),
    departedDate: departed === null ? null : day(departed),
    lastScreenedDate: random.chance(rates.eidLastScreenedMissing.rate) ? null : day(screened),
  });
}
