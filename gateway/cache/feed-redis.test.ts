import { afterEach, describe, expect, test } from "@jest/globals";
import { openRedisFeed } from "./feed-redis.ts";
import type { Command, RedisLink, Reply } from "./redis.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type Answer = (commands: readonly Command[]) => readonly Reply[] | null | Promise<readonly Reply[] | null>;

const links = (ask: Answer): { readonly feed: RedisLink; readonly writes: RedisLink } => {
  const link: RedisLink = {
    async ask(commands) {
      await new Promise(setImmediate);
      return ask(commands);
    },
    isWell: () => true,
    connection: () => 1,
    close: () => undefined,
  };
  return { feed: link, writes: link };
};

const text = (value: string) => Buffer.from(value);
const run = (letter: string) => letter.repeat(40);
const timeOf = (ms: number): Reply => [text(String(Math.floor(ms / 1000))), text(String((ms % 1000) * 1000))];

/** A server whose clock the test sets, and on which an announcement waits whenever it is asked for. */
function server() {
  const told = {
    now: 1000,
    time: 1_000_000_000,
    run: run("a"),
    answerMs: 0,
    count: 0,
    clocks: [] as { id: string; now: number }[],
  };
  const { feed, writes } = links(([first]) => {
    if (first?.[0] === "XREAD") {
      const id = text(`1-${++told.count}`);
      return [[[text("crosswalk:changes"), [[id, [text("e"), text("1")]]]]]];
    }
    const time = timeOf(told.time);
    told.now += told.answerMs;
    told.time += told.answerMs;
    return [time, text(`# Server\r\nrun_id:${told.run}\r\nport:1\r\n`), [text("last-generated-id"), text("9-9")]];
  });
  const opened = openRedisFeed({
    feed,
    writes,
    now: () => told.now,
    onEnvelope: (_, clock) => told.clocks.push(clock),
  });
  closers.push(opened.close);
  return {
    told,
    /** Both clocks go on; the server's by another amount where it is set. */
    async passes(ms: number, serverMs = ms) {
      told.now += ms;
      told.time += serverMs;
      // One that was asked for before may still come.
      const next = told.clocks.length + 2;
      while (told.clocks.length < next) await new Promise(setImmediate);
      return told.clocks.at(-1) as { id: string; now: number };
    },
  };
}

describe("the clock that goes with an announcement", () => {
  test("counts how long its own answer took", async () => {
    const { told, passes } = server();
    expect(await passes(10)).toEqual({ id: run("a"), now: told.time });
    told.answerMs = 300;
    const { now } = await passes(10);
    // As late as the server's clock can be by now, whenever within that time it was read.
    expect(now).toBe(told.time);
  });

  test("is nobody's for a while after it was set back, and the server's again then", async () => {
    const { passes } = server();
    expect((await passes(500)).id).toBe(run("a"));
    expect((await passes(500, 480)).id).toBe(run("a"));
    expect((await passes(500, -9500)).id).toBe(`${run("a")}:set-back`);
    // By as much as it was set back, and longer than a lease.
    expect((await passes(10_000)).id).toBe(`${run("a")}:set-back`);
    expect((await passes(4900)).id).toBe(`${run("a")}:set-back`);
    expect((await passes(200)).id).toBe(run("a"));
  });

  test("may be set forward: what is measured by it only looks older", async () => {
    const { told, passes } = server();
    await passes(500);
    expect(await passes(500, 3_600_000)).toEqual({ id: run("a"), now: told.time });
  });

  test("is another one's after a failover", async () => {
    const { told, passes } = server();
    await passes(500);
    told.run = run("b");
    expect(await passes(500, -3_600_000)).toEqual({ id: run("b"), now: told.time });
  });
});

describe("what Redis says and cannot be read", () => {
  const well: readonly Reply[] = [timeOf(1), text(`run_id:${run("a")}`), [text("last-generated-id"), text("9-9")]];
  const entry: Reply = [text("1-1"), [text("e"), text("1")]];
  const batch: readonly Reply[] = [[[text("crosswalk:changes"), [entry]]]];
  const cases: readonly (readonly [string, readonly Reply[] | null, readonly Reply[] | null])[] = [
    ["no answer to the reading", null, well],
    ["an error", [{ refused: "LOADING" }], well],
    ["a number", [3], well],
    ["entries without a number", [[[text("crosswalk:changes"), [[null, []]]]]], well],
    ["no answer about the time", batch, null],
    ["no time", batch, [{ refused: "NOPERM" }, well[1] as Reply, well[2] as Reply]],
    ["no server", batch, [well[0] as Reply, text("# Server"), well[2] as Reply]],
    ["no word of the stream", batch, [well[0] as Reply, well[1] as Reply, { refused: "NOPERM" }]],
  ];

  test.each(cases)(
    "%s: is tried again, ever more rarely, and nothing is lost by it",
    async (_title, reading, about) => {
      let isIll = true;
      let asked = 0;
      const heard: unknown[] = [];
      const { feed, writes } = links(([first]) => {
        asked++;
        if (first?.[0] === "XREAD") return isIll ? reading : heard.length > 0 ? [null] : batch;
        return isIll ? about : well;
      });
      const opened = openRedisFeed({ feed, writes, onEnvelope: (envelope) => heard.push(envelope) });
      closers.push(opened.close);
      const startedAt = performance.now();
      while (asked < 4) await new Promise(setImmediate);
      // The pauses between them are 50, 100, …; a loop without any would be here within a millisecond or two.
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(45);
      expect(heard).toEqual([]);
      isIll = false;
      while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(heard).toEqual([1]);
    },
  );

  test("whoever takes announcements may fail: the next ones still come", async () => {
    const heard: unknown[] = [];
    let count = 0;
    const { feed, writes } = links(([first]) =>
      first?.[0] === "XREAD" ? [[[text("s"), [[text(`1-${++count}`), [text("e"), text(`${count}`)]]]]]] : well,
    );
    const onEnvelope = (envelope: unknown) => {
      heard.push(envelope);
      throw new Error("cannot");
    };
    const opened = openRedisFeed({ feed, writes, onEnvelope });
    while (heard.length < 3) await new Promise(setImmediate);
    opened.close();
    const then = heard.length;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(heard.length).toBe(then);
    expect(heard.slice(0, 3)).toEqual([1, 2, 3]);
  });
});

test("a place in the stream that is none is no answer: Redis is asked again", async () => {
  const places = ["nonsense", "9", "9-9"];
  let reads = 0;
  const delivered = Promise.withResolvers<number>();
  const { feed, writes } = links(([first]) => {
    if (first?.[0] === "XRANGE" || first?.[0] === "XREVRANGE") return [[]];
    if (first?.[0] === "XREAD") {
      reads += 1;
      return [[[text("crosswalk:changes"), [[text("1-1"), [text("e"), text("1")]]]]]];
    }
    const place = places.length > 1 ? places.shift() : places[0];
    return [timeOf(1), text(`run_id:${run("a")}\r\n`), [text("last-generated-id"), text(place as string)]];
  });
  closers.push(openRedisFeed({ feed, writes, onEnvelope: () => delivered.resolve(reads) }).close);
  expect(await delivered.promise).toBe(3);
});
