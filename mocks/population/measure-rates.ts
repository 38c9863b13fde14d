/** Counts, in a stream of people, how often each thing of `rates` happens: from the finished files alone. */
import { dispositions } from "./border.ts";
import { decode, readANumber } from "./identifiers.ts";
import { NO_ADDRESS } from "./places.ts";
import { type RateName, rates } from "./rates.ts";
import { type CaseFile, type E3Subject, type EidArrest, type PersonFile, REDACTED } from "./types.ts";

export type Measured = Readonly<Record<RateName, { readonly of: number; readonly hits: number }>>;

/** `now` is the world's: what lies after it has not happened. */
export function measureRates(persons: Iterable<PersonFile>, now: string): Measured {
  const counts = Object.fromEntries(Object.keys(rates).map((name) => [name, { of: 0, hits: 0 }])) as Record<
    RateName,
    { of: number; hits: number }
  >;
  const count: Count = (name, hit) => {
    counts[name].of += 1;
    if (hit) counts[name].hits += 1;
  };
  const across: Across = { clusters: new Map(), addresses: new Map(), units: new Map() };
  for (const file of persons) {
    countIdentities(file, count, across);
    countBorder(file, count, across);
    countCustody(file, count);
    countDetainers(file, count);
    countFilings(file, count, now);
    for (const each of file.cases) countCase(each, count, now);
  }
  for (const clusters of across.clusters.values()) count("aNumberOnTwoFins", clusters.size > 1);
  for (const uses of across.addresses.values()) count("addressShared", uses > 1);
  return counts;
}

type Count = (name: RateName, hit: boolean) => void;
/** What can only be seen across people: who has this A-number, this address, the first unit number of this event. */
type Across = {
  readonly clusters: Map<string, Set<string>>;
  readonly addresses: Map<string, number>;
  readonly units: Map<string, string>;
};

function countIdentities({ index, ident, adis, i94 }: PersonFile, count: Count, { clusters }: Across): void {
  const own = new Set<string>();
  count("identityCluster", ident.length > 1);
  if (ident.length > 1) count("clusterBirthDateConflict", new Set(ident.map(({ birthDate }) => birthDate)).size > 1);
  else count("identBirthDateMissing", ident[0]!.birthDate === null);
  for (const { clusterId, encounters } of ident) {
    for (const { aNumberRaw } of encounters) {
      if (aNumberRaw === null) continue;
      const aNumber = readANumber(aNumberRaw);
      count("aNumberUnreadable", aNumber === null);
      if (aNumber === null) continue;
      if (decode("aNumber", aNumber)[0] === index) own.add(aNumber);
      clusters.set(aNumber, (clusters.get(aNumber) ?? new Set()).add(clusterId));
    }
  }
  if (own.size > 0) count("aNumberSeveral", own.size > 1);
  const admissions = i94.map(({ admittedAt }) => admittedAt).sort();
  admissions.slice(1).forEach((next, place) => {
    const left = ({ direction, at }: (typeof adis)[number]) =>
      direction === "DEPARTURE" && at > admissions[place]! && at < next;
    count("departureMissing", !adis.some(left));
  });
}

function countBorder({ e3, cases }: PersonFile, count: Count, across: Across): void {
  for (const subject of e3) {
    count("e3TimesDiffer", subject.apprehendedAt !== subject.arrestedAt);
    for (const pair of [subject.familyMember, subject.unaccompaniedChild, subject.fearClaim]) {
      count("e3EnteredNotDerived", pair.entered !== pair.derived);
    }
    count("e3Redacted", subject.sector === REDACTED);
    count("e3Redacted", subject.disposition === REDACTED);
    countFamilyUnit(subject, count, across);
    if (subject.releaseAddress === null) continue;
    count("e3ReleaseANumberMissing", subject.aNumber === null);
    countAddress(subject.releaseAddress, count, across);
    if (subject.disposition === dispositions.noticeToAppear) count("ntaNeverFiled", cases.length === 0);
  }
}

