/**
 * What an answer depends on, as changes name it (cache/message.ts): identifiers as `ANumber 123456789`, entities as
 * `Person 9000001`. Found by what is declared, never by what a key is called.
 */
import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromASTUntyped,
} from "graphql";
import { identifierScalars } from "#schema/scalars.ts";
import { responseKeyOf } from "../operation/document.ts";
import { read } from "./complete.ts";
import { identitiesOf } from "./identity.ts";
import type { SchemaFacts } from "./schema-facts.ts";

export type Tags = Set<string>;

const kinds: ReadonlySet<string> = new Set([...Object.keys(identifierScalars), "ID"]);

/** What is selected of an object, with the types that the supergraph declares. */
export type TaggedShape = { readonly declared: string; readonly fields: readonly TaggedField[] };

type TaggedField = {
  /** Types that the object must fit, all of them. */
  readonly conditions: readonly string[];
  readonly name: string;
  /** Its key in the answer. */
  readonly key: string;
  readonly hasArguments: boolean;
  /** The identifier that it is, if it is one. */
  readonly kind: string | null;
  readonly below: TaggedShape | null;
};

/** `declared`: whose fields are selected; `_Entity` where each fragment says it. Null: some field is not declared. */
export function taggedShape(set: SelectionSetNode, declared: string, schema: GraphQLSchema): TaggedShape | null {
  const fields: TaggedField[] = [];
  const within = ({ selections }: SelectionSetNode, type: string, conditions: readonly string[]): boolean =>
    selections.every((each) => {
      if (each.kind === Kind.FRAGMENT_SPREAD) return false;
      if (each.kind === Kind.INLINE_FRAGMENT) {
        const condition = each.typeCondition?.name.value;
        if (condition === undefined) return within(each.selectionSet, type, conditions);
        return within(each.selectionSet, condition, [...conditions, condition]);
      }
      const name = each.name.value;
      if (name === "__typename") return true;
      const given = outputOf(schema, type, name);
      if (given === null) return false;
      const below = each.selectionSet ? taggedShape(each.selectionSet, given, schema) : null;
      const hasArguments = (each.arguments ?? []).length > 0;
      const kind = kinds.has(given) ? given : null;
      fields.push({ conditions, name, key: responseKeyOf(each), hasArguments, kind, below });
      return !each.selectionSet || below !== null;
    });
  return within(set, declared, []) ? { declared, fields } : null;
}

function outputOf(schema: GraphQLSchema, type: string, field: string): string | null {
  const found = schema.getType(type);
  const declared = isObjectType(found) || isInterfaceType(found) ? found.getFields()[field] : undefined;
  return declared ? getNamedType(declared.type).name : null;
}

/** Tags of an answer with this selection. */
export function tagAnswer(answered: unknown, shape: TaggedShape, facts: SchemaFacts, tags: Tags): void {
  if (Array.isArray(answered)) {
    for (const each of answered) tagAnswer(each, shape, facts, tags);
    return;
  }
  if (typeof answered !== "object" || answered === null) return;
  const given = read(answered, "__typename");
  const typename = typeof given === "string" && facts.schema.getType(given) ? given : concrete(shape.declared, facts);
  // What something is of nobody knows may be of any type.
  const fields = typename === null ? shape.fields : shape.fields.filter((each) => isOf(typename, each, facts));
  for (const { key, kind, below } of fields) {
    const value = read(answered, key);
    if (kind !== null) tagIdentifiers(value, kind, tags);
    else if (below !== null) tagAnswer(value, below, facts, tags);
  }
  const { keyOf } = identitiesOf(facts);
  for (const type of keyedTypes(typename ?? shape.declared, facts)) {
    const identity = identityIn(answered, fields, keyOf(type));
    if (identity !== null) tags.add(`${type} ${identity}`);
  }
}

function concrete(declared: string, { schema }: SchemaFacts): string | null {
  return isObjectType(schema.getType(declared)) ? declared : null;
}

function isOf(typename: string, { conditions }: TaggedField, { fits }: SchemaFacts): boolean {
  return conditions.every((each) => fits(typename, each) || fits(each, typename));
}

/** An interface's entities are known by its name as well. */
function keyedTypes(typename: string, facts: SchemaFacts): readonly string[] {
  const type = facts.schema.getType(typename);
  const interfaces = isObjectType(type) || isInterfaceType(type) ? type.getInterfaces().map(({ name }) => name) : [];
  return [typename, ...interfaces].filter((each) => identitiesOf(facts).keyOf(each) !== null);
}

/** As identity.ts writes it, of an object whose fields may stand under other keys. */
function identityIn(object: object, fields: readonly TaggedField[], key: SelectionSetNode | null): string | null {
  const values = valuesIn(object, fields, key);
  if (values === null) return null;
  const [only, ...more] = values;
  return more.length === 0 && typeof only === "string" ? only : JSON.stringify(values);
}

