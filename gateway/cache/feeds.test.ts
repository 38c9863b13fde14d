import { beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Position } from "./entry.ts";
import { type Feeds, openFeeds } from "./feeds.ts";
import type { Change, FeedMessage } from "./message.ts";

const leaseMs = 2000;
let instant: number;
let feeds: Feeds;

/** A heartbeat looked as long ago as it is told with, unless it says when itself; of unknown age, it is by another clock. */
const told = ({ heartbeat, ...message }: FeedMessage, ageMs: number | null): FeedMessage => ({
  ...message,
  heartbeat:
    heartbeat === null || heartbeat.since > 0
      ? heartbeat
      : { ...heartbeat, clock: ageMs === null ? "another" : "c", since: instant - (ageMs ?? 0) },
});

function open(maxTags?: number): Feeds {
  const feeds = openFeeds({ leaseMs, now: () => instant, ...(maxTags ? { maxTags } : {}) });
  return { ...feeds, receive: (message, ageMs) => feeds.receive(told(message, ageMs), ageMs) };
}

beforeEach(() => {
  instant = 10_000;
  feeds = open();
});

type Told = Partial<Omit<FeedMessage, "changes">> & { readonly of?: readonly string[]; readonly all?: boolean };

/** A message of the source CASE; `of`: the A-numbers it is about. */
function message({ of = [], all = false, ...more }: Told = {}): FeedMessage {
  const about = of.map((value): readonly [string, string] => ["ANumber", value]);
  const changes: Change[] = [...(about.length > 0 ? [{ about }] : []), ...(all ? [{ all: true as const }] : [])];
  const heartbeat = { clock: "c", since: 0, asOf: "2011-10-19T12:00:00Z" };
  return { source: "CASE", epoch: "A", seq: 1, changes, heartbeat, ...more };
}

const at = (seq: number, epoch = "A"): Position => ({ feed: "CASE", epoch, seq });

describe("a message", () => {
  /** Told to feeds that stand at A 5, the lease as of now, 200000001 changed at 4 and 200000002 at 5. */
  type Row = readonly [
    title: string,
    told: Told,
    ageMs: number | null,
    received: string,
    position: string | null,
    /** Whether entries read at 3, 4, 5 about 200000001 hold. */
    held: string,
  ];
  const rows: readonly Row[] = [
    ["that is next is applied", { seq: 6, of: ["200000009"] }, 0, "applied", "A 6", "no yes yes"],
    ["that is next is applied to its own tags", { seq: 6, of: ["200000001"] }, 0, "applied", "A 6", "no no no"],
    ["about everything flushes", { seq: 6, all: true }, 0, "flushed", "A 6", "no no no"],
    [
      "about everything and something flushes",
      { seq: 6, all: true, of: ["200000009"] },
      0,
      "flushed",
      "A 6",
      "no no no",
    ],
    ["after a gap flushes", { seq: 7, of: ["200000009"] }, 0, "flushed", "A 7", "no no no"],
    ["seen before changes nothing", { seq: 5, of: ["200000002"] }, 100, "duplicate", "A 5", "no yes yes"],
    ["that is late changes nothing", { seq: 4, of: ["200000001"] }, 100, "duplicate", "A 5", "no yes yes"],
    [
      "that is late, of who knows when, changes nothing",
      { seq: 4, of: ["200000001"] },
      null,
      "duplicate",
      "A 5",
      "no yes yes",
    ],
    [
      "that is late and brings no heartbeat changes nothing",
      { seq: 4, of: ["200000001"], heartbeat: null },
      null,
      "duplicate",
      "A 5",
      "no yes yes",
    ],
    [
      "of an unknown epoch without a heartbeat is refused",
      { epoch: "B", heartbeat: null },
      null,
      "retired",
      "A 5",
      "no yes yes",
    ],
    ["of an unknown epoch on another clock is refused", { epoch: "B", seq: 9 }, null, "retired", "A 5", "no yes yes"],
    ["of an epoch that looked earlier is refused", { epoch: "B", seq: 9 }, 100, "retired", "A 5", "no yes yes"],
    [
      "of an unknown epoch whose clock went back is refused",
      { epoch: "B", seq: 9 },
      -1,
      "retired",
      "A 5",
      "no yes yes",
    ],
  ];
  test.each(rows)("%s", (_, told, ageMs, received, position, held) => {
    feeds.receive(message({ seq: 3 }), 0);
    feeds.receive(message({ seq: 4, of: ["200000001"] }), 0);
    feeds.receive(message({ seq: 5, of: ["200000002"] }), 0);
    expect(feeds.receive(message(told), ageMs)).toBe(received);
    const now = feeds.position("CASE");
    expect(now && `${now.epoch} ${now.seq}`).toBe(position);
    const holds = [3, 4, 5].map((seq) => (feeds.holds(at(seq), ["ANumber 200000001"]) ? "yes" : "no"));
    expect(holds.join(" ")).toBe(held);
  });
});

