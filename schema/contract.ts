/**
 * What the schemas promise about who may see what: labels, keys, required fields, read from every subgraph's SDL and from
 * the supergraph that they compose to. The checks (`check-*.ts`) hold the two against each other.
 */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type NameNode,
  parse,
  type SelectionSetNode,
  Source,
  type TypeNode,
  valueFromASTUntyped,
} from "graphql";
import { composeSources, type SchemaSource } from "./compose.ts";

/** Rules decide who may see an element; `@open` says that everybody may, the others say something else. */
const ruleNames = ["guard", "authenticated", "requiresScopes", "policy"] as const;
export const labelNames = [...ruleNames, "open", "release", "sparse", "alerts", "lifetime"] as const;
export type LabelName = (typeof labelNames)[number];

export type Label = {
  readonly name: LabelName;
  readonly given: Readonly<Record<string, unknown>>;
  /** `file:line`. */
  readonly place: string;
};

export type Field = {
  readonly type: string;
  readonly name: string;
  readonly node: FieldDefinitionNode;
  readonly labels: readonly Label[];
  readonly isExternal: boolean;
  readonly isInaccessible: boolean;
  readonly place: string;
};

export type TypeKind = "object" | "interface" | "union" | "scalar" | "enum" | "input";

export type Type = {
  readonly name: string;
  readonly kind: TypeKind;
  readonly labels: readonly Label[];
  /** Field sets. */
  readonly keys: readonly string[];
  readonly fields: ReadonlyMap<string, Field>;
  /** Of a union its members, of an object its interfaces. */
  readonly related: readonly string[];
  /** Of an enum. */
  readonly values: readonly string[];
  readonly directives: readonly ConstDirectiveNode[];
  readonly place: string;
};

export type Contract = ReadonlyMap<string, Type>;
export type Graph = {
  readonly subgraphs: ReadonlyMap<string, Contract>;
  readonly supergraph: Contract;
  /** Agencies' systems that a subgraph wraps. */
  systemsOf(subgraph: string): readonly string[];
};

export const rootTypes: ReadonlySet<string> = new Set(["Query", "Mutation", "Subscription"]);

/** The subgraphs' contracts and their supergraph's. Throws, with one line for every error, when they do not compose. */
export function readGraph(sources: readonly SchemaSource[]): Graph {
  const { sdl } = composeSources(sources);
  return {
    subgraphs: new Map(sources.map((source) => [source.name, readContract(source.files)])),
    supergraph: readContract([{ path: "schema/supergraph.graphql", text: sdl }]),
    systemsOf: (subgraph) => sources.find(({ name }) => name === subgraph)?.systems ?? [],
  };
}

export function readContract(files: SchemaSource["files"]): Contract {
  const types = new Map<string, Type>();
  for (const { path, text } of files) {
    for (const definition of parse(new Source(text, path)).definitions) {
      const kind = kindOf(definition.kind);
      if (kind === null || !("name" in definition) || definition.name === undefined) continue;
      const read = readType(kind, definition.name, definition as TypeShape);
      const known = types.get(read.name);
      types.set(read.name, known === undefined ? read : joined(known, read));
    }
  }
  return types;
}

type TypeShape = {
  readonly directives?: readonly ConstDirectiveNode[];
  readonly fields?: readonly FieldDefinitionNode[];
  readonly types?: readonly { readonly name: NameNode }[];
  readonly interfaces?: readonly { readonly name: NameNode }[];
  readonly values?: readonly { readonly name: NameNode }[];
};

function kindOf(kind: string): TypeKind | null {
  const found = /^(Object|Interface|Union|Scalar|Enum|InputObject)Type(Definition|Extension)$/.exec(kind)?.[1];
  return found === undefined ? null : found === "InputObject" ? "input" : (found.toLowerCase() as TypeKind);
}

function readType(kind: TypeKind, { value: name, ...node }: NameNode, shape: TypeShape): Type {
  const { directives = [], fields = [], types = [], interfaces = [], values = [] } = shape;
  return {
    name,
    kind,
    labels: labelsOf(directives),
    keys: directives
      .filter((each) => ["key", "join__type"].includes(each.name.value))
      .flatMap((each) => texts(argumentsOf(each)[each.name.value === "key" ? "fields" : "key"])),
    fields: new Map((kind === "input" ? [] : fields).map((each) => [each.name.value, readField(name, each)])),
    related: [...types, ...interfaces].map((each) => each.name.value),
    values: values.map((each) => each.name.value),
    directives,
    place: placeOf(node),
  };
}

