/** T35: a subgraph answers what the gateway has signed for it, now, once, as it is; and nothing else. */
import { createSecretKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { keysSetting } from "../subgraphs/kit/settings.ts";
import { type Listening, type ServeAt, serveSubgraph } from "../subgraphs/kit/subgraph.ts";
import { signatureVerifier } from "../subgraphs/kit/verify.ts";
import { digestOf, type HandSigning, type Message, macOf, signByHand } from "./signed-by-hand.ts";

const [keyA, keyB, oldKeyA] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const secretOf = (bytes: Buffer) => createSecretKey(bytes);
const keysOfA = [
  { id: "new", secret: secretOf(keyA) },
  { id: "old", secret: secretOf(oldKeyA) },
];

const sdl = `
  type Query { who: String }
  type Mutation { write: Int }
  type Thing @key(fields: "id") { id: ID! }`;
let written = 0;
let parsed = 0;
const resolvers = {
  Query: {
    // biome-ignore lint/suspicious/noExplicitAny: a resolver under test.
    who: (_parent: unknown, _given: unknown, { caller }: any) => (caller === null ? "nobody" : JSON.stringify(caller)),
  },
  Mutation: { write: () => ++written },
  Thing: { __resolveReference: ({ id }: { id: string }) => ({ id }) },
};
const loaders = () => {
  parsed += 1;
  return {};
};

const lines: string[] = [];
let a: Listening;
let b: Listening;
let personal: Listening;
const open: Listening[] = [];
beforeAll(async () => {
  const writeLine = (line: string) => void lines.push(line);
  const at: ServeAt = { port: 0, writeLine, keys: keysOfA };
  a = await serveSubgraph({ name: "a", sdl, resolvers, loaders }, at);
  // The same key stands at both for once: it is the name that tells them apart.
  const both = [{ id: "b", secret: secretOf(keyB) }, ...keysOfA];
  b = await serveSubgraph({ name: "b", sdl, resolvers, loaders }, { ...at, keys: both });
  personal = await serveSubgraph({ name: "a", sdl, resolvers, loaders, fetches: "personal" }, at);
  open.push(a, b, personal);
});
afterAll(async () => {
  for (const each of open) await each.close();
});

const body = JSON.stringify({ query: "{ who }" });
const signed = (more: Partial<HandSigning> = {}) =>
  signByHand({ key: keyA, keyId: "new", subgraph: "a", body, ...more });

type Reply = { readonly status: number; readonly text: string };

/** Sends it as it stands: no header that is not given, but for those that HTTP itself needs. */
function send({ url }: Listening, { method, target, headers, body: text }: Message): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path: target, method, headers, agent: false }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (answer += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: answer }));
    });
    request.on("error", reject);
    request.end(text);
  });
}

const without = (message: Message, name: string): Message => ({
  ...message,
  headers: Object.fromEntries(Object.entries(message.headers).filter(([each]) => each !== name)),
});
const withHeaders = (message: Message, headers: Record<string, string>): Message => ({
  ...message,
  headers: { ...message.headers, ...headers },
});
/** After something that is signed was changed: signed anew, by whoever has the key. */
const signedAgain = (message: Message, key = keyA): Message =>
  withHeaders(message, { signature: `crosswalk=:${macOf(key, message)}:` });

const nobody = { status: 200, text: '{"data":{"who":"nobody"}}' };
const refusal = { status: 401, text: "not signed by the gateway\n" };

test("what is signed is answered, with either key", async () => {
  expect(await send(a, signed())).toEqual(nobody);
  expect(await send(a, signed({ key: oldKeyA, keyId: "old" }))).toEqual(nobody);
  expect(await send(a, signed({ target: "/graphql?a=b" }))).toEqual(nobody);
  expect(await send(a, signed({ target: "/graphql?" }))).toEqual(nobody);
});

