/** `@defer` as operations may use it: the directive, its rules, and what decides about each. */
import {
  DirectiveLocation,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLNonNull,
  GraphQLSchema,
  GraphQLString,
  Kind,
  type SelectionSetNode,
  visit,
} from "graphql";
import { type ClientError, clientError } from "../errors.ts";
import { fragmentsOf } from "./document.ts";

const deferDirective = new GraphQLDirective({
  name: "defer",
  locations: [DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT],
  args: {
    if: { type: new GraphQLNonNull(GraphQLBoolean), defaultValue: true },
    label: { type: GraphQLString },
  },
});

/** The same schema, in which operations may say `@defer`. */
export function withDefer(schema: GraphQLSchema): GraphQLSchema {
  if (schema.getDirective("defer")) return schema;
  const { directives, ...config } = schema.toConfig();
  return new GraphQLSchema({ ...config, directives: [...directives, deferDirective], assumeValid: true });
}

export const isDefer = ({ name }: DirectiveNode): boolean => name.value === "defer";

/** The variable that decides, or what is decided already. */
export function deferCondition({ arguments: args }: DirectiveNode): { readonly variable: string } | boolean {
  const value = args?.find(({ name }) => name.value === "if")?.value;
  if (value?.kind === Kind.VARIABLE) return { variable: value.name.value };
  return value?.kind !== Kind.BOOLEAN || value.value;
}

/** Labels are written out and different; what a mutation does is never put off. */
export function refuseDefers(document: DocumentNode): ClientError | null {
  const labels = new Set<string>();
  let refused: ClientError | null = null;
  const refuse = (directive: DirectiveNode, text: string) => {
    const { loc } = directive;
    const locations = loc ? [{ line: loc.startToken.line, column: loc.startToken.column }] : [];
    refused ??= clientError("GRAPHQL_VALIDATION_FAILED", text, locations);
  };
  visit(document, {
    Directive: (directive) => {
      if (!isDefer(directive)) return;
      const label = directive.arguments?.find(({ name }) => name.value === "label")?.value;
      if (label === undefined || label.kind === Kind.NULL) return;
      if (label.kind !== Kind.STRING) refuse(directive, "the label of @defer must be written out");
      else if (labels.has(label.value)) refuse(directive, "two @defer have the same label");
      else labels.add(label.value);
    },
  });
  const fragments = fragmentsOf(document);
  for (const operation of document.definitions)
    if (operation.kind === Kind.OPERATION_DEFINITION && operation.operation !== "query")
      for (const directive of atRoot(operation.selectionSet, fragments))
        if (isDefer(directive) && deferCondition(directive) !== false)
          refuse(directive, "the fields at a mutation's root cannot be deferred");
  return refused;
}

function atRoot(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  seen: Set<string> = new Set(),
): readonly DirectiveNode[] {
  return selectionSet.selections.flatMap((selection): readonly DirectiveNode[] => {
    if (selection.kind === Kind.FIELD) return [];
    const own = selection.directives ?? [];
    if (selection.kind === Kind.INLINE_FRAGMENT) return [...own, ...atRoot(selection.selectionSet, fragments, seen)];
    const fragment = fragments.get(selection.name.value);
    if (!fragment || seen.has(selection.name.value)) return own;
    seen.add(selection.name.value);
    return [...own, ...atRoot(fragment.selectionSet, fragments, seen)];
  });
}
