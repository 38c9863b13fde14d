/**
 * Who may see whom and what, said once more in plain words: by DESIGN §4, 8 USC 1367, 8 CFR 208.6 and 8 USC 1232, and not
 * by reading the policies that are checked with it.
 */
import { personas } from "../../mocks/issuer/personas.ts";
import type { Facts, RecordKind } from "./subgraph-without.ts";

export type Caller = {
  readonly persona: keyof typeof personas;
  readonly purpose: string;
};

/** Every persona for each of its purposes. */
export const callers: readonly Caller[] = Object.entries(personas).flatMap(([name, { purposes }]) =>
  (purposes.length > 0 ? purposes : [""]).map((purpose) => ({ persona: name as Caller["persona"], purpose })),
);

export type PersonFacts = {
  readonly protected1367: boolean;
  readonly iceCase: boolean;
  readonly cbpCase: boolean;
  readonly uscisCase: boolean;
  readonly eoirCase: boolean;
  readonly minor: boolean | null;
};

export const isPolice = ({ persona }: Caller): boolean => personas[persona].agency === "POLICE";

/**
 * Whether the person is hidden: not told apart from nobody. Null: this caller may ask for no person, or nobody can say,
 * and that is told: who may be a child is not said to be nobody to who looks for a place for children.
 */
export function isPersonHidden({ persona, purpose }: Caller, facts: PersonFacts): boolean | null {
  const { agency } = personas[persona];
  if (agency === "POLICE" || agency === "NONE") return null;
  if (purpose === "PROTECTED_PERSONS_1367") return false;
  if (purpose === "CHILD_PLACEMENT") return facts.protected1367 || (facts.minor === null ? null : !facts.minor);
  if (!facts.protected1367) return false;
  if (purpose === "BREAK_GLASS") return true;
  const own = { ICE: facts.iceCase, CBP: facts.cbpCase, USCIS: facts.uscisCase, EOIR: facts.eoirCase };
  return !(own as Readonly<Record<string, boolean>>)[agency];
}

/** Who reads a hold as one nobody asks for. */
export const isHiddenFromPolice = ({ protected1367, minor }: PersonFacts): boolean => protected1367 || minor === true;

function maySeeClaims({ persona, purpose }: Caller): boolean {
  const { agency, clearances } = personas[persona];
  if (["ASYLUM_ADJUDICATION", "COURT_PROCEEDING", "PROTECTED_PERSONS_1367"].includes(purpose))
    return (clearances as readonly string[]).includes("asylum");
  return agency === "ICE" || (agency === "OIG" && purpose === "OVERSIGHT");
}

/** Whether a record of a person whom the caller may see is one that must read as if it did not exist. */
export function isRecordHidden(caller: Caller, kind: RecordKind, person: PersonFacts, record: Facts): boolean {
  const protectedOnly = caller.purpose !== "PROTECTED_PERSONS_1367";
  const claim = record.asylumRelated === true && !maySeeClaims(caller);
  switch (kind) {
    case "Address":
    case "NoticeAddress":
      return protectedOnly && person.protected1367;
    case "BenefitRequest":
    case "AsylumApplication":
      return protectedOnly && record.protectedFiling === true;
    case "Encounter":
      if (record.filingRelated === true && !maySeeClaims(caller)) return true;
      return claim || (protectedOnly && person.protected1367 && record.filingRelated === true);
    case "CourtCase":
    case "Hearing":
    case "Order":
    case "Motion":
      return claim;
    case "Stay":
      return false;
  }
}

/** A stay is told to everybody; for what reason, not to those who may not know of claims: any other reason will do. */
export function otherStay(caller: Caller, { basis }: Facts): Facts | null {
  if (maySeeClaims(caller)) return null;
  return basis === "STAY_GRANTED"
    ? { basis: "APPEAL_PENDING", courtCaseId: "99999998" }
    : { basis: "STAY_GRANTED", courtCaseId: "99999999" };
}
