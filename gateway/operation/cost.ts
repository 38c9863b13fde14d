/**
 * The cost of an operation as it can be estimated before anything is asked: `@cost` and `@listSize`, as composed into the
 * supergraph, with the meaning that Apollo Router's demand control gives them. Compiled once per operation; what depends
 * on variables is worked out with each request's.
 *
 * An object costs 1 and a leaf nothing, unless `@cost` says otherwise; a list costs as often as it is assumed to be long;
 * a mutation costs 10 more; what a field `@requires` is added to it.
 */
import {
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { type CostIndex, type FieldCost, type InputCost, readCosts } from "./cost-index.ts";

type Variables = Readonly<Record<string, unknown>>;
/** Null: within what is allowed. */
export type RefuseCost = (variables: Variables) => ClientError | null;

export type CostSettings = {
  /** With its directives; the API schema has none. */
  readonly supergraph: DocumentNode;
  readonly maxCost: number;
  /** Of a list that says nothing of its length. */
  readonly assumedListSize?: number;
};

/** How much an operation may cost, compiled. Throws for a supergraph whose `@requires` cannot be read. */
export function costLimit(settings: CostSettings): (operation: OperationDefinitionNode) => RefuseCost {
  const estimatorOf = costEstimator(settings);
  return (operation) => {
    const estimate = estimatorOf(operation);
    return (variables) => {
      const { cost, unsliced } = estimate(variables);
      if (unsliced)
        return clientError("BAD_USER_INPUT", `exactly one of these arguments is required: ${unsliced.join(", ")}`);
      return cost > settings.maxCost ? clientError("COST_ESTIMATED_TOO_EXPENSIVE") : null;
    };
  };
}

export type Estimate = {
  readonly cost: number;
  /** Arguments of the schema of which exactly one must be given, and was not. */
  readonly unsliced: readonly string[] | null;
};

/** Estimates of operations in normal form. */
export function costEstimator({
  supergraph,
  assumedListSize = 10,
}: Omit<CostSettings, "maxCost">): (operation: OperationDefinitionNode) => (variables: Variables) => Estimate {
  const index = readCosts(supergraph);
  return (operation) => {
    const scope: Scope = { index, assumedListSize, open: new Set() };
    const root = index.roots.get(operation.operation) ?? "";
    const selected = asFunction(compileSelections(scope, operation.selectionSet, root, null));
    const own = operation.operation === "mutation" ? 10 : 0;
    return (variables) => {
      const run: Run = { variables, unsliced: null };
      const cost = own + selected(run, null);
      // Infinity less infinity: whatever it is, it is too much.
      return { cost: Number.isNaN(cost) ? Number.POSITIVE_INFINITY : cost, unsliced: run.unsliced };
    };
  };
}

type Scope = {
  readonly index: CostIndex;
  readonly assumedListSize: number;
  /** Requirements being compiled: a field may require what requires it. */
  readonly open: Set<string>;
};
type Run = { readonly variables: Variables; unsliced: readonly string[] | null };
/** `size`: what `@listSize` of the field above says about its `sizedFields`. A number where nothing changes it. */
type Cost = number | VariableCost;
type VariableCost = (run: Run, size: number | null) => number;

const asFunction = (cost: Cost): VariableCost => (typeof cost === "number" ? () => cost : cost);

function compileSelections(
  scope: Scope,
  { selections }: SelectionSetNode,
  parent: string,
  sizedFields: ReadonlySet<string> | null,
): Cost {
  const costs = selections.map((selection): Cost => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return 0;
    const cost =
      selection.kind === Kind.FIELD
        ? compileField(scope, selection, parent, sizedFields?.has(selection.name.value) ?? false)
        : compileSelections(scope, selection.selectionSet, selection.typeCondition?.name.value ?? parent, sizedFields);
    return conditioned(selection.directives, cost);
  });
  return sumOf(costs);
}

function sumOf(costs: readonly Cost[]): Cost {
  const fixed = costs.reduce((sum: number, each) => (typeof each === "number" ? sum + each : sum), 0);
  const variable = costs.filter((each) => typeof each === "function");
  if (variable.length === 0) return fixed;
  return (run, size) => {
    let sum = fixed;
    for (const cost of variable) sum += cost(run, size);
    return sum;
  };
}

/** What is skipped costs nothing. */
function conditioned(directives: readonly DirectiveNode[] | undefined, cost: Cost): Cost {
  return (directives ?? []).reduce((conditional: Cost, { name, arguments: args }): Cost => {
    const value = args?.[0]?.value;
    if ((name.value !== "skip" && name.value !== "include") || !value) return conditional;
    const isSkipped = name.value === "skip";
    const unskipped = asFunction(conditional);
    return (run, size) => (valueIn(run, value) === isSkipped ? 0 : unskipped(run, size));
  }, cost);
}

