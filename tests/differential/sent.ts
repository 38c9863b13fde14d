/** What the subgraphs were asked about: every distinct representation, by subgraph. */
import { Kind, parse } from "graphql";
import type { Request } from "./subgraphs.ts";
import { canonical } from "./world.ts";

/**
 * Sorted; one text for each subgraph and representation. One that is a type and a key alone carries no fact, and whether it
 * is sent depends on what is at hand: a bare field may come along with another fetch where an aliased one is asked for.
 */
export function representationsIn(requests: readonly Request[]): readonly string[] {
  const sent = new Set<string>();
  for (const { subgraph, query, variables } of requests)
    for (const name of entityVariables(query)) {
      const given = variables[name];
      for (const each of Array.isArray(given) ? given : [])
        if (Object.keys(each).length > 2) sent.add(`${subgraph} ${canonical(each)}`);
    }
  return [...sent].sort();
}

/** The variables that hold representations, however many entity fetches one request holds. */
function entityVariables(query: string): readonly string[] {
  return parse(query, { noLocation: true }).definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION
      ? (each.variableDefinitions ?? [])
          .filter(({ type }) => JSON.stringify(type).includes('"_Any"'))
          .map(({ variable }) => variable.name.value)
      : [],
  );
}
