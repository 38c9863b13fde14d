/**
 * Who sees whom, and what of them: by the law (DESIGN §4; 8 USC 1367; 8 CFR 208.6; 8 USC 1232; HSPD-6), by hand and without
 * a look at the policies, for one person of each kind in the simulated population of 2,000.
 */
import type { personas } from "../mocks/issuer/personas.ts";

export const callers = {
  custody: ["ero-officer", "CUSTODY"],
  removal: ["ero-officer", "REMOVAL_OPERATIONS"],
  border: ["cbp-officer", "BORDER_INSPECTION"],
  asylum: ["asylum-officer", "ASYLUM_ADJUDICATION"],
  court: ["court-clerk", "COURT_PROCEEDING"],
  placement: ["orr-caseworker", "CHILD_PLACEMENT"],
  supervisor: ["protected-persons-supervisor", "PROTECTED_PERSONS_1367"],
  emergency: ["protected-persons-supervisor", "BREAK_GLASS"],
  inspector: ["oversight", "OVERSIGHT"],
  integrator: ["integrator", "OVERSIGHT"],
} as const satisfies Readonly<Record<string, readonly [keyof typeof personas, string]>>;
export type CallerName = keyof typeof callers;
export const callerNames = Object.keys(callers) as CallerName[];

export function headersOf(purpose: string): Record<string, string> {
  const reason = { "crosswalk-reason": "somebody's life is at stake" };
  return { "crosswalk-purpose": purpose, ...(purpose === "BREAK_GLASS" ? reason : {}) };
}

export const everything = `query ($by: PersonIdentifier!) { person(by: $by) {
  fin fins names { family } birthDate
  addresses { status } encounters { reason }
  arrivals { classOfAdmission admitUntil durationOfStatus }
  apprehensions { fearClaim { entered } disposition }
  custodyStays { id } detainers { status } enforcementCases { status category lastScreenedAt }
  courtCases { caseType juvenile nextHearing { kind } noticeAddress { lines } motions { kind } orders { kind } }
  stays { state basis courtCaseId }
  asylum { screenings { kind } applications { decision } }
  benefitRequests { form }
} }`;

/** All values at a path of names, through lists; without nulls. */
export function valuesAt(value: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = [value];
  for (const name of path.split("."))
    found = found.flatMap((each) => (each as Record<string, unknown>)[name]).filter((each) => (each ?? null) !== null);
  return found;
}

const agencies = ["custody", "removal", "border", "asylum", "court"] as const;
const adults: readonly CallerName[] = [...agencies, "supervisor", "emergency", "inspector", "integrator"];
/** Who may know of a claim: 8 CFR 208.6(c)(1). */
const mayKnowClaims: readonly CallerName[] = ["custody", "removal", "asylum", "court", "supervisor", "inspector"];

/** Told to a whole class of callers or to none of it, in whoever's record. */
export const byClass: Readonly<Record<string, readonly CallerName[]>> = {
  "asylum.screenings.kind": mayKnowClaims,
  "asylum.applications.decision": mayKnowClaims,
  "enforcementCases.category": mayKnowClaims,
  "enforcementCases.status": mayKnowClaims,
  "arrivals.classOfAdmission": [...mayKnowClaims, "border"],
  "arrivals.admitUntil": [...mayKnowClaims, "border"],
  "arrivals.durationOfStatus": [...mayKnowClaims, "border"],
  "apprehensions.fearClaim.entered": [...mayKnowClaims, "border"],
  "apprehensions.disposition": [...mayKnowClaims, "border"],
  "courtCases.juvenile": ["custody", "removal", "asylum", "court", "placement", "inspector"],
  "enforcementCases.lastScreenedAt": ["custody", "removal"],
};

export type Part = {
  readonly at: string;
  readonly values: readonly unknown[];
  /** Of those who see the person; the others are told `otherwise`. */
  readonly seenBy: readonly CallerName[];
  readonly otherwise: readonly unknown[];
  /** Who does not see it is told whom to call. */
  readonly isReferred?: true;
};
export type Row = {
  readonly who: string;
  readonly fin: string;
  readonly seenBy: readonly CallerName[];
  /** Told that it could not be settled. */
  readonly unsettledFor?: readonly CallerName[];
  readonly parts: readonly Part[];
};

const toSupervisor = (at: string, values: readonly unknown[], otherwise: readonly unknown[] = []): Part => ({
  ...{ at, values, otherwise },
  seenBy: ["supervisor"],
});
const claim = (at: string, values: readonly unknown[], otherwise: readonly unknown[] = []): Part => ({
  ...{ at, values, otherwise },
  seenBy: mayKnowClaims,
});
const toAll = (at: string, values: readonly unknown[]): Part => ({
  ...{ at, values, otherwise: values },
  seenBy: callerNames,
});
const reasonOfStay = (basis: string): Part => ({ ...claim("stays.basis", [basis]), isReferred: true });
const claimCase = (who: string, fin: string, type: string): Row => ({
  ...{ who, fin, seenBy: adults },
  parts: [claim("courtCases.caseType", [type])],
});

/** Whatever an inspector wrote for somebody with asylum, and what he wrote for the same person before. */
const admittedAs = (fin: string, words: string): Row => ({
  who: `one admitted as "${words}"`,
  ...{ fin, seenBy: adults },
  parts: [
    {
      ...{ at: "arrivals.classOfAdmission", values: ["B2", words], otherwise: [] },
      seenBy: [...mayKnowClaims, "border"],
    },
  ],
});

