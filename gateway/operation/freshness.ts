/** `@freshness(maxSeconds:)` on an operation: how long ago, at most, a source may have vouched for what it is answered with. */
import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
} from "graphql";

const name = "freshness";

const freshnessDirective = new GraphQLDirective({
  name,
  locations: [DirectiveLocation.QUERY, DirectiveLocation.SUBSCRIPTION],
  args: { maxSeconds: { type: new GraphQLNonNull(GraphQLInt) } },
});

/** The same schema, in which operations may say it. */
export function withFreshness(schema: GraphQLSchema): GraphQLSchema {
  if (schema.getDirective(name)) return schema;
  const { directives, ...config } = schema.toConfig();
  return new GraphQLSchema({ ...config, directives: [...directives, freshnessDirective], assumeValid: true });
}

/** Where the bound of a valid operation stands: in its text, in a variable, or nowhere. */
export type MaxSeconds = { readonly written: number } | { readonly variable: string } | null;

export function maxSecondsOf({ directives = [] }: OperationDefinitionNode): MaxSeconds {
  const value = directives.find((each) => each.name.value === name)?.arguments?.[0]?.value;
  if (value?.kind === Kind.VARIABLE) return { variable: value.name.value };
  return value?.kind === Kind.INT ? { written: Number(value.value) } : null;
}

/** The operation without it: it says nothing of what is asked. */
export function withoutFreshness(operation: OperationDefinitionNode): OperationDefinitionNode {
  const kept = operation.directives?.filter((each) => each.name.value !== name) ?? [];
  return kept.length === (operation.directives?.length ?? 0) ? operation : { ...operation, directives: kept };
}
