/** Reads XML into a tree with its namespaces resolved, and writes it with everything escaped. No DTD, ever. */
import { XMLParser, XMLValidator } from "fast-xml-parser";

export type XmlElement = {
  /** `{namespace}local`. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The character data directly inside, exactly as sent. */
  readonly text: string;
};

export class NotXml extends Error {}

const maxDepth = 20;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  trimValues: false,
  // References are resolved below: only the five that every XML document has, and characters by number.
  processEntities: false,
  cdataPropName: "#cdata",
  ignoreDeclaration: true,
  maxNestedTags: maxDepth,
});

type Node = Readonly<Record<string, unknown>>;

/** Throws `NotXml`, with a line that repeats nothing of the document. SOAP 1.2 §5 forbids DTDs and instructions. */
export function readXml(bytes: Uint8Array): XmlElement {
  const document = decodeUtf8(bytes);
  if (document.includes("<!DOCTYPE")) throw new NotXml("a document type declaration is not accepted");
  if (notXmlCharacter.test(document)) throw new NotXml("the document holds characters that XML does not allow");
  const nodes = parse(document);
  if (document.replace(/^\s*<\?xml\s/, "").includes("<?")) throw new NotXml("processing instructions are not accepted");
  const roots = nodes.filter((node) => elementName(node) !== undefined);
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw new NotXml("one root element is expected");
  return resolve(root, new Map([["xml", "http://www.w3.org/XML/1998/namespace"]]));
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new NotXml("the document is not UTF-8");
  }
}

function parse(document: string): readonly Node[] {
  try {
    if (XMLValidator.validate(document) === true) return parser.parse(document) as Node[];
  } catch {
    // Too deep, or a name that no message of ours has.
  }
  throw new NotXml("the document is not well-formed XML");
}

function elementName(node: Node): string | undefined {
  return Object.keys(node).find((key) => key !== ":@" && !key.startsWith("#") && !key.startsWith("?"));
}

function resolve(node: Node, inherited: ReadonlyMap<string, string>): XmlElement {
  const tag = elementName(node) as string;
  const raw = Object.entries((node[":@"] ?? {}) as Record<string, string>);
  const scope = new Map(inherited);
  for (const [name, value] of raw)
    if (name === "xmlns" || name.startsWith("xmlns:")) scope.set(name.slice(6), dereference(value));
  const attributes = new Map(
    raw
      .filter(([name]) => !/^xmlns(:|$)/.test(name))
      .map(([name, value]) => [name.includes(":") ? qualified(name, scope) : name, dereference(value)]),
  );
  const content = node[tag] as readonly Node[];
  return {
    name: qualified(tag, scope),
    attributes,
    children: content.filter((child) => elementName(child) !== undefined).map((child) => resolve(child, scope)),
    text: content.map(characters).join(""),
  };
}

function qualified(name: string, scope: ReadonlyMap<string, string>): string {
  const [prefix, local, ...rest] = name.includes(":") ? name.split(":") : ["", name];
  const namespace = scope.get(prefix ?? "") ?? (prefix === "" ? "" : undefined);
  if (namespace === undefined || !local || rest.length > 0) throw new NotXml("a prefix is not bound to a namespace");
  return `{${namespace}}${local}`;
}

function characters(node: Node): string {
  if (typeof node["#text"] === "string") return dereference(node["#text"]);
  const cdata = node["#cdata"] as readonly Node[] | undefined;
  return cdata === undefined ? "" : cdata.map((part) => String(part["#text"])).join("");
}

const predefined = new Map([
  ["amp;", "&"],
  ["lt;", "<"],
  ["gt;", ">"],
  ["quot;", '"'],
  ["apos;", "'"],
]);

function dereference(text: string): string {
  return text.replace(/&([^;&\s]*;?)/g, (_, reference: string) => {
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));$/.exec(reference) ?? [];
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal ?? Number.NaN);
    const character = code <= 0x10ffff ? String.fromCodePoint(code) : predefined.get(reference);
    if (character === undefined || notXmlCharacter.test(character))
      throw new NotXml("an unknown entity is referred to");
    return character;
  });
}

/** What XML 1.0 cannot hold, not even by reference (§2.2); lone surrogates among it. */
const notXmlCharacter = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** Character data, safe in elements and in double-quoted attributes. What XML cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(new RegExp(notXmlCharacter, "gu"), "\u{FFFD}")
    .replaceAll(/[&<>"'\r]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** The same, with everything outside ASCII written by number, as some senders' old software does. */
export function escapeToAscii(text: string): string {
  return escapeXml(text).replaceAll(/[^\x00-\x7f]/gu, (character) => `&#x${character.codePointAt(0)?.toString(16)};`);
}
