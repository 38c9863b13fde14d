/** Life courses: what brings a person before the agencies, and which records that leaves. Most people have only a few. */

import { applyForAsylum, file, maybeProtected, screen } from "./benefits.ts";
import { apprehend, dispositions, enter, leave, passportOf, pickAddress } from "./border.ts";
import { type CaseOutcome, openCase } from "./court.ts";
import { arrest, categories, detainer, eidCase, enrolSubject, removal, stay } from "./custody.ts";
import { DAY, HOUR, MINUTE, type Seconds } from "./dates.ts";
import { aNumberOf, type Draft, meet } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import type { Random } from "./random.ts";
import { rates } from "./rates.ts";

export type Course = {
  readonly name: string;
  readonly weight: number;
  /** Which of the country weights applies. */
  readonly from: "visit" | "asylum" | "border";
  readonly ages: readonly [youngest: number, oldest: number];
  live(draft: Draft): void;
};

export const courses: readonly Course[] = [
  { name: "visitor", weight: 28, from: "visit", ages: [12, 80], live: visitor },
  { name: "student", weight: 8, from: "visit", ages: [18, 35], live: student },
  { name: "benefit", weight: 12, from: "visit", ages: [20, 70], live: benefit },
  { name: "affirmative asylum", weight: 8, from: "asylum", ages: [20, 60], live: affirmativeAsylum },
  { name: "credible fear", weight: 14, from: "border", ages: [19, 50], live: credibleFear },
  { name: "interior arrest", weight: 11, from: "border", ages: [22, 65], live: interiorArrest },
  { name: "reinstatement", weight: 5, from: "border", ages: [22, 55], live: reinstatement },
];

/** Families and children at the border are made together: see block.ts. */
export const familyWeight = 14;

const hours = (random: Random) => random.int(24) * HOUR + random.int(60) * MINUTE;

function visitor(draft: Draft): void {
  const { random, now } = draft;
  const visits = random.weighted([
    [45, 1],
    [30, 2],
    [15, 3],
    [10, 5],
  ]);
  const renewed = random.chance(0.15);
  let at = now - random.between(200, 3200) * DAY + hours(random);
  const first = passportOf(draft);
  meet(draft, {
    at: at - random.between(20, 200) * DAY,
    sender: "DOS",
    reason: "Visa application",
    passport: first,
    identity: 0,
  });
  for (let visit = 0; visit < visits && at < now - 2 * DAY; visit += 1) {
    const passport = renewed && visit > 0 ? passportOf(draft, 1) : first;
    const classOfAdmission = random.weighted([
      [60, "B2"],
      [20, "B1"],
      [17, "WT"],
      [3, "H1B"],
    ]);
    const byLand = draft.country.iso === "MEX" && random.chance(0.5);
    const i94 = enter(draft, {
      at,
      classOfAdmission,
      admittedDays: classOfAdmission === "H1B" ? 1095 : 180,
      passport,
      byLand,
    });
    const out = at + random.between(3, 90) * DAY + hours(random);
    if (out > now) return;
    leave(draft, out, i94, passport);
    at = out + random.between(60, 900) * DAY;
  }
}

function student(draft: Draft): void {
  const { random, now } = draft;
  const sevisId = identifiers.sevisId(draft.index);
  const passport = passportOf(draft);
  let at = now - random.between(60, 1900) * DAY + hours(random);
  meet(draft, { at: at - 60 * DAY, sender: "DOS", reason: "Visa application", passport, sevisId });
  const entries = random.between(1, 3);
  for (let entry = 0; entry < entries && at < now - 2 * DAY; entry += 1) {
    const i94 = enter(draft, {
      at,
      classOfAdmission: random.chance(0.9) ? "F1" : "J1",
      admittedDays: "D/S",
      passport,
      sevisId,
    });
    const out = at + random.between(120, 700) * DAY;
    if (out > now) break;
    leave(draft, out, i94, passport);
    at = out + random.between(14, 60) * DAY;
  }
  if (random.chance(0.25))
    file(draft, "I-765", now - random.between(30, 300) * DAY, "Case Was Approved", now - random.int(30) * DAY);
  maybeProtected(draft);
}

