/** Which parts of an answer's shape depend on facts, compiled for one shape and one class of callers. */
import { type GraphQLObjectType, isAbstractType, isCompositeType, isObjectType } from "graphql";
import type { Path } from "../errors.ts";
import { read } from "./complete.ts";
import type { Enclosing } from "./deferred.ts";
import { hasGuards, subjectTypesOf } from "./facts-selection.ts";
import { identitiesOf } from "./identity.ts";
import { type Judge, judgeOf } from "./judge.ts";
import type { Guard, Rights } from "./rights.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import type { FieldShape, ObjectShape, ValueShape } from "./shape.ts";

export type GuardRulesSettings = { readonly facts: SchemaFacts; readonly rights: Rights };

export type Rule = { readonly guard: Guard; readonly judge: Judge };

export type TypeRule = {
  readonly typename: string;
  readonly isPerson: boolean;
  readonly isGated: boolean;
  readonly hasSubject: boolean;
  readonly rules: readonly Rule[];
  /** Those alone in which something is to be decided. */
  readonly fields: readonly FieldRule[];
  /** Of the person that a record of this type is about. */
  identityOf(person: object | null): string | null;
  /** A path of keys and indexes from such an object, as far as it leads to nothing that is decided about. */
  visible(path: Path): Path;
};

export type FieldRule = {
  readonly key: string;
  /** `CourtCase.noticeAddress` */
  readonly element: string;
  readonly rules: readonly Rule[];
  /** A list of objects: none of them is an empty one. */
  readonly isRecords: boolean;
  /** What stands here may be withheld. */
  readonly isGuarded: boolean;
  readonly below: Ruled | null;
};

/** What stands at a place. */
export type Ruled = {
  readonly shape: ObjectShape;
  /** Rules that ask about a record's person: where that cannot be answered, nothing is said, whether or not there is one. */
  readonly ofPerson: readonly (Rule & { readonly facts: readonly string[] })[];
  readonly isGuarded: boolean;
  /** Null: nothing is to be decided. `unknown`: an interface's own name, of whose objects some are decided about. */
  of(typename: string): TypeRule | "unknown" | null;
  readonly all: readonly TypeRule[];
};

export type GuardRules = {
  of(shape: ObjectShape): Ruled | null;
  isPerson(enclosing: Enclosing): boolean;
};

export function guardRules({ facts, rights }: GuardRulesSettings): GuardRules {
  const isPerson = (typename: string) => rights.gatesOf(typename).length > 0 || subjectTypesOf(facts).has(typename);
  const of = (shape: ObjectShape): Ruled | null => {
    const types = typesOf(shape, facts);
    const found = new Map(
      types.flatMap((type): readonly (readonly [string, TypeRule])[] => {
        const rule = typeRule(type, shape);
        return rule ? [[type.name, rule]] : [];
      }),
    );
    if (found.size === 0) return null;
    const all = [...found.values()];
    const ofPerson = all.flatMap(({ rules }) =>
      rules.flatMap((rule) => {
        const names = rule.guard.facts.filter((each) => each.of === "subject").map(({ name }) => name);
        return names.length > 0 ? [{ ...rule, facts: names }] : [];
      }),
    );
    return {
      shape,
      ofPerson,
      isGuarded: all.some((each) => each.isGated || each.rules.length > 0),
      all,
      of(typename) {
        const rule = found.get(typename);
        if (rule) return rule;
        return isAbstractType(facts.schema.getType(typename)) && all.some((each) => facts.fits(each.typename, typename))
          ? "unknown"
          : null;
      },
    };
  };

  const typeRule = (type: GraphQLObjectType, shape: ObjectShape): TypeRule | null => {
    const rules = rulesOf(rights.guardsOf(type.name));
    const isGated = rights.gatesOf(type.name).length > 0;
    const fields = (shape.of(type.name) ?? []).flatMap((field) => fieldRule(type, field) ?? []);
    if (rules.length + fields.length === 0 && !isGated) return null;
    const identities = identitiesOf(facts);
    return {
      typename: type.name,
      isPerson: isPerson(type.name),
      isGated,
      hasSubject: type.getFields().subject !== undefined,
      rules,
      fields,
      identityOf: identityReader(type, [...subjectTypesOf(facts)], identities.identityOf, isPerson(type.name)),
      visible: (path) => visible(fields, path),
    };
  };

  const fieldRule = (type: GraphQLObjectType, field: FieldShape): FieldRule | null => {
    if (field.isTypename || field.refused !== null || field.value.kind === "given") return null;
    const rules = rulesOf(rights.guardsOfField(type.name, field.name));
    const { object, isList } = innermost(field.value);
    const below = object ? of(object) : null;
    if (rules.length === 0 && below === null) return null;
    return {
      key: field.key,
      element: `${type.name}.${field.name}`,
      rules,
      isRecords: isList && object !== null,
      isGuarded: rules.length > 0 || below?.isGuarded === true,
      below,
    };
  };
  return {
    isPerson: ({ object, type }) =>
      isPerson(isAbstractType(facts.schema.getType(type)) ? String(read(object, "__typename")) : type),
    of: (shape) => (hasGuards(facts, rights) ? of(shape) : null),
  };
}

function rulesOf(guards: readonly Guard[]): readonly Rule[] {
  return guards.map((guard) => ({ guard, judge: judgeOf(guard) }));
}

function typesOf({ declared, typename }: ObjectShape, { schema }: SchemaFacts): readonly GraphQLObjectType[] {
  const type = schema.getType(typename ?? declared);
  if (isObjectType(type)) return [type];
  return isCompositeType(type) ? schema.getPossibleTypes(type) : [];
}

function innermost(value: ValueShape): { readonly object: ObjectShape | null; readonly isList: boolean } {
  let isList = false;
  let at = value;
  while (at.kind === "nonNull" || at.kind === "list") {
    isList ||= at.kind === "list";
    at = at.of;
  }
  return { object: at.kind === "object" ? at.shape : null, isList };
}

function identityReader(
  type: GraphQLObjectType,
  subjects: readonly string[],
  identityOf: (object: object, type: string) => string | null,
  isPerson: boolean,
): TypeRule["identityOf"] {
  const of = isPerson ? type.name : subjects.length === 1 ? subjects[0] : undefined;
  return (person) => (person === null || of === undefined ? null : identityOf(person, of));
}

function visible(fields: readonly FieldRule[], path: Path): Path {
  const at = path.findIndex((step) => typeof step === "string");
  const field = at === -1 ? undefined : fields.find(({ key }) => key === path[at]);
  if (!field) return path;
  const upTo = path.slice(0, at + 1);
  if (field.isGuarded || !field.below) return upTo;
  const rest = path.slice(at + 1);
  const cut = field.below.all.map((each) => each.visible(rest));
  return [...upTo, ...(cut.sort((a, b) => a.length - b.length)[0] ?? rest)];
}
