/**
 * IDENT's answers, from bytes to typed records, and a person out of an identity cluster. Pure. The wire format is in
 * mocks/obim/README.md.
 */

import { type Decoded, type DecodedRows, decodeRows, isWithheld, RowUnreadable, unreadable } from "#kit/decoded.ts";
import type { Listing } from "#kit/listing.ts";
import { SourceError } from "#kit/source.ts";
import {
  type ParseIdentifier,
  parseANumber,
  parseCountryCode,
  parseEidSubjectId,
  parseFbiNumber,
  parseFin,
  parseI94Number,
  parsePassportNumber,
  parseReceiptNumber,
  parseSevisId,
} from "#schema/scalars.ts";
import { type Element, readElement } from "./xml.ts";

export const system = "IDENT";

const niem = "https://docs.oasis-open.org/niemopen/ns/model";
const uris = {
  env: "http://www.w3.org/2003/05/soap-envelope",
  nc: `${niem}/niem-core/6.0/`,
  im: `${niem}/domains/immigration/6.0/`,
  j: `${niem}/domains/justice/6.0/`,
  ident: "https://ident.obim.example/ws/1.0/",
} as const;

/** An element as IDENT's own documents write it; the prefix stands for its namespace. */
export type Name = `${keyof typeof uris}:${string}`;

export type Passport = { readonly number: string; readonly country: string };
export type NameKind = "PRIMARY" | "ALIAS" | "NATIVE_SCRIPT";
export type PersonName = { readonly family: string | null; readonly given: string | null; readonly kind: NameKind };
/** An A-number as somebody typed it; no value: it cannot be read as one. */
export type TypedANumber = { readonly raw: string; readonly value: string | null };

export type Encounter = {
  readonly id: string;
  readonly at: Decoded<string>;
  readonly sender: string | null;
  readonly reason: string | null;
  readonly aNumber: TypedANumber | null;
  readonly i94Number: Decoded<string>;
  readonly passport: Decoded<Passport>;
  readonly receiptNumber: Decoded<string>;
  readonly sevisId: Decoded<string>;
  readonly fbiNumber: Decoded<string>;
  readonly eidSubjectId: Decoded<string>;
};

/** One FIN. */
export type Identity = {
  readonly fin: string;
  readonly birthDate: Decoded<string>;
  readonly citizenship: Decoded<string>;
  readonly names: DecodedRows<PersonName>;
  readonly encounters: DecodedRows<Encounter>;
};

/** Every FIN that IDENT has linked to one person. */
export type Cluster = {
  /** At least one. */
  readonly identities: DecodedRows<Identity>;
  readonly sharedANumbers: DecodedRows<string>;
};

export type IdentAnswer = {
  /** IDENT's own clock. */
  readonly asOf: string;
  readonly clusters: DecodedRows<Cluster>;
  /** FINs asked for that IDENT says it does not know. */
  readonly unknownFins: readonly string[];
};

/** Decodes the answer to `operation`. Throws `SourceError` for anything that is not one, Faults included. */
export function readAnswer(operation: "PersonSearch" | "PersonRetrieve", body: Uint8Array): IdentAnswer {
  try {
    return decodeAnswer(operation, readElement(body));
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError("SOURCE_INVALID", system, error);
  }
}

/** FINs of the clusters in which something has changed since a position. */
export type IdentChanges = Listing<string>;

/** Decodes the answer to PersonChanges. Throws `SourceError` for anything that is not one. */
export function readChanges(body: Uint8Array): IdentChanges {
  try {
    const { response, asOf } = responseIn("PersonChanges", readElement(body));
    const position = textIn(response, "ident:ChangePosition");
    const [more, complete] = [isSo(response, "ident:MoreIndicator"), isSo(response, "ident:CompleteIndicator")];
    if (position === null || position.length > 64) throw invalid();
    const fins = all(response, "ident:FingerprintIdentification").map((each) => requiredId(each, parseFin));
    return { asOf, position, more, complete, entries: fins };
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError("SOURCE_INVALID", system, error);
  }
}