function benefit(draft: Draft): void {
  const { random, now } = draft;
  const at = now - random.between(300, 4000) * DAY + hours(random);
  const passport = passportOf(draft);
  const classOfAdmission = random.pick(["H1B", "K1", "L1", "B2", "F2"]);
  enter(draft, { at, classOfAdmission, admittedDays: classOfAdmission === "K1" ? 90 : 365, passport });
  const filed = now - random.between(30, 280) * DAY;
  const status = random.weighted([
    [50, "Case Was Approved"],
    [35, "Case Was Received"],
    [10, "Case Was Denied"],
    [5, "Case Was Withdrawn"],
  ] as const);
  const statusAt = status === "Case Was Received" ? null : filed + random.between(20, 250) * DAY;
  if (random.chance(0.6)) file(draft, "I-130", filed - random.int(20) * DAY, "Case Was Approved", filed);
  if (random.chance(0.7))
    file(
      draft,
      "I-485",
      filed,
      statusAt !== null && statusAt > now ? "Case Was Received" : status,
      statusAt !== null && statusAt > now ? null : statusAt,
    );
  if (draft.elis.length === 0 || random.chance(0.5)) file(draft, "I-765", filed, "Case Was Approved", filed + 25 * DAY);
  maybeProtected(draft);
}

function affirmativeAsylum(draft: Draft): void {
  const { random, now } = draft;
  const at = now - random.between(500, 3500) * DAY + hours(random);
  enter(draft, { at, classOfAdmission: "B2", admittedDays: 180, passport: passportOf(draft) });
  const late = random.chance(0.15);
  const filed = Math.min(at + (late ? random.between(400, 480) : random.between(40, 360)) * DAY, now - 20 * DAY);
  const decidedAt = filed + random.between(60, 1500) * DAY;
  const pending = decidedAt > now - 60 * DAY;
  const decision = pending
    ? "PENDING"
    : random.weighted([
        [45, "REFERRAL"],
        [33, "GRANT"],
        [10, "DENIAL"],
        [7, "WITHDRAWN"],
        [5, "ADMIN CLOSE"],
      ] as const);
  applyForAsylum(draft, filed, decision, pending ? null : decidedAt);
  if (random.chance(0.5))
    file(draft, "I-765", Math.min(filed + 160 * DAY, now - DAY), "Case Was Approved", Math.min(filed + 220 * DAY, now));
  maybeProtected(draft);
  if (decision !== "REFERRAL") return;
  openCase(draft, {
    random,
    caseType: "RMV",
    noticeAt: decidedAt,
    asylumType: "I",
    applications: ["ASYL", "ASYW"],
    detained: false,
    withinDays: 1200,
  });
}

function credibleFear(draft: Draft): void {
  const { random, now } = draft;
  if (random.chance(0.45)) {
    releasedAtBorder(draft, now - random.between(70, 1300) * DAY + hours(random));
    return;
  }
  const open = random.chance(rates.eidStayOpen.rate);
  const at = now - (open ? random.between(45, 150) : random.between(150, 1300)) * DAY + hours(random);
  const custodyHours = random.between(10, 110);
  apprehend(draft, { at, disposition: dispositions.credibleFear, fearClaim: true, custodyHours, transferredTo: "ERO" });
  const bookedIn = at + custodyHours * HOUR + random.between(2, 12) * HOUR;
  arrest(draft, at + random.int(5) * HOUR, "Patrol Border");
  enrolSubject(draft, bookedIn, "Detention");
  const screening = screen(draft, "CF", bookedIn + random.between(1, 4) * DAY, random.between(4, 12));
  fearOutcome(draft, { bookedIn, open, ...screening });
}

