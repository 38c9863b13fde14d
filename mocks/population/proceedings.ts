/** Proceedings of a case: filed, heard, adjourned, decided or still pending. */
import { DAY, day, onWeekday, type Seconds } from "./dates.ts";
import { type At, type Decision, hearingId, proceedingId } from "./docket.ts";
import { courts } from "./places.ts";
import type { Random } from "./random.ts";
import { rates } from "./rates.ts";
import type { CaseProceeding } from "./types.ts";

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
export function pendingProceeding(at: At): Opened {
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

export function venueChangeProceeding(at: At, inputAt: Seconds, completedAt: Seconds): CaseProceeding {
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

export function decidedProceeding(at: At): Opened {
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
