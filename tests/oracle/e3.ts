/** What e3's own bytes say of a person: headings by release, cells in every form `mocks/cbp/README.md` names. */
import { isDay, isInstant, isMark, known, Listed, Lost, ordered, redacted, unreadable } from "./answer.ts";
import { type Row, type Rows, search } from "./cbp.ts";
import type { Keys } from "./obim.ts";

/** Column → its heading in the releases up to FY2023, of FY2024, of FY2025, from FY2026. */
const headings = {
  event: ["event_number", "EVENT_NBR", "EVENT NUMBER", "EVENT_NUMBER"],
  subject: ["subject_key", "CIV_ID", "CIV ID", "SUBJECT_KEY"],
  fin: ["fin", "FIN", "FIN NBR", "FIN"],
  aNumber: ["subject_afile_number", "AFILE_NBR", "SUBJECT AFILE NUMBER", "A_FILE_NUMBER"],
  apprehendedTime: ["apprehension_datetime", "APP_DT_TIME", "APPR DT TIME", "APPR_DT_TIME"],
  apprehendedDay: ["apprehension_date", "APP_DATE", "APPR DATE", "APPR_DATE"],
  arrested: ["arrest_datetime", "ARREST_DT_TIME", "ARREST DT TIME", "ARREST_DT_TIME"],
  sector: ["apprehension_sector", "SECTOR", "APPR SECTOR", "APPR_SECTOR"],
  unitNumber: ["fmu_number", "FAMILY_UNIT_GRP", "Family Unit Group#", "FMU_NUMBER"],
  unitType: ["fmu_type", "FAMILY_UNIT_TYPE", "FMU TYPE", "FMU_TYPE"],
  disposition: ["disposition", "DISP", "DISPOSITION", "DISPOSITION"],
  released: ["released_indicator", "RELEASED", "RELEASED", "RELEASED_INDICATOR"],
  address: ["release_address", "RELEASE_ADDR", "ADDRESS", "RELEASE_ADDRESS"],
  addressSince: ["release_address_datetime", "RELEASE_ADDR_DT", "ADDRESS DT TIME", "RELEASE_ADDRESS_DT_TIME"],
  undeliverable: ["address_undeliverable", "ADDR_UNDELIV", "UNDELIVERABLE", "ADDRESS_UNDELIVERABLE"],
} as const;

export async function readE3(url: string, keys: readonly Keys[]): Promise<Rows> {
  const fins = keys.flatMap((each) => [...each.fins]);
  const afileNumbers = keys.flatMap((each) => [...each.aNumbers]);
  return search(`${url}/e3/v1/subjects/search`, { fins, afileNumbers }, ["extractedAt", "rows"]);
}

function cell(row: Row, column: keyof typeof headings): unknown {
  const year = Number(/^FY(\d{4})$/.exec(String(row.release))?.[1]);
  const era = year <= 2023 ? 0 : year === 2024 ? 1 : year === 2025 ? 2 : 3;
  const heading = headings[column][era];
  if (!Object.hasOwn(row, heading)) throw new Error(`no ${heading} in a row of ${row.release}`);
  return row[heading];
}

/** The rows in which one of the person's FINs or A-numbers stands; a row without its keys names no record. */
function rowsOf({ rows }: Rows, { fins, aNumbers }: Keys): { rows: Row[]; unreadableIn: string[] } {
  const own = rows.filter(
    (row) => fins.has(known(text(cell(row, "fin"))) ?? "") || aNumbers.has(aNumber(cell(row, "aNumber")) ?? ""),
  );
  const keyed = own.filter((row) => idOf(row) !== null);
  return { rows: keyed, unreadableIn: keyed.length < own.length ? ["E3"] : [] };
}

function idOf(row: Row): string | null {
  const [event, subject] = [text(cell(row, "event")), text(cell(row, "subject"))];
  return event === null || subject === null || event instanceof Lost || subject instanceof Lost
    ? null
    : `${event}/${subject}`;
}

export function apprehensionsOf(e3: Rows, keys: Keys): unknown {
  const { rows, unreadableIn } = rowsOf(e3, keys);
  const records = rows.map((row) => ({
    id: idOf(row)!,
    apprehendedAt: timeOrDay(cell(row, "apprehendedTime"), cell(row, "apprehendedDay")),
    arrestedAt: dateTime(cell(row, "arrested")),
    sector: text(cell(row, "sector")),
    familyUnit: familyUnit(row),
    disposition: text(cell(row, "disposition")),
    source: { system: "E3", asOf: e3.asOf },
  }));
  const byDate = ordered(
    records,
    ({ apprehendedAt }) => apprehendedAt,
    ({ id }) => id,
  );
  return new Listed(byDate, unreadableIn);
}

