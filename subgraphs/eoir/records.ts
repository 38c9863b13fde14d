/**
 * CASE's rows → typed records. Rows of the snapshot and of the docket have the same columns and the same texts, so one
 * decoder serves both. Pure; nothing is guessed: what cannot be read is withheld or reported.
 */
import {
  type Decoded,
  decodeRows,
  isWithheld,
  known,
  RowUnreadable,
  type UnreadableRow,
  unreadable,
} from "#kit/decoded.ts";
import { aligned, CASE, code, day, flag, key, reference, text, timeOfDay, type Values } from "./cells.ts";
import type { TableName } from "./snapshot.ts";
import type { CaseRows, PlacedRow } from "./store.ts";

export type Proceeding = {
  readonly id: string;
  readonly caseType: Decoded<string>;
  readonly noticeOn: Decoded<string>;
  readonly decision: Decoded<string>;
  readonly otherCompletion: Decoded<string>;
  readonly completedOn: Decoded<string>;
  readonly inAbsentia: Decoded<boolean>;
  readonly appealReserved: Decoded<string>;
  readonly appealDueOn: Decoded<string>;
};

export type Motion = {
  readonly id: string;
  readonly proceedingId: Decoded<string>;
  readonly kind: Decoded<string>;
  readonly filedAt: Decoded<string>;
  readonly filedBy: Decoded<string>;
  readonly decision: Decoded<string>;
  readonly decidedAt: Decoded<string>;
  readonly stayGrant: Decoded<string>;
  /** Never true: a deleted motion is no motion. Withheld where the mark cannot be read. */
  readonly deleted: Decoded<false>;
};

export type Appeal = {
  readonly id: string;
  readonly proceedingId: Decoded<string>;
  readonly category: Decoded<string>;
  readonly type: Decoded<string>;
  readonly filedAt: Decoded<string>;
  readonly filedBy: Decoded<string>;
  readonly decision: Decoded<string>;
  readonly decidedAt: Decoded<string>;
};

export type FederalReview = {
  readonly id: string;
  readonly decision: Decoded<string>;
  readonly orderedOn: Decoded<string>;
};

export type ScheduledHearing = {
  readonly id: string;
  readonly date: string | null;
  readonly at: Decoded<string>;
  readonly kind: Decoded<string>;
  readonly location: Decoded<string>;
  readonly adjourned: Decoded<string>;
  readonly notice: Decoded<string>;
};

export type NoticeAddress = { readonly lines: Decoded<readonly string[]>; readonly since: Decoded<string> };

/** One IDNCASE, with everything that the fields and the derivation of stays need. */
export type CaseRecord = {
  readonly id: string;
  /** False: its row of A_TblCase is missing or unreadable; the others still count. */
  readonly listed: boolean;
  readonly caseType: Decoded<string>;
  readonly noticeAddress: Decoded<NoticeAddress>;
  readonly proceedings: readonly Proceeding[];
  readonly hearings: readonly ScheduledHearing[];
  readonly motions: readonly Motion[];
  readonly appeals: readonly Appeal[];
  readonly federalReviews: readonly FederalReview[];
  readonly juvenile: Decoded<string>;
  readonly leadCaseId: Decoded<string>;
  readonly riderCaseIds: readonly string[];
  readonly unreadable: readonly UnreadableRow[];
};

/** What the codes mean, from the lookup tables of the same snapshot. */
export type Lookups = {
  /** By `case type, C or O, code`: CASE's own words. */
  readonly decisions: ReadonlyMap<string, string>;
  /** By idnJuvenile. */
  readonly juveniles: ReadonlyMap<string, string>;
};

