/** Which PostgreSQL holds EID's tables: one that is given, one that is on the machine, or the embedded one. */
import { existingDatabase } from "./existing-database.ts";
import { spawnEmbedded } from "./spawned-embedded.ts";
import { findBinaries, spawnPostgres } from "./spawned-postgres.ts";

/** A running PostgreSQL with an empty database that is ours alone. */
export type Engine = {
  /** For the progress line: `PostgreSQL 15.14`. */
  readonly description: string;
  /** On loopback. */
  readonly port: number;
  readonly database: string;
  /** May do everything in the database. */
  readonly ownerUrl: string;
  /** Role that the agency's readers log in as; whoever fills the database creates it. */
  readonly reader: { readonly user: string; readonly password: string };
  /** Ends it and removes what it stored. Idempotent. */
  close(): Promise<void>;
};

export const engineChoices = ["auto", "postgres", "embedded"] as const;
export type EngineChoice = (typeof engineChoices)[number];

export type EngineSettings = {
  readonly choice: EngineChoice;
  /** An existing server to make the database in; it is only used when `choice` allows a real PostgreSQL. */
  readonly databaseUrl?: string | undefined;
  /** The name of that database; null: one that nobody else has. */
  readonly database?: string | null;
  readonly progress: (line: string) => void;
};

/** `EID_ENGINE`, `DATABASE_URL` and `EID_DATABASE`; throws a line that says what to set. */
export function readEngineSettings(
  env: Readonly<Record<string, string | undefined>>,
): Omit<EngineSettings, "progress"> {
  const { EID_ENGINE = "auto", DATABASE_URL, EID_DATABASE } = env;
  const choice = engineChoices.find((each) => each === EID_ENGINE);
  if (choice === undefined) throw new Error(`EID_ENGINE must be one of ${engineChoices.join(", ")}`);
  if (EID_DATABASE !== undefined && !/^[a-z][a-z0-9_]{0,40}$/.test(EID_DATABASE))
    throw new Error("EID_DATABASE must be a name of small letters, digits and _");
  return { choice, databaseUrl: DATABASE_URL || undefined, database: EID_DATABASE ?? null };
}

/** Starts the first that is to be had. `auto`: a binary that does not run is no reason to give up. */
export async function startEngine({ choice, databaseUrl, database, progress }: EngineSettings): Promise<Engine> {
  if (choice === "embedded") return spawnEmbedded();
  if (databaseUrl !== undefined) return existingDatabase(databaseUrl, database);
  const binaries = findBinaries();
  if (binaries !== null) {
    try {
      return await spawnPostgres(binaries);
    } catch (error) {
      if (choice === "postgres") throw error;
      progress(`eid      ${(error as Error).message}; using the embedded PostgreSQL`);
    }
  }
  if (choice === "postgres")
    throw new Error("EID_ENGINE=postgres needs initdb and postgres on the PATH, or DATABASE_URL");
  return spawnEmbedded();
}
