/** What a subgraph says of how long its answer may be kept, in its own `Cache-Control` (RFC 9111, 5.2.2). */

/** A directive with its value, quoted or not; values with anything else in them are none. */
const directive = /^([\w-]+)(?:=(?:"?)([\w -]*)(?:"?))?$/;
const neverKept: ReadonlySet<string> = new Set(["no-store", "no-cache", "private"]);

/**
 * In milliseconds from when it was asked; 0: not at all; null: it says nothing of that. What cannot be read keeps nothing:
 * whoever wrote it wanted to say something.
 */
export function sharedLifetimeMs(
  cacheControl: string | string[] | undefined,
  age: string | string[] | undefined,
): number | null {
  if (cacheControl === undefined) return null;
  const said = new Map<string, string | undefined>();
  for (const each of String(cacheControl).split(",")) {
    const [, name, value] = directive.exec(each.trim()) ?? [];
    if (name === undefined) return 0;
    const known = name.toLowerCase();
    if (neverKept.has(known)) return 0;
    // Of one that stands twice, and not alike, nobody can say which counts.
    if (said.has(known) && said.get(known) !== value) return 0;
    said.set(known, value);
  }
  // For one cache of all callers the first counts before the second.
  const name = ["s-maxage", "max-age"].find((each) => said.has(each));
  if (name === undefined) return null;
  const [seconds, elapsed] = [secondsOf(said.get(name)), age === undefined ? 0 : secondsOf(String(age))];
  return seconds === null || elapsed === null ? 0 : Math.max(0, seconds - elapsed) * 1000;
}

function secondsOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : null;
}
