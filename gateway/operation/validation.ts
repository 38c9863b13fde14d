/**
 * Validation against the API schema, with messages of ours: graphql-js repeats what the client wrote and suggests names
 * of the schema. What is wrong is told by the rule, and where by `locations`.
 */
import {
  type ASTVisitor,
  type DocumentNode,
  type GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  OverlappingFieldsCanBeMergedRule,
  specifiedRules,
  type ValidationContext,
  type ValidationRule,
  validate,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { refuseDefers } from "./deferred.ts";
import { describeInputType } from "./input-forms.ts";
import { refuseOverlaps } from "./overlap.ts";
import { SingleFieldSubscriptionsRule } from "./subscription-field.ts";

const maxErrors = 20;

const texts: Readonly<Record<string, string>> = {
  ExecutableDefinitionsRule: "only operations and fragments belong in a document",
  UniqueOperationNamesRule: "two operations have the same name",
  LoneAnonymousOperationRule: "an operation without a name must be the only one",
  SingleFieldSubscriptionsRule: "a subscription has exactly one field at its root, and no condition on it",
  KnownTypeNamesRule: "no such type",
  FragmentsOnCompositeTypesRule: "a fragment needs an object, interface or union",
  VariablesAreInputTypesRule: "a variable needs an input type",
  ScalarLeafsRule: "fields of an object must be selected, and those of a scalar cannot be",
  FieldsOnCorrectTypeRule: "no such field here",
  UniqueFragmentNamesRule: "two fragments have the same name",
  KnownFragmentNamesRule: "no such fragment",
  NoUnusedFragmentsRule: "a fragment is never used",
  PossibleFragmentSpreadsRule: "this fragment can never apply here",
  NoFragmentCyclesRule: "a fragment contains itself",
  UniqueVariableNamesRule: "two variables have the same name",
  NoUndefinedVariablesRule: "a variable is used but not declared",
  NoUnusedVariablesRule: "a variable is declared but never used",
  KnownDirectivesRule: "no such directive, or not in this place",
  UniqueDirectivesPerLocationRule: "a directive stands twice in one place",
  KnownArgumentNamesRule: "no such argument here",
  UniqueArgumentNamesRule: "an argument stands twice",
  ProvidedRequiredArgumentsRule: "a required argument is missing",
  VariablesInAllowedPositionRule: "a variable's type does not fit where it is used",
  UniqueInputFieldNamesRule: "a member of an input object stands twice",
  MaxIntrospectionDepthRule: "introspection is nested too deep",
  NoSchemaIntrospectionCustomRule: "introspection is switched off here",
};

const linearRules = [
  ...specifiedRules.filter(
    ({ name }) => name !== OverlappingFieldsCanBeMergedRule.name && name !== SingleFieldSubscriptionsRule.name,
  ),
  SingleFieldSubscriptionsRule,
];

/** Of a document within its limits, in time linear in its size. [] for a valid document. */
export function validateWithinLimits(
  schema: GraphQLSchema,
  document: DocumentNode,
  { introspection }: { readonly introspection: boolean },
): readonly ClientError[] {
  const found: ClientError[] = [];
  const collected =
    (rule: ValidationRule): ValidationRule =>
    (context) =>
      collectingRule(rule, context, found);
  const rules = introspection ? linearRules : [...linearRules, NoSchemaIntrospectionCustomRule];
  const errors = validate(schema, document, rules.map(collected), { maxErrors, hideSuggestions: true });
  // graphql-js stops by itself after `maxErrors`; its closing error came from no rule.
  if (errors.length > 0) return found.slice(0, maxErrors);
  const further = refuseDefers(document) ?? refuseOverlaps(schema, document);
  return further ? [further] : [];
}

function collectingRule(rule: ValidationRule, context: ValidationContext, found: ClientError[]): ASTVisitor {
  const own: ValidationContext = Object.create(context, {
    reportError: {
      value: (error: GraphQLError) => {
        found.push(rebuilt(rule.name, context, error));
        context.reportError(error);
      },
    },
  });
  return rule(own);
}

function rebuilt(ruleName: string, context: ValidationContext, error: GraphQLError): ClientError {
  if (ruleName === "ValuesOfCorrectTypeRule") {
    const type = expectedType(context);
    return clientError("BAD_USER_INPUT", type ? describeInputType(type) : undefined, error.locations);
  }
  return clientError("GRAPHQL_VALIDATION_FAILED", texts[ruleName], error.locations);
}

/** The type that the value being visited was to have; its object's, where the object has no such member. */
function expectedType(context: ValidationContext): GraphQLInputType | null {
  return context.getInputType() ?? context.getParentInputType() ?? null;
}
