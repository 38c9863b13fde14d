/**
 * The interim rule, until every field has its own: who may not ask for a person at all. Local police ask about a hold,
 * not about a person; a caller without a purpose has no right to anything.
 */
import type { Caller } from "./authenticate.ts";
import type { Purpose } from "./purpose.ts";

const withoutPersons: readonly Purpose[] = ["LAW_ENFORCEMENT_INQUIRY", "JAIL_INTAKE"];

/** Root fields of a query that this caller may not ask for this purpose. */
export function refusedRootFields(caller: Pick<Caller, "purposes">, purpose: Purpose | null): ReadonlySet<string> {
  const mayAsk = caller.purposes.length > 0 && purpose !== null && !withoutPersons.includes(purpose);
  return new Set(mayAsk ? [] : ["person"]);
}
