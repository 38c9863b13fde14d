/**
 * What went wrong in one operation, kept at the very object and key that it is about. The answer is walked once at the
 * end: whatever stands at that object and key then has its error, under the client's own path.
 */
import type { ErrorCode, Path } from "../errors.ts";

export type Problem = {
  readonly code: ErrorCode;
  /** The subgraph's name. */
  readonly agency?: string;
  readonly system?: string;
  /** Why a policy withholds it, or whom it sends the caller to. */
  readonly authority?: string;
  readonly callback?: string;
  /** Internal keys and indexes below the key, where the subgraph's error points deeper than its data goes. */
  readonly below?: Path;
  /**
   * Internal keys and indexes from the object itself: where it went wrong, if not at the key that is null. The whole object
   * is missing then because of that one place.
   */
  readonly instead?: Path;
  /** About a whole fetch and no entity of it in particular: told once, at the nearest place outside of lists. */
  readonly isWhole?: true;
};

export type Problems = {
  readonly isEmpty: boolean;
  add(holder: object, key: string | number, problem: Problem): void;
  at(holder: object, key: string | number): readonly Problem[];
  of(holder: object): Iterable<readonly [string | number, readonly Problem[]]>;
  /** What was found in one object belongs to another from now on. */
  move(from: object, to: object): void;
  /** Nothing but these is to be told at this place. */
  replace(holder: object, key: string | number, problems: readonly Problem[]): void;
  /**
   * A problem that no place in the answer may show: told all the same, if nothing else of its code is. `about`: the object
   * that was asked for.
   */
  addLoose(problem: Problem, about: object): void;
  readonly loose: readonly Problem[];
  /** Takes back what is told of this object at no place of it. */
  takeLoose(about: object): readonly Problem[];
};

const ownCodes: ReadonlySet<ErrorCode> = new Set(["RECORD_UNREADABLE", "VALUE_UNREADABLE", "REDACTED_BY_SOURCE"]);

/**
 * Whether it lies in what is recorded of this very person or record. An outage is met by whoever asks, and by who asks for
 * nobody; this nobody meets who is not there, so that to tell of it tells that somebody is.
 */
export const isOfOwnRecord = ({ code }: Problem): boolean => ownCodes.has(code);

const none: readonly Problem[] = [];
/** More say nothing new about one place. */
const maxAtOnePlace = 10;

export const openProblems = (): Problems => new Collected();

/** A class: an object that is made with accessors of its own costs a hidden class each, which keeps all they refer to. */
class Collected implements Problems {
  #places: Map<object, Map<string | number, Problem[]>> | null = null;
  #loose: Map<object, Problem[]> | null = null;

  get isEmpty(): boolean {
    return this.#places === null && this.#loose === null;
  }

  get loose(): readonly Problem[] {
    const byText = new Map<string, Problem>();
    for (const each of [...(this.#loose?.values() ?? [])].flat())
      byText.set(`${each.code} ${each.agency} ${each.system}`, each);
    return [...byText.values()];
  }

  add(holder: object, key: string | number, problem: Problem): void {
    const keys = this.#keysOf(holder);
    const known = keys.get(key);
    if (!known) keys.set(key, [problem]);
    else if (known.length < maxAtOnePlace && !known.includes(problem)) known.push(problem);
  }

  at(holder: object, key: string | number): readonly Problem[] {
    return this.#places?.get(holder)?.get(key) ?? none;
  }

  of(holder: object): Iterable<readonly [string | number, readonly Problem[]]> {
    return [...(this.#places?.get(holder) ?? [])];
  }

  move(from: object, to: object): void {
    const found = this.#places?.get(from);
    if (!found || from === to) return;
    for (const [key, problems] of found) for (const problem of problems) this.add(to, key, problem);
  }

  replace(holder: object, key: string | number, problems: readonly Problem[]): void {
    if (problems.length > 0) this.#keysOf(holder).set(key, [...problems]);
    else this.#places?.get(holder)?.delete(key);
  }

  addLoose({ code, agency, system }: Problem, about: object): void {
    this.#loose ??= new Map();
    const known = this.#loose.get(about) ?? [];
    const problem = { code, ...(agency ? { agency } : {}), ...(system ? { system } : {}) };
    if (known.length < maxAtOnePlace) this.#loose.set(about, [...known, problem]);
  }

  takeLoose(about: object): readonly Problem[] {
    const taken = this.#loose?.get(about) ?? none;
    this.#loose?.delete(about);
    return taken;
  }

  #keysOf(holder: object): Map<string | number, Problem[]> {
    this.#places ??= new Map();
    let keys = this.#places.get(holder);
    if (!keys) {
      keys = new Map();
      this.#places.set(holder, keys);
    }
    return keys;
  }
}
