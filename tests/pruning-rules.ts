/**
 * Rules put upon any supergraph, and what they mean, told naively: a monolith that asks them again for every field it
 * resolves and every object it comes to. It shares nothing with the gateway but the words of the schema.
 */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parse,
  print,
  visit,
} from "graphql";
import type { Draw } from "./differential/draw.ts";

/** Any group of them, whole. */
type Scopes = readonly (readonly string[])[];

/** By `Type` or `Type.field`. Several: all of them. */
export type RuleSet = ReadonlyMap<string, readonly Scopes[]>;

/** How a supergraph may call `@requiresScopes`: what it links, and what it writes. */
export const importForms: readonly { readonly title: string; readonly link: string; readonly directive: string }[] = [
  { title: "as it is", link: spec("requiresScopes/v0.1"), directive: "requiresScopes" },
  {
    title: "imported under another name",
    link: spec("requiresScopes/v0.1", 'import: [{ name: "@requiresScopes", as: "@scoped" }]'),
    directive: "scoped",
  },
  { title: "its specification renamed", link: spec("requiresScopes/v0.1", 'as: "needs"'), directive: "needs" },
  {
    title: "its specification renamed, and namespaced",
    link: spec("requiresScopes/v0.1", 'as: "needs"'),
    directive: "needs__requiresScopes",
  },
  {
    title: "its specification renamed, itself imported",
    link: spec("requiresScopes/v0.1", 'as: "needs", import: ["@requiresScopes"]'),
    directive: "requiresScopes",
  },
  { title: "namespaced", link: spec("federation/v2.9"), directive: "federation__requiresScopes" },
  {
    title: "of a renamed federation",
    link: spec("federation/v2.9", 'as: "fed", import: [{ name: "@requiresScopes", as: "@fedScopes" }]'),
    directive: "fedScopes",
  },
];

function spec(path: string, more = ""): string {
  const purpose = path.startsWith("federation") ? "" : ", for: SECURITY";
  return `@link(url: "https://specs.apollo.dev/${path}"${purpose}${more === "" ? "" : `, ${more}`})`;
}

/** Each element gets a rule now and then; an interface gets one that nothing it stands for has. */
export function drawRules(schema: GraphQLSchema, draw: Draw): RuleSet {
  const rules = new Map<string, readonly Scopes[]>();
  const some = (place: string, percent: number) => {
    if (!draw.chance(percent)) return;
    const groups = Array.from({ length: 1 + draw.below(2) }, () =>
      draw.of([["a"], ["b"], ["c"], ["a", "b"], ["b", "c"]]),
    );
    rules.set(place, draw.chance(25) ? [groups, [[draw.of(["a", "b", "c"])]]] : [groups]);
  };
  const given = givenTypes(schema);
  const roots = [schema.getQueryType()?.name, schema.getMutationType()?.name];
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    if (isAbstractType(type) && "getFields" in type) {
      if (draw.chance(8)) rules.set(type.name, [[["d"]]]);
      for (const field of Object.keys(type.getFields()))
        if (draw.chance(4)) rules.set(`${type.name}.${field}`, [[["d"]]]);
    } else if (isObjectType(type)) {
      if (!roots.includes(type.name)) some(type.name, 18);
      for (const field of Object.keys(type.getFields())) some(`${type.name}.${field}`, 12);
    } else if ((isEnumType(type) || isScalarType(type)) && !isSpecifiedScalarType(type) && !given.has(type.name))
      some(type.name, 25);
  }
  return rules;
}

/** Types of what is given, never seen: a rule on one of them is refused at start. */
function givenTypes(schema: GraphQLSchema): ReadonlySet<string> {
  const types = Object.values(schema.getTypeMap());
  const inputs = types.filter(isInputObjectType).flatMap((type) => Object.values(type.getFields()));
  const fields = types.flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [],
  );
  return new Set([...inputs, ...fields.flatMap(({ args }) => args)].map(({ type }) => getNamedType(type).name));
}

