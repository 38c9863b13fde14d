/**
 * The schema as introspection shows it to a caller: what the caller may ask, and nothing beside it. Types that are come to
 * through nothing else are left out with it.
 */
import {
  type GraphQLFieldConfigMap,
  GraphQLInterfaceType,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  GraphQLUnionType,
  getNamedType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from "graphql";
import type { Rights } from "./rights.ts";

const maxKept = 100;

/** One for each kind of rights; the last ones are kept. */
export function visibleSchemas(schema: GraphQLSchema): (rights: Rights) => GraphQLSchema {
  const kept = new Map<string, GraphQLSchema>();
  return (rights) => {
    let visible = kept.get(rights.key);
    if (!visible) {
      visible = visibleSchema(schema, rights);
      if (kept.size >= maxKept) kept.delete(kept.keys().next().value as string);
      kept.set(rights.key, visible);
    }
    return visible;
  };
}

type Composite = GraphQLObjectType | GraphQLInterfaceType;

function visibleSchema(schema: GraphQLSchema, rights: Rights): GraphQLSchema {
  const shown = shownFields(schema, rights);
  const made = new Map<string, GraphQLNamedType>();
  const isShown = (type: GraphQLNamedType): boolean => shown.get(type.name) !== null;
  const remake = (type: GraphQLNamedType): GraphQLNamedType => {
    if (!isObjectType(type) && !isInterfaceType(type) && !isUnionType(type)) return type;
    const known = made.get(type.name);
    if (known) return known;
    const remade = remadeType(type);
    made.set(type.name, remade);
    return remade;
  };
  const remadeType = (type: Composite | GraphQLUnionType): GraphQLNamedType => {
    if (isUnionType(type)) {
      const types = () =>
        type
          .getTypes()
          .filter(isShown)
          .map((each) => remake(each) as GraphQLObjectType);
      return new GraphQLUnionType({ ...type.toConfig(), types });
    }
    const interfaces = () =>
      type
        .getInterfaces()
        .filter(isShown)
        .map((each) => remake(each) as GraphQLInterfaceType);
    const fields = () => {
      const config = type.toConfig().fields;
      const left: GraphQLFieldConfigMap<unknown, unknown> = {};
      for (const name of shown.get(type.name) ?? []) {
        const field = config[name];
        if (field) left[name] = { ...field, type: rewrapped(field.type) };
      }
      return left;
    };
    return isObjectType(type)
      ? new GraphQLObjectType({ ...type.toConfig(), interfaces, fields })
      : new GraphQLInterfaceType({ ...type.toConfig(), interfaces, fields });
  };
  const rewrapped = (type: GraphQLOutputType): GraphQLOutputType => {
    if (isNonNullType(type)) return new GraphQLNonNull(rewrapped(type.ofType) as never);
    if (isListType(type)) return new GraphQLList(rewrapped(type.ofType));
    return remake(type) as GraphQLOutputType;
  };
  const root = (type: GraphQLObjectType | null | undefined) =>
    type && isShown(type) ? (remake(type) as GraphQLObjectType) : null;
  const reached = reachedTypes(schema, shown);
  return new GraphQLSchema({
    description: schema.description,
    // A schema has a query, even one that may ask nothing.
    query: schema.getQueryType() ? (remake(schema.getQueryType() as GraphQLObjectType) as GraphQLObjectType) : null,
    mutation: root(schema.getMutationType()),
    subscription: root(schema.getSubscriptionType()),
    directives: schema.getDirectives(),
    types: [...reached].map((name) => remake(schema.getType(name) as GraphQLNamedType)),
    assumeValid: true,
  });
}

/** By type, the names of its fields that are shown; null: nothing of it is. Input types and leaves are not among them. */
type Shown = Map<string, readonly string[] | null>;

/** An interface shows what all its types show: no type may have less than its interface. */
function shownFields(schema: GraphQLSchema, rights: Rights): Shown {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  const shown: Shown = new Map();
  for (const type of types) {
    if (isUnseen(rights, type.name)) shown.set(type.name, null);
    else if (isObjectType(type) || isInterfaceType(type))
      shown.set(
        type.name,
        Object.keys(type.getFields()).filter((field) => !isUnseenField(rights, type.name, field)),
      );
  }
  // A type without fields takes those that give it with it.
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const type of types) {
      const before = shown.get(type.name);
      if (before === null) continue;
      const after = leftOf(schema, type, before ?? [], shown);
      if (after === null || after.length < (before ?? []).length) {
        shown.set(type.name, after);
        isSettled = false;
      }
    }
  }
  return shown;
}

/** What is referred or masked whatever the facts is there to be asked for: the answer says whom to call, or why not. */
function isUnseen(rights: Rights, type: string): boolean {
  return rights.refusesType(type) && rights.refusalOf(type, null) === null;
}

function isUnseenField(rights: Rights, type: string, field: string): boolean {
  return rights.refusesField(type, field) && rights.refusalOf(type, field) === null;
}

/** What is left of a type's fields, as far as is known of others; null where that is nothing. */
function leftOf(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
  before: readonly string[],
  shown: Shown,
): readonly string[] | null {
  const isShown = ({ name }: GraphQLNamedType) => shown.get(name) !== null;
  if (isUnionType(type)) return type.getTypes().some(isShown) ? before : null;
  if (!isObjectType(type) && !isInterfaceType(type)) return before;
  const fields = type.getFields();
  const implementers = isInterfaceType(type) ? schema.getPossibleTypes(type).filter(isShown) : [];
  const left = before.filter((name) => {
    const output = fields[name] && getNamedType(fields[name].type);
    return output && isShown(output) && implementers.every((each) => shown.get(each.name)?.includes(name));
  });
  return left.length > 0 ? left : null;
}

/** Types that are come to from the roots by what is shown, those that stand for an interface among them. */
function reachedTypes(schema: GraphQLSchema, shown: Shown): ReadonlySet<string> {
  const reached = new Set<string>();
  const reach = (type: GraphQLNamedType): void => {
    if (reached.has(type.name) || shown.get(type.name) === null || type.name.startsWith("__")) return;
    if (!isObjectType(type) && !isInterfaceType(type) && !isUnionType(type)) return;
    reached.add(type.name);
    if (isUnionType(type) || isInterfaceType(type)) for (const each of schema.getPossibleTypes(type)) reach(each);
    if (isUnionType(type)) return;
    for (const each of type.getInterfaces()) reach(each);
    const fields = type.getFields();
    for (const name of shown.get(type.name) ?? []) if (fields[name]) reach(getNamedType(fields[name].type));
  };
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
    if (root) reach(root);
  return reached;
}
