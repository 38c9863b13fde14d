/**
 * Prepares a supergraph so that the planner, unmodified, is right about it (the executor undoes what shows in plans):
 *
 * - the planner enters an entity again by the first key it finds, resolvable or not: resolvable keys are put first;
 * - it makes one selection of a field that two `requires` ask with different arguments, or that a client asks too: a
 *   required field with arguments becomes a field of its own (planner-synthetics.ts).
 */
import type { ConstDirectiveNode, DocumentNode } from "graphql";
import { isComposite, isUnresolvable, joinedSupergraph, textOf } from "./planner-join.ts";
import { withSynthetics } from "./planner-synthetics.ts";

export type PreparedSupergraph = {
  readonly document: DocumentNode;
  /** Synthetic field name → the field's name in its subgraphs. */
  readonly synthetics: ReadonlyMap<string, string>;
};

/** What is no Federation 2 supergraph stays as it is. */
export function prepareDocument(document: DocumentNode): PreparedSupergraph {
  const joined = joinedSupergraph(document);
  if (joined === null) return { document, synthetics: new Map() };
  return withSynthetics(withResolvableKeysFirst(document, joined.names.type), joined);
}

function withResolvableKeysFirst(document: DocumentNode, joinType: string): DocumentNode {
  const definitions = document.definitions.map((definition) => {
    if (!isComposite(definition) || !definition.directives?.some(isUnresolvable)) return definition;
    return { ...definition, directives: sortedKeys(definition.directives, joinType) };
  });
  return { ...document, definitions };
}

/** Moves keys only among the places that their own graph's keys have: nothing else changes its place. */
function sortedKeys(directives: readonly ConstDirectiveNode[], joinType: string): readonly ConstDirectiveNode[] {
  const keysOf = (graph: string | undefined) =>
    directives.filter((each) => each.name.value === joinType && textOf(each, "graph") === graph);
  const queues = new Map<string | undefined, ConstDirectiveNode[]>();
  return directives.map((directive) => {
    if (directive.name.value !== joinType) return directive;
    const graph = textOf(directive, "graph");
    const queue =
      queues.get(graph) ?? keysOf(graph).sort((a, b) => Number(isUnresolvable(a)) - Number(isUnresolvable(b)));
    queues.set(graph, queue);
    return queue.shift() ?? directive;
  });
}
