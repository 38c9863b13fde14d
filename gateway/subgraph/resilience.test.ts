import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type SubgraphAnswer, type SubgraphCall, SubgraphFailure, type SubgraphRequest } from "./call.ts";
import { type ResilienceEvent, type ResilienceSettings, resilient } from "./resilience.ts";
import { openWatch, type Watch } from "./watch.ts";

let watch: Watch;
let events: ResilienceEvent[];

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate"] });
  watch = openWatch();
  events = [];
});

afterEach(() => {
  watch.close();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const answered: SubgraphAnswer = { body: { data: { a: 1 } }, isShared: false };
const unavailable = () => new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 503);
const lost = () => new SubgraphFailure("SUBREQUEST_HTTP_ERROR", new Error("ECONNRESET"));
const limits = { timeoutMs: 1000, maxConcurrent: 2, systems: ["EID"] };

function layer(next: SubgraphCall, settings: Partial<ResilienceSettings> = {}): SubgraphCall {
  return resilient({
    limitsOf: () => limits,
    watch,
    onEvent: (event) => void events.push(event),
    random: () => 0.5,
    ...settings,
  })(next);
}

const request = (more: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  subgraph: "ice",
  url: "http://ice.test/",
  body: "{}",
  kind: "query",
  mayJoin: true,
  deadline: watch.now() + 5000,
  signal: new AbortController().signal,
  ...more,
});

/** What a call came to, as a word. */
const wordOf = (call: Promise<SubgraphAnswer>): Promise<string> =>
  call.then(
    () => "answered",
    ({ code }) => String(code),
  );

const states = () => events.flatMap((event) => (event.kind === "breaker" ? [event.state] : []));

/** An upstream whose calls end when the test says so. */
function heldUpstream() {
  const held: { request: SubgraphRequest; answer(): void; fail(failure: SubgraphFailure): void }[] = [];
  const call: SubgraphCall = (each) =>
    new Promise((resolve, reject) => {
      held.push({ request: each, answer: () => resolve(answered), fail: reject });
    });
  return { held, call };
}

test("a call's deadline is its own or the end of its subgraph's time, whichever comes first", async () => {
  const deadlines: number[] = [];
  const call = layer(async ({ deadline }) => {
    deadlines.push(deadline - watch.now());
    return answered;
  });
  await call(request());
  await call(request({ deadline: watch.now() + 10 }));
  await call(request({ deadline: Infinity }));
  expect(deadlines.map(Math.round)).toEqual([1000, 10, 1000]);
});

describe("T70: so many calls at once", () => {
  test("go through, as many wait their turn in order, and no others", async () => {
    const { held, call } = heldUpstream();
    const guarded = layer(call);
    const words = Array.from({ length: 5 }, (_, index) => wordOf(guarded(request({ body: String(index) }))));
    expect(await words[4]).toBe("SUBREQUEST_NOT_SENT");
    expect(events).toEqual([{ kind: "not-sent", subgraph: "ice", why: "bulkhead" }]);
    expect(held.map((each) => each.request.body)).toEqual(["0", "1"]);
    held[1]?.answer();
    await words[1];
    expect(held.map((each) => each.request.body)).toEqual(["0", "1", "2"]);
    for (let index = 0; index < 4; index++) {
      held[index]?.answer();
      await words[index];
    }
    expect(await Promise.all(words.slice(0, 4))).toEqual(Array(4).fill("answered"));
  });

  test("of one subgraph take no place of another", async () => {
    const { held, call } = heldUpstream();
    const guarded = layer(call);
    for (let index = 0; index < 5; index++) void wordOf(guarded(request()));
    const other = wordOf(guarded(request({ subgraph: "eoir" })));
    held.find((each) => each.request.subgraph === "eoir")?.answer();
    expect(await other).toBe("answered");
    for (const each of held) each.answer();
  });

  test("one that gives up waiting leaves its place to the next", async () => {
    const { held, call } = heldUpstream();
    const guarded = layer(call);
    const client = new AbortController();
    const running = [wordOf(guarded(request())), wordOf(guarded(request()))];
    const late = wordOf(guarded(request({ deadline: watch.now() + 10 })));
    const gone = wordOf(guarded(request({ signal: client.signal })));
    client.abort();
    await jest.advanceTimersByTimeAsync(10);
    expect([await late, await gone]).toEqual(["GATEWAY_TIMEOUT", "SUBREQUEST_HTTP_ERROR"]);
    const patient = [wordOf(guarded(request({ body: "p" }))), wordOf(guarded(request({ body: "p" })))];
    expect(await wordOf(guarded(request()))).toBe("SUBREQUEST_NOT_SENT");
    for (const each of held) each.answer();
    await Promise.all(running);
    for (const each of held) each.answer();
    expect(await Promise.all(patient)).toEqual(["answered", "answered"]);
    expect(held).toHaveLength(4);
  });

  test("a call whose client has gone already is not made", async () => {
    const { held, call } = heldUpstream();
    expect(await wordOf(layer(call)(request({ signal: AbortSignal.abort() })))).toBe("SUBREQUEST_HTTP_ERROR");
    expect(held).toEqual([]);
  });
});

