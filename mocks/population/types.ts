/**
 * One invented person as each agency's system holds them, before the system's own formats: dates are ISO here
 * (`2026-10-19T14:00:00Z`, or `2026-10-19` where the system holds a day only), codes are the system's own,
 * `null` is a value the system does not hold, `REDACTED` one it holds and withholds. Missing and conflicting values
 * are in here already; how a format spoils them (header drift, Excel serials, NUL bytes) is the simulator's business.
 */
export type PersonFile = {
  /** Place in the population: the same person for ever, for one seed. */
  readonly index: number;
  readonly ident: readonly IdentIdentity[];
  readonly adis: readonly AdisCrossing[];
  readonly i94: readonly I94Admission[];
  readonly e3: readonly E3Subject[];
  readonly eid: EidSubject;
  readonly global: GlobalFile;
  readonly elis: ElisFile;
  readonly cases: readonly CaseFile[];
};

export const REDACTED = Symbol.for("crosswalk.mocks.redacted");
export type Redactable<T> = T | null | typeof REDACTED;

/** One FIN. Several in one person's file form an identity cluster when `clusterId` is equal. */
export type IdentIdentity = {
  readonly fin: string;
  readonly clusterId: string;
  readonly birthDate: string | null;
  readonly sex: "M" | "F" | null;
  /** ISO 3166-1 alpha-3. */
  readonly citizenship: string | null;
  readonly names: readonly { family: string; given: string; kind: "PRIMARY" | "ALIAS" | "NATIVE_SCRIPT" }[];
  readonly encounters: readonly IdentEncounter[];
};

/** Identifiers reach IDENT with encounters: each is what that sender recorded at that time. */
export type IdentEncounter = {
  /** IDENT's encounter id (called EID there; not ICE's EID). */
  readonly encounterId: string;
  readonly at: string;
  readonly sender: "CBP-OFO" | "CBP-USBP" | "ICE-ERO" | "USCIS" | "DOS";
  readonly reason: string;
  /** As typed: `A012345678`, `12345678`, `A12 345 678`, now and then unreadable. */
  readonly aNumberRaw: string | null;
  readonly i94Number: string | null;
  readonly passport: { number: string; country: string } | null;
  readonly eidSubjectId: string | null;
  readonly fbiNumber: string | null;
  readonly sevisId: string | null;
  readonly receiptNumber: string | null;
};

export type AdisCrossing = {
  readonly recordId: string;
  readonly fin: string;
  readonly i94Number: string | null;
  readonly passport: { number: string; country: string } | null;
  readonly direction: "ARRIVAL" | "DEPARTURE";
  readonly at: string;
  /** CBP site code (three letters) or Schedule D (four digits). */
  readonly port: string;
  readonly carrier: string | null;
};

export type I94Admission = {
  readonly i94Number: string;
  readonly admittedAt: string;
  readonly classOfAdmission: string;
  /** `D/S` for duration of status. */
  readonly admitUntil: string | "D/S" | null;
  readonly port: string;
  readonly passport: { number: string; country: string } | null;
};

export type EnteredDerived = { readonly entered: boolean | null; readonly derived: boolean | null };

/** One subject of one e3 event. */
export type E3Subject = {
  readonly eventNumber: string;
  /** "Civ ID". */
  readonly subjectKey: string;
  readonly fin: string | null;
  readonly aNumber: string | null;
  readonly apprehendedAt: string | null;
  readonly arrestedAt: string | null;
  readonly sector: Redactable<string>;
  readonly citizenship: string | null;
  readonly familyUnitNumber: string | null;
  readonly familyUnitType: string | null;
  readonly familyMember: EnteredDerived;
  readonly unaccompaniedChild: EnteredDerived;
  readonly fearClaim: EnteredDerived;
  readonly disposition: Redactable<string>;
  readonly bookedOutAt: string | null;
  readonly transferredTo: string | null;
  /** Address given on release; blank and `FAILED TO PROVIDE ADDRESS` occur as typed. Null: not released. */
  readonly releaseAddress: {
    readonly lines: readonly string[];
    readonly since: string | null;
    readonly undeliverable: boolean | null;
  } | null;
};

