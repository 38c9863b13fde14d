/** USCIS's records: fear screenings and paper I-589s in Global, other requests (and newer I-589s) in ELIS. */
import { DAY, day, type Seconds } from "./dates.ts";
import { aNumberOf, type Draft, meet, nextReceipt } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import { rates } from "./rates.ts";
import type { ElisCase, GlobalApplication, GlobalScreening } from "./types.ts";

export type ScreeningOutcome = { readonly decision: GlobalScreening["decision"]; readonly decidedAt: Seconds | null };

/** A credible- or reasonable-fear screening. What has not happened by now is not in it. */
export function screen(draft: Draft, kind: "CF" | "RF", referredAt: Seconds, days: number): ScreeningOutcome {
  const { random, now } = draft;
  const happened = (at: Seconds) => (at <= now ? at : null);
  const decidedAt = happened(referredAt + days * DAY);
  const decision = decidedAt === null ? null : random.weighted(kind === "CF" ? credibleOutcomes : reasonableOutcomes);
  const found = decision === "POSITIVE" || decision === "NEGATIVE";
  const served = (latestDays: number) => {
    const at = found ? happened(decidedAt! + random.int(latestDays + 1) * DAY) : null;
    return random.chance(rates.screeningServiceMissing.rate) || at === null ? null : day(at);
  };
  const servedApplicantDate = served(2);
  const servedEroDate = served(4);
  const toCourt = decision === "POSITIVE" || (decision === "NEGATIVE" && random.chance(0.7));
  draft.screenings.push({
    screeningId: `APSS${70_000_000 + draft.index * 4 + draft.screenings.length}`,
    aNumber: aNumberOf(draft, "enforcement"),
    kind,
    referredDate: random.chance(0.01) ? null : day(referredAt),
    decision,
    decisionDate: decidedAt === null ? null : day(decidedAt),
    servedApplicantDate,
    servedEroDate,
    servedCourtDate: toCourt ? served(5) : null,
    closeEffectiveDate: decision === "ADMIN CLOSE" || (found && random.chance(0.1)) ? day(decidedAt!) : null,
  });
  return { decision, decidedAt };
}

const credibleOutcomes = [
  [62, "POSITIVE"],
  [30, "NEGATIVE"],
  [8, "ADMIN CLOSE"],
] as const;
const reasonableOutcomes = [
  [35, "POSITIVE"],
  [57, "NEGATIVE"],
  [8, "ADMIN CLOSE"],
] as const;

/** Form I-589 with USCIS: on paper (Global) or, more and more, in ELIS. */
export function applyForAsylum(
  draft: Draft,
  filedAt: Seconds,
  decision: GlobalApplication["decision"],
  decidedAt: Seconds | null,
): void {
  const { random } = draft;
  const aNumber = aNumberOf(draft, "benefit");
  if (random.chance(0.4)) {
    file(draft, "I-589", filedAt, elisStatus[decision], decidedAt);
    return;
  }
  const centre = random.chance(0.5) ? identifiers.centreReceipt(draft.index, filedAt) : null;
  const receiptNumber = centre?.number ?? (random.chance(0.1) ? null : nextReceipt(draft));
  const filed = centre?.receivedAt ?? filedAt;
  draft.applications.push({
    receiptNumber,
    aNumber,
    filedDate: random.chance(0.01) ? null : day(filed),
    decision,
    decisionDate: decidedAt === null ? null : day(decidedAt),
    birthCountry: draft.country.iso,
  });
  meet(draft, {
    at: filed + random.between(15, 60) * DAY,
    sender: "USCIS",
    reason: "Biometrics appointment",
    aNumber,
    receiptNumber,
  });
}

const elisStatus = {
  PENDING: "Case Was Received",
  GRANT: "Case Was Approved",
  DENIAL: "Case Was Denied",
  REFERRAL: "Case Closed",
  WITHDRAWN: "Case Was Withdrawn",
  "ADMIN CLOSE": "Case Closed",
} as const satisfies Record<GlobalApplication["decision"], ElisCase["status"]>;

/** A request in ELIS, and the biometrics appointment that follows it. */
export function file(
  draft: Draft,
  form: string,
  receivedAt: Seconds,
  status: ElisCase["status"],
  statusAt: Seconds | null,
): void {
  const { random } = draft;
  const receiptNumber = nextReceipt(draft);
  const aNumber = aNumberOf(draft, "benefit");
  draft.elis.push({
    receiptNumber,
    aNumber,
    form,
    receivedDate: day(receivedAt),
    status,
    statusDate: statusAt === null ? null : day(Math.min(statusAt, draft.now)),
    birthCountry: random.chance(0.02) ? null : draft.country.iso,
    gender: random.chance(0.02) ? null : draft.sex === "M" ? "Male" : "Female",
    protection: protectedForms.has(form) && status !== "Case Was Denied" ? "1367" : null,
  });
  meet(draft, {
    at: receivedAt + random.between(10, 50) * DAY,
    sender: "USCIS",
    reason: "Biometrics appointment",
    aNumber,
    receiptNumber,
  });
}

const protectedForms = new Set(["I-360 VAWA", "I-914", "I-918"]);

/** A VAWA, T or U filing, for the few: 8 USC 1367. */
export function maybeProtected(draft: Draft): void {
  const { random, now } = draft;
  if (draft.elis.length === 0 || !random.chance(rates.protected1367.rate)) return;
  const receivedAt = now - random.between(60, 1500) * DAY;
  const decided = random.chance(0.5) ? now - random.between(1, 50) * DAY : null;
  const status = decided === null ? "Case Was Received" : random.chance(0.8) ? "Case Was Approved" : "Case Was Denied";
  file(draft, random.pick([...protectedForms]), receivedAt, status, decided);
}
