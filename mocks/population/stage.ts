/**
 * What the scenarios are written with: exact records on exact dates. Dates are written as for the default worldNow and
 * move with it; identifiers follow from the person's index alone, so a scenario is the same for every seed and size.
 */
import type { Making } from "./block.ts";
import { day, instant, secondsOf } from "./dates.ts";
import * as identifiers from "./identifiers.ts";
import type {
  AdisCrossing,
  CaseFile,
  CaseProceeding,
  E3Subject,
  EidCase,
  EidDetainer,
  EidStay,
  ElisCase,
  IdentEncounter,
  IdentIdentity,
  PersonFile,
} from "./types.ts";

/** The world's default instant: scenario S1 stands on its 19 October. */
export const DEFAULT_WORLD_NOW = "2026-10-19T14:00:00Z";

export type Names = IdentIdentity["names"];
type Encounter = Pick<IdentEncounter, "sender" | "reason"> & Partial<IdentEncounter>;
type Records = Partial<Omit<PersonFile, "index" | "eid">> & { readonly eid?: Partial<PersonFile["eid"]> };

export type Stage = ReturnType<typeof openStage>;

export function openStage(making: Pick<Making, "now">, index: number) {
  const shift = making.now - secondsOf(DEFAULT_WORLD_NOW);
  /** `2026-10-19 08:50` → the instant, moved with worldNow. */
  const at = (text: string) => instant(secondsOf(`${text.replace(" ", "T")}:00Z`) + shift);
  /** `2026-10-19` → the day, as many days from worldNow's. */
  const on = (date: string) => day(secondsOf(`${date}T14:00:00Z`) + shift);
  let encounters = 0;
  return {
    index,
    at,
    on,
    fin: (slot = 0) => identifiers.fin(index, slot),
    aNumber: (slot = 0) => identifiers.aNumber(index, slot),
    subject: identifiers.eidSubjectId(index, 0),
    caseId: String(200_000_000 + index * 4),
    receipt: (slot: number) => identifiers.receiptNumber(index, slot),
    fbi: identifiers.fbiNumber(index),
    /** In the form used since May 2019, unless `admittedOn` (of the default world) is earlier. */
    i94: (slot: number, admittedOn = "2020-01-01") => identifiers.i94Number(index, slot, secondsOf(admittedOn)),
    passport: (country: string) => ({ number: identifiers.passportNumber(index, 0), country }),
    idncase: (slot = 0) => identifiers.idncase(index, slot),
    serial: (first: number, slot = 0) => String(first + index * 4 + slot),
    encounter(when: string, encounter: Encounter): IdentEncounter {
      encounters += 1;
      return {
        encounterId: identifiers.encounterId(index, encounters),
        at: at(when),
        aNumberRaw: null,
        i94Number: null,
        passport: null,
        eidSubjectId: null,
        fbiNumber: null,
        sevisId: null,
        receiptNumber: null,
        ...encounter,
      };
    },
    identity(slot: number, of: Omit<IdentIdentity, "fin" | "clusterId">): IdentIdentity {
      return { fin: identifiers.fin(index, slot), clusterId: `C${100_000_000 + index}`, ...of };
    },
    file: (records: Records): PersonFile => ({
      index,
      ident: [],
      adis: [],
      i94: [],
      e3: [],
      global: { screenings: [], applications: [] },
      elis: { cases: [] },
      cases: [],
      ...records,
      eid: { stays: [], detainers: [], removals: [], arrests: [], cases: [], ...records.eid },
    }),
  };
}

/** The keys of an EID row, both known. */
export const eidKeys = (stage: Stage) => ({ subjectId: stage.subject, aFileNumber: stage.aNumber() });

export function crossing(stage: Stage, slot: number, row: Omit<AdisCrossing, "recordId" | "fin">): AdisCrossing {
  return { recordId: `AD${499_000_000 + stage.index * 8 + slot}`, fin: stage.fin(), ...row };
}

