/** Records of the border: ADIS crossings, I-94 admissions, e3 events with their releases. */
import { DAY, day, HOUR, instant, MINUTE, type Seconds } from "./dates.ts";
import { aNumberOf, type Draft, meet } from "./draft.ts";
import * as identifiers from "./identifiers.ts";
import { airports, carriers, inventAddress, landPorts, NO_ADDRESS, sectors } from "./places.ts";
import { createRandom } from "./random.ts";
import { rates } from "./rates.ts";
import { type E3Subject, REDACTED, type Redactable } from "./types.ts";

export type Passport = { readonly number: string; readonly country: string };

export const passportOf = (draft: Draft, slot = 0): Passport => ({
  number: identifiers.passportNumber(draft.index, slot),
  country: draft.country.iso,
});

export type Entry = {
  readonly at: Seconds;
  readonly classOfAdmission: string;
  readonly admittedDays: number | "D/S";
  readonly passport: Passport | null;
  readonly byLand?: boolean;
  readonly sevisId?: string;
};

/** An admission at a port: ADIS, I-94 and IDENT each learn of it. Returns the admission number. */
export function enter(draft: Draft, entry: Entry): string {
  const { random } = draft;
  const { at, passport } = entry;
  const [site, scheduleD] = random.pick(entry.byLand ? landPorts : airports);
  const i94Number = identifiers.i94Number(draft.index, draft.i94.length, at);
  const fin = meet(draft, {
    at: at + random.between(5, 40) * MINUTE,
    sender: "CBP-OFO",
    reason: entry.classOfAdmission === "DT" ? "Parole at port of entry" : "Admission",
    i94Number,
    passport,
    ...(entry.sevisId ? { sevisId: entry.sevisId } : {}),
  });
  draft.adis.push({
    recordId: recordId(draft),
    fin,
    i94Number: random.chance(0.04) ? null : i94Number,
    passport,
    direction: "ARRIVAL",
    at: instant(at),
    port: random.chance(0.3) ? scheduleD : site,
    carrier: entry.byLand ? null : random.pick(carriers),
  });
  draft.i94.push({
    i94Number,
    admittedAt: instant(at),
    classOfAdmission: entry.classOfAdmission,
    admitUntil: entry.admittedDays === "D/S" ? "D/S" : day(at + entry.admittedDays * DAY),
    port: site,
    passport,
  });
  return i94Number;
}

/** A departure as carriers report it; some never do. */
export function leave(draft: Draft, at: Seconds, i94Number: string, passport: Passport | null): void {
  const { random } = draft;
  if (random.chance(rates.departureMissing.rate)) return;
  const [site, scheduleD] = random.pick(airports);
  draft.adis.push({
    recordId: recordId(draft),
    fin: identifiers.fin(draft.index, 0),
    i94Number: random.chance(0.08) ? null : i94Number,
    passport,
    direction: "DEPARTURE",
    at: instant(at),
    port: random.chance(0.3) ? scheduleD : site,
    carrier: random.pick(carriers),
  });
}

const recordId = (draft: Draft) => `AD${500_000_000 + draft.index * 32 + draft.adis.length}`;

/** Dispositions as e3 prints them. */
export const dispositions = {
  credibleFear: "Expedited Removal - Credible Fear Referral",
  noticeToAppear: "Notice to Appear - Released on Own Recognizance",
  noticeToReport: "Notice to Report - Released",
  detained: "Warrant of Arrest/Notice to Appear - Detained",
  reinstated: "Reinstatement of Prior Removal Order",
  childTransfer: "Notice to Appear - Unaccompanied Child",
} as const;

export type Event = {
  readonly at: Seconds;
  readonly disposition: (typeof dispositions)[keyof typeof dispositions];
  /** The first subject's index: all subjects of one event share its number. */
  readonly leadIndex?: number;
  readonly family?: {
    readonly number: string;
    readonly type: string;
    readonly member: boolean;
    readonly child: boolean;
  };
  readonly fearClaim: boolean;
  readonly custodyHours: number;
  readonly transferredTo: string | null;
  readonly sectorAt?: number;
  /** Which of the neighbourhood's addresses a released family goes to. */
  readonly addressAt?: number;
};

