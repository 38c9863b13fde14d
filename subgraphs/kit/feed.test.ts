import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Change, FeedMessage } from "./envelope.ts";
import { type ChangeCarrier, FeedRefused, type FeedSettings, openFeed, type WatchedSource } from "./feed.ts";
import { SourceError } from "./source.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Given = { asOf: string; changes: readonly Change[] } | Error;

/** A source that says what it is told to; `calls` counts how often it was asked. */
function toldSource(over: Partial<WatchedSource> = {}) {
  const told = { next: [] as Given[], asOf: "2026-10-19T14:00:00Z", failing: null as Error | null, calls: 0 };
  const source: WatchedSource = {
    system: "SYS",
    async poll() {
      told.calls += 1;
      if (told.failing) throw told.failing;
      const given = told.next.shift() ?? { asOf: told.asOf, changes: [] };
      if (given instanceof Error) throw given;
      return given;
    },
    ...over,
  };
  return { told, source };
}

function taker(take: (message: FeedMessage) => void = () => undefined) {
  const messages: FeedMessage[] = [];
  const steps: string[] = [];
  let clock = 0;
  let tell: () => void = () => undefined;
  const carrier: ChangeCarrier = {
    async ticket() {
      clock += 1;
      steps.push(`ticket ${clock}`);
      return { clock: "c", now: clock };
    },
    async publish(envelope) {
      const { message } = JSON.parse(envelope) as { message: FeedMessage };
      steps.push("publish");
      take(message);
      messages.push(message);
      tell();
    },
    async close() {},
  };
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      tell = () => isSo() && resolve();
      tell();
    });
  return { carrier, messages, steps, until };
}

function open(source: WatchedSource, carrier: ChangeCarrier, over: Partial<FeedSettings> = {}) {
  const seal = (message: FeedMessage) => JSON.stringify({ message });
  const feed = openFeed({ sources: [source], carrier, seal, pollMs: 1, beatMs: 2, retryMs: 0, ...over });
  closers.push(feed.close);
  return feed;
}

const one = (value: string): Change => ({ about: [["ANumber", value]] });
const asOf = "2026-10-19T14:00:00Z";

test("a source that has been looked at is said to have been, from the time asked for before", async () => {
  const { carrier, messages, steps, until } = taker();
  const { source } = toldSource();
  const polled: WatchedSource = {
    ...source,
    async poll() {
      steps.push("poll");
      return source.poll();
    },
  };
  open(polled, carrier);
  await until(() => messages.length >= 2);
  expect(steps.slice(0, 3)).toEqual(["ticket 1", "poll", "publish"]);
  expect(messages[0]).toMatchObject({ source: "SYS", seq: 0, changes: [], heartbeat: { clock: "c", since: 1, asOf } });
  expect(messages[1]?.epoch).toBe(messages[0]?.epoch);
});

test("changes are counted, heartbeats are not", async () => {
  const { carrier, messages, until } = taker();
  const { told, source } = toldSource();
  told.next = [
    { asOf, changes: [] },
    { asOf, changes: [one("1")] },
    { asOf, changes: [] },
    { asOf, changes: [one("2"), one("3")] },
  ];
  open(source, carrier, { beatMs: 0 });
  await until(() => messages.length >= 5);
  expect(messages.slice(0, 5).map(({ seq, changes }) => [seq, changes.length])).toEqual([
    [0, 0],
    [1, 1],
    [1, 0],
    [2, 2],
    [2, 0],
  ]);
});

test("a source that cannot be asked has no heartbeat until it can, and what it did not say then is said after", async () => {
  const { carrier, messages, until } = taker();
  const { told, source } = toldSource();
  open(source, carrier);
  await until(() => messages.length >= 1);
  told.failing = new SourceError("SOURCE_UNAVAILABLE", "SYS");
  const calls = told.calls;
  while (told.calls < calls + 5) await new Promise((resolve) => setImmediate(resolve));
  const before = messages.length;
  const more = told.calls;
  while (told.calls < more + 5) await new Promise((resolve) => setImmediate(resolve));
  expect(messages).toHaveLength(before);
  told.next = [{ asOf, changes: [one("1")] }];
  told.failing = null;
  await until(() => messages.some(({ seq }) => seq === 1));
});

test("the day of a source turning means that anything may have changed", async () => {
  const { carrier, messages, until } = taker();
  const { told, source } = toldSource({ dayOf: (instant) => instant.slice(0, 13) });
  told.next = [
    { asOf: "2026-10-19T14:00:00Z", changes: [] },
    { asOf: "2026-10-19T14:59:59Z", changes: [] },
    { asOf: "2026-10-19T15:00:00Z", changes: [one("1")] },
  ];
  told.asOf = "2026-10-19T15:00:00Z";
  open(source, carrier, { beatMs: 0 });
  await until(() => messages.length >= 4);
  expect(messages.map(({ changes }) => changes).slice(0, 4)).toEqual([
    [],
    [],
    [{ all: true, told: true }, one("1")],
    [],
  ]);
});

test("a flood is told as all, and what it alerts to is still told", async () => {
  const { carrier, messages, until } = taker();
  const { told, source } = toldSource();
  const alert: Change = { about: [["ANumber", "9"]], alert: { kind: "BOOKED_IN", at: asOf } };
  const flood = Array.from({ length: 500 }, (_, index) => one(String(index)));
  told.next = [
    { asOf, changes: flood },
    { asOf, changes: [...flood, alert] },
  ];
  open(source, carrier);
  await until(() => messages.some(({ seq }) => seq === 2));
  expect(messages.find(({ seq }) => seq === 1)?.changes).toHaveLength(500);
  expect(messages.find(({ seq }) => seq === 2)?.changes).toEqual([{ all: true }, alert]);
});

