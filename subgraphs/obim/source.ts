/** Asks IDENT over SOAP 1.2. The only file here that opens sockets. */
import { httpSystem, SourceError } from "#kit/source.ts";
import type { Identifier } from "./person.ts";
import { type IdentAnswer, type IdentChanges, readAnswer, readChanges, system } from "./records.ts";

export type IdentSource = {
  /** The clusters in whose encounters the identifier stands. */
  search(identifier: Identifier): Promise<IdentAnswer>;
  /** The clusters of up to `maxFins` FINs, in one call. */
  retrieve(fins: readonly string[]): Promise<IdentAnswer>;
  close(): Promise<void>;
};

/** As whoever watches IDENT asks it. */
export type WatchedIdent = {
  /** What has changed since a position; null: where IDENT stands. */
  changes(position: string | null): Promise<IdentChanges>;
  retrieve: IdentSource["retrieve"];
  close(): Promise<void>;
};

/** IDENT refuses a longer list. */
export const maxFins = 100;

type Operation = "PersonSearch" | "PersonRetrieve" | "PersonChanges";

type IdentSettings = { readonly url: string; readonly timeoutMs: number };

const serviceNamespace = "https://ident.obim.example/ws/1.0/";
const niem = "https://docs.oasis-open.org/niemopen/ns/model";

/** `url`: the service's root; every failure of a call is a SourceError of IDENT. */
export function identSource(settings: IdentSettings): IdentSource {
  const { call, close } = identService(settings, 16);
  return {
    search: async (identifier) => readAnswer("PersonSearch", await call("PersonSearch", identifierXml(identifier))),
    retrieve: retrieving(call),
    close,
  };
}

/** With a connection of its own: whoever watches does not wait behind those who ask. */
export function watchedIdent(settings: IdentSettings): WatchedIdent {
  const { call, close } = identService(settings, 1);
  return {
    changes: async (position) => {
      const since = position === null ? "" : tag("ident:ChangePosition", escapeText(position));
      return readChanges(await call("PersonChanges", since));
    },
    retrieve: retrieving(call),
    close,
  };
}

type Call = (operation: Operation, content: string) => Promise<Buffer>;

const retrieving =
  (call: Call): IdentSource["retrieve"] =>
  async (fins) =>
    readAnswer(
      "PersonRetrieve",
      await call("PersonRetrieve", fins.map((fin) => identifierXml({ kind: "fin", value: fin })).join("")),
    );

function identService({ url, timeoutMs }: IdentSettings, connections: number): { call: Call; close(): Promise<void> } {
  const ident = httpSystem({ system, url, timeoutMs, connections });
  const call: Call = async (operation, content) => {
    const { status, body } = await ident.ask({
      method: "POST",
      path: "/ident",
      headers: { "content-type": `application/soap+xml; charset=utf-8; action="${serviceNamespace}${operation}"` },
      body: envelope(operation, content),
    });
    if (status !== 200) throw new SourceError("SOURCE_REFUSED", system);
    return body;
  };
  return { call, close: ident.close };
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
