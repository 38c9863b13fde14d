/** What CBP's three systems have in common on the wire: a search body, pages with an opaque cursor, and refusals. */
import type { ChangeLog } from "../change-log.ts";
import { type HttpAnswer, type HttpRequest, json } from "../http.ts";
import type { PersonFile } from "../population/types.ts";
import type { IdentifierKind, World } from "../world.ts";

export const defaultPageSize = 200;
export const maxPageSize = 500;

/** One row of a result and what it is ordered by. */
export type Hit = { readonly key: string; readonly row: unknown };
export type Page = { readonly rows: readonly unknown[]; readonly next: string | null };

type Place = { readonly key: string; readonly ordinal: number };
type Search<List extends string> = {
  readonly lists: Readonly<Record<List, readonly string[]>>;
  readonly pageSize: number;
  readonly after: Place | null;
};

/**
 * Answers one search: reads the body, finds, cuts the page. `find` gets the lists as sent;
 * `envelope` puts the page into the system's own answer. A body that is not a search is a 400 saying why.
 */
export function answerSearch<List extends string>(
  request: HttpRequest,
  lists: readonly List[],
  find: (asked: Readonly<Record<List, readonly string[]>>) => readonly Hit[],
  envelope: (page: Page) => unknown,
): HttpAnswer {
  if (request.method !== "POST") return json(405, { error: "use POST" }, { allow: "POST" });
  const search = readSearch(request.body, lists);
  if (typeof search === "string") return json(400, { error: search });
  return json(200, envelope(cutPage(find(search.lists), search.pageSize, search.after)));
}

/** Answers what has changed since a position; `envelope` puts the entries into the system's own answer. */
export function answerChanges<Entry>(
  { method, query }: HttpRequest,
  log: ChangeLog<Entry>,
  envelope: (entries: readonly Entry[]) => Readonly<Record<string, unknown>>,
): HttpAnswer {
  if (method !== "GET") return json(405, { error: "use GET" }, { allow: "GET" });
  const { entries, ...listing } = log.since(query.get("since"));
  return json(200, { ...envelope(entries), ...listing });
}

/** A row before a change and after it; null: there was none, or there is none any more. */
export type RowChange = { readonly before: unknown; readonly after: unknown };

/** Every person in whose file one of these identifiers stands, once. */
export function personsWith(
  world: World,
  asked: readonly (readonly [kind: IdentifierKind, values: Iterable<string>])[],
): PersonFile[] {
  const found = new Map<number, PersonFile>();
  for (const [kind, values] of asked)
    for (const value of values) for (const file of world.find(kind, value)) found.set(file.index, file);
  return [...found.values()];
}

/** The nine digits of an A-number as typed; null for what is none. */
export function nineDigits(typed: string | null): string | null {
  const digits = /^A?(\d{7,9})$/i.exec((typed ?? "").replace(/[ -]/g, ""))?.[1];
  return digits === undefined ? null : digits.padStart(9, "0");
}

/** An admission number without spaces and dashes, in capitals. */
export function admissionNumber(typed: string): string {
  return typed.replace(/[ -]/g, "").toUpperCase();
}

function readSearch<List extends string>(body: Buffer, names: readonly List[]): Search<List> | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch {
    return "the body is not JSON";
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return "the body is not an object";
  const members = parsed as Record<string, unknown>;
  const known = [...names, "pageSize", "next"];
  if (Object.keys(members).some((name) => !known.includes(name))) return `the members are ${known.join(", ")}`;
  const lists = {} as Record<List, readonly string[]>;
  for (const name of names) {
    const list = members[name] ?? [];
    if (!Array.isArray(list) || !list.every((each) => typeof each === "string")) return `${name} is a list of strings`;
    lists[name] = list;
  }
  const pageSize = members.pageSize ?? defaultPageSize;
  if (!Number.isInteger(pageSize) || (pageSize as number) < 1 || (pageSize as number) > maxPageSize)
    return `pageSize is a whole number from 1 to ${maxPageSize}`;
  const after = members.next === undefined || members.next === null ? null : placeOf(members.next);
  if (after === undefined) return "next is not a cursor of this system";
  return { lists, pageSize: pageSize as number, after };
}

/** A cursor names the last row given, not a count: rows that appear meanwhile shift nothing. */
function cutPage(hits: readonly Hit[], pageSize: number, after: Place | null): Page {
  const seen = new Map<string, number>();
  const placed = [...hits]
    .sort((a, b) => compare(a.key, b.key))
    .map(({ key, row }) => {
      const ordinal = seen.get(key) ?? 0;
      seen.set(key, ordinal + 1);
      return { key, ordinal, row };
    });
  const rest =
    after === null
      ? placed
      : placed.filter(({ key, ordinal }) => (compare(key, after.key) || ordinal - after.ordinal) > 0);
  const page = rest.slice(0, pageSize);
  const last = page.at(-1);
  const next = last === undefined || rest.length <= pageSize ? null : cursorOf(last);
  return { rows: page.map(({ row }) => row), next };
}

function cursorOf({ key, ordinal }: Place): string {
  return Buffer.from(JSON.stringify([key, ordinal])).toString("base64url");
}

function placeOf(cursor: unknown): Place | undefined {
  try {
    const [key, ordinal] = JSON.parse(Buffer.from(String(cursor), "base64url").toString("utf8")) as unknown[];
    if (typeof key === "string" && Number.isInteger(ordinal)) return { key, ordinal: ordinal as number };
  } catch {
    // Not one of ours: refused below.
  }
  return undefined;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
