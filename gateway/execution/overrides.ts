/**
 * Which fields have moved to another subgraph, for one request: `@override` with a label (Federation 2.7). `percent(20)`
 * moves a field for that share of requests; any other label for all of them, once the operator names it.
 */
import { type DocumentNode, visit } from "graphql";
import { linkedName, textOf } from "./planner-join.ts";

/** The labels in force, in one order, separated by spaces, which none of them has. */
export type Overrides = string;

export const noOverrides: Overrides = "";

export type OverrideDraw = {
  /** For one request. */
  draw(): Overrides;
  /** All that can be drawn, the one with what is in force for everybody last. */
  readonly possible: readonly Overrides[];
  /** Labels that the operator names and the supergraph lacks. */
  readonly unknown: readonly string[];
};

/** `named`: labels that the operator has put in force. `random`: from 0 up to 1. */
export function overridesOf(
  supergraph: DocumentNode,
  named: ReadonlySet<string>,
  random: () => number = Math.random,
): OverrideDraw {
  const labels = labelsIn(supergraph);
  const unknown = [...named].filter((label) => !labels.includes(label));
  if (labels.length === 0) return { draw: () => noOverrides, possible: [noOverrides], unknown };
  const percentages = labels.map((label) => percentageOf(label) ?? 0);
  // One draw for all: a request that has one field moved at 20 % has those moved that are at more.
  const drawnAt = (percentage: number): Overrides =>
    labels.filter((label, at) => named.has(label) || percentage < (percentages[at] ?? 0)).join(" ");
  const steps = [0, ...percentages.filter((each) => each < 100)].sort((a, b) => a - b);
  return {
    draw: () => drawnAt(random() * 100),
    possible: [...new Set(steps.map(drawnAt))],
    unknown,
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