const now = () => Math.floor(Date.now() / 1000);
const other = JSON.stringify({ query: "{ __typename }" });
const refused: readonly (readonly [string, () => Message])[] = [
  ["nothing is signed", () => ({ ...signed(), headers: { "content-type": "application/json" } })],
  ["A's request is sent to B's name", () => signed({ subgraph: "b" })],
  [
    "another request's name is put in its place",
    () => withHeaders(signed({ subgraph: "b" }), { "crosswalk-subgraph": "a" }),
  ],
  ["the body is another", () => ({ ...signed(), body: other })],
  [
    "body and digest are others",
    () => ({ ...withHeaders(signed(), { "content-digest": digestOf(other) }), body: other }),
  ],
  ["the body is longer", () => ({ ...signed(), body: `${body} ` })],
  ["the digest is of another kind", () => signedAgain(withHeaders(signed(), { "content-digest": "sha-512=:AAAA:" }))],
  [
    "a second digest stands beside it",
    () => signedAgain(withHeaders(signed(), { "content-digest": `${digestOf(body)}, md5=:AAAA:` })),
  ],
  ["the method is another", () => ({ ...signed(), method: "PUT" })],
  ["the path is another", () => ({ ...signed(), target: "/other" })],
  ["a query is added", () => ({ ...signed(), target: "/graphql?query={who}" })],
  ["the query is another", () => ({ ...signed({ target: "/graphql?a=1" }), target: "/graphql?a=2" })],
  ["the request id is another", () => withHeaders(signed(), { "crosswalk-request-id": "x" })],
  [
    "it was signed long before this process began",
    () => signed({ createdSeconds: now() - 3600, lifetimeSeconds: 7200 }),
  ],
  ["it is good for longer than 60 s", () => signed({ lifetimeSeconds: 61 })],
  ["it is good for no time", () => signed({ lifetimeSeconds: 0 })],
  ["it was signed in the future", () => signed({ createdSeconds: now() + 30 })],
  ["the key's id is unknown", () => signed({ keyId: "third" })],
  ["another key has signed it", () => signed({ key: keyB })],
  ["another key's id stands there", () => signed({ keyId: "old" })],
  ["it is for another use", () => signed({ tag: "other" })],
  ["it covers less", () => signed({ covered: ["@method", "@path", "content-digest"] })],
  ["it covers nothing", () => signed({ covered: [] })],
  [
    "it covers the same in another order",
    () =>
      signed({
        covered: ["@path", "@method", "@query", "content-digest", "crosswalk-subgraph", "crosswalk-request-id"],
      }),
  ],
  ["its nonce is short", () => signed({ nonce: "x" })],
  ["its signature is cut", () => withHeaders(signed(), { signature: "crosswalk=:AAAA:" })],
  ["its signature is empty", () => withHeaders(signed(), { signature: "" })],
  ["a caller is added", () => withHeaders(signed(), { "crosswalk-caller": "authenticated=?0" })],
  ["a caller is told to a common subgraph", () => signed({ caller: "authenticated=?0" })],
  [
    "its life is made longer",
    () => {
      const message = signed({ createdSeconds: now() - 70 });
      const input = message.headers["signature-input"] ?? "";
      return withHeaders(message, { "signature-input": input.replace(/expires=\d+/, `expires=${now() + 30}`) });
    },
  ],
  [
    "a nonce is put in place of its own",
    () => {
      const message = signed();
      const input = message.headers["signature-input"] ?? "";
      return withHeaders(message, { "signature-input": input.replace(/nonce="[^"]+"/, 'nonce="0123456789abcdef01"') });
    },
  ],
  ...["content-digest", "crosswalk-subgraph", "crosswalk-request-id", "signature-input", "signature"].map(
    (name) => [`${name} is taken away`, () => without(signed(), name)] as const,
  ),
];

describe("the same 401, and nothing is parsed, when", () => {
  test.each(refused)("%s", async (_why, message) => {
    const before = parsed;
    expect(await send(a, message())).toEqual(refusal);
    expect(parsed).toBe(before);
  });

  test("A's request comes to B, which for once has A's key too", async () => {
    const message = signed();
    expect(await send(b, message)).toEqual(refusal);
    expect(await send(b, withHeaders(message, { "crosswalk-subgraph": "b" }))).toEqual(refusal);
    expect(await send(a, message)).toEqual(nobody);
  });

  test("it comes a second time, at once or later", async () => {
    const message = signed({ body: JSON.stringify({ query: "mutation { write }" }) });
    const replies = await Promise.all(Array.from({ length: 5 }, () => send(a, message)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
    expect(await send(a, message)).toEqual(refusal);
    expect(written).toBe(1);
  });

  test.each([
    "{ _service { sdl } }",
    '{ _entities(representations: [{ __typename: "Thing", id: "1" }]) { __typename } }',
  ])("somebody else asks %s", async (query) => {
    const asked = JSON.stringify({ query });
    expect((await send(a, signed({ body: asked }))).status).toBe(200);
    expect(await send(a, { ...without(without(signed({ body: asked }), "signature"), "signature-input") })).toEqual(
      refusal,
    );
    const target = `/graphql?query=${encodeURIComponent(query)}`;
    expect(await send(a, { method: "GET", target, headers: { accept: "*/*" }, body: "" })).toEqual(refusal);
  });
});

test("the body of what is not signed is not waited for", async () => {
  const { hostname, port } = new URL(a.url);
  const socket = connect(Number(port), hostname);
  const answer = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.on("close", () => resolve(text));
  });
  socket.write(
    "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{",
  );
  expect(await answer).toMatch(/^HTTP\/1\.1 401 /);
});

test("/live is open, and that path alone", async () => {
  const bare = { method: "GET", headers: {}, body: "" };
  expect(await send(a, { ...bare, target: "/live" })).toEqual({ status: 200, text: "live\n" });
  for (const target of ["/live/", "/live?x", "/", "/graphql", "//live", "/LIVE"])
    expect(await send(a, { ...bare, target })).toEqual(refusal);
});

test("the operator is told why, once a minute each, and nothing of the request", () => {
  const reasons = lines.filter((line) => line.startsWith("a: "));
  expect(new Set(reasons).size).toBe(reasons.length);
  expect(reasons).toContain("a: refused a request: another body than was signed");
  expect(reasons).toContain("a: refused a request: seen before");
  for (const line of reasons) expect(line).toMatch(/^a: refused a request: [a-z0-9 ]+$/);
});

describe("a personal subgraph", () => {
  const caller = 'authenticated, agency="ICE", roles=("officer"), purpose="CUSTODY"';
  test("is told who asks, by a header that is signed", async () => {
    const { status, text } = await send(personal, signed({ caller }));
    expect([status, JSON.parse(JSON.parse(text).data.who)]).toEqual([
      200,
      { isAuthenticated: true, agency: "ICE", ori: null, roles: ["officer"], purpose: "CUSTODY", caseReference: null },
    ]);
  });

  test.each([
    ["nobody is told", () => signed()],
    ["the caller is taken away", () => without(signed({ caller }), "crosswalk-caller")],
    ["the caller is another", () => withHeaders(signed({ caller }), { "crosswalk-caller": "authenticated=?0" })],
    ["the caller is not covered", () => withHeaders(signed(), { "crosswalk-caller": caller })],
    ["the caller is in no form", () => signed({ caller: 'agency="ICE"' })],
  ])("refuses when %s", async (_why, message) => expect(await send(personal, message())).toEqual(refusal));
});

describe("what was seen is remembered", () => {
  const startAt = 1_800_000_000;
  const opened = (maxNonces: number) => {
    let instant = startAt;
    const verify = signatureVerifier({
      subgraph: "a",
      keys: keysOfA,
      fetches: "common",
      now: () => instant * 1000,
      maxNonces,
    });
    const take = (message: Message) => {
      const found = verify({ method: message.method, url: message.target, headers: message.headers });
      return "refused" in found ? found.refused : found.accept(Buffer.from(message.body));
    };
    return { take, passes: (seconds: number) => (instant += seconds) };
  };

  test("for as long as it is good, and not longer", () => {
    const { take, passes } = opened(2);
    const first = signed({ createdSeconds: startAt });
    expect(take(first)).toBeNull();
    passes(59);
    expect(take(first)).toBe("seen before");
    expect(take(signed({ createdSeconds: startAt + 59 }))).toBeNull();
    // Two are remembered: whether a third is new could not be told later.
    expect(take(signed({ createdSeconds: startAt + 59 }))).toBe("too many to remember");
    passes(1);
    expect(take(first)).toBe("expired");
    expect(take(signed({ createdSeconds: startAt + 60 }))).toBeNull();
  });

  test("only of what was signed: nobody else fills the memory", () => {
    const { take } = opened(1);
    const message = signed({ createdSeconds: startAt });
    expect(take({ ...message, body: other })).toBe("another body than was signed");
    expect(take(withHeaders(message, { signature: `crosswalk=:${"A".repeat(43)}=:` }))).toBe("wrong signature");
    expect(take(message)).toBeNull();
  });

  test("by one process: it takes nothing that was signed before it began", () => {
    const { take } = opened(2);
    expect(take(signed({ createdSeconds: startAt - 1 }))).toBe("signed before this process began");
    expect(take(signed({ createdSeconds: startAt + 5 }))).toBeNull();
    expect(take(signed({ createdSeconds: startAt + 6 }))).toBe("signed in the future");
  });
});

type Start = (settings: unknown) => Promise<Listening>;
type Agency = { readonly read: (env: Record<string, string>) => object; readonly start: Start };
const agencies: readonly { name: string }[] = JSON.parse(
  readFileSync(new URL("../schema/subgraphs.json", import.meta.url), "utf8"),
);

/** What its main.ts exports: how its settings are read, and how it is started with them. */
async function agencyOf(name: string): Promise<Agency> {
  const main = (await import(`../subgraphs/${name}/main.ts`)) as Record<string, unknown>;
  const named = (form: RegExp) => main[Object.keys(main).find((each) => form.test(each)) ?? ""];
  return { read: named(/^read\w+Settings$/) as Agency["read"], start: named(/^start/) as Start };
}

describe.each(agencies)("subgraph $name", ({ name }) => {
  const setting = `SUBGRAPH_KEY_${name.toUpperCase()}`;
  const env = { PORT: "0", CASE_LOAD_WAIT_MS: "0", CASE_RETRY_MS: "3600000", CASE_URL: "http://127.0.0.1:1" };

  test("does not start in production without a key", async () => {
    const { read } = await agencyOf(name);
    expect(() => read({ ...env, CROSSWALK_ENV: "production" })).toThrow(setting);
    expect(() => read({ ...env, [setting]: "a:short" })).toThrow(setting);
  });

  test("answers only what is signed for it with the key of its settings", async () => {
    const { read, start } = await agencyOf(name);
    const key = randomBytes(32);
    const settings = read({ ...env, CROSSWALK_ENV: "production", [setting]: `k:${key.toString("base64url")}` });
    const subgraph = await start({ ...settings, writeLine: () => undefined, progress: () => undefined });
    try {
      const asked = JSON.stringify({ query: "{ __typename }" });
      const mine = signByHand({ key, keyId: "k", subgraph: name, body: asked });
      expect((await send(subgraph, mine)).status).toBe(200);
      expect(await send(subgraph, { ...mine, headers: { "content-type": "application/json" } })).toEqual(refusal);
      expect(await send(subgraph, signByHand({ key, keyId: "k", subgraph: "a", body: asked }))).toEqual(refusal);
    } finally {
      await subgraph.close();
    }
  });
});

describe("keys in settings", () => {
  const good = randomBytes(32).toString("base64url");
  test.each([
    ["no id", good],
    ["an empty id", `:${good}`],
    ["a short key", `a:${randomBytes(31).toString("base64url")}`],
    ["base64 that is not base64url", `a:${"+/".repeat(22)}`],
    ["three keys", `a:${good},b:${good},c:${good}`],
    ["two of one id", `a:${good},a:${good}`],
    ["a comma too much", `a:${good},`],
  ])("%s: refused by name, and never shown", (_what, value) => {
    const read = () => keysSetting({ SUBGRAPH_KEY_OBIM: value }, "obim");
    expect(read).toThrow("SUBGRAPH_KEY_OBIM");
    try {
      read();
    } catch (error) {
      expect(String((error as Error).stack)).not.toContain(value.slice(2, 30));
    }
  });

  test("are two at most, and none only in development", () => {
    expect(keysSetting({ SUBGRAPH_KEY_OBIM: `a:${good}, b:${good}` }, "obim")?.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(keysSetting({}, "obim")).toBeNull();
    expect(() => keysSetting({ SUBGRAPH_KEYS_FILE: "/nowhere" }, "obim")).toThrow("SUBGRAPH_KEYS_FILE");
  });
});
