/** Persons as IDENT prints them. What differs from record to record is its senders' doing, and is fixed by the record. */
import { createHash } from "node:crypto";
import type { Listing } from "../change-log.ts";
import type { IdentEncounter, IdentIdentity } from "../population/types.ts";
import type { Cluster } from "./identities.ts";
import { element } from "./soap.ts";
import { escapeToAscii, escapeXml } from "./xml.ts";

export function writeFound(clusters: readonly Cluster[]): string {
  return element("ident:PersonSearchResponse", clusters.map(writeCluster));
}

export function writeRetrieved(clusters: readonly Cluster[], unknownFins: readonly string[]): string {
  return element("ident:PersonRetrieveResponse", [
    ...clusters.map(writeCluster),
    ...unknownFins.map((fin) => identification("ident:UnknownFingerprintIdentification", fin)),
  ]);
}

export function writeChanged({ position, more, complete, entries }: Listing<readonly string[]>): string {
  return element("ident:PersonChangesResponse", [
    element("ident:ChangePosition", position),
    element("ident:MoreIndicator", String(more)),
    element("ident:CompleteIndicator", String(complete)),
    ...[...new Set(entries.flat())].map((fin) => identification("ident:FingerprintIdentification", fin)),
  ]);
}

function writeCluster({ clusterId, identities, sharedANumbers }: Cluster): string {
  return element("ident:IdentityCluster", [
    identification("ident:ClusterIdentification", clusterId),
    ...identities.map(writeIdentity),
    ...sharedANumbers.map((number) => identification("ident:SharedAlienNumberIdentification", number)),
  ]);
}

function writeIdentity({ fin, birthDate, sex, citizenship, names, encounters }: IdentIdentity): string {
  const blank = blankStyle(fin);
  return element("ident:Identity", [
    identification("ident:FingerprintIdentification", fin),
    ...names.map((name) => writeName(name, blank)),
    birthDate === null
      ? absent("nc:PersonBirthDate", blank)
      : element("nc:PersonBirthDate", element("nc:Date", birthDate)),
    sex === null ? absent("nc:PersonSexText", blank) : element("nc:PersonSexText", sex),
    citizenship === null
      ? absent("ident:CitizenshipCountryISO3166Alpha3Code", blank)
      : element("ident:CitizenshipCountryISO3166Alpha3Code", escapeXml(citizenship)),
    ...encounters.map(writeEncounter),
  ]);
}

function writeName({ family, given, kind }: IdentIdentity["names"][number], blank: BlankStyle): string {
  const part = (name: string, text: string) => (text === "" ? absent(name, blank) : element(name, letters(text, kind)));
  return element("ident:IdentityName", [
    element("nc:PersonName", [part("nc:PersonGivenName", given), part("nc:PersonSurName", family)]),
    element("ident:NameCategoryCode", kind),
  ]);
}

/** Names in their own script come from software that writes ASCII only. */
function letters(text: string, kind: string): string {
  return kind === "NATIVE_SCRIPT" ? escapeToAscii(text) : escapeXml(text);
}

function writeEncounter(encounter: IdentEncounter): string {
  const blank = blankStyle(encounter.encounterId);
  const optional = (name: string, id: string | null) => (id === null ? absent(name, blank) : identification(name, id));
  const { passport } = encounter;
  return element("nc:PersonEncounter", [
    identification("nc:ActivityIdentification", encounter.encounterId),
    element("nc:ActivityDate", moment(encounter.at, encounter.encounterId)),
    element("nc:ActivityReasonText", escapeXml(encounter.reason)),
    element("ident:SenderText", escapeXml(encounter.sender)),
    optional("im:AlienNumberIdentification", encounter.aNumberRaw),
    optional("im:AdmissionIdentification", encounter.i94Number),
    passport === null
      ? absent("ident:PassportIdentification", blank)
      : element("ident:PassportIdentification", [
          element("nc:IdentificationID", escapeXml(passport.number)),
          element("ident:CountryISO3166Alpha3Code", escapeXml(passport.country)),
        ]),
    optional("im:ImmigrationReceiptNumberIdentification", encounter.receiptNumber),
    encounter.sevisId === null ? absent("im:SEVISID", blank) : element("im:SEVISID", escapeXml(encounter.sevisId)),
    optional("j:PersonFBIIdentification", encounter.fbiNumber),
    optional("ident:EIDSubjectIdentification", encounter.eidSubjectId),
  ]);
}

function identification(name: string, id: string): string {
  return element(name, element("nc:IdentificationID", escapeXml(id)));
}

type BlankStyle = "LEFT_OUT" | "NIL" | "EMPTY";

/** How the software that sent this record prints a value it does not have. */
function blankStyle(recordId: string): BlankStyle {
  return (["LEFT_OUT", "NIL", "EMPTY"] as const)[spread(recordId) % 3] ?? "LEFT_OUT";
}

function absent(name: string, style: BlankStyle): string {
  if (style === "LEFT_OUT") return "";
  return element(name, "", style === "NIL" ? ' xsi:nil="true"' : "");
}

/** A day where the system holds a day only; else an instant in UTC, in one of the three forms senders use. */
function moment(at: string, recordId: string): string {
  if (!at.includes("T")) return element("nc:Date", at);
  const zones = ["Z", ".000Z", "+00:00"];
  return element("nc:DateTime", at.replace(/Z$/, zones[(spread(recordId) >> 2) % zones.length] ?? "Z"));
}

function spread(recordId: string): number {
  return createHash("sha256").update(recordId).digest().readUInt16BE(0);
}