function compileField(scope: Scope, field: FieldNode, parent: string, isSized: boolean): Cost {
  const definition = scope.index.fields.get(parent)?.get(field.name.value);
  // `__typename`, and what describes the schema.
  if (!definition) return 0;
  const { listSize } = definition;
  const below = field.selectionSet
    ? compileSelections(scope, field.selectionSet, definition.type, listSize?.sizedFields ?? null)
    : 0;
  const required = compileRequirements(scope, definition, parent);
  const { isList, weight } = definition;
  const args = field.arguments ?? [];
  // A weight may be negative, but nothing earns anything.
  if (!isSized && !listSize && args.length === 0 && typeof below === "number" && typeof required === "number")
    return Math.max(0, (isList ? scope.assumedListSize : 1) * (weight + below) + required);
  const [costBelow, costRequired, sizeOf] = [asFunction(below), asFunction(required), compileSlicing(definition, args)];
  const inputs = args.flatMap(({ name, value }) => {
    const input = definition.arguments.get(name.value);
    return input ? [{ value, input }] : [];
  });
  return (run, size) => {
    const expected = sizeOf(run);
    const stated = isSized ? size : null;
    const count = isList ? (stated ?? expected ?? scope.assumedListSize) : 1;
    let cost = count * (weight + costBelow(run, expected)) + costRequired(run, expected);
    for (const { value, input } of inputs) cost += inputCost(scope.index, run, value, input);
    return Math.max(0, cost);
  };
}

function compileRequirements(scope: Scope, { requires }: FieldCost, parent: string): Cost {
  const costs = requires.map((fields): Cost => {
    const id = `${parent} ${fields}`;
    if (scope.open.has(id)) return 0;
    scope.open.add(id);
    const [definition] = parse(`{ ${fields} }`, { noLocation: true }).definitions;
    const cost =
      definition?.kind === Kind.OPERATION_DEFINITION
        ? compileSelections(scope, definition.selectionSet, parent, null)
        : 0;
    scope.open.delete(id);
    return cost;
  });
  return sumOf(costs);
}

/** How long the list is said to be; null where nothing says so. */
function compileSlicing({ listSize, arguments: inputs }: FieldCost, args: readonly ArgumentNode[]) {
  if (!listSize) return () => null;
  const names = [...listSize.slicingArguments];
  const given = names.map((name) => args.find((each) => each.name.value === name)?.value);
  return (run: Run): number | null => {
    const sizes = names.flatMap((name, at) => {
      const value = given[at];
      const size = value && valueIn(run, value);
      const actual = size === undefined ? inputs.get(name)?.defaultValue : size;
      return typeof actual === "number" ? [Math.max(0, actual)] : [];
    });
    if (names.length > 0 && listSize.requireOneSlicingArgument && sizes.length !== 1) run.unsliced = names;
    return sizes.length > 0 ? Math.max(...sizes) : listSize.assumedSize;
  };
}

/** Undefined for a variable that was left out. */
function valueIn({ variables }: Run, value: ValueNode): unknown {
  if (value.kind === Kind.VARIABLE) return variables[value.name.value];
  if (value.kind === Kind.INT) return Number(value.value);
  return value.kind === Kind.BOOLEAN ? value.value : null;
}

/** A value as written in the operation. */
function inputCost(index: CostIndex, run: Run, value: ValueNode, input: InputCost): number {
  switch (value.kind) {
    case Kind.VARIABLE:
      return valueCost(index, run.variables[value.name.value], input);
    case Kind.NULL:
      return 0;
    case Kind.LIST:
      return value.values.reduce((sum, each) => sum + inputCost(index, run, each, input), input.weight ?? 0);
    case Kind.OBJECT: {
      const members = index.inputs.get(input.type);
      if (!members) return input.weight ?? 0;
      return value.fields.reduce((sum, each) => {
        const member = members.get(each.name.value);
        return member ? sum + inputCost(index, run, each.value, member) : sum;
      }, input.weight ?? 1);
    }
    default:
      return input.weight ?? 0;
  }
}

/** A value that came in a variable. */
function valueCost(index: CostIndex, value: unknown, input: InputCost): number {
  if (value === null || value === undefined) return 0;
  if (Array.isArray(value))
    return value.reduce((sum: number, each) => sum + valueCost(index, each, input), input.weight ?? 0);
  const members = index.inputs.get(input.type);
  if (typeof value !== "object" || !members) return input.weight ?? 0;
  return Object.entries(value).reduce((sum, [name, each]) => {
    const member = members.get(name);
    return member ? sum + valueCost(index, each, member) : sum;
  }, input.weight ?? 1);
}
