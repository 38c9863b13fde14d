import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { IdentifierKind } from "../world.ts";
import { BLOCK_SIZE } from "./block.ts";
import { decode, MAX_PEOPLE } from "./identifiers.ts";
import type { Speed } from "./measure-speed.ts";
import { plainText } from "./reading.ts";
import { scenarioPeople } from "./scenarios.ts";
import { identifiersIn } from "./standing.ts";
import type { PersonFile } from "./types.ts";
import { createClock, createWorld, DEFAULT_WORLD_NOW } from "./world.ts";

const kinds: readonly IdentifierKind[] = [
  "fin",
  "aNumber",
  "i94Number",
  "passport",
  "receiptNumber",
  "sevisId",
  "fbiNumber",
  "eidSubjectId",
  "idncase",
];

function digest(persons: Iterable<PersonFile>): string {
  const hash = createHash("sha256");
  for (const person of persons) hash.update(plainText(person));
  return hash.digest("hex");
}

describe("the same people for ever", () => {
  test("the first 500 of seed 1 are who they have always been", () => {
    // A change here changes every person of every installation: it must be wanted, and said in the changelog.
    expect(digest(createWorld({ size: 500, seed: 1 }).persons())).toBe(
      "16e50b6030fbacdb771ab036d4afd5c3c564886b140b98e8b53a24e136e3df07",
    );
  });

  test("size changes nobody, and a person can be made in any order", () => {
    const small = createWorld({ size: 500, seed: 7 });
    const large = createWorld({ size: 90_000, seed: 7 });
    const first = [...small.persons()];
    for (const { index, ident } of [...first].reverse()) {
      expect(plainText(large.find("fin", ident[0]!.fin))).toBe(plainText([first[index]]));
    }
  });

  test("another seed, other people; the same identifiers lead to the same index", () => {
    const [one, two] = [1, 2].map((seed) => [...createWorld({ size: 200, seed }).persons()].slice(scenarioPeople));
    const same = one!.filter((file, place) => plainText(file) === plainText(two![place]));
    expect(same).toEqual([]);
    expect(one!.map(({ ident }) => ident[0]!.fin)).toEqual(two!.map(({ ident }) => ident[0]!.fin));
  });

  test("all dates move with worldNow", () => {
    const later = [...createWorld({ size: 100, seed: 1, worldNow: "2027-03-02T09:30:00Z" }).persons()];
    const text = plainText(later);
    expect(text).toContain("2027-03-02T"); // S1 was moved this morning
    expect(digest(later)).not.toBe(digest(createWorld({ size: 100, seed: 1 }).persons()));
  });
});

