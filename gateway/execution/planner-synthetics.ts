/**
 * Fields with arguments that a FieldSet selects, each made a field of its own: `f__req_<hash>`, one for every set of
 * arguments, so that no selection of a client's and no other FieldSet's can ever be merged with it.
 *
 * INVARIANT: a synthetic field is inaccessible, so no client can name it, and no field of the supergraph has its name.
 */
import { createHash } from "node:crypto";
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  Kind,
  parse,
  print,
  type SchemaDefinitionNode,
} from "graphql";
import { type FieldSetReader, mapFieldSets, mapFields, readKeys, visitFieldSet } from "./planner-field-sets.ts";
import { isExternal, type JoinedSupergraph, joinedSupergraph, linkedName, textOf } from "./planner-join.ts";

type WithSynthetics = {
  readonly document: DocumentNode;
  /** Synthetic field name → the field's name in its subgraphs. */
  readonly synthetics: ReadonlyMap<string, string>;
};

/** One field of one type, with one set of arguments that FieldSets ask. */
type Demand = {
  readonly type: string;
  readonly field: string;
  readonly synthetic: string;
  /** Graphs whose FieldSets select it, straight or through an interface of the type. */
  readonly graphs: Set<string>;
};
type Demands = ReadonlyMap<string, Demand>;

/** Throws GraphQLError for a FieldSet that is not GraphQL. The same document where no FieldSet has arguments. */
export function withSynthetics(document: DocumentNode, joined: JoinedSupergraph): WithSynthetics {
  const { nameOf, synthetics } = syntheticNames(joined);
  const demands = new Map<string, Demand>();
  const demand = (type: string, field: string, synthetic: string, graph: string): void => {
    const key = `${type}.${synthetic}`;
    const known = demands.get(key) ?? { type, field, synthetic, graphs: new Set<string>() };
    if (known.graphs.has(graph)) return;
    demands.set(key, known);
    known.graphs.add(graph);
    // What implements the interface has to have the field too, and the planner may ask it type by type.
    for (const implementer of joined.implementersOf(type)) demand(implementer, field, synthetic, graph);
  };
  const rewrite: FieldSetReader = (text, types, graph) => {
    if (!text.includes("(")) return text;
    const rename = (parent: string, field: FieldNode): string => {
      if (!field.arguments?.length || joined.fieldOf(parent, field.name.value) === undefined) return field.name.value;
      const synthetic = nameOf(field);
      demand(parent, field.name.value, synthetic, graph);
      return synthetic;
    };
    // A name depends on the field and its arguments alone: whichever the type, the text comes out the same.
    return types.map((type) => visitFieldSet(text, rename, { joined, type, graph }))[0] ?? text;
  };
  const rewritten = mapFieldSets(document, joined, rewrite);
  if (demands.size === 0) return { document, synthetics };
  return { document: withFields(withInaccessible(rewritten), demands), synthetics };
}

/** A copy of each demanded field, and no external declaration that nothing uses any longer: that would not load. */
function withFields(document: DocumentNode, demands: Demands): DocumentNode {
  const joined = joinedSupergraph(document) as JoinedSupergraph;
  const isUsed = usedFields(document, joined);
  const inaccessible = directive(linkedName(document, "inaccessible", "inaccessible") ?? "inaccessible");
  const demanded = Map.groupBy(demands.values(), ({ type, field }) => `${type}.${field}`);

  const copied = (field: FieldDefinitionNode, { type, synthetic, graphs }: Demand): FieldDefinitionNode => {
    const isNeeded = (graph: string) =>
      graphs.has(graph) || joined.interfacesIn(type, graph).some((each) => demands.has(`${each}.${synthetic}`));
    return {
      kind: Kind.FIELD_DEFINITION,
      name: { kind: Kind.NAME, value: synthetic },
      arguments: (field.arguments ?? []).map(({ description: _, directives: __, ...argument }) => argument),
      type: field.type,
      directives: [
        inaccessible,
        ...joined.joinsOf(field).filter((join) => !isExternal(join) || isNeeded(textOf(join, "graph") ?? "")),
      ],
    };
  };
  const withoutUnused = (type: string, field: FieldDefinitionNode, graphs: ReadonlySet<string>) => {
    const isUnused = (join: ConstDirectiveNode) => {
      const graph = textOf(join, "graph") ?? "";
      return isExternal(join) && graphs.has(graph) && !isUsed(graph, type, field.name.value);
    };
    const joins = joined.joinsOf(field);
    // Without any, a field would be in every graph that has the type.
    if (joins.every(isUnused)) return field;
    return {
      ...field,
      directives: (field.directives ?? []).filter((each) => !joins.includes(each) || !isUnused(each)),
    };
  };

  return mapFields(document, ({ name: { value: type } }, field) => {
    const here = demanded.get(`${type}.${field.name.value}`);
    if (here === undefined) return [field];
    const graphs = new Set(here.flatMap((each) => [...each.graphs]));
    return [withoutUnused(type, field, graphs), ...here.map((each) => copied(field, each))];
  });
}

