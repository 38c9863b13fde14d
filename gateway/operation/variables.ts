/** Coercion of a request's variables, to canonical forms, with refusals that repeat nothing of them. */
import {
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  valueFromAST,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { describeInputType } from "./input-forms.ts";

const maxErrors = 20;

export type CoercedVariables =
  | { readonly values: Readonly<Record<string, unknown>> }
  | { readonly refused: readonly ClientError[] };

/**
 * Values by the names that the (client's) operation declares. Variables it does not declare are ignored, as the
 * specification asks.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): CoercedVariables {
  const refused: ClientError[] = [];
  const values: Record<string, unknown> = Object.create(null);
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    if (!isInputType(type)) continue;
    const refuse = (expected: GraphQLInputType) => {
      if (refused.length < maxErrors) refused.push(badValue(expected, definition.variable.loc));
    };
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && definition.defaultValue) values[name] = valueFromAST(definition.defaultValue, type);
    else if (value === undefined && !isNonNullType(type)) continue;
    else values[name] = coerceInputValue(value ?? null, type, (path) => refuse(typeAt(type, path)));
  }
  return refused.length > 0 ? { refused } : { values };
}

function badValue(expected: GraphQLInputType, at: { startToken: { line: number; column: number } } | undefined) {
  const locations = at ? [{ line: at.startToken.line, column: at.startToken.column }] : [];
  return clientError("BAD_USER_INPUT", describeInputType(expected), locations);
}

function typeAt(type: GraphQLInputType, path: readonly (string | number)[]): GraphQLInputType {
  let at = type;
  for (const step of path) {
    if (isNonNullType(at)) at = at.ofType;
    if (typeof step === "number" && isListType(at)) at = at.ofType;
    else if (typeof step === "string" && isInputObjectType(at)) at = at.getFields()[step]?.type ?? at;
  }
  return at;
}
