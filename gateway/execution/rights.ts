/**
 * What one class of callers may see of one supergraph, as the executor asks for it. Worked out in `authorization/`;
 * callers of one class (agency, roles, scopes, clearances, jurisdiction, purpose) have the same rights.
 */

/** `hide`: as if no record existed. `refer`: null, and whom to call. `mask`: null, and under which authority. */
export type Effect = "hide" | "refer" | "mask";

export type Verdict =
  | { readonly permits: true }
  | {
      readonly permits: false;
      readonly effect: Effect;
      /** The policy's id, and the law or order that it stands on: `8 USC 1367`. */
      readonly policy: string;
      readonly authority: string;
      /** Of a refer: whom to ask instead. */
      readonly callback?: string;
    };

export type Refusal = Extract<Verdict, { readonly permits: false }>;

/** Where a fact stands: a Boolean field of the guarded object itself, or of the person it is about. */
export type FactPath = { readonly name: string; readonly of: "record" | "subject" };

/** A rule whose outcome depends on facts, for this class of callers. */
export type Guard = {
  /** Its name in `@guard(policy:)`. */
  readonly policy: string;
  /** Only those on which the outcome depends for this class. */
  readonly facts: readonly FactPath[];
  /** `values`: in the order of `facts`. */
  decide(values: readonly boolean[]): Verdict;
};

export type Rights = {
  /** Equal for equal rights: everything that was worked out under one key holds for all who have it. */
  readonly key: string;
  /** Refused to the whole class, whatever the facts: never asked for, null with an error. */
  refusesType(type: string): boolean;
  refusesField(type: string, field: string): boolean;
  /**
   * Of what is refused: a policy's refer or mask, which holds whatever the facts and is told wherever somebody asks. Null:
   * nothing but UNAUTHORIZED_FIELD_OR_TYPE is told.
   */
  refusalOf(type: string, field: string | null): Refusal | null;
  /** All must permit. Of records: decided when their data is there. Never both these and `gatesOf`. */
  guardsOf(type: string): readonly Guard[];
  guardsOfField(type: string, field: string): readonly Guard[];
  /** Of persons (types with a key): decided before anything else is asked about them. */
  gatesOf(type: string): readonly Guard[];
  /** Some record may be hidden from this class: its answers leave on a grid of time. */
  readonly mayHide: boolean;
};

/** A withheld or shown part, for the disclosure record. Never a value. */
export type Decision = {
  /** Identifier of the person it is about (the gate's key), where known. */
  readonly subject: string | null;
  /** `CourtCase`, or `CourtCase.noticeAddress`. */
  readonly element: string;
  readonly effect: Effect | "permit" | "unavailable";
  readonly policy: string;
  readonly authority: string | null;
};

/** Nothing is refused, hidden or masked. */
export const allRights: Rights = {
  key: "all",
  refusesType: () => false,
  refusesField: () => false,
  refusalOf: () => null,
  guardsOf: () => [],
  guardsOfField: () => [],
  gatesOf: () => [],
  mayHide: false,
};
