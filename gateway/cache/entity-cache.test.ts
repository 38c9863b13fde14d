import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type {
  AtHand,
  HeldAnswer,
  Question,
  ReadPart,
  Reads,
  SubgraphAnswer,
  SubgraphCall,
  SubgraphFailureCode,
  SubgraphRequest,
} from "../subgraph/call.ts";
import { SubgraphFailure } from "../subgraph/call.ts";
import { deduped } from "../subgraph/dedupe.ts";
import { openWatch, type Watch } from "../subgraph/watch.ts";
import type { Lookup } from "./at-hand.ts";
import { type CacheSettings, cached } from "./entity-cache.ts";
import type { Entry, FarTier } from "./entry.ts";
import { type Feeds, openFeeds } from "./feeds.ts";
import type { FeedMessage } from "./message.ts";

const leaseMs = 2000;
let watch: Watch;
let feeds: Feeds;
let upstream: ReturnType<typeof heldUpstream>;
let lookups: Lookup[];
let faults: unknown[];
let call: SubgraphCall;
let atHand: AtHand;
let seq: number;

const settings = (more: Partial<CacheSettings> = {}): CacheSettings => ({
  isCommon: (subgraph) => subgraph !== "personal",
  feeds,
  maxBytes: 1_000_000,
  far: null,
  watch,
  random: () => 0,
  onLookup: (about) => lookups.push(about),
  onFault: (error) => faults.push(error),
  ...more,
});
const open = (more: Partial<CacheSettings> = {}) => {
  const layer = cached(settings(more));
  call = layer(upstream.call);
  atHand = layer.atHand;
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate"] });
  watch = openWatch();
  feeds = openFeeds({ leaseMs, now: watch.now });
  upstream = heldUpstream();
  [lookups, faults, seq] = [[], [], 0];
  beat();
  open();
});