/** One case of all its rows. Never throws: rows that cannot be read are in `unreadable`. */
export function decodeCase(rows: CaseRows, lookups: Lookups): CaseRecord {
  const problems: UnreadableRow[] = [...rows.unreadable];
  const decode = <T>(table: TableName, decodeRow: (values: Values) => T): readonly T[] => {
    const { records, unreadable: bad } = decodeRows(
      CASE,
      rows.tables[table] ?? [],
      ({ values }) => decodeRow(aligned(table, values)),
      ({ position }) => position,
    );
    problems.push(...bad.map((each) => ({ ...each, field: `${table}.${each.field}` })));
    return records;
  };
  const belongs = (values: Values, column: string) => {
    if (key(values, column) !== rows.id) throw new RowUnreadable(column);
  };
  const caseRows = decode("A_TblCase", (values) => {
    belongs(values, "IDNCASE");
    return { caseType: code(values, "CASE_TYPE"), noticeAddress: address(values) };
  });
  const caseRow = caseRows.length === 1 ? caseRows[0] : undefined;
  const reported = problems.some(({ field }) => field.startsWith("A_TblCase"));
  // No row and no report of one, or two of them: neither may pass for a case that is whole.
  if (caseRow === undefined && !reported) problems.push(problem("A_TblCase", "IDNCASE", rows.id));
  const proceedings = decode("B_TblProceeding", (values) => {
    belongs(values, "IDNCASE");
    return proceeding(values);
  });
  const juveniles = decode("tbl_JuvenileHistory", (values) => {
    belongs(values, "idnCase");
    return {
      createdOn: day(values, "datCreatedOn"),
      id: Number(key(values, "idnJuvenileHistory")),
      code: juvenileCode(values, lookups),
    };
  });
  const family = decode("tbl_Lead_Rider", leadAndRider);
  const record = {
    id: rows.id,
    listed: caseRow !== undefined,
    caseType: caseRow?.caseType ?? proceedings[0]?.caseType ?? null,
    noticeAddress: caseRow?.noticeAddress ?? null,
    proceedings,
    hearings: decode("tbl_schedule", (values) => {
      belongs(values, "IDNCASE");
      return hearing(values);
    }),
    motions: decode("tbl_Court_Motions", (values) => {
      belongs(values, "IDNCASE");
      return motion(values);
    })
      .filter((each) => each !== null)
      .toSorted(byDay("filedAt")),
    appeals: decode("tblAppeal", (values) => {
      belongs(values, "idncase");
      return appeal(values);
    }).toSorted(byDay("filedAt")),
    federalReviews: decode("tblAppealFedCourts", federalReview),
  };
  const broken = (table: TableName) => problems.find(({ field }) => field.startsWith(`${table}.`));
  const latest = juveniles.toSorted(
    (a, b) => (dayOf(a.createdOn) ?? "").localeCompare(dayOf(b.createdOn) ?? "") || a.id - b.id,
  );
  const together = family.filter(({ rides }) => rides);
  return {
    ...record,
    juvenile: broken("tbl_JuvenileHistory") ? unreadable(CASE, "tbl_JuvenileHistory") : (latest.at(-1)?.code ?? null),
    leadCaseId: broken("tbl_Lead_Rider")
      ? unreadable(CASE, "tbl_Lead_Rider")
      : (together.filter(({ rider }) => rider === rows.id).at(-1)?.lead ?? null),
    riderCaseIds: [...new Set(together.filter(({ lead }) => lead === rows.id).map(({ rider }) => rider))].toSorted(
      (a, b) => Number(a) - Number(b),
    ),
    unreadable: problems,
  };
}

/** The day on which the case began: the first charging document's. Null: not known. */
export function openedOn({ proceedings }: CaseRecord): string | null {
  return proceedings.map(({ noticeOn }) => dayOf(noticeOn)).reduce(earlier, null);
}

function proceeding(values: Values): Proceeding {
  return {
    id: key(values, "IDNPROCEEDING"),
    caseType: code(values, "CASE_TYPE"),
    noticeOn: day(values, "OSC_DATE"),
    decision: code(values, "DEC_CODE"),
    otherCompletion: code(values, "OTHER_COMP"),
    completedOn: day(values, "COMP_DATE"),
    inAbsentia: flag(values, "ABSENTIA", { Y: true, N: false }),
    appealReserved: code(values, "APPEAL_RSVD"),
    appealDueOn: day(values, "DATE_APPEAL_DUE_STATUS"),
  };
}

function hearing(values: Values): ScheduledHearing {
  const on = day(values, "ADJ_DATE");
  // Without its day a hearing can be neither the next one nor not the next one.
  if (isWithheld(on)) throw new RowUnreadable("ADJ_DATE");
  const time = timeOfDay(values, "ADJ_TIME_START");
  return {
    id: key(values, "IDNSCHEDULE"),
    date: on,
    at: isWithheld(time) || on === null ? time : time === null ? on : `${on}T${time}`,
    kind: code(values, "SCHEDULE_TYPE"),
    location: code(values, "HEARING_LOC_CODE"),
    adjourned: code(values, "ADJ_RSN"),
    notice: code(values, "NOTICE_CODE"),
  };
}

function motion(values: Values): Motion | null {
  const deleted = flag(values, "blnDeleted", { 1: true, 0: false });
  if (deleted === true) return null;
  return {
    id: key(values, "IDNMOTION"),
    proceedingId: reference(values, "IDNPROCEEDING"),
    kind: code(values, "REC_TYPE"),
    filedAt: day(values, "MOTION_RECD_DATE"),
    filedBy: code(values, "strFilingParty"),
    decision: code(values, "DEC"),
    decidedAt: day(values, "COMP_DATE"),
    stayGrant: code(values, "STAY_GRANT"),
    deleted: isWithheld(deleted) ? deleted : false,
  };
}

