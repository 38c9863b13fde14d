/**
 * What a supergraph says of alerts: which subscriptions there are, how the person of one is found, and which of a person's
 * records each kind of alert is about. Read from its types and from @alerts; nothing here knows an agency.
 */
import {
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  isScalarType,
  isWrappingType,
  valueFromASTUntyped,
} from "graphql";
import { linkedDirectives } from "../authorization/linked-directives.ts";
import { supergraphParts } from "../authorization/supergraph-parts.ts";

export type AlertRoot = {
  /** Names of its arguments: the person's identifier, null where it is about anybody; and the kinds. */
  readonly by: string | null;
  readonly kinds: string;
};

/** Where the records stand that a kind of alert is about. */
export type AlertRecords = {
  readonly field: string;
  readonly type: string;
  /** By which one of them is told from the others; null: by nothing. */
  readonly id: string | null;
};

export type AlertContract = {
  /** By name of the subscription's field. */
  readonly roots: ReadonlyMap<string, AlertRoot>;
  readonly kinds: readonly string[];
  /** The query's field by which a person is found, its argument, and the type of that. */
  readonly find: { readonly field: string; readonly argument: string; readonly input: string };
  /** The person's key, and the argument's member that takes it. */
  readonly key: { readonly field: string; readonly member: string };
  /** By kind. */
  readonly records: ReadonlyMap<string, AlertRecords>;
  /** All by which a person is known, as a selection. */
  readonly identifiers: string;
  /** The argument that finds a person by what a change names; null where it names nothing to find one by. */
  findBy(kind: string, value: string): Readonly<Record<string, unknown>> | null;
  /** By what somebody is asked for; null: by nothing that a person is known by. */
  tagOf(by: Readonly<Record<string, unknown>>): string | null;
  /** All by which this person is known. */
  tagsOf(person: object): ReadonlySet<string>;
};

const alertFields = ["kind", "at", "system", "person"];

/** Null where the supergraph has no such subscriptions. `schema`: with all that is inaccessible to clients. */
export function readAlertContract(document: DocumentNode, schema: GraphQLSchema): AlertContract | null {
  const alert = schema.getType("Alert");
  const subscription = schema.getSubscriptionType();
  if (!isObjectType(alert) || !subscription || !alertFields.every((each) => alert.getFields()[each])) return null;
  const person = getNamedType(alert.getFields().person?.type);
  const kinds = getNamedType(alert.getFields().kind?.type);
  if (!isObjectType(person) || !kinds || !("getValues" in kinds)) return null;
  const finder = finderOf(schema, person);
  if (finder === null) return null;
  const { input, ...find } = finder;
  const members = membersOf(input, person);
  const key = members.find(({ fields }) => fields.some(({ isKey }) => isKey));
  const keyField = key?.fields.find(({ isKey }) => isKey);
  if (!key || !keyField) return null;
  const roots = new Map<string, AlertRoot>();
  for (const { name, type, args } of Object.values(subscription.getFields())) {
    if (getNamedType(type) !== alert) continue;
    const by = args.find((each) => getNamedType(each.type) === input)?.name ?? null;
    const ofKinds = args.find((each) => getNamedType(each.type) === kinds)?.name;
    if (ofKinds !== undefined) roots.set(name, { by, kinds: ofKinds });
  }
  return {
    roots,
    kinds: kinds.getValues().map(({ name }) => name),
    find: { ...find, input: input.name },
    key: { field: keyField.name, member: key.name },
    records: recordsOf(document, person),
    identifiers: [
      ...new Set(
        members.flatMap(({ fields, inner }) =>
          fields.map(({ name }) => (inner ? `${name} { ${inner.join(" ")} }` : name)),
        ),
      ),
    ].join(" "),
    findBy(kind, value) {
      const member = members.find(({ scalar }) => scalar === kind);
      return member ? { [member.name]: value } : null;
    },
    tagOf(by) {
      for (const member of members) {
        const value = by[member.name];
        if (value !== undefined && value !== null) return tag(member, value);
      }
      return null;
    },
    tagsOf(record) {
      const found = members.flatMap((member) =>
        member.fields.flatMap(({ name }) => {
          const value = (record as Readonly<Record<string, unknown>>)[name];
          const values: readonly unknown[] = Array.isArray(value) ? value : [value];
          return values.flatMap((each) => tag(member, each) ?? []);
        }),
      );
      return new Set(found);
    },
  };
}

/** A member of the argument, and the person's fields that hold what it takes. */
type Member = {
  readonly name: string;
  /** Null: an object of `inner`. */
  readonly scalar: string | null;
  readonly inner: readonly string[] | null;
  readonly fields: readonly { readonly name: string; readonly isKey: boolean }[];
};

function tag({ name, scalar, inner }: Member, value: unknown): string | null {
  if (scalar !== null) return typeof value === "string" ? `${scalar} ${value}` : null;
  if (typeof value !== "object" || value === null || inner === null) return null;
  return `${name} ${JSON.stringify(inner.map((each) => (value as Readonly<Record<string, unknown>>)[each]))}`;
}

function finderOf(schema: GraphQLSchema, person: GraphQLObjectType) {
  for (const { name, type, args } of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    const [argument, ...more] = args;
    const input = argument && getNamedType(argument.type);
    if (type === person && isInputObjectType(input) && more.length === 0)
      return { field: name, argument: argument?.name ?? "", input };
  }
  return null;
}

function membersOf(input: GraphQLInputObjectType, person: GraphQLObjectType): readonly Member[] {
  const fields = Object.values(person.getFields());
  return Object.values(input.getFields()).map(({ name, type }): Member => {
    const named = getNamedType(type as GraphQLInputType);
    if (!isInputObjectType(named)) {
      const of = fields.filter((each) => getNamedType(each.type) === named);
      const held = of.map((each) => ({ name: each.name, isKey: isScalarType(unwrapped(each.type)) }));
      return { name, scalar: named.name, inner: null, fields: held };
    }
    const inner = Object.keys(named.getFields());
    const of = fields.filter((each) => {
      const object = getNamedType(each.type);
      return isObjectType(object) && inner.every((key) => isLeafType(getNamedType(object.getFields()[key]?.type)));
    });
    return { name, scalar: null, inner, fields: of.map((each) => ({ name: each.name, isKey: false })) };
  });
}

/** Without its `!`: what is left of a list is a list. */
function unwrapped(type: unknown): unknown {
  return isWrappingType(type) && String(type).endsWith("!") ? type.ofType : type;
}

function recordsOf(document: DocumentNode, person: GraphQLObjectType): ReadonlyMap<string, AlertRecords> {
  const parts = supergraphParts(document, linkedDirectives(document)).types.get(person.name);
  const records = new Map<string, AlertRecords>();
  for (const { name, labels } of parts?.fields.values() ?? [])
    for (const { label, directive } of labels) {
      const argument = label === "alerts" && directive.arguments?.find((each) => each.name.value === "kinds");
      if (!argument) continue;
      const type = getNamedType(person.getFields()[name]?.type);
      if (!isObjectType(type)) continue;
      const id = type.getFields().id ? "id" : null;
      for (const kind of valueFromASTUntyped(argument.value) as readonly string[])
        records.set(kind, { field: name, type: type.name, id });
    }
  return records;
}
