/** The layers around a subgraph call as gateway.ts puts them together, over real connections, against slow and failing agencies. */
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SubgraphCall, SubgraphRequest } from "../gateway/subgraph/call.ts";
import { deduped } from "../gateway/subgraph/dedupe.ts";
import { type ResilienceEvent, type ResilienceSettings, resilient } from "../gateway/subgraph/resilience.ts";
import { openTransport } from "../gateway/subgraph/transport.ts";
import { openWatch, type Watch } from "../gateway/subgraph/watch.ts";

let watch: Watch;
let events: ResilienceEvent[];
let closing: (() => Promise<unknown>)[];

beforeEach(() => {
  watch = openWatch();
  events = [];
  closing = [];
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  watch.close();
});

async function agency(listener: RequestListener): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    request.resume();
    listener(request, response);
  }).on("connection", (socket) => void sockets.add(socket.once("close", () => sockets.delete(socket))));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const answering = (response: ServerResponse) =>
  void response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"a":1}}');

/** The order of gateway.ts. */
function stack(urls: Readonly<Record<string, string>>, settings: Partial<ResilienceSettings> = {}): SubgraphCall {
  const transport = openTransport({ maxBytes: 1e6, watch });
  closing.push(transport.close);
  const guarded = resilient({
    limitsOf: () => ({ timeoutMs: 10_000, maxConcurrent: 16, systems: [] }),
    watch,
    onEvent: (event) => void events.push(event),
    ...settings,
  });
  const call = deduped({ isCommon: (subgraph) => subgraph === "common", watch })(guarded(transport.call));
  return (request) => call({ ...request, url: urls[request.subgraph] as string });
}

let bodies = 0;
const request = (more: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  subgraph: "ice",
  url: "",
  body: JSON.stringify({ query: "{a}", number: bodies++ }),
  kind: "query",
  mayJoin: true,
  deadline: watch.now() + 10_000,
  signal: new AbortController().signal,
  ...more,
});

const wordOf = (call: SubgraphCall, more: Partial<SubgraphRequest> = {}): Promise<string> =>
  call(request(more)).then(
    () => "answered",
    ({ code }) => String(code),
  );

