import type { PersonFile } from "./population/types.ts";

export type IdentifierKind =
  | "fin"
  | "aNumber"
  | "i94Number"
  | "passport"
  | "receiptNumber"
  | "sevisId"
  | "fbiNumber"
  | "eidSubjectId"
  | "idncase";

/** The one invented population, and the changes that acts have made to it. */
export type World = {
  readonly size: number;
  /** Every person, in order, without holding them all in memory. */
  persons(): Iterable<PersonFile>;
  /**
   * The persons in whose file this identifier stands (several, where it is shared or mistyped); [] for nobody.
   * A-numbers as nine digits; passports as `COUNTRY:NUMBER`.
   */
  find(kind: IdentifierKind, value: string): PersonFile[];
  /** Replaces one person's file from now on: how an act changes the world. */
  change(index: number, edit: (file: PersonFile) => PersonFile): PersonFile;
};

/** The world's clock: it stands still until it is set. */
export type Clock = {
  /** ISO instant in UTC, whole seconds. */
  now(): string;
  set(now: string): void;
  onChange(listener: () => void): void;
};

/** What a person types to the control listener to make a change happen in one system. */
export type Act = { readonly act: string; readonly aNumber: string } & Readonly<Record<string, unknown>>;

/**
 * One agency's existing system, simulated in its native protocol.
 * `world` and `clock` are this system's own view: frozen while its `stale` fault is on.
 */
export type Simulator = {
  readonly system: SystemName;
  readonly agency: AgencyName;
  readonly protocol: "http" | "postgres";
  /**
   * Opens the real listener on a free loopback port; resolves once it answers. `url` where a client needs more than
   * the port: credentials, a database.
   */
  start(): Promise<{ readonly port: number; readonly url?: string; close(): Promise<void> }>;
  /** Carries out an act in the system's own way; throws `UnknownAct` for one it does not know. */
  act(act: Act): Promise<unknown>;
  /** Names of the acts it knows. */
  readonly acts: readonly string[];
};

export type AgencyName = "obim" | "cbp" | "ice" | "uscis" | "eoir";
export type SystemName = "ident" | "adis" | "i94" | "e3" | "eid" | "global" | "elis" | "case";

/** What every simulator is made from. */
export type SimulatorContext = {
  readonly world: World;
  readonly clock: Pick<Clock, "now" | "onChange">;
  /** One line to the person watching the start; a long work calls it with its progress. */
  readonly progress: (line: string) => void;
};

export class UnknownAct extends Error {
  constructor(system: SystemName, known: readonly string[]) {
    super(`${system} knows these acts: ${known.join(", ") || "none"}`);
  }
}

export class BadAct extends Error {}
