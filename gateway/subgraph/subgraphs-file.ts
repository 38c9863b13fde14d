/** What is known of each subgraph beside its schema: schema/subgraphs.json. */
import { readFileSync } from "node:fs";

export type SubgraphTraits = {
  /** The agency's systems behind it. */
  readonly systems: readonly string[];
  /** By system: how late whoever watches it learns of a change in it. A system that is not in it does not say. */
  readonly lagMs: Readonly<Record<string, number>>;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  /** It is asked even where a field it requires could not be had, and is told which. */
  readonly isPartial: boolean;
  /** Common: its answers are the same whoever asks. */
  readonly fetches: "common" | "personal";
};

export type SubgraphDefaults = { readonly timeoutMs: number; readonly maxConcurrent: number };

/** The traits of any subgraph, named in the file or not. */
export type TraitsOf = (subgraph: string) => SubgraphTraits;

/** Throws, with every refusal in one message, where the file is not there or not understood in full. */
export function readSubgraphsFile(path: string, defaults: SubgraphDefaults): TraitsOf {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`${path} cannot be read: set GATEWAY_SUBGRAPHS to a file of subgraphs`, { cause });
  }
  const outcome = parseSubgraphs(text, defaults);
  if ("refusals" in outcome) throw new Error(outcome.refusals.map((each) => `${path}: ${each}`).join("\n"));
  return outcome.traitsOf;
}

export type SubgraphsOutcome = { readonly traitsOf: TraitsOf } | { readonly refusals: readonly string[] };

/** Every refusal at once. A subgraph that is not named has the defaults, no systems, and personal fetches. */
export function parseSubgraphs(text: string, defaults: SubgraphDefaults): SubgraphsOutcome {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return { refusals: ["is not JSON"] };
  }
  if (!Array.isArray(entries)) return { refusals: ["must be a list of subgraphs"] };
  const refusals: string[] = [];
  const known = new Map<string, SubgraphTraits>();
  for (const [index, entry] of entries.entries()) {
    const name = nameOf(entry);
    const where = name ?? `entry ${index + 1}`;
    if (name !== null && known.has(name)) refusals.push(`${where} stands twice`);
    refusals.push(...refusalsOf(entry).map((refusal) => `${where} ${refusal}`));
    if (name !== null) known.set(name, traitsFrom(entry as Entry, defaults));
  }
  const unnamed: SubgraphTraits = { ...defaults, systems: [], lagMs: {}, isPartial: false, fetches: "personal" };
  return refusals.length > 0 ? { refusals } : { traitsOf: (subgraph) => known.get(subgraph) ?? unnamed };
}

type Entry = {
  readonly name: string;
  readonly systems?: readonly string[];
  readonly lagMs?: Readonly<Record<string, number>>;
  readonly timeoutMs?: number;
  readonly maxConcurrent?: number;
  readonly partial?: true;
  readonly fetches?: "common" | "personal";
};

function traitsFrom(entry: Entry, defaults: SubgraphDefaults): SubgraphTraits {
  return {
    systems: entry.systems ?? [],
    lagMs: entry.lagMs ?? {},
    timeoutMs: entry.timeoutMs ?? defaults.timeoutMs,
    maxConcurrent: entry.maxConcurrent ?? defaults.maxConcurrent,
    isPartial: entry.partial ?? false,
    fetches: entry.fetches ?? "personal",
  };
}

type Member = {
  readonly isValid: (value: unknown, entry: Readonly<Record<string, unknown>>) => boolean;
  readonly form: string;
  readonly isRequired?: true;
};

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isCount = (max: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;

/** A month at most: what is published no oftener than that. */
const maxLagMs = 31 * 86_400_000;

function isLag(value: unknown, { systems }: Readonly<Record<string, unknown>>): boolean {
  if (!isRecord(value) || !Array.isArray(systems)) return false;
  return Object.entries(value).every(
    ([system, ms]) => systems.includes(system) && Number.isInteger(ms) && Number(ms) >= 0 && Number(ms) <= maxLagMs,
  );
}

const members: Readonly<Record<string, Member>> = {
  name: { isValid: isText, form: "a name", isRequired: true },
  // Where it listens on this machine: read by what starts and composes the subgraphs.
  url: { isValid: (value) => isText(value) && URL.canParse(String(value)), form: "a URL" },
  systems: { isValid: (value) => Array.isArray(value) && value.every(isText), form: "a list of names" },
  lagMs: { isValid: isLag, form: "whole numbers from 0 to 2678400000 by system, of systems that it has" },
  timeoutMs: { isValid: isCount(600_000), form: "a whole number from 1 to 600000" },
  maxConcurrent: { isValid: isCount(10_000), form: "a whole number from 1 to 10000" },
  partial: { isValid: (value) => value === true, form: "true, or left out" },
  fetches: { isValid: (value) => value === "common" || value === "personal", form: '"common" or "personal"' },
};

function refusalsOf(entry: unknown): readonly string[] {
  if (!isRecord(entry)) return ["must be an object"];
  const unknowns = Object.keys(entry).filter((key) => !Object.hasOwn(members, key));
  const invalid = Object.entries(members).filter(([key, { isValid, isRequired }]) =>
    Object.hasOwn(entry, key) ? !isValid(entry[key], entry) : isRequired,
  );
  return [
    ...unknowns.map((key) => `has a member that nobody reads: ${key}`),
    ...invalid.map(([key, { form }]) => `must have ${form} as ${key}`),
  ];
}

function nameOf(entry: unknown): string | null {
  return isRecord(entry) && typeof entry.name === "string" && entry.name !== "" ? entry.name : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