/** What counts as use of an external field in its own graph: any FieldSet, and being what an interface asks. */
function usedFields(document: DocumentNode, joined: JoinedSupergraph) {
  const used = new Set<string>();
  const use = (graph: string, type: string, field: string): void => {
    const key = `${graph} ${type}.${field}`;
    if (used.has(key)) return;
    used.add(key);
    for (const implementer of joined.implementersOf(type)) use(graph, implementer, field);
  };
  const read: FieldSetReader = (text, types, graph) => {
    const see = (parent: string, { name }: FieldNode): string => {
      use(graph, parent, name.value);
      return name.value;
    };
    for (const type of types) visitFieldSet(text, see, { joined, type, graph });
    return text;
  };
  readKeys(joined, read);
  mapFieldSets(document, joined, read);
  const isAskedByInterface = (graph: string, type: string, field: string) =>
    joined.interfacesIn(type, graph).some((each) => joined.isIn(graph, each, field));
  return (graph: string, type: string, field: string): boolean =>
    used.has(`${graph} ${type}.${field}`) || isAskedByInterface(graph, type, field);
}

/** One name for a field's name with one set of arguments, the same on every type and in every run. */
function syntheticNames(joined: JoinedSupergraph) {
  const taken = new Set(
    [...joined.types.values()].flatMap(({ fields }) => (fields ?? []).map(({ name }) => name.value)),
  );
  const names = new Map<string, string>();
  const synthetics = new Map<string, string>();
  const nameOf = ({ name: { value: field }, arguments: given }: FieldNode): string => {
    const text = `${field}(${(given ?? []).map(print).sort().join(",")})`;
    const known = names.get(text);
    if (known !== undefined) return known;
    let synthetic = "";
    for (let salt = 0; synthetic === "" || taken.has(synthetic); salt++)
      synthetic = `${field}__req_${createHash("sha256").update(`${text}${salt}`).digest("hex").slice(0, 12)}`;
    taken.add(synthetic);
    names.set(text, synthetic);
    synthetics.set(synthetic, field);
    return synthetic;
  };
  return { nameOf, synthetics: synthetics as ReadonlyMap<string, string> };
}

const inaccessibleFeature = parse(
  `schema @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY) { query: Query }
  directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION`,
  { noLocation: true },
).definitions as readonly [SchemaDefinitionNode, DefinitionNode];

/** With the feature linked that hides fields, where composition had no use for it. */
function withInaccessible(document: DocumentNode): DocumentNode {
  if (linkedName(document, "inaccessible", "inaccessible") !== null) return document;
  const [schema, definition] = inaccessibleFeature;
  const definitions = document.definitions.map((each) =>
    each.kind === Kind.SCHEMA_DEFINITION
      ? { ...each, directives: [...(each.directives ?? []), ...(schema.directives ?? [])] }
      : each,
  );
  return { ...document, definitions: [...definitions, definition] };
}

function directive(name: string): ConstDirectiveNode {
  return { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: name } };
}