test("whoever is known by very many identifiers is told of in parts, and alerted to once", async () => {
  const { carrier, messages, until } = taker();
  const { told, source } = toldSource();
  const about = Array.from({ length: 250 }, (_, index) => ["Fin", String(index)] as const);
  const alert = { kind: "BOOKED_IN", at: asOf } as const;
  told.next = [
    { asOf, changes: [] },
    { asOf, changes: [{ about, alert }] },
    { asOf, changes: [{ about: [["ID", "x".repeat(257)]] }] },
    { asOf, changes: [{ about: [] }] },
  ];
  open(source, carrier, { beatMs: 0 });
  await until(() => messages.some(({ seq }) => seq === 3));
  const [, parts, long, none] = messages.map(({ changes }) => changes);
  expect(parts?.map((each) => ("about" in each ? [each.about.length, each.alert?.kind] : each))).toEqual([
    [100, "BOOKED_IN"],
    [100, undefined],
    [50, undefined],
  ]);
  expect(long).toEqual([{ all: true }]);
  expect(none).toEqual([{ all: true }]);
});

test("each start has an epoch of its own", async () => {
  const [first, second] = [taker(), taker()];
  for (const each of [first, second]) open(toldSource().source, each.carrier);
  await Promise.all([first, second].map(({ messages, until }) => until(() => messages.length > 0)));
  expect(first.messages[0]?.epoch).not.toBe(second.messages[0]?.epoch);
});

test("whatever fails on the way, what arrives is in order, without a gap, and says everything", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.array(fc.nat(3), { maxLength: 12 }),
      async (failures, sizes) => {
        const arrived: FeedMessage[] = [];
        const left = [...failures];
        const { carrier, messages, until } = taker((message) => {
          // Half of what fails has been taken all the same.
          const fails = left.shift() ?? false;
          if (!fails || left.length % 2 === 0) arrived.push(message);
          if (fails) throw Object.assign(new Error("lost"), { code: "ECONNRESET" });
        });
        const { told, source } = toldSource();
        let count = 0;
        const next = () => {
          count += 1;
          return one(String(count));
        };
        told.next = sizes.map((size) => ({ asOf, changes: Array.from({ length: size }, next) }));
        const feed = open(source, carrier, { beatMs: 0, pollMs: 0 });
        const last = sizes.filter((size) => size > 0).length;
        await until(
          () => told.next.length === 0 && messages.some(({ seq, changes }) => seq === last && changes.length === 0),
        );
        await feed.close();
        const distinct = [
          ...new Map(arrived.filter(({ changes }) => changes.length > 0).map((each) => [each.seq, each])).values(),
        ];
        expect(distinct.map(({ seq }) => seq)).toEqual(distinct.map((_, index) => index + 1));
        expect(distinct.flatMap(({ changes }) => changes)).toEqual(
          Array.from({ length: count }, (_, index) => one(String(index + 1))),
        );
        expect(arrived.map(({ seq }) => seq)).toEqual(arrived.map(({ seq }) => seq).toSorted((a, b) => a - b));
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

describe("what is refused", () => {
  test("is announced anew under another epoch, once", async () => {
    let refusals = 1;
    const { carrier, messages, until } = taker((message) => {
      if (message.changes.length > 0 && refusals-- > 0) throw new FeedRefused("no");
    });
    const { told, source } = toldSource();
    told.next = [
      { asOf, changes: [] },
      { asOf, changes: [one("1")] },
    ];
    open(source, carrier);
    await until(() => messages.some(({ changes }) => changes.length > 0));
    const taken = messages.find(({ changes }) => changes.length > 0);
    expect(taken).toMatchObject({ seq: 1, changes: [one("1")] });
    expect(taken?.epoch).not.toBe(messages[0]?.epoch);
  });
});

test("a source may wake its watcher, and the pause between two looks is not waited for", async () => {
  const { carrier, messages, until } = taker();
  let ring: () => void = () => undefined;
  let isClosed = false;
  const { told, source } = toldSource({
    pollMs: 3_600_000,
    listen: async (wake) => {
      ring = wake;
      return async () => {
        isClosed = true;
      };
    },
  });
  const feed = open(source, carrier);
  await until(() => messages.length === 1);
  told.next = [{ asOf, changes: [one("1")] }];
  ring();
  await until(() => messages.some(({ seq }) => seq === 1));
  await feed.close();
  expect(isClosed).toBe(true);
});

test("the operator is told once of an outage that lasts, and of its end, and nothing that was said in it", async () => {
  const lines: string[] = [];
  const { carrier, messages, until } = taker();
  const { told, source } = toldSource();
  told.failing = new Error("A012345678");
  open(source, carrier, { tellAfterMs: 0, writeLine: (line) => lines.push(line) });
  while (told.calls < 5) await new Promise((resolve) => setImmediate(resolve));
  told.failing = null;
  await until(() => messages.length > 0);
  expect(lines).toEqual(["changes in SYS cannot be seen: Error", "changes in SYS cannot be seen: that is over"]);
});