describe("a heartbeat", () => {
  beforeEach(() => {
    feeds.receive(message({ seq: 5 }), 0);
    instant += 100;
  });

  test("of the same number flushes nothing and lengthens the lease", () => {
    instant += leaseMs - 200;
    expect(feeds.receive(message({ seq: 5 }), 0)).toBe("applied");
    instant += leaseMs - 1;
    expect(feeds.holds(at(5), ["ANumber 200000001"])).toBe(true);
    instant += 1;
    expect(feeds.holds(at(5), ["ANumber 200000001"])).toBe(false);
    expect(feeds.position("CASE")).toBeNull();
  });

  test("of a higher number tells of a gap: nothing read before holds", () => {
    expect(feeds.receive(message({ seq: 6 }), 0)).toBe("flushed");
    expect([feeds.holds(at(5), []), feeds.holds(at(6), [])]).toEqual([false, true]);
    expect(feeds.receive(message({ seq: 6, of: ["200000001"] }), 0)).toBe("duplicate");
    expect(feeds.holds(at(6), ["ANumber 200000001"])).toBe(true);
  });

  test("lengthens the lease from when the source was checked, not from when it arrives", () => {
    expect(feeds.receive(message({ seq: 5 }), 60)).toBe("applied");
    instant += leaseMs - 60 - 1;
    expect(feeds.position("CASE")).not.toBeNull();
    instant += 1;
    expect(feeds.position("CASE")).toBeNull();
  });

  test("older than the lease, or of another clock, or of one that went back, gives none", () => {
    instant += leaseMs;
    for (const ageMs of [leaseMs, leaseMs + 1, null, -1]) {
      expect(feeds.receive(message({ seq: 5 }), ageMs)).toBe("applied");
      expect(feeds.position("CASE")).toBeNull();
      expect(feeds.holds(at(5), [])).toBe(false);
    }
  });

  test("that comes twice with its changes, a moment later by the way it took, flushes nothing and ends no lease", () => {
    const told = message({
      seq: 6,
      of: ["200000001"],
      heartbeat: { clock: "c", since: 7, asOf: "2011-10-19T12:00:00Z" },
    });
    expect(feeds.receive(told, 5)).toBe("applied");
    instant += 40;
    expect(feeds.receive(told, 44.5)).toBe("duplicate");
    expect(feeds.position("CASE")).toEqual(at(6));
    expect(feeds.holds(at(5), ["ANumber 200000002"])).toBe(true);
  });

  test.each([
    ["counts less", { seq: 4 }],
    ["is of another epoch", { seq: 9, epoch: "B" }],
  ])("that %s and looked before is old, however much faster it came than the last one", (_title, more) => {
    const beat = (since: number) => ({ clock: "c", since, asOf: "2011-10-19T12:00:00Z" });
    expect(feeds.receive(message({ heartbeat: beat(9500), seq: 5 }), 900)).toBe("applied");
    expect(["duplicate", "retired"]).toContain(feeds.receive(message({ heartbeat: beat(9499), ...more }), 501));
    expect(feeds.position("CASE")).toEqual(at(5));
    expect(feeds.holds(at(5), ["ANumber 200000002"])).toBe(true);
  });

  test("that is late and counts less is ignored, and never shortens the lease", () => {
    feeds.receive(message({ seq: 6, of: ["200000001"] }), 0);
    expect(feeds.receive(message({ seq: 5 }), 50)).toBe("duplicate");
    instant += leaseMs - 1;
    expect(feeds.position("CASE")).toEqual(at(6));
  });

  test.each([
    ["after having looked again", {}, 0],
    ["on another clock", {}, null],
    ["in a message with changes", { of: ["200000001"] }, 0],
  ])("that counts less %s tells that the source went back: nothing read before holds ever again", (_, told, ageMs) => {
    feeds.receive(message({ seq: 6 }), 50);
    expect(feeds.receive(message({ seq: 3, ...told }), ageMs)).toBe("flushed");
    expect(feeds.position("CASE")).toBeNull();
    instant += 100;
    feeds.receive(message({ seq: 3 }), 0);
    const position = feeds.position("CASE");
    expect(position?.seq).toBe(3);
    for (const seq of [3, 4, 5, 6, 7]) expect(feeds.holds(at(seq), [])).toBe(false);
    expect(feeds.holds(position as Position, [])).toBe(true);
    // Another gateway that saw the same does not share this one's positions.
    expect(position?.epoch).not.toBe("A");
    expect(feeds.receive(message({ seq: 4, of: ["200000001"] }), 0)).toBe("applied");
    expect(feeds.holds(position as Position, ["ANumber 200000001"])).toBe(false);
    expect(feeds.holds(position as Position, ["ANumber 200000002"])).toBe(true);
  });
});

