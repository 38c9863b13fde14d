/** The invented population: any person, any time, by arithmetic; nobody is held in memory but a few recent blocks. */
import type { Clock, IdentifierKind, World } from "../world.ts";
import { BLOCK_SIZE, makeBlock } from "./block.ts";
import { instant, secondsOf } from "./dates.ts";
import { decode, MAX_PEOPLE } from "./identifiers.ts";
import { makeScenarioBlock, scenarioPeople } from "./scenarios.ts";
import { DEFAULT_WORLD_NOW } from "./stage.ts";
import { identifiersIn } from "./standing.ts";
import type { PersonFile } from "./types.ts";

export { DEFAULT_WORLD_NOW };

const cachedBlocks = 256;

export type WorldOptions = {
  /** How many people; the scenarios' people are always among them, so never fewer than `scenarioPeople`. */
  readonly size: number;
  readonly seed: number;
  /** ISO instant in UTC: every date is anchored to it. */
  readonly worldNow?: string;
};

/** A pure function of its options: same seed, same people. Throws RangeError for a size, seed or instant it cannot serve. */
export function createWorld({ size: asked, seed, worldNow = DEFAULT_WORLD_NOW }: WorldOptions): World {
  if (!Number.isInteger(asked) || asked < 1 || asked > MAX_PEOPLE) {
    throw new RangeError(`a population has 1 to ${MAX_PEOPLE} people`);
  }
  if (!Number.isInteger(seed)) throw new RangeError("a seed is a whole number");
  const size = Math.max(asked, scenarioPeople);
  const making = { seed, now: secondsOf(worldNow) };
  const changed = new Map<number, PersonFile>();
  const changedHolders = new Map<string, Set<number>>();
  const make = (block: number) => makeScenarioBlock(making, block) ?? makeBlock(making, block);
  const blockOf = remember(cachedBlocks, make);

  const person = (index: number): PersonFile =>
    changed.get(index) ?? blockOf(Math.floor(index / BLOCK_SIZE))[index % BLOCK_SIZE]!;

  return {
    size,
    *persons() {
      // Past the cache: a stream of everyone would only push out the blocks that are asked for again.
      for (let first = 0; first < size; first += BLOCK_SIZE) {
        const block = make(first / BLOCK_SIZE);
        for (let index = first; index < Math.min(first + BLOCK_SIZE, size); index += 1) {
          yield changed.get(index) ?? block[index - first]!;
        }
      }
    },
    find(kind, value) {
      const candidates = new Set<number>(changedHolders.get(`${kind} ${value}`));
      for (const index of decode(kind, value)) {
        const first = index - (index % BLOCK_SIZE);
        for (let each = first; each < Math.min(first + BLOCK_SIZE, size); each += 1) candidates.add(each);
      }
      const files = [...candidates].sort((a, b) => a - b).map(person);
      return files.filter((file) => identifiersIn(file, kind).has(value));
    },
    change(index, edit) {
      if (!Number.isInteger(index) || index < 0 || index >= size) throw new RangeError("nobody has this index");
      const file = edit(person(index));
      if (file.index !== index) throw new RangeError("an edit cannot change whose file it is");
      changed.set(index, file);
      for (const kind of kinds) {
        for (const value of identifiersIn(file, kind)) {
          const holders = changedHolders.get(`${kind} ${value}`) ?? new Set<number>();
          changedHolders.set(`${kind} ${value}`, holders.add(index));
        }
      }
      return file;
    },
  };
}

const kinds: readonly IdentifierKind[] = [
  "fin",
  "aNumber",
  "i94Number",
  "passport",
  "receiptNumber",
  "sevisId",
  "fbiNumber",
  "eidSubjectId",
  "idncase",
];

/** Keeps the results of the latest few calls; the least recently used one goes first. */
function remember<T>(limit: number, make: (key: number) => T): (key: number) => T {
  const kept = new Map<number, T>();
  return (key) => {
    let value = kept.get(key);
    if (value === undefined) {
      value = make(key);
      if (kept.size >= limit) kept.delete(kept.keys().next().value!);
    } else {
      kept.delete(key);
    }
    kept.set(key, value);
    return value;
  };
}

/** A clock that stands still until it is set; whole seconds. Throws RangeError for what is not an ISO instant. */
export function createClock(now: string = DEFAULT_WORLD_NOW): Clock {
  let current = instant(secondsOf(now));
  const listeners = new Set<() => void>();
  return {
    now: () => current,
    set(next) {
      current = instant(secondsOf(next));
      for (const listener of listeners) listener();
    },
    onChange: (listener) => void listeners.add(listener),
  };
}
