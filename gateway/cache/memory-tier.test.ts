import { beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Entry } from "./entry.ts";
import { type MemoryTier, openMemoryTier } from "./memory-tier.ts";

let instant: number;
const open = (maxBytes: number) => openMemoryTier({ maxBytes, now: () => instant });
const entryOf = (value: unknown, tags: readonly string[] = []): Entry => ({ value, tags, positions: [] });
const valueAt = (tier: MemoryTier, key: string) => tier.get(key)?.value;

beforeEach(() => {
  instant = 0;
});

test("the one used longest ago goes first when there is no room", () => {
  const tier = open(2000);
  const value = "x".repeat(200);
  for (const key of ["a", "b"]) tier.set(key, entryOf(value), 1000);
  expect(valueAt(tier, "a")).toBe(value);
  tier.set("c", entryOf(value), 1000);
  expect(["a", "b", "c"].map((key) => valueAt(tier, key) !== undefined)).toEqual([true, false, true]);
});

test("what is larger than all the room is not kept, and nothing goes for it", () => {
  const tier = open(2000);
  tier.set("a", entryOf(1), 1000);
  tier.set("b", entryOf("x".repeat(1000)), 1000);
  tier.set("a", entryOf("x".repeat(1000)), 1000);
  expect(tier.size()).toEqual({ entries: 0, bytes: 0 });
});

test("nothing is kept past its lifetime, nor without one, nor where there is no room at all", () => {
  const tier = open(2000);
  tier.set("a", entryOf(1), 10);
  tier.set("b", entryOf(1), 0);
  instant = 9.9;
  expect(valueAt(tier, "a")).toBe(1);
  instant = 10;
  expect([tier.get("a"), tier.get("b")]).toEqual([undefined, undefined]);
  expect(tier.size()).toEqual({ entries: 0, bytes: 0 });
  const none = open(0);
  none.set("a", entryOf(1), 10);
  expect(none.get("a")).toBeUndefined();
});

test("an answer nested as deep as one may come is kept like any other", () => {
  const tier = open(50_000_000);
  const deep = JSON.parse("[".repeat(60_000) + "]".repeat(60_000));
  tier.set("a", entryOf(deep), 10);
  expect(valueAt(tier, "a")).toBe(deep);
});

describe("the bound", () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  type Step = readonly [key: string, value: unknown];
  const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), json), {
    maxLength: 40,
  });

  test("is never exceeded, and what is counted is what is there", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 5000 }), (all, maxBytes) => {
        const tier = open(maxBytes);
        for (const [key, value] of all) tier.set(key, entryOf(value, ["ANumber 200000001"]), 1000);
        const { entries, bytes } = tier.size();
        expect(bytes).toBeLessThanOrEqual(maxBytes);
        const left = ["a", "b", "c", "d"].filter((key) => tier.get(key) !== undefined);
        expect(entries).toBe(left.length);
        for (const key of left) tier.delete(key);
        expect(tier.size()).toEqual({ entries: 0, bytes: 0 });
      }),
    );
  });

  test("counts no less than the text of what is kept", () => {
    fc.assert(
      fc.property(json, (value) => {
        const tier = open(10_000_000);
        tier.set("a", entryOf(value), 1000);
        expect(tier.size().bytes).toBeGreaterThan(JSON.stringify(value).length);
      }),
    );
  });
});
