/**
 * Adds to an operation the facts that decisions about its objects depend on. They stand under bare names, which no alias
 * and no condition of a client reaches, and in no shape of an answer.
 *
 * A record's own facts are asked of the record, those of its person through `subject`. The same facts are asked of the
 * person above as well: so it is known whether they can be had even where there is no record, and they are asked for once
 * when the record is about that very person. INVARIANT: they decide about nobody else's record.
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { responseKeyOf } from "../operation/document.ts";
import { noPlaces, type PersonPlace, type SubjectPlace, withPlaces } from "./fact-places.ts";
import { type Identities, identitiesOf } from "./identity.ts";
import type { Guard, Rights } from "./rights.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { fieldType, listsOf } from "./shape.ts";
import type { Place } from "./units.ts";

/** The operation that is planned for a caller of these rights; `text` as it is where nothing depends on facts. */
export function withFacts(text: string, facts: SchemaFacts, rights: Rights): string {
  if (!hasGuards(facts, rights)) return text;
  const [operation] = parse(text, { noLocation: true }).definitions as readonly [OperationDefinitionNode];
  const root = facts.schema.getRootType(operation.operation);
  if (!root) return text;
  const writer: Writer = { facts, rights, identities: identitiesOf(facts), persons: new Map(), subjects: new Map() };
  const selectionSet = written(writer, operation.selectionSet, { type: root, place: [], person: null });
  const persons = [...writer.persons.values()].filter(({ gated, facts }) => gated !== null || facts.size > 0);
  persons.sort((a, b) => a.place.length - b.place.length);
  const subjects = [...writer.subjects.values()].map(({ person, facts, ...each }): SubjectPlace => {
    const above = person ? persons.indexOf(person) : -1;
    return { ...each, facts: [...facts], person: above === -1 ? null : above };
  });
  const places = {
    ...noPlaces,
    persons: persons.map(({ outer: _, facts, ...each }): PersonPlace => ({ ...each, facts: [...facts] })),
    subjects,
  };
  return withPlaces(print({ ...operation, selectionSet }), places);
}

type Writer = {
  readonly facts: SchemaFacts;
  readonly rights: Rights;
  readonly identities: Identities;
  readonly persons: Map<string, PersonDraft>;
  readonly subjects: Map<string, SubjectDraft>;
};

type PersonDraft = {
  readonly place: Place;
  readonly type: string;
  readonly facts: Set<string>;
  gated: string | null;
  /** Where an object of this place may be none, what is below it has this person above it. */
  readonly outer: PersonDraft | null;
};
type SubjectDraft = {
  readonly place: Place;
  readonly type: string;
  readonly facts: Set<string>;
  readonly person: PersonDraft | null;
};

type Here = { readonly type: GraphQLCompositeType; readonly place: Place; readonly person: PersonDraft | null };

/** The selection of an object, with what is to be known of it. */
function written(writer: Writer, set: SelectionSetNode, here: Here): SelectionSetNode {
  const { type, place } = here;
  const types = possibleTypes(writer, type);
  const isPerson = place.length > 0 && types.some((each) => isAboutPersons(writer, each));
  const person = isPerson ? personAt(writer, here, types) : here.person;
  const below = writtenBelow(writer, set, { ...here, person });
  const hidden = types.flatMap((each): readonly (readonly [GraphQLObjectType, readonly SelectionNode[]])[] => {
    const selections = factsOf(writer, each, set, { ...here, person });
    return selections.length > 0 ? [[each, selections]] : [];
  });
  if (hidden.length === 0) return below;
  const added = isObjectType(type)
    ? hidden.flatMap(([, selections]) => selections)
    : [leaf("__typename"), ...hidden.map(([each, selections]) => fragmentOn(each.name, selections))];
  return { ...below, selections: [...below.selections, ...added] };
}

function writtenBelow(writer: Writer, { selections }: SelectionSetNode, here: Here): SelectionSetNode {
  return {
    kind: Kind.SELECTION_SET,
    selections: selections.map((each): SelectionNode => {
      if (each.kind === Kind.FRAGMENT_SPREAD || !each.selectionSet) return each;
      if (each.kind === Kind.INLINE_FRAGMENT) {
        const condition = each.typeCondition ? writer.facts.schema.getType(each.typeCondition.name.value) : here.type;
        if (!isCompositeType(condition)) return each;
        return { ...each, selectionSet: writtenBelow(writer, each.selectionSet, { ...here, type: condition }) };
      }
      const declared = fieldType(here.type, each.name.value);
      const named = declared && getNamedType(declared);
      if (!declared || !isCompositeType(named)) return each;
      const place = [...here.place, { key: responseKeyOf(each), lists: listsOf(declared) }];
      return { ...each, selectionSet: written(writer, each.selectionSet, { type: named, place, person: here.person }) };
    }),
  };
}

function personAt(writer: Writer, { type, place, person: outer }: Here, types: readonly GraphQLObjectType[]) {
  const key = keyOf(place);
  let draft = writer.persons.get(key);
  if (!draft) {
    const isAlways = types.every((each) => isAboutPersons(writer, each));
    draft = { place, type: type.name, facts: new Set(), gated: null, outer: isAlways ? null : outer };
    writer.persons.set(key, draft);
  }
  draft.gated ??= types.find(({ name }) => writer.rights.gatesOf(name).length > 0)?.name ?? null;
  return draft;
}

