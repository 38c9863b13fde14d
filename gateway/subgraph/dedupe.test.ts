import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { type SubgraphAnswer, type SubgraphCall, SubgraphFailure, type SubgraphRequest } from "./call.ts";
import { deduped } from "./dedupe.ts";
import { openWatch, type Watch } from "./watch.ts";

let watch: Watch;
let upstream: ReturnType<typeof heldUpstream>;
let call: SubgraphCall;

const open = () => {
  watch = openWatch();
  upstream = heldUpstream();
  call = deduped({ isCommon: (subgraph) => subgraph !== "personal", watch })(upstream.call);
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate"] });
  open();
});

afterEach(() => {
  watch.close();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

type Held = {
  readonly request: SubgraphRequest;
  readonly body: object;
  answer(): void;
  fail(failure?: SubgraphFailure): void;
};

/** Calls end when the test says so, or when their signal is aborted, as the transport's do. */
function heldUpstream() {
  const held: Held[] = [];
  const call: SubgraphCall = (request) =>
    new Promise<SubgraphAnswer>((resolve, reject) => {
      const body = { of: request.body, number: held.length };
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
      held.push({
        request,
        body,
        answer: () => resolve({ body, isShared: false }),
        fail: (failure = new SubgraphFailure("SUBREQUEST_HTTP_ERROR")) => reject(failure),
      });
    });
  return { held, call };
}

const request = (more: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  subgraph: "common",
  url: "http://common.test/",
  body: "{}",
  kind: "query",
  mayJoin: true,
  deadline: watch.now() + 1000,
  signal: new AbortController().signal,
  ...more,
});

test("identical reads under way are asked for once, and all who hold the answer are told that it is shared, and who joined", async () => {
  const answers = [call(request()), call(request()), call(request())];
  expect(upstream.held).toHaveLength(1);
  upstream.held[0]?.answer();
  const shared = { body: upstream.held[0]?.body, isShared: true };
  const joined = { ...shared, isJoined: true };
  expect(await Promise.all(answers)).toEqual([shared, joined, joined]);
  const alone = call(request());
  expect(upstream.held).toHaveLength(2);
  upstream.held[1]?.answer();
  expect(await alone).toEqual({ body: upstream.held[1]?.body, isShared: false });
});

test("two callers of whom nothing is known are not taken for one", () => {
  const personal = { subgraph: "personal", caller: "authenticated=?0" };
  void call(request(personal)).catch(() => {});
  void call(request(personal)).catch(() => {});
  expect(upstream.held).toHaveLength(2);
});

test.each<readonly [string, Partial<SubgraphRequest>, Partial<SubgraphRequest>]>([
  ["another body", { body: "{ }" }, { body: "{}" }],
  ["another subgraph", { url: "http://a.test/" }, { url: "http://b.test/" }],
  [
    "a URL and body that read the same together",
    { url: "http://a.test/", body: "b{}" },
    { url: "http://a.test/b", body: "{}" },
  ],
  ["mutations", { kind: "mutation" }, { kind: "mutation" }],
  ["a personal subgraph that is told nothing", { subgraph: "personal" }, { subgraph: "personal" }],
  [
    "a personal subgraph that is told of one caller and of another",
    { subgraph: "personal", caller: 'authenticated, agency="A"' },
    { subgraph: "personal", caller: 'authenticated, agency="B"' },
  ],
  [
    "a personal subgraph that is told of one caller alone",
    { subgraph: "personal", caller: "authenticated" },
    { subgraph: "personal" },
  ],
  ["two subgraphs at one place", {}, { subgraph: "another" }],
  ["a source of which something changed meanwhile", { generation: "1" }, { generation: "2" }],
  ["a generation and none", { generation: "1" }, {}],
])("%s: nothing is shared", async (_, one, other) => {
  const answers = [call(request(one)), call(request(other))];
  expect(upstream.held).toHaveLength(2);
  for (const each of upstream.held) each.answer();
  const [first, second] = await Promise.all(answers);
  expect([first?.isShared, second?.isShared]).toEqual([false, false]);
  expect(first?.body).not.toBe(second?.body);
});

test("a personal subgraph that is told the same of two callers is asked once", async () => {
  const told = { subgraph: "personal", caller: 'authenticated, agency="A"' };
  const answers = [call(request(told)), call(request({ ...told, requestId: "another" }))];
  expect(upstream.held).toHaveLength(1);
  upstream.held[0]?.answer();
  expect((await Promise.all(answers)).map(({ isShared }) => isShared)).toEqual([true, true]);
});

test("a body named like a member of every object is a body like any other", async () => {
  const answers = ["__proto__", "constructor"].map((body) => call(request({ body, subgraph: body })));
  for (const each of upstream.held) each.answer();
  expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(upstream.held.map(({ body }) => body));
});

describe("whoever goes", () => {
  test("leaves the others their answer, the first as well as one who joined", async () => {
    const [leader, follower] = [new AbortController(), new AbortController()];
    const gone = [call(request({ signal: leader.signal })), call(request({ signal: follower.signal }))];
    const stays = call(request());
    leader.abort();
    follower.abort();
    for (const each of gone) await expect(each).rejects.toMatchObject({ code: "SUBREQUEST_HTTP_ERROR" });
    expect(upstream.held[0]?.request.signal.aborted).toBe(false);
    upstream.held[0]?.answer();
    expect(await stays).toEqual({ body: upstream.held[0]?.body, isShared: false });
  });

  test("last takes the request along, and nobody joins that any more", async () => {
    const clients = [new AbortController(), new AbortController()];
    const gone = clients.map(({ signal }) => call(request({ signal })).catch(() => "gone"));
    clients[0]?.abort();
    expect(upstream.held[0]?.request.signal.aborted).toBe(false);
    clients[1]?.abort();
    expect(upstream.held[0]?.request.signal.aborted).toBe(true);
    const late = call(request());
    expect(upstream.held).toHaveLength(2);
    upstream.held[1]?.answer();
    expect((await late).isShared).toBe(false);
    expect(await Promise.all(gone)).toEqual(["gone", "gone"]);
  });

  test("at its deadline leaves the others theirs; the last says upstream that it was too late", async () => {
    const early = call(request({ deadline: watch.now() + 10 })).catch(({ code }) => code);
    const late = call(request({ deadline: watch.now() + 20 })).catch(({ code }) => code);
    await jest.advanceTimersByTimeAsync(10);
    expect(await early).toBe("GATEWAY_TIMEOUT");
    expect(upstream.held[0]?.request.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(10);
    expect(await late).toBe("GATEWAY_TIMEOUT");
    expect(upstream.held[0]?.request.signal.reason).toMatchObject({ code: "GATEWAY_TIMEOUT" });
  });

  test("before asking is not asked for", async () => {
    await expect(call(request({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: "SUBREQUEST_HTTP_ERROR",
    });
    await expect(call(request({ deadline: watch.now() }))).rejects.toMatchObject({ code: "GATEWAY_TIMEOUT" });
    expect(upstream.held).toEqual([]);
  });
});

test("a failure is told to the one who began; the others have one of them ask again, and take that failure", async () => {
  const words = Array.from({ length: 4 }, () => call(request()).catch(({ code }) => code));
  upstream.held[0]?.fail(new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE"));
  expect(await words[0]).toBe("SUBREQUEST_MALFORMED_RESPONSE");
  expect(upstream.held).toHaveLength(2);
  const later = call(request());
  upstream.held[1]?.fail();
  expect(await Promise.all(words.slice(1))).toEqual(Array(3).fill("SUBREQUEST_HTTP_ERROR"));
  await Promise.resolve();
  expect(upstream.held).toHaveLength(3);
  upstream.held[2]?.answer();
  expect((await later).body).toBe(upstream.held[2]?.body);
});

/** One step of a random interleaving. `at`: which call or which request upstream, of those there are. */
type Step =
  | { readonly do: "ask"; readonly body: string; readonly patienceMs: number }
  | { readonly do: "go" | "answer" | "fail"; readonly at: number }
  | { readonly do: "pass"; readonly ms: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("ask" as const),
        body: fc.constantFrom("a", "b"),
        patienceMs: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom("go" as const, "answer" as const, "fail" as const), at: fc.nat(9) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 20 }) }) },
  ),
  { maxLength: 40 },
);