function familyUnit(row: Row): unknown {
  const number = text(cell(row, "unitNumber"));
  return number === null || number instanceof Lost ? number : { number, type: text(cell(row, "unitType")) };
}

/** Addresses given on release; those of a row that says no release, or nothing about it, do not exist. */
export function addressesOf(e3: Rows, keys: Keys): unknown {
  const { rows, unreadableIn } = rowsOf(e3, keys);
  const records = rows
    .filter((row) => logical(cell(row, "released")) === true)
    .map((row) => ({
      id: idOf(row)!,
      address: {
        lines: addressLines(cell(row, "address")),
        since: dateTime(cell(row, "addressSince")),
        undeliverable: logical(cell(row, "undeliverable")),
        source: { system: "E3", asOf: e3.asOf },
      },
    }));
  const newestFirst = ordered(
    records,
    ({ address }) => address.since,
    ({ id }) => id,
    -1,
  );
  return new Listed(
    newestFirst.map(({ address }) => address),
    unreadableIn,
  );
}

function addressLines(value: unknown): readonly string[] | Lost | null {
  const all = text(value);
  if (all === null || all instanceof Lost) return all;
  const lines = all
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.length === 1 && lines[0]!.toUpperCase() === "FAILED TO PROVIDE ADDRESS" ? null : lines;
}

const isBlank = (value: unknown): boolean => value === null || (typeof value === "string" && value.trim() === "");

function text(value: unknown): string | Lost | null {
  if (isBlank(value)) return null;
  if (typeof value !== "string") return unreadable("E3");
  return isMark(value) ? redacted("E3") : value.trim();
}

function aNumber(value: unknown): string | null {
  const digits = /^A?(\d{1,9})$/.exec(String(value ?? "").trim())?.[1];
  return digits === undefined ? null : digits.padStart(9, "0");
}

function logical(value: unknown): boolean | Lost | null {
  if (isBlank(value)) return null;
  if (typeof value === "string" && isMark(value)) return redacted("E3");
  const words: readonly unknown[] = ["N", "Y", "0", "1", 0, 1];
  const place = words.indexOf(typeof value === "string" ? value.trim() : value);
  return place < 0 ? unreadable("E3") : place % 2 === 1;
}

/** The column with time, or the one for the day only: both filled contradict each other. */
function timeOrDay(withTime: unknown, dayOnly: unknown): string | Lost | null {
  if (isBlank(dayOnly)) return dateTime(withTime);
  if (!isBlank(withTime)) return unreadable("E3");
  const day = dateTime(dayOnly);
  if (day === null || day instanceof Lost) return day;
  // In a column declared date-only, midnight is padding.
  const padded = /^(.{10})(T00:00:00Z)?$/.exec(day);
  return padded === null ? unreadable("E3") : padded[1]!;
}

/** ISO, US text, or a spreadsheet's serial; an instant, or the day alone. */
function dateTime(value: unknown): string | Lost | null {
  if (isBlank(value)) return null;
  if (typeof value === "number") return serial(value);
  if (typeof value !== "string") return unreadable("E3");
  if (isMark(value)) return redacted("E3");
  const trimmed = value.trim();
  if (isDay(trimmed) || isInstant(trimmed)) return trimmed;
  const us = /^([1-9]\d?)\/([1-9]\d?)\/(\d{4})(?: (0|[1-9]\d?):(\d\d))?$/.exec(trimmed);
  if (us === null) return unreadable("E3");
  const [, month = "", dayOfMonth = "", year = "", hours, minutes] = us;
  const day = `${year}-${month.padStart(2, "0")}-${dayOfMonth.padStart(2, "0")}`;
  const written = hours === undefined ? day : `${day}T${hours.padStart(2, "0")}:${minutes}:00Z`;
  return isDay(written) || isInstant(written) ? written : unreadable("E3");
}

/** Days of the 1900 date system, in which 60 is a day that never was; a whole number is a day alone. */
function serial(days: number): string | Lost {
  if (!(days >= 1 && days < 2_958_466) || Math.floor(days) === 60) return unreadable("E3");
  const seconds = Math.round(days * 86_400) + Date.UTC(1899, 11, days < 60 ? 31 : 30) / 1000;
  const iso = new Date(seconds * 1000).toISOString();
  return Number.isInteger(days) ? iso.slice(0, 10) : `${iso.slice(0, 19)}Z`;
}
