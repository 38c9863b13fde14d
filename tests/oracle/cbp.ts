/** What ADIS's and I-94's own bytes say of a person, read by `mocks/cbp/README.md` alone. e3 has a file of its own. */
import { chunks, distinct, isDay, isInstant, Listed, type Lost, ordered, unreadable } from "./answer.ts";
import type { Keys } from "./obim.ts";

export type Row = Readonly<Record<string, unknown>>;

/** Rows of one system, and the clock of its answer. */
export type Rows = { readonly asOf: string; readonly rows: readonly Row[] };

/** A search to its last page, the identifiers in lists of 100. */
export async function search(
  url: string,
  lists: Readonly<Record<string, readonly string[]>>,
  [clock, member]: readonly [string, string],
): Promise<Rows> {
  const rows: Row[] = [];
  let asOf = "";
  const searches = Object.entries(lists).flatMap(([name, values]) =>
    chunks(values, 100).map((some) => ({ [name]: some })),
  );
  for (const asked of searches)
    for (let next: unknown = null, first = true; first || next !== null; first = false) {
      const body = JSON.stringify({ ...asked, pageSize: 500, next });
      const response = await fetch(url, { method: "POST", body });
      if (response.status !== 200) throw new Error(`a search answered ${response.status}`);
      const page = (await response.json()) as Row;
      rows.push(...(page[member] as Row[]));
      asOf = page[clock] as string;
      next = page.next;
    }
  return { asOf, rows: distinct(rows) };
}

export type Crossings = { readonly adis: Rows; readonly i94: Rows };

/** All crossings and admissions of all these persons. */
export async function readCrossings(
  urls: { readonly adis: string; readonly i94: string },
  keys: readonly Keys[],
): Promise<Crossings> {
  const fins = keys.flatMap((each) => [...each.fins]);
  const known = keys.flatMap((each) => [...each.i94Numbers]);
  const crossings = { fins, admissionNumbers: known };
  const adis = await search(`${urls.adis}/adis/v2/crossings/search`, crossings, ["asOf", "crossings"]);
  const shown = adis.rows.flatMap((row) => admissionNumber(row.admissionNumber) ?? []);
  const admissionNumbers = [...new Set([...known, ...shown])];
  const i94 = await search(`${urls.i94}/i94/v1/admissions/search`, { admissionNumbers }, ["dataAsOf", "admissions"]);
  return { adis, i94 };
}

type Arrival = {
  readonly id: string;
  readonly i94Number: string | Lost | null;
  readonly arrivedAt: string | Lost | null;
  readonly portOfEntry: string | Lost | null;
  readonly classOfAdmission: string | null;
  readonly admitUntil: string | Lost | null;
  readonly source: { readonly system: string; readonly asOf: string };
};

/** Crossings inwards with their admissions, and the admissions that belong to none of them. */
export function arrivalsOf({ adis, i94 }: Crossings, keys: Keys): unknown {
  const crossings = adis.rows.filter(
    (row) => keys.fins.has(String(row.fin)) || keys.i94Numbers.has(admissionNumber(row.admissionNumber) ?? ""),
  );
  const inwards = crossings.filter((row) => row.direction === "I");
  const crossed = new Set(inwards.map((row) => admissionNumber(row.admissionNumber)));
  const admissions = i94.rows.filter((row) => {
    const number = admissionNumber(row.admissionNumber);
    return number !== null && (keys.i94Numbers.has(number) || crossed.has(number));
  });
  const joined = inwards.map((row): Arrival => {
    const number = admissionNumber(row.admissionNumber);
    const admission =
      number === null ? undefined : admissions.find((each) => admissionNumber(each.admissionNumber) === number);
    return {
      id: String(row.recordId),
      i94Number: row.admissionNumber === null ? null : (number ?? unreadable("ADIS")),
      arrivedAt: instantOrDay(row.crossingDateTime, "ADIS"),
      portOfEntry: port(row.port, "ADIS"),
      classOfAdmission: admission === undefined ? null : textOrNull(admission.classOfAdmission),
      admitUntil: admission === undefined ? null : admitUntil(admission.admitUntilDate),
      source: { system: "ADIS", asOf: adis.asOf },
    };
  });
  const alone = admissions
    .filter((row) => !crossed.has(admissionNumber(row.admissionNumber)))
    .map((row): Arrival => {
      const number = admissionNumber(row.admissionNumber)!;
      return {
        id: `i94:${number}`,
        i94Number: number,
        arrivedAt: instantOrDay(row.admissionDateTime, "I94"),
        portOfEntry: port(row.portOfEntry, "I94"),
        classOfAdmission: textOrNull(row.classOfAdmission),
        admitUntil: admitUntil(row.admitUntilDate),
        source: { system: "I94", asOf: i94.asOf },
      };
    });
  const byDate = ordered(
    [...joined, ...alone],
    ({ arrivedAt }) => arrivedAt,
    ({ id }) => id,
  );
  return new Listed(byDate, []);
}

function admissionNumber(value: unknown): string | null {
  const number = typeof value === "string" ? value.replaceAll(/[ -]/g, "").toUpperCase() : "";
  return /^([0-9]{11}|[0-9]{9}[A-Z][0-9])$/.test(number) ? number : null;
}

const textOrNull = (value: unknown): string | null => String(value ?? "").trim() || null;

function instantOrDay(value: unknown, system: string): string | Lost | null {
  if (value === null || value === "") return null;
  return typeof value === "string" && (isDay(value) || isInstant(value)) ? value : unreadable(system);
}

function port(value: unknown, system: string): string | Lost | null {
  if (value === null || value === "") return null;
  return typeof value === "string" && /^([A-Z]{3}|[0-9]{4})$/.test(value) ? value : unreadable(system);
}

/** `M/D/YYYY`; the duration of status has no day. */
function admitUntil(value: unknown): string | Lost | null {
  if (value === "" || value === "D/S" || value === null) return null;
  const [, month = "", day = "", year = ""] = /^([1-9]\d?)\/([1-9]\d?)\/(\d{4})$/.exec(String(value)) ?? [];
  const iso = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  return isDay(iso) ? iso : unreadable("I94");
}
