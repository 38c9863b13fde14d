/**
 * What ADIS and I-94 answer → records with the schema's own field names. Pure. e3's are in `e3-records.ts`, the pages
 * of all three in `answers.ts`, single cells in `cells.ts`.
 */
import { type Decoded, type DecodedRows, isWithheld, known, RowUnreadable, unreadable } from "#kit/decoded.ts";
import { parseFin, parseI94Number } from "#schema/scalars.ts";
import { type Answer, asObject, decodeAnswer, type Identifier, type Source } from "./answers.ts";
import { isoTime, port, type Read, readCell, type System, text, textBy, usDay } from "./cells.ts";

/** One ADIS crossing, before it is an arrival or a departure of the schema. */
export type Crossing = {
  readonly id: string;
  readonly i94Number: Decoded<string>;
  readonly at: Decoded<string>;
  readonly port: Decoded<string>;
  readonly asOf: string;
};

export type Admission = {
  readonly i94Number: string;
  readonly admittedAt: Decoded<string>;
  readonly port: Decoded<string>;
  readonly classOfAdmission: Decoded<string>;
  readonly admitUntil: Decoded<string>;
  readonly durationOfStatus: Decoded<boolean>;
};

export type Arrival = {
  readonly id: string;
  readonly i94Number: Decoded<string>;
  readonly arrivedAt: Decoded<string>;
  readonly portOfEntry: Decoded<string>;
  readonly classOfAdmission: Decoded<string>;
  readonly admitUntil: Decoded<string>;
  readonly durationOfStatus: Decoded<boolean>;
  readonly source: Source;
};

export type Departure = {
  readonly id: string;
  readonly i94Number: Decoded<string>;
  readonly departedAt: Decoded<string>;
  readonly portOfExit: Decoded<string>;
  readonly source: Source;
};

const i94Number = textBy(parseI94Number);
const fin = textBy(parseFin);

/** The identifiers that stand in an ADIS row; empty when none can be read. */
export function crossingIdentifiers(value: unknown): readonly Identifier[] {
  const { read } = fieldsOf("ADIS", value);
  const [person, number] = [known(read("fin", fin)), known(read("admissionNumber", i94Number))];
  return [
    ...(person === null ? [] : [`fin ${person}` as const]),
    ...(number === null ? [] : [`i94 ${number}` as const]),
  ];
}

/** The identifier that stands in an I-94 row; empty when it cannot be read. */
export function admissionIdentifiers(value: unknown): readonly Identifier[] {
  const number = known(fieldsOf("I94", value).read("admissionNumber", i94Number));
  return number === null ? [] : [`i94 ${number}`];
}

/** The crossings inwards (I) or outwards (O). A row that does not say which is reported under both. */
export function decodeCrossings(direction: "I" | "O", answer: Answer): DecodedRows<Crossing> {
  const other = direction === "I" ? "O" : "I";
  const rows = answer.rows.filter(({ value }) => asObject(value)?.direction !== other);
  return decodeAnswer("ADIS", { ...answer, rows }, (value) => {
    const { fields, read } = fieldsOf("ADIS", value);
    if (fields.direction !== direction) throw new RowUnreadable("direction");
    const id = read("recordId", text);
    if (typeof id !== "string") throw new RowUnreadable("recordId");
    return {
      id,
      i94Number: read("admissionNumber", i94Number),
      at: read("crossingDateTime", isoTime),
      port: read("port", port),
      asOf: answer.asOf,
    };
  });
}

/** An ADIS crossing outwards as the schema has it. */
export function departureOf({ at, port: portOfExit, asOf, ...crossing }: Crossing): Departure {
  return { ...crossing, departedAt: at, portOfExit, source: { system: "ADIS", asOf } };
}

