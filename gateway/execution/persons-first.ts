/**
 * Persons first: whoever stands at a gated place is decided about before any other subgraph is asked about them. Here the
 * fetches that bring what decides are put before all others at and below that place. They bring with them whatever else
 * the operation wants of their subgraphs: facts cost no fetch of their own.
 */
import type { FactPlaces } from "./fact-places.ts";
import { allBefore, type Ordered, provides } from "./order.ts";

export type PersonOrder = {
  /** Indexes of fetches that bring the objects themselves. */
  readonly brings: readonly number[];
  /** These, and those that bring their facts: when all of them are answered, everything is there that ever will be. */
  readonly waitsFor: readonly number[];
  /** All that is fetched before, at this place or below it, for the facts' sake. */
  readonly first: readonly number[];
};

export type OrderedFetch = Pick<Ordered, "keys" | "set">;

/** `after`, by index: whom each fetch waits for; given back with what is to be waited for beside. Never circular. */
export function personsFirst(
  fetches: readonly OrderedFetch[],
  after: readonly ReadonlySet<number>[],
  { persons, subjects }: FactPlaces,
): { readonly after: readonly ReadonlySet<number>[]; readonly persons: readonly PersonOrder[] } {
  let ordered = after;
  const orders = persons.map(({ place, facts, gated }, person): PersonOrder => {
    const keys = place.map(({ key }) => key);
    const bringing = (path: readonly string[]) =>
      fetches.flatMap((each, index) => (provides(each, path) ? [index] : []));
    const brings = bringing(keys);
    const waitsFor = [...new Set([...brings, ...facts.flatMap((fact) => bringing([...keys, fact]))])];
    // What the facts themselves need goes before them, wherever it stands.
    const early = new Set([...waitsFor, ...waitsFor.flatMap((each) => [...allBefore(each, ordered)])]);
    const about = gated
      ? [keys]
      : subjects.filter((each) => each.person === person).map((each) => each.place.map(({ key }) => key));
    const isHeld = (index: number) => !early.has(index) && about.some((each) => isAtOrBelow(fetches[index], each));
    ordered = ordered.map((each, index) => (isHeld(index) ? new Set([...each, ...waitsFor]) : each));
    return { brings, waitsFor, first: [...early].filter((each) => isAtOrBelow(fetches[each], keys)) };
  });
  return { after: ordered, persons: orders };
}

function isAtOrBelow(fetch: OrderedFetch | undefined, keys: readonly string[]): boolean {
  return fetch !== undefined && fetch.keys.length >= keys.length && keys.every((key, at) => key === fetch.keys[at]);
}
