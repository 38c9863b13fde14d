import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { elisSystem, globalSystem, type TorchSettings } from "./source.ts";

type Reply = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };
type Asked = { readonly path: string; readonly authorization: string | undefined; readonly body: string };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const nothing: Reply = { body: { asOf: "2026-10-19T14:00:00Z", cases: [], screenings: [], applications: [] } };

/** A system that gives token after token (`t1`, `t2`, …) and answers searches as told, the last answer again and again. */
async function fakeSystem({
  searches = [nothing],
  token = (nth) => ({ body: { access_token: `t${nth}`, expires_in: "1799" } }),
}: {
  searches?: readonly (Reply | Promise<Reply>)[];
  token?: (nth: number) => Reply | Promise<Reply>;
} = {}) {
  const asked: Asked[] = [];
  let tokens = 0;
  const count = () => asked.filter(({ path }) => !path.startsWith("/oauth")).length;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      asked.push({ path: request.url ?? "", authorization: request.headers.authorization, body });
      const isToken = request.url === "/oauth/accesstoken";
      const reply = await (isToken ? token(++tokens) : searches[Math.min(count(), searches.length) - 1]);
      response.writeHead(reply?.status ?? 200, reply?.headers ?? {});
      response.end(typeof reply?.body === "string" ? reply.body : JSON.stringify(reply?.body ?? {}));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, tokens: () => tokens, searches: count };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function elisAt(url: string, settings: Partial<TorchSettings> = {}) {
  const credentials = { clientId: "some client", clientSecret: "s&cret=" };
  const system = elisSystem({ url, credentials, timeoutMs: 2_000, ...settings });
  closers.push(system.close);
  return system;
}

const failure = (code: string) => expect.objectContaining({ extensions: { code, system: "ELIS" } });

describe("a search", () => {
  test("asks with a token had by the form-encoded client credentials", async () => {
    const fake = await fakeSystem();
    await expect(elisAt(fake.url).search(["012345678"])).resolves.toEqual({ asOf: "2026-10-19T14:00:00Z", cases: [] });
    expect(fake.asked).toEqual([
      {
        path: "/oauth/accesstoken",
        authorization: undefined,
        body: "grant_type=client_credentials&client_id=some+client&client_secret=s%26cret%3D",
      },
      { path: "/elis/v1/cases/search", authorization: "Bearer t1", body: '{"alienNumbers":["012345678"]}' },
    ]);
  });

  test("writes A-numbers as Global takes them", async () => {
    const fake = await fakeSystem();
    const credentials = { clientId: "a", clientSecret: "b" };
    const system = globalSystem({ url: fake.url, credentials, timeoutMs: 2_000 });
    closers.push(system.close);
    await expect(system.search(["012345678"])).resolves.toEqual({ screenings: [], applications: [] });
    expect(fake.asked[1]).toMatchObject({ path: "/global/v1/records/search", body: '{"alienNumbers":["A012345678"]}' });
  });

  test.each([
    [400, "SOURCE_REFUSED"],
    [403, "SOURCE_REFUSED"],
    [404, "SOURCE_INVALID"],
    [422, "SOURCE_INVALID"],
    [302, "SOURCE_INVALID"],
    [204, "SOURCE_INVALID"],
    [503, "SOURCE_UNAVAILABLE"],
  ])("answered with %i is %s, never nothing", async (status, code) => {
    const fake = await fakeSystem({ searches: [{ status }] });
    await expect(elisAt(fake.url).search(["012345678"])).rejects.toEqual(failure(code));
    expect(fake.searches()).toBe(1);
  });

  test("answered with garbage is SOURCE_INVALID", async () => {
    const fake = await fakeSystem({ searches: [{ body: "<html>" }] });
    await expect(elisAt(fake.url).search(["012345678"])).rejects.toEqual(failure("SOURCE_INVALID"));
  });

  test("with nobody there is SOURCE_UNAVAILABLE", async () => {
    await expect(elisAt("http://127.0.0.1:1").search(["012345678"])).rejects.toEqual(failure("SOURCE_UNAVAILABLE"));
  });
});

