/** Who may ask, for what, and that a refusal costs no agency a request. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import {
  composeTiny,
  startIssuer,
  startTestGateway,
  startTinyGraph,
  type TestGateway,
  type TestIssuer,
  type TinyGraph,
} from "./gateway-graph.ts";

let graph: TinyGraph;
let issuer: TestIssuer;
let other: TestIssuer;
let development: TestGateway;
let production: TestGateway;

beforeAll(async () => {
  [graph, issuer, other] = await Promise.all([
    startTinyGraph(),
    startIssuer(),
    startIssuer("https://other.test.example"),
  ]);
  const GATEWAY_ISSUERS = [issuer, other].map((each) => `${each.issuer}=${each.jwksUrl}`).join(", ");
  const sdl = composeTiny(
    (name) => graph.subgraphs[name].url,
    "",
    (text) => text.replace("person(by: PersonIdentifier!): Person", '$& @policy(policies: [["look-up"]])'),
  );
  development = await startTestGateway(
    sdl,
    { GATEWAY_ISSUERS, GATEWAY_INSECURE: "deny-by-default" },
    { lookAtPolicies: async () => lookUpPolicies },
  );
  production = await startTestGateway(graph.sdl, {
    GATEWAY_ISSUERS,
    CROSSWALK_ENV: "production",
    GATEWAY_INSECURE: "deny-by-default,audit,subgraph-signature,plaintext",
  });
});
afterEach(() => {
  for (const each of Object.values(graph.subgraphs)) each.requests.length = 0;
});
afterAll(async () => {
  await Promise.all([development.close(), production.close()]);
  await Promise.all([graph.close(), issuer.close(), other.close()]);
});

/** Whoever has a purpose looks persons up, but local police and jails. */
const lookUpPolicies = {
  schema: `namespace Crosswalk {
    entity Caller = {
      agency: String, jurisdiction: String, roles: Set<String>, scopes: Set<String>, clearances: Set<String>,
    };
    entity Record;
    action "look-up" appliesTo { principal: [Caller], resource: [Record], context: { purpose: String } };
  }`,
  policies: new Map([
    [
      "look-up.cedar",
      `@id("for-a-purpose") @authority("5 USC 552a")
       permit (principal, action == Crosswalk::Action::"look-up", resource)
       when { ["REMOVAL_OPERATIONS", "CUSTODY"].contains(context.purpose) };`,
    ],
  ]),
};

const query = '{ person(by: { fin: "FIN000002" }) { fin } }';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const fetches = () => Object.values(graph.subgraphs).reduce((sum, { requests }) => sum + requests.length, 0);

test("a good token is answered", async () => {
  const { status, body } = await development.ask(query, {}, bearer(await issuer.token()));
  expect([status, body]).toEqual([200, { data: { person: { fin: "FIN000002" } } }]);
});

describe("no or bad token: 401, no data, no fetch", () => {
  const now = () => Math.floor(Date.now() / 1000);
  const tokens: readonly [string, () => Promise<string | null>][] = [
    ["none", async () => null],
    ["no JWT", async () => "abc"],
    ["three empty parts", async () => ".."],
    ["expired", () => issuer.token({ exp: now() - 120 })],
    ["without an expiry", () => issuer.token({ exp: undefined as never })],
    ["not yet valid", () => issuer.token({ nbf: now() + 3600 })],
    ["of another audience", () => issuer.token({ aud: "elsewhere" })],
    ["without an audience", () => issuer.token({ aud: undefined as never })],
    ["of an unknown issuer", () => issuer.token({ iss: "https://nobody.example" })],
    ["of one issuer in another's name", () => issuer.token({ iss: other.issuer })],
    ["without a subject", () => issuer.token({ sub: undefined as never })],
    ["that is an ID token", () => issuer.token({}, { typ: "JWT" })],
    ["with an unknown key", () => issuer.token({}, { kid: "k2" })],
    ["whose roles are a text", () => issuer.token({ roles: "officer" })],
    ["whose purposes are nested", () => issuer.token({ purposes: [["CUSTODY"]] })],
    ["whose ORI is malformed", () => issuer.token({ ori: "short" })],
    [
      "unsigned",
      async () =>
        new UnsecuredJWT({ sub: "x" })
          .setIssuer(issuer.issuer)
          .setAudience("crosswalk")
          .setExpirationTime("5m")
          .encode(),
    ],
    [
      "signed with the public key as a secret",
      async () => {
        const { publicKey } = await generateKeyPair("RS256", { extractable: true });
        const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(publicKey)));
        return new SignJWT({ sub: "x" })
          .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "k1" })
          .setIssuer(issuer.issuer)
          .setAudience("crosswalk")
          .setExpirationTime("5m")
          .sign(secret);
      },
    ],
    [
      "signed with a key of the sender's own, sent along",
      async () => {
        const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
        const jwk = await exportJWK(publicKey);
        return new SignJWT({ sub: "x" })
          .setProtectedHeader({ alg: "ES256", typ: "at+jwt", jwk, jku: other.jwksUrl })
          .setIssuer(issuer.issuer)
          .setAudience("crosswalk")
          .setExpirationTime("5m")
          .sign(privateKey);
      },
    ],
    ["with a changed signature", async () => `${(await issuer.token()).slice(0, -6)}AAAAAA`],
  ];
  test.each(tokens)("%s", async (_title, make) => {
    const token = await make();
    const { status, body } = await development.ask(query, {}, token === null ? {} : bearer(token));
    expect([status, body.errors?.map(({ extensions }) => extensions.code)]).toEqual([401, ["UNAUTHENTICATED"]]);
    expect(body).not.toHaveProperty("data");
    expect(fetches()).toBe(0);
  });

  test("a document is not even read for a stranger", async () => {
    expect((await development.ask("{ nothingLikeThis }")).status).toBe(401);
    expect((await development.ask("{ __schema { types { name } } }")).status).toBe(401);
  });
});

