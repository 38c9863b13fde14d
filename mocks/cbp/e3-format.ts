/**
 * How e3 spells a subject's row: the headings of the fiscal year's release, and cells as spreadsheets leave them.
 * Which of several forms a cell takes is drawn from the record's own key, so a row reads the same for ever.
 */
import { type E3Subject, REDACTED, type Redactable } from "../population/types.ts";

export type E3Row = Readonly<Record<string, string | number | null>>;

/** Headings by column, for releases up to FY2023, of FY2024, of FY2025, and from FY2026. */
const headings = {
  eventNumber: ["event_number", "EVENT_NBR", "EVENT NUMBER", "EVENT_NUMBER"],
  subjectKey: ["subject_key", "CIV_ID", "CIV ID", "SUBJECT_KEY"],
  fin: ["fin", "FIN", "FIN NBR", "FIN"],
  aFileNumber: ["subject_afile_number", "AFILE_NBR", "SUBJECT AFILE NUMBER", "A_FILE_NUMBER"],
  apprehensionDateTime: ["apprehension_datetime", "APP_DT_TIME", "APPR DT TIME", "APPR_DT_TIME"],
  apprehensionDate: ["apprehension_date", "APP_DATE", "APPR DATE", "APPR_DATE"],
  arrestDateTime: ["arrest_datetime", "ARREST_DT_TIME", "ARREST DT TIME", "ARREST_DT_TIME"],
  sector: ["apprehension_sector", "SECTOR", "APPR SECTOR", "APPR_SECTOR"],
  citizenship: ["citizenship", "CTZN", "CITIZENSHIP CD", "CITIZENSHIP"],
  familyUnitNumber: ["fmu_number", "FAMILY_UNIT_GRP", "Family Unit Group#", "FMU_NUMBER"],
  familyUnitType: ["fmu_type", "FAMILY_UNIT_TYPE", "FMU TYPE", "FMU_TYPE"],
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
  bookoutDate: ["final_bookout_date", "BOOKOUT_DATE", "BOOKOUT", "FINAL_BOOKOUT_DATE"],
  bookoutDateTime: ["final_bookout_datetime", "BOOKOUT_DT_TIME", "BOOKOUT DT TIME", "BOOKOUT"],
  transferTo: ["transfer_to", "TRANSFER_TO", "TRANSFER TO", "TRANSFER_TO_GROUP"],
  released: ["released_indicator", "RELEASED", "RELEASED", "RELEASED_INDICATOR"],
  address: ["release_address", "RELEASE_ADDR", "ADDRESS", "RELEASE_ADDRESS"],
  addressDateTime: ["release_address_datetime", "RELEASE_ADDR_DT", "ADDRESS DT TIME", "RELEASE_ADDRESS_DT_TIME"],
  undeliverable: ["address_undeliverable", "ADDR_UNDELIV", "UNDELIVERABLE", "ADDRESS_UNDELIVERABLE"],
} as const satisfies Record<string, readonly [string, string, string, string]>;

type Column = keyof typeof headings;

const redactionMarks = ["(b)(7)(E)", "b(6), b(7)c", "b(6), b(7)C", "(b)(6)"] as const;

/** One subject as a row of its release. */
export function e3Row(subject: E3Subject): E3Row {
  const key = `${subject.eventNumber}/${subject.subjectKey}`;
  const year = fiscalYear(subject.apprehendedAt ?? subject.arrestedAt) ?? 2020 + draw(key, "release", 7);
  const generation = year <= 2023 ? 0 : year === 2024 ? 1 : year === 2025 ? 2 : 3;
  const row: Record<string, string | number | null> = { release: `FY${year}` };
  for (const [column, cell] of Object.entries(cells(subject, key))) row[headings[column as Column][generation]] = cell;
  return row;
}

/** One row in forty is in the system twice, as the duplicated quarter's file left it. */
export function isDoubled({ eventNumber, subjectKey }: E3Subject): boolean {
  return draw(`${eventNumber}/${subjectKey}`, "doubled", 40) === 0;
}

