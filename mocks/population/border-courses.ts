/** Life courses of people met at the border: asylum claims, families, those who had been removed before. */
import { screen } from "./benefits.ts";
import { apprehend, dispositions, pickAddress } from "./border.ts";
import { openCase } from "./court.ts";
import { arrest, categories, categoryOf, eidCase, enrolSubject, removal, stay } from "./custody.ts";
import { DAY, HOUR, type Seconds, timeOfDay } from "./dates.ts";
import { aNumberOf, type Draft, meet } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import type { Random } from "./random.ts";
import { rates } from "./rates.ts";

export function credibleFear(draft: Draft): void {
  const { random, now } = draft;
  if (random.chance(0.45)) {
    releasedAtBorder(draft, now - random.between(70, 1300) * DAY + timeOfDay(random));
    return;
  }
  const open = random.chance(rates.eidStayOpen.rate);
  const at = now - (open ? random.between(45, 150) : random.between(150, 1300)) * DAY + timeOfDay(random);
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

/** Removed once, found again at the border: the old order is reinstated unless a fear is found reasonable. */
export function reinstatement(draft: Draft): void {
  const { random, now } = draft;
  const removedAt = now - random.between(1400, 3500) * DAY + timeOfDay(random);
  enrolSubject(draft, removedAt - 20 * DAY, "Detention");
  removal(draft, removedAt - DAY, removedAt);
  const open = random.chance(rates.eidStayOpen.rate);
  const at = now - (open ? random.between(65, 160) : random.between(170, 1300)) * DAY + timeOfDay(random);
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