describe("an epoch", () => {
  test("that was replaced comes back when the one that holds is silent past its lease; nothing read before holds", () => {
    feeds.receive(message({ epoch: "A", seq: 5 }), 0);
    instant += 100;
    feeds.receive(message({ epoch: "B", seq: 2 }), 0);
    instant += leaseMs - 1;
    expect(feeds.receive(message({ epoch: "A", seq: 5 }), 0)).toBe("retired");
    instant += 1;
    expect(feeds.receive(message({ epoch: "A", seq: 6 }), leaseMs)).toBe("retired");
    expect(feeds.receive(message({ epoch: "A", seq: 4 }), 0)).toBe("flushed");
    for (const seq of [3, 4, 5, 6]) expect(feeds.holds(at(seq, "A"), [])).toBe(false);
    expect(feeds.holds(at(2, "B"), [])).toBe(false);
    expect(feeds.holds(feeds.position("CASE") as Position, [])).toBe(true);
    instant += 100;
    // Its turn is over for as long as this one is heard.
    expect(feeds.receive(message({ epoch: "B", seq: 3 }), 0)).toBe("retired");
    expect(feeds.receive(message({ epoch: "A", seq: 5, of: ["200000001"] }), 0)).toBe("applied");
  });

  test("that looked later takes over and flushes; the one before is refused while it holds", () => {
    feeds.receive(message({ epoch: "A", seq: 5 }), 0);
    instant += 100;
    expect(feeds.receive(message({ epoch: "B", seq: 2 }), 50)).toBe("flushed");
    expect(feeds.position("CASE")).toEqual(at(2, "B"));
    expect(feeds.holds(at(5, "A"), [])).toBe(false);
    expect(feeds.holds(at(1, "B"), [])).toBe(false);
    instant += 100;
    expect(feeds.receive(message({ epoch: "A", seq: 6 }), 0)).toBe("retired");
    expect(feeds.position("CASE")).toEqual(at(2, "B"));
  });

  test("that never showed when it had looked gives way to one that does, and is not refused when it does so too", () => {
    feeds.receive(message({ epoch: "B", seq: 3, heartbeat: null, of: ["200000001"] }), null);
    expect(feeds.receive(message({ epoch: "A", seq: 5 }), 500)).toBe("flushed");
    expect(feeds.receive(message({ epoch: "B", seq: 4 }), 100)).toBe("flushed");
    expect(feeds.position("CASE")).toEqual(at(4, "B"));
    expect(feeds.receive(message({ epoch: "A", seq: 6 }), 0)).toBe("retired");
  });

  test("that takes over brings its own lease", () => {
    feeds.receive(message({ epoch: "A" }), 0);
    instant += 100;
    feeds.receive(message({ epoch: "B" }), 40);
    instant += leaseMs - 41;
    expect(feeds.position("CASE")).not.toBeNull();
    instant += 1;
    expect(feeds.position("CASE")).toBeNull();
  });

  test("heard of long ago is told from the later ones when a stream is read from its beginning", () => {
    for (const [epoch, ageMs] of [
      ["A", 90_000],
      ["A", 80_000],
      ["B", 70_000],
      ["B", 60_000],
    ] as const)
      feeds.receive(message({ epoch, seq: 1 }), ageMs);
    expect(feeds.receive(message({ epoch: "B", seq: 2, of: ["200000001"] }), 50_000)).toBe("applied");
    expect(feeds.position("CASE")).toBeNull();
    feeds.receive(message({ epoch: "B", seq: 2 }), 10);
    expect([feeds.holds(at(1, "B"), ["ANumber 200000002"]), feeds.holds(at(1, "B"), ["ANumber 200000001"])]).toEqual([
      true,
      false,
    ]);
  });
});

