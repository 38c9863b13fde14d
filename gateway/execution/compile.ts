/**
 * From a query plan to what is executed: requests to subgraphs with what each waits for. Entity fetches to one subgraph
 * that may go out at the same time become one request (compile-request.ts).
 */
import { type FieldNode, Kind, type SelectionSetNode, valueFromASTUntyped } from "graphql";
import { responseKeyOf } from "../operation/document.ts";
import { type Answerer, type CompileSettings, compileRequest } from "./compile-request.ts";
import type { CompiledPlan, PersonStep, Request } from "./compiled-plan.ts";
import { decoyOf } from "./decoy.ts";
import { type FactPlaces, noPlaces } from "./fact-places.ts";
import { gathering } from "./gather.ts";
import type { PersonOrder } from "./persons-first.ts";
import type { FetchNode, QueryPlan } from "./plan.ts";
import { selectsPath } from "./selection.ts";
import { groupKey, type Place, type Step, type Unit, unitsOf } from "./units.ts";

export function compilePlan(plan: QueryPlan, settings: CompileSettings): CompiledPlan {
  const places = settings.places ?? noPlaces;
  const { units, deferred, persons } = unitsOf(plan, settings.synthetics, places);
  const groups = [...Map.groupBy(units.keys(), (index) => groupKey(units[index] as Unit, index)).values()];
  const requestOf = new Map(groups.flatMap((members, request) => members.map((unit) => [unit, request] as const)));
  const requestsOf = (some: readonly number[]) => new Set(some.map((unit) => requestOf.get(unit)!));
  const waits = groups.map((members) => requestsOf(members.flatMap((unit) => [...(units[unit] as Unit).after])));
  // Those who are absent are all alike: asked about together, they would be fewer than as many who are hidden.
  const apart = requestsOf(
    places.persons.flatMap(({ gated, place }, person) =>
      gated === null || (place.at(-1) as Step).lists > 0 ? [] : (persons[person]?.first ?? []),
    ),
  );
  const isPlain = isDecidedNowhere(places) && deferred.length === 0 && units.every(({ fetch }) => isPlainRead(fetch));
  const isBroughtOnce = (path: readonly string[]) => isPlain && units.filter((unit) => brings(unit, path)).length === 1;
  const compiled = groups.map((members) =>
    compileRequest(
      members.map((unit) => units[unit] as Unit),
      { ...settings, isBroughtOnce },
    ),
  );
  return {
    requests: compiled.map(({ request }, index): Request => {
      const before = waits.flatMap((each, other) => (each.has(index) ? [other] : []));
      return { ...request, index, before, waitsFor: waits[index]?.size ?? 0, isApart: apart.has(index) };
    }),
    persons: places.persons.map((person, index): PersonStep => {
      const { brings, waitsFor, first } = persons[index] as PersonOrder;
      const { place, type, facts, gated } = person;
      const needs = first
        .map((unit) => units[unit] as Unit)
        .map(({ fetch, place: at }) => ({
          below: at.slice(place.length).map(({ key }) => key),
          requires: fetch.requires ?? [],
        }));
      return {
        holders: gathering(place.slice(0, -1)),
        last: place.at(-1) as Step,
        facts,
        gated,
        type,
        brings: requestsOf(brings),
        waitsFor: requestsOf(waitsFor),
        above: gateAbove(places, index),
        askedBy: askedAt(place, units),
        decoy: gated === null ? null : decoyOf(gated, needs, settings.facts),
      };
    }),
    deferred: deferred.map(({ needs, ...each }) => ({ ...each, needs: [...requestsOf(needs)] })),
    bytes: 2000 + units.reduce((sum, { fetch }) => sum + 1500 + fetch.operation.length * 12, 0),
    isMutation: units.some(({ fetch }) => fetch.operationKind === "mutation"),
    subgraphs: [...new Set(units.map(({ fetch }) => fetch.serviceName))],
    usesContext: units.some(({ fetch }) => fetch.contextRewrites?.length),
    agencyOf: agencyIn(compiled.flatMap(({ answerers }) => answerers)),
  };
}

function isDecidedNowhere({ persons, subjects }: FactPlaces): boolean {
  return persons.length === 0 && subjects.length === 0;
}

function isPlainRead({ operationKind, contextRewrites = [] }: FetchNode): boolean {
  return operationKind === "query" && contextRewrites.length === 0;
}

/** Whether it selects the objects at this path; what it adds to objects that are there is another thing. */
function brings({ place, set }: Unit, path: readonly string[]): boolean {
  return (
    place.length < path.length &&
    place.every(({ key }, at) => key === path[at]) &&
    selectsPath(set, path.slice(place.length))
  );
}

function agencyIn(answerers: readonly Answerer[]): CompiledPlan["agencyOf"] {
  return (keys) => {
    const found = answerers.find(
      (each) =>
        each.keys.length < keys.length &&
        each.keys.every((key, at) => key === keys[at]) &&
        selectsPath(each.set, keys.slice(each.keys.length)),
    );
    return found?.subgraph ?? null;
  };
}

function askedAt(place: Place, units: readonly Unit[]): PersonStep["askedBy"] {
  const [{ key }, ...below] = place as readonly [Step, ...Step[]];
  const roots = units.filter(({ fetch, place: at }) => !fetch.requires && at.length === 0);
  const field = roots.flatMap(({ document }) => rootFields(document.selectionSet, key))[0];
  const keys = below.map((step) => step.key);
  return (variables) => {
    const given = (field?.arguments ?? []).map(({ name, value }) => [
      name.value,
      valueFromASTUntyped(value, variables),
    ]);
    return JSON.stringify([field?.name.value, given, keys]);
  };
}

function rootFields({ selections }: SelectionSetNode, key: string): readonly FieldNode[] {
  return selections.flatMap((each): readonly FieldNode[] => {
    if (each.kind === Kind.FIELD) return responseKeyOf(each) === key ? [each] : [];
    return each.kind === Kind.INLINE_FRAGMENT ? rootFields(each.selectionSet, key) : [];
  });
}

function gateAbove({ persons }: FactPlaces, index: number): number | null {
  const place = persons[index]?.place ?? [];
  const found = persons.findLastIndex(
    (each) =>
      each.gated !== null &&
      each.place.length < place.length &&
      each.place.every(({ key }, at) => key === place[at]?.key),
  );
  return found === -1 ? null : found;
}
