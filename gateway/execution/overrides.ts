/**
 * Which fields have moved to another subgraph, for one request: `@override` with a label (Federation 2.7). `percent(20)`
 * moves a field for that share of requests; any other label for all of them, once the operator names it.
 */
import { type DocumentNode, visit } from "graphql";
import { linkedName, textOf } from "./planner-join.ts";

/** The labels in force, in one order, separated by spaces, which none of them has. */
export type Overrides = string;

export const noOverrides: Overrides = "";

/** `named`: labels that the operator has put in force. `random`: from 0 to 1. */
export function overridesOf(
  supergraph: DocumentNode,
  named: ReadonlySet<string>,
  random: () => number = Math.random,
): () => Overrides {
  const labels = labelsIn(supergraph);
  if (labels.length === 0) return () => noOverrides;
  const percentages = labels.map(percentageOf);
  return () => {
    // One draw for all: a request that has one field moved at 20 % has those moved that are at more.
    const drawn = random() * 100;
    return labels.filter((label, at) => named.has(label) || drawn < (percentages[at] ?? 0)).join(" ");
  };
}

export const labelsOf = (overrides: Overrides): readonly string[] => (overrides === "" ? [] : overrides.split(" "));

function labelsIn(supergraph: DocumentNode): readonly string[] {
  const join = `${linkedName(supergraph, "join", "join") ?? "join"}__field`;
  const labels = new Set<string>();
  visit(supergraph, {
    FieldDefinition({ directives = [] }) {
      for (const each of directives) {
        const label = each.name.value === join ? textOf(each, "overrideLabel") : undefined;
        if (label !== undefined) labels.add(label);
      }
    },
  });
  return [...labels].sort();
}

/** Null for a label that says no share. */
function percentageOf(label: string): number | null {
  const [, share] = /^percent\((\d{1,3}(?:\.\d{1,8})?)\)$/.exec(label) ?? [];
  return share === undefined ? null : Number(share);
}