describe("T69: a subgraph that fails all the time", () => {
  // Never opens, so that the budget alone holds the attempts down.
  const neverOpen = { minAttempts: Infinity, failureRate: 1, windowMs: 10_000, sleepMs: 5000 };
  const counted = (fail: () => SubgraphFailure, settings: Partial<ResilienceSettings> = {}) => {
    const attempts: number[] = [];
    const call = layer(
      async () => {
        attempts.push(watch.now());
        throw fail();
      },
      { breakerTerms: neverOpen, limitsOf: () => ({ ...limits, maxConcurrent: 1000 }), ...settings },
    );
    return { attempts, call };
  };

  test.each([
    ["503", unavailable],
    ["502", () => new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 502)],
    ["504", () => new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 504)],
    ["lost connections", lost],
  ])("with %s is asked a tenth more often than asked for, and no more", async (_, fail) => {
    const { attempts, call } = counted(fail);
    const words: Promise<string>[] = [];
    for (let index = 0; index < 1000; index++) {
      words.push(wordOf(call(request())));
      await jest.advanceTimersByTimeAsync(2);
    }
    await jest.advanceTimersByTimeAsync(1000);
    expect(new Set(await Promise.all(words))).toEqual(new Set(["SUBREQUEST_HTTP_ERROR"]));
    expect(attempts.length).toBeLessThanOrEqual(1100);
    expect(attempts.length).toBeGreaterThan(1080);
  });

  test("is never asked again for a mutation", async () => {
    const { attempts, call } = counted(unavailable);
    for (let index = 0; index < 100; index++) await wordOf(call(request({ kind: "mutation" })));
    expect(attempts).toHaveLength(100);
  });

  test.each([
    ["500", new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 500)],
    ["404", new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 404)],
    ["429", new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 429)],
    ["what cannot be read", new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE")],
    ["no answer in time", new SubgraphFailure("GATEWAY_TIMEOUT")],
  ])("is not asked again after %s", async (_, failure) => {
    const { attempts, call } = counted(() => failure);
    for (let index = 0; index < 50; index++) await wordOf(call(request()));
    expect(attempts).toHaveLength(50);
  });

  test("is asked again after a pause that is never the same, and not beyond the deadline", async () => {
    const { attempts, call } = counted(unavailable, { random: Math.random });
    const pauses = new Set<number>();
    for (let index = 0; index < 300; index++) {
      attempts.length = 0;
      const word = wordOf(call(request()));
      await jest.advanceTimersByTimeAsync(300);
      await word;
      for (let at = 1; at < attempts.length; at++) pauses.add((attempts[at] as number) - (attempts[at - 1] as number));
    }
    expect(pauses.size).toBeGreaterThan(10);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(101);
    attempts.length = 0;
    for (let index = 0; index < 50; index++)
      expect(await wordOf(call(request({ deadline: watch.now() + 0.01 })))).toBe("SUBREQUEST_HTTP_ERROR");
    expect(attempts).toHaveLength(50);
  });

  test("is not asked again for a client that goes during the pause", async () => {
    const { attempts, call } = counted(unavailable, { random: () => 1 });
    for (let index = 0; index < 10; index++) await wordOf(call(request({ kind: "mutation" })));
    const client = new AbortController();
    const word = wordOf(call(request({ signal: client.signal })));
    await jest.advanceTimersByTimeAsync(10);
    client.abort();
    expect(await word).toBe("SUBREQUEST_HTTP_ERROR");
    await jest.advanceTimersByTimeAsync(1000);
    expect(attempts).toHaveLength(11);
  });

  test("and answers the second time is answered to the client", async () => {
    let attempts = 0;
    const call = layer(async () => {
      if (++attempts === 11) throw lost();
      return answered;
    });
    for (let index = 0; index < 10; index++) await call(request());
    const word = wordOf(call(request()));
    await jest.advanceTimersByTimeAsync(100);
    expect(await word).toBe("answered");
    expect(events).toEqual([{ kind: "retried", subgraph: "ice" }]);
  });
});