/** A Border Patrol event: e3 and IDENT learn of it. */
export function apprehend(draft: Draft, event: Event): E3Subject {
  const { random } = draft;
  const { at } = event;
  const sector = sectors[event.sectorAt ?? random.int(sectors.length)]!;
  const released = event.transferredTo === null;
  const lead = event.leadIndex ?? draft.index;
  const aNumberMissing = random.chance(released ? rates.e3ReleaseANumberMissing.rate : 0.02);
  const aNumber = aNumberMissing ? null : aNumberOf(draft, "enforcement");
  const fin = meet(draft, {
    at: at + random.between(1, 9) * HOUR,
    sender: "CBP-USBP",
    reason: "Apprehension",
    aNumber,
  });
  const differ = random.chance(rates.e3TimesDiffer.rate);
  const subject: E3Subject = {
    eventNumber: `${sector.code}${day(at).slice(2, 7).replace("-", "")}${String(lead).padStart(8, "0")}${draft.e3.length}`,
    subjectKey: String(300_000_000 + draft.index * 8 + draft.e3.length),
    fin: random.chance(0.02) ? null : fin,
    aNumber,
    apprehendedAt: instant(at),
    arrestedAt: instant(differ ? at + random.pick([-2, 1, 3, 5, 8, 26]) * HOUR + random.int(50) * MINUTE : at),
    sector: redactable(draft, sector.name),
    citizenship: draft.country.iso,
    familyUnitNumber: event.family?.number || null,
    familyUnitType: event.family?.type || null,
    familyMember: entered(draft, event.family?.member ?? false),
    unaccompaniedChild: entered(draft, event.family?.child ?? false),
    fearClaim: entered(draft, event.fearClaim),
    disposition: redactable(draft, event.disposition),
    bookedOutAt: instant(Math.min(at + event.custodyHours * HOUR, draft.now)),
    transferredTo: event.transferredTo,
    releaseAddress: released ? releaseAddress(draft, at + event.custodyHours * HOUR, event.addressAt) : null,
  };
  draft.e3.push(subject);
  return subject;
}

/** What the officer entered and what the system derived. */
function entered({ random }: Draft, truth: boolean): { entered: boolean; derived: boolean } {
  return { entered: random.chance(rates.e3EnteredNotDerived.rate) ? !truth : truth, derived: truth };
}

function redactable({ random }: Draft, value: string): Redactable<string> {
  return random.chance(rates.e3Redacted.rate) ? REDACTED : value;
}

const ADDRESS_STREAM = 0xadd7;
/** Tuned with `addressCount` so that `rates.addressShared` of the addresses are given by two people or more. */
const neighbourhoodSize = 128;
const addressCount = 5;
const severalUnitsCount = 2;
const hubShare = 0.06;
const hubCount = 8;

function releaseAddress(
  draft: Draft,
  at: Seconds,
  chosen: number | undefined,
): NonNullable<E3Subject["releaseAddress"]> {
  const { random, seed } = draft;
  const { addressRecorded, addressBlank, addressUnitMissing, addressUndeliverable } = rates;
  const since = instant(Math.min(at, draft.now));
  if (!random.chance(addressRecorded.rate)) {
    const blank = random.chance(addressBlank.rate / (1 - addressRecorded.rate));
    return { lines: [blank ? "" : NO_ADDRESS], since, undeliverable: null };
  }
  const undeliverable = random.chance(addressUndeliverable.rate / addressRecorded.rate);
  // A few charities and shelters stand for hundreds of people each.
  if (random.chance(hubShare)) {
    return {
      lines: inventAddress(createRandom(seed, ADDRESS_STREAM, random.int(hubCount)), false),
      since,
      undeliverable,
    };
  }
  const place = chosen ?? random.int(addressCount);
  const neighbourhood = 1 + Math.floor(draft.index / neighbourhoodSize);
  const severalUnits = place < severalUnitsCount;
  const lines = inventAddress(createRandom(seed, ADDRESS_STREAM, neighbourhood, place), severalUnits);
  const reachable = addressRecorded.rate * (1 - hubShare) * (severalUnitsCount / addressCount);
  const unit = severalUnits && !random.chance(addressUnitMissing.rate / reachable);
  return { lines: unit ? withUnit(lines, random.between(1, 48)) : lines, since, undeliverable };
}

const withUnit = ([building, street, city]: readonly string[], unit: number) => [
  building!,
  `${street} Apt ${unit}`,
  city!,
];
export const pickAddress = (random: { int(count: number): number }) => random.int(addressCount);