/** What is to be known of an object of this type of which `set` is asked. */
function factsOf(writer: Writer, type: GraphQLObjectType, set: SelectionSetNode, here: Here): readonly SelectionNode[] {
  const { rights, facts } = writer;
  const gates = rights.gatesOf(type.name);
  const asked = fieldsFor(set, (condition) => facts.fits(type.name, condition));
  const guards = [
    ...rights.guardsOf(type.name),
    ...[...asked].flatMap((field) => rights.guardsOfField(type.name, field)),
  ];
  const own = namesOf([...gates, ...guards], "record");
  const ofSubject = namesOf(guards, "subject");
  const isPerson = isAboutPersons(writer, type);
  const draft = isPerson ? writer.persons.get(keyOf(here.place)) : undefined;
  if (draft) for (const each of namesOf(gates, "record")) draft.facts.add(each);
  const above = isPerson ? here.person?.outer : here.person;
  for (let each = above; each; each = each.outer) for (const fact of ofSubject) each.facts.add(fact);
  const wanted = new Set([...own, ...(draft?.facts ?? [])]);
  const known = type.getFields();
  const isToBeKnown = gates.length > 0 || wanted.size > 0;
  return [
    ...(isPerson && isToBeKnown ? (writer.identities.keyOf(type.name)?.selections ?? []) : []),
    ...[...wanted].filter((each) => known[each]).map(leaf),
    ...(ofSubject.length > 0 ? subjectOf(writer, type, ofSubject, here) : []),
  ];
}

/** Nothing where the type has no subject: then its facts are never had, and it is withheld. */
function subjectOf(
  { identities, subjects }: Writer,
  type: GraphQLObjectType,
  names: readonly string[],
  { place, person }: Here,
): readonly SelectionNode[] {
  const declared = fieldType(type, "subject");
  const named = declared && getNamedType(declared);
  if (!declared || !isObjectType(named)) return [];
  const at = [...place, { key: "subject", lists: listsOf(declared) }];
  const key = keyOf(at);
  const draft = subjects.get(key) ?? { place: at, type: named.name, facts: new Set<string>(), person };
  subjects.set(key, draft);
  for (const each of names) draft.facts.add(each);
  const known = named.getFields();
  const selections = [
    ...(identities.keyOf(named.name)?.selections ?? []),
    ...names.filter((each) => known[each]).map(leaf),
  ];
  return [{ ...leaf("subject"), selectionSet: { kind: Kind.SELECTION_SET, selections } }];
}

/** Names of the fields that are asked of an object which fits these conditions. */
function fieldsFor(
  { selections }: SelectionSetNode,
  fits: (condition: string) => boolean,
  into = new Set<string>(),
): ReadonlySet<string> {
  for (const each of selections) {
    if (each.kind === Kind.FIELD) into.add(each.name.value);
    else if (each.kind === Kind.INLINE_FRAGMENT && (!each.typeCondition || fits(each.typeCondition.name.value)))
      fieldsFor(each.selectionSet, fits, into);
  }
  return into;
}

const guarded = new WeakMap<SchemaFacts, WeakMap<Rights, boolean>>();

/** Whether anything at all depends on facts for callers of these rights. */
export function hasGuards(facts: SchemaFacts, rights: Rights): boolean {
  const byRights = guarded.get(facts) ?? new WeakMap<Rights, boolean>();
  guarded.set(facts, byRights);
  let known = byRights.get(rights);
  if (known === undefined) {
    known = Object.values(facts.schema.getTypeMap()).some(
      (type) =>
        isObjectType(type) &&
        (rights.gatesOf(type.name).length > 0 ||
          rights.guardsOf(type.name).length > 0 ||
          Object.keys(type.getFields()).some((field) => rights.guardsOfField(type.name, field).length > 0)),
    );
    byRights.set(rights, known);
  }
  return known;
}

/** A type of persons is one that is gated, or that some record's `subject` is of. */
function isAboutPersons({ facts, rights }: Writer, { name }: GraphQLObjectType): boolean {
  return rights.gatesOf(name).length > 0 || subjectTypesOf(facts).has(name);
}

const subjectTypes = new WeakMap<SchemaFacts, ReadonlySet<string>>();

/** Types of `subject` fields. */
export function subjectTypesOf(facts: SchemaFacts): ReadonlySet<string> {
  let known = subjectTypes.get(facts);
  if (!known) {
    known = new Set(
      Object.values(facts.schema.getTypeMap()).flatMap((type) => {
        const declared = isObjectType(type) ? type.getFields().subject?.type : undefined;
        const named = declared && getNamedType(declared);
        return isObjectType(named) && identitiesOf(facts).keyOf(named.name) ? [named.name] : [];
      }),
    );
    subjectTypes.set(facts, known);
  }
  return known;
}

function possibleTypes({ facts }: Writer, type: GraphQLCompositeType): readonly GraphQLObjectType[] {
  return isAbstractType(type) ? facts.schema.getPossibleTypes(type) : [type];
}

function namesOf(guards: readonly Guard[], of: "record" | "subject"): readonly string[] {
  const names = guards.flatMap(({ facts }) => facts.filter((each) => each.of === of).map(({ name }) => name));
  return [...new Set(names)].sort();
}

const keyOf = (place: Place): string => JSON.stringify(place.map(({ key }) => key));

const leaf = (name: string): FieldNode => ({ kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } });

function fragmentOn(type: string, selections: readonly SelectionNode[]): SelectionNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } },
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
}
