/** What a supergraph says about costs, by type and field. */
import {
  type DirectiveNode,
  type DocumentNode,
  type InputValueDefinitionNode,
  Kind,
  OperationTypeNode,
  type TypeNode,
  type ValueNode,
} from "graphql";

export type ListSize = {
  readonly assumedSize: number | null;
  readonly slicingArguments: ReadonlySet<string>;
  readonly sizedFields: ReadonlySet<string> | null;
  readonly requireOneSlicingArgument: boolean;
};
export type InputCost = {
  readonly type: string;
  /** Null: nothing is said; an input object then costs 1, anything else nothing. */
  readonly weight: number | null;
  readonly defaultValue: unknown;
};
export type FieldCost = {
  readonly type: string;
  readonly isList: boolean;
  readonly weight: number;
  readonly listSize: ListSize | null;
  readonly arguments: ReadonlyMap<string, InputCost>;
  /** Field sets, as `@join__field` has them. */
  readonly requires: readonly string[];
};
export type CostIndex = {
  /** By kind of operation. */
  readonly roots: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, FieldCost>>;
  readonly inputs: ReadonlyMap<string, ReadonlyMap<string, InputCost>>;
};

const costSpec = "https://specs.apollo.dev/cost/";

export function readCosts(supergraph: DocumentNode): CostIndex {
  const names = linkedNames(supergraph, costSpec);
  const [costName, listSizeName] = [names("cost"), names("listSize")];
  const weightIn = (directives: readonly DirectiveNode[] | undefined) =>
    costName === null ? null : numberOf(argumentOf(named(directives, costName), "weight"));

  const typeWeights = new Map<string, number>();
  const composites = new Set<string>();
  for (const definition of supergraph.definitions) {
    if (!("name" in definition) || !definition.name) continue;
    const weight = weightIn(definition.directives as readonly DirectiveNode[] | undefined);
    if (weight !== null) typeWeights.set(definition.name.value, weight);
    if (
      definition.kind === Kind.OBJECT_TYPE_DEFINITION ||
      definition.kind === Kind.INTERFACE_TYPE_DEFINITION ||
      definition.kind === Kind.UNION_TYPE_DEFINITION
    )
      composites.add(definition.name.value);
  }
  const input = ({ type, directives, defaultValue }: InputValueDefinitionNode): InputCost => {
    const { name } = typeOf(type);
    return {
      type: name,
      weight: weightIn(directives) ?? typeWeights.get(name) ?? null,
      defaultValue: defaultValue ? numberOf(defaultValue) : undefined,
    };
  };
  const inputsOf = (definitions: readonly InputValueDefinitionNode[] | undefined) =>
    new Map((definitions ?? []).map((each) => [each.name.value, input(each)]));

  const roots = new Map<string, string>();
  const fields = new Map<string, ReadonlyMap<string, FieldCost>>();
  const inputs = new Map<string, ReadonlyMap<string, InputCost>>();
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.SCHEMA_DEFINITION)
      for (const { operation, type } of definition.operationTypes) roots.set(operation, type.name.value);
    else if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
      inputs.set(definition.name.value, inputsOf(definition.fields));
    else if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      const own = (definition.fields ?? []).map((field): [string, FieldCost] => {
        const { name, isList } = typeOf(field.type);
        const cost: FieldCost = {
          type: name,
          isList,
          weight: weightIn(field.directives) ?? typeWeights.get(name) ?? (composites.has(name) ? 1 : 0),
          listSize: listSizeName === null ? null : listSizeOf(named(field.directives, listSizeName)),
          arguments: inputsOf(field.arguments),
          requires: requirementsOf(field.directives),
        };
        return [field.name.value, cost];
      });
      fields.set(definition.name.value, new Map(own));
    }
  }
  if (roots.size === 0)
    for (const [operation, type] of [
      [OperationTypeNode.QUERY, "Query"],
      [OperationTypeNode.MUTATION, "Mutation"],
    ] as const)
      roots.set(operation, type);
  return { roots, fields, inputs };
}

function listSizeOf(directive: DirectiveNode | undefined): ListSize | null {
  if (!directive) return null;
  const sized = argumentOf(directive, "sizedFields");
  const requireOne = argumentOf(directive, "requireOneSlicingArgument");
  return {
    assumedSize: numberOf(argumentOf(directive, "assumedSize")),
    slicingArguments: new Set(stringsOf(argumentOf(directive, "slicingArguments"))),
    sizedFields: sized && sized.kind !== Kind.NULL ? new Set(stringsOf(sized)) : null,
    requireOneSlicingArgument: requireOne?.kind !== Kind.BOOLEAN || requireOne.value,
  };
}

function requirementsOf(directives: readonly DirectiveNode[] | undefined): readonly string[] {
  return (directives ?? []).flatMap((each) => {
    const fields = each.name.value === "join__field" ? argumentOf(each, "requires") : undefined;
    return fields?.kind === Kind.STRING ? [fields.value] : [];
  });
}

/** What the elements of a linked spec are called here; null where it is not linked, or nothing can name them. */
function linkedNames(supergraph: DocumentNode, spec: string): (element: string) => string | null {
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const link of definition.directives ?? []) {
      const url = argumentOf(link, "url");
      if (link.name.value !== "link" || url?.kind !== Kind.STRING || !url.value.startsWith(spec)) continue;
      const specName = spec.split("/").at(-2) ?? "";
      const as = argumentOf(link, "as");
      const namespace = as?.kind === Kind.STRING ? as.value : specName;
      const imported = importedNames(argumentOf(link, "import"));
      // The directive that is called as its spec is needs no prefix.
      return (element) =>
        imported.get(`@${element}`) ?? (element === specName ? namespace : `${namespace}__${element}`);
    }
  }
  return () => null;
}

function importedNames(imports: ValueNode | undefined): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const each of imports?.kind === Kind.LIST ? imports.values : []) {
    if (each.kind === Kind.STRING) names.set(each.value, each.value.slice(1));
    if (each.kind !== Kind.OBJECT) continue;
    const members = new Map(each.fields.map(({ name, value }) => [name.value, value]));
    const [name, as] = [members.get("name"), members.get("as")];
    if (name?.kind === Kind.STRING) names.set(name.value, (as?.kind === Kind.STRING ? as : name).value.slice(1));
  }
  return names;
}

function typeOf(type: TypeNode): { readonly name: string; readonly isList: boolean } {
  if (type.kind === Kind.NAMED_TYPE) return { name: type.name.value, isList: false };
  const inner = typeOf(type.type);
  return type.kind === Kind.LIST_TYPE ? { ...inner, isList: true } : inner;
}

function named(directives: readonly DirectiveNode[] | undefined, name: string): DirectiveNode | undefined {
  return directives?.find((each) => each.name.value === name);
}

function argumentOf(directive: DirectiveNode | undefined, name: string): ValueNode | undefined {
  return directive?.arguments?.find((each) => each.name.value === name)?.value;
}

function numberOf(value: ValueNode | undefined): number | null {
  if (value?.kind === Kind.INT || value?.kind === Kind.FLOAT) return Number(value.value);
  // Weights were strings in the draft that this spec is made from.
  return value?.kind === Kind.STRING && Number.isFinite(Number.parseFloat(value.value))
    ? Number.parseFloat(value.value)
    : null;
}

function stringsOf(value: ValueNode | undefined): readonly string[] {
  return value?.kind === Kind.LIST
    ? value.values.flatMap((each) => (each.kind === Kind.STRING ? [each.value] : []))
    : [];
}
