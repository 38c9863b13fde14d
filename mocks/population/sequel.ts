/** What follows a decision, or goes on beside it: motions and appeals. */
import { DAY, day, type Seconds } from "./dates.ts";
import { type At, type Decision, hearingId, proceedingId } from "./docket.ts";
import type { CaseAppeal, CaseMotion } from "./types.ts";

function motion(at: At, place: number, plan: Omit<CaseMotion, "idnmotion" | "idnproceeding" | "deleted">): CaseMotion {
  return {
    idnmotion: hearingId(at.idncase, place),
    idnproceeding: proceedingId(at.idncase, 1),
    ...plan,
    deleted: at.draft.random.chance(0.01),
  };
}

export function pendingMotions(at: At): CaseMotion[] {
  const { draft, inputAt } = at;
  const { random } = draft;
  if (!random.chance(0.06)) return [];
  const received = inputAt + random.int(Math.max(1, Math.floor((at.until - inputAt) / DAY))) * DAY;
  const kind = random.pick(["AN", "CC", "TP", "PO"]);
  const decided = random.chance(0.5) ? Math.min(received + 20 * DAY, at.until) : null;
  return [
    motion(at, 0, {
      kind,
      receivedDate: day(received),
      filedBy: "A",
      decision: decided === null ? null : "G",
      completedDate: decided === null ? null : day(decided),
      stayGrant: null,
    }),
  ];
}

export function afterDecision(at: At, decision: Decision): { motions: CaseMotion[]; appeals: CaseAppeal[] } {
  const { plan } = at;
  const { random } = plan;
  const decidedAt = decision.at!;
  if (decision.kind !== "ordered" || plan.caseType === "CFR" || plan.caseType === "RFR")
    return { motions: [], appeals: [] };
  const sinceDays = Math.floor((at.until - decidedAt) / DAY);
  if (decision.absentia)
    return random.chance(0.25) ? reopening(at, decidedAt, sinceDays) : { motions: [], appeals: [] };
  if (!plan.detained && random.chance(0.4)) return { motions: [], appeals: [caseAppeal(at, decidedAt, sinceDays)] };
  if (random.chance(0.06)) return { motions: ordinaryMotions(at, decidedAt, sinceDays), appeals: [] };
  return { motions: [], appeals: [] };
}

/** Motion to reopen an in-absentia order; a denial may be appealed. Both stay removal by operation of law. */
function reopening(at: At, decidedAt: Seconds, sinceDays: number): { motions: CaseMotion[]; appeals: CaseAppeal[] } {
  const { plan } = at;
  const { random } = plan;
  const received = decidedAt + random.int(Math.min(sinceDays, 700) + 1) * DAY;
  const decided = received + random.between(10, 120) * DAY;
  const pending = decided > at.until || random.chance(0.2);
  const granted = !pending && random.chance(0.3);
  const row = motion(at, 0, {
    kind: "MA",
    receivedDate: day(received),
    filedBy: "A",
    decision: pending ? null : granted ? "G" : "D",
    completedDate: pending ? null : day(decided),
    stayGrant: null,
  });
  if (pending || granted || !random.chance(0.3)) return { motions: [row], appeals: [] };
  return { motions: [row], appeals: [appeal(at, "MA", "Appeal of IJ MTR", decided + random.int(30) * DAY)] };
}

function ordinaryMotions(at: At, decidedAt: Seconds, sinceDays: number): CaseMotion[] {
  const { plan } = at;
  const received = decidedAt + plan.random.int(sinceDays + 1) * DAY;
  const decided = received + plan.random.between(5, 60) * DAY;
  const done = decided <= at.until;
  const rows = { receivedDate: day(received), filedBy: "A", completedDate: done ? day(decided) : null } as const;
  const reopen = motion(at, 0, {
    ...rows,
    kind: plan.random.pick(["O", "MC"]),
    decision: done ? "D" : null,
    stayGrant: null,
  });
  if (!plan.random.chance(0.4)) return [reopen];
  const grant = done ? plan.random.pick(["G", "D"]) : null;
  return [reopen, motion(at, 1, { ...rows, kind: "SY", decision: grant, stayGrant: grant })];
}

function caseAppeal(at: At, decidedAt: Seconds, sinceDays: number): CaseAppeal {
  return appeal(at, "IJ", "Case Appeal", decidedAt + at.plan.random.int(Math.min(sinceDays, 30) + 1) * DAY);
}

function appeal(at: At, category: CaseAppeal["category"], type: string, filedAt: Seconds): CaseAppeal {
  const { plan } = at;
  const filed = Math.min(filedAt, at.until);
  const decided = filed + plan.random.between(120, 900) * DAY;
  const done = decided <= at.until;
  return {
    idnappeal: proceedingId(at.idncase, 0),
    idnproceeding: proceedingId(at.idncase, 1),
    category,
    type,
    filedDate: day(filed),
    filedBy: "A",
    decision: done
      ? plan.random.weighted([
          [80, "DIS"],
          [15, "REM"],
          [5, "SUS"],
        ])
      : null,
    decisionDate: done ? day(decided) : null,
    federalCourtStayDate: done && plan.random.chance(0.05) ? day(Math.min(decided + 20 * DAY, at.until)) : null,
  };
}