function cells(subject: E3Subject, key: string): Record<Column, string | number | null> {
  const blank = (column: Column) => (draw(key, `blank ${column}`, 2) === 0 ? null : "");
  const text = (column: Column, value: Redactable<string>) =>
    value === REDACTED ? redactionMarks[draw(key, column, redactionMarks.length)]! : (value ?? blank(column));
  const logical = (column: Column, value: boolean | null) => {
    if (value === null) return blank(column);
    return (value ? ["Y", "1", 1] : ["N", "0", 0])[draw(key, column, 3)]!;
  };
  const time = (column: Column, value: string | null) =>
    value === null ? blank(column) : timeCell(value, draw(key, column, 3));
  /** A day without a time of day stands in the date column, an instant in the date-time column. */
  const pair = (dateColumn: Column, timeColumn: Column, value: string | null) => {
    const isDay = value !== null && value.length === 10;
    return {
      [dateColumn]: isDay ? dayCell(value, draw(key, dateColumn, 5)) : blank(dateColumn),
      [timeColumn]: isDay ? blank(timeColumn) : time(timeColumn, value),
    };
  };
  const { familyMember, unaccompaniedChild, fearClaim, releaseAddress } = subject;
  return {
    eventNumber: subject.eventNumber,
    subjectKey: subject.subjectKey,
    fin: text("fin", subject.fin),
    aFileNumber: subject.aNumber === null ? blank("aFileNumber") : aFileCell(subject.aNumber, draw(key, "afile", 3)),
    ...(pair("apprehensionDate", "apprehensionDateTime", subject.apprehendedAt) as Record<
      "apprehensionDate" | "apprehensionDateTime",
      string | number | null
    >),
    arrestDateTime: time("arrestDateTime", subject.arrestedAt),
    sector: text("sector", subject.sector),
    citizenship: text("citizenship", subject.citizenship),
    familyUnitNumber: text("familyUnitNumber", subject.familyUnitNumber),
    familyUnitType: text("familyUnitType", subject.familyUnitType),
    familyEntered: logical("familyEntered", familyMember.entered),
    familyDerived: logical("familyDerived", familyMember.derived),
    childEntered: logical("childEntered", unaccompaniedChild.entered),
    childDerived: logical("childDerived", unaccompaniedChild.derived),
    fearEntered: logical("fearEntered", fearClaim.entered),
    fearDerived: logical("fearDerived", fearClaim.derived),
    disposition: text("disposition", subject.disposition),
    ...(pair("bookoutDate", "bookoutDateTime", subject.bookedOutAt) as Record<
      "bookoutDate" | "bookoutDateTime",
      string | number | null
    >),
    transferTo: text("transferTo", subject.transferredTo),
    released: logical("released", releaseAddress !== null),
    address: releaseAddress === null ? blank("address") : releaseAddress.lines.join("\n"),
    addressDateTime: time("addressDateTime", releaseAddress?.since ?? null),
    undeliverable: logical("undeliverable", releaseAddress?.undeliverable ?? null),
  };
}

/** A date-time column's cell: ISO, US text, or a serial; whichever loses nothing of this value. */
function timeCell(value: string, form: number): string | number {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/.test(value)) return value;
  if (value.length === 10) return dayCell(value, form);
  const [, hour, minute, second] = /T(\d{2}):(\d{2}):(\d{2})Z$/.exec(value)!;
  if (form === 1 && second === "00") return `${usDay(value)} ${Number(hour)}:${minute}`;
  const serial = serialOf(value);
  // A whole number would read as a day without a time of day.
  return form === 2 && !Number.isInteger(serial) && serial > 61 ? serial : value;
}

/** A day: ISO, US text or a whole serial; forms 3 and 4 put midnight behind it, as only date columns do. */
function dayCell(day: string, form: number): string | number {
  if (form === 1) return usDay(day);
  if (form === 2 && serialOf(day) > 61) return serialOf(day);
  if (form === 3) return `${day}T00:00:00Z`;
  return form === 4 ? `${usDay(day)} 0:00` : day;
}

function usDay(value: string): string {
  return `${Number(value.slice(5, 7))}/${Number(value.slice(8, 10))}/${value.slice(0, 4)}`;
}

/** The spreadsheet's serial in the 1900 date system; 25,569 days lie between its day 0 and 1970. */
function serialOf(value: string): number {
  return Number((Date.parse(value) / 86_400_000 + 25_569).toFixed(10));
}

/** `A012345678`, `012345678`, or without the zeros a spreadsheet eats. What is no A-number stays as typed. */
function aFileCell(typed: string, form: number): string {
  const digits = /^A?(\d{9})$/.exec(typed)?.[1];
  if (digits === undefined) return typed;
  if (form === 0) return `A${digits}`;
  return form === 1 ? digits : digits.replace(/^0{1,2}/, "");
}

function fiscalYear(value: string | null): number | null {
  const [, year, month] = /^(\d{4})-(\d{2})/.exec(value ?? "") ?? [];
  return year === undefined ? null : Number(year) + (Number(month) >= 10 ? 1 : 0);
}

/** A whole number below `sides`, the same for ever for this record and purpose (FNV-1a). */
function draw(key: string, purpose: string, sides: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${key} ${purpose}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash >>> 8) % sides;
}
