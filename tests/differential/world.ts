/**
 * A graph to be tested: its subgraphs' schemas, and one data set that the subgraphs and the monolith both answer from.
 * Faults are part of the data: a value that is an Error fails wherever it is read.
 */
import { GraphQLError } from "graphql";
import { type FieldSet, parseFieldSet } from "./field-set.ts";

/** An object of the data set. Its members are its fields; rows refer to each other directly. */
export type Row = { readonly __typename: string; [field: string]: unknown };
export type Args = Readonly<Record<string, unknown>>;

export type World = {
  /** What representations can be about. */
  readonly entities: readonly Row[];
  /** `Type.field` where the row does not hold the value itself; `Query.field` and `Mutation.field` too. */
  readonly computed: Readonly<Record<string, (row: Row, args: Args) => unknown>>;
};

export type GraphDefinition = {
  readonly name: string;
  /** By name, without the line that links to the Federation specification. */
  readonly subgraphs: Readonly<Record<string, string>>;
  /** Anew for every operation that may change it. */
  readonly build: () => World;
  /** `Type.field` of a field with `@requires`: from what was required. Without one it is a text that shows all of it. */
  readonly derived?: Readonly<Record<string, (required: Args, args: Args) => unknown>>;
  /** By subgraph: entities (as `Type:id`) that its reference resolver does not know. */
  readonly unknown?: Readonly<Record<string, readonly string[]>>;
};

/** A part of the data that fails wherever it is read. */
export const broken = (): GraphQLError => new GraphQLError("planted in the data");

/** Shows a value whole: members sorted, so that only the value counts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "absent";
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${members
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${key}:${canonical(each)}`)
    .join(",")}}`;
}

/** The value of a field that is computed from what it requires. */
export function derive(definition: GraphDefinition, coordinate: string, required: Args, args: Args): unknown {
  const own = definition.derived?.[coordinate];
  return own ? own(required, args) : `${coordinate} of ${canonical(required)} ${canonical(args)}`;
}

/** A field as the row itself has it; requirements apart. */
export function ownValue(world: World, types: readonly string[], row: Row, field: string, args: Args): unknown {
  for (const type of types) {
    const compute = world.computed[`${type}.${field}`];
    if (compute) return compute(row, args);
  }
  return Object.hasOwn(row, field) ? row[field] : null;
}

export const idOf = (row: Row): string => `${row.__typename}:${String(row.id)}`;

const parsed = new Map<string, FieldSet>();
export function fieldSet(text: string): FieldSet {
  const known = parsed.get(text) ?? parseFieldSet(text);
  parsed.set(text, known);
  return known;
}
