/** Reads IDENT's XML into elements named by namespace. Fast and forgiving parsing is not wanted here: fail closed. */
import { XMLParser, XMLValidator } from "fast-xml-parser";

export type Element = {
  /** `namespace local`, one space between; no namespace: the local name alone. */
  readonly name: string;
  readonly isNil: boolean;
  readonly elements: readonly Element[];
  /** Character data directly inside this element, untouched. */
  readonly text: string;
};

/** The bytes are not an XML document that IDENT could have sent. Its message never holds content. */
export class XmlUnreadable extends Error {}

const reader = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  trimValues: false,
  // No entity of a document's own is ever expanded; `characterOf` knows the only references there are.
  processEntities: false,
  cdataPropName: "#cdata",
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: 20,
});

/** As `preserveOrder` gives them: one key for the element or text, and `:@` for attributes. */
type Parsed = Record<string, unknown>;
type Scope = Readonly<Record<string, string>>;

const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance";
const illegal = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** The document's root. Throws `XmlUnreadable`. */
export function readElement(bytes: Uint8Array): Element {
  const [root, ...others] = parse(bytes).filter((node) => tagOf(node) !== undefined);
  if (root === undefined || others.length > 0) throw new XmlUnreadable("not one root");
  return toElement(root, Object.assign(Object.create(null), { "": "" }));
}

function parse(bytes: Uint8Array): readonly Parsed[] {
  try {
    const document = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!illegal.test(document) && !document.includes("<!DOCTYPE") && XMLValidator.validate(document) === true)
      return reader.parse(document);
  } catch (cause) {
    throw new XmlUnreadable("not XML", { cause });
  }
  throw new XmlUnreadable("not XML");
}

function tagOf(node: Parsed): string | undefined {
  return Object.keys(node).find((key) => key !== ":@" && key[0] !== "#");
}

function toElement(node: Parsed, outer: Scope): Element {
  const tag = tagOf(node) as string;
  const attributes = Object.entries((node[":@"] ?? {}) as Record<string, string>);
  const declared = attributes.filter(([name]) => /^xmlns(:|$)/.test(name));
  const scope: Scope = Object.assign(
    Object.create(null),
    outer,
    ...declared.map(([name, uri]) => ({ [name.slice("xmlns:".length)]: resolveReferences(uri) })),
  );
  const content = node[tag] as readonly Parsed[];
  return {
    name: expand(tag, scope),
    isNil: attributes.some(
      ([name, value]) =>
        /.:nil$/.test(name) && expand(name, scope) === `${schemaInstance} nil` && /^(true|1)$/.test(value),
    ),
    elements: content.filter((child) => tagOf(child) !== undefined).map((child) => toElement(child, scope)),
    text: content.map(textOf).join(""),
  };
}

function expand(name: string, scope: Scope): string {
  const colon = name.indexOf(":");
  const namespace = scope[name.slice(0, Math.max(colon, 0))];
  if (namespace === undefined) throw new XmlUnreadable("undeclared prefix");
  return `${namespace} ${name.slice(colon + 1)}`.trim();
}

function textOf(node: Parsed): string {
  if ("#cdata" in node) return (node["#cdata"] as readonly Parsed[]).map((part) => String(part["#text"])).join("");
  return "#text" in node ? resolveReferences(String(node["#text"])) : "";
}

function resolveReferences(text: string): string {
  return text.replaceAll(/&([^;]*);/g, (_, reference: string) => characterOf(reference));
}

function characterOf(reference: string): string {
  const named = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };
  if (Object.hasOwn(named, reference)) return named[reference as keyof typeof named];
  const digits = /^#(x[\da-f]{1,6}|\d{1,7})$/i.exec(reference)?.[1];
  const code = digits === undefined ? Number.NaN : Number(/^x/i.test(digits) ? `0${digits}` : digits);
  const character = code <= 0x10ffff ? String.fromCodePoint(code) : "";
  if (character === "" || illegal.test(character)) throw new XmlUnreadable("unknown reference");
  return character;
}
