/** What other agencies release about one hold, as it comes in a representation: read once, and never guessed. */

/** Whom the identifier belongs to (IDENT). */
export type IdentityFacts = {
  /** False: IDENT gave no usable answer. */
  readonly isAnswered: boolean;
  /** False: some identifier in this person's records cannot be read, so that a record under it would not be found. */
  readonly isComplete: boolean;
  /** Null: it cannot be told. */
  readonly minor: boolean | null;
  readonly asOf: string | null;
};

/** One detainer of EID. */
export type DetainerFact = {
  readonly status: "ACTIVE" | "LIFTED";
  /** A day alone, or an instant. */
  readonly preparedAt: string | null;
  readonly servedAt: string | null;
  readonly liftedAt: string | null;
  readonly basis: readonly string[] | null;
  readonly warrantForm: string | null;
  readonly facilityCode: string | null;
  /** Something of it is withheld or cannot be read: then its null says nothing. */
  readonly isWhole: boolean;
};

export type DetainerFacts = {
  readonly detainers: readonly DetainerFact[];
  /** How many rows could not be read at all. */
  readonly unreadable: number;
  readonly asOf: string;
};

/** 8 USC 1367 (ELIS). */
export type ProtectionFacts = {
  /** Null: a case of this person cannot be read. */
  readonly protected1367: boolean | null;
  readonly asOf: string;
};

/** Null in place of a part: it went unanswered. */
export type HoldFacts = {
  readonly identity: IdentityFacts | null;
  readonly detention: DetainerFacts | null;
  readonly protection: ProtectionFacts | null;
  /** When the person would be released if there were no hold, as the caller says. */
  readonly releaseAt: string | null;
};

/** INVARIANT: a part that is not there, or not in its form, is unanswered: nothing is read into it. */
export function readFacts(representation: unknown): HoldFacts {
  const { identity, detainerFacts, protection, releaseAt } = isObject(representation) ? representation : {};
  return {
    identity: readPart(identity, readIdentity),
    detention: readPart(detainerFacts, readDetention),
    protection: readPart(protection, readProtection),
    releaseAt: isMoment(releaseAt) ? releaseAt : null,
  };
}

class NotInForm extends Error {}

type Part = Readonly<Record<string, unknown>>;

function readPart<T>(part: unknown, read: (part: Part) => T): T | null {
  if (!isObject(part)) return null;
  try {
    return read(part);
  } catch (error) {
    if (error instanceof NotInForm) return null;
    throw error;
  }
}

function readIdentity({ isAnswered, isComplete, minor, asOf }: Part): IdentityFacts {
  return {
    isAnswered: given(isAnswered, isBoolean),
    isComplete: given(isComplete, isBoolean),
    minor: orNull(minor, isBoolean),
    asOf: orNull(asOf, isMoment),
  };
}

function readDetention({ detainers, unreadable, asOf }: Part): DetainerFacts {
  return {
    detainers: given(detainers, isList).map((each) => readDetainer(given(each, isObject))),
    unreadable: given(unreadable, isCount),
    asOf: given(asOf, isMoment),
  };
}

function readDetainer(row: Part): DetainerFact {
  const { status, preparedAt, servedAt, liftedAt, basis, warrantForm, facilityCode, isWhole } = row;
  return {
    status: given(status, isStatus),
    preparedAt: orNull(preparedAt, isMoment),
    servedAt: orNull(servedAt, isMoment),
    liftedAt: orNull(liftedAt, isMoment),
    basis: orNull(basis, isTexts),
    warrantForm: orNull(warrantForm, isText),
    facilityCode: orNull(facilityCode, isText),
    isWhole: given(isWhole, isBoolean),
  };
}

function readProtection({ protected1367, asOf }: Part): ProtectionFacts {
  return { protected1367: orNull(protected1367, isBoolean), asOf: given(asOf, isMoment) };
}

function given<T>(value: unknown, is: (value: unknown) => value is T): T {
  if (!is(value)) throw new NotInForm();
  return value;
}

function orNull<T>(value: unknown, is: (value: unknown) => value is T): T | null {
  return value === null ? null : given(value, is);
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isText = (value: unknown): value is string => typeof value === "string";
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] => isList(value) && value.every(isText);
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
const isStatus = (value: unknown): value is DetainerFact["status"] => value === "ACTIVE" || value === "LIFTED";

function isObject(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A day or an instant in UTC, as every subgraph writes one. */
function isMoment(value: unknown): value is string {
  return (
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}
