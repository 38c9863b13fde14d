/** EID's change log, as it comes out of its database. Pure. Format: mocks/ice/README.md. */
import { SourceError } from "#kit/source.ts";
import { parseInstant, type Row, system } from "./cells.ts";

/** The longest list that comes at once; whatever is behind it is not in the next. */
export const maxListed = 1_000;

export type EidChange = {
  readonly number: string;
  readonly transaction: string;
  readonly at: string;
  readonly table: string;
  /** Columns that EID holds nothing in are null. Null: there was no such row, or there is none any more. */
  readonly before: Row | null;
  readonly after: Row | null;
};

export type EidChanges = {
  readonly asOf: string;
  /** Of another database it is another. */
  readonly logId: string;
  /** The lowest transaction that had not ended. */
  readonly openFrom: string;
  readonly changes: readonly EidChange[];
};

/** Throws `SourceError` when it is anything else than the log's rows with their clock. */
export function readChanges(answer: unknown): EidChanges {
  if (!isObject(answer)) throw invalid();
  const [asOf, logId] = [one(answer["As Of"]), one(answer["Log Id"])];
  const [openFrom, changes] = [answer["Open From"], answer.Changes];
  const instant = parseInstant(asOf);
  if (instant === null || typeof logId !== "string" || !/^[0-9a-f-]{36}$/.test(logId)) throw invalid();
  if (!isCount(openFrom) || !Array.isArray(changes)) throw invalid();
  return { asOf: instant, logId, openFrom, changes: changes.map(readChange) };
}

function readChange(value: unknown): EidChange {
  if (!isObject(value)) throw invalid();
  const { "Change Number": number, Transaction: transaction, "Changed At": changedAt, "Table Name": table } = value;
  const at = parseInstant(changedAt);
  if (!isCount(number) || !isCount(transaction) || at === null || typeof table !== "string") throw invalid();
  return { number, transaction, at, table, before: rowOf(value.Before), after: rowOf(value.After) };
}

const isCount = (value: unknown): value is string => typeof value === "string" && /^\d{1,18}$/.test(value);

/** The log leaves out what is NULL; a row of a table has it. */
function rowOf(value: unknown): Row | null {
  if (value === null) return null;
  if (!isObject(value)) throw invalid();
  return new Proxy(value, { get: (row, column) => (Object.hasOwn(row, column) ? Reflect.get(row, column) : null) });
}

function one(list: unknown): unknown {
  return Array.isArray(list) && list.length === 1 ? list[0] : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(): SourceError {
  return new SourceError("SOURCE_INVALID", system);
}