describe("tags beyond the bound", () => {
  test("are forgotten, the oldest first, and nothing read before their change holds any more", () => {
    feeds = open(2);
    feeds.receive(message({ seq: 1 }), 0);
    for (const [index, value] of ["200000001", "200000002", "200000003"].entries())
      feeds.receive(message({ seq: index + 2, of: [value] }), 0);
    expect([1, 2, 3].map((seq) => feeds.holds(at(seq), ["ANumber 200000009"]))).toEqual([false, true, true]);
    expect(feeds.holds(at(2), ["ANumber 200000002"])).toBe(false);
  });

  test("changed again are the youngest", () => {
    feeds = open(2);
    feeds.receive(message({ seq: 1 }), 0);
    for (const [index, value] of ["200000001", "200000002", "200000001", "200000003"].entries())
      feeds.receive(message({ seq: index + 2, of: [value] }), 0);
    expect(feeds.holds(at(3), ["ANumber 200000001"])).toBe(false);
    expect(feeds.holds(at(3), ["ANumber 200000009"])).toBe(true);
    expect(feeds.holds(at(2), ["ANumber 200000009"])).toBe(false);
  });
});

describe("T59: of whatever order and repetition messages arrive in", () => {
  const values = ["200000001", "200000002", "200000003"];
  const sent = (count: number): FeedMessage[] =>
    Array.from({ length: count }, (_, index) => message({ seq: index + 1, of: [values[index % 3] as string] }));

  test("nothing that must not be served is, and when all have come what is served is what in order would be", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }).chain((count) =>
          fc.tuple(
            fc.constant(count),
            fc.shuffledSubarray(
              Array.from({ length: count * 2 }, (_, index) => index % count),
              { minLength: count * 2, maxLength: count * 2 },
            ),
          ),
        ),
        ([count, order]) => {
          const messages = sent(count);
          const [shuffled, ordered] = [open(), open()];
          for (const each of [shuffled, ordered]) each.receive(message({ seq: 0 }), 0);
          for (const each of messages) ordered.receive(each, 0);
          for (const nth of order) shuffled.receive(messages[nth] as FeedMessage, 0);
          expect(shuffled.position("CASE")).toEqual(ordered.position("CASE"));
          for (const value of values)
            for (let seq = 0; seq <= count; seq++) {
              const tags = [`ANumber ${value}`];
              // A gap flushes, so less may hold; never more.
              if (shuffled.holds(at(seq), tags)) expect(ordered.holds(at(seq), tags)).toBe(true);
            }
          expect(
            shuffled.holds(
              at(count),
              values.map((value) => `ANumber ${value}`),
            ),
          ).toBe(true);
        },
      ),
    );
  });

  test("all of them twice in order is all of them once", () => {
    const messages = sent(6);
    for (const each of messages.flatMap((one) => [one, one])) feeds.receive(each, 0);
    const once = open();
    for (const each of messages) once.receive(each, 0);
    for (const value of values)
      for (let seq = 0; seq <= 6; seq++)
        expect(feeds.holds(at(seq), [`ANumber ${value}`])).toBe(once.holds(at(seq), [`ANumber ${value}`]));
  });
});