type FearStory = {
  readonly bookedIn: Seconds;
  readonly open: boolean;
  readonly decision: ReturnType<typeof screen>["decision"];
  readonly decidedAt: Seconds | null;
};

function fearOutcome(draft: Draft, { bookedIn, open, decision, decidedAt }: FearStory): void {
  const { random } = draft;
  const noticeAt = (decidedAt ?? bookedIn + 12 * DAY) + random.between(1, 3) * DAY;
  if (decision === "NEGATIVE" || decision === "ADMIN CLOSE") {
    const review = decision === "NEGATIVE" && random.chance(0.7);
    if (review) {
      openCase(draft, {
        random,
        caseType: "CFR",
        noticeAt,
        asylumType: "J",
        applications: [],
        detained: true,
        withinDays: 7,
      });
    }
    const departedAt = open ? null : noticeAt + random.between(35, 70) * DAY;
    stay(draft, bookedIn, departedAt, departedAt === null ? null : "Removed");
    if (departedAt !== null) removal(draft, departedAt - 2 * DAY, departedAt);
    eidCase(draft, { category: categories.expedited, finalOrderAt: noticeAt, departedAt, openedAt: bookedIn });
    return;
  }
  const released = open ? null : bookedIn + random.between(25, 80) * DAY;
  stay(
    draft,
    bookedIn,
    released,
    released === null ? null : random.pick(["Paroled", "Order of recognizance", "Bonded Out"]),
  );
  const outcome = openCase(draft, {
    random,
    caseType: "RMV",
    noticeAt,
    asylumType: "E",
    applications: random.chance(0.7) ? ["ASYL", "ASYW", "WCAT"] : [],
    detained: open,
    withinDays: open ? 120 : 1000,
  });
  eidCase(draft, {
    category: categoryOf(outcome, categories.credibleFearFound),
    finalOrderAt: outcome.finalAt,
    departedAt: null,
    relief: outcome.state === "relief",
    openedAt: bookedIn,
  });
}

function categoryOf(outcome: CaseOutcome, whilePending: (typeof categories)[keyof typeof categories]) {
  if (outcome.appealPending) return categories.beforeBoard;
  if (outcome.state === "pending") return whilePending;
  if (outcome.state === "relief") return categories.withholding;
  if (outcome.finalAt === null) return categories.beforeJudge;
  return outcome.absentia ? categories.fugitive : categories.finalOrder;
}

/** Whose A-number e3 did not write down usually gets known at a first check-in; for a few it never does. */
function checkIn(draft: Draft, releasedAt: Seconds): void {
  const { random } = draft;
  if (draft.e3.every(({ aNumber }) => aNumber !== null) || random.chance(0.08)) return;
  const at = releasedAt + random.between(10, 60) * DAY;
  meet(draft, { at, sender: "ICE-ERO", reason: "Check-in", aNumber: aNumberOf(draft, "court") });
}

/** Released by the Border Patrol with a notice: a court case follows, if the notice is ever filed. */
function releasedAtBorder(draft: Draft, at: Seconds): void {
  const { random } = draft;
  const report = random.chance(0.15);
  const custodyHours = random.between(12, 90);
  const disposition = report ? dispositions.noticeToReport : dispositions.noticeToAppear;
  apprehend(draft, { at, disposition, fearClaim: random.chance(0.4), custodyHours, transferredTo: null });
  if (report || random.chance(rates.ntaNeverFiled.rate)) return;
  const applications = random.chance(0.5) ? ["ASYL", "ASYW"] : [];
  openCase(draft, {
    random,
    caseType: "RMV",
    noticeAt: at + DAY,
    asylumType: applications.length > 0 ? "E" : null,
    applications,
    detained: false,
    withinDays: 1100,
  });
  checkIn(draft, at);
}

