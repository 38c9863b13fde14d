/** What EID's own rows say of a person: SQL, every value as the text the database sends, by `mocks/ice/README.md`. */
import pg from "pg";
import { distinct, isDay, isInstant, known, Listed, Lost, ordered, redacted, unreadable } from "./answer.ts";
import { eidCountries } from "./eid-countries.ts";
import type { Keys } from "./obim.ts";

type Row = Readonly<Record<string, string | null>>;

export type Eid = {
  readonly asOf: string;
  readonly stints: readonly Row[];
  readonly detainers: readonly Row[];
  readonly removals: readonly Row[];
};

/** One connection, one statement for each table. */
export async function readEid(url: string, keys: readonly Keys[]): Promise<Eid> {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (text: string) => text } });
  await client.connect();
  try {
    const asked = [keys.flatMap((each) => [...each.eidSubjectIds]), keys.flatMap((each) => [...each.aNumbers])];
    const select = async (table: string): Promise<Row[]> => {
      const where = `"EID Subject ID" = ANY($1) OR "Alien File Number" = ANY($2)`;
      return (await client.query<Row>(`SELECT * FROM "EID"."${table}" WHERE ${where}`, asked)).rows;
    };
    const clock = await client.query<Row>(`SELECT "As Of" FROM "EID"."Replication Status"`);
    return {
      asOf: instant(clock.rows[0]?.["As Of"] ?? null) as string,
      stints: distinct(await select("Detention Stints")),
      detainers: distinct(await select("Detainers")),
      removals: distinct(await select("Removals")),
    };
  } finally {
    await client.end();
  }
}

const isOf = (row: Row, { eidSubjectIds, aNumbers }: Keys): boolean =>
  eidSubjectIds.has(row["EID Subject ID"] ?? "") || aNumbers.has(row["Alien File Number"] ?? "");

/** The subject, unless it is blank or redacted: such a row names no record. */
const subjectOf = (row: Row): string | null => known(text(row["EID Subject ID"]));

/** Stays are not rows: they are the stints of one subject that repeat one stay book-in. */
export function custodyStaysOf({ stints, asOf }: Eid, keys: Keys): unknown {
  const own = stints.filter((row) => isOf(row, keys));
  const readable = own.filter((row) => subjectOf(row) !== null && isRead(instant(row["Stay Book In Date Time"])));
  const stays = Map.groupBy(readable, (row) => `${subjectOf(row)}/${instant(row["Stay Book In Date Time"])}`);
  const records = [...stays].map(([id, rows]) => ({
    id,
    bookedInAt: instant(rows[0]!["Stay Book In Date Time"]) as string,
    bookedOutAt: instant(rows[0]!["Stay Book Out Date Time"]),
    releaseReason: text(rows[0]!["Stay Release Reason"]),
    stints: ordered(
      rows,
      (row) => instant(row["Book In Date Time"]),
      (row) => row["Detention Facility Code"] ?? "",
    ).map((row) => ({
      facility: facility(row["Detention Facility Code"], row["Detention Facility"]),
      bookedInAt: instant(row["Book In Date Time"]),
      bookedOutAt: instant(row["Book Out Date Time"]),
    })),
    source: { system: "EID", asOf },
  }));
  const byDate = ordered(
    records,
    ({ bookedInAt }) => bookedInAt,
    ({ id }) => id,
  );
  return new Listed(byDate, readable.length < own.length ? ["EID"] : []);
}

function facility(code: string | null | undefined, name: string | null | undefined): unknown {
  return text(code) === null && text(name) === null ? null : { code: text(code), name: text(name) };
}

const grounds = {
  "Deportation Ordered": "FINAL_ORDER",
  "Order to Show Cause Served": "PENDING_PROCEEDINGS",
  "Biometric Match": "BIOMETRIC_MATCH",
  "Statements Made": "STATEMENTS_OR_RELIABLE_EVIDENCE",
} as const;