describe("a generation", () => {
  test("is another one after whatever happened, and the same after a mere heartbeat", () => {
    const seen = new Set<string>();
    const isNew = () => {
      const generation = feeds.generation(["CASE", "EID"]);
      const known = seen.has(generation);
      seen.add(generation);
      return !known;
    };
    expect(isNew()).toBe(true);
    const steps: readonly (readonly [what: () => void, isAnother: boolean])[] = [
      [() => feeds.receive(message({ seq: 1 }), 0), true],
      [() => feeds.receive(message({ seq: 1 }), 0), false],
      [() => feeds.receive(message({ seq: 2, of: ["200000001"] }), 0), true],
      [() => feeds.receive(message({ seq: 2, of: ["200000001"] }), 0), false],
      [() => feeds.receive(message({ seq: 5 }), 0), true],
      [() => (instant += leaseMs), true],
      [() => feeds.receive(message({ seq: 5 }), 0), true],
      [() => feeds.receive(message({ source: "EID", seq: 1 }), 0), true],
      [() => feeds.receive(message({ seq: 1, epoch: "B" }), -1), false],
      [() => (instant += 1), false],
      [() => feeds.receive(message({ seq: 1, epoch: "B" }), 0), true],
    ];
    for (const [index, [what, isAnother]] of steps.entries()) {
      what();
      expect([index, isNew()]).toEqual([index, isAnother]);
    }
  });

  test("without a lease lasts a part of one, so that those who ask at once still share a read", () => {
    const before = feeds.generation(["CASE"]);
    expect(feeds.generation(["CASE"])).toBe(before);
    instant += leaseMs / 4;
    expect(feeds.generation(["CASE"])).not.toBe(before);
  });
});

describe("fresh enough", () => {
  const noToken = new Map<string, { epoch: string; seq: number }>();
  test.each([
    ["no wish", null, noToken, true],
    ["a bound that the last look keeps", 101, noToken, true],
    ["a bound that the last look does not keep", 100, noToken, false],
    ["the source itself", 0, noToken, false],
    ["a change that has come", null, new Map([["CASE", { epoch: "A", seq: 5 }]]), true],
    ["a change that has not come", null, new Map([["CASE", { epoch: "A", seq: 6 }]]), false],
    ["a change of another epoch", null, new Map([["CASE", { epoch: "B", seq: 1 }]]), false],
    ["a change of another source", null, new Map([["EID", { epoch: "B", seq: 1 }]]), true],
  ])("%s", (_, maxAgeMs, atLeast, isFresh) => {
    feeds.receive(message({ seq: 5 }), 0);
    instant += 100;
    expect(feeds.isFresh(["CASE"], { maxAgeMs, atLeast })).toBe(isFresh);
  });

  test("nothing is, of a source never heard of", () => {
    expect(feeds.isFresh(["CASE"], { maxAgeMs: 1e9, atLeast: noToken })).toBe(false);
    expect(feeds.isFresh(["CASE"], { maxAgeMs: null, atLeast: new Map([["CASE", { epoch: "A", seq: 0 }]]) })).toBe(
      false,
    );
  });
});

test("who listens is told of changes and flushes once each, and not of heartbeats, repetitions and what is refused", () => {
  const told: number[] = [];
  const stop = feeds.onChange(({ seq }) => told.push(seq));
  feeds.receive(message({ seq: 1 }), 0);
  feeds.receive(message({ seq: 1 }), 0);
  feeds.receive(message({ seq: 2, of: ["200000001"] }), 0);
  feeds.receive(message({ seq: 2, of: ["200000001"] }), 0);
  feeds.receive(message({ seq: 5 }), 0);
  feeds.receive(message({ seq: 9, epoch: "B" }), null);
  stop();
  feeds.receive(message({ seq: 6, of: ["200000001"] }), 0);
  expect(told).toEqual([1, 2, 5]);
});

test("the standing says of each source whether it is vouched for, up to when, and since when", () => {
  feeds.receive(message({ seq: 5 }), 40);
  feeds.receive(message({ source: "EID" }), null);
  instant += 10;
  expect(feeds.standing()).toEqual([
    { feed: "CASE", isLive: true, asOf: "2011-10-19T12:00:00Z", ageMs: 50 },
    { feed: "EID", isLive: false, asOf: null, ageMs: null },
  ]);
  instant += leaseMs;
  expect(feeds.standing()[0]).toEqual({ feed: "CASE", isLive: false, asOf: "2011-10-19T12:00:00Z", ageMs: 2050 });
});

