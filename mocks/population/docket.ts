/** What the court's records of one case are made from: the plan, what is known while making it, and its numbers. */
import type { Seconds } from "./dates.ts";
import type { Draft } from "./draft.ts";
import type { Court } from "./places.ts";
import type { Random } from "./random.ts";
import type { CaseFile } from "./types.ts";

export type CasePlan = {
  /** Draws shared by a family, whose cases run together. */
  readonly random: Random;
  readonly caseType: string;
  readonly noticeAt: Seconds;
  readonly asylumType: CaseFile["asylumType"];
  readonly applications: readonly string[];
  readonly detained: boolean;
  /** Days from filing to a decision, at most. */
  readonly withinDays: number;
  readonly riders?: readonly number[];
  readonly unaccompanied?: boolean;
};

export type CaseOutcome = {
  readonly state: "pending" | "ordered" | "relief" | "closed";
  readonly decidedAt: Seconds | null;
  readonly absentia: boolean;
  /** When an order of removal became final; null while it is not. */
  readonly finalAt: Seconds | null;
  readonly appealPending: boolean;
};

export type At = {
  readonly draft: Draft;
  readonly plan: CasePlan;
  readonly court: Court;
  readonly idncase: number;
  readonly inputAt: Seconds;
  /** What the record knows: the last snapshot's day for a case that is in it, else now. */
  readonly until: Seconds;
};

export type Decision = {
  readonly kind: "pending" | "ordered" | "relief" | "closed";
  readonly at: Seconds | null;
  readonly absentia: boolean;
};

/** INVARIANT: unique and below 2^31: case numbers stay below 10^8, and no case has more than 4 proceedings (16 hearings). */
export const proceedingId = (idncase: number, place: number) => idncase * 4 + place;
export const hearingId = (idncase: number, place: number) => idncase * 16 + place;
