import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Bag, type Member, Table } from "./under-way.ts";

const step = fc.record({ kind: fc.constantFrom("add", "delete"), of: fc.nat({ max: 30 }) });

describe("a bag", () => {
  test("holds what a set would, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const all: Member[] = Array.from({ length: 31 }, () => ({}));
        const [bag, set] = [new Bag<Member>(), new Set<Member>()];
        for (const { kind, of } of steps) {
          const member = all[of] as Member;
          if (kind === "add") {
            bag.add(member);
            set.add(member);
          } else expect(bag.delete(member)).toBe(set.delete(member));
          expect(bag.size).toBe(set.size);
        }
        expect(new Set(bag.members())).toEqual(set);
        expect(bag.members().length).toBe(set.size);
      }),
    );
  });

  test("lets whoever goes through its members take them out", () => {
    const bag = new Bag<Member>();
    for (let count = 0; count < 10; count++) bag.add({});
    for (const member of bag.members()) bag.delete(member);
    expect(bag.size).toBe(0);
  });

  test("takes nothing out that is in another", () => {
    const [one, other] = [new Bag<Member>(), new Bag<Member>()];
    const member = {};
    one.add(member);
    other.add({});
    expect(other.delete(member)).toBe(false);
    expect([one.size, other.size]).toEqual([1, 1]);
  });
});

describe("a table", () => {
  // Alike in length, in the middle, or at either end: what is compared is the whole text.
  const key = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc
      .tuple(fc.nat({ max: 3 }), fc.nat({ max: 400 }))
      .map(([digit, at]) => `${"x".repeat(at)}${digit}${"x".repeat(400 - at)}`),
  );
  const steps = fc.array(fc.record({ kind: fc.constantFrom("set", "set", "delete"), key, value: fc.nat() }), {
    maxLength: 200,
  });

  test("answers as a map would, whatever comes and goes", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [table, map] = [new Table<number>(), new Map<string, number>()];
        for (const { kind, key, value } of all) {
          if (kind === "set") {
            table.set(key, value);
            map.set(key, value);
          } else {
            table.delete(key);
            map.delete(key);
          }
          expect(table.get(key)).toBe(map.get(key));
        }
        for (const [key, value] of map) expect(table.get(key)).toBe(value);
      }),
    );
  });
});

/** Bytes that are left when the young ones alone have been collected, after members of a kilobyte or more came and went. */
function leftAfter(place: (add: boolean, member: Member & { name: string }) => void): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options?: { type: "minor" }) => void;
  const live: (Member & { name: string; body: number[] })[] = [];
  const come = (number: number): void => {
    const leaving = live[number % 10];
    if (leaving !== undefined) place(false, leaving);
    const coming = { name: String(number), body: Array.from({ length: 200 }, (_, at) => at + number / 2) };
    live[number % 10] = coming;
    place(true, coming);
  };
  for (let number = 0; number < 10; number++) come(number);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let number = 10; number < 10_000; number++) {
    come(number);
    if (number % 100 === 0) collect({ type: "minor" });
  }
  collect({ type: "minor" });
  return process.memoryUsage().heapUsed - before;
}

describe("of what has come and gone", () => {
  // The reason for both: it would be the other way round if V8 were mended, and then they could go.
  test("a set and a map keep what grew old with their tables", () => {
    const [set, map] = [new Set<object>(), new Map<string, object>()];
    expect(leftAfter((add, member) => void (add ? set.add(member) : set.delete(member)))).toBeGreaterThan(5e6);
    expect(
      leftAfter((add, member) => void (add ? map.set(member.name, member) : map.delete(member.name))),
    ).toBeGreaterThan(5e6);
  });

  test("a bag and a table keep nothing", () => {
    const [bag, table] = [new Bag<Member>(), new Table<object>()];
    expect(leftAfter((add, member) => void (add ? bag.add(member) : bag.delete(member)))).toBeLessThan(2e6);
    expect(
      leftAfter((add, member) => void (add ? table.set(member.name, member) : table.delete(member.name))),
    ).toBeLessThan(2e6);
  });
});
