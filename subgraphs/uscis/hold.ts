/** What USCIS releases so that a hold can be told: whether 8 USC 1367 hides the person. Pure. */
import type { DecodedRow, ElisApplication } from "./records.ts";

export type ProtectionFacts = {
  /** Null: a case of this person cannot be read, and no other settles it. */
  readonly protected1367: boolean | null;
  readonly asOf: string;
};

type Answer = { readonly asOf: string; readonly cases: readonly DecodedRow<ElisApplication>[] };

/** `answers`: ELIS's, one or more; the oldest of them says as of when. */
export function protectionOf(answers: readonly Answer[]): ProtectionFacts {
  const rows = answers.flatMap(({ cases }) => cases);
  const isProtected = rows.some(({ record }) => record?.protected1367 === true);
  const isLost = rows.some(({ unreadable }) => unreadable.length > 0);
  return {
    protected1367: isProtected ? true : isLost ? null : false,
    asOf: answers.map(({ asOf }) => asOf).sort()[0] as string,
  };
}
