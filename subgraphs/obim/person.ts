/** A Person, with the GraphQL type's field names, out of the identity cluster that its FIN stands in. Pure. */
import { type Decoded, isWithheld, known, type UnreadableRow, unreadable } from "#kit/decoded.ts";
import {
  type Cluster,
  type Encounter,
  type Identity,
  type NameKind,
  type Passport,
  type PersonName,
  system,
} from "./records.ts";

/** Exactly one identifier, canonical. */
export type Identifier =
  | { readonly kind: "passport"; readonly value: Passport }
  | { readonly kind: Exclude<IdentifierKind, "passport">; readonly value: string };

export type IdentifierKind =
  | "fin"
  | "aNumber"
  | "i94Number"
  | "passport"
  | "receiptNumber"
  | "sevisId"
  | "fbiNumber"
  | "eidSubjectId";

type Source = { readonly system: string; readonly asOf: string };

export type ANumberRecord = {
  readonly value: string | null;
  readonly raw: string;
  readonly sharedWithAnotherPerson: boolean;
  readonly source: Source;
};

export type Person = {
  readonly fin: string;
  readonly fins: readonly string[];
  readonly aNumbers: readonly string[];
  readonly aNumberRecords: readonly ANumberRecord[];
  readonly names: readonly PersonName[];
  readonly birthDate: Decoded<string>;
  readonly citizenship: Decoded<string>;
  readonly i94Numbers: readonly string[];
  readonly passports: readonly Passport[];
  readonly receiptNumbers: readonly string[];
  readonly sevisIds: readonly string[];
  readonly fbiNumbers: readonly string[];
  readonly eidSubjectIds: readonly string[];
  readonly encounters: readonly (Encounter & EncounterFacts & { readonly source: Source })[];
  readonly source: Source;
  /** Null: no birth date is known. */
  readonly minor: Decoded<boolean>;
  /** By list: what had to be left out of it. */
  readonly unreadable: Readonly<Record<PersonList, readonly UnreadableRow[]>>;
};

/** What an encounter tells beyond the words of it. */
export type EncounterFacts = { readonly asylumRelated: boolean; readonly filingRelated: boolean };

export const personLists = [
  "fins",
  "aNumbers",
  "aNumberRecords",
  "names",
  "i94Numbers",
  "passports",
  "receiptNumbers",
  "sevisIds",
  "fbiNumbers",
  "eidSubjectIds",
  "encounters",
] as const;
export type PersonList = (typeof personLists)[number];

/** The FINs of a cluster in one of whose encounters the identifier stands, ascending. */
export function finsCarrying({ identities }: Cluster, identifier: Identifier): readonly string[] {
  return identities.records
    .filter((identity) => carries(identity, identifier))
    .map(({ fin }) => fin)
    .sort();
}

function carries({ fin, encounters }: Identity, { kind, value }: Identifier): boolean {
  if (kind === "fin") return fin === value;
  return encounters.records.some((encounter) => {
    if (kind === "aNumber") return encounter.aNumber?.value === value;
    if (kind !== "passport") return encounter[kind] === value;
    const passport = known(encounter.passport);
    return passport?.number === value.number && passport.country === value.country;
  });
}

/**
 * The person known by `fin`; birth date and citizenship are that identity's own. Null when the cluster lacks the FIN.
 * INVARIANT: identifiers, names and encounters are the whole cluster's.
 */
export function personOf(cluster: Cluster, fin: string, asOf: string): Person | null {
  const own = cluster.identities.records.find((identity) => identity.fin === fin);
  if (own === undefined) return null;
  const others = cluster.identities.records
    .filter((identity) => identity !== own)
    .sort((a, b) => ascending(a.fin, b.fin));
  const all = [own, ...others];
  const encounters = all.flatMap((identity) => identity.encounters.records).sort(oldestFirst);
  const source = { system, asOf };
  return {
    fin,
    fins: all.map((identity) => identity.fin),
    aNumbers: distinct(encounters.map(({ aNumber }) => aNumber?.value ?? null)),
    aNumberRecords: aNumberRecords(encounters, new Set(cluster.sharedANumbers.records), source),
    names: namesOf(all),
    birthDate: own.birthDate,
    citizenship: own.citizenship,
    i94Numbers: distinct(encounters.map(({ i94Number }) => known(i94Number))),
    passports: passportsOf(encounters),
    receiptNumbers: distinct(encounters.map(({ receiptNumber }) => known(receiptNumber))),
    sevisIds: distinct(encounters.map(({ sevisId }) => known(sevisId))),
    fbiNumbers: distinct(encounters.map(({ fbiNumber }) => known(fbiNumber))),
    eidSubjectIds: distinct(encounters.map(({ eidSubjectId }) => known(eidSubjectId))),
    encounters: encounters.map((encounter) => ({ ...encounter, ...factsOf(encounter), source })),
    source,
    minor: isMinor(cluster, all, asOf),
    unreadable: unreadableIn(cluster, all, encounters),
  };
}

/** Words that only a claim, or a filing, is spoken of with. */
const asylumWords = /asylum|asylee|refugee|withholding|torture|\bfear\b|I-?589/i;
const filingWords = /VAWA|batter|petition|biometrics appointment|I-?(360|914|918)|[TU] visa/i;