function countFamilyUnit({ eventNumber, familyUnitNumber }: E3Subject, count: Count, { units }: Across): void {
  if (familyUnitNumber === null) return;
  const first = units.get(eventNumber);
  if (first === undefined) units.set(eventNumber, familyUnitNumber);
  else count("e3FamilyUnitMismatch", familyUnitNumber !== first);
}

function countAddress(address: NonNullable<E3Subject["releaseAddress"]>, count: Count, { addresses }: Across): void {
  const { lines, undeliverable } = address;
  const text = lines.join("\n");
  const recorded = text !== "" && text !== NO_ADDRESS;
  count("addressRecorded", recorded);
  count("addressBlank", text === "");
  count("addressUnitMissing", text.includes("Apartments") && !text.includes(" Apt "));
  count("addressUndeliverable", undeliverable === true);
  const building = text.replace(/ Apt \d+/, "");
  if (recorded) addresses.set(building, (addresses.get(building) ?? 0) + 1);
}

function countCustody({ eid }: PersonFile, count: Count): void {
  const { stays, detainers, removals, arrests, cases } = eid;
  for (const { aFileNumber } of [...stays, ...detainers, ...removals, ...arrests, ...cases]) {
    count("eidAFileMissing", aFileNumber === null);
    count("eidAFileRedacted", aFileNumber === REDACTED);
  }
  arrests.forEach((row, place) => {
    count("eidArrestStateMissing", row.state === null);
    count(
      "eidArrestDuplicate",
      arrests.slice(0, place).some((earlier) => withinADay(earlier, row)),
    );
  });
  for (const { bookInAt, bookOutAt } of stays) {
    count("eidStayOpen", bookOutAt === null);
    if (bookOutAt !== null) count("eidStayOrderImpossible", bookOutAt < bookInAt);
  }
  for (const { departedDate, status, lastScreenedDate } of cases) {
    count("eidLastScreenedMissing", lastScreenedDate === null);
    if (departedDate !== null) count("eidDepartedActive", status === "ACTIVE");
  }
}

const withinADay = (a: EidArrest, b: EidArrest) => Math.abs(Date.parse(a.at) - Date.parse(b.at)) <= 86_400_000;

function countDetainers({ eid }: PersonFile, count: Count): void {
  for (const row of eid.detainers) {
    count("detainerCaseIdMissing", row.caseId === null);
    count("detainerLiftReasonMissing", row.liftReason === null);
    count("detainerActive", row.liftedAt === null);
    count("detainerApprehensionMissing", row.apprehensionDate === null);
    count("detainerWarrantMissing", row.warrantForm === null);
    count("detainerNotServed", row.servedAt === null);
  }
}

const protectedForms = /VAWA|^I-914|^I-918/;
const serviceDays = 5;

function countFilings({ global, elis }: PersonFile, count: Count, now: string): void {
  const settledBefore = new Date(Date.parse(now) - serviceDays * 86_400_000).toISOString().slice(0, 10);
  for (const { decision, decisionDate, servedApplicantDate, servedEroDate } of global.screenings) {
    if ((decision !== "POSITIVE" && decision !== "NEGATIVE") || decisionDate! > settledBefore) continue;
    count("screeningServiceMissing", servedApplicantDate === null);
    count("screeningServiceMissing", servedEroDate === null);
  }
  if (elis.cases.length > 0) {
    count(
      "protected1367",
      elis.cases.some(({ form }) => protectedForms.test(form)),
    );
  }
}

function countCase(file: CaseFile, count: Count, now: string): void {
  count("caseBirthDateMissing", file.birthDate === null);
  count("caseSinceSnapshot", !file.inSnapshot);
  count("caseAddressMissing", file.city === null);
  for (const { completedDate, schedule } of file.proceedings) {
    count("caseCompletionMissing", completedDate === null);
    const past = schedule.filter(({ date }) => date < now.slice(0, 10));
    if (completedDate === null && past.length > 0) count("hearingForgotten", past.length === schedule.length);
  }
}
