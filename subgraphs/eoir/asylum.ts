/**
 * What in the court's records tells of a claim to asylum, withholding or protection from torture: 8 CFR 1208.6 keeps the
 * claim's existence confidential, so whatever implies it is marked. Pure.
 */
import { type Decoded, isWithheld, unreadable } from "#kit/decoded.ts";
import { CASE } from "./cells.ts";
import type { CaseRecord } from "./records.ts";

/** Asylum only, withholding only, fear reviews; CSR: a claim to a status, a refugee's or asylee's among them. */
const asylumTypes = new Set(["AOC", "WHO", "CFR", "RFR", "CSR"]);
const otherTypes = new Set(["RMV", "DEP", "EXC", "CDR", "REC", "NAC", "DCC", "DDC"]);

/** Null: no type is on record. INVARIANT: a type that is withheld, unreadable or unknown to us is never "not asylum". */
export function isAsylumCase({ caseType, proceedings }: CaseRecord): Decoded<boolean> {
  const types = [caseType, ...proceedings.map((each) => each.caseType)].filter((each) => each !== null);
  if (types.some((each) => typeof each === "string" && asylumTypes.has(each))) return true;
  const doubtful = types.find((each) => isWithheld(each) || !otherTypes.has(each));
  if (doubtful !== undefined) return isWithheld(doubtful) ? doubtful : unreadable(CASE, "CASE_TYPE");
  return types.length === 0 ? null : false;
}

// Below, a value that is not shown (absent, withheld) implies nothing: it is the value that tells.

/** SCHEDULE_TYPE: MA and IA hear asylum, RR reviews a fear finding. */
export function isAsylumHearing(kind: Decoded<string>): boolean {
  return kind === "MA" || kind === "IA" || kind === "RR";
}

/** The court's own words of a decision. In fear reviews it is a decision of DHS that stands or falls. */
export function isAsylumDecision(words: Decoded<string>): boolean {
  return typeof words === "string" && /asylum|withh[eo]ld|torture|fear|DHS decision/i.test(words);
}

/** Changed country conditions reopen for asylum, withholding and torture claims alone: 8 CFR 1003.23(b)(4)(i). */
export function isAsylumMotion(kind: Decoded<string>): boolean {
  return kind === "MC";
}
