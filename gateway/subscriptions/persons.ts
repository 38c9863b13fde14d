/** Whom an announcement is about: one look-up of the gateway's own, whoever subscribes. */
import type { About } from "../cache/message.ts";
import type { Supergraph } from "../supergraph/supergraph.ts";
import { byVariable } from "./alert-query.ts";
import type { AlertPerson } from "./evaluate.ts";

/** Null: nobody is known by what it names, or more than one. Rejects for a fault of ours. */
export async function personOf(
  { alerts, execute }: Supergraph,
  about: readonly About[],
  until: { readonly signal: AbortSignal; readonly deadline: number },
): Promise<AlertPerson | null | "unavailable"> {
  if (!alerts) return null;
  const { find, key, identifiers, findBy, tagsOf } = alerts;
  const text = `query($${byVariable}:${find.input}!){${find.field}(${find.argument}:$${byVariable}){${identifiers}}}`;
  for (const [kind, value] of about) {
    const by = findBy(kind, value);
    if (by === null) continue;
    const { data, codesAt, isWhole } = await execute.lookUp(text, { [byVariable]: by }, until);
    const person = (data as Readonly<Record<string, unknown>>)[find.field];
    if (typeof person === "object" && person !== null) {
      const own = (person as Readonly<Record<string, unknown>>)[key.field];
      // Half of what somebody is known by would leave out some of those who wait for it.
      return isWhole && typeof own === "string" ? { by: { [key.member]: own }, tags: tagsOf(person) } : "unavailable";
    }
    const codes = codesAt(find.field);
    if (!isWhole && !codes.every((code) => ownFault.has(code))) return "unavailable";
  }
  return null;
}

/** Of the identifier, not of the asking: another one may do. */
const ownFault: ReadonlySet<string> = new Set(["AMBIGUOUS_IDENTIFIER", "BAD_USER_INPUT"]);