afterEach(() => {
  watch.close();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

function beat(more: Partial<FeedMessage> = {}): void {
  const heartbeat = { clock: "c", since: 0, asOf: "2011-10-19T12:00:00Z" };
  feeds.receive({ source: "CASE", epoch: "A", seq, changes: [], heartbeat, ...more }, 0);
}
const changed = (...aNumbers: string[]): void => {
  seq += 1;
  beat({ changes: [{ about: aNumbers.map((value) => ["ANumber", value] as const) }] });
};

/** Some of it may not be JSON: what a part says of what it asked. */
type Held = {
  readonly request: SubgraphRequest;
  /** By alias, the A-numbers asked for. */
  readonly asked: Readonly<Record<string, readonly string[]>>;
  answer(body?: unknown, keepMs?: number): Promise<void>;
  fail(code?: SubgraphFailureCode): Promise<void>;
};

const settled = async () => {
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
};

/** What the court's system says of an A-number by itself: every person has a second one. */
const caseOf = (aNumber: string, version = 1) => ({ aNumbers: [aNumber, `9${aNumber.slice(1)}`], version });

function heldUpstream() {
  const held: Held[] = [];
  const call: SubgraphCall = (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<SubgraphAnswer>();
    const { asked } = JSON.parse(request.body) as Pick<Held, "asked">;
    request.signal.addEventListener("abort", () => reject(request.signal.reason));
    const lists = Object.entries(asked).map(([alias, each]) => [alias, each.map((aNumber) => caseOf(aNumber))]);
    const answer = async (body: unknown = { data: Object.fromEntries(lists) }, keepMs?: number) => {
      resolve({ body, isShared: false, ...(keepMs === undefined ? {} : { keepMs }) });
      await settled();
    };
    const fail = async (code: SubgraphFailureCode = "SUBREQUEST_HTTP_ERROR") => {
      reject(new SubgraphFailure(code));
      await settled();
    };
    held.push({ request, asked, answer, fail });
    return promise;
  };
  return { held, call, last: () => held.at(-1) as Held };
}

const question: Question = {
  text: "Person { aNumbers version }",
  lifetime: { seconds: 60, feeds: ["CASE"] },
  tagsOf(asked, answered) {
    const own = (asked as { aNumber?: string }).aNumber;
    const { aNumbers = [] } = (answered ?? {}) as { aNumbers?: readonly string[] };
    return [...new Set([own, ...aNumbers])].map((value) => `ANumber ${value}`);
  },
};

const part = (alias: string, aNumbers: readonly string[], more: Partial<ReadPart> = {}): ReadPart => ({
  alias,
  representations: aNumbers.map((aNumber) => JSON.stringify({ __typename: "Person", aNumber })),
  variables: "{}",
  question,
  ...more,
});

const readsOf = (parts: readonly ReadPart[]): Reads => ({
  parts,
  bodyOf: (indexes) =>
    JSON.stringify({
      asked: Object.fromEntries(
        parts.map(({ alias, representations }, at) => [
          alias,
          indexes[at]?.map((index) => JSON.parse(representations?.[index] ?? "").aNumber),
        ]),
      ),
    }),
});

const request = (parts: readonly ReadPart[], more: Partial<SubgraphRequest> = {}): SubgraphRequest => {
  const reads = readsOf(parts);
  return {
    subgraph: "eoir",
    url: "http://eoir.test/",
    body: reads.bodyOf(parts.map(({ representations }) => representations?.map((_, index) => index) ?? [])),
    kind: "query",
    mayJoin: true,
    deadline: watch.now() + 1000,
    signal: new AbortController().signal,
    reads,
    ...more,
  };
};

const of = (...aNumbers: string[]) => request([part("_entities", aNumbers)]);

/** Root look-ups by A-number: the answer is the whole data. */
const rootOf = (aNumber: string, more: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  ...request([]),
  body: JSON.stringify({ asked: { person: [aNumber] } }),
  reads: {
    parts: [
      {
        alias: null,
        representations: null,
        variables: JSON.stringify({ aNumber }),
        question: { ...question, text: "query person" },
      },
    ],
    bodyOf: () => "never",
  },
  ...more,
});

/** Asks, and has the subgraph answer whatever is asked of it. */
async function ask(asking: SubgraphRequest, body?: unknown): Promise<SubgraphAnswer> {
  const before = upstream.held.length;
  const answer = call(asking);
  await settled();
  for (const each of upstream.held.slice(before)) await each.answer(body);
  return await answer;
}

const codeOf = (answer: Promise<unknown>) =>
  answer.then(
    () => "answered",
    ({ code }) => code,
  );

describe("what is at hand", () => {
  test("is given at once, counted once, and not to be changed", async () => {
    const { body } = await ask(of("200000001", "200000002"));
    lookups = [];
    const given = atHand(of("200000001", "200000002"));
    expect(given).toEqual({ body, isShared: true, isKept: true, hold: expect.any(Function) });
    expect(lookups).toEqual([{ subgraph: "eoir", hits: 2, misses: 0, far: 0 }]);
    expect(upstream.held).toHaveLength(1);
  });

  test("is held as long as what it was made of: until something of it changes, or the first of it ends", async () => {
    const lifetimeMs = 60_000;
    const readAt = watch.now();
    await ask(of("200000001"));
    jest.advanceTimersByTime(100);
    beat();
    await ask(of("200000002"));
    const held = atHand(of("200000001", "200000002"))?.hold?.() as HeldAnswer;
    expect([held.until - readAt, held.holds()]).toEqual([lifetimeMs, true]);
    expect(held.bytes).toBeGreaterThan(JSON.stringify([caseOf("200000001"), caseOf("200000002")]).length);
    lookups = [];
    held.served();
    expect(lookups).toEqual([{ subgraph: "eoir", hits: 2, misses: 0, far: 0 }]);
    const turn = atHand.turn();
    changed("200000009");
    expect([atHand.turn() === turn, held.holds()]).toEqual([false, true]);
    changed("200000002");
    expect(held.holds()).toBe(false);
  });

  test("keeps its place in memory while it is held and served", async () => {
    open({ maxBytes: 3000 });
    await ask(of("200000001"));
    const held = atHand(of("200000001"))?.hold?.() as HeldAnswer;
    for (let at = 2; at < 9; at += 1) {
      jest.advanceTimersByTime(1000);
      beat();
      held.served();
      await ask(of(`20000000${at}`));
    }
    expect(atHand(of("200000001"))).not.toBeNull();
    expect(atHand(of("200000002"))).toBeNull();
  });

  const none = new Map<string, never>();
  test.each<[string, () => SubgraphRequest]>([
    ["what was never read", () => of("200000009")],
    ["what was read in part", () => of("200000001", "200000009")],
    ["what does not say what can be kept", () => ({ ...of("200000001"), reads: undefined as never })],
    ["a mutation", () => request([part("_entities", ["200000001"])], { kind: "mutation" })],
    ["a read after a mutation", () => request([part("_entities", ["200000001"])], { mayJoin: false })],
    ["who is told of the caller", () => request([part("_entities", ["200000001"])], { caller: "officer" })],
    ["a subgraph whose answers depend on who asks", () => ({ ...of("200000001"), subgraph: "personal" })],
    [
      "who wants it from the source",
      () => request([part("_entities", ["200000001"])], { freshness: { maxAgeMs: 0, atLeast: none } }),
    ],
  ])("is nothing for %s, and nothing is counted", async (_what, asking) => {
    await ask(of("200000001"));
    lookups = [];
    expect(atHand(asking())).toBeNull();
    expect(lookups).toEqual([]);
  });

  test("is nothing of what has changed, or while nobody vouches for it", async () => {
    await ask(of("200000001"));
    await ask(of("200000002"));
    changed("200000001");
    expect(atHand(of("200000001"))).toBeNull();
    expect(atHand(of("200000002"))).not.toBeNull();
    jest.advanceTimersByTime(leaseMs);
    expect(atHand(of("200000002"))).toBeNull();
  });
});

test("who is answered by another's read alone is told so, and who had to ask beside it is not", async () => {
  const asking = [of("200000001"), of("200000001"), of("200000001", "200000002")].map((each) => call(each));
  await settled();
  for (const held of upstream.held) await held.answer();
  const told = (await Promise.all(asking)).map(({ body: _, ...each }) => each);
  expect(told).toEqual([{ isShared: true }, { isShared: true, isJoined: true }, { isShared: true }]);
  expect(upstream.held).toHaveLength(2);
});

describe("what was read", () => {
  test("is served to whoever asks for the same, as the same object, and nobody is asked", async () => {
    const first = await ask(of("200000001", "200000002"));
    expect(first.isShared).toBe(true);
    const again = await ask(of("200000001", "200000002"));
    expect(upstream.held).toHaveLength(1);
    expect(again).toEqual({
      body: { data: { _entities: [caseOf("200000001"), caseOf("200000002")] } },
      isShared: true,
      isKept: true,
    });
    expect(lookups).toEqual([
      { subgraph: "eoir", hits: 0, misses: 2, far: 0 },
      { subgraph: "eoir", hits: 2, misses: 0, far: 0 },
    ]);
  });

  test("is found entity by entity: only what is missing is asked for, in one call, and all is put in order", async () => {
    await ask(request([part("_e0", ["200000002"]), part("_e1", ["200000007"])]));
    const parts = [part("_e0", ["200000001", "200000002", "200000003"]), part("_e1", ["200000007"])];
    const answer = await ask(request(parts));
    expect(upstream.held).toHaveLength(2);
    expect(upstream.last().asked).toEqual({ _e0: ["200000001", "200000003"], _e1: [] });
    expect(answer.body).toEqual({
      data: { _e0: ["200000001", "200000002", "200000003"].map((each) => caseOf(each)), _e1: [caseOf("200000007")] },
    });
    await ask(request(parts));
    expect(upstream.held).toHaveLength(2);
  });

  test("is asked for in the request's own words where all of it is missing", async () => {
    const asking = { ...of("200000001"), body: JSON.stringify({ asked: { _entities: ["200000001"] }, own: "words" }) };
    await ask(asking);
    expect(upstream.last().request.body).toBe(asking.body);
  });

  test("of a root is found by its variables", async () => {
    await ask(rootOf("200000001"));
    const again = await ask(rootOf("200000001"));
    expect(again.body).toEqual({ data: { person: [caseOf("200000001")] } });
    expect(upstream.held).toHaveLength(1);
    await ask(rootOf("200000002"));
    expect(upstream.held).toHaveLength(2);
  });

  test("is kept though it is that there is nothing, until something is announced: T64", async () => {
    const nothing = { data: { person: null } };
    await ask(rootOf("200000001"), nothing);
    expect((await ask(rootOf("200000001"))).body).toEqual(nothing);
    changed("200000002");
    await ask(rootOf("200000001"));
    expect(upstream.held).toHaveLength(1);
    changed("200000001");
    expect((await ask(rootOf("200000001"))).body).toEqual({ data: { person: [caseOf("200000001")] } });
    await ask(of("200000003"), { data: { _entities: [null] } });
    expect((await ask(of("200000003"))).body).toEqual({ data: { _entities: [null] } });
    expect(upstream.held).toHaveLength(3);
  });

  test.each([
    ["asked for it", "200000001", 2],
    ["only the answer has", "900000001", 2],
    ["neither has", "200000005", 1],
  ])("goes with a change of an identifier that %s", async (_, aNumber, calls) => {
    await ask(of("200000001"));
    changed(aNumber);
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(calls);
  });

  test("twice in one request is put at both places", async () => {
    const answer = await ask(of("200000001", "200000001"));
    expect(answer.body).toEqual({ data: { _entities: [caseOf("200000001"), caseOf("200000001")] } });
    await ask(of("200000001", "200000002", "200000001"));
    expect(upstream.last().asked).toEqual({ _entities: ["200000002"] });
  });

  test.each([
    ["does not want kept is not", 0, 0],
    ["wants kept for less than the schema says ends sooner", 5_000, 5_000],
    ["wants kept for longer is kept as long as the schema says", 3_600_000, 60_000],
  ])("of which the subgraph says that it %s", async (_title, keepMs, keptMs) => {
    const first = call(of("200000001"));
    await settled();
    await upstream.last().answer(undefined, keepMs);
    await first;
    for (let waited = 0; waited <= 60_000; waited += 1000) {
      beat();
      const isKept = atHand(of("200000001")) !== null;
      expect([waited, isKept]).toEqual([waited, waited < keptMs]);
      jest.advanceTimersByTime(1000);
    }
  });

  test("ends with its lifetime, up to a tenth earlier", async () => {
    open({ random: () => 0.999 });
    for (const [wait, calls] of [
      [53_990, 1],
      [20, 2],
      [53_990, 2],
      [20, 3],
    ] as const) {
      await ask(of("200000001"));
      jest.advanceTimersByTime(wait);
      beat();
      await ask(of("200000001"));
      expect(upstream.held).toHaveLength(calls);
    }
  });

  test("T67: ends on time though the wall clock goes back or ahead", async () => {
    await ask(of("200000001"));
    for (const days of [-1, 1, -3650]) {
      jest.setSystemTime(Date.now() + days * 86_400_000);
      await ask(of("200000001"));
      expect(upstream.held).toHaveLength(1);
    }
    jest.advanceTimersByTime(60_000);
    jest.setSystemTime(0);
    beat();
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(2);
  });
});

describe("T01, T02: nothing is looked up or kept", () => {
  test.each<readonly [string, Partial<SubgraphRequest>]>([
    ["of a personal subgraph", { subgraph: "personal" }],
    ["where the subgraph is told of the caller", { caller: 'agency="A"' }],
    ["of a mutation", { kind: "mutation" }],
    ["where nothing can be kept", { reads: undefined as never }],
    [
      "of a root that does not stand alone",
      { reads: readsOf([part("_entities", ["200000001"]), part(null as never, [])]) },
    ],
  ])("%s, and the request goes on as it stands", async (_, more) => {
    for (const round of [1, 2]) {
      const asking = { ...of("200000001"), ...more };
      const answer = await ask(asking);
      expect(upstream.held).toHaveLength(round);
      expect(upstream.last().request).toBe(asking);
      expect(answer.isShared).toBe(false);
    }
    expect(lookups).toEqual([]);
  });

  test("of a part without a lifetime, beside one that is kept", async () => {
    const parts = [
      part("_e0", ["200000001"]),
      part("_e1", ["200000002"], { question: { ...question, text: "fleeting", lifetime: null } }),
    ];
    await ask(request(parts, { generation: "all 1" }));
    await ask(request(parts, { generation: "all 2" }));
    expect(upstream.last().asked).toEqual({ _e0: [], _e1: ["200000002"] });
    // Whatever the part that is not kept comes from: who asks after that has changed joins nobody of before.
    const generations = upstream.held.map((each) => each.request.generation);
    expect(new Set(generations).size).toBe(2);
  });

  test("across questions, variables and subgraphs that differ", async () => {
    const others: readonly SubgraphRequest[] = [
      of("200000001"),
      { ...of("200000001"), subgraph: "another" },
      request([part("_entities", ["200000001"], { question: { ...question, text: "another" } })]),
      request([part("_entities", ["200000001"], { variables: '{"a":null}' })]),
    ];
    for (const [index, each] of others.entries()) {
      await ask(each);
      expect(upstream.held).toHaveLength(index + 1);
    }
  });
});

describe("T64: passed on and not kept is", () => {
  const found = caseOf("200000001");
  const error = { message: "m", path: ["_entities", 0, "version"] };
  test.each<readonly [string, unknown]>([
    ["an answer with an error in it", { data: { _entities: [found] }, errors: [error] }],
    ["an answer with something in the place of errors", { data: { _entities: [found] }, errors: {} }],
    [
      "an answer that says that it will not do for later",
      { data: { _entities: [found] }, extensions: { passing: true } },
    ],
    ["an answer without data", { data: null }],
    ["a list too long", { data: { _entities: [found, found] } }],
    ["a list too short", { data: { _entities: [] } }],
    ["something that is no list", { data: { _entities: found } }],
    ["a body without the part", { data: {} }],
    ["a body that is no object", "garbage"],
    ["a body that is null", null],
    ["data that is a list", { data: [found] }],
  ])("%s", async (_, body) => {
    expect(await ask(of("200000001"), body)).toEqual({ body, isShared: false });
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(2);
  });

  test.each<readonly [string, unknown, unknown]>([
    [
      "errors at their places in the whole",
      {
        data: { _e0: [null, null] },
        errors: [{ path: ["_e0", 1, "version"] }, { path: ["_e0", 0] }, { path: ["_e0"] }, {}],
      },
      {
        data: { _e0: [null, found, null], _e1: [found] },
        errors: [{ path: ["_e0", 2, "version"] }, { path: ["_e0", 0] }, { path: ["_e0"] }, {}],
      },
    ],
    [
      "errors about what was not asked for, about nobody",
      {
        data: { _e0: [null, null] },
        errors: [{ path: ["_e0", 2], message: "m" }, { path: ["_e1", 0] }, { path: ["x", 7] }],
      },
      {
        data: { _e0: [null, found, null], _e1: [found] },
        errors: [{ path: null, message: "m" }, { path: null }, { path: ["x", 7] }],
      },
    ],
    [
      "something in the place of errors, as one",
      { data: { _e0: [null, null] }, errors: "x" },
      { data: { _e0: [null, found, null], _e1: [found] }, errors: [{}] },
    ],
    ["a part that cannot be read, as none", { data: { _e0: [null] } }, { data: { _e0: null, _e1: [found] } }],
    ["a body that cannot be read, as none of its parts", 7, { data: { _e0: null, _e1: [found] } }],
  ])("beside what was kept, %s", async (_, rest, whole) => {
    await ask(of("200000001"));
    const parts = [part("_e0", ["200000002", "200000001", "200000003"]), part("_e1", ["200000001"])];
    expect((await ask(request(parts), rest)).body).toEqual(whole);
    await ask(request(parts));
    expect(upstream.last().asked).toEqual({ _e0: ["200000002", "200000003"], _e1: [] });
  });

  test("and a failure is the failure of all who need it, the next one asks again", async () => {
    await ask(of("200000001"));
    const failed = codeOf(call(of("200000001", "200000002")));
    await upstream.last().fail("SUBREQUEST_MALFORMED_RESPONSE");
    expect(await failed).toBe("SUBREQUEST_MALFORMED_RESPONSE");
    await ask(of("200000001", "200000002"));
    expect(upstream.held).toHaveLength(3);
  });
});

describe("T56: what changes while it is read", () => {
  test("is answered to who asked before, and never kept", async () => {
    const early = call(of("200000001"));
    changed("200000001");
    await upstream.last().answer();
    expect((await early).body).toEqual({ data: { _entities: [caseOf("200000001")] } });
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(2);
  });

  test("does not stand for who asks afterwards", async () => {
    const early = call(of("200000001"));
    changed("200000001");
    const late = call(of("200000001"));
    expect(upstream.held).toHaveLength(2);
    await upstream.last().answer({ data: { _entities: [caseOf("200000001", 2)] } });
    await upstream.held[0]?.answer();
    expect((await early).body).toEqual({ data: { _entities: [caseOf("200000001", 1)] } });
    expect((await late).body).toEqual({ data: { _entities: [caseOf("200000001", 2)] } });
    expect((await ask(of("200000001"))).body).toEqual({ data: { _entities: [caseOf("200000001", 2)] } });
  });

  test("and was kept is asked for again when the rest is there", async () => {
    await ask(of("200000001"));
    const both = call(of("200000001", "200000002"));
    changed("200000001");
    await upstream.last().answer();
    expect(upstream.last().asked).toEqual({ _entities: ["200000001"] });
    await upstream.last().answer({ data: { _entities: [caseOf("200000001", 2)] } });
    expect((await both).body).toEqual({ data: { _entities: [caseOf("200000001", 2), caseOf("200000002")] } });
  });

  test("again and again is asked for as a whole in the end", async () => {
    await ask(of("200000001", "200000002"));
    const all = call(of("200000001", "200000002", "200000003"));
    changed("200000001");
    await upstream.last().answer();
    changed("200000002");
    await upstream.last().answer();
    expect(upstream.last().asked).toEqual({ _entities: ["200000001", "200000002", "200000003"] });
    await upstream.last().answer();
    expect((await all).body).toEqual({
      data: { _entities: ["200000001", "200000002", "200000003"].map((each) => caseOf(each)) },
    });
    expect(upstream.held).toHaveLength(4);
  });
});

describe("without a lease", () => {
  test("nothing is served, joined or kept; with it again, what did not change is", async () => {
    await ask(of("200000001"));
    jest.advanceTimersByTime(leaseMs);
    await ask(of("200000001"));
    const answers = [call(of("200000002")), call(of("200000002"))];
    expect(upstream.held).toHaveLength(4);
    for (const each of upstream.held.slice(2)) await each.answer();
    await Promise.all(answers);
    beat();
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(4);
    await ask(of("200000002"));
    expect(upstream.held).toHaveLength(5);
  });

  test("of one of two sources, neither is enough", async () => {
    const both = { ...question, text: "both", lifetime: { seconds: 60, feeds: ["CASE", "EID"] } };
    const asking = () => request([part("_entities", ["200000001"], { question: both })]);
    await ask(asking());
    await ask(asking());
    expect(upstream.held).toHaveLength(2);
    feeds.receive({ source: "EID", epoch: "E", seq: 0, changes: [], heartbeat: { clock: "c", since: 0, asOf: "" } }, 0);
    await ask(asking());
    await ask(asking());
    expect(upstream.held).toHaveLength(3);
  });
});

describe("who asks for what is being read", () => {
  test("waits for it, entity by entity, whatever else is in either request", async () => {
    const first = call(of("200000001", "200000002"));
    const second = call(of("200000002", "200000003"));
    expect(upstream.held.map(({ asked }) => asked._entities)).toEqual([["200000001", "200000002"], ["200000003"]]);
    await upstream.held[1]?.answer();
    await upstream.held[0]?.answer();
    expect((await second).body).toEqual({ data: { _entities: [caseOf("200000002"), caseOf("200000003")] } });
    expect((await first).isShared).toBe(true);
  });

  test.each([
    ["failed", (held: Held) => held.fail(), "SUBREQUEST_HTTP_ERROR"],
    [
      "was answered with errors",
      (held: Held) => held.answer({ data: { _entities: [null] }, errors: [{}] }),
      "answered",
    ],
    ["was not answered as it should be", (held: Held) => held.answer({ data: null }), "answered"],
  ])("asks for it when that %s: one of them for all", async (_, end, outcome) => {
    call = cached(settings())(deduped({ isCommon: () => true, watch })(upstream.call));
    const answers = Array.from({ length: 5 }, () => call(of("200000001")));
    const codes = answers.map(codeOf);
    expect(upstream.held).toHaveLength(1);
    await end(upstream.last());
    await settled();
    expect(upstream.held).toHaveLength(2);
    await upstream.last().answer();
    expect(await Promise.all(codes)).toEqual([outcome, ...Array(4).fill("answered")]);
    expect((await answers[1])?.body).toEqual({ data: { _entities: [caseOf("200000001")] } });
  });

  test("has it though the one who began has gone, or has no time left", async () => {
    const gone = new AbortController();
    const codes = [
      codeOf(call({ ...of("200000001"), signal: gone.signal })),
      codeOf(call({ ...of("200000001"), deadline: watch.now() + 10 })),
    ];
    const stays = call(of("200000001"));
    gone.abort();
    await jest.advanceTimersByTimeAsync(10);
    expect(await Promise.all(codes)).toEqual(["SUBREQUEST_HTTP_ERROR", "GATEWAY_TIMEOUT"]);
    expect(upstream.held).toHaveLength(1);
    expect(upstream.last().request.signal.aborted).toBe(false);
    await upstream.last().answer();
    expect((await stays).body).toEqual({ data: { _entities: [caseOf("200000001")] } });
  });

  test("and goes last takes the read along, and nobody joins that any more", async () => {
    const clients = [new AbortController(), new AbortController()];
    const gone = clients.map(({ signal }) => codeOf(call({ ...of("200000001"), signal })));
    clients[0]?.abort();
    expect(upstream.last().request.signal.aborted).toBe(false);
    clients[1]?.abort();
    expect(upstream.last().request.signal.aborted).toBe(true);
    const late = call(of("200000001"));
    expect(upstream.held).toHaveLength(2);
    await upstream.last().answer();
    expect((await late).body).toEqual({ data: { _entities: [caseOf("200000001")] } });
    expect(await Promise.all(gone)).toEqual(Array(2).fill("SUBREQUEST_HTTP_ERROR"));
  });

  test("too late, or with nobody there, asks for nothing", async () => {
    expect(await codeOf(call({ ...of("200000001"), deadline: watch.now() }))).toBe("GATEWAY_TIMEOUT");
    expect(await codeOf(call({ ...of("200000001"), signal: AbortSignal.abort() }))).toBe("SUBREQUEST_HTTP_ERROR");
    expect(upstream.held).toEqual([]);
  });

  test("T65: a thousand at once on what has just ended are one request upstream", async () => {
    await ask(of("200000001"));
    jest.advanceTimersByTime(60_000);
    beat();
    const answers = Array.from({ length: 1000 }, () => call(of("200000001")));
    expect(upstream.held).toHaveLength(2);
    await upstream.last().answer();
    for (const { body } of await Promise.all(answers))
      expect(body).toEqual({ data: { _entities: [caseOf("200000001")] } });
    expect(upstream.held).toHaveLength(2);
  });
});

test("T65: ten thousand that were kept at once end spread over a tenth of their lifetime", async () => {
  let nth = 0;
  open({ random: () => (nth++ * 0.618_034) % 1, maxBytes: 100_000_000 });
  const aNumbers = Array.from({ length: 10_000 }, (_, index) => String(200_000_000 + index));
  for (const aNumber of aNumbers) await ask(of(aNumber));
  jest.advanceTimersByTime(53_999);
  let before = 10_000;
  for (let slice = 0; slice < 10; slice++) {
    jest.advanceTimersByTime(600);
    beat();
    await ask(request([part("_entities", aNumbers)], { deadline: Infinity }));
    const ended = (upstream.last().asked._entities ?? []).length;
    expect(ended).toBeGreaterThan(900);
    expect(ended).toBeLessThan(1100);
    before += 1;
    // What was asked for again lives on; the next slice is the next tenth.
    expect(upstream.held).toHaveLength(before);
  }
});

describe("who wants it fresher than it is kept", () => {
  const atLeast = (wanted: number) => ({ maxAgeMs: null, atLeast: new Map([["CASE", { epoch: "A", seq: wanted }]]) });
  const none = new Map<string, never>();
  test.each<readonly [string, Partial<SubgraphRequest>, number]>([
    ["not at all is served what is kept", { freshness: { maxAgeMs: null, atLeast: none } }, 1],
    ["within what the source vouched for is served what is kept", { freshness: { maxAgeMs: 101, atLeast: none } }, 1],
    ["than that is answered by the source", { freshness: { maxAgeMs: 100, atLeast: none } }, 2],
    ["after a change that has come is served what is kept", { freshness: atLeast(0) }, 1],
    ["after a change that has not come is answered by the source", { freshness: atLeast(1) }, 2],
    ["since something was written is answered by the source", { mayJoin: false }, 2],
  ])("%s", async (_, more, calls) => {
    await ask(of("200000001"));
    jest.advanceTimersByTime(100);
    await ask({ ...of("200000001"), ...more });
    expect(upstream.held).toHaveLength(calls);
    if (calls === 2) expect(upstream.last().request.mayJoin).toBe(false);
  });

  test("does not join, and what is answered is kept for the others", async () => {
    const usual = call(of("200000001"));
    const fresh = call({ ...of("200000001"), freshness: atLeast(1) });
    expect(upstream.held).toHaveLength(2);
    await upstream.last().answer({ data: { _entities: [caseOf("200000001", 2)] } });
    expect((await fresh).body).toEqual({ data: { _entities: [caseOf("200000001", 2)] } });
    expect((await ask(of("200000001"))).body).toEqual({ data: { _entities: [caseOf("200000001", 2)] } });
    await upstream.held[0]?.answer();
    await usual;
    expect(upstream.held).toHaveLength(2);
  });

  test("of what is not kept at all joins nobody", async () => {
    const { reads: _, ...usual } = of("200000001");
    for (const [freshness, mayJoin] of [
      [{ maxAgeMs: 5000, atLeast: none }, false],
      [atLeast(0), false],
      [{ maxAgeMs: null, atLeast: none }, true],
    ] as const) {
      await ask({ ...usual, freshness });
      expect(upstream.last().request.mayJoin).toBe(mayJoin);
    }
  });

  test("of a part that is not kept joins nobody", async () => {
    const parts = [part("_entities", ["200000001"], { question: { ...question, text: "fleeting", lifetime: null } })];
    await ask(request(parts, { freshness: { maxAgeMs: 5000, atLeast: none } }));
    expect(upstream.last().request.mayJoin).toBe(false);
  });
});

/** Keeps what it is given, by its whole key; what a test puts into `instead` is given out in its place. */
function farInMemory() {
  const kept = new Map<string, { entry: Entry; leftMs: number }>();
  const reads: (readonly string[])[] = [];
  const far: FarTier = {
    async read(keys) {
      reads.push(keys);
      return keys.map((key) => kept.get(key) ?? null);
    },
    write(entries) {
      for (const { key, entry, lifetimeMs } of entries) kept.set(key, { entry, leftMs: lifetimeMs });
    },
  };
  return { far, kept, reads };
}

describe("the far tier", () => {
  let tier: ReturnType<typeof farInMemory>;
  beforeEach(() => {
    tier = farInMemory();
    open({ far: tier.far });
  });
  /** Another gateway, or this one started anew: nothing in memory. */
  const another = () => open({ far: tier.far });

  test("is asked once for all that memory lacks, and the subgraph for the rest", async () => {
    await ask(of("200000001", "200000002"));
    another();
    await ask(of("200000003"));
    const answer = await ask(of("200000001", "200000003", "200000002", "200000004"));
    expect(tier.reads.at(-1)).toHaveLength(3);
    expect(upstream.last().asked).toEqual({ _entities: ["200000004"] });
    expect(answer.body).toEqual({
      data: { _entities: ["200000001", "200000003", "200000002", "200000004"].map((each) => caseOf(each)) },
    });
    expect(lookups.at(-1)).toEqual({ subgraph: "eoir", hits: 3, misses: 1, far: 2 });
    const reads = tier.reads.length;
    await ask(of("200000001", "200000002", "200000003", "200000004"));
    expect([tier.reads.length, upstream.held.length]).toEqual([reads, 3]);
  });

  test("gives what it has no longer than it lives there", async () => {
    await ask(of("200000001"));
    for (const each of tier.kept.values()) each.leftMs = 5000;
    another();
    await ask(of("200000001"));
    tier.kept.clear();
    jest.advanceTimersByTime(4999);
    beat();
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(1);
    jest.advanceTimersByTime(1);
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(2);
  });

  test("T56: does not bring back what has changed", async () => {
    await ask(of("200000001"));
    another();
    changed("900000001");
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(2);
  });

  test.each<readonly [string, (entry: Entry) => Entry]>([
    ["of no source", (entry) => ({ ...entry, positions: [] })],
    ["of another source", (entry) => ({ ...entry, positions: [{ feed: "EID", epoch: "A", seq: 0 }] })],
    ["of another epoch", (entry) => ({ ...entry, positions: [{ feed: "CASE", epoch: "Z", seq: 0 }] })],
    ["read before the floor", (entry) => ({ ...entry, positions: [{ feed: "CASE", epoch: "A", seq: -1 }] })],
  ])("gives nothing away that is %s", async (_, instead) => {
    await ask(of("200000001"));
    for (const each of tier.kept.values()) each.entry = instead(each.entry);
    another();
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(2);
  });

  test("counts from before it was asked: what changes meanwhile is not kept under a later position", async () => {
    let release = () => {};
    const slow: FarTier = {
      ...tier.far,
      read: (keys) => new Promise((resolve) => (release = () => resolve(keys.map(() => null)))),
    };
    open({ far: slow });
    const early = call(of("200000001"));
    changed("200000005");
    release();
    await settled();
    await upstream.last().answer();
    await early;
    expect([...tier.kept.values()][0]?.entry.positions).toEqual([{ feed: "CASE", epoch: "A", seq: 0 }]);
  });

  test.each<readonly [string, Partial<FarTier>]>([
    ["rejects", { read: () => Promise.reject(new Error("far")) }],
    [
      "throws",
      {
        read() {
          throw new Error("far");
        },
      },
    ],
    ["answers too little", { read: async () => [] }],
    [
      "cannot write",
      {
        write() {
          throw new Error("far");
        },
      },
    ],
  ])("that %s costs nothing but the look", async (_, broken) => {
    open({ far: { ...tier.far, ...broken } });
    expect((await ask(of("200000001"))).body).toEqual({ data: { _entities: [caseOf("200000001")] } });
    await ask(of("200000001"));
    expect(upstream.held).toHaveLength(1);
  });

  test("T58: serves nothing through a gateway that is cut off, past its lease; nor old values to one that is not", async () => {
    const [healthy, cutOff] = [feeds, openFeeds({ leaseMs, now: watch.now })];
    const heard = (each: Feeds, changes: FeedMessage["changes"], at: number) =>
      each.receive({ source: "CASE", epoch: "A", seq: at, changes, heartbeat: { clock: "c", since: 0, asOf: "" } }, 0);
    const calls = [healthy, cutOff].map((each) => cached(settings({ feeds: each, far: tier.far }))(upstream.call));
    const through = async (gateway: number) => {
      call = calls[gateway] as SubgraphCall;
      return (await ask(of("200000001"), { data: { _entities: [caseOf("200000001", version)] } })).body;
    };
    let version = 1;
    const seen = (of: number) => ({ data: { _entities: [caseOf("200000001", of)] } });
    heard(cutOff, [], 0);
    await through(0);
    expect(await through(1)).toEqual(seen(1));
    version = 2;
    jest.advanceTimersByTime(leaseMs - 1);
    heard(healthy, [{ about: [["ANumber", "200000001"]] }], 1);
    expect(await through(0)).toEqual(seen(2));
    expect(await through(1)).toEqual(seen(1));
    jest.advanceTimersByTime(1);
    expect(await through(1)).toEqual(seen(2));
    expect(await through(0)).toEqual(seen(2));
    heard(cutOff, [{ about: [["ANumber", "200000001"]] }], 1);
    expect(await through(1)).toEqual(seen(2));
  });
});

describe("a fault of the cache itself", () => {
  const broken = (more: Partial<Question>) =>
    request([part("_entities", ["200000001"], { question: { ...question, ...more } })]);
  const fault = () => {
    throw new Error("fault");
  };
  test.each<readonly [string, () => SubgraphRequest]>([
    ["when tags are read", () => broken({ tagsOf: fault })],
    [
      "when a representation is no JSON",
      () =>
        request([part("_entities", ["200000001"])], {
          reads: { parts: [part("_entities", [], { representations: ["{"] })], bodyOf: fault },
        }),
    ],
    ["when it looks something up", () => ({ ...of("200000001"), reads: { parts: [null as never], bodyOf: fault } })],
  ])("%s is reported, and the subgraph's answer is passed on", async (_, asking) => {
    const answer = await ask(asking());
    expect(answer.body).toEqual({ data: { _entities: [caseOf("200000001")] } });
    expect(faults).toHaveLength(1);
  });

  test("halfway is reported, and nobody is handed what is kept as if it were theirs", async () => {
    let tagged = 0;
    const tagsOf: Question["tagsOf"] = (asked, answered) => (tagged++ > 0 ? fault() : question.tagsOf(asked, answered));
    const asking = request([part("_entities", ["200000001", "200000002"], { question: { ...question, tagsOf } })]);
    expect((await ask(asking)).isShared).toBe(true);
    expect(faults).toHaveLength(1);
  });

  test("when it asks for the missing is reported, and all is asked for", async () => {
    await ask(of("200000001"));
    const asking = of("200000001", "200000002");
    const answer = await ask({ ...asking, reads: { ...(asking.reads as Reads), bodyOf: fault } });
    expect(answer.body).toEqual({ data: { _entities: [caseOf("200000001"), caseOf("200000002")] } });
    expect(faults).toHaveLength(1);
  });
});
