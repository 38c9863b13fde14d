/** CASE's tables as published: their columns in order, and what a case's file puts into them. */
import type { CaseAppeal, CaseFile, CaseMotion, CaseProceeding } from "../population/types.ts";
import { chance, hash } from "./hash.ts";

export type TableName = keyof typeof columns;
/** A row in CASE's own words; an absent column is empty. */
export type Row = Readonly<Record<string, string | null>>;
export type CaseRows = Readonly<Record<TableName, readonly Row[]>>;

export const columns = {
  A_TblCase: list(
    "IDNCASE ALIEN_CITY ALIEN_STATE ALIEN_ZIPCODE UPDATED_ZIPCODE UPDATED_CITY NAT LANG CUSTODY SITE_TYPE E_28_DATE",
    "ATTY_NBR CASE_TYPE UPDATE_SITE LATEST_HEARING LATEST_TIME LATEST_CAL_TYPE UP_BOND_DATE UP_BOND_RSN",
    "CORRECTIONAL_FAC RELEASE_MONTH RELEASE_YEAR INMATE_HOUSING DATE_OF_ENTRY C_ASY_TYPE C_BIRTHDATE C_RELEASE_DATE",
    "UPDATED_STATE ADDRESS_CHANGEDON ZBOND_MRG_FLAG Sex DATE_DETAINED DATE_RELEASED LPR DETENTION_DATE",
    "DETENTION_LOCATION DCO_LOCATION DETENTION_FACILITY_TYPE CASEPRIORITY_CODE",
  ),
  B_TblProceeding: list(
    "IDNPROCEEDING IDNCASE OSC_DATE INPUT_DATE BASE_CITY_CODE HEARING_LOC_CODE IJ_CODE TRANS_IN_DATE PREV_HEARING_LOC",
    "PREV_HEARING_BASE PREV_IJ_CODE TRANS_NBR HEARING_DATE HEARING_TIME DEC_TYPE DEC_CODE DEPORTED_1 DEPORTED_2",
    "OTHER_COMP APPEAL_RSVD APPEAL_NOT_FILED COMP_DATE ABSENTIA VENUE_CHG_GRANTED TRANSFER_TO DATE_APPEAL_DUE_STATUS",
    "TRANSFER_STATUS CUSTODY CASE_TYPE NAT LANG SCHEDULED_HEAR_LOC CORRECTIONAL_FAC CRIM_IND IHP AGGRAVATE_FELON",
    "DATE_DETAINED DATE_RELEASED",
  ),
  tbl_schedule: list(
    "IDNSCHEDULE IDNPROCEEDING IDNCASE OSC_DATE GENERATION SUB_GENERATION REC_TYPE LANG HEARING_LOC_CODE",
    "BASE_CITY_CODE IJ_CODE INTERPRETER_CODE INPUT_DATE INPUT_TIME UPDATE_DATE UPDATE_TIME ASSIGNMENT_PATH CAL_TYPE",
    "ADJ_DATE ADJ_TIME_START ADJ_TIME_STOP ADJ_RSN ADJ_MEDIUM ADJ_MSG ADJ_ELAP_DAYS LNGSESSNID SCHEDULE_TYPE",
    "NOTICE_CODE BLNCLOCKOVERRIDE EOIRAttorneyID",
  ),
  tbl_Court_Motions: list(
    "IDNMOTION IDNPROCEEDING IDNCASE OSC_DATE REC_TYPE GENERATION SUB_GENERATION UPDATE_DATE UPDATE_TIME INPUT_DATE",
    "INPUT_TIME REJ BASE_CITY_CODE HEARING_LOC_CODE IJ_CODE IJ_NAME DEC COMP_DATE MOTION_RECD_DATE datMotionDue",
    "WU_MSG APPEAL_RSVD APPEAL_NOT_FILED RESP_DUE_DATE STAY_GRANT JURISDICTION DATE_APPEAL_DUE DATE_TO_BIA",
    "DECISION_RENDERED DATE_MAILED_TO_IJ DATE_RECD_FROM_BIA DATE_TO_BIA_UPDATE strFilingParty strFilingMethod",
    "strCertOfServiceCode E_28_RECPTFLAG E_28_DATE O_CLOCK_OPTION SCHEDULED_HEAR_LOC blnDeleted strDJScenario",
  ),
  tblAppeal: list(
    "idnAppeal idncase idnProceeding strAppealCategory strAppealType datAppealFiled strFiledBy datAttorneyE27",
    "datBIADecision strBIADecision strBIADecisionType strCaseType strLang strNat strProceedingIHP strCustody strProbono",
  ),
  tbl_Court_Appln: list("IDNPROCEEDINGAPPLN IDNPROCEEDING IDNCASE APPL_CODE APPL_RECD_DATE APPL_DEC"),
  tbl_Lead_Rider: list(
    "idnLeadRider idnLeadCase idnRiderCase datCreatedOn datModifiedOn datSeveredOn idnLeadProceedingStart",
    "idnLeadProceedingEnd idnRiderProceedingStart idnRiderProceedingEnd blnActive",
  ),
  tbl_JuvenileHistory: list("idnJuvenileHistory idnCase idnProceeding idnJuvenile datCreatedOn datModifiedOn"),
  tblAppealFedCourts: list("idnAppealFedCourts lngAppealID datRequestedByOIL strFedCourtDecision"),
  /** Not in the public release, which carries no A-number. */
  tbl_AlienNumber: list("IDNCASE ALIEN_NBR"),
} as const satisfies Readonly<Record<string, readonly string[]>>;