/** I-94 admissions; a row without a readable admission number cannot stand. */
export function decodeAdmissions(answer: Answer): DecodedRows<Admission> {
  return decodeAnswer("I94", answer, (value) => {
    const { read } = fieldsOf("I94", value);
    const number = read("admissionNumber", i94Number);
    if (typeof number !== "string") throw new RowUnreadable("admissionNumber");
    const until = read("admitUntilDate", (cell) => (cell === "D/S" ? cell : usDay(cell)));
    return {
      i94Number: number,
      admittedAt: read("admissionDateTime", isoTime),
      port: read("portOfEntry", port),
      classOfAdmission: read("classOfAdmission", text),
      admitUntil: until === "D/S" ? null : until,
      // What is withheld here might have been D/S.
      durationOfStatus: typeof until === "string" ? until === "D/S" : until,
    };
  });
}

/**
 * ADIS arrivals, each with the admission of the number that stands in it; then the admissions that no arrival shows.
 * `admissionsAsOf` is null where I-94 was not asked: no number is known.
 */
export function joinArrivals(
  crossings: readonly Crossing[],
  admissions: readonly Admission[],
  admissionsAsOf: string | null,
): readonly Arrival[] {
  const shown = new Set(crossings.map((crossing) => crossing.i94Number));
  const alone = admissions.filter((admission) => !shown.has(admission.i94Number));
  return [
    ...crossings.map((crossing) => joined(crossing, admissions, admissionsAsOf)),
    ...alone.map(({ admittedAt, port: portOfEntry, ...admission }): Arrival => {
      const source: Source = { system: "I94", asOf: admissionsAsOf! };
      return { id: `i94:${admission.i94Number}`, arrivedAt: admittedAt, portOfEntry, ...admission, source };
    }),
  ];
}

function joined(
  { at, port: portOfEntry, asOf, ...crossing }: Crossing,
  admissions: readonly Admission[],
  admissionsAsOf: string | null,
): Arrival {
  const number = crossing.i94Number;
  const found = admissions.filter((admission) => admission.i94Number === number);
  const ofAdmission = <T>(field: string, pick: (admission: Admission) => Decoded<T>): Decoded<T> => {
    // A withheld number hides which admission it was: not the same as none.
    if (isWithheld(number)) return number;
    return agreed(field, found.map(pick));
  };
  const isJoined = typeof number === "string" && admissionsAsOf !== null;
  return {
    ...crossing,
    arrivedAt: at,
    portOfEntry,
    classOfAdmission: ofAdmission("classOfAdmission", (each) => each.classOfAdmission),
    admitUntil: ofAdmission("admitUntilDate", (each) => each.admitUntil),
    durationOfStatus: ofAdmission("admitUntilDate", (each) => each.durationOfStatus),
    // Vouched for by both systems only up to the older of their instants.
    source: { system: "ADIS", asOf: isJoined && admissionsAsOf < asOf ? admissionsAsOf : asOf },
  };
}

/** What all admissions of one number say; where they contradict each other, none of them is believed. */
function agreed<T>(field: string, values: readonly Decoded<T>[]): Decoded<T> {
  const [first = null, ...others] = values;
  return others.every((each) => JSON.stringify(each) === JSON.stringify(first)) ? first : unreadable("I94", field);
}

/** Oldest first; a day alone before that day's instants; unknown times last; then by id. */
export function oldestFirst<T extends { readonly id: string }>(
  records: readonly T[],
  timeOf: (record: T) => Decoded<string>,
): readonly T[] {
  return [...records].sort((a, b) => byTime(known(timeOf(a)), known(timeOf(b)), 1) || compare(a.id, b.id));
}

/** Newest first; unknown times last; then by id. */
export function newestFirst<T extends { readonly id: string }>(
  records: readonly T[],
  timeOf: (record: T) => Decoded<string>,
): readonly T[] {
  return [...records].sort((a, b) => byTime(known(timeOf(a)), known(timeOf(b)), -1) || compare(a.id, b.id));
}

function byTime(a: string | null, b: string | null, sense: 1 | -1): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return sense * compare(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The named cells of a row; of what is no row, all are blank. */
function fieldsOf(system: System, value: unknown) {
  const fields = asObject(value) ?? {};
  return { fields, read: <T>(field: string, read: Read<T>) => readCell(system, field, fields[field], read) };
}
