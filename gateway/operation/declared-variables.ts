/** The variables that an operation declares, under the client's names: read once, coerced for every request. */
import {
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromAST,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import type { Coerce, CoercionOf } from "./coercion.ts";
import { describeInputType } from "./input-forms.ts";

const maxErrors = 20;

export type Declared = {
  readonly name: string;
  readonly coerce: Coerce;
  readonly isNonNull: boolean;
  readonly hasDefault: boolean;
  readonly defaultValue: unknown;
  readonly locations: ClientError["locations"];
  /** What its type takes, in words. */
  readonly form: string;
};

/** Of an operation that is valid. */
export function declare(schema: GraphQLSchema, coercionOf: CoercionOf, definition: VariableDefinitionNode): Declared {
  const type = typeFromAST(schema, definition.type);
  if (!isInputType(type)) throw new Error("the operation is not valid");
  const { loc, name } = definition.variable;
  const hasDefault = definition.defaultValue !== undefined;
  return {
    name: name.value,
    coerce: coercionOf(type),
    isNonNull: isNonNullType(type),
    hasDefault,
    defaultValue: hasDefault ? valueFromAST(definition.defaultValue, type) : undefined,
    locations: loc ? [{ line: loc.startToken.line, column: loc.startToken.column }] : [],
    form: describeInputType(type),
  };
}

/** The client left it out, and nothing stands in for it. */
export const absent = Symbol("absent");

/** In the order of their declaration. Variables that are not declared are ignored, as the specification asks. */
export function coerceDeclared(
  declared: readonly Declared[],
  given: Readonly<Record<string, unknown>>,
): readonly unknown[] | { readonly refused: readonly ClientError[] } {
  if (declared.length === 0) return [];
  const values: unknown[] = [];
  const refused: ClientError[] = [];
  for (const { name, coerce, isNonNull, hasDefault, defaultValue, locations } of declared) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && hasDefault) values.push(defaultValue);
    else if (value === undefined && !isNonNull) values.push(absent);
    else
      values.push(
        coerce(value, (expected) => {
          if (refused.length < maxErrors)
            refused.push(clientError("BAD_USER_INPUT", describeInputType(expected), locations));
          return undefined;
        }),
      );
  }
  return refused.length > 0 ? { refused } : values;
}
