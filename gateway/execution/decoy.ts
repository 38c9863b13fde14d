/**
 * Somebody who is not there: stands in the place of an absent person until the gate is over, so that the same subgraphs are
 * asked the same as for somebody who is hidden there. Made of what the representations of its fetches are made of, in
 * values that nobody was ever given.
 */
import {
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { decoyIdentifiers } from "#schema/scalars.ts";
import type { RequiredSelection } from "./plan.ts";
import type { SchemaFacts } from "./schema-facts.ts";

/** A new one each time: what is brought for it is put into it. */
export type Decoy = () => object;

/** What the fetches about the person require, each with the keys from the person to what it is about. */
export type DecoyNeed = { readonly below: readonly string[]; readonly requires: readonly RequiredSelection[] };

/** Null where nothing would be asked about it. */
export function decoyOf(typename: string, needs: readonly DecoyNeed[], facts: SchemaFacts): Decoy | null {
  if (needs.length === 0) return null;
  return () => {
    const decoy: Record<string, unknown> = { __typename: typename };
    for (const { below, requires } of needs) fill(decoy, typename, under(below, requires), facts);
    return decoy;
  };
}

function under(below: readonly string[], requires: readonly RequiredSelection[]): readonly RequiredSelection[] {
  return below.reduceRight<readonly RequiredSelection[]>(
    (selections, name) => [{ kind: "Field", name, selections }],
    requires,
  );
}

function fill(
  into: Record<string, unknown>,
  typename: string,
  requires: readonly RequiredSelection[],
  facts: SchemaFacts,
): void {
  const type = facts.schema.getType(typename);
  for (const each of requires) {
    if (each.kind === "InlineFragment") {
      if (each.typeCondition === undefined || facts.fits(typename, each.typeCondition))
        fill(into, typename, each.selections, facts);
      continue;
    }
    const key = each.alias ?? each.name;
    if (key === "__typename") continue;
    const declared = isObjectType(type) || isInterfaceType(type) ? type.getFields()[each.name]?.type : undefined;
    if (declared) into[key] = decoyValue(declared, each.selections, into[key], facts);
  }
}

/** `known`: what another fetch has needed of it. A list has one element. */
function decoyValue(
  type: GraphQLOutputType,
  selections: readonly RequiredSelection[] | undefined,
  known: unknown,
  facts: SchemaFacts,
): unknown {
  if (isNonNullType(type)) return decoyValue(type.ofType, selections, known, facts);
  if (isListType(type))
    return [decoyValue(type.ofType, selections, Array.isArray(known) ? known[0] : undefined, facts)];
  if (!selections) return scalarOf(type as GraphQLNamedType);
  const typename = concreteName(type as GraphQLNamedType, facts.schema);
  const object = (known ?? { __typename: typename }) as Record<string, unknown>;
  fill(object, typename, selections, facts);
  return object;
}

function concreteName(type: GraphQLNamedType, schema: GraphQLSchema): string {
  return isInterfaceType(type) ? (schema.getPossibleTypes(type)[0]?.name ?? type.name) : type.name;
}

const others: Readonly<Record<string, unknown>> = {
  ID: "0",
  String: "",
  Int: 0,
  Float: 0,
  Boolean: false,
  Date: "1900-01-01",
  DateTime: "1900-01-01T00:00:00Z",
  LocalDateTime: "1900-01-01T00:00",
};

function scalarOf(type: GraphQLNamedType): unknown {
  if (isEnumType(type)) return type.getValues()[0]?.name ?? null;
  return decoyIdentifiers[type.name] ?? others[type.name] ?? "0";
}