/** The same told one thing after the other, without promises: who waits for which request, and what each call comes to. */
function oracle() {
  type Call = { body: string; read: number; owns: boolean; deadline: number; isOpen: boolean; result: string };
  const calls: Call[] = [];
  const reads: { body: string; isOpen: boolean }[] = [];
  const waitingFor = (read: number) => calls.filter((each) => each.isOpen && each.read === read);
  const close = (each: Call, result: string) => Object.assign(each, { isOpen: false, result });
  const leave = (each: Call, result: string) => {
    close(each, result);
    const read = reads[each.read];
    if (read && waitingFor(each.read).length === 0) read.isOpen = false;
  };
  const end = (at: number, settle: (waiting: Call[]) => void) => {
    const openReads = reads.flatMap(({ isOpen }, index) => (isOpen ? [index] : []));
    const read = openReads[at % openReads.length];
    if (read === undefined) return null;
    (reads[read] as { isOpen: boolean }).isOpen = false;
    settle(waitingFor(read));
    return read;
  };
  return {
    calls,
    reads,
    ask(body: string, deadline: number) {
      let read = reads.findIndex((each) => each.isOpen && each.body === body);
      const owns = read === -1;
      if (owns) read = reads.push({ body, isOpen: true }) - 1;
      calls.push({ body, read, owns, deadline, isOpen: true, result: "" });
    },
    go(at: number) {
      const open = calls.filter(({ isOpen }) => isOpen);
      const each = open[at % open.length];
      if (each) leave(each, "SUBREQUEST_HTTP_ERROR");
      return each ? calls.indexOf(each) : null;
    },
    pass(now: number) {
      for (const each of calls) if (each.isOpen && each.deadline <= now) leave(each, "GATEWAY_TIMEOUT");
    },
    answer: (at: number) =>
      end(at, (waiting) => {
        for (const each of waiting) close(each, `answer ${each.read} ${waiting.length > 1 ? "shared" : "own"}`);
      }),
    fail: (at: number) =>
      end(at, (waiting) => {
        for (const each of waiting.filter(({ owns }) => owns)) close(each, "SUBREQUEST_MALFORMED_RESPONSE");
        const others = waiting.filter(({ owns }) => !owns);
        const [first] = others;
        if (!first) return;
        const read = reads.push({ body: first.body, isOpen: true }) - 1;
        for (const each of others) Object.assign(each, { read, owns: true });
      }),
  };
}

