/** Why a caller asks: named on each request, from a closed list, and one of the caller's own. */
import { type Refusal, refuse } from "../errors.ts";
import type { Caller } from "./authenticate.ts";

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

/** Purposes under which production wants to know the caller's own case. */
const needCase: readonly Purpose[] = ["LAW_ENFORCEMENT_INQUIRY", "JAIL_INTAKE", "BREAK_GLASS"];

export function isPurpose(text: string): text is Purpose {
  return (purposes as readonly string[]).includes(text);
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
  const ownCase = caseReference ?? null;
  if (purpose === undefined || purpose === "") {
    if (mode === "production") return refuse("PURPOSE_REQUIRED", `the header Crosswalk-Purpose is required: ${known}`);
    return { purpose: caller.purposes[0] ?? null, caseReference: ownCase };
  }
  if (!isPurpose(purpose)) return refuse("PURPOSE_UNKNOWN", `the header Crosswalk-Purpose takes ${known}`);
  if (!caller.purposes.includes(purpose)) return refuse("PURPOSE_NOT_PERMITTED");
  if (mode === "production" && needCase.includes(purpose) && ownCase === null) return refuse("CASE_REQUIRED");
  return { purpose, caseReference: ownCase };
}

const known = `one of ${purposes.join(", ")}`;
