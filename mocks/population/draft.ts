/** A person in the making: who they are, and the records gathered so far. Only this folder sees drafts; files are final. */
import { DAY, day, instant, type Seconds, yearOf } from "./dates.ts";
import * as identifiers from "./identifiers.ts";
import { inventNames, type Name } from "./names.ts";
import type { Country } from "./places.ts";
import type { Random } from "./random.ts";
import { rates } from "./rates.ts";
import type {
  AdisCrossing,
  CaseFile,
  E3Subject,
  EidArrest,
  EidCase,
  EidDetainer,
  EidRemoval,
  EidStay,
  ElisCase,
  GlobalApplication,
  GlobalScreening,
  I94Admission,
  IdentEncounter,
  IdentIdentity,
  PersonFile,
} from "./types.ts";

export type FamilyNames = ReturnType<typeof inventNames>["familyNames"];

export type Draft = {
  readonly index: number;
  readonly seed: number;
  readonly random: Random;
  readonly now: Seconds;
  readonly sex: "M" | "F";
  readonly birth: Seconds;
  readonly country: Country;
  readonly names: readonly Name[];
  readonly familyNames: FamilyNames;
  /** How many FINs (linked) and A-numbers this person has, if any. */
  readonly identities: number;
  readonly aNumbers: number;
  readonly encounters: (readonly [identity: number, encounter: IdentEncounter])[];
  readonly adis: AdisCrossing[];
  readonly i94: I94Admission[];
  readonly e3: E3Subject[];
  readonly stays: EidStay[];
  readonly detainers: EidDetainer[];
  readonly removals: EidRemoval[];
  readonly arrests: EidArrest[];
  readonly eidCases: EidCase[];
  readonly screenings: GlobalScreening[];
  readonly applications: GlobalApplication[];
  readonly elis: ElisCase[];
  readonly cases: CaseFile[];
  receipts: number;
};

export type Who = {
  readonly sex: "M" | "F";
  /** Whole years at worldNow. */
  readonly age: number;
  readonly country: Country;
  readonly familyNames?: FamilyNames;
  readonly names?: readonly Name[];
  readonly identities?: number;
  readonly aNumbers?: number;
};

export function beginDraft(at: { index: number; seed: number; now: Seconds }, random: Random, who: Who): Draft {
  const invented = inventNames(random, who.country.culture, who.sex, who.familyNames);
  const identities = who.identities ?? (random.chance(rates.identityCluster.rate) ? (random.chance(0.1) ? 3 : 2) : 1);
  return {
    ...at,
    random,
    sex: who.sex,
    birth: at.now - Math.floor(who.age * 365.25) * DAY - random.int(365) * DAY,
    country: who.country,
    names: who.names ?? invented.names,
    familyNames: invented.familyNames,
    identities,
    aNumbers: who.aNumbers ?? severalANumbers(random, identities),
    encounters: [],
    adis: [],
    i94: [],
    e3: [],
    stays: [],
    detainers: [],
    removals: [],
    arrests: [],
    eidCases: [],
    screenings: [],
    applications: [],
    elis: [],
    cases: [],
    receipts: 0,
  };
}

/** Nearly every second identity came with its own A-number: that is how it went unnoticed. */
function severalANumbers(random: Random, identities: number): number {
  const wanted = rates.aNumberSeveral.rate;
  const cluster = rates.identityCluster.rate;
  const inCluster = 0.9;
  return random.chance(identities > 1 ? inCluster : (wanted - cluster * inCluster) / (1 - cluster)) ? 2 : 1;
}

/** Which of the person's A-numbers an agency opened its file under; with several, benefits and enforcement differ. */
export function aNumberOf(draft: Draft, use: "enforcement" | "benefit" | "court"): string {
  const slot = draft.aNumbers > 1 && (use === "benefit" || (use === "court" && draft.index % 3 === 0)) ? 1 : 0;
  return identifiers.aNumber(draft.index, slot);
}

export function nextReceipt(draft: Draft): string {
  const receipt = identifiers.receiptNumber(draft.index, draft.receipts);
  draft.receipts += 1;
  return receipt;
}

export type Meeting = {
  readonly at: Seconds;
  readonly sender: IdentEncounter["sender"];
  readonly reason: string;
  readonly aNumber?: string | null;
  /** Typed in an unusual or unreadable way: as it stands. */
  readonly aNumberRaw?: string;
  readonly i94Number?: string | null;
  readonly passport?: IdentEncounter["passport"];
  readonly eidSubjectId?: string;
  readonly fbiNumber?: string;
  readonly sevisId?: string;
  readonly receiptNumber?: string | null;
  readonly identity?: number;
};