export const tableNames = Object.keys(columns) as readonly TableName[];

/** `idnJuvenile` by code: tblLookup_Juvenile. */
export const juvenileIds: Readonly<Record<string, number>> = { UJ: 1, J: 2, J1: 3, J2: 4, AJ: 5 };

/**
 * Every row of a case. `leads` are the cases that it rides with, as their own files hold them: tbl_Lead_Rider is one
 * row for both.
 */
export function rowsOf(file: CaseFile, leads: readonly CaseFile[] = []): CaseRows {
  const { proceedings, motions, appeals } = file;
  return {
    A_TblCase: [caseRow(file)],
    B_TblProceeding: proceedings.map((each) => proceedingRow(file, each)),
    tbl_schedule: proceedings.flatMap((each) => scheduleRows(file, each)),
    tbl_Court_Motions: motions.map((each) => motionRow(file, each)),
    tblAppeal: appeals.map((each) => appealRow(file, each)),
    tbl_Court_Appln: proceedings.flatMap((each) => applicationRows(file, each)),
    tbl_Lead_Rider: [...riderRows(file), ...leads.flatMap((lead) => riderRows(lead, file.idncase))],
    tbl_JuvenileHistory: juvenileRows(file),
    tblAppealFedCourts: appeals.flatMap(federalRows),
    tbl_AlienNumber: [{ IDNCASE: String(file.idncase), ALIEN_NBR: alienNumber(file) }],
  };
}

function caseRow(file: CaseFile): Row {
  const salt = `A_TblCase:${file.idncase}`;
  // The address is overwritten in place: once it has changed, it stands in the UPDATED_ columns only.
  const changed = file.addressChangedOn !== null;
  return {
    IDNCASE: String(file.idncase),
    ...(changed
      ? { UPDATED_CITY: file.city, UPDATED_STATE: file.state, UPDATED_ZIPCODE: file.zip }
      : { ALIEN_CITY: blankOr(file.city, salt), ALIEN_STATE: file.state, ALIEN_ZIPCODE: file.zip }),
    ADDRESS_CHANGEDON: day(file.addressChangedOn),
    NAT: file.nationality,
    CUSTODY: file.custody,
    ATTY_NBR: chance(`${salt}:atty`, 5) ? "b6" : null,
    CASE_TYPE: file.caseType,
    C_ASY_TYPE: file.asylumType,
    C_BIRTHDATE: file.birthDate === null ? (chance(`${salt}:birth`, 6) ? "b6" : null) : monthOf(file.birthDate),
  };
}

function proceedingRow(file: CaseFile, each: CaseProceeding): Row {
  const salt = `B_TblProceeding:${each.idnproceeding}`;
  return {
    IDNPROCEEDING: String(each.idnproceeding),
    IDNCASE: String(file.idncase),
    OSC_DATE: day(each.oscDate),
    INPUT_DATE: day(each.inputDate),
    BASE_CITY_CODE: each.baseCity,
    HEARING_LOC_CODE: padded(each.hearingLocation, salt),
    DEC_TYPE: each.decType,
    DEC_CODE: each.decCode,
    OTHER_COMP: blankOr(each.otherComp, salt),
    APPEAL_RSVD: padded(each.appealReserved, `${salt}:rsvd`),
    COMP_DATE: day(each.completedDate),
    ABSENTIA: each.absentia,
    DATE_APPEAL_DUE_STATUS: day(each.appealDueDate),
    CUSTODY: file.custody,
    CASE_TYPE: file.caseType,
    NAT: file.nationality,
  };
}

function scheduleRows(file: CaseFile, proceeding: CaseProceeding): Row[] {
  return proceeding.schedule.map((each) => {
    const salt = `tbl_schedule:${each.idnschedule}`;
    return {
      IDNSCHEDULE: String(each.idnschedule),
      IDNPROCEEDING: String(proceeding.idnproceeding),
      IDNCASE: String(file.idncase),
      OSC_DATE: day(proceeding.oscDate),
      HEARING_LOC_CODE: padded(proceeding.hearingLocation ?? proceeding.baseCity, salt),
      BASE_CITY_CODE: proceeding.baseCity,
      CAL_TYPE: each.calType,
      ADJ_DATE: day(each.date),
      ADJ_TIME_START: time(each.time, salt),
      ADJ_RSN: blankOr(each.adjournReason, salt),
      ADJ_MSG: chance(`${salt}:msg`, 25) ? "RECIBIÓ AVISO; TRADUCCIÓN EN ESPAÑOL" : null,
      SCHEDULE_TYPE: each.scheduleType,
      NOTICE_CODE: each.noticeCode,
      BLNCLOCKOVERRIDE: "0",
    };
  });
}