function appeal(values: Values): Appeal {
  return {
    id: key(values, "idnAppeal"),
    proceedingId: reference(values, "idnProceeding"),
    category: code(values, "strAppealCategory"),
    type: text(values, "strAppealType"),
    filedAt: day(values, "datAppealFiled"),
    filedBy: code(values, "strFiledBy"),
    decision: code(values, "strBIADecision"),
    decidedAt: day(values, "datBIADecision"),
  };
}

function federalReview(values: Values): FederalReview {
  return {
    id: key(values, "idnAppealFedCourts"),
    decision: code(values, "strFedCourtDecision"),
    orderedOn: day(values, "datRequestedByOIL"),
  };
}

function leadAndRider(values: Values): { lead: string; rider: string; rides: boolean } {
  const severedOn = day(values, "datSeveredOn");
  const active = flag(values, "blnActive", { 1: true, 0: false });
  if (isWithheld(severedOn)) throw new RowUnreadable("datSeveredOn");
  if (active === null || isWithheld(active)) throw new RowUnreadable("blnActive");
  return { lead: key(values, "idnLeadCase"), rider: key(values, "idnRiderCase"), rides: active && severedOn === null };
}

/** The address in force: once it has been changed, it stands in the UPDATED_ columns, overwritten in place. */
function address(values: Values): Decoded<NoticeAddress> {
  const since = day(values, "ADDRESS_CHANGEDON");
  const updated = ["UPDATED_CITY", "UPDATED_STATE", "UPDATED_ZIPCODE"].map((column) => text(values, column));
  const first = ["ALIEN_CITY", "ALIEN_STATE", "ALIEN_ZIPCODE"].map((column) => text(values, column));
  const parts = since !== null || updated.some((part) => part !== null) ? updated : first;
  const withheld = parts.find(isWithheld);
  if (withheld !== undefined) return withheld;
  const [city, state, zip] = parts.map(known);
  const place = [city, state].filter((part) => part != null).join(", ");
  const line = [place, zip].filter((part) => part != null && part !== "").join(" ");
  return line === "" ? null : { lines: [line], since };
}

function juvenileCode(values: Values, { juveniles }: Lookups): Decoded<string> {
  const id = reference(values, "idnJuvenile");
  if (id === null || isWithheld(id)) return id;
  return juveniles.get(id) ?? unreadable(CASE, "idnJuvenile");
}

export function decodeLookups(decisions: readonly PlacedRow[], juveniles: readonly PlacedRow[]): Lookups {
  const pairs = (rows: readonly PlacedRow[], keys: readonly string[], words: string) =>
    new Map(
      rows.flatMap(({ values }): [string, string][] => {
        const parts = keys.map((column) => values[column]?.trim() ?? "");
        const value = values[words]?.trim();
        return value ? [[parts.join(","), value]] : [];
      }),
    );
  return {
    decisions: pairs(decisions, ["strCaseType", "strDecType", "strDecCode"], "strDecDescription"),
    juveniles: pairs(juveniles, ["idnJuvenile"], "strCode"),
  };
}

/**
 * DEC_CODE and OTHER_COMP have code sets of their own, and both are read by case type: `V` is a voluntary departure in
 * one and a vacated fear finding in another.
 */
export function decisionWords(proceeding: Proceeding, { decisions }: Lookups): Decoded<string> {
  const { caseType, decision, otherCompletion } = proceeding;
  const [type, value, column] = decision === null ? ["O", otherCompletion, "OTHER_COMP"] : ["C", decision, "DEC_CODE"];
  if (value === null || isWithheld(value)) return value as Decoded<string>;
  if (isWithheld(caseType)) return caseType;
  return decisions.get(`${caseType},${type},${value}`) ?? unreadable(CASE, column as string);
}

/** The value's day, or null where it is absent or withheld. */
export function dayOf(value: Decoded<string>): string | null {
  return known(value);
}

/** Oldest first, unknown days last, ties by number. */
export function byDay<K extends string>(field: K) {
  return (a: { readonly id: string } & Readonly<Record<K, Decoded<string>>>, b: typeof a): number => {
    const [first, second] = [dayOf(a[field]) ?? "~", dayOf(b[field]) ?? "~"];
    return first < second ? -1 : first > second ? 1 : Number(a.id) - Number(b.id);
  };
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function problem(table: TableName, column: string, id: string): UnreadableRow {
  return { system: CASE, field: `${table}.${column}`, position: `case ${id}` };
}
