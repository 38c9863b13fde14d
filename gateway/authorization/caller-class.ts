/**
 * What of a caller decisions depend on: two callers of one class are decided alike, and never told apart.
 *
 * INVARIANT: `key` is the same for two classes only if all the rest is, so decisions may be remembered by it.
 */
import type { Caller } from "./claims.ts";
import type { Purpose } from "./purpose.ts";

export type CallerClass = {
  /** An injective encoding of the rest. */
  readonly key: string;
  readonly isAuthenticated: boolean;
  /** Empty where there is none. */
  readonly agency: string;
  /** The state of the caller's ORI: its first two letters; empty where there is none. */
  readonly jurisdiction: string;
  /** Each once, sorted; so are scopes and clearances. */
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly clearances: readonly string[];
  readonly purpose: Purpose | null;
};

export type ClassClaims = Pick<Caller, "agency" | "ori" | "roles" | "scopes" | "clearances">;

/** The class of a caller for the purpose it states; null: nobody is known, which is not the same as a caller without claims. */
export function classOf(caller: ClassClaims | null, purpose: Purpose | null): CallerClass {
  if (caller === null) return makeClass(null, purpose);
  let known = classes.get(caller);
  if (known === undefined) {
    known = new Map();
    classes.set(caller, known);
  }
  let found = known.get(purpose);
  if (found === undefined) {
    found = makeClass(caller, purpose);
    known.set(purpose, found);
  }
  return found;
}

/** For as long as a caller's token is remembered. INVARIANT: a caller's claims never change. */
const classes = new WeakMap<ClassClaims, Map<Purpose | null, CallerClass>>();

function makeClass(caller: ClassClaims | null, purpose: Purpose | null): CallerClass {
  const isAuthenticated = caller !== null;
  const agency = caller?.agency ?? "";
  const jurisdiction = caller?.ori?.slice(0, 2) ?? "";
  const roles = sorted(caller?.roles);
  const scopes = sorted(caller?.scopes);
  const clearances = sorted(caller?.clearances);
  // JSON of a list of fixed length keeps every part apart, whatever characters claims contain.
  const key = JSON.stringify([isAuthenticated, agency, jurisdiction, roles, scopes, clearances, purpose]);
  return { key, isAuthenticated, agency, jurisdiction, roles, scopes, clearances, purpose };
}

const sorted = (texts: readonly string[] = []): readonly string[] => [...new Set(texts)].sort();
