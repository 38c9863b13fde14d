/** Every rule about labels and policies, over one graph: what `npm run check` refuses, each by file, line and accepted form. */
import { unheldAlerts } from "./check-alerts.ts";
import { foreignDirectives, lostLabels } from "./check-composition.ts";
import { unreadableFacts } from "./check-facts.ts";
import {
  doubtfulOpen,
  emptyRules,
  guardedRoots,
  labelledInterfaces,
  tellingLeaves,
  unhidable,
  unlabelled,
} from "./check-labels.ts";
import { unheldLifetimes, unlikeFacts, unlikeLifetimes } from "./check-lifetimes.ts";
import { type PolicyTexts, readPolicyBook, readPolicyTexts } from "./check-policies.ts";
import { hidesByFacts, tellingEffects, unfitGuards, unusedPolicies } from "./check-policy-use.ts";
import { unfitKeys, unreleased } from "./check-release.ts";
import { readSources, type SchemaSource } from "./compose.ts";
import { type Graph, readGraph } from "./contract.ts";

/** Lines, none when all holds. What does not compose, or is no Cedar, is told alone: the rest could not be read. */
export function contractFindings(sources: readonly SchemaSource[], policies: PolicyTexts): readonly string[] {
  let graph: Graph;
  try {
    graph = readGraph(sources);
  } catch (error) {
    return (error as Error).message.split("\n").map((each) => `the subgraphs do not compose: ${each}`);
  }
  const book = readPolicyBook(policies);
  return [
    ...foreignDirectives(sources),
    ...lostLabels(graph),
    ...unlabelled(graph),
    ...doubtfulOpen(graph),
    ...emptyRules(graph),
    ...guardedRoots(graph),
    ...labelledInterfaces(graph),
    ...unhidable(graph),
    ...unheldAlerts(graph),
    ...unreadableFacts(graph),
    ...unreleased(graph),
    ...unfitKeys(graph),
    ...unheldLifetimes(graph),
    ...unlikeLifetimes(graph),
    ...unlikeFacts(graph),
    ...("rules" in book
      ? [
          ...tellingLeaves(graph, hidesByFacts(book)),
          ...unfitGuards(graph, book),
          ...unusedPolicies(graph, book),
          ...tellingEffects(book),
        ]
      : book),
  ];
}

if (import.meta.main) {
  const findings = contractFindings(readSources(), readPolicyTexts());
  for (const each of findings) console.error(each);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
