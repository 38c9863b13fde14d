/**
 * JSON in which no object names a member twice. Readers differ on which of the two counts, so what one of them checked
 * another may read differently (RFC 8259, 4; RFC 7515, 5.2 step 4).
 */

/** Throws a SyntaxError for what is no JSON in UTF-8, and for a member named twice, in whatever spelling. */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = utf8.decode(bytes);
  const value: unknown = JSON.parse(text);
  if (hasDuplicateMember(text)) throw new SyntaxError("a member is named twice");
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `text` is JSON: that much is known already, so only strings and brackets matter. */
function hasDuplicateMember(text: string): boolean {
  /** One for each bracket that is open: the members of an object so far, null for a list. */
  const open: (Set<string> | null)[] = [];
  let expectsName = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/gs)) {
    const members = open.at(-1) ?? null;
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token !== "," && expectsName && members !== null) {
      const name = JSON.parse(token) as string;
      if (members.has(name)) return true;
      members.add(name);
    }
    expectsName = token === "{" || (token === "," && members !== null);
  }
  return false;
}
