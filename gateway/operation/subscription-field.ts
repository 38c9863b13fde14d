/**
 * A subscription has exactly one field at its root, whatever its variables say. graphql-js asks the same, and throws where
 * a condition there depends on a variable.
 */
import {
  type ASTVisitor,
  type DirectiveNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from "graphql";
import { responseKeyOf } from "./document.ts";

/** Under the name of the rule that it stands for. */
export function SingleFieldSubscriptionsRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(node) {
      if (node.operation !== "subscription") return;
      const keys = new Set<string>();
      const isPlain = collect(context, node.selectionSet, keys, new Set());
      if (!isPlain || keys.size !== 1) context.reportError(new GraphQLError("", { nodes: node }));
    },
  };
}

/** False where something depends on a condition, or describes the schema. */
function collect(
  context: ValidationContext,
  { selections }: SelectionSetNode,
  keys: Set<string>,
  visited: Set<string>,
): boolean {
  return selections.every((each) => {
    if (isConditional(each.directives)) return false;
    if (each.kind === Kind.FIELD) {
      keys.add(responseKeyOf(each));
      return !each.name.value.startsWith("__");
    }
    if (each.kind === Kind.INLINE_FRAGMENT) return collect(context, each.selectionSet, keys, visited);
    const fragment = context.getFragment(each.name.value);
    // What is not there, or contains itself, is refused by other rules.
    if (!fragment || visited.has(each.name.value)) return true;
    visited.add(each.name.value);
    return collect(context, fragment.selectionSet, keys, visited);
  });
}

function isConditional(directives: readonly DirectiveNode[] = []): boolean {
  return directives.some(({ name }) => name.value === "skip" || name.value === "include");
}