export function detainersOf({ detainers, asOf }: Eid, keys: Keys): unknown {
  const own = detainers.filter((row) => isOf(row, keys));
  const readable = own.filter((row) => isRead(text(row["EID DTA ID"])));
  const records = readable.map((row) => ({
    id: text(row["EID DTA ID"]) as string,
    preparedAt: dayOrInstant(row["Detainer Prepare Date"]),
    status: isThere(row["Detainer Lifted Date"]) || isThere(row["Detainer Lift Reason"]) ? "LIFTED" : "ACTIVE",
    basis: basisOf(row),
    warrantForm: oneOf(row["Warrant Form"], { "I-200": "I200", "I-205": "I205" }),
    servedAt: dayOrInstant(row["Detainer Served Date"]),
    liftedAt: dayOrInstant(row["Detainer Lifted Date"]),
    liftReason: text(row["Detainer Lift Reason"]),
    source: { system: "EID", asOf },
  }));
  const byDate = ordered(
    records,
    ({ preparedAt }) => preparedAt,
    ({ id }) => id,
  );
  return new Listed(byDate, readable.length < own.length ? ["EID"] : []);
}

/** The grounds that say YES; null when nothing is recorded of any. One that cannot be shown hides the list. */
function basisOf(row: Row): unknown {
  const said = Object.entries(grounds).map(([column, ground]) => ({
    ground,
    value: oneOf(row[column], { YES: "YES", NO: "NO" }),
  }));
  const lost = said.find(({ value }) => value instanceof Lost);
  if (lost !== undefined) return lost.value;
  return said.every(({ value }) => value === null)
    ? null
    : said.filter(({ value }) => value === "YES").map(({ ground }) => ground);
}

export function removalsOf({ removals, asOf }: Eid, keys: Keys): unknown {
  const own = removals.filter((row) => isOf(row, keys));
  const readable = own.filter((row) => isRead(text(row["EID Removal ID"])));
  const records = readable.map((row) => ({
    id: text(row["EID Removal ID"]) as string,
    scheduledAt: dayOrInstant(row["Removal Scheduled Date"]),
    departedAt: dayOrInstant(row["Departed Date"]),
    country: country(row["Departure Country"]),
    source: { system: "EID", asOf },
  }));
  const byDate = ordered(
    records,
    ({ scheduledAt, departedAt }) => known(scheduledAt) ?? departedAt,
    ({ id }) => id,
  );
  return new Listed(byDate, readable.length < own.length ? ["EID"] : []);
}

const isThere = (value: string | null | undefined): boolean => (value ?? "").trim() !== "";
const isRead = (value: string | Lost | null): boolean => typeof value === "string";

const marks = ["b(6), b(7)c", "b(6), b(7)C", "(b)(6)", "(b)(6), (b)(7)(C)"];

function text(value: string | null | undefined): string | Lost | null {
  if (value === null || value === undefined || value.trim() === "") return null;
  return marks.includes(value.trim()) ? redacted("EID") : value.trim();
}

function oneOf(value: string | null | undefined, words: Readonly<Record<string, string>>): string | Lost | null {
  const read = text(value);
  return typeof read === "string" ? (words[read] ?? unreadable("EID")) : read;
}

/** Columns of type timestamp: `2026-10-19 14:00:00`, UTC. */
function instant(value: string | null | undefined): string | Lost | null {
  const read = text(value);
  if (typeof read !== "string") return read;
  const iso = `${read.replace(" ", "T")}Z`;
  return isInstant(iso) ? iso : unreadable("EID");
}

/** Columns of type text: a day, or silently a date-time, in which midnight means that no time is held. */
function dayOrInstant(value: string | null | undefined): string | Lost | null {
  const read = text(value);
  if (typeof read !== "string" || isDay(read)) return read;
  const padded = /^(.{10}) 00:00:00$/.exec(read)?.[1];
  return padded !== undefined && isDay(padded) ? padded : instant(read);
}

function country(value: string | null | undefined): string | Lost | null {
  const read = text(value);
  if (typeof read !== "string" || /^[A-Z]{3}$/.test(read)) return read;
  return eidCountries.get(read) ?? unreadable("EID");
}