describe("a token", () => {
  test("is fetched once and shared by concurrent calls, and by later ones", async () => {
    const fake = await fakeSystem();
    const elis = elisAt(fake.url);
    await Promise.all([elis.search(["012345678"]), elis.search(["012345679"]), elis.search(["012345670"])]);
    await elis.search(["012345678"]);
    expect([fake.tokens(), fake.searches()]).toEqual([1, 4]);
  });

  test("is renewed a minute before it expires", async () => {
    const fake = await fakeSystem();
    let nowMs = 1_000_000;
    const elis = elisAt(fake.url, { nowMs: () => nowMs });
    await elis.search(["012345678"]);
    nowMs += (1799 - 61) * 1000;
    await elis.search(["012345678"]);
    expect(fake.tokens()).toBe(1);
    nowMs += 2_000;
    await elis.search(["012345678"]);
    expect(fake.tokens()).toBe(2);
    expect(fake.asked.at(-1)?.authorization).toBe("Bearer t2");
  });

  test("that is refused with 401 is renewed once, for all calls that carried it", async () => {
    const fake = await fakeSystem({ searches: [nothing, { status: 401 }, { status: 401 }, nothing] });
    const elis = elisAt(fake.url);
    await elis.search(["012345678"]);
    await Promise.all([elis.search(["012345678"]), elis.search(["012345679"])]);
    expect([fake.tokens(), fake.searches()]).toEqual([2, 5]);
  });

  test("that is refused with 401 again ends in SOURCE_REFUSED, not in a loop", async () => {
    const fake = await fakeSystem({ searches: [{ status: 401 }] });
    await expect(elisAt(fake.url).search(["012345678"])).rejects.toEqual(failure("SOURCE_REFUSED"));
    expect([fake.tokens(), fake.searches()]).toEqual([2, 2]);
  });

  test.each<[string, Reply, string]>([
    ["a wrong client", { status: 401 }, "SOURCE_REFUSED"],
    ["a failing token server", { status: 500 }, "SOURCE_UNAVAILABLE"],
    ["null", { body: "null" }, "SOURCE_INVALID"],
    ["no token", { body: { expires_in: "1799" } }, "SOURCE_INVALID"],
    ["a token unfit for a header", { body: { access_token: "a\r\nb", expires_in: "1799" } }, "SOURCE_INVALID"],
    ["no lifetime", { body: { access_token: "a" } }, "SOURCE_INVALID"],
  ])(
    "that cannot be had (%s) is a failure of the search, and is asked for anew by the next",
    async (_name, reply, code) => {
      const good = { body: { access_token: "good", expires_in: 1799 } };
      const fake = await fakeSystem({ token: (nth) => (nth === 1 ? reply : good) });
      const elis = elisAt(fake.url);
      await expect(elis.search(["012345678"])).rejects.toEqual(failure(code));
      expect(fake.searches()).toBe(0);
      await expect(elis.search(["012345678"])).resolves.toEqual({ asOf: "2026-10-19T14:00:00Z", cases: [] });
    },
  );
});

describe("the deadline", () => {
  const refused = (retryAfter?: string): Reply => ({
    status: 429,
    headers: retryAfter === undefined ? {} : { "retry-after": retryAfter },
  });

  test("a 429 is waited out once when Retry-After fits", async () => {
    const fake = await fakeSystem({ searches: [refused("1"), nothing] });
    const startedMs = performance.now();
    await expect(elisAt(fake.url, { timeoutMs: 10_000 }).search(["012345678"])).resolves.toEqual({
      asOf: "2026-10-19T14:00:00Z",
      cases: [],
    });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
    expect(fake.searches()).toBe(2);
  });

  test.each([
    ["does not fit", "20"],
    ["is missing", undefined],
    ["is a date", "Wed, 21 Oct 2026 07:28:00 GMT"],
  ])("a 429 whose Retry-After %s is SOURCE_REFUSED at once", async (_name, retryAfter) => {
    const fake = await fakeSystem({ searches: [refused(retryAfter), nothing] });
    const startedMs = performance.now();
    await expect(elisAt(fake.url, { timeoutMs: 20_000 }).search(["012345678"])).rejects.toEqual(
      failure("SOURCE_REFUSED"),
    );
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect(fake.searches()).toBe(1);
  });

  test("a second 429 is SOURCE_REFUSED", async () => {
    const fake = await fakeSystem({ searches: [refused("0")] });
    await expect(elisAt(fake.url).search(["012345678"])).rejects.toEqual(failure("SOURCE_REFUSED"));
    expect(fake.searches()).toBe(2);
  });

  const never = new Promise<Reply>(() => undefined);
  test.each<[string, Parameters<typeof fakeSystem>[0]]>([
    ["the token", { token: () => never }],
    ["the answer", { searches: [never] }],
    [
      "the second token",
      {
        searches: [{ status: 401 }],
        token: (nth) => (nth === 1 ? { body: { access_token: "t1", expires_in: "1799" } } : never),
      },
    ],
  ])("bounds the whole search: %s not coming is SOURCE_TIMEOUT", async (_name, behaviour) => {
    const fake = await fakeSystem(behaviour);
    const startedMs = performance.now();
    await expect(elisAt(fake.url, { timeoutMs: 300 }).search(["012345678"])).rejects.toEqual(failure("SOURCE_TIMEOUT"));
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  test("leaves an answer only what the token has left of it", async () => {
    const slowToken = async () => {
      await wait(2_900);
      return { body: { access_token: "t1", expires_in: "1799" } };
    };
    const fake = await fakeSystem({ token: slowToken, searches: [never] });
    const startedMs = performance.now();
    await expect(elisAt(fake.url, { timeoutMs: 3_000 }).search(["012345678"])).rejects.toEqual(
      failure("SOURCE_TIMEOUT"),
    );
    // 3 s; with a whole time of its own for the answer, at least 5.9 s.
    expect(performance.now() - startedMs).toBeLessThan(5_800);
  });
});
