/** What Global and ELIS list as changed. Pure. */
import { type Listing, readListing } from "#kit/listing.ts";
import { SourceError } from "#kit/source.ts";
import { parseANumber } from "#schema/scalars.ts";
import { isInstant, type Source } from "./records.ts";

export type ChangedRecord = {
  /** Null: it cannot be read. */
  readonly aNumber: string | null;
  readonly recordId: string;
};

/** In: the bytes of a list of changes. Throws SOURCE_INVALID when it is none. */
export function decodeChanges(system: Source["system"], body: Buffer): Listing<ChangedRecord> {
  const entry = (value: unknown): ChangedRecord => {
    const { alienNumber, recordId } = (typeof value === "object" && value !== null ? value : {}) as {
      readonly alienNumber?: unknown;
      readonly recordId?: unknown;
    };
    if (typeof recordId !== "string" || recordId === "" || recordId.length > 64)
      throw new SourceError("SOURCE_INVALID", system);
    return { aNumber: typeof alienNumber === "string" ? parseANumber(alienNumber) : null, recordId };
  };
  return readListing({ system, asOf: "asOf", entries: "changes", isInstant, entry }, body);
}