describe("whatever is told, in whatever order,", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ waitMs: fc.constantFrom(0, 1, 500, leaseMs) }),
      fc.record({
        source: fc.constantFrom("CASE", "EID"),
        epoch: fc.constantFrom("A", "B"),
        seq: fc.nat(4),
        of: fc.constantFrom([], ["200000001"], ["200000002"]),
        ageMs: fc.constantFrom(0, 300, null),
      }),
    ),
    { maxLength: 30 },
  );

  /** `look` is called at the beginning and after each step. */
  const inAllOrders = (look: () => () => void) =>
    fc.assert(
      fc.property(steps, (all) => {
        feeds = open();
        const check = look();
        check();
        for (const each of all) {
          if ("waitMs" in each) instant += each.waitMs;
          else feeds.receive(message({ ...each, seq: each.seq + Math.min(1, each.of.length) }), each.ageMs);
          check();
        }
      }),
      // What is counted below is rare.
      { numRuns: 2_000 },
    );

  test("the revision is another one whenever a source stands otherwise", () => {
    let same = 0;
    inAllOrders(() => {
      let [revision, standing] = [Number.NaN, ""];
      return () => {
        const now = JSON.stringify(feeds.standing().map(({ ageMs: _, ...each }) => [each, feeds.position(each.feed)]));
        if (feeds.revision() === revision) {
          expect(now).toBe(standing);
          same += 1;
        }
        [revision, standing] = [feeds.revision(), now];
      };
    });
    expect(same).toBeGreaterThan(0);
  });

  test("the turn is another one whenever anything that held holds no longer, and not with each heartbeat", () => {
    let [same, heartbeats] = [0, 0];
    inAllOrders(() => {
      let [turn, revision] = [Number.NaN, Number.NaN];
      const read = new Set<Position>();
      let held: readonly (readonly [Position, string])[] = [];
      return () => {
        for (const feed of ["CASE", "EID"]) {
          const position = feeds.position(feed);
          if (position !== null) read.add(position);
        }
        const now = [...read].flatMap((each) =>
          ["200000001", "200000002"]
            .filter((value) => feeds.holds(each, [`ANumber ${value}`]))
            .map((value) => [each, value] as const),
        );
        if (feeds.turn() === turn) {
          same += 1;
          if (feeds.revision() !== revision) heartbeats += 1;
          for (const [position, value] of held) expect(feeds.holds(position, [`ANumber ${value}`])).toBe(true);
        }
        [turn, revision, held] = [feeds.turn(), feeds.revision(), now];
      };
    });
    expect(Math.min(same, heartbeats)).toBeGreaterThan(0);
  });
});

describe("by the carrier's clock alone", () => {
  const beat = (since: number) => ({ clock: "run", since, asOf: "2011-10-19T12:00:00Z" });
  const said = (seq: number, since: number, ...of: readonly string[]) => message({ seq, heartbeat: beat(since), of });
  const own = () => openFeeds({ leaseMs, now: () => instant });

  test("a source that goes back while nobody believes that clock serves nothing of before afterwards", () => {
    feeds = own();
    feeds.receive(said(10, 1_000_000), 0);
    const before = feeds.position("CASE") as Position;
    // The clock is set back by a second, and the watcher's machine to an earlier copy of itself, which had counted to 8.
    instant += 500;
    feeds.receive(said(8, 999_500), null);
    // It goes on counting, as it did before.
    instant += 1000;
    for (const [seq, since] of [
      [9, 1_000_500],
      [10, 1_000_600],
      [11, 1_000_700],
    ] as const)
      feeds.receive(said(seq, since, `20000000${seq % 9}`), null);
    // The clock is believed again.
    instant += 6000;
    feeds.receive(said(11, 1_006_000), 0);
    expect(feeds.position("CASE")?.seq).toBe(11);
    expect(feeds.holds(before, ["ANumber 200000000"])).toBe(false);
  });

  test("a message that comes twice flushes nothing, though the way of the first one was slow", () => {
    feeds = own();
    feeds.receive(said(5, 1000), 0);
    const before = feeds.position("CASE") as Position;
    instant += 250;
    // So slow that it seems to have looked before the last one.
    const next = said(6, 1250, "200000001");
    expect(feeds.receive(next, 260)).toBe("applied");
    instant += 100;
    expect(feeds.receive(next, 100)).toBe("duplicate");
    expect(feeds.holds(before, ["ANumber 200000002"])).toBe(true);
  });
});
