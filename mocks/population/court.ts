/** The court's records: one case per charging document, its proceedings, hearings, applications, motions and appeals. */
import { DAY, day, onWeekday, type Seconds } from "./dates.ts";
import { ageAt, aNumberOf, type Draft } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import { type Court, courts } from "./places.ts";
import type { Random } from "./random.ts";
import { rates } from "./rates.ts";
import type { CaseAppeal, CaseFile, CaseMotion, CaseProceeding } from "./types.ts";

/** The court publishes its tables at the start of each month. */
export function lastSnapshotAt(now: Seconds): Seconds {
  const start = Date.parse(`${day(now).slice(0, 7)}-01T00:00:00Z`) / 1000;
  return now - start < DAY ? lastSnapshotAt(start - DAY) : start;
}

export type CasePlan = {
  /** Draws shared by a family, whose cases run together. */
  readonly random: Random;
  readonly caseType: string;
  readonly noticeAt: Seconds;
  readonly asylumType: CaseFile["asylumType"];
  readonly applications: readonly string[];
  readonly detained: boolean;
  /** Days from filing to a decision, at most. */
  readonly withinDays: number;
  readonly riders?: readonly number[];
  readonly unaccompanied?: boolean;
};

export type CaseOutcome = {
  readonly state: "pending" | "ordered" | "relief" | "closed";
  readonly decidedAt: Seconds | null;
  readonly absentia: boolean;
  /** When an order of removal became final; null while it is not. */
  readonly finalAt: Seconds | null;
  readonly appealPending: boolean;
};

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

type At = {
  readonly draft: Draft;
  readonly plan: CasePlan;
  readonly court: Court;
  readonly idncase: number;
  readonly inputAt: Seconds;
  /** What the record knows: the last snapshot's day for a case that is in it, else now. */
  readonly until: Seconds;
};

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

function proceeding({ plan, draft, court, idncase, inputAt }: At, place: number): CaseProceeding {
  return {
    idnproceeding: proceedingId(idncase, place),
    oscDate: draft.random.chance(0.005) ? null : day(plan.noticeAt),
    inputDate: day(inputAt),
    baseCity: court.code,
    hearingLocation: draft.random.chance(0.02) ? null : court.hearingLocation,
    decType: null,
    decCode: null,
    otherComp: null,
    completedDate: null,
    absentia: null,
    appealReserved: null,
    appealDueDate: null,
    schedule: [],
    applications: [],
  };
}

/** INVARIANT: unique and below 2^31: case numbers stay below 10^8, and no case has more than 4 proceedings (16 hearings). */
const proceedingId = (idncase: number, place: number) => idncase * 4 + place;
const hearingId = (idncase: number, place: number) => idncase * 16 + place;

const times = ["08:30", "09:00", "10:30", "13:00", "14:30"];
const adjournments = ["01", "02", "04", "11", "12", "24", "30", "36", "54", "99"];

function hearings(at: At, days: readonly Seconds[], lastReason: string | null): CaseProceeding["schedule"] {
  const { random, caseType } = at.plan;
  const fear = caseType === "CFR" || caseType === "RFR";
  return days.map((each, place) => {
    const last = place === days.length - 1;
    return {
      idnschedule: hearingId(at.idncase, place + 1),
      date: day(each),
      time: random.chance(0.02) ? null : random.pick(times),
      scheduleType: fear
        ? "RR"
        : place === 0
          ? "MM"
          : at.plan.detained
            ? "CY"
            : at.plan.applications.length > 0 && last
              ? "IA"
              : "MM",
      calType: place === 0 || !last ? "M" : "I",
      adjournReason: last ? lastReason : random.pick(adjournments),
      noticeCode: random.chance(0.1) ? null : random.pick(["01", "02", "NC"]),
    };
  });
}

function applicationRows(at: At, decision: string | null, until: Seconds): CaseProceeding["applications"] {
  const received = Math.min(at.inputAt + at.plan.random.between(10, 120) * DAY, until);
  return at.plan.applications.map((code, place) => ({
    idn: hearingId(at.idncase, place),
    code,
    receivedDate: day(received),
    decision,
  }));
}

type Opened = { readonly proceeding: CaseProceeding; readonly outcome: Decision };
type Decision = {
  readonly kind: "pending" | "ordered" | "relief" | "closed";
  readonly at: Seconds | null;
  readonly absentia: boolean;
};

function pendingProceeding(at: At): Opened {
  const { draft, plan, inputAt } = at;
  const { random } = plan;
  const gap = plan.detained ? 20 : 150;
  const days: Seconds[] = [];
  let next = inputAt + random.between(5, gap) * DAY;
  while (next < at.until && days.length < 4) {
    days.push(onWeekday(next));
    next += random.between(Math.floor(gap / 2), gap * 2) * DAY;
  }
  while (days.length > 0 && days[days.length - 1]! >= at.until) days.pop();
  const forgotten = days.length > 0 && random.chance(rates.hearingForgotten.rate);
  if (!forgotten) days.push(onWeekday(Math.max(next, draft.now + random.between(1, gap * 2) * DAY)));
  const applications = applicationRows(at, null, at.until);
  return {
    proceeding: { ...proceeding(at, 1), schedule: hearings(at, days, null), applications },
    outcome: { kind: "pending", at: null, absentia: false },
  };
}

