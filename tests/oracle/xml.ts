/** Just enough XML to read IDENT's answers: elements by namespace, text, characters by number. No DTD, no CDATA. */

export type Element = {
  /** `{namespace}local`. */
  readonly name: string;
  /** The element says `xsi:nil="true"`. */
  readonly nil: boolean;
  readonly children: readonly Element[];
  /** The text directly inside. */
  readonly text: string;
};

type Open = { name: string; nil: boolean; children: Open[]; text: string; spaces: Readonly<Record<string, string>> };

const predefined: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The root element; throws where a tag is closed that is not open, or an entity is not known. */
export function readXml(source: string): Element {
  const document: Open = { name: "", nil: false, children: [], text: "", spaces: {} };
  const path: Open[] = [document];
  const tokens =
    /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<\/([^\s>]+)\s*>|<([^\s/>]+)((?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/g;
  for (const [, closing, opening, attributes = "", empty, text] of source.matchAll(tokens)) {
    const parent = path.at(-1)!;
    if (text !== undefined) parent.text += plain(text);
    else if (opening !== undefined) {
      const element = openElement(opening, attributes, parent.spaces);
      parent.children.push(element);
      if (empty === "") path.push(element);
    } else if (closing !== undefined && path.pop()!.name !== qualified(closing, parent.spaces))
      throw new Error("not well-formed");
  }
  if (path.length !== 1 || document.children.length !== 1) throw new Error("not one whole document");
  return document.children[0]!;
}

function openElement(opening: string, attributes: string, outer: Readonly<Record<string, string>>): Open {
  const spaces: Record<string, string> = { ...outer };
  const pairs = [...attributes.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  for (const [, name = "", double, single] of pairs)
    if (/^xmlns(:|$)/.test(name)) spaces[name.slice(6)] = plain(double ?? single ?? "");
  const nil = pairs.some(
    ([, name = "", double, single]) => /:nil$/.test(name) && /^(true|1)$/.test(double ?? single ?? ""),
  );
  return { name: qualified(opening, spaces), nil, children: [], text: "", spaces };
}

function qualified(name: string, spaces: Readonly<Record<string, string>>): string {
  const [prefix, local] = name.includes(":") ? (name.split(":") as [string, string]) : ["", name];
  return `{${spaces[prefix] ?? ""}}${local}`;
}

function plain(text: string): string {
  return text.replace(/&(#x?)?([^;]+);/g, (_, numbered: string | undefined, body: string) => {
    if (numbered !== undefined) return String.fromCodePoint(Number.parseInt(body, numbered === "#x" ? 16 : 10));
    const character = predefined[body];
    if (character === undefined) throw new Error("an unknown entity");
    return character;
  });
}