function interiorArrest(draft: Draft): void {
  const { random, now } = draft;
  if (random.chance(0.4)) {
    enter(draft, {
      at: now - random.between(2200, 5000) * DAY + hours(random),
      classOfAdmission: "B2",
      admittedDays: 180,
      passport: passportOf(draft),
    });
  }
  const active = random.chance(rates.detainerActive.rate);
  if (active) {
    activeDetainer(draft, now - random.between(1, 60) * DAY + hours(random));
    return;
  }
  const open = random.chance(rates.eidStayOpen.rate);
  const at = now - (open ? random.between(48, 180) : random.between(200, 1800)) * DAY + hours(random);
  const taken = random.chance(0.6);
  const bookedIn = at + random.between(1, 9) * DAY + random.between(1, 20) * HOUR;
  enrolSubject(draft, at, "Local arrest", true);
  detainer(draft, {
    at,
    bookedInAt: taken ? bookedIn : null,
    active: false,
    finalOrder: false,
    pendingProceedings: random.chance(0.2),
  });
  // Those the jail let go are usually found later all the same.
  const custodyAt = taken ? bookedIn : bookedIn + random.between(5, 25) * DAY;
  if (custodyAt > now - 40 * DAY) return;
  arrest(draft, custodyAt - random.between(1, 6) * HOUR);
  interiorCustody(draft, custodyAt, open);
}

function activeDetainer(draft: Draft, at: Seconds): void {
  const { random } = draft;
  enrolSubject(draft, at, "Local arrest", true);
  const ordered = random.chance(0.35);
  detainer(draft, {
    at,
    bookedInAt: null,
    active: true,
    finalOrder: ordered,
    pendingProceedings: !ordered && random.chance(0.3),
  });
  const finalOrderAt = ordered ? at - random.between(200, 2500) * DAY : null;
  eidCase(draft, {
    category: ordered ? categories.fugitive : categories.beforeJudge,
    finalOrderAt,
    departedAt: null,
    openedAt: finalOrderAt ?? at,
  });
}

function interiorCustody(draft: Draft, bookedIn: Seconds, open: boolean): void {
  const { random, now } = draft;
  const outcome = openCase(draft, {
    random,
    caseType: "RMV",
    noticeAt: bookedIn + DAY,
    asylumType: null,
    applications: random.chance(0.3) ? ["42B"] : random.chance(0.2) ? ["WCAT"] : [],
    detained: true,
    withinDays: 110,
  });
  const ready = outcome.finalAt === null ? null : outcome.finalAt + random.between(3, 25) * DAY;
  const departedAt = !open && ready !== null && ready < now ? ready : null;
  const released = departedAt ?? (open ? null : Math.min(bookedIn + random.between(10, 150) * DAY, now - HOUR));
  const reason =
    departedAt !== null
      ? "Removed"
      : outcome.state === "relief"
        ? "Proceedings Terminated"
        : random.pick(["Bonded Out", "Order of recognizance", "Order of Supervision"]);
  stay(draft, bookedIn, released, released === null ? null : reason);
  if (departedAt !== null) removal(draft, departedAt - random.int(3) * DAY, departedAt);
  else if (open && outcome.finalAt !== null) removal(draft, now + random.between(1, 20) * DAY, null);
  eidCase(draft, {
    category: categoryOf(outcome, categories.beforeJudge),
    finalOrderAt: outcome.finalAt,
    departedAt,
    relief: outcome.state === "relief",
    openedAt: bookedIn,
  });
}

