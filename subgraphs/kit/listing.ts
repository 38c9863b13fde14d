/** Lists of changes, as systems give them: a page at a time, from a position that only the system understands. */
import { parseJson, SourceError } from "./source.ts";

export type Listing<Entry> = {
  readonly asOf: string;
  /** To be given at the next call. */
  readonly position: string;
  readonly more: boolean;
  /** False: the position is not known (any more); anything may have changed. */
  readonly complete: boolean;
  readonly entries: readonly Entry[];
};

/**
 * Everything behind a position, as one page; null: nothing, and where the system stands. More than `maxEntries` are not
 * read: the page is then not complete, and its position the system's own.
 */
export async function listedSince<Page extends Listing<unknown>>(
  list: (position: string | null) => Promise<Page>,
  position: string | null,
  maxEntries = 500,
): Promise<Page> {
  let page = await list(position);
  let { complete } = page;
  const entries = [...page.entries];
  while (page.more && entries.length <= maxEntries) {
    const next = await list(page.position);
    // INVARIANT: who promises more and does not move on would be asked for ever.
    if (next.position === page.position) throw new SourceError("SOURCE_INVALID", "the listing");
    page = next;
    complete &&= page.complete;
    entries.push(...page.entries);
  }
  if (!page.more) return { ...page, complete, entries };
  return { ...(await list(null)), complete: false, entries: [] };
}

export type ListingForm<Entry> = {
  readonly system: string;
  /** What the system calls its clock, and the list itself. */
  readonly asOf: string;
  readonly entries: string;
  readonly isInstant: (text: string) => boolean;
  /** Throws SourceError where it is none. */
  readonly entry: (value: unknown) => Entry;
};

/** A page in JSON, with `position`, `more` and `complete` under these names. Throws SourceError for anything else. */
export function readListing<Entry>(form: ListingForm<Entry>, body: Buffer): Listing<Entry> {
  const page = parseJson(form.system, body);
  if (!isObject(page)) throw new SourceError("SOURCE_INVALID", form.system);
  const { position, more, complete, [form.asOf]: asOf, [form.entries]: entries } = page;
  const isPosition = typeof position === "string" && position !== "" && position.length <= 128;
  if (!isPosition || typeof more !== "boolean" || typeof complete !== "boolean")
    throw new SourceError("SOURCE_INVALID", form.system);
  if (typeof asOf !== "string" || !form.isInstant(asOf) || !Array.isArray(entries))
    throw new SourceError("SOURCE_INVALID", form.system);
  return { asOf, position, more, complete, entries: entries.map(form.entry) };
}

/** The query that asks from a position. */
export const sinceQuery = (position: string | null) =>
  position === null ? "" : `?since=${encodeURIComponent(position)}`;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