test("two tokens in one request are a request that contradicts itself", async () => {
  const [good, bad] = [`Bearer ${await issuer.token()}`, "Bearer abc"];
  for (const tokens of [
    [good, bad],
    [bad, good],
  ]) {
    const asked = request(development.url, { method: "POST", headers: { "content-type": "application/json" } });
    asked.setHeader("authorization", tokens).end(JSON.stringify({ query }));
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(400);
  }
});

test("an issuer whose keys cannot be had is not the caller's fault: 503", async () => {
  const gone = await startIssuer("https://gone.test.example");
  const token = await gone.token();
  const gateway = await startTestGateway(graph.sdl, {
    GATEWAY_ISSUERS: `${gone.issuer}=${gone.jwksUrl}`,
    GATEWAY_INSECURE: "deny-by-default",
  });
  await gone.close();
  const { status, body } = await gateway.ask(query, {}, bearer(token));
  await gateway.close();
  expect([status, body.errors?.[0]?.extensions.code]).toEqual([503, "AUTHENTICATION_UNAVAILABLE"]);
});

describe("purpose and case", () => {
  const police = {
    agency: "PD",
    roles: ["patrol-officer", "deportation-officer"],
    purposes: ["LAW_ENFORCEMENT_INQUIRY", "CUSTODY"],
  };
  const typename = "{ __typename }";
  test.each<["development" | "production", object, Record<string, string>, number, string | undefined]>([
    ["development", {}, {}, 200, undefined],
    ["production", {}, {}, 400, "PURPOSE_REQUIRED"],
    ["production", {}, { "crosswalk-purpose": "CUSTODY" }, 200, undefined],
    ["development", {}, { "crosswalk-purpose": "CURIOSITY" }, 400, "PURPOSE_UNKNOWN"],
    ["production", {}, { "crosswalk-purpose": "custody" }, 400, "PURPOSE_UNKNOWN"],
    ["production", {}, { "crosswalk-purpose": "OVERSIGHT" }, 403, "PURPOSE_NOT_PERMITTED"],
    ["production", { purposes: [] }, { "crosswalk-purpose": "CUSTODY" }, 403, "PURPOSE_NOT_PERMITTED"],
    ["production", police, { "crosswalk-purpose": "LAW_ENFORCEMENT_INQUIRY" }, 400, "CASE_REQUIRED"],
    [
      "production",
      police,
      { "crosswalk-purpose": "LAW_ENFORCEMENT_INQUIRY", "crosswalk-case": "26-1" },
      200,
      undefined,
    ],
    ["production", police, { "crosswalk-purpose": "CUSTODY" }, 200, undefined],
    ["development", police, { "crosswalk-purpose": "LAW_ENFORCEMENT_INQUIRY" }, 200, undefined],
    ["development", {}, { "crosswalk-case": "x".repeat(65) }, 400, "CASE_INVALID"],
    ["development", { purposes: ["MADE_UP"] }, { "crosswalk-purpose": "MADE_UP" }, 400, "PURPOSE_UNKNOWN"],
  ])("in %s with claims %j and headers %j: %d", async (mode, claims, headers, status, code) => {
    const gateway = mode === "development" ? development : production;
    const answer = await gateway.ask(typename, {}, { ...bearer(await issuer.token({ ...claims })), ...headers });
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([status, code]);
    if (code) expect(answer.body).not.toHaveProperty("data");
  });

  test("production does not answer introspection", async () => {
    const headers = { ...bearer(await issuer.token()), "crosswalk-purpose": "CUSTODY" };
    const { status, body } = await production.ask("{ a: __schema { types { name } } }", {}, headers);
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, "GRAPHQL_VALIDATION_FAILED"]);
    expect((await fetch(new URL("/", production.url))).status).toBe(404);
  });
});

