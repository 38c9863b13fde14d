import { enter, passportOf } from "./border.ts";
import { openCase } from "./court.ts";
import { arrest, categories, categoryOf, detainer, eidCase, enrolSubject, removal, stay } from "./custody.ts";
import { DAY, HOUR, type Seconds, timeOfDay } from "./dates.ts";
import type { Draft } from "./draft.ts";
import { rates } from "./rates.ts";

export function interiorArrest(draft: Draft): void {
  const { random, now } = draft;
  if (random.chance(0.4)) {
    enter(draft, {
      at: now - random.between(2200, 5000) * DAY + timeOfDay(random),
      classOfAdmission: "B2",
      admittedDays: 180,
      passport: passportOf(draft),
    });
  }
  const active = random.chance(rates.detainerActive.rate);
  if (active) {
    activeDetainer(draft, now - random.between(1, 60) * DAY + timeOfDay(random));
    return;
  }
  const open = random.chance(rates.eidStayOpen.rate);
  const at = now - (open ? random.between(48, 180) : random.between(200, 1800)) * DAY + timeOfDay(random);
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
