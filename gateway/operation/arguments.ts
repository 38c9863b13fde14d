/**
 * Lifts literals out of arguments into variables, so that operations which differ in values alone have one plan, and
 * keeps account of which variables are still used and how.
 */
import {
  type ArgumentNode,
  type DirectiveNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLDirective,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  type ObjectFieldNode,
  type OperationDefinitionNode,
  type TypeNode,
  type ValueNode,
  type VariableDefinitionNode,
  type VariableNode,
  valueFromAST,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { describeInputType } from "./input-forms.ts";

/** A place for a variable whose name is not known yet. */
export type Slot = { readonly name: { readonly kind: Kind.NAME; value: string }; readonly variable: SlotVariable };

export type SlotVariable = {
  /** As the client called it; null for a literal. */
  readonly client: string | null;
  readonly literal: unknown;
  /**
   * Null, or nothing, is refused where the type was made stricter than the client's: its default is put in already, or it
   * is the one member of a one-of input, which is never null.
   */
  readonly refusesNull: () => boolean;
  readonly definition: (name: string) => VariableDefinitionNode;
};

/** The arguments of one field as they are asked; fields that merge share it. */
export type ArgumentsForm = {
  readonly field: FieldNode;
  readonly nodes: readonly ArgumentNode[];
  readonly slots: readonly Slot[];
};

export type ArgumentLifter = {
  readonly lift: (
    given: readonly ArgumentNode[],
    definitions: readonly GraphQLArgument[],
  ) => { readonly nodes: readonly ArgumentNode[]; readonly slots: readonly Slot[] };
  /** Literals of a directive stay; its variables are renamed; its defaults are put in, as subgraphs may have others. */
  readonly directive: (given: DirectiveNode) => { readonly node: DirectiveNode; readonly slots: readonly Slot[] };
  readonly refused: readonly ClientError[];
};

/** One per operation, which is valid. */
export function argumentLifter(schema: GraphQLSchema, operation: OperationDefinitionNode): ArgumentLifter {
  const refused: ClientError[] = [];
  const clientVariables = new Map<string, ClientVariable>();
  for (const definition of operation.variableDefinitions ?? [])
    clientVariables.set(definition.variable.name.value, clientVariable(definition));

  const use = (slots: Slot[], slot: Slot): VariableNode => {
    slots.push(slot);
    return { kind: Kind.VARIABLE, name: slot.name };
  };
  /** `type`: null where nothing is known of it, inside a custom scalar. */
  const write = (
    slots: Slot[],
    value: ValueNode,
    type: GraphQLInputType | null,
    hasDefault: boolean,
    isOneMember = false,
  ): ValueNode => {
    if (value.kind === Kind.VARIABLE) {
      const variable = clientVariables.get(value.name.value);
      if (!variable) throw new Error("the operation is not valid");
      if (type && isNonNullType(type) && !hasDefault) variable.needsValue = true;
      if (isOneMember) variable.isOneMember = true;
      return use(slots, variable.slot);
    }
    if (type && value.kind !== Kind.NULL && isLiftable(value, type)) {
      const literal: unknown = valueFromAST(value, type);
      if (!isOfMachine(literal)) refused.push(badLiteral(value, type));
      else if (literal !== undefined) return use(slots, literalSlot(literal, type));
    }
    const bare = elementType(value, type);
    if (value.kind === Kind.LIST)
      return { kind: Kind.LIST, values: value.values.map((each) => write(slots, each, itemType(bare), false)) };
    if (value.kind === Kind.OBJECT)
      return { kind: Kind.OBJECT, fields: value.fields.map((each) => writeMember(slots, each, bare)) };
    return withoutLocation(value);
  };
  const writeMember = (slots: Slot[], member: ObjectFieldNode, type: GraphQLInputType | null): ObjectFieldNode => {
    const known = type && isInputObjectType(type) ? type.getFields()[member.name.value] : undefined;
    // graphql-js overlooks a variable that may be null here where the input itself may not, or stands in a list.
    const isOneMember = isInputObjectType(type) && type.isOneOf;
    const value = write(slots, member.value, known?.type ?? null, known?.defaultValue !== undefined, isOneMember);
    return { kind: Kind.OBJECT_FIELD, name: { kind: Kind.NAME, value: member.name.value }, value };
  };
  const writeArguments = (
    given: readonly ArgumentNode[],
    typeOf: (name: string) => GraphQLArgument | undefined,
    isLifted: boolean,
  ) => {
    const slots: Slot[] = [];
    const sorted = given.length < 2 ? given : [...given].sort((a, b) => (a.name.value < b.name.value ? -1 : 1));
    const nodes = sorted.map(({ name, value }): ArgumentNode => {
      const definition = typeOf(name.value);
      const isVariable = value.kind === Kind.VARIABLE;
      const type = isLifted || isVariable ? (definition?.type ?? null) : null;
      const written = write(slots, value, type, definition?.defaultValue !== undefined);
      return { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name.value }, value: written };
    });
    return { nodes, slots };
  };
  return {
    refused,
    lift: (given, definitions) =>
      given.length === 0
        ? { nodes: [], slots: [] }
        : writeArguments(given, (name) => definitions.find((each) => each.name === name), true),
    directive: ({ name, arguments: given = [] }) => {
      const { args } = schema.getDirective(name.value) as GraphQLDirective;
      const typeOf = (argument: string) => args.find((each) => each.name === argument);
      const { nodes, slots } = writeArguments([...given, ...defaultsOf(args, given)], typeOf, false);
      const named = { kind: Kind.NAME, value: name.value } as const;
      return { node: { kind: Kind.DIRECTIVE, name: named, ...(nodes.length > 0 ? { arguments: nodes } : {}) }, slots };
    },
  };
}

