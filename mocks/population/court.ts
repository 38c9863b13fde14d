/** The court's records of a person: one case per charging document, and what has become of it by now. */
import { DAY, day, type Seconds } from "./dates.ts";
import type { At, CaseOutcome, CasePlan, Decision } from "./docket.ts";
import { ageAt, aNumberOf, type Draft } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import { type Court, courts } from "./places.ts";
import { decidedProceeding, pendingProceeding, venueChangeProceeding } from "./proceedings.ts";
import { rates } from "./rates.ts";
import { afterDecision, pendingMotions } from "./sequel.ts";
import type { CaseAppeal, CaseFile, CaseMotion } from "./types.ts";

/** The court publishes its tables at the start of each month. */
export function lastSnapshotAt(now: Seconds): Seconds {
  const start = Date.parse(`${day(now).slice(0, 7)}-01T00:00:00Z`) / 1000;
  return now - start < DAY ? lastSnapshotAt(start - DAY) : start;
}

const venueChange = 0.08;
/** Share of last proceedings without completion that brings all proceedings to the published rate. */
const lastPending = (() => {
  const { caseCompletionMissing, caseSinceSnapshot } = rates;
  const all = 1 + venueChange * (1 - caseSinceSnapshot.rate);
  return (caseCompletionMissing.rate * all - caseSinceSnapshot.rate) / (1 - caseSinceSnapshot.rate);
})();

/** Opens a case and carries it as far as it has come by now. */
export function openCase(draft: Draft, plan: CasePlan): CaseOutcome {
  const { now } = draft;
  const { random } = plan;
  const snapshot = lastSnapshotAt(now);
  const recent = random.chance(rates.caseSinceSnapshot.rate) || plan.noticeAt > snapshot - DAY;
  const filed = plan.noticeAt + random.between(4, 50) * DAY;
  const inputAt = recent
    ? Math.max(plan.noticeAt, snapshot + random.int(Math.max(1, Math.floor((now - snapshot) / DAY))) * DAY)
    : Math.min(filed, snapshot - DAY);
  const pending = recent || random.chance(lastPending);
  const court = random.pick(courts);
  const idncase = identifiers.idncase(draft.index, draft.cases.length);
  const moved = !recent && random.chance(venueChange) ? inputAt + random.between(5, 15) * DAY : null;
  const until = recent ? now : snapshot - 1;
  const at = { draft, plan, court, idncase, inputAt: Math.min(moved ?? inputAt, until), until };
  const open = pending ? pendingProceeding(at) : decidedProceeding(at);
  const first = moved === null ? [] : [venueChangeProceeding(at, inputAt, Math.min(moved, until))];
  const { motions, appeals } = pending ? { motions: pendingMotions(at), appeals: [] } : afterDecision(at, open.outcome);
  draft.cases.push({
    ...caseRow(at, court),
    proceedings: [...first, open.proceeding],
    motions,
    appeals,
    inSnapshot: !recent,
  });
  return settle(open.outcome, motions, appeals, now);
}

function caseRow(
  { draft, plan, idncase, inputAt, until }: At,
  court: Court,
): Omit<CaseFile, "proceedings" | "motions" | "appeals" | "inSnapshot"> {
  const { random } = draft;
  const place = random.chance(rates.caseAddressMissing.rate) ? null : random.chance(0.8) ? court : random.pick(courts);
  const age = ageAt(draft, inputAt);
  const changed = random.chance(0.15) ? Math.min(inputAt + random.between(20, 600) * DAY, until) : null;
  return {
    idncase,
    aNumber: aNumberOf(draft, "court"),
    caseType: plan.caseType,
    nationality: random.chance(0.005) ? null : draft.country.court,
    custody: plan.detained ? "D" : random.chance(0.5) ? "R" : "N",
    city: place?.city ?? null,
    state: place?.state ?? null,
    zip: place === null || random.chance(0.02) ? null : place.zip,
    addressChangedOn: changed === null || changed < inputAt ? null : day(changed),
    asylumType: plan.asylumType,
    birthDate: random.chance(rates.caseBirthDateMissing.rate) ? null : day(draft.birth),
    juvenile: juvenileCode(age, plan.unaccompanied ?? false),
    leadOf: (plan.riders ?? []).map((rider) => {
      const severed = random.chance(0.06);
      return { rider, severedOn: severed ? day(Math.min(inputAt + 90 * DAY, until)) : null, active: !severed };
    }),
  };
}

function juvenileCode(age: number, unaccompanied: boolean): CaseFile["juvenile"] {
  if (unaccompanied) return age < 18 ? "UJ" : "J1";
  return age < 18 ? "J" : null;
}

function settle(
  decision: Decision,
  motions: readonly CaseMotion[],
  appeals: readonly CaseAppeal[],
  now: Seconds,
): CaseOutcome {
  const appealPending = appeals.some((each) => each.decision === null);
  const reopened =
    motions.some((each) => each.kind === "MA" && each.decision !== "D") ||
    appeals.some((each) => each.decision !== null && each.decision !== "DIS");
  const stayed =
    motions.some((each) => each.stayGrant === "G") || appeals.some((each) => each.federalCourtStayDate !== null);
  const windowEnd = decision.at === null ? null : decision.absentia ? decision.at : decision.at + 31 * DAY;
  const boardAt = appeals[0]?.decisionDate;
  const finalFrom = boardAt ? Date.parse(`${boardAt}T00:00:00Z`) / 1000 : windowEnd;
  const final =
    decision.kind === "ordered" && !appealPending && !reopened && !stayed && finalFrom !== null && finalFrom <= now;
  return {
    state: decision.kind,
    decidedAt: decision.at,
    absentia: decision.absentia,
    finalAt: final ? finalFrom : null,
    appealPending,
  };
}