/** An e3 row as it should be: nothing missing, entered as derived, both times equal. */
export function e3Subject(stage: Stage, row: Partial<E3Subject> & { readonly apprehendedAt: string }): E3Subject {
  const no = { entered: false, derived: false };
  return {
    eventNumber: `RGV${row.apprehendedAt.slice(2, 4)}${row.apprehendedAt.slice(5, 7)}${String(stage.index).padStart(8, "0")}0`,
    subjectKey: String(300_000_000 + stage.index * 8),
    fin: stage.fin(),
    aNumber: stage.aNumber(),
    arrestedAt: row.apprehendedAt,
    sector: "Rio Grande Valley",
    citizenship: null,
    familyUnitNumber: null,
    familyUnitType: null,
    familyMember: no,
    unaccompaniedChild: no,
    fearClaim: no,
    disposition: null,
    bookedOutAt: null,
    transferredTo: null,
    releaseAddress: null,
    ...row,
  };
}

export function eidStay(stage: Stage, stints: EidStay["stints"]): EidStay {
  const last = stints[stints.length - 1]!;
  return {
    ...eidKeys(stage),
    bookInAt: stints[0]!.bookInAt,
    bookOutAt: last.bookOutAt,
    releaseReason: last.releaseReason,
    stints,
  };
}

export function eidDetainer(stage: Stage, row: Partial<EidDetainer> & { readonly preparedAt: string }): EidDetainer {
  return {
    ...eidKeys(stage),
    dtaId: stage.serial(40_000_000),
    caseId: stage.caseId,
    facility: "MARLOW COUNTY DETENTION CENTER",
    facilityCode: "MARLOMD",
    deportationOrdered: false,
    orderToShowCauseServed: false,
    biometricMatch: true,
    statementsMade: false,
    warrantForm: "I-200",
    servedAt: null,
    liftedAt: null,
    liftReason: null,
    apprehensionDate: null,
    ...row,
  };
}

export function eidCase(stage: Stage, row: Pick<EidCase, "category"> & Partial<EidCase>): EidCase {
  return {
    ...eidKeys(stage),
    caseId: stage.caseId,
    status: "ACTIVE",
    finalOrder: false,
    finalOrderDate: null,
    departedDate: null,
    lastScreenedDate: null,
    ...row,
  };
}

type Hearing = Partial<CaseProceeding["schedule"][number]> & { readonly date: string };

export function courtCase(
  stage: Stage,
  row: Partial<CaseFile> & { readonly hearings: readonly Hearing[]; readonly proceeding: Partial<CaseProceeding> },
): CaseFile {
  const { hearings, proceeding, ...rest } = row;
  const idncase = rest.idncase ?? stage.idncase();
  return {
    idncase,
    aNumber: stage.aNumber(),
    caseType: "RMV",
    nationality: null,
    custody: "N",
    city: "Baltimore",
    state: "MD",
    zip: "21201",
    addressChangedOn: null,
    asylumType: null,
    birthDate: null,
    juvenile: null,
    leadOf: [],
    motions: [],
    appeals: [],
    inSnapshot: true,
    ...rest,
    proceedings: [
      {
        idnproceeding: idncase * 4 + 1,
        oscDate: null,
        inputDate: null,
        baseCity: "BAL",
        hearingLocation: "BAL",
        decType: null,
        decCode: null,
        otherComp: null,
        completedDate: null,
        absentia: null,
        appealReserved: null,
        appealDueDate: null,
        applications: [],
        ...proceeding,
        schedule: hearings.map((each, place) => ({
          idnschedule: idncase * 16 + place + 1,
          time: "09:00",
          scheduleType: "MM",
          calType: "M",
          adjournReason: null,
          noticeCode: "01",
          ...each,
        })),
      },
    ],
  };
}

export function elisCase(
  stage: Stage,
  slot: number,
  row: Pick<ElisCase, "form" | "receivedDate"> & Partial<ElisCase>,
): ElisCase {
  return {
    receiptNumber: stage.receipt(slot),
    aNumber: stage.aNumber(),
    status: "Case Was Received",
    statusDate: null,
    birthCountry: null,
    gender: null,
    protection: null,
    ...row,
  };
}