function isSo(parent: Element, name: Name): boolean {
  const text = textIn(parent, name);
  if (text !== "true" && text !== "false") throw invalid();
  return text === "true";
}

function responseIn(operation: string, envelope: Element): { readonly response: Element; readonly asOf: string } {
  const [head, body] = [one(envelope, "env:Header"), one(envelope, "env:Body")];
  const [response, ...others] = body?.elements ?? [];
  if (!isNamed(envelope, "env:Envelope") || response === undefined || others.length > 0) throw invalid();
  if (isNamed(response, "env:Fault")) throw new SourceError("SOURCE_REFUSED", system);
  const asOf = instant(head && textIn(head, "ident:SystemClock"));
  if (!isNamed(response, `ident:${operation}Response`) || asOf === null) throw invalid();
  return { response, asOf };
}

function decodeAnswer(operation: string, envelope: Element): IdentAnswer {
  const { response, asOf } = responseIn(operation, envelope);
  const clusters = decodeRows(system, all(response, "ident:IdentityCluster"), decodeCluster);
  const fins = clusters.records.flatMap(({ identities }) => identities.records.map(({ fin }) => fin));
  // INVARIANT: a FIN stands once in an answer; else nobody can say whose records these are.
  if (new Set(fins).size < fins.length) throw invalid();
  const unknownFins = all(response, "ident:UnknownFingerprintIdentification").map((each) => requiredId(each, parseFin));
  return { asOf, clusters, unknownFins };
}

function decodeCluster(element: Element): Cluster {
  requiredId(one(element, "ident:ClusterIdentification"), anyText);
  const identities = decodeRows(system, all(element, "ident:Identity"), decodeIdentity);
  if (identities.records.length === 0) throw new RowUnreadable("ident:Identity");
  const sharedANumbers = decodeRows(system, all(element, "ident:SharedAlienNumberIdentification"), (shared) =>
    requiredId(shared, parseANumber),
  );
  return { identities, sharedANumbers };
}

function decodeIdentity(element: Element): Identity {
  const birthDate = one(element, "nc:PersonBirthDate");
  return {
    fin: requiredId(one(element, "ident:FingerprintIdentification"), parseFin),
    birthDate: birthDate === null ? null : readDay(birthDate),
    citizenship: readText(element, "ident:CitizenshipCountryISO3166Alpha3Code", parseCountryCode),
    names: decodeRows(system, all(element, "ident:IdentityName"), decodeName),
    encounters: decodeRows(system, all(element, "nc:PersonEncounter"), decodeEncounter),
  };
}

function decodeName(element: Element): PersonName {
  const kind = textIn(element, "ident:NameCategoryCode");
  const name = one(element, "nc:PersonName");
  if (kind !== "PRIMARY" && kind !== "ALIAS" && kind !== "NATIVE_SCRIPT")
    throw new RowUnreadable("ident:NameCategoryCode");
  const [family, given] = name ? [textIn(name, "nc:PersonSurName"), textIn(name, "nc:PersonGivenName")] : [null, null];
  if (family === null && given === null) throw new RowUnreadable("nc:PersonName");
  return { family, given, kind };
}

function decodeEncounter(element: Element): Encounter {
  const id = requiredId(one(element, "nc:ActivityIdentification"), anyText);
  const date = one(element, "nc:ActivityDate");
  return {
    id,
    at: date === null ? null : readMoment(date),
    sender: textIn(element, "ident:SenderText"),
    reason: textIn(element, "nc:ActivityReasonText"),
    aNumber: readANumber(element),
    i94Number: readId(element, "im:AdmissionIdentification", parseI94Number),
    passport: readPassport(element),
    receiptNumber: readId(element, "im:ImmigrationReceiptNumberIdentification", parseReceiptNumber),
    sevisId: readText(element, "im:SEVISID", parseSevisId),
    fbiNumber: readId(element, "j:PersonFBIIdentification", parseFbiNumber),
    eidSubjectId: readId(element, "ident:EIDSubjectIdentification", parseEidSubjectId),
  };
}