function valuesIn(
  object: object,
  fields: readonly TaggedField[],
  key: SelectionSetNode | null,
): readonly unknown[] | null {
  const values = (key?.selections ?? []).map((each): unknown => {
    if (each.kind !== Kind.FIELD) return null;
    const selected = fields.filter(({ name, hasArguments }) => name === each.name.value && !hasArguments);
    for (const field of selected) {
      const value = valueIn(read(object, field.key), field.below, each.selectionSet);
      if (value !== null) return value;
    }
    return null;
  });
  return values.length === 0 || values.includes(null) ? null : values;
}

function valueIn(value: unknown, shape: TaggedShape | null, set: SelectionSetNode | undefined): unknown {
  if (!set) return identifierText(value);
  if (Array.isArray(value)) {
    const elements = value.map((each) => valueIn(each, shape, set));
    return elements.includes(null) ? null : elements;
  }
  return typeof value === "object" && value !== null && shape !== null ? valuesIn(value, shape.fields, set) : null;
}

function identifierText(value: unknown): string | null {
  return typeof value === "string" || Number.isSafeInteger(value) ? String(value) : null;
}

function tagIdentifiers(value: unknown, kind: string, tags: Tags): void {
  if (Array.isArray(value)) for (const each of value) tagIdentifiers(each, kind, tags);
  else {
    const text = identifierText(value);
    if (text !== null) tags.add(`${kind} ${text}`);
  }
}

/** Tags of what an entity is told by: it stands under the names that the schema has. */
export function tagRepresentation(value: unknown, declared: string | null, facts: SchemaFacts, tags: Tags): void {
  if (Array.isArray(value)) {
    for (const each of value) tagRepresentation(each, declared, facts, tags);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const given = read(value, "__typename");
  const typename = typeof given === "string" ? given : declared;
  const type = typename === null ? undefined : facts.schema.getType(typename);
  if (!isObjectType(type) && !isInterfaceType(type)) return;
  for (const [name, field] of Object.entries(type.getFields())) {
    const { name: named } = getNamedType(field.type);
    if (kinds.has(named)) tagIdentifiers(read(value, name), named, tags);
    else tagRepresentation(read(value, name), named, facts, tags);
  }
  for (const each of keyedTypes(type.name, facts)) {
    const identity = identitiesOf(facts).identityOf(value, each);
    if (identity !== null) tags.add(`${each} ${identity}`);
  }
}

/** Tags of variables, as they are declared: identifiers, and what input objects have of them. */
export function tagVariables(
  values: unknown,
  definitions: readonly VariableDefinitionNode[],
  schema: GraphQLSchema,
  tags: Tags,
): void {
  if (typeof values !== "object" || values === null) return;
  for (const { variable, type } of definitions) {
    const declared = typeFromAST(schema, type as never) as GraphQLInputType | undefined;
    if (declared) tagInput(read(values, variable.name.value), declared, tags);
  }
}

function tagInput(value: unknown, type: GraphQLInputType, tags: Tags): void {
  if (value === null || value === undefined) return;
  if (isNonNullType(type)) tagInput(value, type.ofType, tags);
  else if (isListType(type))
    for (const each of Array.isArray(value) ? value : [value]) tagInput(each, type.ofType, tags);
  else if (isInputObjectType(type)) {
    if (typeof value !== "object") return;
    for (const [name, field] of Object.entries(type.getFields())) tagInput(read(value, name), field.type, tags);
  } else if (kinds.has(type.name)) {
    const text = identifierText(value);
    if (text !== null) tags.add(`${type.name} ${canonical(type.name, text)}`);
  }
}

/** A literal stands in the document as it was written. */
function canonical(kind: string, text: string): string {
  try {
    return identifierScalars[kind]?.parseValue(text) ?? text;
  } catch {
    return text;
  }
}

/** Tags of arguments that are written out in a selection. */
export function tagLiterals(set: SelectionSetNode, type: string, schema: GraphQLSchema, tags: Tags): void {
  for (const each of set.selections) {
    if (each.kind === Kind.FRAGMENT_SPREAD) continue;
    if (each.kind === Kind.INLINE_FRAGMENT) {
      tagLiterals(each.selectionSet, each.typeCondition?.name.value ?? type, schema, tags);
      continue;
    }
    const found = schema.getType(type);
    const field = isObjectType(found) || isInterfaceType(found) ? found.getFields()[each.name.value] : undefined;
    if (!field) continue;
    for (const { name, value } of each.arguments ?? []) {
      const declared = field.args.find((argument) => argument.name === name.value);
      if (declared) tagInput(valueFromASTUntyped(value), declared.type, tags);
    }
    if (each.selectionSet) tagLiterals(each.selectionSet, getNamedType(field.type).name, schema, tags);
  }
}

/** Whether an identifier may stand in a variable of one of these types. */
export function takesIdentifiers(definitions: readonly VariableDefinitionNode[], schema: GraphQLSchema): boolean {
  const seen = new Set<string>();
  const takes = (type: GraphQLInputType): boolean => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return kinds.has(named.name);
    if (seen.has(named.name)) return false;
    seen.add(named.name);
    return Object.values(named.getFields()).some((field) => takes(field.type));
  };
  return definitions.some(({ type }) => {
    const declared = typeFromAST(schema, type as never) as GraphQLInputType | undefined;
    return declared === undefined || takes(declared);
  });
}
