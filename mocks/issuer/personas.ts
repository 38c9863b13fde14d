/** Who can be somebody here: the development issuer's personas, each with what its agency would vouch for. */

export type Purpose =
  | "BORDER_INSPECTION"
  | "CUSTODY"
  | "REMOVAL_OPERATIONS"
  | "ASYLUM_ADJUDICATION"
  | "COURT_PROCEEDING"
  | "CHILD_PLACEMENT"
  | "LAW_ENFORCEMENT_INQUIRY"
  | "JAIL_INTAKE"
  | "OVERSIGHT"
  | "PROTECTED_PERSONS_1367"
  | "BREAK_GLASS";

export type Persona = {
  readonly sub: string;
  readonly agency: string;
  readonly roles: readonly string[];
  /** What this person may ask for; the first is the usual one. */
  readonly purposes: readonly Purpose[];
  readonly scope: string;
  /** Originating agency identifier: nine characters, the first two its state. Police only. */
  readonly ori?: string;
  readonly clearances: readonly string[];
  /** How surely this person signs in: `phr`, resistant to phishing (OpenID Connect EAP ACR Values, 2). */
  readonly acr?: string;
};

const person = "person:read";
const hold = "hold:read";

export const personas = {
  "ero-officer": {
    sub: "ero-officer-1",
    agency: "ICE",
    roles: ["deportation-officer"],
    purposes: ["CUSTODY", "REMOVAL_OPERATIONS"],
    scope: person,
    clearances: [],
  },
  "cbp-officer": {
    sub: "cbp-officer-1",
    agency: "CBP",
    roles: ["border-officer"],
    purposes: ["BORDER_INSPECTION"],
    scope: person,
    clearances: [],
  },
  "asylum-officer": {
    sub: "asylum-officer-1",
    agency: "USCIS",
    roles: ["asylum-officer"],
    purposes: ["ASYLUM_ADJUDICATION"],
    scope: person,
    clearances: ["asylum"],
  },
  "court-clerk": {
    sub: "court-clerk-1",
    agency: "EOIR",
    roles: ["court-clerk"],
    purposes: ["COURT_PROCEEDING"],
    scope: person,
    clearances: ["asylum"],
  },
  "police-patrol": {
    sub: "police-patrol-1",
    agency: "POLICE",
    roles: ["patrol-officer"],
    purposes: ["LAW_ENFORCEMENT_INQUIRY"],
    scope: hold,
    ori: "TX9990000",
    clearances: [],
  },
  "police-jail": {
    sub: "police-jail-1",
    agency: "POLICE",
    roles: ["jail-officer"],
    purposes: ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
    scope: hold,
    ori: "TX999013C",
    clearances: [],
  },
  "police-287g-jail": {
    sub: "police-287g-jail-1",
    agency: "POLICE",
    roles: ["jail-officer", "287g-jail-enforcement"],
    purposes: ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
    scope: hold,
    ori: "GA999013C",
    clearances: [],
  },
  "police-287g-warrant": {
    sub: "police-287g-warrant-1",
    agency: "POLICE",
    roles: ["patrol-officer", "287g-warrant-service"],
    purposes: ["LAW_ENFORCEMENT_INQUIRY"],
    scope: hold,
    ori: "FL9990000",
    clearances: [],
  },
  "orr-caseworker": {
    sub: "orr-caseworker-1",
    agency: "ORR",
    roles: ["caseworker"],
    purposes: ["CHILD_PLACEMENT"],
    scope: person,
    clearances: [],
  },
  "protected-persons-supervisor": {
    sub: "protected-persons-supervisor-1",
    agency: "USCIS",
    roles: ["protected-persons-supervisor"],
    purposes: ["PROTECTED_PERSONS_1367", "BREAK_GLASS"],
    scope: person,
    clearances: ["1367", "asylum"],
    acr: "phr",
  },
  oversight: {
    sub: "oversight-1",
    agency: "OIG",
    roles: ["inspector"],
    purposes: ["OVERSIGHT"],
    scope: person,
    clearances: [],
  },
  integrator: {
    sub: "integrator-1",
    agency: "CROSSWALK",
    roles: ["integrator"],
    purposes: ["OVERSIGHT"],
    scope: person,
    clearances: [],
  },
  // Authenticated, and allowed nothing.
  nobody: { sub: "nobody-1", agency: "NONE", roles: [], purposes: [], scope: "", clearances: [] },
} as const satisfies Readonly<Record<string, Persona>>;

export type PersonaName = keyof typeof personas;

export function personaNames(): readonly PersonaName[] {
  return Object.keys(personas) as PersonaName[];
}

export function isPersonaName(name: string): name is PersonaName {
  return Object.hasOwn(personas, name);
}
