/** From released facts to what police are told of a hold. Pure; the rules stand one under the other, to be read. */
import type { HoldCalendar } from "./calendar.ts";
import { expiryExcludingNonBusinessDays, notifyBy, plainExpiry } from "./clocks.ts";
import type { DetainerFact, HoldFacts } from "./facts.ts";

export type HoldSettings = {
  readonly calendar: HoldCalendar;
  /** A source that vouches for nothing newer than this, before the newest one, is stale. */
  readonly staleAfterMs: number;
  /** The hour by which staleness is judged, beside the sources' own; null: theirs alone. */
  readonly nowMs: () => number | null;
};

export type HoldState = "NONE_FOUND" | "HOLD" | "REFER" | "UNKNOWN";
export type ClockStart = "RELEASE_GIVEN" | "SERVICE";

/** What depends on the person. All beside state and `asOf` is null unless the state is HOLD. */
export type Hold = {
  readonly state: HoldState;
  readonly warrantForm: string | null;
  readonly basis: readonly string[] | null;
  readonly servedAt: string | null;
  readonly expiresAt: string | null;
  readonly expiresAtExcludingNonBusinessDays: string | null;
  readonly expiryCountedFrom: ClockStart | null;
  readonly requestedNotifyBy: string | null;
  /** The instant EID vouches for; null: EID did not answer. */
  readonly asOf: string | null;
};

export function holdOf(facts: HoldFacts, settings: HoldSettings): Hold {
  const asOf = facts.detention?.asOf ?? null;
  const told = (state: HoldState): Hold => ({ ...nothingTold, state, asOf });
  const answered = answeredOf(facts, settings);
  if (answered === null) return told("UNKNOWN");
  const { identity, detention, protection } = answered;
  // INVARIANT: from here on, who is hidden from police reads as somebody for whom every source found nothing.
  if (identity.minor === true || protection.protected1367 === true) return told("NONE_FOUND");
  if (identity.minor === null || protection.protected1367 === null) return told("UNKNOWN");
  const active = detention.detainers.filter(({ status }) => status === "ACTIVE");
  if (detention.unreadable > 0) return told("REFER");
  if (!detention.detainers.every((each) => isClear(each, detention.asOf)) || !agree(active)) return told("REFER");
  const newest = newestOf(active);
  if (newest === undefined) return told(identity.isComplete ? "NONE_FOUND" : "UNKNOWN");
  const { warrantForm, basis, servedAt } = newest;
  return { state: "HOLD", warrantForm, basis, servedAt, ...clocksOf(newest, facts.releaseAt, settings.calendar), asOf };
}

const nothingTold = {
  warrantForm: null,
  basis: null,
  servedAt: null,
  expiresAt: null,
  expiresAtExcludingNonBusinessDays: null,
  expiryCountedFrom: null,
  requestedNotifyBy: null,
} as const;

/** Null when a source gave no answer, or one that is stale: "could not ask" is never "nothing". */
function answeredOf({ identity, detention, protection }: HoldFacts, { staleAfterMs, nowMs }: HoldSettings) {
  if (identity === null || detention === null || protection === null) return null;
  if (!identity.isAnswered || identity.asOf === null) return null;
  const vouchedMs = [identity.asOf, detention.asOf, protection.asOf].map(earliest);
  const newestMs = Math.max(...vouchedMs, nowMs() ?? Number.NEGATIVE_INFINITY);
  return vouchedMs.every((each) => newestMs - each <= staleAfterMs) ? { identity, detention, protection } : null;
}

/** Whether a detainer says one thing. What does not is for its owner to say: REFER. */
function isClear(detainer: DetainerFact, asOf: string): boolean {
  const { status, preparedAt, servedAt, liftedAt, basis, warrantForm, isWhole } = detainer;
  const isOutOfOrder = isAfter(preparedAt, servedAt) || isAfter(preparedAt, liftedAt) || isAfter(servedAt, liftedAt);
  // A lift of today without a time of day, or of a time to come, may not have been made yet.
  if (status === "LIFTED") return !isOutOfOrder && (liftedAt === null || latest(liftedAt) <= earliest(asOf));
  // Form I-247A states a ground; ICE Policy 10074.2: with a warrant, I-200 or I-205.
  const isStated = preparedAt !== null && basis !== null && basis.length > 0 && warrantForm !== null;
  return isStated && isWhole && !isOutOfOrder && !isAfter(preparedAt, asOf) && !isAfter(servedAt, asOf);
}

function agree(active: readonly DetainerFact[]): boolean {
  const said = active.map(({ basis, warrantForm }) => JSON.stringify([[...(basis ?? [])].sort(), warrantForm]));
  return new Set(said).size <= 1;
}

/** By service, then by preparation. */
function newestOf(active: readonly DetainerFact[]): DetainerFact | undefined {
  const key = ({ servedAt, preparedAt }: DetainerFact) => `${servedAt ?? ""} ${preparedAt ?? ""}`;
  return [...active].sort((a, b) => (key(a) < key(b) ? 1 : key(a) > key(b) ? -1 : 0))[0];
}

/**
 * 8 CFR 287.7(d): from the release that is due. Where the caller names none, from service, the earliest from which anybody
 * could be held: never later than the law's own end. A detainer that was not served holds nobody.
 */
function clocksOf({ servedAt, facilityCode }: DetainerFact, releaseAt: string | null, calendar: HoldCalendar) {
  const start = servedAt === null ? null : (releaseAt ?? servedAt);
  const requestedNotifyBy = releaseAt === null ? null : instant(notifyBy(earliest(releaseAt)));
  if (start === null) return { ...nothingCounted, requestedNotifyBy };
  const startMs = earliest(start);
  const excluding = expiryExcludingNonBusinessDays(startMs, calendar.zoneOf(facilityCode), calendar);
  return {
    expiresAt: instant(plainExpiry(startMs)),
    expiresAtExcludingNonBusinessDays: excluding === null ? null : instant(excluding),
    expiryCountedFrom: releaseAt === null ? ("SERVICE" as const) : ("RELEASE_GIVEN" as const),
    requestedNotifyBy,
  };
}

const nothingCounted = { expiresAt: null, expiresAtExcludingNonBusinessDays: null, expiryCountedFrom: null } as const;

/** Certainly after, where both are known. A day alone may be any instant of it. */
function isAfter(moment: string | null, other: string | null): boolean {
  return moment !== null && other !== null && earliest(moment) > latest(other);
}

function earliest(moment: string): number {
  return Date.parse(moment);
}

function latest(moment: string): number {
  return moment.length > 10 ? Date.parse(moment) : Date.parse(`${moment}T23:59:59Z`);
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