/** EID: the subject's rows. Every row carries the subject id; the A-file number may be missing. */
export type EidSubject = {
  readonly stays: readonly EidStay[];
  readonly detainers: readonly EidDetainer[];
  readonly removals: readonly EidRemoval[];
  readonly arrests: readonly EidArrest[];
  readonly cases: readonly EidCase[];
};

type EidKeys = {
  readonly subjectId: string;
  readonly aFileNumber: Redactable<string>;
};

export type EidStay = EidKeys & {
  readonly bookInAt: string;
  readonly bookOutAt: string | null;
  readonly releaseReason: string | null;
  readonly stints: readonly {
    readonly bookInAt: string;
    readonly bookOutAt: string | null;
    readonly facility: string;
    readonly facilityCode: string;
    readonly releaseReason: string | null;
  }[];
};

export type EidDetainer = EidKeys & {
  readonly dtaId: string;
  readonly caseId: string | null;
  readonly preparedAt: string;
  readonly facility: string | null;
  readonly facilityCode: string | null;
  readonly deportationOrdered: boolean | null;
  readonly orderToShowCauseServed: boolean | null;
  readonly biometricMatch: boolean | null;
  readonly statementsMade: boolean | null;
  readonly warrantForm: "I-200" | "I-205" | null;
  readonly servedAt: string | null;
  readonly liftedAt: string | null;
  readonly liftReason: Redactable<string>;
  readonly apprehensionDate: string | null;
};

export type EidRemoval = EidKeys & {
  readonly removalId: string;
  readonly caseId: string | null;
  readonly scheduledAt: string | null;
  readonly departedAt: string | null;
  /** ISO alpha-3; EID prints the country's name in capitals. */
  readonly country: string | null;
  readonly port: string | null;
};

export type EidArrest = EidKeys & {
  readonly at: string;
  readonly method: string;
  readonly state: string | null;
};

export type EidCase = EidKeys & {
  readonly caseId: string;
  /** As printed: `ACTIVE`, `8-Excluded/Removed - Inadmissibility`. */
  readonly status: string;
  /** As printed, code in brackets in front: `[8G] Expedited Removal - Credible Fear Referral`. */
  readonly category: string;
  readonly finalOrder: boolean | null;
  readonly finalOrderDate: string | null;
  readonly departedDate: string | null;
  readonly lastScreenedDate: string | null;
};

export type GlobalFile = {
  readonly screenings: readonly GlobalScreening[];
  readonly applications: readonly GlobalApplication[];
};

/** Global (once APSS): credible- and reasonable-fear screenings. */
export type GlobalScreening = {
  readonly screeningId: string;
  readonly aNumber: string;
  readonly kind: "CF" | "RF";
  readonly referredDate: string | null;
  readonly decision: "POSITIVE" | "NEGATIVE" | "ADMIN CLOSE" | null;
  readonly decisionDate: string | null;
  readonly servedApplicantDate: string | null;
  readonly servedEroDate: string | null;
  readonly servedCourtDate: string | null;
  readonly closeEffectiveDate: string | null;
};

/** Global: I-589 filed on paper. Countries there are CLAIMS 3's five letters. */
export type GlobalApplication = {
  readonly receiptNumber: string | null;
  readonly aNumber: string;
  readonly filedDate: string | null;
  readonly decision: "PENDING" | "GRANT" | "DENIAL" | "REFERRAL" | "WITHDRAWN" | "ADMIN CLOSE";
  readonly decisionDate: string | null;
  /** ISO alpha-3. */
  readonly birthCountry: Redactable<string>;
};

export type ElisFile = {
  readonly cases: readonly ElisCase[];
};