function readField(type: string, node: FieldDefinitionNode): Field {
  const directives = node.directives ?? [];
  const has = (name: string) => directives.some((each) => each.name.value === name);
  return {
    type,
    name: node.name.value,
    node,
    labels: labelsOf(directives),
    isExternal: has("external"),
    isInaccessible: has("inaccessible"),
    place: placeOf(node.name),
  };
}

function labelsOf(directives: readonly ConstDirectiveNode[]): readonly Label[] {
  return directives.flatMap((each) => {
    const name = labelNames.find((known) => known === each.name.value);
    return name === undefined ? [] : [{ name, given: argumentsOf(each), place: placeOf(each) }];
  });
}

function joined(one: Type, other: Type): Type {
  return {
    ...one,
    labels: [...one.labels, ...other.labels],
    keys: [...one.keys, ...other.keys],
    fields: new Map([...one.fields, ...other.fields]),
    related: [...one.related, ...other.related],
    values: [...one.values, ...other.values],
    directives: [...one.directives, ...other.directives],
  };
}

export function argumentsOf(directive: ConstDirectiveNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (directive.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
  );
}

export function placeOf({ loc }: Pick<NameNode, "loc">): string {
  return `${loc?.source.name}:${loc?.startToken.line}`;
}

/** A text, or the texts of a list of them. */
export function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "string");
}

export function fieldsOf(contract: Contract): readonly Field[] {
  return [...contract.values()].flatMap(({ fields }) => [...fields.values()]);
}

export type Element = {
  /** `CourtCase`, or `CourtCase.juvenile`. */
  readonly element: string;
  readonly type: string;
  readonly field: string | null;
  readonly labels: readonly Label[];
  readonly place: string;
};

/** Types and their fields. */
export function elementsOf(contract: Contract): readonly Element[] {
  return [...contract.values()].flatMap(({ name: type, labels, place, fields }) => [
    { element: type, type, field: null, labels, place },
    ...[...fields.values()].map((each) => ({ ...each, element: `${type}.${each.name}`, field: each.name })),
  ]);
}

export function rulesOf(element: { readonly labels: readonly Label[] }): readonly Label[] {
  return element.labels.filter(({ name }) => (ruleNames as readonly string[]).includes(name));
}

export function guardsOf(element: { readonly labels: readonly Label[] }): readonly Label[] {
  return element.labels.filter(({ name }) => name === "guard");
}

export function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

export function isInaccessible({ directives }: Type): boolean {
  return directives.some(({ name }) => name.value === "inaccessible");
}

export function implementers(contract: Contract, name: string): readonly string[] {
  return [...contract.values()].filter(({ related }) => related.includes(name)).map((each) => each.name);
}

export function isLeaf(contract: Contract, field: Field): boolean {
  const kind = contract.get(namedType(field.node.type))?.kind;
  return kind === undefined || kind === "scalar" || kind === "enum";
}

/** One field that a field set selects. `field` is undefined where the type has none of that name. */
export type Selected = {
  readonly type: string;
  readonly name: string;
  readonly field: Field | undefined;
  /** How the field set gets to it from where it stands: `["subject", "protected1367"]`. */
  readonly path: readonly string[];
  readonly hasSelection: boolean;
};

/** Every field of a field set, nested ones and those under type conditions included. Throws when it is none. */
export function selectedBy(contract: Contract, type: string, fieldSet: string): readonly Selected[] {
  const document: DocumentNode = parse(`{ ${fieldSet} }`, { noLocation: true });
  const walk = (on: string, { selections }: SelectionSetNode, path: readonly string[]): readonly Selected[] =>
    selections.flatMap((each) => {
      if (each.kind === Kind.FRAGMENT_SPREAD) throw new Error("a field set has no named fragments");
      if (each.kind === Kind.INLINE_FRAGMENT)
        return walk(each.typeCondition?.name.value ?? on, each.selectionSet, path);
      const name = each.name.value;
      if (name === "__typename") return [];
      const field = contract.get(on)?.fields.get(name);
      const below =
        field && each.selectionSet ? walk(namedType(field.node.type), each.selectionSet, [...path, name]) : [];
      return [
        { type: on, name, field, path: [...path, name], hasSelection: each.selectionSet !== undefined },
        ...below,
      ];
    });
  return document.definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION ? walk(type, each.selectionSet, []) : [],
  );
}
