/**
 * What a decoder makes of an agency's bytes. Three things are kept apart for ever: a value the system does not hold
 * (`null`), one it holds and withholds (REDACTED), and one that cannot be read (UNREADABLE).
 */

/** A field's value, its absence, or why it is withheld. */
export type Decoded<T> = T | null | Withheld;

export type Withheld = {
  readonly withheld: "REDACTED" | "UNREADABLE";
  /** The system and its own name of the field; never the value. */
  readonly system: string;
  readonly field: string;
};

/** A row that cannot be read at all: it is reported and left out, never guessed. */
export type UnreadableRow = {
  readonly system: string;
  /** The column or element that made the row unreadable. */
  readonly field: string;
  /** Where: `row 12`, `tbl_schedule line 4031`. */
  readonly position: string;
};

export type DecodedRows<T> = { readonly records: readonly T[]; readonly unreadable: readonly UnreadableRow[] };

/** Thrown by a decoder when a row cannot stand without this field. */
export class RowUnreadable extends Error {
  readonly field: string;
  constructor(field: string) {
    super(`unreadable: ${field}`);
    this.field = field;
  }
}

export function redacted(system: string, field: string): Withheld {
  return { withheld: "REDACTED", system, field };
}

export function unreadable(system: string, field: string): Withheld {
  return { withheld: "UNREADABLE", system, field };
}

export function isWithheld(value: unknown): value is Withheld {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "withheld");
}

/** The value itself, or null where it is absent or withheld: for reasoning that treats both as not known. */
export function known<T>(value: Decoded<T>): T | null {
  return isWithheld(value) ? null : (value as T | null);
}

/** FOIA-style marks as agencies print them: `b(6), b(7)c`, `(b)(6)`, `(b)(7)(E)`. Not the same as empty. */
export function isRedactionMark(text: string): boolean {
  return /\(b\)|\bb\(\d\)/i.test(text) || /^redacted$/i.test(text.trim());
}

/**
 * Decodes rows one by one; `decode` throws `RowUnreadable` for a row that cannot stand.
 * Any other exception is a fault of ours and is passed on.
 */
export function decodeRows<Row, T>(
  system: string,
  rows: readonly Row[],
  decode: (row: Row) => T,
  position: (row: Row, index: number) => string = (_row, index) => `row ${index + 1}`,
): DecodedRows<T> {
  const records: T[] = [];
  const unreadableRows: UnreadableRow[] = [];
  rows.forEach((row, index) => {
    try {
      records.push(decode(row));
    } catch (error) {
      if (!(error instanceof RowUnreadable)) throw error;
      unreadableRows.push({ system, field: error.field, position: position(row, index) });
    }
  });
  return { records, unreadable: unreadableRows };
}
