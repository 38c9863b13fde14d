/** SOAP 1.2 messages: what a request must look like, and how answers and faults are written. */
import type { HttpAnswer, HttpRequest } from "../http.ts";
import { declarations, namespaces, qname } from "./names.ts";
import { escapeXml, NotXml, readXml, type XmlElement } from "./xml.ts";

/** SOAP 1.2 part 1, §5.4.6. */
export type FaultCode = "Sender" | "Receiver" | "VersionMismatch" | "MustUnderstand";

export class SoapFault extends Error {
  readonly code: FaultCode;
  /** IDENT's own name of what was wrong, in its namespace. */
  readonly subcode: string;
  constructor(code: FaultCode, subcode: string, reason: string) {
    super(reason);
    this.code = code;
    this.subcode = subcode;
  }
}

const soap11 = "http://schemas.xmlsoap.org/soap/envelope/";

/** The one element in the Body. Throws `SoapFault` for everything that is not a SOAP 1.2 request. */
export function readRequest({ headers, body }: HttpRequest): XmlElement {
  const [mediaType, ...parameters] = (headers["content-type"] ?? "").split(";").map((part) => part.trim());
  if (mediaType?.toLowerCase() !== "application/soap+xml")
    throw new SoapFault("Sender", "UnsupportedMediaType", "SOAP 1.2 is sent as application/soap+xml");
  const envelope = readEnvelope(body);
  const operation = onlyBodyElement(envelope);
  const action = parameters.map((each) => /^action="?([^"]*)"?$/i.exec(each)?.[1]).find((each) => each !== undefined);
  if (action !== undefined && action !== "" && action !== actionOf(operation))
    throw new SoapFault("Sender", "ActionMismatch", "the action is not that of the element in the Body");
  return operation;
}

/** `{ns}PersonSearchRequest` → `ns` + `PersonSearch`. */
function actionOf({ name }: XmlElement): string {
  return name.replace(/^\{(.*)\}/, "$1").replace(/Request$/, "");
}

function readEnvelope(body: Buffer): XmlElement {
  const envelope = parsed(body);
  if (envelope.name === `{${soap11}}Envelope`)
    throw new SoapFault("VersionMismatch", "Soap11", "this service speaks SOAP 1.2");
  if (envelope.name !== qname("env", "Envelope"))
    throw new SoapFault("Sender", "NotAnEnvelope", "a SOAP 1.2 Envelope is expected");
  const header = envelope.children.find(({ name }) => name === qname("env", "Header"));
  for (const block of header?.children ?? [])
    if (/^(1|true)$/.test(block.attributes.get(qname("env", "mustUnderstand")) ?? ""))
      throw new SoapFault("MustUnderstand", "UnknownHeader", "this service understands no header blocks");
  return envelope;
}

function parsed(body: Buffer): XmlElement {
  try {
    return readXml(body);
  } catch (error) {
    if (error instanceof NotXml) throw new SoapFault("Sender", "NotXml", error.message);
    throw error;
  }
}

function onlyBodyElement(envelope: XmlElement): XmlElement {
  const bodies = envelope.children.filter(({ name }) => name === qname("env", "Body"));
  const [operation, ...others] = bodies.flatMap(({ children }) => children);
  if (bodies.length !== 1 || operation === undefined || others.length > 0)
    throw new SoapFault("Sender", "NotOneOperation", "one Body with one element in it is expected");
  return operation;
}

/** One element; `content` is XML already. */
export function element(name: string, content: string | readonly string[], attributes = ""): string {
  const inner = typeof content === "string" ? content : content.join("");
  return inner === "" ? `<${name}${attributes}/>` : `<${name}${attributes}>${inner}</${name}>`;
}

/** A 200 with `content` in its Body; the Header states the system's clock. */
export function answer(now: string, content: string): HttpAnswer {
  return envelope(200, now, content);
}

/** HTTP statuses as the SOAP 1.2 HTTP binding has them: 400 for the sender's faults, 500 for the rest. */
export function fault(now: string, { code, subcode, message }: SoapFault): HttpAnswer {
  const status = subcode === "UnsupportedMediaType" ? 415 : code === "Sender" ? 400 : 500;
  const body = element("env:Fault", [
    element("env:Code", [
      element("env:Value", `env:${code}`),
      element("env:Subcode", element("env:Value", `ident:${subcode}`)),
    ]),
    element("env:Reason", element("env:Text", escapeXml(message), ' xml:lang="en"')),
  ]);
  return envelope(status, now, body, code === "VersionMismatch" ? upgrade : "");
}

const upgrade = `<env:Upgrade><env:SupportedEnvelope qname="env:Envelope" xmlns:env="${namespaces.env}"/></env:Upgrade>`;

function envelope(status: number, now: string, body: string, headers = ""): HttpAnswer {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    "env:Envelope",
    [element("env:Header", [headers, element("ident:SystemClock", escapeXml(now))]), element("env:Body", body)],
    ` ${declarations}`,
  )}`;
  return { status, headers: { "content-type": "application/soap+xml; charset=utf-8" }, body: xml };
}