function motionRow(file: CaseFile, each: CaseMotion): Row {
  return {
    IDNMOTION: String(each.idnmotion),
    IDNPROCEEDING: String(each.idnproceeding),
    IDNCASE: String(file.idncase),
    REC_TYPE: each.kind,
    DEC: blankOr(each.decision, `tbl_Court_Motions:${each.idnmotion}`),
    COMP_DATE: day(each.completedDate),
    MOTION_RECD_DATE: day(each.receivedDate),
    STAY_GRANT: each.stayGrant,
    strFilingParty: each.filedBy,
    blnDeleted: each.deleted ? "1" : "0",
  };
}

function appealRow(file: CaseFile, each: CaseAppeal): Row {
  const lowerCase = chance(`tblAppeal:${each.idnappeal}`, 12);
  return {
    idnAppeal: String(each.idnappeal),
    idncase: String(file.idncase),
    idnProceeding: String(each.idnproceeding),
    strAppealCategory: lowerCase ? each.category.toLowerCase() : each.category,
    strAppealType: each.type,
    datAppealFiled: day(each.filedDate),
    strFiledBy: each.filedBy,
    datBIADecision: day(each.decisionDate),
    strBIADecision: each.decision,
    strCaseType: file.caseType,
    strCustody: file.custody,
  };
}

function applicationRows(file: CaseFile, proceeding: CaseProceeding): Row[] {
  return proceeding.applications.map((each) => ({
    IDNPROCEEDINGAPPLN: String(each.idn),
    IDNPROCEEDING: String(proceeding.idnproceeding),
    IDNCASE: String(file.idncase),
    APPL_CODE: each.code,
    APPL_RECD_DATE: day(each.receivedDate),
    APPL_DEC: each.decision,
  }));
}

function riderRows(lead: CaseFile, onlyRider?: number): Row[] {
  return lead.leadOf
    .filter(({ rider }) => onlyRider === undefined || rider === onlyRider)
    .map(({ rider, severedOn, active }) => ({
      idnLeadRider: String(hash(`${lead.idncase}:${rider}`) % 2 ** 31),
      idnLeadCase: String(lead.idncase),
      idnRiderCase: String(rider),
      datSeveredOn: day(severedOn),
      blnActive: active ? "1" : "0",
    }));
}

function juvenileRows(file: CaseFile): Row[] {
  if (file.juvenile === null) return [];
  return [
    {
      idnJuvenileHistory: String(hash(`juvenile:${file.idncase}`) % 2 ** 31),
      idnCase: String(file.idncase),
      idnProceeding: file.proceedings[0] === undefined ? null : String(file.proceedings[0].idnproceeding),
      idnJuvenile: String(juvenileIds[file.juvenile]),
      datCreatedOn: day(file.proceedings[0]?.inputDate ?? null),
    },
  ];
}

/** A stay ordered by a federal court: the code and the date's meaning are ours, the table's public columns have none. */
function federalRows(appeal: CaseAppeal): Row[] {
  if (appeal.federalCourtStayDate === null) return [];
  return [
    {
      idnAppealFedCourts: String(appeal.idnappeal),
      lngAppealID: String(appeal.idnappeal),
      datRequestedByOIL: day(appeal.federalCourtStayDate),
      strFedCourtDecision: "STY",
    },
  ];
}

/** Leading zeros get lost on the way through a spreadsheet; never so many that fewer than seven digits remain. */
function alienNumber({ idncase, aNumber }: CaseFile): string {
  const bare = aNumber.replace(/^0{1,2}/, "");
  return chance(`tbl_AlienNumber:${idncase}`, 6) ? bare : aNumber;
}

function blankOr(value: string | null, salt: string): string | null {
  return value ?? (chance(`${salt}:blank`, 9) ? "N/A" : null);
}

function padded(value: string | null, salt: string): string | null {
  return value !== null && chance(`${salt}:pad`, 8) ? `${value}  ` : value;
}

function day(iso: string | null): string | null {
  return iso === null ? null : `${iso.slice(0, 10)} 00:00:00`;
}

function monthOf(iso: string): string {
  return `${Number(iso.slice(5, 7))}/${iso.slice(0, 4)}`;
}

/** `0930`; from some courts `9:30`. */
function time(value: string | null, salt: string): string | null {
  if (value === null) return null;
  const digits = value.replace(":", "").slice(0, 4);
  return chance(`${salt}:time`, 7) ? `${Number(digits.slice(0, 2))}:${digits.slice(2)}` : digits;
}

function list(...lines: readonly string[]): readonly string[] {
  return lines.join(" ").split(" ");
}
