/** e3's rows → apprehensions and release addresses. A row is read by the headings of its own fiscal year's release. */
import { type Decoded, type DecodedRows, isWithheld, known, RowUnreadable, unreadable } from "#kit/decoded.ts";
import { parseANumber, parseFin } from "#schema/scalars.ts";
import { type Answer, asObject, decodeAnswer, type Identifier, type Source } from "./answers.ts";
import { lines, logical, type Read, readCell, sheetDay, sheetTime, text, textBy } from "./cells.ts";

type EnteredAndDerived = { readonly entered: Decoded<boolean>; readonly derived: Decoded<boolean> };

export type Apprehension = {
  readonly id: string;
  readonly eventNumber: string;
  readonly apprehendedAt: Decoded<string>;
  readonly arrestedAt: Decoded<string>;
  readonly sector: Decoded<string>;
  readonly familyUnit: Decoded<{ readonly number: string; readonly type: Decoded<string> }>;
  readonly familyMember: EnteredAndDerived;
  readonly unaccompaniedChild: EnteredAndDerived;
  readonly fearClaim: EnteredAndDerived;
  readonly disposition: Decoded<string>;
  readonly bookedOutAt: Decoded<string>;
  readonly transferredTo: Decoded<string>;
  readonly source: Source;
};

export type Address = {
  /** The apprehension's id: orders addresses of the same time. */
  readonly id: string;
  readonly lines: Decoded<readonly string[]>;
  readonly status: "PROVIDED" | "NOT_PROVIDED";
  readonly since: Decoded<string>;
  readonly undeliverable: Decoded<boolean>;
  readonly source: Source;
};

/**
 * Headings by column, for releases up to FY2023, of FY2024, of FY2025, and from FY2026.
 * INVARIANT: chosen by the row's release and by nothing else: `BOOKOUT` and `UC_INDICATOR` changed their meaning.
 */
const headings = {
  eventNumber: ["event_number", "EVENT_NBR", "EVENT NUMBER", "EVENT_NUMBER"],
  subjectKey: ["subject_key", "CIV_ID", "CIV ID", "SUBJECT_KEY"],
  fin: ["fin", "FIN", "FIN NBR", "FIN"],
  aFileNumber: ["subject_afile_number", "AFILE_NBR", "SUBJECT AFILE NUMBER", "A_FILE_NUMBER"],
  apprehendedAt: ["apprehension_datetime", "APP_DT_TIME", "APPR DT TIME", "APPR_DT_TIME"],
  apprehendedOn: ["apprehension_date", "APP_DATE", "APPR DATE", "APPR_DATE"],
  arrestedAt: ["arrest_datetime", "ARREST_DT_TIME", "ARREST DT TIME", "ARREST_DT_TIME"],
  sector: ["apprehension_sector", "SECTOR", "APPR SECTOR", "APPR_SECTOR"],
  familyNumber: ["fmu_number", "FAMILY_UNIT_GRP", "Family Unit Group#", "FMU_NUMBER"],
  familyType: ["fmu_type", "FAMILY_UNIT_TYPE", "FMU TYPE", "FMU_TYPE"],
  familyEntered: ["fmua_indicator", "FMUA_IND", "FMUA INDICATOR", "FMUA_INDICATOR_ENTERED"],
  familyDerived: ["fmua_indicator_derived", "FMUA_IND_DERIVED", "FMUA INDICATOR DERIVED", "FMUA_INDICATOR"],
  childEntered: ["uac_indicator", "UAC_IND", "UC INDICATOR", "UC_INDICATOR_ENTERED"],
  childDerived: ["uac_indicator_derived", "UAC_IND_DERIVED", "UC INDICATOR DERIVED", "UC_INDICATOR"],
  fearEntered: ["credible_fear_indicator", "CRED_FEAR", "CRED FEAR INDICATOR", "CRED_FEAR_INDICATOR_ENTERED"],
  fearDerived: [
    "credible_fear_indicator_derived",
    "CRED_FEAR_DERIVED",
    "CRED FEAR INDICATOR DERIVED",
    "CRED_FEAR_INDICATOR",
  ],
  disposition: ["disposition", "DISP", "DISPOSITION", "DISPOSITION"],
  bookedOutOn: ["final_bookout_date", "BOOKOUT_DATE", "BOOKOUT", "FINAL_BOOKOUT_DATE"],
  bookedOutAt: ["final_bookout_datetime", "BOOKOUT_DT_TIME", "BOOKOUT DT TIME", "BOOKOUT"],
  transferredTo: ["transfer_to", "TRANSFER_TO", "TRANSFER TO", "TRANSFER_TO_GROUP"],
  released: ["released_indicator", "RELEASED", "RELEASED", "RELEASED_INDICATOR"],
  address: ["release_address", "RELEASE_ADDR", "ADDRESS", "RELEASE_ADDRESS"],
  addressSince: ["release_address_datetime", "RELEASE_ADDR_DT", "ADDRESS DT TIME", "RELEASE_ADDRESS_DT_TIME"],
  undeliverable: ["address_undeliverable", "ADDR_UNDELIV", "UNDELIVERABLE", "ADDRESS_UNDELIVERABLE"],
} as const satisfies Record<string, readonly [string, string, string, string]>;

