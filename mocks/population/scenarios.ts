/** Stand-in until the scenarios are written. */
import type { Making } from "./block.ts";
import type { PersonFile, Scenario } from "./types.ts";

export const scenarioPeople = 48;
export const scenarios: readonly Scenario[] = [];
export function withScenarios(
  making: Making,
  block: number,
  makeBlock: (making: Making, block: number) => PersonFile[],
): PersonFile[] {
  return makeBlock(making, block);
}
