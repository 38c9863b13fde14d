/**
 * Watches IDENT: the FINs of clusters in which something has changed, each cluster then retrieved for every identifier that
 * it has. IDENT never takes an identifier back, so that those of before are among them.
 */
import type { About, Change } from "#kit/envelope.ts";
import type { WatchedSource } from "#kit/feed.ts";
import { listedSince } from "#kit/listing.ts";
import { type Cluster, type Encounter, system } from "./records.ts";
import { maxFins, type WatchedIdent } from "./source.ts";

/** More are told as all. */
const maxChangedFins = 1_000;

export function watchedPersons(ident: WatchedIdent): WatchedSource {
  let position: string | null = null;
  return {
    system,
    async poll() {
      const page = await listedSince(ident.changes, position, maxChangedFins);
      const fins = [...new Set(page.entries)];
      const changes: Change[] = page.complete ? [] : [{ all: true }];
      for (let at = 0; at < fins.length; at += maxFins) {
        const { clusters, unknownFins } = await ident.retrieve(fins.slice(at, at + maxFins));
        // Whoever they were, and whatever they were known by, nobody can say.
        if (unknownFins.length + clusters.unreadable.length > 0) changes.push({ all: true });
        changes.push(...clusters.records.map((cluster) => ({ about: aboutOf(cluster) })));
      }
      position = page.position;
      return { asOf: page.asOf, changes };
    },
  };
}

function aboutOf({ identities, sharedANumbers }: Cluster): readonly About[] {
  const fins = identities.records.map(({ fin }) => fin);
  const encounters = identities.records.flatMap((each) => each.encounters.records);
  const about = [
    ...fins.flatMap((fin): About[] => [
      ["Fin", fin],
      ["Person", fin],
    ]),
    ...encounters.flatMap(identifiersIn),
    ...sharedANumbers.records.map((number): About => ["ANumber", number]),
  ];
  return [...new Map(about.map((each) => [each.join(" "), each])).values()];
}

function identifiersIn(encounter: Encounter): readonly About[] {
  const { aNumber, i94Number, passport, receiptNumber, sevisId, fbiNumber, eidSubjectId } = encounter;
  const found: readonly (readonly [kind: string, value: unknown])[] = [
    ["ANumber", aNumber?.value],
    ["I94Number", i94Number],
    ["PassportNumber", passport !== null && "number" in passport ? passport.number : null],
    ["ReceiptNumber", receiptNumber],
    ["SevisId", sevisId],
    ["FbiNumber", fbiNumber],
    ["EidSubjectId", eidSubjectId],
  ];
  // What cannot be read finds nobody.
  return found.filter((each): each is About => typeof each[1] === "string");
}