describe("find", () => {
  const size = 4_000;
  const world = createWorld({ size, seed: 1 });
  const everybody = [...world.persons()];
  const holders = new Map<string, number[]>();
  for (const file of everybody) {
    for (const kind of kinds) {
      for (const value of identifiersIn(file, kind)) {
        holders.set(`${kind} ${value}`, [...(holders.get(`${kind} ${value}`) ?? []), file.index]);
      }
    }
  }

  test("gives exactly the persons in whose file an identifier stands", () => {
    const indices = fc.integer({ min: 0, max: size - 1 });
    fc.assert(
      fc.property(indices, fc.constantFrom(...kinds), (index, kind) => {
        for (const value of identifiersIn(everybody[index]!, kind)) {
          expect(world.find(kind, value).map((file) => file.index)).toEqual(holders.get(`${kind} ${value}`));
        }
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  test.each(kinds)("knows nobody by a %s that nobody has, nor by any other text", (kind) => {
    const known = (value: string) => holders.has(`${kind} ${value}`);
    const [sample] = [...holders.keys()].filter((key) => key.startsWith(`${kind} `)).map((key) => key.split(" ")[1]!);
    const similar = fc.constantFrom(..."0123456789AZ").map((end) => sample!.slice(0, -1) + end);
    fc.assert(
      fc.property(fc.oneof(fc.string(), similar, fc.stringMatching(/^[A-Z0-9]{1,13}$/)), (value) => {
        if (!known(value)) expect(world.find(kind, value)).toEqual([]);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("every kind stands in somebody's file, and FINs, receipts and case numbers in one only", () => {
    for (const kind of kinds) {
      const ofKind = [...holders].filter(([key]) => key.startsWith(`${kind} `));
      expect(ofKind.length).toBeGreaterThan(20);
      const shared = ofKind.filter(([, indices]) => indices.length > 1);
      if (kind !== "aNumber") expect(shared).toEqual([]);
      else expect(shared.length).toBeGreaterThan(0);
    }
  });

  test("whatever two persons share, they share within their block", () => {
    for (const indices of holders.values()) {
      expect(new Set(indices.map((index) => Math.floor(index / BLOCK_SIZE))).size).toBe(1);
    }
    const riders = everybody.flatMap(({ index, cases }) =>
      cases.flatMap(({ leadOf }) => leadOf.map(({ rider }) => [index, decode("idncase", String(rider))[0]!] as const)),
    );
    expect(riders.length).toBeGreaterThan(20);
    for (const [lead, rider] of riders) {
      expect(Math.floor(lead / BLOCK_SIZE)).toBe(Math.floor(rider / BLOCK_SIZE));
      expect(everybody[rider]!.cases.length).toBe(1);
    }
  });

  test("what an agency's rows carry is known to IDENT, but for the few that were never read", () => {
    const lost = everybody.filter((file) => {
      const known = identifiersIn(
        {
          ...file,
          e3: [],
          eid: { stays: [], detainers: [], removals: [], arrests: [], cases: [] },
          global: { screenings: [], applications: [] },
          elis: { cases: [] },
          cases: [],
        },
        "aNumber",
      );
      return [...identifiersIn(file, "aNumber")].some((value) => !known.has(value));
    });
    expect(lost.length / size).toBeLessThan(0.02);
    for (const file of everybody) {
      const seen = new Set(file.ident.flatMap(({ encounters }) => encounters.map(({ eidSubjectId }) => eidSubjectId)));
      for (const subject of identifiersIn(file, "eidSubjectId")) expect(seen.has(subject)).toBe(true);
    }
  });
});

describe("change", () => {
  test("replaces one person's file, and finds it by what the edit added", () => {
    const world = createWorld({ size: 100, seed: 1 });
    const before = [...world.persons()][60]!;
    const added = "A-17";
    const strangeCase = {
      ...before,
      e3: [],
      adis: [],
      i94: [],
      ident: before.ident.map((each) => ({
        ...each,
        encounters: each.encounters.map((one) => ({ ...one, sevisId: added })),
      })),
    };
    world.change(60, () => strangeCase);
    expect(world.find("sevisId", added)).toEqual([strangeCase]);
    expect([...world.persons()][60]).toEqual(strangeCase);
    world.change(60, (file) => ({ ...file, ident: before.ident }));
    expect(world.find("sevisId", added)).toEqual([]);
  });

  test("refuses an index that nobody has, and an edit that changes whose file it is", () => {
    const world = createWorld({ size: 100, seed: 1 });
    expect(() => world.change(100, (file) => file)).toThrow(RangeError);
    expect(() => world.change(5, (file) => ({ ...file, index: 6 }))).toThrow(RangeError);
  });
});

describe("createWorld", () => {
  test("never has fewer people than the scenarios need", () => {
    expect(createWorld({ size: 1, seed: 1 }).size).toBe(scenarioPeople);
    expect([...createWorld({ size: 61, seed: 1 }).persons()]).toHaveLength(61);
  });

  test.each([0, 1.5, Number.NaN, MAX_PEOPLE + 1])("refuses a size of %p", (size) => {
    expect(() => createWorld({ size, seed: 1 })).toThrow(RangeError);
  });

  test("refuses an instant that is none", () => {
    expect(() => createWorld({ size: 100, seed: 1, worldNow: "tomorrow" })).toThrow(RangeError);
  });

  test("streams 200,000 people in a heap of 64 MB", async () => {
    const script = join(__dirname, "measure-speed.ts");
    const { stdout } = await promisify(execFile)(process.execPath, ["--max-old-space-size=64", script, "200000"]);
    const { persons, perSecond, perProcessorSecond, peakHeapMb } = JSON.parse(stdout) as Speed;
    process.stdout.write(`\n200,000 people: ${perSecond} persons/s, largest heap ${peakHeapMb} MB\n`);
    expect(persons).toBe(200_000);
    expect(peakHeapMb).toBeLessThan(96);
    // A million in well under two minutes, whatever else the machine is doing.
    expect(perProcessorSecond).toBeGreaterThan(10_000);
  });
});

describe("the clock", () => {
  test("stands still until it is set, and tells its listeners", () => {
    const clock = createClock();
    const heard: string[] = [];
    clock.onChange(() => heard.push(clock.now()));
    expect(clock.now()).toBe(DEFAULT_WORLD_NOW);
    clock.set("2026-10-20T13:30:00.750Z");
    expect(heard).toEqual(["2026-10-20T13:30:00Z"]);
    expect(() => clock.set("noon")).toThrow(RangeError);
    expect(clock.now()).toBe("2026-10-20T13:30:00Z");
  });
});
