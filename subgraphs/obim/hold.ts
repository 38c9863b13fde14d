/** What IDENT contributes to a hold: whom to look for, or, where nobody is known, something as good as whom. */
import { createHmac, randomBytes } from "node:crypto";
import { GraphQLError } from "graphql";
import { known } from "#kit/decoded.ts";
import { SourceError } from "#kit/source.ts";
import { parseInstant } from "#schema/scalars.ts";
import type { Identifier, Person } from "./person.ts";

export type HoldSubject = {
  readonly fin: string;
  readonly aNumbers: readonly string[];
  readonly eidSubjectIds: readonly string[];
  readonly identity: {
    readonly isAnswered: boolean;
    readonly isComplete: boolean;
    readonly minor: boolean | null;
    readonly asOf: string | null;
  };
  readonly releaseAt: string | null;
};

/** What became of asking IDENT. Null person: nobody. */
export type Asked = { readonly person: Person | null; readonly asOf: string };

/**
 * INVARIANT: what is asked of others afterwards is the same for everybody: each list has something in it, and nobody's
 * identifiers stand where there are none.
 */
export function holdSubject(asked: Asked | SourceError, identifier: Identifier, releaseAt: string | null): HoldSubject {
  const nobody = decoyOf(identifier);
  if (asked instanceof SourceError)
    return { ...nobody, identity: { isAnswered: false, isComplete: false, minor: null, asOf: null }, releaseAt };
  const { person, asOf } = asked;
  if (person === null)
    return { ...nobody, identity: { isAnswered: true, isComplete: true, minor: false, asOf }, releaseAt };
  const { fin, aNumbers, eidSubjectIds, unreadable, minor } = person;
  return {
    fin,
    aNumbers: aNumbers.length > 0 ? aNumbers : nobody.aNumbers,
    eidSubjectIds: eidSubjectIds.length > 0 ? eidSubjectIds : nobody.eidSubjectIds,
    identity: {
      isAnswered: true,
      isComplete: unreadable.aNumbers.length + unreadable.eidSubjectIds.length === 0,
      minor: known(minor),
      asOf,
    },
    releaseAt,
  };
}

// Of this process alone: who reads what is asked of others cannot tell from it which identifier was typed.
const decoyKey = randomBytes(32);

/**
 * Identifiers in their form that are nobody's: a FIN in IDENT has digits alone; no A-number was ever given out with fewer
 * than seven digits; EID's subject ids begin with no X. The same for the same question, as a person's own are.
 */
function decoyOf({ kind, value }: Identifier) {
  const hash = createHmac("sha256", decoyKey)
    .update(JSON.stringify([kind, value]))
    .digest();
  const digits = (at: number, count: number) => String(hash.readUInt32BE(at) % 10 ** count).padStart(count, "0");
  return {
    fin: `X${digits(0, 9)}`,
    aNumbers: [`000${digits(4, 6)}`],
    eidSubjectIds: [`X${digits(8, 8)}`],
  };
}

/** In UTC; null when none was given. */
export function parseReleaseAt(text: unknown): string | null {
  if (text === undefined || text === null) return null;
  const at = typeof text === "string" ? parseInstant(text) : null;
  if (at === null || at < "1990" || at > "2201")
    throw new GraphQLError("releaseAt takes an instant with its zone, such as 2026-10-23T18:00:00-05:00", {
      extensions: { code: "INVALID_IDENTIFIER" },
    });
  return at;
}
