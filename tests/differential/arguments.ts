/** Values for arguments: literals, variables with and without defaults, variables inside literals. */
import {
  type ArgumentNode,
  type ConstValueNode,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
  Kind,
  parseConstValue,
  parseType,
  type ValueNode,
  type VariableDefinitionNode,
} from "graphql";
import type { Draw } from "./draw.ts";

const strings = [
  "p1",
  "u2",
  "EUR",
  "USD",
  "red",
  "b1",
  "h1",
  "k1",
  "",
  'quote " and \\ and\nline',
  "__proto__",
  "ünï",
  "0",
];
const variableNames = ["a", "b", "id", "first", "representations", "__proto__", "constructor", "v1_", "l1_", "if"];

export type VariableUse = {
  readonly definitions: readonly VariableDefinitionNode[];
  readonly values: Readonly<Record<string, unknown>>;
};

/** Writes arguments, and keeps the variables that they use. */
export function argumentWriter(draw: Draw) {
  const definitions: VariableDefinitionNode[] = [];
  const values: Record<string, unknown> = Object.create(null);

  const variable = (type: GraphQLInputType): ValueNode => {
    const known = definitions.filter((each) => typeText(each) === String(type));
    const name = known.length > 0 && draw.chance(40) ? draw.of(known).variable.name.value : declare(type);
    return { kind: Kind.VARIABLE, name: nameNode(name) };
  };
  const declare = (type: GraphQLInputType): string => {
    const wanted = draw.of(variableNames);
    const isTaken = definitions.some((each) => each.variable.name.value === wanted);
    const name = isTaken ? `w${definitions.length}` : wanted;
    const isStricter = !isNonNullType(type) && draw.chance(25);
    const hasDefault = !isStricter && draw.chance(40);
    const given = jsonOf(type, 2);
    const isOmitted = (hasDefault || (!isNonNullType(type) && !isStricter)) && draw.chance(40);
    if (!isOmitted) values[name] = isStricter && given === null ? jsonOf(type, 2, false) : given;
    definitions.push({
      kind: Kind.VARIABLE_DEFINITION,
      variable: { kind: Kind.VARIABLE, name: nameNode(name) },
      type: parseType(`${type}${isStricter ? "!" : ""}`, { noLocation: true }),
      ...(hasDefault ? { defaultValue: literal(type, 0) as ConstValueNode } : {}),
    });
    return name;
  };

  const literal = (type: GraphQLInputType, percentVariables: number, depth = 2): ValueNode => {
    if (draw.chance(percentVariables)) return variable(type);
    if (isNonNullType(type))
      return literal(type.ofType, 0, depth).kind === Kind.NULL ? solid(type, depth) : solid(type, depth);
    if (draw.chance(12)) return { kind: Kind.NULL };
    return solid(type, depth, percentVariables);
  };
  const solid = (type: GraphQLInputType, depth: number, percentVariables = 0): ValueNode => {
    const bare = isNonNullType(type) ? type.ofType : type;
    if (isListType(bare)) {
      if (draw.chance(15) && depth > 0) return solid(bare.ofType, depth - 1, percentVariables);
      const length = depth > 0 ? draw.below(3) : 0;
      const elements = Array.from({ length }, () => literal(bare.ofType, percentVariables, depth - 1));
      return { kind: Kind.LIST, values: elements };
    }
    if (isInputObjectType(bare)) {
      const fields = Object.values(bare.getFields())
        .filter((each) => isRequiredInputField(each) || (depth > 0 && draw.chance(40)))
        .map((each) => ({
          kind: Kind.OBJECT_FIELD as const,
          name: nameNode(each.name),
          value: literal(each.type, percentVariables, depth - 1),
        }));
      return { kind: Kind.OBJECT, fields };
    }
    if (isEnumType(bare)) return { kind: Kind.ENUM, value: draw.of(bare.getValues()).name };
    return parseConstValue(scalarText(String(bare)), { noLocation: true });
  };
  const scalarText = (name: string): string => {
    if (name === "Int") return String(draw.of([0, 1, 2, 3, 5, -1]));
    if (name === "Float") return draw.of(["1.5", "-2", "0", "1e3"]);
    if (name === "Boolean") return draw.of(["true", "false"]);
    if (name === "ID") return draw.of([JSON.stringify(draw.of(strings)), '"p3"', '"f1"', "7"]);
    if (name === "String") return draw.of([JSON.stringify(draw.of(strings)), '"""block\n  text"""']);
    return draw.of([
      "1",
      '"text"',
      "[1, [null]]",
      "{ a: 1, constructor: { x: [2] } }",
      "true",
      "{ __proto__: 3 }",
      "WORD",
    ]);
  };

  const jsonOf = (type: GraphQLInputType, depth: number, mayBeNull = true): unknown => {
    if (isNonNullType(type)) return jsonOf(type.ofType, depth, false);
    if (mayBeNull && draw.chance(15)) return null;
    if (isListType(type))
      return Array.from({ length: depth > 0 ? draw.below(3) : 0 }, () => jsonOf(type.ofType, depth - 1));
    if (isInputObjectType(type))
      return Object.fromEntries(
        Object.values(type.getFields())
          .filter((each) => isRequiredInputField(each) || (depth > 0 && draw.chance(40)))
          .map((each: GraphQLInputField) => [each.name, jsonOf(each.type, depth - 1)]),
      );
    if (isEnumType(type)) return draw.of(type.getValues()).name;
    if (type.name === "Int") return draw.of([0, 1, 2, 3, 5, -1]);
    if (type.name === "Float") return draw.of([1.5, 0, -2]);
    if (type.name === "Boolean") return draw.chance(50);
    if (type.name === "ID") return draw.of([draw.of(strings), "p3", "f1", 7]);
    if (type.name === "String") return draw.of(strings);
    return draw.of<unknown>([
      1,
      "text",
      [1, [null]],
      { a: 1, constructor: { x: [2] } },
      JSON.parse('{"__proto__":{"polluted":1}}'),
    ]);
  };

  return {
    used: { definitions, values } satisfies VariableUse,
    condition(type: GraphQLInputType): ValueNode {
      return literal(type, 60);
    },
    argumentsOf(args: readonly GraphQLArgument[]): readonly ArgumentNode[] {
      return args
        .filter((each) => isRequiredArgument(each) || draw.chance(50))
        .map((each) => ({ kind: Kind.ARGUMENT, name: nameNode(each.name), value: literal(each.type, 30) }));
    },
  };
}

export type ArgumentWriter = ReturnType<typeof argumentWriter>;

export const nameNode = (value: string) => ({ kind: Kind.NAME, value }) as const;

function typeText({ type }: VariableDefinitionNode): string {
  const text = (node: VariableDefinitionNode["type"]): string =>
    node.kind === Kind.NAMED_TYPE
      ? node.name.value
      : node.kind === Kind.LIST_TYPE
        ? `[${text(node.type)}]`
        : `${text(node.type)}!`;
  return text(type);
}
