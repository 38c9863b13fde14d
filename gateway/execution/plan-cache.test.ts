import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PlannerUnavailable, QueryPlanningFailed, QueryPlanningTimeout } from "./plan.ts";
import { planCache } from "./plan-cache.ts";

/** A cache over plans that say what they were made of; what is made is noted, and may be held back. */
function countedCache(settings: { maxBytes?: number; maxRefused?: number; fails?: Map<string, Error> } = {}) {
  const made: string[] = [];
  const { maxBytes = 1000, maxRefused = 2, fails = new Map() } = settings;
  const cache = planCache({
    async make(text) {
      made.push(text);
      const error = fails.get(text);
      if (error !== undefined) throw error;
      return { of: text };
    },
    sizeOf: () => 100,
    maxBytes,
    maxRefused,
  });
  return { cache, made };
}

describe("a plan", () => {
  test("is made once, however many wait for it", async () => {
    const { cache, made } = countedCache();
    const plans = await Promise.all(Array.from({ length: 50 }, () => cache.get("{a}")));
    expect(new Set(plans).size).toBe(1);
    expect(await cache.get("{a}")).toBe(plans[0]);
    expect(made).toEqual(["{a}"]);
  });

  test("is only ever that of the whole text", async () => {
    const texts = fc.uniqueArray(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(texts, async (asked) => {
        const { cache } = countedCache({ maxBytes: 1_000_000 });
        for (const text of [...asked, ...asked]) expect(await cache.get(text)).toEqual({ of: text });
      }),
    );
  });

  test("that was used longest ago goes first when there are too many bytes", async () => {
    const { cache, made } = countedCache({ maxBytes: 330 });
    for (const text of ["{a}", "{b}", "{c}", "{a}", "{d}", "{a}", "{b}"]) await cache.get(text);
    expect(made).toEqual(["{a}", "{b}", "{c}", "{d}", "{b}"]);
    expect(cache.bytes).toBe(309);
  });

  test("is never held beyond the bytes there are", async () => {
    const asked = fc.array(fc.constantFrom("{a}", "{b}", "{c}", "{d}", "{e}"), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(asked, fc.integer({ min: 0, max: 500 }), async (texts, maxBytes) => {
        const { cache } = countedCache({ maxBytes });
        await Promise.all(texts.map((text) => cache.get(text)));
        expect(cache.bytes).toBeLessThanOrEqual(maxBytes);
        expect(cache.bytes).toBe(cache.entries().length * 103);
      }),
    );
  });

  test("is listed before those that are used less", async () => {
    const { cache } = countedCache();
    for (const text of ["{a}", "{b}", "{c}", "{b}", "{c}", "{b}"]) await cache.get(text);
    expect(cache.entries()).toEqual([
      { text: "{b}", uses: 3 },
      { text: "{c}", uses: 2 },
      { text: "{a}", uses: 1 },
    ]);
  });
});

describe("an operation", () => {
  test.each([new QueryPlanningFailed("no"), new QueryPlanningTimeout("no")])(
    "that was refused with %p is refused at once from then on",
    async (error) => {
      const { cache, made } = countedCache({ fails: new Map([["{a}", error]]) });
      for (let time = 0; time < 3; time++) await expect(cache.get("{a}")).rejects.toBe(error);
      expect(made).toEqual(["{a}"]);
      expect(cache.entries()).toEqual([]);
      expect(cache.bytes).toBe(0);
    },
  );

  test("that met another error is planned again", async () => {
    const fails = new Map<string, Error>([["{a}", new PlannerUnavailable("later")]]);
    const { cache, made } = countedCache({ fails });
    await expect(cache.get("{a}")).rejects.toThrow("later");
    fails.clear();
    expect(await cache.get("{a}")).toEqual({ of: "{a}" });
    expect(made).toEqual(["{a}", "{a}"]);
  });

  test("that was refused is forgotten when as many others were since", async () => {
    const fails = new Map(["{a}", "{b}", "{c}"].map((text) => [text, new QueryPlanningFailed(text)]));
    const { cache, made } = countedCache({ fails });
    for (const text of ["{a}", "{b}", "{c}", "{b}", "{c}", "{a}"])
      await expect(cache.get(text)).rejects.toThrow(QueryPlanningFailed);
    expect(made).toEqual(["{a}", "{b}", "{c}", "{a}"]);
  });
});
