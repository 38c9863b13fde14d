/**
 * Where an operation's facts stand. They are worked out with the operation that is planned (facts-selection.ts) and go
 * along with its text, in a comment before it: equal texts are planned, ordered and decided equally, and a text that is
 * planned again for the next supergraph is still complete.
 */
import type { Place } from "./units.ts";

export type FactPlaces = {
  /** Outer ones before inner ones. */
  readonly persons: readonly PersonPlace[];
  readonly subjects: readonly SubjectPlace[];
};

export type PersonPlace = {
  readonly place: Place;
  /** As declared there. */
  readonly type: string;
  /** Of the person: all that is decided by, here or about records below. */
  readonly facts: readonly string[];
  /** The type of whoever is decided about here before anything else is asked; null where nobody is. */
  readonly gated: string | null;
};

/** The persons whom guarded records are about. */
export type SubjectPlace = {
  readonly place: Place;
  readonly type: string;
  readonly facts: readonly string[];
  /** Index of the person above, whose facts are in hand first; null where there is none. */
  readonly person: number | null;
};

export const noPlaces: FactPlaces = { persons: [], subjects: [] };

const mark = "# facts ";

export function withPlaces(text: string, places: FactPlaces): string {
  return places.persons.length + places.subjects.length === 0 ? text : `${mark}${JSON.stringify(places)}\n${text}`;
}

/** Of a text that `withPlaces` made; none of any other. */
export function placesIn(text: string): FactPlaces {
  if (!text.startsWith(mark)) return noPlaces;
  return JSON.parse(text.slice(mark.length, text.indexOf("\n"))) as FactPlaces;
}
