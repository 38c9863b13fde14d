/**
 * One request of a plan: a root's question; or what is asked of entities, those of which the same is asked at different
 * places as one list of representations.
 */
import { Kind, type SelectionSetNode, type VariableDefinitionNode } from "graphql";
import { type Assign, assignment } from "./assign.ts";
import type { EntityPart, GatheredPlace, Request, RootPart } from "./compiled-plan.ts";
import { copying } from "./copy.ts";
import { type FactPlaces, noPlaces } from "./fact-places.ts";
import { afterRewrites, printEntities, printRoot, type UsedKey, withEcho } from "./fetch-document.ts";
import { gathering } from "./gather.ts";
import { type LastingPart, splitByLifetime } from "./lifetimes.ts";
import type { RequiredSelection } from "./plan.ts";
import { entityQuestion, type Keeping, type KeptQuestion, rootQuestion } from "./questions.ts";
import { referencePlaces, unifying } from "./references.ts";
import { type RepresentationShape, representationShape } from "./representation.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { type Selection, selectionOf } from "./selection.ts";
import { splitByNeeds } from "./split.ts";
import type { Place, Unit } from "./units.ts";

export type CompileSettings = {
  readonly facts: SchemaFacts;
  readonly synthetics: ReadonlyMap<string, string>;
  /** Where facts stand in the operation; nowhere by default. */
  readonly places?: FactPlaces;
  /** By what answers are kept; they are not, by default. */
  readonly keeping?: Keeping;
};

type RequestSettings = CompileSettings & {
  /** Whether objects at this path of keys come from one request alone, and nothing is decided about them. */
  readonly isBroughtOnce: (path: readonly string[]) => boolean;
};

/** Who answers what, from this path of keys on. */
export type Answerer = { readonly keys: readonly string[]; readonly set: SelectionSetNode; readonly subgraph: string };

/** Without its place among the requests of the plan. */
export function compileRequest(
  units: readonly Unit[],
  settings: RequestSettings,
): {
  readonly request: Omit<Request, "index" | "before" | "waitsFor" | "isApart">;
  readonly answerers: readonly Answerer[];
} {
  const [first] = units as readonly [Unit];
  const { fetch, conditions, block } = first;
  const { serviceName: subgraph } = fetch;
  const context = fetch.contextRewrites ?? [];
  const own = (names: readonly VariableDefinitionNode[]) =>
    [...new Set(names.map(({ variable }) => variable.name.value))].filter(
      (name) => !context.some(({ renameKeyTo }) => renameKeyTo === name),
    );
  const kind = fetch.operationKind === "mutation" ? "mutation" : "query";
  const about = { subgraph, kind, context, conditions, block } as const;
  const keeping = keepingOf(settings);
  const prefix = (text: string) => `{"query":${JSON.stringify(text)},"variables":{`;

  if (!fetch.requires) {
    const { document, set } = first;
    const root: RootPart = {
      place: gathered(first.place, settings),
      selection: selectionOf([{ set, isCertain: true }], settings.facts.fits),
      copy: copying(selectionOf([{ set: document.selectionSet, isCertain: true }], settings.facts.fits)),
      unify: unifyAt([first], document.selectionSet, settings),
      outputRewrites: fetch.outputRewrites ?? [],
      kept:
        keeping === null || fetch.operationKind !== "query" ? null : rootQuestion({ ...settings, keeping }, document),
    };
    const request = {
      ...about,
      prefix: prefix(printRoot(fetch.operationKind, document)),
      variables: own(document.variables),
      entities: [],
      root,
      isKept: isLasting(root),
    };
    return { request, answerers: [{ keys: root.place.keys, set, subgraph }] };
  }
  const { parts, variables, answerers } = entityParts(units, settings);
  const request = {
    ...about,
    prefix: prefix(printEntities(parts, variables)),
    variables: own(variables),
    entities: parts.map(({ selectionSet: _set, ...part }) => part),
    root: null,
    isKept: context.length === 0 && parts.some(isLasting),
  };
  return { request, answerers };
}

/** Null where nothing of this supergraph may be kept. */
function keepingOf({ keeping }: CompileSettings): Keeping | null {
  return keeping !== undefined && keeping.lifetimes.size > 0 ? keeping : null;
}

function isLasting({ kept }: { readonly kept: KeptQuestion | null }): boolean {
  return kept !== null && kept.question.lifetime !== null;
}