export const rows: readonly Row[] = [
  admittedAs("5207189278", "as-6"),
  admittedAs("7936962162", "Asylee"),
  admittedAs("9908638240", "GRANTED ASYLUM"),
  admittedAs("8815087086", "Refugee/asylee travel doc"),
  {
    who: "S1: one whom every agency knows, and no statute protects",
    fin: "4141592653",
    seenBy: adults,
    parts: [
      toAll("addresses.status", ["PROVIDED"]),
      toAll("courtCases.motions.kind", ["MA"]),
      toAll("stays.state", ["IN_FORCE"]),
      reasonOfStay("MA_PENDING"),
      toAll("benefitRequests.form", ["I-765"]),
      // Which filing an encounter was for is not told: it may have been a claim.
      claim(
        "encounters.reason",
        ["Admission", "Apprehension", "Biometrics appointment", "Biometrics appointment", "Local arrest"],
        ["Admission", "Apprehension", "Local arrest"],
      ),
    ],
  },
  {
    who: "S11: protected, and in ICE's custody",
    fin: "9010768789",
    seenBy: [...agencies, "supervisor"],
    parts: [
      toSupervisor("addresses.status", ["PROVIDED"]),
      toSupervisor("courtCases.noticeAddress.lines", ["Baltimore, MD 21201"]),
      toSupervisor(
        "encounters.reason",
        ["Apprehension", "Biometrics appointment", "Detention"],
        ["Apprehension", "Detention"],
      ),
      claim("courtCases.nextHearing.kind", ["IA"]),
      toAll("courtCases.caseType", ["RMV"]),
    ],
  },
  {
    who: "S12: one whose case is by its type about asylum",
    fin: "7697686404",
    seenBy: adults,
    parts: [
      claim("courtCases.caseType", ["AOC"]),
      toAll("stays.state", ["IN_FORCE"]),
      reasonOfStay("APPEAL_WINDOW"),
      { ...claim("stays.courtCaseId", ["58385238"]), isReferred: true },
    ],
  },
  {
    who: "S13: a child without parents",
    fin: "6384604019",
    seenBy: [...adults, "placement"],
    parts: [toAll("courtCases.nextHearing.kind", ["MM"]), toAll("courtCases.caseType", ["RMV"])],
  },
  {
    who: "S14: referred for a credible-fear interview",
    fin: "5071521634",
    seenBy: adults,
    parts: [claim("enforcementCases.status", ["ACTIVE"])],
  },
  {
    who: "S15: protected, and known to USCIS alone",
    fin: "3758439249",
    seenBy: ["asylum", "supervisor"],
    parts: [toSupervisor("encounters.reason", ["Biometrics appointment"])],
  },
  {
    who: "S16: protected, with a detainer",
    fin: "2445356864",
    seenBy: ["custody", "removal", "asylum", "supervisor"],
    parts: [
      toAll("detainers.status", ["ACTIVE"]),
      toSupervisor("encounters.reason", ["Biometrics appointment", "Local arrest"], ["Local arrest"]),
    ],
  },
  {
    who: "S8: protected, and in court, unknown to ICE and e3",
    fin: "3950015951",
    seenBy: ["asylum", "court", "supervisor"],
    parts: [
      toSupervisor("courtCases.noticeAddress.lines", ["Chicago, IL 60604"]),
      toSupervisor(
        "encounters.reason",
        ["Admission", "Biometrics appointment", "Biometrics appointment"],
        ["Admission"],
      ),
      toSupervisor("benefitRequests.form", ["I-765", "I-485", "I-360 VAWA"], ["I-765", "I-485"]),
    ],
  },
  { who: "S4: a child of a family", fin: "7889263106", seenBy: [...adults, "placement"], parts: [] },
  { who: "S5: one of two children", fin: "7506109702", seenBy: [...adults, "placement"], parts: [] },
  ...["5263098336", "1825404210"].map(
    (fin): Row => ({
      who: `S7: one person with two FINs, as ${fin}`,
      ...{ fin, seenBy: adults },
      parts: [claim("enforcementCases.status", ["ACTIVE"]), toAll("courtCases.orders.kind", ["Remove"])],
    }),
  ),
  claimCase("whose credible-fear finding is reviewed", "4085683595", "CFR"),
  claimCase("whose reasonable-fear finding is reviewed", "2744646681", "RFR"),
  claimCase("who asks for withholding alone", "5973496086", "WHO"),
  {
    who: "who moves to reopen for changed conditions, under a stay by order",
    fin: "8998453786",
    seenBy: adults,
    parts: [
      claim("courtCases.motions.kind", ["MC", "SY"], ["SY"]),
      toAll("stays.state", ["UNKNOWN"]),
      reasonOfStay("STAY_GRANTED"),
    ],
  },
  {
    who: "whose protected filing was denied",
    fin: "4460626997",
    seenBy: adults,
    parts: [toSupervisor("benefitRequests.form", ["I-914", "I-765"], ["I-765"])],
  },
  {
    who: "without a birth date",
    fin: "8982814260",
    seenBy: adults,
    unsettledFor: ["placement"],
    parts: [],
  },
  {
    who: "of whom only unreadable A-numbers are known",
    fin: "3482998960",
    seenBy: ["supervisor"],
    // To placement there are children alone, whatever else cannot be read.
    unsettledFor: [...agencies, "emergency", "inspector", "integrator"],
    parts: [],
  },
];
