/** The fetches of a plan, each with where it belongs, what it waits for, and when it may go out. */
import type { SelectionSetNode } from "graphql";
import { type FactPlaces, noPlaces } from "./fact-places.ts";
import { afterRewrites, type FetchDocument, readFetchDocument } from "./fetch-document.ts";
import { orderOf } from "./order.ts";
import { type PersonOrder, personsFirst } from "./persons-first.ts";
import type { FetchNode, PlanNode, QueryPlan } from "./plan.ts";

/** One step down: a key, and how many lists its value is wrapped in. */
export type Step = { readonly key: string; readonly lists: number };

/** Where the entities of a fetch are, from the root. */
export type Place = readonly Step[];

export type Condition = { readonly variable: string; readonly value: boolean };

export type DeferredBlock = {
  readonly label: string;
  readonly block: number;
  /** The block in whose part of the answer this one stands. */
  readonly parent: number;
  /** Fetches of other blocks that its data come from. */
  readonly needs: readonly number[];
};

export type Unit = {
  readonly fetch: FetchNode;
  readonly document: FetchDocument;
  /** What it selects, under the keys that the data has afterwards. */
  readonly set: SelectionSetNode;
  readonly place: Place;
  readonly conditions: readonly Condition[];
  readonly block: number;
  after: ReadonlySet<number>;
  level: number;
};

/** In the order of the plan. */
export function unitsOf(
  plan: QueryPlan,
  synthetics: ReadonlyMap<string, string>,
  places: FactPlaces = noPlaces,
): {
  readonly units: readonly Unit[];
  readonly deferred: readonly DeferredBlock[];
  /** By index in `places.persons`. */
  readonly persons: readonly PersonOrder[];
} {
  const { units, deferred } = readUnits(plan, synthetics);
  const fetches = units.map(({ fetch, place, set, after }) => ({
    keys: place.map(({ key }) => key),
    requires: fetch.requires ?? null,
    set,
    after,
  }));
  const { after, persons } = personsFirst(fetches, orderOf(fetches), places);
  for (const [index, unit] of units.entries()) unit.after = after[index] as ReadonlySet<number>;
  setLevels(units);
  return { units, deferred, persons };
}

function readUnits(
  { node }: QueryPlan,
  synthetics: ReadonlyMap<string, string>,
): { readonly units: Unit[]; readonly deferred: DeferredBlock[] } {
  const units: Unit[] = [];
  const deferred: DeferredBlock[] = [];
  const byId = new Map<string, number>();
  let blocks = 0;
  type Around = {
    after: ReadonlySet<number>;
    place: readonly string[];
    conditions: readonly Condition[];
    block: number;
  };

  /** What is complete when this node is. */
  const walk = (each: PlanNode | undefined, around: Around): ReadonlySet<number> => {
    if (!each) return new Set();
    switch (each.kind) {
      case "Sequence": {
        let last = around.after;
        let complete: ReadonlySet<number> = new Set();
        for (const child of each.nodes) {
          complete = walk(child, { ...around, after: last });
          if (complete.size > 0) last = complete;
        }
        return last === around.after ? new Set() : last;
      }
      case "Parallel":
        return new Set(each.nodes.flatMap((child) => [...walk(child, around)]));
      case "Flatten":
        return walk(each.node, { ...around, place: [...around.place, ...each.path.map(String)] });
      case "Condition": {
        const under = (value: boolean): Around => ({
          ...around,
          conditions: [...around.conditions, { variable: each.condition, value }],
        });
        return new Set([...walk(each.ifClause, under(true)), ...walk(each.elseClause, under(false))]);
      }
      case "Defer": {
        const complete = walk(each.primary.node, around);
        for (const { label = "", depends, node: rest } of each.deferred) {
          const needs = depends.flatMap(({ id }) => byId.get(id) ?? []);
          blocks += 1;
          const block = blocks;
          deferred.push({ label, block, parent: around.block, needs });
          walk(rest, { ...around, after: new Set(needs), block, place: [] });
        }
        return complete;
      }
      case "Fetch": {
        const { after, place, conditions, block } = around;
        const document = readFetchDocument(each, synthetics);
        const set = afterRewrites(document.selectionSet, each.outputRewrites);
        units.push({ fetch: each, document, set, place: stepsOf(place), conditions, block, after, level: 0 });
        if (each.id !== undefined) byId.set(each.id, units.length - 1);
        return new Set([units.length - 1]);
      }
    }
  };
  walk(node, { after: new Set(), place: [], conditions: [], block: 0 });
  return { units, deferred };
}

function stepsOf(path: readonly string[]): Place {
  const steps: { key: string; lists: number }[] = [];
  for (const each of path) {
    const last = steps.at(-1);
    if (each === "@" && last) last.lists += 1;
    else if (each !== "@") steps.push({ key: each, lists: 0 });
  }
  return steps;
}

/**
 * How many requests must be answered before each. One that nothing waits for goes along with a later one to the same
 * subgraph about the same place, where there is one: that costs no time, since the later one is waited for anyway.
 */
function setLevels(units: readonly Unit[]): void {
  const levels = new Map<Unit, number>();
  const levelOf = (unit: Unit): number => {
    const known = levels.get(unit);
    if (known !== undefined) return known;
    const level = Math.max(0, ...[...unit.after].map((each) => levelOf(units[each] as Unit) + 1));
    levels.set(unit, level);
    return level;
  };
  for (const unit of units) unit.level = levelOf(unit);
  const awaited = new Set(units.flatMap(({ after }) => [...after]));
  for (const [index, unit] of units.entries()) {
    if (awaited.has(index) || !unit.fetch.requires || unit.fetch.id !== undefined) continue;
    const later = units.filter((each) => each.level > unit.level && isBeside(each, unit));
    unit.level = Math.max(unit.level, ...later.map(({ level }) => level));
  }
}

function isBeside(one: Unit, other: Unit): boolean {
  return (
    one.fetch.serviceName === other.fetch.serviceName &&
    one.block === other.block &&
    JSON.stringify([one.place, one.conditions]) === JSON.stringify([other.place, other.conditions])
  );
}

/** Fetches of equal keys go out as one request. */
export function groupKey(unit: Unit, index: number): string {
  const { fetch, level, block, conditions } = unit;
  if (!fetch.requires || fetch.contextRewrites?.length) return String(index);
  return JSON.stringify([level, block, fetch.serviceName, conditions]);
}