function entityParts(units: readonly Unit[], settings: RequestSettings) {
  const { facts, synthetics } = settings;
  const keeping = keepingOf(settings);
  const variables: VariableDefinitionNode[] = [];
  const answerers: Answerer[] = [];
  // The same question about entities at several places is one question.
  const alike = Map.groupBy(units, ({ fetch }) =>
    JSON.stringify([fetch.operation, fetch.requires, fetch.inputRewrites, fetch.outputRewrites]),
  );
  const parts = [...alike.values()].flatMap((members) => {
    const [{ fetch, document }] = members as [Unit];
    variables.push(...document.variables);
    const { serviceName: subgraph, inputRewrites = [], outputRewrites = [] } = fetch;
    const byNeeds = splitByNeeds({ set: document.selectionSet, requires: fetch.requires ?? [], subgraph }, facts);
    const lasting = byNeeds.flatMap(({ set, requires }) => {
      const whole: readonly LastingPart[] = [{ set, lifetime: null }];
      // What goes along with a value from further up is not kept.
      const isWhole = keeping === null || (fetch.contextRewrites ?? []).length > 0;
      const split = isWhole ? whole : splitByLifetime(set, subgraph, facts, keeping.lifetimes);
      return split.map((each) => ({ ...each, requires }));
    });
    return lasting.map(({ set, requires, lifetime }) => {
      const shape = representationShape({ fits: facts.fits, synthetics, rewrites: inputRewrites }, requires);
      const { selectionSet, keys } = withEcho(set, subgraph, facts, (condition, key) =>
        isSelected(key, requires, condition, facts),
      );
      const read = afterRewrites(set, outputRewrites);
      const selection = selectionOf([{ set: read, isCertain: true }], facts.fits);
      for (const { place } of members) answerers.push({ keys: place.map(({ key }) => key), set: read, subgraph });
      const required = new Set(requires.flatMap(topLevelKeys));
      const asked = { selectionSet, variables: document.variables, requires, inputRewrites, lifetime };
      return {
        kept: keeping === null ? null : entityQuestion({ facts, synthetics, keeping }, asked),
        places: members.map(({ place }) => gathered(place, settings)),
        assign: assignments(selection, keys, facts),
        isAsked: askedTypes({ set, subgraph, selection, shape, facts }),
        shape,
        selection,
        copy: copying(selectionOf([{ set: selectionSet, isCertain: true }], facts.fits)),
        unify: unifyAt(members, set, settings),
        bringsObjects: selection.of(undefined).some(({ below }) => below !== null),
        selectionSet,
        keys,
        required,
        outputRewrites,
      };
    });
  });
  const isOne = parts.length === 1;
  return {
    variables,
    answerers,
    parts: parts.map((part, index) => ({
      ...part,
      alias: isOne ? "_entities" : `_e${index}`,
      representations: isOne ? "representations" : `r${index}`,
    })),
  };
}

/** Of what is asked of entities at several places nothing is unified: what it brings stands at several as well. */
function unifyAt(units: readonly Unit[], set: SelectionSetNode, { facts, isBroughtOnce }: RequestSettings) {
  const [unit, ...others] = units as readonly [Unit, ...Unit[]];
  const root = facts.schema.getQueryType();
  if (others.length > 0 || (unit.fetch.outputRewrites ?? []).length > 0 || !root) return null;
  const above = unit.place.map(({ key }) => key);
  return unifying(
    referencePlaces(set, root, facts).filter(({ place }) => isBroughtOnce([...above, ...place.map(({ key }) => key)])),
  );
}

function gathered(place: Place, { places = noPlaces }: CompileSettings): GatheredPlace {
  const keys = place.map(({ key }) => key);
  const subject = places.subjects.find(
    (each) => each.place.length === keys.length && each.place.every(({ key }, at) => key === keys[at]),
  );
  return { place, keys, gather: gathering(place), subject: subject ?? null };
}

function assignments(selection: Selection, keys: readonly UsedKey[], { fits }: SchemaFacts): EntityPart["assign"] {
  const known = new Map<string, Assign>();
  return (typename) => {
    const remembered = known.get(typename);
    if (remembered) return remembered;
    const used = keys.filter(({ condition }) => fits(typename, condition));
    const assign = assignment(selection.of(typename), used);
    // INVARIANT: bounded. A subgraph may answer any text for a type's name.
    if (known.size < 1000) known.set(typename, assign);
    return assign;
  };
}

/** The planner may send entities along of whose type it has no key, or of which it asks nothing. */
function askedTypes(part: {
  readonly set: SelectionSetNode;
  readonly subgraph: string;
  readonly selection: Selection;
  readonly shape: RepresentationShape;
  readonly facts: SchemaFacts;
}): EntityPart["isAsked"] {
  const { set, subgraph, selection, shape, facts } = part;
  const conditions = set.selections.flatMap((each) =>
    each.kind === Kind.INLINE_FRAGMENT && each.typeCondition ? [each.typeCondition.name.value] : [],
  );
  const known = new Map<string, boolean>();
  return (typename) => {
    const remembered = known.get(typename);
    if (remembered !== undefined) return remembered;
    const usable = conditions
      .filter((condition) => facts.fits(typename, condition))
      .flatMap((condition) => facts.keysOf(condition, subgraph));
    const isFound = usable.length === 0 || usable.some((key) => isRepresented(key.set, shape, typename));
    const isAsked = isFound && selection.of(typename).length > 0;
    if (known.size < 1000) known.set(typename, isAsked);
    return isAsked;
  };
}

function isRepresented(key: SelectionSetNode, shape: RepresentationShape, typename: string): boolean {
  const fields = shape.of(typename);
  return key.selections.every(
    (each) => each.kind !== Kind.FIELD || fields.some(({ from }) => from === each.name.value),
  );
}

function topLevelKeys(selection: RequiredSelection): readonly string[] {
  return selection.kind === "Field"
    ? [selection.alias ?? selection.name]
    : selection.selections.flatMap((each) => topLevelKeys(each));
}

/** Whether every field of this key is among what the representations of such an entity have. */
function isSelected(
  { selections }: SelectionSetNode,
  requires: readonly RequiredSelection[],
  typename: string,
  facts: SchemaFacts,
): boolean {
  const here = requires.flatMap(function flat(each): readonly (RequiredSelection & { kind: "Field" })[] {
    if (each.kind === "Field") return [each];
    const fits =
      each.typeCondition === undefined ||
      facts.fits(typename, each.typeCondition) ||
      facts.fits(each.typeCondition, typename);
    return fits ? each.selections.flatMap(flat) : [];
  });
  return selections.every((key) => {
    if (key.kind !== Kind.FIELD) return false;
    const sent = here.filter(({ name }) => name === key.name.value);
    if (!key.selectionSet) return sent.length > 0;
    const below = sent.flatMap((each) => each.selections ?? []);
    return sent.length > 0 && isSelected(key.selectionSet, below, typename, facts);
  });
}
