/** What ICE releases about detainers so that a hold can be told: values, or that they cannot be had. Pure. */
import { isWithheld, known } from "#kit/decoded.ts";
import { type Detainer, type EidAnswer, type Keys, recordsOf } from "./records.ts";

export type DetainerFacts = {
  readonly detainers: readonly DetainerFact[];
  readonly unreadable: number;
  readonly asOf: string;
};

type DetainerFact = {
  readonly status: Detainer["status"];
  readonly preparedAt: string | null;
  readonly servedAt: string | null;
  readonly liftedAt: string | null;
  readonly basis: readonly string[] | null;
  readonly warrantForm: string | null;
  readonly facilityCode: string | null;
  readonly isWhole: boolean;
};

/** INVARIANT: never an error for one person's rows: whoever asks for the facts would tell them from nobody's by it. */
export function detainerFactsOf(answer: EidAnswer, keys: Keys): DetainerFacts {
  const { records, unreadable } = recordsOf(answer, keys).detainers;
  return { detainers: records.map(factOf), unreadable: unreadable.length, asOf: answer.asOf };
}

function factOf({ status, preparedAt, servedAt, liftedAt, basis, warrantForm, facility }: Detainer): DetainerFact {
  return {
    status,
    preparedAt: known(preparedAt),
    servedAt: known(servedAt),
    liftedAt: known(liftedAt),
    basis: known(basis),
    warrantForm: known(warrantForm),
    facilityCode: known(facility?.code ?? null),
    isWhole: ![preparedAt, servedAt, liftedAt, basis, warrantForm].some(isWithheld),
  };
}
