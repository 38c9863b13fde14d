/** Life courses: what brings a person before the agencies, and which records that leaves. Most people have only a few. */

import { applyForAsylum, file, maybeProtected } from "./benefits.ts";
import { enter, leave, passportOf } from "./border.ts";
import { credibleFear, reinstatement } from "./border-courses.ts";
import { openCase } from "./court.ts";
import { DAY, timeOfDay } from "./dates.ts";
import { type Draft, meet } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import { interiorArrest } from "./interior-courses.ts";

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

function visitor(draft: Draft): void {
  const { random, now } = draft;
  const visits = random.weighted([
    [45, 1],
    [30, 2],
    [15, 3],
    [10, 5],
  ]);
  const renewed = random.chance(0.15);
  let at = now - random.between(200, 3200) * DAY + timeOfDay(random);
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
    const out = at + random.between(3, 90) * DAY + timeOfDay(random);
    if (out > now) return;
    leave(draft, out, i94, passport);
    at = out + random.between(60, 900) * DAY;
  }
}

function student(draft: Draft): void {
  const { random, now } = draft;
  const sevisId = identifiers.sevisId(draft.index);
  const passport = passportOf(draft);
  let at = now - random.between(60, 1900) * DAY + timeOfDay(random);
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
  const at = now - random.between(300, 4000) * DAY + timeOfDay(random);
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
  const at = now - random.between(500, 3500) * DAY + timeOfDay(random);
  const i94 = enter(draft, { at, classOfAdmission: "B2", admittedDays: 180, passport: passportOf(draft) });
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
  if (decision === "GRANT" && decidedAt < now - 200 * DAY && draft.index % 2 === 0) returnAsAsylee(draft, i94);
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

/** What inspectors write for somebody with asylum: a code, or whatever came to mind. */
const asyleeClasses = ["AS", "AS1", "as-6", " Asylee", "GRANTED ASYLUM", "Refugee/asylee travel doc", "I-589 APPROVED"];

/** Back from a journey with a refugee travel document, admitted without an end. */
function returnAsAsylee(draft: Draft, i94: string): void {
  const at = draft.now - draft.random.between(10, 150) * DAY + timeOfDay(draft.random);
  const classOfAdmission = asyleeClasses[(draft.index >> 1) % asyleeClasses.length] as string;
  leave(draft, at - draft.random.between(5, 25) * DAY, i94, null);
  enter(draft, { at, classOfAdmission, admittedDays: "D/S", passport: null });
}