/** By sender and reason, and by the receipt number that came with it. */
function factsOf({ sender, reason, receiptNumber }: Encounter): EncounterFacts {
  return {
    asylumRelated: reason !== null && asylumWords.test(reason),
    filingRelated: sender === "USCIS" || receiptNumber !== null || (reason !== null && filingWords.test(reason)),
  };
}

const adultAtYears = 18;
const oldestPlausibleYears = 120;

/**
 * Under 18 on the day of `asOf` by the latest plausible birth date of the cluster: of two that conflict, the one that
 * makes a child counts, for what is owed to a child (8 USC 1232) is owed while that is in doubt. A date in the future,
 * or of somebody over 120, is not plausible. INVARIANT: "adult" is not said while a birth date cannot be read.
 */
function isMinor(cluster: Cluster, identities: readonly Identity[], asOf: string): Decoded<boolean> {
  const today = asOf.slice(0, 10);
  const yearsAgo = (years: number) => `${String(Number(today.slice(0, 4)) - years).padStart(4, "0")}${today.slice(4)}`;
  const dates = identities.map(({ birthDate }) => birthDate).filter((each) => each !== null);
  const plausible = dates.filter(
    (each) => typeof each === "string" && each <= today && each >= yearsAgo(oldestPlausibleYears),
  );
  if (plausible.some((each) => (each as string) > yearsAgo(adultAtYears))) return true;
  const lost = dates.find(isWithheld);
  if (lost !== undefined) return lost;
  if (cluster.identities.unreadable.length > 0) return unreadable(system, "ident:Identity");
  return plausible.length === 0 ? null : false;
}

/** What could not be read, by the list that lacks it: a row lost with its identifiers is missing from all of theirs. */
function unreadableIn(
  cluster: Cluster,
  identities: readonly Identity[],
  encounters: readonly Encounter[],
): Person["unreadable"] {
  const lostIdentities = cluster.identities.unreadable;
  const lostEncounters = [...lostIdentities, ...identities.flatMap((identity) => identity.encounters.unreadable)];
  const lostValues = (value: (encounter: Encounter) => Decoded<unknown>) => [
    ...lostEncounters,
    ...encounters.flatMap((encounter, index) => {
      const decoded = value(encounter);
      return isWithheld(decoded) ? [{ system, field: decoded.field, position: `encounter ${index + 1}` }] : [];
    }),
  ];
  return {
    fins: lostIdentities,
    // INVARIANT: somebody typed an A-number here that nobody can read: without it nothing is found by it, and "nothing"
    // is not what the owner of records under it would say. So the list says that it lacks one.
    aNumbers: [
      ...lostEncounters,
      ...encounters.flatMap(({ aNumber }, index) =>
        aNumber?.value === null
          ? [{ system, field: "im:AlienNumberIdentification", position: `encounter ${index + 1}` }]
          : [],
      ),
    ],
    aNumberRecords: [...lostEncounters, ...cluster.sharedANumbers.unreadable],
    names: [...lostIdentities, ...identities.flatMap(({ names }) => names.unreadable)],
    i94Numbers: lostValues(({ i94Number }) => i94Number),
    passports: lostValues(({ passport }) => passport),
    receiptNumbers: lostValues(({ receiptNumber }) => receiptNumber),
    sevisIds: lostValues(({ sevisId }) => sevisId),
    fbiNumbers: lostValues(({ fbiNumber }) => fbiNumber),
    eidSubjectIds: lostValues(({ eidSubjectId }) => eidSubjectId),
    encounters: lostEncounters,
  };
}

/** One for each form typed, readable ones first, ascending. */
function aNumberRecords(
  encounters: readonly Encounter[],
  shared: ReadonlySet<string>,
  source: Source,
): readonly ANumberRecord[] {
  const byRaw = new Map(
    encounters.flatMap(({ aNumber }) => (aNumber === null ? [] : [[aNumber.raw, aNumber] as const])),
  );
  return [...byRaw.values()]
    .map(({ raw, value }) => ({ value, raw, sharedWithAnotherPerson: value !== null && shared.has(value), source }))
    .sort((a, b) => ascending(a.value ?? "~", b.value ?? "~") || ascending(a.raw, b.raw));
}

const kindsOfName: readonly NameKind[] = ["PRIMARY", "ALIAS", "NATIVE_SCRIPT"];

/** Distinct, by kind; within a kind this FIN's first, and in IDENT's order. */
function namesOf(identities: readonly Identity[]): readonly PersonName[] {
  const names = identities.flatMap((identity) => identity.names.records);
  const unique = new Map(names.map((name) => [JSON.stringify([name.kind, name.family, name.given]), name]));
  return [...unique.values()].sort((a, b) => kindsOfName.indexOf(a.kind) - kindsOfName.indexOf(b.kind));
}

function passportsOf(encounters: readonly Encounter[]): readonly Passport[] {
  const passports = encounters.map(({ passport }) => known(passport)).filter((passport) => passport !== null);
  const unique = new Map(passports.map((passport) => [`${passport.country}:${passport.number}`, passport]));
  return [...unique].sort(([a], [b]) => ascending(a, b)).map(([, passport]) => passport);
}

function oldestFirst(a: Encounter, b: Encounter): number {
  // "~" sorts after every date: encounters whose time is not known come last.
  return ascending(known(a.at) ?? "~", known(b.at) ?? "~") || ascending(a.id, b.id);
}

function distinct(values: readonly (string | null)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== null))].sort();
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