/** So many callers, each with its next request once the last has come to something. */
async function load(callers: number, each: number, ask: () => Promise<string>): Promise<ReadonlyMap<string, number>> {
  const words = new Map<string, number>();
  const caller = async () => {
    for (let index = 0; index < each; index++) {
      const word = await ask();
      words.set(word, (words.get(word) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return words;
}

const neverOpen = { minAttempts: Infinity, failureRate: 1, windowMs: 10_000, sleepMs: 5000 };

describe("T69: under load, a subgraph that answers 503 to everything", () => {
  const failing = async () => {
    const seen = { attempts: 0 };
    const url = await agency((_, response) => {
      seen.attempts++;
      response.writeHead(503).end("busy");
    });
    return { seen, url };
  };

  test("is asked a tenth more often than clients ask, without a breaker", async () => {
    const { seen, url } = await failing();
    const call = stack({ ice: url }, { breakerTerms: neverOpen });
    const words = await load(16, 100, () => wordOf(call));
    expect([...words]).toEqual([["SUBREQUEST_HTTP_ERROR", 1600]]);
    expect(seen.attempts).toBeGreaterThan(1600);
    expect(seen.attempts).toBeLessThanOrEqual(1760);
  });

  test("is hardly asked at all, with one", async () => {
    const { seen, url } = await failing();
    const call = stack({ ice: url });
    const words = await load(16, 100, () => wordOf(call));
    expect((words.get("SUBREQUEST_HTTP_ERROR") ?? 0) + (words.get("SUBREQUEST_NOT_SENT") ?? 0)).toBe(1600);
    expect(seen.attempts).toBeLessThan(40);
    expect(events.filter(({ kind }) => kind === "breaker")).toEqual([
      { kind: "breaker", subgraph: "ice", state: "open" },
    ]);
  });

  test("is not asked twice for a mutation", async () => {
    const { seen, url } = await failing();
    const call = stack({ ice: url });
    for (let index = 0; index < 15; index++) await wordOf(call, { kind: "mutation" });
    expect(seen.attempts).toBe(15);
  });
});

describe("T70: a subgraph that hangs", () => {
  /** It hangs, and counts how many requests it has at once. */
  const hanging = async () => {
    const seen = { open: 0, most: 0 };
    const url = await agency((incoming) => {
      seen.most = Math.max(seen.most, ++seen.open);
      incoming.socket.once("close", () => seen.open--);
    });
    return { seen, url };
  };

  // The well one has its own, generous timeout: a busy machine may be late with any of its answers.
  const patience = { timeoutMs: 60_000, maxConcurrent: 16, systems: [] };

  test("keeps its own callers to its timeout, and has so many requests at once and no more", async () => {
    const { seen, url } = await hanging();
    const well = await agency((_, response) => answering(response));
    const call = stack(
      { ice: url, eoir: well },
      { limitsOf: (subgraph) => (subgraph === "ice" ? { ...patience, timeoutMs: 150 } : patience) },
    );
    let longestMs = 0;
    const stuck = load(100, 3, async () => {
      const askedAt = watch.now();
      const word = await wordOf(call, { deadline: askedAt + 60_000 });
      longestMs = Math.max(longestMs, watch.now() - askedAt);
      return word;
    });
    const fine = await load(8, 50, () => wordOf(call, { subgraph: "eoir", deadline: watch.now() + 60_000 }));
    expect([...fine]).toEqual([["answered", 400]]);
    const words = await stuck;
    expect([...words.keys()].sort()).toEqual(["GATEWAY_TIMEOUT", "SUBREQUEST_NOT_SENT"]);
    // The closing of the last ones may still be on its way when the next ones come.
    expect(seen.most).toBeLessThanOrEqual(32);
    // 150 ms, and what a busy machine may add; without the timeout it is their own deadline, a minute.
    expect(longestMs).toBeLessThan(10_000);
  }, 60_000);

  test("holds up no other subgraph: all its places are taken, more wait for one, and the others are answered", async () => {
    const { seen, url } = await hanging();
    const well = await agency((_, response) => answering(response));
    const call = stack({ ice: url, eoir: well }, { limitsOf: () => patience });
    const client = new AbortController();
    let stillStuck = 100;
    const stuck = load(100, 1, async () => {
      const word = await wordOf(call, { deadline: watch.now() + 60_000, signal: client.signal });
      stillStuck--;
      return word;
    });
    const fine = await load(8, 50, () => wordOf(call, { subgraph: "eoir", deadline: watch.now() + 60_000 }));
    expect([...fine]).toEqual([["answered", 400]]);
    expect(stillStuck).toBe(32);
    client.abort();
    await stuck;
    expect(seen.most).toBe(16);
  }, 60_000);

  test("is let go within 100 ms when the last of those who share a read has gone, and not before", async () => {
    let requests = 0;
    let arrived = Promise.withResolvers<void>();
    let closed = Promise.withResolvers<number>();
    const url = await agency((incoming) => {
      requests++;
      incoming.socket.once("close", () => closed.resolve(performance.now()));
      arrived.resolve();
    });
    const call = stack({ common: url });
    const took: number[] = [];
    for (let round = 0; round < 5; round++) {
      arrived = Promise.withResolvers();
      closed = Promise.withResolvers();
      const clients = [new AbortController(), new AbortController()];
      const words = clients.map(({ signal }) => wordOf(call, { subgraph: "common", body: "{}", signal }));
      await arrived.promise;
      clients[0]?.abort();
      expect(await words[0]).toBe("SUBREQUEST_HTTP_ERROR");
      const now = new Promise((resolve) => setImmediate(resolve, "open"));
      expect(await Promise.race([closed.promise, now])).toBe("open");
      const abortedAt = performance.now();
      clients[1]?.abort();
      expect(await words[1]).toBe("SUBREQUEST_HTTP_ERROR");
      took.push((await closed.promise) - abortedAt);
    }
    // The best of some: a busy machine may be late with any of them.
    expect(Math.min(...took)).toBeLessThan(100);
    expect(requests).toBe(5);
  });

  test("is a failure of the subgraph also where reads are shared: its breaker opens", async () => {
    const url = await agency(() => {});
    const call = stack({ common: url }, { limitsOf: () => ({ timeoutMs: 360, maxConcurrent: 32, systems: [] }) });
    const ask = () => wordOf(call, { subgraph: "common", deadline: watch.now() + 300 });
    await load(25, 1, ask);
    expect(await ask()).toBe("SUBREQUEST_NOT_SENT");
  });
});

test("a connection that is lost is made again for a read", async () => {
  let requests = 0;
  const url = await agency((incoming, response) => {
    if (++requests % 20 === 0) incoming.socket.destroy();
    else answering(response);
  });
  const call = stack({ ice: url });
  const words: string[] = [];
  for (let index = 0; index < 100; index++) words.push(await wordOf(call));
  expect(new Set(words)).toEqual(new Set(["answered"]));
  expect(events.length).toBe(requests - 100);
});

test("whatever random trouble two subgraphs are in, every call comes to something it may come to", async () => {
  let turn = 0;
  const troubled = await agency((incoming, response) => {
    const trouble = (turn++ * 7919) % 8;
    if (trouble === 0) incoming.socket.destroy();
    else if (trouble === 1) response.writeHead(503).end();
    else if (trouble === 2) response.writeHead(200, { "content-type": "application/json" }).end("{");
    else if (trouble === 3) response.writeHead(200, { "content-type": "application/json" }).write("{");
    else if (trouble > 4) answering(response);
  });
  const call = stack(
    { ice: troubled, common: troubled },
    { breakerTerms: neverOpen, limitsOf: () => ({ timeoutMs: 100, maxConcurrent: 16, systems: [] }) },
  );
  const words = await load(40, 10, () => {
    const client = new AbortController();
    const subgraph = turn % 2 ? "ice" : "common";
    const word = wordOf(call, {
      subgraph,
      signal: client.signal,
      body: `{"n":${turn % 5}}`,
      deadline: watch.now() + 80,
    });
    if (turn % 11 === 0) client.abort();
    return word;
  });
  let calls = 0;
  for (const count of words.values()) calls += count;
  expect(calls).toBe(400);
  const known = [
    "answered",
    "GATEWAY_TIMEOUT",
    "SUBREQUEST_HTTP_ERROR",
    "SUBREQUEST_MALFORMED_RESPONSE",
    "SUBREQUEST_NOT_SENT",
  ];
  expect([...words.keys()].filter((word) => !known.includes(word))).toEqual([]);
});