test("whatever the order of joining, going, failing and answering: nobody hangs, nobody gets another's answer, nothing is asked twice", async () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      open();
      const told = oracle();
      const clients: AbortController[] = [];
      const results: string[] = [];
      const run = async (step: Step) => {
        if (step.do === "ask") {
          const index = clients.push(new AbortController()) - 1;
          const deadline = watch.now() + step.patienceMs;
          results[index] = "";
          told.ask(step.body, deadline);
          call(request({ body: step.body, deadline, signal: clients[index]?.signal as AbortSignal })).then(
            ({ body, isShared }) => {
              const { of, number } = body as { of: string; number: number };
              results[index] = of === step.body ? `answer ${number} ${isShared ? "shared" : "own"}` : "another's";
            },
            ({ code }) => {
              results[index] = String(code);
            },
          );
        } else if (step.do === "go") clients[told.go(step.at) ?? -1]?.abort();
        else if (step.do === "answer") upstream.held[told.answer(step.at) ?? -1]?.answer();
        else if (step.do === "fail")
          upstream.held[told.fail(step.at) ?? -1]?.fail(new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE"));
        else if (step.do === "pass") {
          await jest.advanceTimersByTimeAsync(step.ms);
          told.pass(watch.now());
        }
        await settled();
      };
      for (const step of sequence) {
        await run(step);
        expect(results).toEqual(told.calls.map(({ result }) => result));
        expect(upstream.held.map((each) => each.request.body)).toEqual(told.reads.map(({ body }) => body));
      }
      // Every deadline passes: who has had nothing yet is told so, and no request is left upstream.
      await run({ do: "pass", ms: 50 });
      expect(results.filter((result) => result === "")).toEqual([]);
      expect(results).toEqual(told.calls.map(({ result }) => result));
      watch.close();
    }),
    { numRuns: 300 },
  );
});
