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
  readonly progress: (line: string) => void;
};

/** `EID_ENGINE` and `DATABASE_URL`; throws a line that says what to set. */
export function readEngineSettings(
  env: Readonly<Record<string, string | undefined>>,
): Pick<EngineSettings, "choice" | "databaseUrl"> {
  const { EID_ENGINE = "auto", DATABASE_URL } = env;
  const choice = engineChoices.find((each) => each === EID_ENGINE);
  if (choice === undefined) throw new Error(`EID_ENGINE must be one of ${engineChoices.join(", ")}`);
  return { choice, databaseUrl: DATABASE_URL || undefined };
}

/** Starts the first that is to be had. `auto`: a binary that does not run is no reason to give up. */
export async function startEngine({ choice, databaseUrl, progress }: EngineSettings): Promise<Engine> {
  if (choice === "embedded") return spawnEmbedded();
  if (databaseUrl !== undefined) return existingDatabase(databaseUrl);
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