/** Removed once, found again at the border: the old order is reinstated unless a fear is found reasonable. */
function reinstatement(draft: Draft): void {
  const { random, now } = draft;
  const removedAt = now - random.between(1400, 3500) * DAY + hours(random);
  enrolSubject(draft, removedAt - 20 * DAY, "Detention");
  removal(draft, removedAt - DAY, removedAt);
  const open = random.chance(rates.eidStayOpen.rate);
  const at = now - (open ? random.between(65, 160) : random.between(170, 1300)) * DAY + hours(random);
  const fear = random.chance(0.6);
  const custodyHours = random.between(10, 70);
  apprehend(draft, { at, disposition: dispositions.reinstated, fearClaim: fear, custodyHours, transferredTo: "ERO" });
  const bookedIn = at + (custodyHours + random.between(2, 12)) * HOUR;
  arrest(draft, at + random.int(5) * HOUR, "Patrol Border");
  enrolSubject(draft, bookedIn, "Detention");
  const { decision, decidedAt } = fear
    ? screen(draft, "RF", bookedIn + random.between(1, 6) * DAY, random.between(5, 28))
    : { decision: null, decidedAt: null };
  if (decision === "POSITIVE") {
    openCase(draft, {
      random,
      caseType: "WHO",
      noticeAt: decidedAt! + 2 * DAY,
      asylumType: null,
      applications: ["ASYW", "WCAT"],
      detained: open,
      withinDays: open ? 90 : 400,
    });
  } else if (decision === "NEGATIVE" && random.chance(0.6)) {
    openCase(draft, {
      random,
      caseType: "RFR",
      noticeAt: decidedAt! + 2 * DAY,
      asylumType: null,
      applications: [],
      detained: true,
      withinDays: 9,
    });
  }
  const departedAt = open || decision === "POSITIVE" ? null : (decidedAt ?? bookedIn) + random.between(20, 60) * DAY;
  const released = departedAt ?? (open ? null : bookedIn + random.between(40, 120) * DAY);
  stay(draft, bookedIn, released, released === null ? null : departedAt === null ? "Order of Supervision" : "Removed");
  if (departedAt !== null) removal(draft, departedAt - DAY, departedAt);
  else if (open && decision !== "POSITIVE") removal(draft, now + random.between(2, 15) * DAY, null);
  eidCase(draft, {
    category: categories.reinstated,
    finalOrderAt: removedAt - 15 * DAY,
    departedAt,
    openedAt: bookedIn,
  });
}

export type Family = {
  readonly leadIndex: number;
  readonly size: number;
  readonly at: Seconds;
  /** Restarted for every member, so that their cases run together. */
  readonly together: () => Random;
};

/** One member of a family (or a child alone) who came over the border together. The lead is the first adult. */
export function crossWithFamily(draft: Draft, family: Family): void {
  const { random } = draft;
  const together = family.together();
  const alone = family.size === 1;
  const lead = draft.index === family.leadIndex;
  const report = !alone && together.chance(0.12);
  const unfiled = together.chance(rates.ntaNeverFiled.rate);
  const custodyHours = together.between(14, 80);
  const sectorAt = together.int(8);
  const addressAt = pickAddress(together);
  const number = `FMU${String(10_000_000 + family.leadIndex)}`;
  const mismatch = !lead && random.chance(rates.e3FamilyUnitMismatch.rate);
  apprehend(draft, {
    at: family.at,
    disposition: alone
      ? dispositions.childTransfer
      : report
        ? dispositions.noticeToReport
        : dispositions.noticeToAppear,
    leadIndex: family.leadIndex,
    family: alone
      ? { number: "", type: "", member: false, child: true }
      : {
          number: mismatch ? `FMU${String(10_000_000 + draft.index)}` : number,
          type: "FMUA",
          member: true,
          child: false,
        },
    fearClaim: together.chance(0.5),
    custodyHours,
    transferredTo: alone ? "HHS ORR" : null,
    sectorAt,
    addressAt,
  });
  if (report || unfiled) return;
  const asylum = together.chance(0.6);
  openCase(draft, {
    random: together,
    caseType: "RMV",
    noticeAt: family.at + DAY,
    asylumType: asylum ? "E" : null,
    applications: asylum ? ["ASYL", "ASYW"] : [],
    detained: false,
    withinDays: 1000,
    unaccompanied: alone,
    ...(lead && !alone
      ? { riders: Array.from({ length: family.size - 1 }, (_, n) => identifiers.idncase(family.leadIndex + n + 1, 0)) }
      : {}),
  });
  if (!alone) checkIn(draft, family.at);
}
