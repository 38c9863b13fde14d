/**
 * The answer to PersonRecord, computed from the simulated systems' raw bytes alone. Written from the wire formats'
 * descriptions and the schema's comments.
 *
 * INVARIANT: nothing in this folder imports what it checks (subgraphs, gateway, schema) or what made the bytes (mocks).
 */
import { answered, type Expected, Listed, Lost } from "./answer.ts";
import type { Rows } from "./cbp.ts";
import { arrivalsOf, type Crossings, readCrossings } from "./cbp.ts";
import { type Court, readCourt } from "./court.ts";
import { courtCasesOf } from "./court-cases.ts";
import { staysOf } from "./court-stays.ts";
import { addressesOf, apprehensionsOf, readE3 } from "./e3.ts";
import { custodyStaysOf, detainersOf, type Eid, readEid, removalsOf } from "./ice.ts";
import { type Identities, keysOf, personOf, readIdentities } from "./obim.ts";
import { asylumOf, readUscis, type Uscis } from "./uscis.ts";

/** Where each system listens. */
export type Urls = Readonly<Record<"ident" | "adis" | "i94" | "e3" | "eid" | "global" | "elis" | "case", string>>;

export type Oracle = {
  /** The whole expected answer for one of the FINs that were read. */
  expectedFor(fin: string): Expected;
};

/** Reads every system, all persons together. */
export async function readOracle(urls: Urls, fins: readonly string[]): Promise<Oracle> {
  const identities = await readIdentities(urls.ident, fins);
  const keys = [...new Set(identities.values())].map(keysOf);
  const [crossings, e3, eid, uscis, court] = await Promise.all([
    readCrossings(urls, keys),
    readE3(urls.e3, keys),
    readEid(urls.eid, keys),
    readUscis(urls, keys),
    readCourt(urls.case, keys),
  ]);
  const systems = { identities, crossings, e3, eid, uscis, court };
  return { expectedFor: (fin) => expectedAnswer(systems, fin) };
}

type Systems = {
  readonly identities: Identities;
  readonly crossings: Crossings;
  readonly e3: Rows;
  readonly eid: Eid;
  readonly uscis: Uscis;
  readonly court: Court;
};

function expectedAnswer({ identities, crossings, e3, eid, uscis, court }: Systems, fin: string): Expected {
  const cluster = identities.get(fin);
  if (cluster === undefined) return { data: { person: null }, errors: [] };
  const keys = keysOf(cluster);
  // Every other agency is asked by A-number among others. Where none that was typed can be read, none of them was asked for
  // this person; where some can, each found only what stands under those: every part says so, and none says "nothing".
  const asked = (part: unknown): unknown => {
    if (!keys.aNumbersLack) return part;
    if (keys.aNumbers.size === 0) return new Lost("RECORD_UNREADABLE", "IDENT");
    if (part instanceof Listed) return new Listed(part.records, [...part.unreadableIn, "IDENT"]);
    return Object.fromEntries(Object.entries(part as object).map(([list, each]) => [list, asked(each)]));
  };
  return answered({
    person: {
      ...personOf(cluster, fin),
      arrivals: arrivalsOf(crossings, keys),
      apprehensions: asked(apprehensionsOf(e3, keys)),
      custodyStays: asked(custodyStaysOf(eid, keys)),
      detainers: asked(detainersOf(eid, keys)),
      removals: asked(removalsOf(eid, keys)),
      addresses: asked(addressesOf(e3, keys)),
      asylum: asked(asylumOf(uscis, keys)),
      courtCases: asked(courtCasesOf(court, keys)),
      stays: asked(staysOf(court, keys)),
    },
  });
}
