/** How the front asks and answers: parts that come later, batches, documents by id, and what is shed. */
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Answer, Increment } from "../gateway/answer.ts";
import { clientError, refuse } from "../gateway/errors.ts";
import type { Handle, OperationInput } from "../gateway/handle.ts";
import { ask, type Front, requestBytes, startFront } from "./front.ts";
import { type Part, readLikeApolloClient, readLikeUrql } from "./multipart-readers.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function front(handle: Handle, settings: Parameters<typeof startFront>[1] = {}): Promise<Front> {
  const started = await startFront(handle, settings);
  open.push(started);
  return started;
}

const apolloClient = "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9";
const urql =
  "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed";

async function* these(...increments: Increment[]): AsyncGenerator<Increment> {
  yield* increments;
}
const late = (data: unknown, hasNext = false): Increment => ({ incremental: [{ data, path: ["person"] }], hasNext });

const fetchParts = (url: string, accept: string) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: '{"query":"{ a }"}',
  });

describe("an answer in parts", () => {
  const readers = [
    ["Apollo Client", apolloClient, readLikeApolloClient],
    ["urql", urql, readLikeUrql],
  ] as const;
  const three: Handle = async () => ({
    data: { person: { fin: "1" } },
    deferred: these(
      { incremental: [{ data: { stays: [] }, path: ["person"], label: "slow" }], hasNext: true },
      {
        incremental: [{ data: null, path: ["person", 0], errors: [clientError("GATEWAY_TIMEOUT")] }],
        hasNext: false,
      },
    ),
  });

  test.each(readers)("is read by %s: first part, later parts, their errors, the end", async (_name, accept, read) => {
    const started = await front(three);
    const response = await fetchParts(started.url, accept);
    expect(response.headers.get("content-type")).toBe('multipart/mixed; boundary="-"; deferSpec=20220824');
    expect(response.headers.get("vary")).toBe("accept");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("crosswalk-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const parts: Part[] = [];
    for await (const part of read(response)) parts.push(part);
    expect(parts).toEqual([
      { data: { person: { fin: "1" } }, hasNext: true },
      { incremental: [{ data: { stays: [] }, path: ["person"], label: "slow" }], hasNext: true },
      {
        incremental: [
          {
            data: null,
            path: ["person", 0],
            errors: [expect.objectContaining({ extensions: { code: "GATEWAY_TIMEOUT" } })],
          },
        ],
        hasNext: false,
      },
    ]);
    expect(JSON.parse(started.lines[0] as string)).toMatchObject({ status: 200, codes: ["GATEWAY_TIMEOUT"] });
  });

  test.each(readers)("comes to %s part by part, not at the end", async (_name, accept, read) => {
    const gate = Promise.withResolvers<void>();
    const started = await front(async () => ({
      data: { a: 1 },
      deferred: (async function* () {
        await gate.promise;
        yield late({ b: 2 });
      })(),
    }));
    const parts = read(await fetchParts(started.url, accept));
    expect((await parts.next()).value).toEqual({ data: { a: 1 }, hasNext: true });
    gate.resolve();
    expect((await parts.next()).value).toEqual(late({ b: 2 }));
    expect((await parts.next()).done).toBe(true);
  });

  test.each(readers)("whose values look like boundaries is read by %s as it is", async (_name, accept, read) => {
    const value = "\r\n---\r\n-----\r\n\r\n--- ü 🚀 ------\n---";
    const started = await front(async () => ({ data: { a: value }, deferred: these(late({ b: value, [value]: 1 })) }));
    const parts: Part[] = [];
    for await (const part of read(await fetchParts(started.url, accept))) parts.push(part);
    expect(parts).toEqual([{ data: { a: value }, hasNext: true }, late({ b: value, [value]: 1 })]);
  });

  test.each(readers)("that ends without saying so is ended for %s", async (_name, accept, read) => {
    const started = await front(async () => ({ data: { a: 1 }, deferred: these(late({ b: 1 }, true)) }));
    const parts: Part[] = [];
    for await (const part of read(await fetchParts(started.url, accept))) parts.push(part);
    expect(parts.at(-1)?.hasNext).toBe(false);
  });

  test.each(readers)("that fails in the middle says so to %s, and nothing of why", async (_name, accept, read) => {
    const started = await front(async () => ({
      data: { a: 1 },
      deferred: (async function* () {
        yield late({ b: 1 }, true);
        throw new Error("A123456789");
      })(),
    }));
    const parts: Part[] = [];
    for await (const part of read(await fetchParts(started.url, accept))) parts.push(part);
    expect(parts.at(-1)).toMatchObject({
      errors: [{ extensions: { code: "INTERNAL_SERVER_ERROR" } }],
      hasNext: false,
    });
    expect(JSON.stringify([parts, started.lines])).not.toContain("A123456789");
    expect(started.lines.some((line) => line.includes('"codes":["INTERNAL_SERVER_ERROR"]'))).toBe(true);
  });

  test.each([
    [apolloClient, true],
    [urql, true],
    ['multipart/mixed;boundary="-";deferSpec="20220824", application/json', true],
    ["multipart/mixed;deferSpec=20220824", true],
    ['multipart/mixed; boundary="-"; deferSpec=20220824;', true],
    ["application/json", false],
    ["*/*", false],
    ["multipart/*, application/json", false],
    ["multipart/mixed;deferSpec=20230621, application/json", false],
    ['multipart/mixed;boundary="graphql";subscriptionSpec=1.0, application/json', false],
    ["multipart/mixed;deferSpec=20220824;q=0, application/json", false],
    ["multipart/form-data, application/json", false],
  ])("Accept %s: %s", async (accept, isAccepted) => {
    let input: OperationInput | undefined;
    const started = await front(async (given) => {
      input = given;
      return { data: { a: 1 } };
    });
    const response = await fetchParts(started.url, accept);
    expect(input?.acceptsDefer).toBe(isAccepted);
    // Nothing was deferred: nothing is in parts.
    expect(response.headers.get("content-type")).toContain("json");
    expect(await response.json()).toEqual({ data: { a: 1 } });
  });

  test("waits for a client that reads slowly", async () => {
    let given = 0;
    const chunk = "x".repeat(1_000_000);
    const started = await front(async () => ({
      data: null,
      deferred: (async function* () {
        for (; given < 200; given++) yield late(chunk, given < 199);
      })(),
    }));
    const socket = connect(started.port, "127.0.0.1", () => {
      socket.write(requestBytes(undefined, `Accept: ${apolloClient}\r\n`));
    });
    socket.pause();
    socket.on("error", () => undefined);
    let before = -1;
    while (before !== given) {
      before = given;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(given).toBeLessThan(60);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.destroy();
    await closed;
  });

  test("1,000 clients go in the middle: everything ends, nothing is left, nothing is thrown away unseen", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    open.push({ close: () => process.off("unhandledRejection", note) });
    let [begun, ended, aborted] = [0, 0, 0];
    const endless = async function* ({ signal }: OperationInput): AsyncGenerator<Increment> {
      begun += 1;
      signal.addEventListener("abort", () => {
        aborted += 1;
      });
      try {
        for (;;) {
          yield late("x", true);
          // Every other one fails for the client's absence, as a fetch would.
          await new Promise<void>((resolve, reject) => {
            const over = () => (begun % 2 === 0 ? reject(new Error("aborted")) : resolve());
            const timer = setTimeout(resolve, 5);
            signal.addEventListener("abort", () => {
              clearTimeout(timer);
              over();
            });
          });
        }
      } finally {
        ended += 1;
      }
    };
    const started = await front(async (input) => ({ data: null, deferred: endless(input) }));
    const one = () =>
      new Promise<void>((resolve) => {
        const socket = connect(started.port, "127.0.0.1", () => {
          socket.write(requestBytes(undefined, `Accept: ${apolloClient}\r\n`));
        });
        socket.once("data", () => socket.destroy());
        socket.on("error", () => undefined);
        socket.once("close", () => resolve());
      });
    for (let sent = 0; sent < 1000; sent += 50) await Promise.all(Array.from({ length: 50 }, one));
    while (ended < begun) await new Promise((resolve) => setTimeout(resolve, 10));
    expect([begun, aborted, unhandled]).toEqual([1000, 1000, []]);
    // Nothing is under way any more: the end need not wait.
    const startedAt = performance.now();
    await started.close(50_000);
    open.length = 1;
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect((await started.telemetry.metrics()).text).toContain("crosswalk_clients_gone_total 1000");
  });

  test("of which nobody heard the beginning is let go of", async () => {
    let isEnded = false;
    const isAsked = Promise.withResolvers<void>();
    const parts = async function* (): AsyncGenerator<Increment> {
      try {
        yield late(1, true);
      } finally {
        isEnded = true;
      }
    };
    const started = await front(
      ({ signal }) =>
        new Promise<Answer>((resolve) => {
          isAsked.resolve();
          signal.addEventListener("abort", () => resolve({ data: 1, deferred: parts() }));
        }),
    );
    const socket = connect(started.port, "127.0.0.1", () => socket.write(requestBytes()));
    await isAsked.promise;
    socket.destroy();
    while (!isEnded) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe("a batch", () => {
  const echo: Handle = async ({ query, variables }) => {
    if (query === "{ refused }") return refuse("GRAPHQL_VALIDATION_FAILED");
    if (query === "{ thrown }") throw new Error("A123456789");
    if (query === "{ unauthenticated }") return refuse("UNAUTHENTICATED", undefined, { "www-authenticate": "Bearer" });
    return { data: { query, variables } };
  };
  const graphql = { accept: "application/graphql-response+json" };

  test("is refused where none was asked for", async () => {
    const started = await front(echo);
    const { status, text } = await ask(started.url, [{ query: "{ a }" }]);
    expect([status, text]).toEqual([400, expect.stringContaining("batches are not taken")]);
  });

  test("is answered in its order, each with its own errors, one after the other", async () => {
    let [underWay, most] = [0, 0];
    const started = await front(
      async (input, about) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setTimeout(resolve, 5));
        underWay -= 1;
        return echo(input, about);
      },
      { maxBatch: 10 },
    );
    const batch = ["{ a }", "{ refused }", "{ thrown }", "{ b }"].map((query) => ({ query, variables: { of: query } }));
    const { status, text } = await ask(started.url, [...batch, 7, { variables: {} }], graphql);
    const codes = (JSON.parse(text) as { data?: unknown; errors?: { extensions: { code: string } }[] }[]).map(
      ({ data, errors }) => errors?.[0]?.extensions.code ?? data,
    );
    expect(status).toBe(200);
    expect(codes).toEqual([
      { query: "{ a }", variables: { of: "{ a }" } },
      "GRAPHQL_VALIDATION_FAILED",
      "INTERNAL_SERVER_ERROR",
      { query: "{ b }", variables: { of: "{ b }" } },
      "BAD_REQUEST",
      "BAD_REQUEST",
    ]);
    expect(most).toBe(1);
    // Each of them is counted.
    expect(started.lines.filter((line) => line.includes('"event":"request"'))).toHaveLength(6);
  });

  test.each([
    ["nothing", [], 400],
    ["one too many", Array.from({ length: 4 }, () => ({ query: "{ a }" })), 400],
    [
      "operations that are all refused alike",
      [{ query: "{ unauthenticated }" }, { query: "{ unauthenticated }" }],
      401,
    ],
    ["operations of which one is answered", [{ query: "{ unauthenticated }" }, { query: "{ a }" }], 200],
  ])("of %s", async (_title, batch, status) => {
    const started = await front(echo, { maxBatch: 3 });
    const answer = await ask(started.url, batch, graphql);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
  });

  test("never comes in parts, and never in the address", async () => {
    const seen: OperationInput[] = [];
    const started = await front(
      async (input, about) => {
        seen.push(input);
        return echo(input, about);
      },
      { maxBatch: 3 },
    );
    const { headers } = await ask(started.url, [{ query: "{ a }" }], { accept: apolloClient });
    expect([seen.map(({ acceptsDefer }) => acceptsDefer), headers.get("content-type")]).toEqual([
      [false],
      "application/graphql-response+json; charset=utf-8",
    ]);
    for (const search of ["?query=[{}]&query=[{}]", `?${encodeURIComponent('[{"query":"{a}"}]')}`])
      expect((await fetch(started.url + search)).status).toBe(400);
  });

  test("is not gone on with when its client has gone", async () => {
    let asked = 0;
    const started = await front(
      async () => {
        asked += 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
        return { data: 1 };
      },
      { maxBatch: 50 },
    );
    const batch = Array.from({ length: 50 }, () => ({ query: "{ a }" }));
    const socket = connect(started.port, "127.0.0.1", () => socket.write(requestBytes(batch)));
    while (asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    await started.close(5000);
    open.length = 0;
    expect(asked).toBeLessThan(5);
  });
});

describe("a document by its id", () => {
  const hash = "a".repeat(64);
  const persisted = { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } };
  const seen = async (body: unknown): Promise<{ status: number; input: OperationInput | undefined }> => {
    let input: OperationInput | undefined;
    const started = await front(async (given) => {
      input = given;
      return { data: 1 };
    });
    return { status: (await ask(started.url, body)).status, input };
  };
  test.each<[string, object, { query: string | null; documentId: string | null }]>([
    ["as GraphQL over HTTP has it", { documentId: "sha256:ab12" }, { query: null, documentId: "sha256:ab12" }],
    ["as Apollo's clients have it", persisted, { query: null, documentId: hash }],
    ["with the document", { query: "{ a }", ...persisted }, { query: "{ a }", documentId: hash }],
    ["named twice alike", { documentId: hash, ...persisted }, { query: null, documentId: hash }],
    ["and an empty query", { query: "", documentId: "x" }, { query: null, documentId: "x" }],
    ["and a null query", { query: null, documentId: "x" }, { query: null, documentId: "x" }],
    ["absent", { query: "{ a }", extensions: {} }, { query: "{ a }", documentId: null }],
    [
      "null",
      { query: "{ a }", documentId: null, extensions: { persistedQuery: null } },
      { query: "{ a }", documentId: null },
    ],
  ])("%s", async (_title, body, expected) => {
    const { status, input } = await seen(body);
    expect(status).toBe(200);
    expect(input).toMatchObject(expected);
  });
  test.each<[string, object]>([
    ["a number", { documentId: 7 }],
    ["empty", { documentId: "" }],
    ["of 300 characters", { documentId: "x".repeat(300) }],
    ["with spaces", { documentId: "a b" }],
    ["a short hash", { extensions: { persistedQuery: { sha256Hash: "ab" } } }],
    ["no hash", { extensions: { persistedQuery: {} } }],
    ["a list", { extensions: { persistedQuery: [hash] } }],
    ["two of them", { documentId: "b".repeat(64), ...persisted }],
    ["under __proto__", JSON.parse('{"__proto__":{"documentId":"x"}}')],
  ])("%s is refused", async (_title, body) => {
    const { status, input } = await seen(body);
    expect([status, input]).toEqual([400, undefined]);
  });
  test("in the address", async () => {
    let input: OperationInput | undefined;
    const started = await front(async (given) => {
      input = given;
      return { data: 1 };
    });
    expect((await fetch(`${started.url}?documentId=x&variables={"a":1}`)).status).toBe(200);
    expect(input).toMatchObject({ query: null, documentId: "x", variables: { a: 1 } });
    expect((await fetch(`${started.url}?documentId=x&documentId=y`)).status).toBe(400);
  });
});

describe("more than can be done", () => {
  test("is refused before it is read, with a time to come back; what is under way is answered", async () => {
    const gate = Promise.withResolvers<void>();
    let underWay = 0;
    const started = await front(
      async () => {
        underWay += 1;
        await gate.promise;
        return { data: 1 };
      },
      { maxRequests: 2 },
    );
    const accepted = [1, 2, 3, 4].map(() => ask(started.url));
    while (underWay < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const body of [undefined, { not: "looked at" }]) {
      const { status, headers, text } = await ask(started.url, body);
      expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([503, "OVERLOADED"]);
      expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(4);
    }
    expect(underWay).toBe(4);
    gate.resolve();
    expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await ask(started.url)).status).toBe(200);
    expect((await started.telemetry.metrics()).text).toContain('crosswalk_shed_requests_total{priority="unknown"} 2');
  });

  test("is not what clients make of it that send their bodies slowly", async () => {
    const started = await front(async () => ({ data: 1 }), { maxRequests: 1 });
    const head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n";
    const slow = Array.from({ length: 50 }, () => connect(started.port, "127.0.0.1"));
    await Promise.all(slow.map((socket) => new Promise<void>((resolve) => void socket.write(head, () => resolve()))));
    expect((await ask(started.url)).status).toBe(200);
    for (const socket of slow) socket.destroy();
  });
});

test("every answer has an id of its own, that tells nothing of how many there were between", async () => {
  const started = await front(async () => ({ data: 1 }));
  const ids = await Promise.all(
    Array.from({ length: 50 }, async () => (await ask(started.url)).headers.get("crosswalk-request-id") ?? ""),
  );
  expect(new Set(ids).size).toBe(50);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