describe("callers who may not ask for a person at all", () => {
  const callers: readonly [string, object, Record<string, string>][] = [
    ["police on inquiry", { roles: ["patrol-officer"], purposes: ["LAW_ENFORCEMENT_INQUIRY"] }, {}],
    [
      "a jail at intake",
      { roles: ["jail-officer", "deportation-officer"], purposes: ["JAIL_INTAKE", "CUSTODY"] },
      { "crosswalk-purpose": "JAIL_INTAKE" },
    ],
    ["nobody", { purposes: [], roles: [] }, {}],
    ["one with unknown purposes only", { purposes: ["EVERYTHING"] }, {}],
  ];
  const by = '(by: { fin: "FIN000002" })';
  const shapes: readonly [string, string, unknown, readonly unknown[][]][] = [
    ["plainly", `{ person${by} { fin } }`, null, [["person"]]],
    ["by an alias", `{ people: person${by} { fin } }`, null, [["people"]]],
    ["twice", `{ a: person${by} { fin } b: person${by} { fin } }`, null, [["a"], ["b"]]],
    ["in a fragment", `{ ...F } fragment F on Query { person${by} { fin } }`, null, [["person"]]],
    [
      "in fragments of fragments",
      `{ ...F } fragment F on Query { ... { ...G } } fragment G on Query { p: person${by} { fin } }`,
      null,
      [["p"]],
    ],
    ["if included", `query ($yes: Boolean = true) { person${by} @include(if: $yes) { fin } }`, null, [["person"]]],
    ["unless skipped", `{ ... on Query @skip(if: false) { person${by} { fin } } }`, null, [["person"]]],
    ["skipped", `{ __typename person${by} @skip(if: true) { fin } }`, { __typename: "Query" }, []],
    [
      "between others",
      `{ a: __typename person${by} { fin } z: __typename }`,
      { a: "Query", person: null, z: "Query" },
      [["person"]],
    ],
    ["only its __typename", `{ person${by} { __typename } }`, null, [["person"]]],
    [
      "beside the schema",
      `{ __schema { queryType { name } } person${by} { fin } }`,
      { __schema: { queryType: { name: "Query" } }, person: null },
      [["person"]],
    ],
  ];
  describe.each(callers)("%s", (_who, claims, headers) => {
    test.each(shapes)("asking %s gets null, an error, and no agency is asked", async (_how, query, data, paths) => {
      const { status, body, text } = await development.ask(
        query,
        {},
        { ...bearer(await issuer.token({ ...claims })), ...headers },
      );
      expect(status).toBe(200);
      expect(body.data).toEqual(data);
      // Where nothing is left of an operation there is no answer, not an empty one.
      if (data !== null) expect(Object.keys(body.data)).toEqual(Object.keys(data as object));
      expect(body.errors ?? []).toEqual(
        paths.map((path) => ({
          message: "Unauthorized field or type",
          path,
          extensions: { code: "UNAUTHORIZED_FIELD_OR_TYPE" },
        })),
      );
      expect(text).not.toContain("FIN000002");
      expect(fetches()).toBe(0);
    });
  });

  test("another root field beside it is answered", async () => {
    const headers = bearer(await issuer.token({ roles: ["jail-officer"], purposes: ["JAIL_INTAKE"] }));
    const { body } = await development.ask(`{ people { fin } person${by} { fin } }`, {}, headers);
    expect(body.data).toEqual({ people: [{ fin: "FIN000001" }, { fin: "FIN000002" }], person: null });
    expect(body.errors).toHaveLength(1);
    expect(graph.subgraphs.people.requests.map(({ query }) => query).join()).not.toContain("person(");
  });
});

test("a subgraph is told nothing that the client sent beside the operation", async () => {
  const seen: unknown[] = [];
  graph.subgraphs.people.fault = (request, response) => {
    seen.push(request.headers);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  };
  const token = await issuer.token();
  await development.ask(
    query,
    {},
    { ...bearer(token), "x-user": "admin", "x-forwarded-for": "10.0.0.1", cookie: "a=b" },
  );
  graph.subgraphs.people.fault = null;
  expect(Object.keys(seen[0] as object).sort()).toEqual([
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
  ]);
});

test("log lines name the caller's agency and purpose, never the caller or the token", async () => {
  development.lines.length = 0;
  const token = await issuer.token();
  await development.ask(query, {}, bearer(token));
  expect(JSON.parse(development.lines[0] ?? "")).toMatchObject({
    agency: "ICE",
    purpose: "REMOVAL_OPERATIONS",
    status: 200,
  });
  expect(development.lines.join()).not.toContain("officer-1");
  expect(development.lines.join()).not.toContain(token.slice(0, 20));
});
