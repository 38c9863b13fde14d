/** Valid operations over any schema, drawn from a seed: the arbitrary that fast-check runs, and shrinks. */
import fc from "fast-check";
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLBoolean,
  type GraphQLCompositeType,
  type GraphQLField,
  GraphQLNonNull,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isObjectType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  validate,
} from "graphql";
import { type ArgumentWriter, argumentWriter, nameNode } from "./arguments.ts";
import { type Draw, drawFrom } from "./draw.ts";
import { reductions } from "./reductions.ts";

export type Operation = {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
};

export type OperationSettings = {
  readonly schema: GraphQLSchema;
  /** Names that a client's alias could be confused with. */
  readonly names: readonly string[];
  /** Per hundred, where there are mutations. */
  readonly mutations: number;
};

export const show = ({ document, variables }: Operation): string => `${print(document)}\n${JSON.stringify(variables)}`;

/** What stands at one place of the answer: by response key, which field with which arguments, and what is below. */
type Places = Map<
  string,
  { readonly sign: string; readonly field: string; readonly parents: Set<string>; readonly below: Places }
>;

export function operationsOver(settings: OperationSettings): fc.Arbitrary<Operation> {
  return new (class extends fc.Arbitrary<Operation> {
    override generate(random: fc.Random): fc.Value<Operation> {
      const draw = drawFrom(random);
      for (let attempt = 0; attempt < 20; attempt++) {
        const operation = draftOperation(settings, draw);
        if (validate(settings.schema, operation.document).length === 0) return new fc.Value(operation, undefined);
      }
      throw new Error("no valid operation in 20 attempts");
    }
    override canShrinkWithoutContext(value: unknown): value is Operation {
      return typeof value === "object" && value !== null && "document" in value;
    }
    override shrink(value: Operation): fc.Stream<fc.Value<Operation>> {
      const { schema } = settings;
      return fc.stream(
        (function* () {
          for (const each of reductions(value))
            if (validate(schema, each.document).length === 0) yield new fc.Value(each, undefined);
        })(),
      );
    }
  })();
}

const hostile = [
  "__proto__",
  "constructor",
  "c1_",
  "c2_",
  "_entities",
  "representations",
  "__typename",
  "prototype",
  "errors",
];

function draftOperation({ schema, names, mutations }: OperationSettings, draw: Draw): Operation {
  const root = schema.getMutationType() && draw.chance(mutations) ? schema.getMutationType() : schema.getQueryType();
  if (!root) throw new Error("no root type");
  const writer = argumentWriter(draw);
  const selectionSet = selectionDrafter(schema, draw, writer, [...names, ...hostile]).ofRoot(root);
  const name = draw.chance(50) ? draw.of(["Ask", "query", "__proto__", "constructor"]) : null;
  const { definitions, values } = writer.used;
  const operation: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: (root === schema.getMutationType() ? "mutation" : "query") as OperationDefinitionNode["operation"],
    ...(name === null ? {} : { name: nameNode(name) }),
    variableDefinitions: definitions,
    selectionSet,
  };
  const document = withNamedFragments(operation, draw);
  if (name === null || draw.chance(70)) return { document, variables: values, operationName: null };
  const other = { ...operation, name: nameNode("Other"), variableDefinitions: [], selectionSet: onlyTypename };
  return {
    document: { ...document, definitions: [...document.definitions, other] },
    variables: values,
    operationName: name,
  };
}

const field = (name: string): FieldNode => ({ kind: Kind.FIELD, name: nameNode(name) });
const selections = (all: readonly SelectionNode[]): SelectionSetNode => ({ kind: Kind.SELECTION_SET, selections: all });
const onlyTypename = selections([field("__typename")]);

