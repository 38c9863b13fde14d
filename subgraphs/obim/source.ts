/** Asks IDENT over SOAP 1.2. The only file here that opens sockets. */
import { httpSystem, SourceError } from "#kit/source.ts";
import type { Identifier } from "./person.ts";
import { type IdentAnswer, readAnswer, system } from "./records.ts";

export type IdentSource = {
  /** The clusters in whose encounters the identifier stands. */
  search(identifier: Identifier): Promise<IdentAnswer>;
  /** The clusters of up to `maxFins` FINs, in one call. */
  retrieve(fins: readonly string[]): Promise<IdentAnswer>;
  close(): Promise<void>;
};

/** IDENT refuses a longer list. */
export const maxFins = 100;

type Operation = "PersonSearch" | "PersonRetrieve";

const serviceNamespace = "https://ident.obim.example/ws/1.0/";
const niem = "https://docs.oasis-open.org/niemopen/ns/model";

/** `url`: the service's root; every failure of a call is a SourceError of IDENT. */
export function identSource({ url, timeoutMs }: { readonly url: string; readonly timeoutMs: number }): IdentSource {
  const ident = httpSystem({ system, url, timeoutMs });
  const call = async (operation: Operation, content: string): Promise<IdentAnswer> => {
    const { status, body } = await ident.ask({
      method: "POST",
      path: "/ident",
      headers: { "content-type": `application/soap+xml; charset=utf-8; action="${serviceNamespace}${operation}"` },
      body: envelope(operation, content),
    });
    if (status !== 200) throw new SourceError("SOURCE_REFUSED", system);
    return readAnswer(operation, body);
  };
  return {
    search: (identifier) => call("PersonSearch", identifierXml(identifier)),
    retrieve: (fins) => call("PersonRetrieve", fins.map((fin) => identifierXml({ kind: "fin", value: fin })).join("")),
    close: () => ident.close(),
  };
}

function envelope(operation: Operation, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:nc="${niem}/niem-core/6.0/" xmlns:im="${niem}/domains/immigration/6.0/" xmlns:j="${niem}/domains/justice/6.0/" xmlns:ident="${serviceNamespace}"><env:Body><ident:${operation}Request>${content}</ident:${operation}Request></env:Body></env:Envelope>`;
}

const elementOf = {
  fin: "ident:FingerprintIdentification",
  aNumber: "im:AlienNumberIdentification",
  i94Number: "im:AdmissionIdentification",
  receiptNumber: "im:ImmigrationReceiptNumberIdentification",
  fbiNumber: "j:PersonFBIIdentification",
  eidSubjectId: "ident:EIDSubjectIdentification",
} as const;

function identifierXml({ kind, value }: Identifier): string {
  if (kind === "sevisId") return tag("im:SEVISID", escapeText(value));
  if (kind !== "passport") return tag(elementOf[kind], tag("nc:IdentificationID", escapeText(value)));
  const country = tag("ident:CountryISO3166Alpha3Code", escapeText(value.country));
  return tag("ident:PassportIdentification", tag("nc:IdentificationID", escapeText(value.number)) + country);
}

function tag(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

/** Canonical identifiers have nothing to escape; that must not be what stands between a value and the markup. */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
