/** What an operation asks about the schema itself: answered here, from what this caller may see of it. */
import { type DocumentNode, execute, type GraphQLSchema } from "graphql";
import type { PreparedOperation } from "../operation/operation-preparer.ts";
import type { Rights } from "./rights.ts";
import { visibleSchemas } from "./visible-schema.ts";

/** By internal key at the root; below it under the client's own names. */
export type Introspect = (
  introspection: DocumentNode,
  operation: PreparedOperation,
  rights: Rights,
) => Promise<Readonly<Record<string, unknown>>>;

export function introspection(apiSchema: GraphQLSchema): Introspect {
  const visibleTo = visibleSchemas(apiSchema);
  return async (document, { document: { clientKeys }, variables }, rights) => {
    const { data } = await execute({ schema: visibleTo(rights), document, variableValues: variables });
    return Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, renamed(value, clientKeys)]));
  };
}

/** Internal keys are the names of no field: wherever one stands it is one. */
function renamed(value: unknown, clientKeys: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, clientKeys));
  if (typeof value !== "object" || value === null) return value;
  // No prototype: a client may call a field `__proto__`.
  const named: Record<string, unknown> = Object.create(null);
  for (const [key, each] of Object.entries(value)) named[clientKeys.get(key) ?? key] = renamed(each, clientKeys);
  return named;
}