function selectionDrafter(schema: GraphQLSchema, draw: Draw, writer: ArgumentWriter, aliases: readonly string[]) {
  let fieldsLeft = 3 + draw.below(draw.chance(20) ? 60 : 25);
  const percentAliased = draw.of([0, 30, 60, 100]);
  const percentDirectives = draw.of([0, 0, 15, 40]);
  const maxDepth = 3 + draw.below(5);
  let unique = 0;

  const directives = (): readonly DirectiveNode[] => {
    if (!draw.chance(percentDirectives)) return [];
    const names = draw.chance(15) ? ["skip", "include"] : [draw.of(["skip", "include"])];
    return names.map((name) => ({
      kind: Kind.DIRECTIVE,
      name: nameNode(name),
      arguments: [
        { kind: Kind.ARGUMENT, name: nameNode("if"), value: writer.condition(new GraphQLNonNull(GraphQLBoolean)) },
      ],
    }));
  };

  const draftSet = (parent: GraphQLCompositeType, places: Places, depth: number): SelectionSetNode => {
    const count = 1 + draw.below(depth === 0 ? 4 : 5);
    const drafted: SelectionNode[] = [];
    for (let index = 0; index < count; index++) {
      if (index > 0 && fieldsLeft <= 0) break;
      drafted.push(draftSelection(parent, places, depth));
    }
    return selections(drafted);
  };

  const draftSelection = (parent: GraphQLCompositeType, places: Places, depth: number): SelectionNode => {
    if (depth < maxDepth && draw.chance(isObjectType(parent) ? 15 : 55)) return draftFragment(parent, places, depth);
    if (isUnionType(parent) || draw.chance(8)) return draftField(parent, null, places, depth);
    const all = Object.values(parent.getFields());
    const leaves = all.filter(({ type }) => !isCompositeType(getNamedType(type)));
    const goesDeeper = depth < maxDepth && fieldsLeft > 0 && (leaves.length === 0 || draw.chance(60));
    const choices = goesDeeper ? all : leaves;
    return draftField(parent, choices.length > 0 ? draw.of(choices) : null, places, depth);
  };

  const draftFragment = (parent: GraphQLCompositeType, places: Places, depth: number): SelectionNode => {
    const possible = Object.values(schema.getTypeMap())
      .filter(isCompositeType)
      .filter((each) => !each.name.startsWith("__") && overlaps(schema, each, parent));
    const on = draw.chance(15) ? null : draw.of(possible);
    return {
      kind: Kind.INLINE_FRAGMENT,
      ...(on ? { typeCondition: { kind: Kind.NAMED_TYPE, name: nameNode(on.name) } } : {}),
      directives: directives(),
      selectionSet: draftSet(on ?? parent, places, depth + 1),
    };
  };

  /** `null`: the field `__typename`. */
  const draftField = (
    parent: GraphQLCompositeType,
    chosen: GraphQLField<unknown, unknown> | null,
    places: Places,
    depth: number,
  ): FieldNode => {
    fieldsLeft--;
    const name = chosen?.name ?? "__typename";
    const args = chosen ? writer.argumentsOf(chosen.args) : [];
    const type = chosen ? getNamedType(chosen.type) : null;
    const sign = `${name}(${args.map((each) => print(each)).join()}): ${String(chosen?.type ?? "String!")}`;
    const alias = draw.chance(percentAliased) ? draw.of(aliases) : name;
    const key = placeFor(places, alias, sign, parent, type !== null && isCompositeType(type));
    const place = places.get(key) ?? { sign, field: name, parents: new Set<string>(), below: new Map() };
    places.set(key, place);
    place.parents.add(parent.name);
    return {
      ...field(name),
      ...(key === name ? {} : { alias: nameNode(key) }),
      arguments: args,
      directives: directives(),
      ...(type && isCompositeType(type) ? { selectionSet: draftSet(type, place.below, depth + 1) } : {}),
    };
  };

  /** The wanted key, where the same stands there already or nothing; for different types other leaves may share it. */
  const placeFor = (
    places: Places,
    wanted: string,
    sign: string,
    parent: GraphQLCompositeType,
    isComposite: boolean,
  ) => {
    const there = places.get(wanted);
    if (!there || there.sign === sign) return wanted;
    const typeOf = (text: string) => text.slice(text.lastIndexOf("): "));
    const mayDiffer =
      !isComposite &&
      isObjectType(parent) &&
      typeOf(there.sign) === typeOf(sign) &&
      [...there.parents].every((each) => each !== parent.name && isObjectType(schema.getType(each)));
    if (mayDiffer && draw.chance(60)) return wanted;
    return `k${unique++}`;
  };

  return { ofRoot: (root: GraphQLCompositeType) => draftSet(root, new Map(), 0) };
}

function overlaps(schema: GraphQLSchema, one: GraphQLCompositeType, other: GraphQLCompositeType): boolean {
  const possible = (type: GraphQLCompositeType) => (isObjectType(type) ? [type] : schema.getPossibleTypes(type));
  return possible(one).some((each) => possible(other).includes(each));
}

/** Some of the inline fragments become named ones; some of those are spread a second time. */
function withNamedFragments(operation: OperationDefinitionNode, draw: Draw): DocumentNode {
  const fragments: FragmentDefinitionNode[] = [];
  const percent = draw.of([0, 40, 100]);
  const within = (set: SelectionSetNode): SelectionSetNode =>
    selections(
      set.selections.flatMap((each): readonly SelectionNode[] => {
        if (each.kind === Kind.FRAGMENT_SPREAD) return [each];
        const below = each.selectionSet ? { ...each, selectionSet: within(each.selectionSet) } : each;
        if (below.kind !== Kind.INLINE_FRAGMENT || !below.typeCondition || !draw.chance(percent)) return [below];
        const same = fragments.filter((one) => one.typeCondition.name.value === below.typeCondition?.name.value);
        const isReused = same.length > 0 && draw.chance(30);
        const name = isReused ? draw.of(same).name.value : fragmentName(fragments.length);
        const spread = {
          kind: Kind.FRAGMENT_SPREAD,
          name: nameNode(name),
          directives: below.directives ?? [],
        } as const;
        if (!isReused)
          fragments.push({
            kind: Kind.FRAGMENT_DEFINITION,
            name: nameNode(name),
            typeCondition: below.typeCondition,
            selectionSet: below.selectionSet,
          });
        return isReused ? [below, spread] : [spread];
      }),
    );
  const selectionSet = within(operation.selectionSet);
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }, ...fragments] };
}

function fragmentName(index: number): string {
  return ["__proto__", "constructor", "Product", "f1_"][index] ?? `F${index}`;
}
