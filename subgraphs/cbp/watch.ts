/**
 * Watches ADIS, I-94 and e3. An arrival is made of a crossing and of the admission whose number stands in it: a person whom
 * nobody but ADIS ties to that number is reached by the crossing's FIN, which I-94 does not know. It is looked up.
 */
import type { About, Change } from "#kit/envelope.ts";
import type { WatchedSource } from "#kit/feed.ts";
import { type Listing, listedSince } from "#kit/listing.ts";
import { SourceError } from "#kit/source.ts";
import type { Identifier, RowChange } from "./answers.ts";
import type { System } from "./cells.ts";
import { subjectIdentifiers } from "./e3-records.ts";
import { admissionIdentifiers, crossingIdentifiers } from "./records.ts";
import type { WatchedCbp } from "./source.ts";

export function watchedSystems(cbp: WatchedCbp): readonly WatchedSource[] {
  return [
    watched("ADIS", cbp.changes.ADIS, async (changes) => changes.map((each) => changeOf(each, crossingIdentifiers))),
    watched("I94", cbp.changes.I94, (changes) => admissionChanges(cbp, changes)),
    watched("E3", cbp.drops, async (names) => {
      const changes: Change[] = [];
      for (const name of names)
        changes.push(...(await cbp.drop(name)).map((each) => changeOf(each, subjectIdentifiers)));
      return changes;
    }),
  ];
}

function watched<Entry>(
  system: System,
  list: (position: string | null) => Promise<Listing<Entry>>,
  changesIn: (entries: readonly Entry[]) => Promise<readonly Change[]>,
): WatchedSource {
  let position: string | null = null;
  return {
    system,
    async poll() {
      const page = await listedSince(list, position);
      const changes = await changesIn(page.entries);
      position = page.position;
      return { asOf: page.asOf, changes: page.complete ? changes : [{ all: true }, ...changes] };
    },
  };
}

/** A row that may be anybody's is everybody's, as it is for whoever asks. */
function changeOf({ before, after }: RowChange, identifiersIn: (row: unknown) => readonly Identifier[]): Change {
  const sides = [before, after].filter((row) => row !== null).map(identifiersIn);
  if (sides.some((identifiers) => identifiers.length === 0)) return { all: true };
  return { about: [...new Set(sides.flat())].map(aboutOf) };
}

const scalars = { fin: "Fin", i94: "I94Number", a: "ANumber" } as const;

function aboutOf(identifier: Identifier): About {
  const at = identifier.indexOf(" ");
  return [scalars[identifier.slice(0, at) as keyof typeof scalars], identifier.slice(at + 1)];
}

async function admissionChanges(cbp: WatchedCbp, rows: readonly RowChange[]): Promise<readonly Change[]> {
  const changes = rows.map((each) => changeOf(each, admissionIdentifiers));
  const about = changes.flatMap((each) => ("about" in each ? each.about : []));
  if (about.length === 0) return changes;
  try {
    const crossings = await cbp.findCrossings({ fins: [], admissionNumbers: about.map(([, number]) => number) });
    const fins = new Set(crossings.rows.flatMap(({ value }) => crossingIdentifiers(value)).map(aboutOf));
    return [...changes, ...(fins.size > 0 ? [{ about: [...fins] }] : [])];
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    // Whoever else sees these admissions, only ADIS knows.
    return [{ all: true }];
  }
}
