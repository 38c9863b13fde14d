import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { roughBytes } from "../answer.ts";
import { slicesOf, writeSlices } from "./large.ts";

describe("an answer in slices", () => {
  test("is the answer, whatever is in it and wherever it is cut", () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.array(fc.jsonValue(), { maxLength: 50 }),
      fc.dictionary(fc.string(), fc.array(fc.jsonValue())),
    );
    fc.assert(
      fc.property(value, (given) => {
        for (const bytes of [1, 10, 100, 1000])
          expect([...slicesOf(given, bytes)].join("")).toBe(JSON.stringify(given));
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, unknown]>([
    ["members that are not there", { a: undefined, b: [undefined, 1], c: () => 1, d: undefined }],
    ["nothing but members that are not there", { a: undefined, b: undefined }],
    ["no prototype", Object.assign(Object.create(null), { a: [1, 2, 3, 4, 5], b: null })],
    ["names built into JavaScript", JSON.parse('{"__proto__":[1,2,3,4],"constructor":{"toString":"x"}}')],
    ["lone surrogates", { "\ud800": ["\udfff", "ok"] }],
    ["an empty list in a list", [[], [[]], {}]],
  ])("is the answer where it has %s", (_title, value) => {
    for (const bytes of [1, 8, 100]) expect([...slicesOf(value, bytes)].join("")).toBe(JSON.stringify(value));
  });

  test("has slices of about the size that was asked for", () => {
    const list = Array.from({ length: 20_000 }, (_, index) => ({ id: `C${index}`, source: { system: "CASE" } }));
    const sizes = [...slicesOf({ data: { list } }, 10_000)].map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThan(20_000);
    expect(sizes.length).toBeLessThan(400);
  });
});

test("its size is roughly known before it is printed", () => {
  const record = (index: number) => ({ id: `C${index}`, at: "2026-10-19T14:00:00Z", lines: ["1 Main St", null] });
  for (const length of [0, 1, 3, 10, 1000, 10_000]) {
    const value = { data: { people: Array.from({ length }, (_, index) => record(index)) } };
    const [rough, exact] = [roughBytes(value), JSON.stringify(value).length];
    expect(rough).toBeGreaterThan(exact * 0.8);
    expect(rough).toBeLessThan(exact * 1.3 + 100);
  }
});

test("waiting for a slow client leaves nothing behind that listens", async () => {
  let waits = 0;
  let atOnce = 0;
  const slow: EventEmitter & Partial<Pick<ServerResponse, "write" | "end" | "destroyed">> = new EventEmitter();
  slow.destroyed = false;
  slow.write = () => {
    waits += 1;
    atOnce = Math.max(atOnce, slow.listenerCount("close"));
    setImmediate(() => slow.emit("drain"));
    return false;
  };
  slow.end = () => slow as ServerResponse;
  const list = Array.from({ length: 100_000 }, (_, index) => ({ id: `C${index}`, source: { system: "CASE" } }));
  await writeSlices(slow as unknown as ServerResponse, { data: { list } });
  expect(waits).toBeGreaterThan(12);
  expect([atOnce, slow.listenerCount("close"), slow.listenerCount("drain")]).toEqual([0, 0, 0]);
});
