import { beforeAll, describe, expect, test } from "@jest/globals";
import { type Measured, measureRates } from "./measure-rates.ts";
import { type RateName, rates } from "./rates.ts";
import { scenarioPeople } from "./scenarios.ts";
import type { PersonFile } from "./types.ts";
import { createWorld, DEFAULT_WORLD_NOW } from "./world.ts";

const names = Object.keys(rates) as RateName[];
const everybody = 60_000;

/**
 * Members of a family share a court case's fate, and people of one house its number of flats: so many fewer independent
 * draws than rows (design effect). Rates tuned rather than drawn are allowed the fineness of tuning.
 */
const designEffects: Partial<Record<RateName, number>> = {
  ntaNeverFiled: 2.4,
  caseCompletionMissing: 1.6,
  caseSinceSnapshot: 1.6,
  hearingForgotten: 1.8,
  addressUnitMissing: 2,
};
const tuned: Partial<Record<RateName, number>> = { addressShared: 0.04 };
/** 4 standard errors: 1 in 16,000 for one rate, so about 1 in 200 for all of them and both populations. */
const standardErrors = 4;

function tolerance(name: RateName, of: number): number {
  const { rate } = rates[name];
  const drawn = standardErrors * Math.sqrt((rate * (1 - rate) * (designEffects[name] ?? 1)) / of);
  return Math.max(drawn, tuned[name] ?? 0);
}

const within = (name: RateName, { of, hits }: Measured[RateName], expected: number = rates[name].rate) =>
  Math.abs(hits / of - expected) <= tolerance(name, of);

/** The scenarios' people are written, not drawn: they are left out. */
function* drawn(size: number): Iterable<PersonFile> {
  for (const file of createWorld({ size: scenarioPeople + size, seed: 1 }).persons()) {
    if (file.index >= scenarioPeople) yield file;
  }
}

function table(measured: Measured, size: number): string {
  const percent = (value: number) => `${(value * 100).toFixed(2)} %`.padStart(9);
  const lines = names.map((name) => {
    const { of, hits } = measured[name];
    const { rate, source } = rates[name];
    return `${name.padEnd(28)}${percent(hits / of)}${percent(rate)} ±${percent(tolerance(name, of))}${String(of).padStart(8)}  ${source}`;
  });
  return [`${size} people, seed 1: measured, expected, tolerance, rows`, ...lines].join("\n");
}

describe.each([2_000, everybody])("in a population of %i", (size) => {
  let measured: Measured;
  beforeAll(() => {
    measured = measureRates(drawn(size), DEFAULT_WORLD_NOW);
    process.stdout.write(`\n${table(measured, size)}\n`);
  });

  test("every rate that this many people can show is what the table says", () => {
    const shown = names.filter((name) => measured[name].of * rates[name].rate >= 10);
    const wrong = shown.filter((name) => !within(name, measured[name]));
    expect(wrong).toEqual([]);
    expect(shown.length).toBeGreaterThan(names.length / 2);
    if (size === everybody) expect(shown).toEqual(names);
  });

  test("the measurement is sharp enough to refuse twice as many exceptions", () => {
    if (size < everybody) return;
    const doubled = (rate: number) => (rate < 0.5 ? 2 * rate : 2 * rate - 1);
    expect(names.filter((name) => within(name, measured[name], doubled(rates[name].rate)))).toEqual([]);
  });
});
