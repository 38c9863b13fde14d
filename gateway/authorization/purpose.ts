/** Why a caller asks: named on each request, from a closed list, one of the caller's own, and one that its role may state. */
import { type Refusal, refuse } from "../errors.ts";
import type { Caller } from "./claims.ts";

export const purposes = [
  "BORDER_INSPECTION",
  "CUSTODY",
  "REMOVAL_OPERATIONS",
  "ASYLUM_ADJUDICATION",
  "COURT_PROCEEDING",
  "CHILD_PLACEMENT",
  "LAW_ENFORCEMENT_INQUIRY",
  "JAIL_INTAKE",
  "OVERSIGHT",
  "PROTECTED_PERSONS_1367",
  "BREAK_GLASS",
] as const;
export type Purpose = (typeof purposes)[number];

export type PurposeOfRequest = { readonly purpose: Purpose | null; readonly caseReference: string | null };

/**
 * Which role may state which purpose. The list is closed: an issuer that vouches for another purpose, or for a role that
 * is not here, gives no right to it.
 */
export const purposesByRole: Readonly<Record<string, readonly Purpose[]>> = {
  "border-officer": ["BORDER_INSPECTION"],
  "deportation-officer": ["CUSTODY", "REMOVAL_OPERATIONS"],
  "asylum-officer": ["ASYLUM_ADJUDICATION"],
  "court-clerk": ["COURT_PROCEEDING"],
  caseworker: ["CHILD_PLACEMENT"],
  // The four of local police: on patrol, in a jail, and under the two kinds of agreement of 8 USC 1357(g).
  "patrol-officer": ["LAW_ENFORCEMENT_INQUIRY"],
  "jail-officer": ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
  "287g-jail-enforcement": ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
  "287g-warrant-service": ["LAW_ENFORCEMENT_INQUIRY"],
  inspector: ["OVERSIGHT"],
  integrator: ["OVERSIGHT"],
  "protected-persons-supervisor": ["PROTECTED_PERSONS_1367", "BREAK_GLASS"],
  "break-glass": ["BREAK_GLASS"],
};

/** Purposes under which production wants to know the caller's own case. */
const needCase: readonly Purpose[] = ["LAW_ENFORCEMENT_INQUIRY", "JAIL_INTAKE", "BREAK_GLASS"];

/** Those of local police. What is hidden from them is hidden by the answer to a hold check itself, not by a guard. */
export const policePurposes: ReadonlySet<string> = new Set<Purpose>(["LAW_ENFORCEMENT_INQUIRY", "JAIL_INTAKE"]);

export function isPurpose(text: string): text is Purpose {
  return (purposes as readonly string[]).includes(text);
}

/** All that a caller of these roles may state. */
export function purposesOfRoles(roles: readonly string[]): ReadonlySet<Purpose> {
  return new Set(roles.flatMap((role) => (Object.hasOwn(purposesByRole, role) ? (purposesByRole[role] ?? []) : [])));
}

/** What a caller is taken to ask for that names no purpose, where that is allowed. Never to break the glass. */
export function usualPurpose({ purposes }: Pick<Caller, "purposes">): Purpose | null {
  return purposes.find((each) => each !== "BREAK_GLASS") ?? null;
}

/**
 * The purpose of one request, from the headers Crosswalk-Purpose and Crosswalk-Case. In development a missing header
 * means the caller's usual purpose; null only for a caller who has none.
 */
export function readPurpose(
  { purpose, caseReference }: { readonly purpose: string | undefined; readonly caseReference: string | undefined },
  caller: Pick<Caller, "purposes">,
  mode: "development" | "production",
): PurposeOfRequest | Refusal {
  if (caseReference !== undefined && !/^[\x20-\x7e]{1,64}$/.test(caseReference)) return refuse("CASE_INVALID");
  const ownCase = caseReference?.trim() || null;
  if (purpose === undefined || purpose === "") {
    if (mode === "production") return refuse("PURPOSE_REQUIRED", `the header Crosswalk-Purpose is required: ${known}`);
    return { purpose: usualPurpose(caller), caseReference: ownCase };
  }
  if (!isPurpose(purpose)) return refuse("PURPOSE_UNKNOWN", `the header Crosswalk-Purpose takes ${known}`);
  if (!caller.purposes.includes(purpose)) return refuse("PURPOSE_NOT_PERMITTED");
  if (mode === "production" && needCase.includes(purpose) && ownCase === null) return refuse("CASE_REQUIRED");
  return { purpose, caseReference: ownCase };
}

const known = `one of ${purposes.join(", ")}`;