export type ElisCase = {
  readonly receiptNumber: string;
  readonly aNumber: string;
  /** `I-589`, `I-765`, `I-130`, `I-485`; protected: `I-360 VAWA`, `I-914`, `I-918`. */
  readonly form: string;
  readonly receivedDate: string;
  readonly status: "Case Was Received" | "Case Was Approved" | "Case Was Denied" | "Case Was Withdrawn" | "Case Closed";
  readonly statusDate: string | null;
  /** ISO alpha-3; ELIS prints names. */
  readonly birthCountry: Redactable<string>;
  readonly gender: "Male" | "Female" | null;
  /** 8 USC 1367: stands until the filing is denied and appeals are exhausted. */
  readonly protection: "1367" | null;
};

/** EOIR CASE: one charging document. */
export type CaseFile = {
  readonly idncase: number;
  readonly aNumber: string;
  readonly caseType: string;
  readonly nationality: string | null;
  readonly custody: "D" | "N" | "R" | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zip: string | null;
  readonly addressChangedOn: string | null;
  readonly asylumType: "E" | "I" | "J" | null;
  readonly birthDate: string | null;
  readonly juvenile: "UJ" | "J" | "J1" | "J2" | "AJ" | null;
  readonly leadOf: readonly { rider: number; severedOn: string | null; active: boolean }[];
  readonly proceedings: readonly CaseProceeding[];
  readonly motions: readonly CaseMotion[];
  readonly appeals: readonly CaseAppeal[];
  /** False: not in the last snapshot (opened since); true: in it. Changes since are in the docket's overlay. */
  readonly inSnapshot: boolean;
};

export type CaseProceeding = {
  readonly idnproceeding: number;
  readonly oscDate: string | null;
  readonly inputDate: string | null;
  readonly baseCity: string;
  readonly hearingLocation: string | null;
  readonly decType: "W" | "O" | null;
  readonly decCode: string | null;
  readonly otherComp: string | null;
  readonly completedDate: string | null;
  readonly absentia: "Y" | "N" | null;
  /** Who reserved appeal: A alien, I DHS, B both. Null: nobody, or not recorded. */
  readonly appealReserved: "A" | "I" | "B" | null;
  readonly appealDueDate: string | null;
  readonly schedule: readonly {
    readonly idnschedule: number;
    readonly date: string;
    /** Wall clock at the court: `09:00`. */
    readonly time: string | null;
    readonly scheduleType: string;
    readonly calType: "M" | "I" | null;
    readonly adjournReason: string | null;
    readonly noticeCode: string | null;
  }[];
  readonly applications: readonly {
    readonly idn: number;
    readonly code: string;
    readonly receivedDate: string | null;
    readonly decision: string | null;
  }[];
};

export type CaseMotion = {
  readonly idnmotion: number;
  readonly idnproceeding: number;
  readonly kind: string;
  readonly receivedDate: string | null;
  readonly filedBy: "A" | "I" | null;
  readonly decision: string | null;
  readonly completedDate: string | null;
  readonly stayGrant: string | null;
  readonly deleted: boolean;
};

export type CaseAppeal = {
  readonly idnappeal: number;
  readonly idnproceeding: number;
  /** IJ: of the judge's decision; MA: of a decision on a motion; DD: of a DHS decision. */
  readonly category: "IJ" | "MA" | "DD";
  /** `Case Appeal`, `Bond Appeal`, `Appeal of IJ MTR`. */
  readonly type: string;
  readonly filedDate: string | null;
  readonly filedBy: "A" | "I" | "B" | "O" | null;
  readonly decision: string | null;
  readonly decisionDate: string | null;
  /** A stay ordered by a federal court of appeals reviewing this decision. */
  readonly federalCourtStayDate: string | null;
};

/** What a scenario shows, and by which identifiers its main person is found. */
export type Scenario = {
  readonly id: string;
  readonly title: string;
  readonly shows: string;
  readonly identifiers: { readonly fin: string; readonly aNumber?: string } & Record<string, unknown>;
};