describe("the breaker", () => {
  let upstream: () => Promise<SubgraphAnswer>;
  let attempts: number;
  let call: SubgraphCall;
  beforeEach(() => {
    attempts = 0;
    call = layer(() => {
      attempts++;
      return upstream();
    });
  });
  const failing =
    (failure = new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 500)) =>
    () =>
      Promise.reject(failure);
  const answering = (body: unknown) => () => Promise.resolve({ body, isShared: false });
  const ask = async (times: number) => {
    let word = "";
    // Mutations: no pauses before another attempt.
    for (let index = 0; index < times; index++) word = await wordOf(call(request({ kind: "mutation" })));
    return word;
  };

  test.each<readonly [string, () => Promise<SubgraphAnswer>]>([
    ["500", failing()],
    ["lost connections", failing(lost())],
    ["what cannot be read", failing(new SubgraphFailure("SUBREQUEST_MALFORMED_RESPONSE"))],
    ["errors without data", answering({ errors: [{ message: "no" }] })],
    ["errors beside data that is null", answering({ data: null, errors: [{ message: "no" }] })],
    [
      "its one source down",
      answering({
        data: { a: null, _entities: [null, null] },
        errors: [{ path: ["a"], extensions: { code: "SOURCE_TIMEOUT" } }],
      }),
    ],
  ])("opens after twenty of %s, refuses for five seconds, and then lets one try", async (_, fault) => {
    upstream = fault;
    await ask(19);
    expect(states()).toEqual([]);
    await ask(1);
    expect(states()).toEqual(["open"]);
    const before = attempts;
    expect(await ask(5)).toBe("SUBREQUEST_NOT_SENT");
    await jest.advanceTimersByTimeAsync(4990);
    expect(await ask(1)).toBe("SUBREQUEST_NOT_SENT");
    expect(attempts).toBe(before);
    await jest.advanceTimersByTimeAsync(10);
    await ask(1);
    expect(states()).toEqual(["open", "half-open", "open"]);
    expect(attempts).toBe(before + 1);
    await jest.advanceTimersByTimeAsync(5000);
    upstream = answering({ data: {} });
    expect(await ask(1)).toBe("answered");
    expect(states()).toEqual(["open", "half-open", "open", "half-open", "closed"]);
    upstream = fault;
    await ask(19);
    expect(states()).toHaveLength(5);
  });

  test.each<readonly [string, () => Promise<SubgraphAnswer>]>([
    [
      "data with errors in part of it",
      answering({ data: { a: null, b: 1 }, errors: [{ path: ["a"], extensions: { code: "SOURCE_TIMEOUT" } }] }),
    ],
    ["a refused document", answering({ errors: [{ message: "no", locations: [{ line: 1, column: 1 }] }] })],
    ["a refused value", answering({ errors: [{ message: "no", extensions: { code: "BAD_USER_INPUT" } }] })],
    ["a resolver's error that took all the data along", answering({ data: null, errors: [{ path: ["a"] }] })],
    [
      "an error with another code",
      answering({ data: { a: null }, errors: [{ path: ["a"], extensions: { code: "AMBIGUOUS_IDENTIFIER" } }] }),
    ],
    ["404", failing(new SubgraphFailure("SUBREQUEST_HTTP_ERROR", undefined, 404))],
    ["errors that are none", answering({ data: null, errors: "broken" })],
    ["null", answering(null)],
  ])("stays closed through any number of %s", async (_, answer) => {
    upstream = answer;
    await ask(100);
    expect(states()).toEqual([]);
  });

  test("stays closed while one of several systems is down, and opens when all are", async () => {
    const down = (...systems: readonly string[]) =>
      answering({
        data: { a: null },
        errors: systems.map((system) => ({ extensions: { code: "SOURCE_UNAVAILABLE", system } })),
      });
    call = layer(() => upstream(), { limitsOf: () => ({ ...limits, systems: ["ADIS", "I94"] }) });
    upstream = down("ADIS");
    await ask(50);
    expect(states()).toEqual([]);
    upstream = down("ADIS", "I94");
    await ask(50);
    expect(states()).toEqual(["open"]);
  });

  test("opens at half of the attempts and not below", async () => {
    const turns = (failures: number, all: number) => {
      let turn = 0;
      upstream = () => (turn++ % all >= all - failures ? failing()() : Promise.resolve(answered));
    };
    turns(4, 10);
    await ask(200);
    expect(states()).toEqual([]);
    await jest.advanceTimersByTimeAsync(20_000);
    turns(5, 10);
    await ask(30);
    expect(states()).toEqual(["open"]);
  });

  test("forgets what is older than ten seconds, however little is asked", async () => {
    upstream = failing();
    for (let index = 0; index < 60; index++) {
      await ask(1);
      await jest.advanceTimersByTimeAsync(600);
    }
    expect(states()).toEqual([]);
  });

  test("of one subgraph leaves others alone", async () => {
    upstream = failing();
    await ask(30);
    upstream = answering({ data: {} });
    expect(await ask(1)).toBe("SUBREQUEST_NOT_SENT");
    expect(await wordOf(call(request({ subgraph: "eoir" })))).toBe("answered");
  });

  test("lets one at a time try, and sends away those who wait when it opens", async () => {
    const { held, call: held$ } = heldUpstream();
    call = layer(held$, { limitsOf: () => ({ ...limits, maxConcurrent: 20 }) });
    const words = Array.from({ length: 22 }, () => wordOf(call(request())));
    for (const each of held.slice(0, 20)) each.fail(unavailable());
    await jest.advanceTimersByTimeAsync(100);
    expect(new Set(await Promise.all(words.slice(20)))).toEqual(new Set(["SUBREQUEST_NOT_SENT"]));
    await jest.advanceTimersByTimeAsync(5000);
    const tries = held.length;
    const trial = wordOf(call(request()));
    expect(await wordOf(call(request()))).toBe("SUBREQUEST_NOT_SENT");
    expect(held).toHaveLength(tries + 1);
    held.at(-1)?.answer();
    expect(await trial).toBe("answered");
    expect(states()).toEqual(["open", "half-open", "closed"]);
  });

  test("takes neither a client that goes nor a call that had little time for a failure or a success", async () => {
    const goes = async () => {
      const client = new AbortController();
      const call$ = wordOf(call(request({ signal: client.signal })));
      client.abort();
      return call$;
    };
    upstream = () => new Promise((_, reject) => setImmediate(() => reject(lost())));
    for (let index = 0; index < 40; index++) await goes();
    upstream = failing(new SubgraphFailure("GATEWAY_TIMEOUT"));
    await ask(40);
    expect(states()).toEqual([]);
    upstream = failing();
    await ask(20);
    await jest.advanceTimersByTimeAsync(5000);
    upstream = () => new Promise((_, reject) => setImmediate(() => reject(lost())));
    await goes();
    expect(states()).toEqual(["open", "half-open"]);
    upstream = answering({ data: {} });
    await ask(1);
    expect(states()).toEqual(["open", "half-open", "closed"]);
  });

  test("takes a call that was given its time for a failure, also when those who waited had none left", async () => {
    call = layer(() => upstream(), { limitsOf: () => ({ ...limits, timeoutMs: 100 }) });
    const call$ = async (end: (client: AbortController) => void) => {
      const client = new AbortController();
      const word = wordOf(call(request({ signal: client.signal })));
      await jest.advanceTimersByTimeAsync(50);
      end(client);
      return word;
    };
    const stuck = heldUpstream();
    upstream = () => stuck.call(request());
    for (let index = 0; index < 20; index++)
      await call$((client) => {
        const failure = new SubgraphFailure("GATEWAY_TIMEOUT");
        client.abort(failure);
        stuck.held.at(-1)?.fail(failure);
      });
    expect(states()).toEqual(["open"]);
  });
});
