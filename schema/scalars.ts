/**
 * The identifiers' scalars: parse → canonical form. Used at the gateway's edge and again by every subgraph, so that
 * past the edge an identifier cannot be malformed. Each description in `shared.graphql` says what is accepted.
 *
 * One normalisation: white space around it and, where the accepted form says so, within it goes, as do hyphens; a to z
 * become A to Z. Nothing else changes: what is not ASCII then is refused, and no letter of another script, no ligature and
 * no dotless i ever becomes one of ours.
 *
 * INVARIANT: a refusal names the accepted forms and never repeats what was typed.
 */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from "graphql";

/** Canonical form, or null when the text is not in any accepted form. */
export type ParseIdentifier = (text: string) => string | null;

/** A-number: 7 to 9 digits, a leading A, spaces and dashes ignored; nine digits, zero-padded. */
export const parseANumber: ParseIdentifier = (text) => {
  const digits = /^A?(\d{7,9})$/.exec(compact(text))?.[1];
  return digits === undefined ? null : digits.padStart(9, "0");
};

/** I-94: 11 digits, or since May 2019 9 digits, a letter and a digit. */
export const parseI94Number: ParseIdentifier = (text) => match(/^(\d{11}|\d{9}[A-Z]\d)$/, compact(text));

/** USCIS receipt number: one of eight prefixes and 10 digits; it has no checksum. */
export const parseReceiptNumber: ParseIdentifier = (text) =>
  match(/^(EAC|LIN|SRC|IOE|MSC|NBC|WAC|YSC)\d{10}$/, compact(text));

/** SEVIS: N and 10 digits. */
export const parseSevisId: ParseIdentifier = (text) => match(/^N\d{10}$/, compact(text));

/** FBI number (UCN): 1 to 9 letters and digits. */
export const parseFbiNumber: ParseIdentifier = (text) => match(/^[A-Z0-9]{1,9}$/, compact(text));

/** Passport number: 6 to 12 letters and digits. */
export const parsePassportNumber: ParseIdentifier = (text) => match(/^[A-Z0-9]{6,12}$/, compact(text));

/** FIN: opaque; 6 to 20 letters and digits. */
export const parseFin: ParseIdentifier = (text) => match(/^[A-Z0-9]{6,20}$/, text.trim());

/** EID subject id: opaque; 1 to 20 letters, digits or dashes. */
export const parseEidSubjectId: ParseIdentifier = (text) => match(/^[A-Za-z0-9-]{1,20}$/, text.trim());

/** ISO 3166-1 alpha-3. */
export const parseCountryCode: ParseIdentifier = (text) => match(/^[A-Z]{3}$/, upperCase(text.trim()));

/** An instant with its zone; in UTC. A day alone, or a time without a zone, is none: what is counted from it would be guessed. */
export function parseInstant(text: string): string | null {
  const form = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
  const day = form.exec(text)?.[1];
  const at = day === undefined || !isRealDay(day) ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString().replace(".000Z", "Z");
}

/** By scalar name: parse incoming values, refuse anything that is not a string in an accepted form. */
export const identifierScalars: Readonly<Record<string, GraphQLScalarType<string, string>>> = {
  Fin: identifier("Fin", parseFin, "6 to 20 letters and digits"),
  ANumber: identifier("ANumber", parseANumber, "7 to 9 digits, with or without a leading A, spaces or dashes"),
  I94Number: identifier("I94Number", parseI94Number, "11 digits, or 9 digits, a letter and a digit"),
  ReceiptNumber: identifier(
    "ReceiptNumber",
    parseReceiptNumber,
    "EAC, LIN, SRC, IOE, MSC, NBC, WAC or YSC and 10 digits",
  ),
  SevisId: identifier("SevisId", parseSevisId, "N and 10 digits"),
  FbiNumber: identifier("FbiNumber", parseFbiNumber, "1 to 9 letters and digits"),
  EidSubjectId: identifier("EidSubjectId", parseEidSubjectId, "1 to 20 letters, digits or dashes"),
  PassportNumber: identifier("PassportNumber", parsePassportNumber, "6 to 12 letters and digits"),
  CountryCode: identifier("CountryCode", parseCountryCode, "an ISO 3166-1 alpha-3 code: three letters"),
};

/** By scalar name: what of the arguments is parsed at the gateway's edge. What answers hold in these types has more forms. */
export const argumentScalars: Readonly<Record<string, GraphQLScalarType<string, string>>> = {
  ...identifierScalars,
  DateTime: identifier("DateTime", parseInstant, "an instant with its zone, such as 2026-10-23T18:00:00-05:00"),
};

/**
 * By scalar name: an identifier of accepted form that nobody was ever given, beyond the last number of each series. Asked
 * about in the place of somebody who is not there.
 */
export const decoyIdentifiers: Readonly<Record<string, string>> = {
  Fin: "9999999999",
  ANumber: "999999999",
  I94Number: "99999999999",
  ReceiptNumber: "IOE0999999999",
  SevisId: "N9999999999",
  FbiNumber: "999999QQ9",
  EidSubjectId: "999999999",
  PassportNumber: "Q99999999",
  CountryCode: "XXX",
};

function identifier(name: string, parse: ParseIdentifier, accepted: string): GraphQLScalarType<string, string> {
  const refuse = () =>
    new GraphQLError(`${name} takes ${accepted}, as a string`, { extensions: { code: "INVALID_IDENTIFIER" } });
  const parseValue = (value: unknown): string => {
    // Longer than any accepted form with its separators: not worth a regular expression.
    if (typeof value !== "string" || value.length > 64) throw refuse();
    const canonical = parse(value);
    if (canonical === null) throw refuse();
    return canonical;
  };
  return new GraphQLScalarType({
    name,
    description: `Takes ${accepted}.`,
    parseValue,
    parseLiteral: (node: ValueNode) => parseValue(node.kind === Kind.STRING ? node.value : undefined),
    serialize: (value: unknown) => parseValue(value),
  });
}

/** There is no 30 February; `Date.parse` makes a day of March of it. */
function isRealDay(day: string): boolean {
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

function compact(text: string): string {
  return upperCase(text.replace(/[\s-]/g, ""));
}

/** Of ASCII alone: `toUpperCase` makes I of a dotless i, S of a long s, and FI of a ligature. */
function upperCase(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

function match(pattern: RegExp, text: string): string | null {
  return pattern.test(text) ? text : null;
}
