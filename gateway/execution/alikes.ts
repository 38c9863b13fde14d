/** Finds entities whose representations are the same by the scalars in them. */
import { read } from "./complete.ts";
import type { RepresentationShape } from "./representation.ts";

type Level = Map<unknown, Level | object[]>;

export class Alikes {
  readonly #shape: RepresentationShape;
  #typename: string | undefined;
  #scalars: readonly string[] | null = null;
  #first: Level = new Map();
  /** Where the entity that was looked for last belongs. */
  #level: Level | null = null;
  #key: unknown;

  constructor(shape: RepresentationShape) {
    this.#shape = shape;
  }

  /** Those that were kept under the same type and values; undefined where there are none yet, or nobody can tell. */
  find(entity: object): object[] | undefined {
    this.#level = null;
    const typename = read(entity, "__typename");
    if (typename !== this.#typename) this.#begin(typename);
    const scalars = this.#scalars;
    if (scalars === null) return undefined;
    let level = this.#first;
    const last = scalars.length - 1;
    for (let index = 0; index < last; index++) {
      const value = read(entity, scalars[index] as string);
      if (!isScalar(value)) return undefined;
      let next = level.get(value) as Level | undefined;
      if (!next) {
        next = new Map();
        level.set(value, next);
      }
      level = next;
    }
    const value = read(entity, scalars[last] as string);
    if (!isScalar(value)) return undefined;
    this.#level = level;
    this.#key = value;
    return level.get(value) as object[] | undefined;
  }

  /** Under the values of the entity that was looked for last. */
  keep(entities: object[]): void {
    this.#level?.set(this.#key, entities);
  }

  #begin(typename: unknown): void {
    this.#typename = typeof typename === "string" ? typename : undefined;
    this.#scalars = this.#typename === undefined ? null : this.#shape.scalars(this.#typename);
    this.#first = new Map();
  }
}

const isScalar = (value: unknown): boolean =>
  typeof value === "string" || Number.isSafeInteger(value) || typeof value === "boolean";