function venueChangeProceeding(at: At, inputAt: Seconds, completedAt: Seconds): CaseProceeding {
  const from = courts[(courts.indexOf(at.court) + 3) % courts.length]!;
  return {
    ...proceeding({ ...at, court: from, inputAt }, 0),
    decType: "O",
    otherComp: "C",
    completedDate: day(completedAt),
    absentia: "N",
  };
}

type Outcome = { readonly kind: "ordered" | "relief" | "closed"; readonly code: string };

const fearReview: readonly (readonly [number, Outcome])[] = [
  [75, { kind: "ordered", code: "A" }],
  [25, { kind: "relief", code: "V" }],
];
const inAbsentia: Outcome = { kind: "ordered", code: "X" };
const merits: readonly (readonly [number, Outcome])[] = [
  [52, { kind: "ordered", code: "X" }],
  [7, { kind: "ordered", code: "V" }],
  [21, { kind: "relief", code: "R" }],
  [10, { kind: "closed", code: "T" }],
];

/** Proceedings for withholding only have their own letters. */
const withholding: readonly (readonly [number, Outcome])[] = [
  [65, { kind: "ordered", code: "D" }],
  [35, { kind: "relief", code: "G" }],
];

function decidedProceeding(at: At): Opened {
  const { plan, inputAt } = at;
  const { random } = plan;
  const latest = Math.max(inputAt, Math.min(at.until - DAY, inputAt + plan.withinDays * DAY));
  const earliest = Math.min(inputAt + (plan.detained ? 5 : 40) * DAY, latest);
  const decidedAt = earliest + random.int(Math.floor((latest - earliest) / DAY) + 1) * DAY;
  const review = plan.caseType === "CFR" || plan.caseType === "RFR";
  const absentia = plan.caseType === "RMV" && !plan.detained && random.chance(0.3);
  const other = !review && !absentia && random.chance(0.1);
  const decision = review
    ? random.weighted(fearReview)
    : plan.caseType === "WHO"
      ? random.weighted(withholding)
      : absentia
        ? inAbsentia
        : random.weighted(merits);
  const kind = other ? "closed" : decision.kind;
  const reserved = review || absentia || other ? null : reservedBy(random, decision.code, decision.kind);
  const due = !review && !absentia && !other && !random.chance(0.1) ? day(decidedAt + 30 * DAY) : null;
  const days = hearingsBefore(random, inputAt, decidedAt);
  const applied = absentia ? "A" : kind === "relief" ? "G" : kind === "ordered" ? "D" : "W";
  return {
    proceeding: {
      ...proceeding(at, 1),
      decType: random.chance(0.7) ? "O" : "W",
      decCode: other ? null : decision.code,
      otherComp: other ? random.pick(["A", "A", "F", "T"]) : null,
      completedDate: day(decidedAt),
      absentia: absentia ? "Y" : "N",
      appealReserved: reserved,
      appealDueDate: due,
      schedule: hearings(at, days, random.chance(0.5) ? "8A" : "8B"),
      applications: applicationRows(at, applied, decidedAt),
    },
    outcome: { kind, at: decidedAt, absentia },
  };
}

function reservedBy(random: Random, code: string, kind: string): CaseProceeding["appealReserved"] {
  if (code === "V") return null;
  if (kind === "ordered") return random.chance(0.45) ? "A" : random.chance(0.03) ? "B" : null;
  return random.chance(0.2) ? "I" : null;
}

/** Up to two earlier hearings, then the one at which the case was decided. */
function hearingsBefore(random: Random, from: Seconds, decidedAt: Seconds): readonly Seconds[] {
  const span = Math.floor((decidedAt - from) / DAY);
  const earlier = span < 10 ? 0 : random.int(3);
  const days: Seconds[] = [];
  for (let place = 1; place <= earlier; place += 1) {
    const each = onWeekday(from + Math.floor((span * place) / (earlier + 1)) * DAY);
    if (each < decidedAt && each > (days[days.length - 1] ?? 0)) days.push(each);
  }
  return [...days, decidedAt];
}

function motion(at: At, place: number, plan: Omit<CaseMotion, "idnmotion" | "idnproceeding" | "deleted">): CaseMotion {
  return {
    idnmotion: hearingId(at.idncase, place),
    idnproceeding: proceedingId(at.idncase, 1),
    ...plan,
    deleted: at.draft.random.chance(0.01),
  };
}

function pendingMotions(at: At): CaseMotion[] {
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

function afterDecision(at: At, decision: Decision): { motions: CaseMotion[]; appeals: CaseAppeal[] } {
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