/** Fingerprints taken: IDENT learns of an encounter, with the identifiers its sender had. Returns the FIN it got. */
export function meet(draft: Draft, meeting: Meeting): string {
  const { random } = draft;
  const identity =
    meeting.identity ?? (draft.identities > 1 && random.chance(0.45) ? 1 + random.int(draft.identities - 1) : 0);
  draft.encounters.push([
    identity,
    {
      encounterId: identifiers.encounterId(draft.index, draft.encounters.length),
      at: instant(Math.min(meeting.at, draft.now)),
      sender: meeting.sender,
      reason: meeting.reason,
      aNumberRaw: meeting.aNumberRaw ?? (meeting.aNumber ? typeANumber(random, meeting.aNumber) : null),
      i94Number: meeting.i94Number ?? null,
      passport: meeting.passport ?? null,
      eidSubjectId: meeting.eidSubjectId ?? null,
      fbiNumber: meeting.fbiNumber ?? null,
      sevisId: meeting.sevisId ?? null,
      receiptNumber: meeting.receiptNumber ?? null,
    },
  ]);
  return identifiers.fin(draft.index, identity);
}

/** As officers type it: spaces, dashes, a leading A, leading zeros left out; now and then nothing to read. */
export function typeANumber(random: Random, nine: string): string {
  if (random.chance(rates.aNumberUnreadable.rate)) {
    const at = random.between(1, 8);
    return random.pick([
      `A${nine.slice(0, at)}?${nine.slice(at + 1)}`,
      `A${nine.slice(0, at)}O${nine.slice(at + 1)}S`,
      `A${nine}${nine[at]}`,
      "ILLEGIBLE",
    ]);
  }
  const [a, b, c] = [nine.slice(0, 3), nine.slice(3, 6), nine.slice(6)];
  const bare = nine.startsWith("0") ? nine.slice(1) : nine;
  return random.weighted([
    [50, `A${nine}`],
    [15, nine],
    [12, `${a}-${b}-${c}`],
    [8, `A${a} ${b} ${c}`],
    [5, `A${a}-${b}-${c}`],
    [7, bare],
    [3, `A${bare.slice(0, -6)} ${b} ${c}`],
  ]);
}

/** The finished file: identities with their encounters in order of time. */
export function finish(draft: Draft): PersonFile {
  completeIdentities(draft);
  return {
    index: draft.index,
    ident: Array.from({ length: draft.identities }, (_, identity) => identityOf(draft, identity)),
    adis: draft.adis,
    i94: draft.i94,
    e3: draft.e3,
    eid: {
      stays: draft.stays,
      detainers: draft.detainers,
      removals: draft.removals,
      arrests: draft.arrests,
      cases: draft.eidCases,
    },
    global: { screenings: draft.screenings, applications: draft.applications },
    elis: { cases: draft.elis },
    cases: draft.cases,
  };
}

/** INVARIANT: every FIN has an encounter, and every A-number that the person is meant to have stands in one. */
function completeIdentities(draft: Draft): void {
  for (let identity = 1; identity < draft.identities; identity += 1) {
    if (draft.encounters.some(([of]) => of === identity)) continue;
    const at = earlier(draft, 400, 2500);
    meet(draft, { at, sender: "DOS", reason: "Visa application", identity });
  }
  if (draft.aNumbers < 2 || draft.encounters.every(([, { aNumberRaw }]) => aNumberRaw === null)) return;
  for (const slot of [0, 1]) {
    const aNumber = identifiers.aNumber(draft.index, slot);
    if (
      draft.encounters.some(
        ([, { aNumberRaw }]) => aNumberRaw !== null && identifiers.readANumber(aNumberRaw) === aNumber,
      )
    ) {
      continue;
    }
    const at = earlier(draft, 400, 2500);
    meet(draft, {
      at,
      sender: "ICE-ERO",
      reason: "Earlier encounter",
      aNumberRaw: `A${aNumber}`,
      identity: draft.identities - 1,
    });
  }
}

/** So many days ago, but not before the person was born. */
export function earlier(draft: Draft, fewestDays: number, mostDays: number): Seconds {
  return Math.max(draft.now - draft.random.between(fewestDays, mostDays) * DAY, draft.birth + 100 * DAY);
}

function identityOf(draft: Draft, identity: number): IdentIdentity {
  const { random } = draft;
  const encounters = draft.encounters.filter(([of]) => of === identity).map(([, encounter]) => encounter);
  encounters.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  // Decided for the whole cluster by its second FIN; the third never adds to it.
  const conflict = identity === 1 && random.chance(rates.clusterBirthDateConflict.rate);
  const birth = conflict ? draft.birth + random.pick([-365, 365, 31, -30, 730, 1]) * DAY : draft.birth;
  const missing = draft.identities === 1 && random.chance(rates.identBirthDateMissing.rate);
  return {
    fin: identifiers.fin(draft.index, identity),
    clusterId: `C${100_000_000 + draft.index}`,
    birthDate: missing ? null : day(birth),
    sex: random.chance(0.01) ? null : draft.sex,
    citizenship: random.chance(0.01) ? null : draft.country.iso,
    names:
      identity === 0
        ? [...draft.names]
        : [...draft.names].reverse().map((name, at) => ({ ...name, kind: kindAt(name, at) })),
    encounters,
  };
}

/** A second identity is usually known by the other spelling first. */
function kindAt(name: Name, at: number): Name["kind"] {
  return name.kind === "NATIVE_SCRIPT" ? name.kind : at === 0 ? "PRIMARY" : "ALIAS";
}

export function ageAt(draft: Draft, at: Seconds): number {
  return yearOf(at) - yearOf(draft.birth) - (day(at).slice(5) < day(draft.birth).slice(5) ? 1 : 0);
}
