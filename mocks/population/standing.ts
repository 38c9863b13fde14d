/** Which identifiers stand in a person's file, wherever an agency wrote them. */
import type { IdentifierKind } from "../world.ts";
import { readANumber } from "./identifiers.ts";
import type { PersonFile } from "./types.ts";

/** A-numbers as nine digits (unreadable ones do not stand anywhere), passports as `COUNTRY:NUMBER`. */
export function identifiersIn(file: PersonFile, kind: IdentifierKind): ReadonlySet<string> {
  const found = new Set<string>();
  for (const value of readers[kind](file)) {
    if (typeof value === "string") found.add(value);
  }
  return found;
}

type Reader = (file: PersonFile) => Iterable<unknown>;

const encountersOf = (file: PersonFile) => file.ident.flatMap(({ encounters }) => encounters);
const eidRowsOf = ({ eid }: PersonFile) => [
  ...eid.stays,
  ...eid.detainers,
  ...eid.removals,
  ...eid.arrests,
  ...eid.cases,
];
const passportText = (passport: { number: string; country: string } | null) =>
  passport === null ? null : `${passport.country}:${passport.number}`;

const readers: Readonly<Record<IdentifierKind, Reader>> = {
  fin: (file) => [...file.ident, ...file.adis, ...file.e3].map(({ fin }) => fin),
  aNumber: (file) => [
    ...encountersOf(file).map(({ aNumberRaw }) => (aNumberRaw === null ? null : readANumber(aNumberRaw))),
    ...file.e3.map(({ aNumber }) => aNumber),
    ...eidRowsOf(file).map(({ aFileNumber }) => aFileNumber),
    ...file.global.screenings.map(({ aNumber }) => aNumber),
    ...file.global.applications.map(({ aNumber }) => aNumber),
    ...file.elis.cases.map(({ aNumber }) => aNumber),
    ...file.cases.map(({ aNumber }) => aNumber),
  ],
  i94Number: (file) => [...encountersOf(file), ...file.adis, ...file.i94].map(({ i94Number }) => i94Number),
  passport: (file) => [...encountersOf(file), ...file.adis, ...file.i94].map(({ passport }) => passportText(passport)),
  receiptNumber: (file) => [
    ...[...encountersOf(file), ...file.global.applications].map(({ receiptNumber }) => receiptNumber),
    ...file.elis.cases.map(({ receiptNumber }) => receiptNumber),
  ],
  sevisId: (file) => encountersOf(file).map(({ sevisId }) => sevisId),
  fbiNumber: (file) => encountersOf(file).map(({ fbiNumber }) => fbiNumber),
  eidSubjectId: (file) => [
    ...encountersOf(file).map(({ eidSubjectId }) => eidSubjectId),
    ...eidRowsOf(file).map(({ subjectId }) => subjectId),
  ],
  idncase: (file) => file.cases.map(({ idncase }) => String(idncase)),
};