/** Those that are not given. */
function defaultsOf(args: readonly GraphQLArgument[], given: readonly ArgumentNode[]): readonly ArgumentNode[] {
  return args.flatMap(({ name, astNode }) => {
    const value = astNode?.defaultValue;
    if (value === undefined || given.some((each) => each.name.value === name)) return [];
    return [{ kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value }];
  });
}

type ClientVariable = { readonly slot: Slot; needsValue: boolean; isOneMember: boolean };

function clientVariable({ variable: { name }, type, defaultValue }: VariableDefinitionNode): ClientVariable {
  // A default is put in when variables are coerced, so that the definition needs none; but then a place that takes no
  // null would no longer accept the variable, unless its type says that it is never null.
  const hasDefault = defaultValue !== undefined && defaultValue.kind !== Kind.NULL;
  const isStricter = () => made.isOneMember || (made.needsValue && hasDefault);
  const made: ClientVariable = {
    needsValue: false,
    isOneMember: false,
    slot: {
      name: { kind: Kind.NAME, value: "" },
      variable: {
        client: name.value,
        literal: undefined,
        refusesNull: isStricter,
        definition: (internal) => {
          const plain = typeWithoutLocation(type);
          const isNullable = plain.kind !== Kind.NON_NULL_TYPE;
          return variableDefinition(
            internal,
            isNullable && isStricter() ? { kind: Kind.NON_NULL_TYPE, type: plain } : plain,
          );
        },
      },
    },
  };
  return made;
}

function literalSlot(literal: unknown, type: GraphQLInputType): Slot {
  const definition = (name: string) => variableDefinition(name, typeNode(type));
  return {
    name: { kind: Kind.NAME, value: "" },
    variable: { client: null, literal, refusesNull: () => false, definition },
  };
}

function variableDefinition(name: string, type: TypeNode): VariableDefinitionNode {
  const variable = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } } as const;
  return { kind: Kind.VARIABLE_DEFINITION, variable, type };
}

/** A single value stands for a list of one. */
function elementType(value: ValueNode, type: GraphQLInputType | null): GraphQLInputType | null {
  let bare = type && getNullableType(type);
  while (bare && isListType(bare) && value.kind !== Kind.LIST) bare = getNullableType(bare.ofType);
  return bare;
}

function itemType(type: GraphQLInputType | null): GraphQLInputType | null {
  return type && isListType(type) ? type.ofType : null;
}

/** No variable in it, and no number in a custom scalar that would not come out of a variable as it was written. */
function isLiftable(value: ValueNode, type: GraphQLInputType | null): boolean {
  const bare = elementType(value, type);
  const isFree = bare === null || (isScalarType(bare) && !isSpecifiedScalarType(bare));
  switch (value.kind) {
    case Kind.VARIABLE:
      return false;
    case Kind.LIST:
      return value.values.every((each) => isLiftable(each, itemType(bare)));
    case Kind.OBJECT:
      return value.fields.every((each) => {
        const member = bare && isInputObjectType(bare) ? bare.getFields()[each.name.value]?.type : undefined;
        return isLiftable(each.value, member ?? null);
      });
    case Kind.INT:
      return !isFree || (Number.isSafeInteger(Number(value.value)) && String(Number(value.value)) === value.value);
    case Kind.FLOAT:
      return !isFree || String(Number(value.value)) === value.value;
    default:
      return true;
  }
}

/** `1e400` is a Float of the language, but of no machine, and JSON would make it null. */
function isOfMachine(literal: unknown): boolean {
  if (typeof literal === "number") return Number.isFinite(literal);
  if (typeof literal !== "object" || literal === null) return true;
  return Object.values(literal).every(isOfMachine);
}

function badLiteral({ loc }: ValueNode, type: GraphQLInputType): ClientError {
  const locations = loc ? [{ line: loc.startToken.line, column: loc.startToken.column }] : [];
  return clientError("BAD_USER_INPUT", describeInputType(type), locations);
}

function withoutLocation<Node extends ValueNode>(node: Node): Node {
  const { loc: _loc, ...bare } = node;
  return bare as Node;
}

function typeWithoutLocation(type: TypeNode): TypeNode {
  if (type.kind === Kind.NAMED_TYPE)
    return { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name.value } };
  if (type.kind === Kind.LIST_TYPE) return { kind: Kind.LIST_TYPE, type: typeWithoutLocation(type.type) };
  const inner = typeWithoutLocation(type.type);
  return inner.kind === Kind.NON_NULL_TYPE ? inner : { kind: Kind.NON_NULL_TYPE, type: inner };
}

function typeNode(type: GraphQLInputType): TypeNode {
  if (isListType(type)) return { kind: Kind.LIST_TYPE, type: typeNode(type.ofType) };
  if (!isNonNullType(type)) return { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } };
  const inner = typeNode(type.ofType);
  return inner.kind === Kind.NON_NULL_TYPE ? inner : { kind: Kind.NON_NULL_TYPE, type: inner };
}
