/** What the operations are asked, out of a request's Body. */
import { canonicalANumber, type SearchKind } from "./identities.ts";
import { qname } from "./names.ts";
import { SoapFault } from "./soap.ts";
import type { XmlElement } from "./xml.ts";

const kindOf = new Map<string, SearchKind>([
  [qname("ident", "FingerprintIdentification"), "fin"],
  [qname("im", "AlienNumberIdentification"), "aNumber"],
  [qname("im", "AdmissionIdentification"), "i94Number"],
  [qname("ident", "PassportIdentification"), "passport"],
  [qname("im", "ImmigrationReceiptNumberIdentification"), "receiptNumber"],
  [qname("im", "SEVISID"), "sevisId"],
  [qname("j", "PersonFBIIdentification"), "fbiNumber"],
  [qname("ident", "EIDSubjectIdentification"), "eidSubjectId"],
]);

const maxFins = 100;

/** Throws `SoapFault` unless exactly one identifier is asked for, in a form it can have. */
export function readSearch({ children }: XmlElement): { readonly kind: SearchKind; readonly value: string } {
  const [asked, ...others] = children;
  const kind = asked && kindOf.get(asked.name);
  if (asked === undefined || kind === undefined || others.length > 0)
    throw new SoapFault("Sender", "NotOneIdentifier", "exactly one identifier of the kinds in the WSDL is expected");
  if (kind === "sevisId") return { kind, value: textOf(asked) };
  const value = identificationId(asked);
  if (kind === "aNumber" && canonicalANumber(value) === null) throw malformed();
  if (kind !== "passport") return { kind, value };
  return { kind, value: `${textOf(onlyChild(asked, qname("ident", "CountryISO3166Alpha3Code")))}:${value}` };
}

/** 1 to 100 distinct FINs, in the order asked. */
export function readRetrieval({ children }: XmlElement): readonly string[] {
  if (children.some(({ name }) => kindOf.get(name) !== "fin"))
    throw new SoapFault("Sender", "NotAFingerprintNumber", "a list of FINs is expected, and nothing else");
  const fins = [...new Set(children.map(identificationId))];
  if (fins.length === 0 || children.length > maxFins)
    throw new SoapFault("Sender", "TooManyOrNone", `1 to ${maxFins} FINs are expected`);
  return fins;
}

/** The position from which changes are asked for; null: none was given. */
export function readPosition({ children }: XmlElement): string | null {
  const [asked, ...others] = children;
  if (asked === undefined) return null;
  if (asked.name !== qname("ident", "ChangePosition") || others.length > 0)
    throw new SoapFault("Sender", "NotAPosition", "a position that was given before is expected, or nothing");
  return textOf(asked);
}

function identificationId(identification: XmlElement): string {
  return textOf(onlyChild(identification, qname("nc", "IdentificationID")));
}

function onlyChild(parent: XmlElement, name: string): XmlElement {
  const [child, ...others] = parent.children.filter((each) => each.name === name);
  if (child === undefined || others.length > 0) throw malformed();
  return child;
}

function textOf({ text, children }: XmlElement): string {
  const value = text.trim();
  if (value === "" || value.length > 64 || children.length > 0) throw malformed();
  return value;
}

function malformed(): SoapFault {
  return new SoapFault("Sender", "MalformedIdentifier", "the identifier is not in a form it can have");
}