function readANumber(encounter: Element): TypedANumber | null {
  const identification = one(encounter, "im:AlienNumberIdentification");
  const raw = identification && textIn(identification, "nc:IdentificationID");
  return raw === null ? null : { raw, value: parseANumber(raw) };
}

function readPassport(encounter: Element): Decoded<Passport> {
  const passport = one(encounter, "ident:PassportIdentification");
  if (passport === null) return null;
  const number = readText(passport, "nc:IdentificationID", parsePassportNumber);
  const country = readText(passport, "ident:CountryISO3166Alpha3Code", parseCountryCode);
  if (number === null && country === null) return null;
  // A passport number means nothing without its country.
  if (typeof number !== "string" || typeof country !== "string")
    return unreadable(system, "ident:PassportIdentification");
  return { number, country };
}

function readDay(date: Element): Decoded<string> {
  const text = textIn(date, "nc:Date");
  if (text === null && date.elements.length === 0) return null;
  return day(text) ?? unreadable(system, "nc:PersonBirthDate");
}

function readMoment(date: Element): Decoded<string> {
  const [dayOnly, time] = [textIn(date, "nc:Date"), textIn(date, "nc:DateTime")];
  if (dayOnly !== null && time !== null) return unreadable(system, "nc:ActivityDate");
  if (date.elements.length === 0) return null;
  return day(dayOnly) ?? instant(time) ?? unreadable(system, "nc:ActivityDate");
}

/** A day that the calendar has. */
function day(text: string | null): string | null {
  if (text === null || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const parsed = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== text ? null : text;
}

/** An xsd:dateTime that says its zone, in UTC; without a zone it is not an instant. */
function instant(text: string | null): string | null {
  const [, date, hour] =
    /^(\d{4}-\d{2}-\d{2})T(\d{2}):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/.exec(text ?? "") ?? [];
  if (text === null || date === undefined || day(date) === null || hour === "24") return null;
  const parsed = new Date(text);
  return Number.isNaN(parsed.getTime()) ? null : parsed.toISOString().replace(".000Z", "Z");
}

function readId(parent: Element, name: Name, parse: ParseIdentifier): Decoded<string> {
  const identification = one(parent, name);
  if (identification === null) return null;
  const value = readText(identification, "nc:IdentificationID", parse);
  return isWithheld(value) ? unreadable(system, name) : value;
}

function readText(parent: Element, name: Name, parse: ParseIdentifier): Decoded<string> {
  const text = textIn(parent, name);
  return text === null ? null : (parse(text) ?? unreadable(system, name));
}

/** The identification of the row itself: without it the row cannot stand. */
function requiredId(identification: Element | null, parse: ParseIdentifier): string {
  const text = identification && textIn(identification, "nc:IdentificationID");
  const id = text === null ? null : parse(text);
  if (id === null) throw new RowUnreadable("nc:IdentificationID");
  return id;
}

const anyText: ParseIdentifier = (text) => (text.length <= 64 ? text.trim() : null);

/** The text of the one element of this name; null where IDENT holds nothing: left out, nil or empty. */
function textIn(parent: Element, name: Name): string | null {
  const element = one(parent, name);
  if (element === null) return null;
  if (element.elements.length > 0) throw new RowUnreadable(name);
  return element.text.trim() === "" ? null : element.text;
}

/** The one element of this name; null where there is none or it is nil. Two of it make the row unreadable. */
function one(parent: Element, name: Name): Element | null {
  const [element, ...others] = all(parent, name);
  if (others.length > 0) throw new RowUnreadable(name);
  return element === undefined || element.isNil ? null : element;
}

function all(parent: Element, name: Name): readonly Element[] {
  return parent.elements.filter((element) => isNamed(element, name));
}

function isNamed(element: Element, name: Name): boolean {
  const [prefix, local] = name.split(":") as [keyof typeof uris, string];
  return element.name === `${uris[prefix]} ${local}`;
}

function invalid(): SourceError {
  return new SourceError("SOURCE_INVALID", system);
}