/** The supergraph with these rules on it. */
export function withRules(sdl: string, rules: RuleSet, form: (typeof importForms)[number]): string {
  const scopes = (all: Scopes) => JSON.stringify(all).replaceAll('","', '", "');
  const directivesOf = (place: string): readonly ConstDirectiveNode[] =>
    (rules.get(place) ?? []).flatMap((each) => directives(`@${form.directive}(scopes: ${scopes(each)})`));
  let type = "";
  const document: DocumentNode = visit(parse(sdl, { noLocation: true }), {
    SchemaDefinition: (node) => ({ ...node, directives: [...(node.directives ?? []), ...directives(form.link)] }),
    ObjectTypeDefinition: { enter: (node) => ruled(node), leave: () => undefined },
    InterfaceTypeDefinition: (node) => ruled(node),
    EnumTypeDefinition: (node) => ruled(node),
    ScalarTypeDefinition: (node) => ruled(node),
    FieldDefinition: (node) => ({
      ...node,
      directives: [...(node.directives ?? []), ...directivesOf(`${type}.${node.name.value}`)],
    }),
  });
  function ruled<
    Node extends { readonly name: { readonly value: string }; readonly directives?: readonly ConstDirectiveNode[] },
  >(node: Node): Node {
    type = node.name.value;
    return { ...node, directives: [...(node.directives ?? []), ...directivesOf(type)] };
  }
  const definition = `directive @${form.directive}(scopes: [[ruled__Scope!]!]!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM\nscalar ruled__Scope`;
  return `${print(document)}\n${definition}`;
}

function directives(text: string): readonly ConstDirectiveNode[] {
  const [definition] = parse(`schema ${text} { query: Q }`, { noLocation: true }).definitions;
  return definition?.kind === Kind.SCHEMA_DEFINITION ? (definition.directives ?? []) : [];
}

/** What a caller with these scopes is refused, looked up anew each time. */
export type Naive = {
  refusesType(type: string): boolean;
  refusesField(type: string, field: string): boolean;
};

export function naive(schema: GraphQLSchema, rules: RuleSet, scopes: ReadonlySet<string>): Naive {
  const allows = (place: string) =>
    (rules.get(place) ?? []).every((groups) => groups.some((group) => group.every((each) => scopes.has(each))));
  const interfacesOf = (type: string): readonly string[] => {
    const found = schema.getType(type);
    return isObjectType(found) ? found.getInterfaces().map(({ name }) => name) : [];
  };
  const refusesType = (type: string): boolean => {
    const found = schema.getType(type);
    if (isAbstractType(found)) {
      const possible = schema.getPossibleTypes(found);
      return possible.length > 0 && possible.every(({ name }) => refusesType(name));
    }
    return ![type, ...interfacesOf(type)].every(allows);
  };
  return {
    refusesType,
    refusesField(type, field) {
      const found = schema.getType(type);
      const output = isObjectType(found) ? getNamedType(found.getFields()[field]?.type) : undefined;
      const places = [type, ...interfacesOf(type)].map((each) => `${each}.${field}`);
      return refusesType(type) || !places.every(allows) || (output !== undefined && refusesType(output.name));
    },
  };
}

export const unauthorized = "UNAUTHORIZED_FIELD_OR_TYPE";

/** The schema refuses from now on what `rights` says when it is asked; called once for a schema. */
export function guardSchema(schema: GraphQLSchema, rights: () => Naive): void {
  const refuse = (isField: boolean) => new GraphQLError("refused", { extensions: { code: unauthorized, isField } });
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    if (isAbstractType(type))
      type.resolveType = ({ __typename }: { readonly __typename: string }) => {
        if (rights().refusesType(__typename)) throw refuse(false);
        return __typename;
      };
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve } = field;
      field.resolve = (...given) => {
        if (rights().refusesField(type.name, field.name)) throw refuse(true);
        return resolve?.(...given);
      };
    }
  }
}