type Column = keyof typeof headings;

/** The identifiers that stand in a row; empty when none can be read, or when its release, so its headings, cannot. */
export function subjectIdentifiers(value: unknown): readonly Identifier[] {
  const cells = asObject(value);
  const generation = generationOf(cells?.release);
  if (cells === null || generation === null) return [];
  const read = (column: Column, parse: (text: string) => string | null) =>
    known(readCell("E3", headings[column][generation], cells[headings[column][generation]], textBy(parse)));
  const [fin, aNumber] = [read("fin", parseFin), read("aFileNumber", parseANumber)];
  return [...(fin === null ? [] : [`fin ${fin}` as const]), ...(aNumber === null ? [] : [`a ${aNumber}` as const])];
}

/** e3's subjects as apprehensions. */
export function decodeApprehensions(answer: Answer): DecodedRows<Apprehension> {
  return decodeAnswer("E3", answer, (value) => {
    const { id, eventNumber, read, timeOrDay } = openRow(value);
    const number = read("familyNumber", text);
    const pair = (entered: Column, derived: Column) => ({
      entered: read(entered, logical),
      derived: read(derived, logical),
    });
    return {
      id,
      eventNumber,
      apprehendedAt: timeOrDay("apprehendedAt", "apprehendedOn"),
      arrestedAt: read("arrestedAt", sheetTime),
      sector: read("sector", text),
      familyUnit: typeof number === "string" ? { number, type: read("familyType", text) } : number,
      familyMember: pair("familyEntered", "familyDerived"),
      unaccompaniedChild: pair("childEntered", "childDerived"),
      fearClaim: pair("fearEntered", "fearDerived"),
      disposition: read("disposition", text),
      bookedOutAt: timeOrDay("bookedOutAt", "bookedOutOn"),
      transferredTo: read("transferredTo", text),
      source: { system: "E3", asOf: answer.asOf },
    };
  });
}

/** The addresses given on release; a subject who was not released has none. */
export function decodeAddresses(answer: Answer): DecodedRows<Address> {
  const decoded = decodeAnswer("E3", answer, (value): readonly Address[] => {
    const { id, read, headingOf } = openRow(value);
    const released = read("released", logical);
    const given = read("address", lines);
    const since = read("addressSince", sheetTime);
    const undeliverable = read("undeliverable", logical);
    const isStated = [given, since, undeliverable].some((each) => each !== null);
    // Whether anything is here cannot be told, or an address stands with somebody who was not released.
    if (isWithheld(released) || (released !== true && isStated)) throw new RowUnreadable(headingOf("released"));
    if (released !== true) return [];
    const isProvided = given !== null && !isSentinel(given);
    const source = { system: "E3", asOf: answer.asOf } as const;
    return [
      {
        id,
        lines: isProvided ? given : null,
        status: isProvided ? "PROVIDED" : "NOT_PROVIDED",
        since,
        undeliverable,
        source,
      },
    ];
  });
  return { ...decoded, records: decoded.records.flat() };
}

/** The words officers were told to type when no address was given, alone in the cell. */
function isSentinel(given: Decoded<readonly string[]>): boolean {
  return Array.isArray(given) && given.length === 1 && given[0].toUpperCase() === "FAILED TO PROVIDE ADDRESS";
}

type OpenRow = {
  readonly id: string;
  readonly eventNumber: string;
  headingOf(column: Column): string;
  read<T>(column: Column, read: Read<T>): Decoded<T>;
  /** An instant from the date-time column, or a day from the date column. Both filled: one of them is wrong. */
  timeOrDay(timeColumn: Column, dayColumn: Column): Decoded<string>;
};

/** Throws RowUnreadable for a row without its key, of no known release, or that lacks a column of its release. */
function openRow(value: unknown): OpenRow {
  const cells = asObject(value);
  const generation = generationOf(cells?.release);
  if (cells === null || generation === null) throw new RowUnreadable("release");
  for (const spelt of Object.values(headings))
    if (!Object.hasOwn(cells, spelt[generation])) throw new RowUnreadable(spelt[generation]);
  const headingOf = (column: Column) => headings[column][generation];
  const read: OpenRow["read"] = (column, reader) => readCell("E3", headingOf(column), cells[headingOf(column)], reader);
  const key = (column: Column): string => {
    const part = read(column, text);
    if (typeof part !== "string") throw new RowUnreadable(headingOf(column));
    return part;
  };
  const eventNumber = key("eventNumber");
  return {
    id: `${eventNumber}/${key("subjectKey")}`,
    eventNumber,
    headingOf,
    read,
    timeOrDay(timeColumn, dayColumn) {
      const time = read(timeColumn, sheetTime);
      const day = read(dayColumn, sheetDay);
      return time !== null && day !== null ? unreadable("E3", headingOf(timeColumn)) : (time ?? day);
    },
  };
}

function generationOf(release: unknown): 0 | 1 | 2 | 3 | null {
  const year = typeof release === "string" ? /^FY(\d{4})$/.exec(release)?.[1] : undefined;
  if (year === undefined) return null;
  return Number(year) <= 2023 ? 0 : year === "2024" ? 1 : year === "2025" ? 2 : 3;
}
