/** What the executor has to know of a supergraph beside its types: subgraphs, keys, and what a field requires. */
import {
  buildASTSchema,
  type DocumentNode,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from "graphql";
import { isComposite, isTrue, isUnresolvable, linkedName, textOf } from "./planner-join.ts";

export type SchemaFacts = {
  /** The whole supergraph, inaccessible parts included. */
  readonly schema: GraphQLSchema;
  /** Subgraph's name → its routing URL. */
  readonly subgraphs: ReadonlyMap<string, string>;
  /** The keys by which this subgraph finds entities of this type. */
  keysOf(type: string, subgraph: string): readonly EntityKey[];
  /** Fields whose objects stand in keys or are required by other fields. */
  readonly requiredObjects: ReadonlySet<string>;
  /** What this subgraph's field requires of others; null for nothing. */
  requiredBy(type: string, field: string, subgraph: string): SelectionSetNode | null;
  /** Whether an object of this type (or of this interface, as an interface object gives it) fits the condition. */
  fits(typename: string, condition: string): boolean;
};

export type EntityKey = {
  readonly set: SelectionSetNode;
  /** False where the subgraph says that the key is not its own to answer. */
  readonly isOwn: boolean;
};

export function readSchemaFacts(document: DocumentNode): SchemaFacts {
  const schema = buildASTSchema(document, { assumeValidSDL: true });
  const subgraphs = new Map<string, string>();
  const nameOfGraph = new Map<string, string>();
  const keys = new Map<string, SelectionSetNode[]>();
  const required = new Map<string, SelectionSetNode>();
  const external = new Set<string>();
  // Facts of a record's person are asked through `subject`.
  const requiredObjects = new Set<string>(["subject"]);
  const join = linkedName(document, "join", "join") ?? "join";
  for (const definition of document.definitions) {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === `${join}__Graph`)
      for (const { name, directives = [] } of definition.values ?? []) {
        const graph = directives.find((each) => each.name.value === `${join}__graph`);
        const subgraph = (graph && textOf(graph, "name")) ?? name.value;
        nameOfGraph.set(name.value, subgraph);
        subgraphs.set(subgraph, (graph && textOf(graph, "url")) ?? "");
      }
  }
  for (const definition of document.definitions) {
    if (!isComposite(definition)) continue;
    const type = definition.name.value;
    for (const each of definition.directives ?? []) {
      const [graph, key] = [textOf(each, "graph"), textOf(each, "key")];
      if (each.name.value !== `${join}__type` || graph === undefined || key === undefined) continue;
      if (isUnresolvable(each)) continue;
      const place = `${type}\n${nameOfGraph.get(graph)}`;
      addObjects(parseFieldSet(key), requiredObjects);
      keys.set(place, [...(keys.get(place) ?? []), parseFieldSet(key)]);
    }
    for (const field of definition.fields ?? [])
      for (const each of field.directives ?? []) {
        const [graph, requires] = [textOf(each, "graph"), textOf(each, "requires")];
        if (each.name.value !== `${join}__field` || graph === undefined) continue;
        const place = `${type}\n${field.name.value}\n${nameOfGraph.get(graph)}`;
        if (requires !== undefined) {
          addObjects(parseFieldSet(requires), requiredObjects);
          required.set(place, parseFieldSet(requires));
        }
        if (isTrue(each, "external")) external.add(place);
      }
  }
  return {
    schema,
    subgraphs,
    keysOf: (type, subgraph) =>
      (keys.get(`${type}\n${subgraph}`) ?? []).map((set) => ({
        set,
        isOwn: set.selections.every(
          (each) => each.kind !== Kind.FIELD || !external.has(`${type}\n${each.name.value}\n${subgraph}`),
        ),
      })),
    requiredObjects,
    requiredBy: (type, field, subgraph) => required.get(`${type}\n${field}\n${subgraph}`) ?? null,
    fits: fitter(schema),
  };
}

function fitter(schema: GraphQLSchema): SchemaFacts["fits"] {
  const known = new Map<string, boolean>();
  return (typename, condition) => {
    if (typename === condition) return true;
    const place = `${typename}\n${condition}`;
    const remembered = known.get(place);
    if (remembered !== undefined) return remembered;
    const [type, abstract] = [schema.getType(typename), schema.getType(condition)];
    const fits =
      isAbstractType(abstract) && (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(abstract, type);
    // A subgraph may answer any text for a type's name: only those that the schema has are remembered.
    if (type) known.set(place, fits);
    return fits;
  };
}

export function parseFieldSet(text: string): SelectionSetNode {
  const braced = text.trimStart().startsWith("{") ? text : `{${text}}`;
  const [operation] = parse(braced, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("not a field set");
  return operation.selectionSet;
}

function addObjects({ selections }: SelectionSetNode, names: Set<string>): void {
  for (const each of selections) {
    if (each.kind === Kind.FRAGMENT_SPREAD || !each.selectionSet) continue;
    if (each.kind === Kind.FIELD) names.add(each.name.value);
    addObjects(each.selectionSet, names);
  }
}
