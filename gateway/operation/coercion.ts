/**
 * Coercion of variables, compiled once per type: to canonical forms, into objects without a prototype, with refusals
 * that repeat nothing of what came.
 *
 * INVARIANT: no number changes on its way. `JSON.parse` has rounded whole numbers beyond 2^53 already: those are refused.
 */
import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLScalarType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";

/** Called with the type whose form a value has not; what is given back then is of no use. */
export type Refuse = (expected: GraphQLInputType) => undefined;
export type Coerce = (value: unknown, refuse: Refuse, depth?: number) => unknown;

/** Lists and objects within each other, in one variable. */
const maxDepth = 64;

/** One per schema; each type is compiled once. */
export function inputCoercion(): CoercionOf {
  const compiled = new Map<string, Coerce>();
  const coercionOf = (type: GraphQLInputType): Coerce => {
    const name = String(type);
    const known = compiled.get(name);
    if (known) return known;
    const coerce = compile(type, coercionOf);
    compiled.set(name, coerce);
    return coerce;
  };
  return coercionOf;
}

export type CoercionOf = (type: GraphQLInputType) => Coerce;

function compile(type: GraphQLInputType, coercionOf: CoercionOf): Coerce {
  if (isNonNullType(type)) {
    const coerce = coercionOf(type.ofType);
    return (value, refuse, depth) =>
      value === null || value === undefined ? refuse(type) : coerce(value, refuse, depth);
  }
  const coerce = compileNullable(type, coercionOf);
  return (value, refuse, depth) => (value === null || value === undefined ? null : coerce(value, refuse, depth));
}

function compileNullable(type: GraphQLInputType, coercionOf: CoercionOf): Coerce {
  if (isListType(type)) {
    const coerce = coercionOf(type.ofType);
    return (value, refuse, depth = 0) => {
      if (depth >= maxDepth) return refuse(type);
      if (!Array.isArray(value)) return [coerce(value, refuse, depth + 1)];
      const list: unknown[] = [];
      for (const element of value) list.push(coerce(element, refuse, depth + 1));
      return list;
    };
  }
  if (isInputObjectType(type)) return compileObject(type, coercionOf);
  if (isEnumType(type)) {
    const names = new Set(type.getValues().map(({ name }) => name));
    return (value, refuse) => (typeof value === "string" && names.has(value) ? value : refuse(type));
  }
  const scalar = type as GraphQLScalarType;
  return builtIn(scalar) ?? compileCustom(scalar);
}

function compileObject(type: GraphQLInputObjectType, coercionOf: CoercionOf): Coerce {
  const members = new Map(
    Object.values(type.getFields()).map(({ name, type: member, defaultValue }) => [
      name,
      { member, isRequired: isNonNullType(member) && defaultValue === undefined, defaultValue },
    ]),
  );
  return (value, refuse, depth = 0) => {
    if (depth >= maxDepth || typeof value !== "object" || value === null || Array.isArray(value)) return refuse(type);
    const given = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(given);
    for (const name of names) if (!members.has(name)) return refuse(type);
    if (type.isOneOf && (names.length !== 1 || (given[names[0] as string] ?? null) === null)) return refuse(type);
    const object: Record<string, unknown> = Object.create(null);
    for (const [name, { member, isRequired, defaultValue }] of members) {
      // Compiled when first met: an input type may contain itself.
      if (Object.hasOwn(given, name)) object[name] = coercionOf(member)(given[name], refuse, depth + 1);
      else if (defaultValue !== undefined) object[name] = defaultValue;
      else if (isRequired) return refuse(member);
    }
    return object;
  };
}

/** As the specification has them, but for numbers that JSON cannot have brought here whole. */
function builtIn(type: GraphQLScalarType): Coerce | null {
  const scalars: Readonly<Record<string, Coerce>> = {
    // Adding 0 makes -0 a plain 0.
    Int: (value, refuse) => (typeof value === "number" && (value | 0) === value ? value + 0 : refuse(type)),
    Float: (value, refuse) => (typeof value === "number" && Number.isFinite(value) ? value : refuse(type)),
    String: (value, refuse) => (typeof value === "string" ? value : refuse(type)),
    Boolean: (value, refuse) => (typeof value === "boolean" ? value : refuse(type)),
    ID: (value, refuse) => {
      if (typeof value === "string") return value;
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : refuse(type);
    },
  };
  return (Object.hasOwn(scalars, type.name) && scalars[type.name]) || null;
}

function compileCustom(type: GraphQLScalarType): Coerce {
  return (value, refuse, depth = 0) => {
    if (!isFaithful(value, depth)) return refuse(type);
    try {
      const parsed = type.parseValue(value);
      return parsed === undefined ? refuse(type) : parsed;
    } catch {
      return refuse(type);
    }
  };
}

/** Whether this is what was sent, as far as one can tell after `JSON.parse`, and no deeper than can be walked. */
function isFaithful(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth >= maxDepth) return false;
  for (const each of Array.isArray(value) ? value : Object.values(value))
    if (!isFaithful(each, depth + 1)) return false;
  return true;
}
