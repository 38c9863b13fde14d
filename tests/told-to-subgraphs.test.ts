/**
 * What reaches a subgraph, in full (T34: a client's headers, variables and extensions never become the gateway's word),
 * and whose reads are one (T02).
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { JWTPayload } from "jose";
import { keysSetting } from "../subgraphs/kit/settings.ts";
import { signatureVerifier } from "../subgraphs/kit/verify.ts";
import {
  composeTiny,
  startIssuer,
  startTestGateway,
  startTinyGraph,
  type TestGateway,
  type TestIssuer,
  type TinyGraph,
} from "./gateway-graph.ts";

type Name = "people" | "court" | "custody";
const names: readonly Name[] = ["people", "court", "custody"];

type Seen = { readonly headers: IncomingHttpHeaders; readonly rawNames: readonly string[]; readonly body: string };
/** Stands before a subgraph: verifies, notes what came, and holds the answer for a while. */
type Recorder = { readonly url: string; readonly seen: Seen[]; holdMs: number; close(): Promise<void> };

const keys = Object.fromEntries(names.map((name) => [name, `k:${randomBytes(32).toString("base64url")}`]));
const fetches: Readonly<Record<Name, "common" | "personal">> = {
  people: "common",
  court: "personal",
  custody: "common",
};

async function record(name: Name, target: string): Promise<Recorder> {
  const verify = signatureVerifier({
    subgraph: name,
    keys: keysSetting({ [`SUBGRAPH_KEY_${name.toUpperCase()}`]: keys[name] }, name) ?? [],
    fetches: fetches[name],
  });
  const recorder = { seen: [] as Seen[], holdMs: 0 };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const rawNames = request.rawHeaders.filter((_, index) => index % 2 === 0).map((each) => each.toLowerCase());
    recorder.seen.push({ headers: request.headers, rawNames, body: String(body) });
    const signed = verify(request);
    const refused = "refused" in signed ? signed.refused : signed.accept(body);
    if (refused !== null) return void response.writeHead(500).end(refused);
    const answer = await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await answer.text();
    setTimeout(() => response.writeHead(200, { "content-type": "application/json" }).end(text), recorder.holdMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(recorder, { url, close });
}

let graph: TinyGraph;
let issuer: TestIssuer;
let recorders: Record<Name, Recorder>;
let gateway: TestGateway;
let unauthenticated: TestGateway;
const folder = mkdtempSync(join(tmpdir(), "told-"));

beforeAll(async () => {
  [graph, issuer] = await Promise.all([startTinyGraph(), startIssuer()]);
  const started = await Promise.all(names.map(async (name) => [name, await record(name, graph.subgraphs[name].url)]));
  recorders = Object.fromEntries(started);
  const sdl = composeTiny((name) => recorders[name].url);
  const file = join(folder, "subgraphs.json");
  writeFileSync(file, JSON.stringify(names.map((name) => ({ name, fetches: fetches[name] }))));
  const keysFile = join(folder, "keys.json");
  writeFileSync(keysFile, JSON.stringify({ court: keys.court, custody: keys.custody }));
  const settings = {
    GATEWAY_SUBGRAPHS: file,
    SUBGRAPH_KEY_PEOPLE: keys.people,
    SUBGRAPH_KEYS_FILE: keysFile,
    GATEWAY_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`,
  };
  gateway = await startTestGateway(sdl, { ...settings, GATEWAY_INSECURE: "deny-by-default" });
  unauthenticated = await startTestGateway(sdl, {
    ...settings,
    GATEWAY_INSECURE: "authentication,purpose,deny-by-default",
  });
});
afterAll(async () => {
  await Promise.all([gateway.close(), unauthenticated.close()]);
  await Promise.all([graph.close(), issuer.close(), ...Object.values(recorders).map((each) => each.close())]);
  rmSync(folder, { recursive: true });
});

const clear = (holdMs = 0): void => {
  for (const each of Object.values(recorders)) {
    each.seen.length = 0;
    each.holdMs = holdMs;
  }
};

const query =
  'query Q($n: Int) { person(by: { fin: "FIN000002" }) { fin courtCases(first: $n) { id } custodyStays { id } } }';
const claims = {
  agency: "ICE",
  ori: "TXICE0100",
  roles: ["deportation-officer"],
  purposes: ["REMOVAL_OPERATIONS", "CUSTODY"],
};
const bearer = async (more: JWTPayload = {}) => ({
  authorization: `Bearer ${await issuer.token({ ...claims, ...more })}`,
});

const evil = "evil-0f3a";
/** Of what gateways and subgraphs elsewhere are known to believe, each with something that would show. */
const hostile: Readonly<Record<string, string>> = {
  "x-user": evil,
  "x-user-id": evil,
  "x-roles": evil,
  "x-agency": `EOIR ${evil}`,
  "x-ori": `CAEVIL000 ${evil}`,
  "x-forwarded-for": `10.0.0.1 ${evil}`,
  "x-forwarded-host": `${evil}.test`,
  "x-forwarded-proto": evil,
  "x-forwarded-user": evil,
  "x-forwarded-client-cert": `Hash=${evil}`,
  "x-forwarded-access-token": evil,
  "x-real-ip": evil,
  "x-original-url": `/${evil}`,
  "x-amzn-oidc-data": evil,
  "x-goog-authenticated-user-email": evil,
  "x-hasura-role": evil,
  "x-apollo-operation-name": evil,
  "apollo-require-preflight": evil,
  "apollographql-client-name": evil,
  "proxy-authorization": `Basic ${evil}`,
  "x-authorization": `Bearer ${evil}`,
  "authorization-caller": evil,
  cookie: `session=${evil}`,
  forwarded: `for=${evil}`,
  from: `${evil}@test.example`,
  via: `1.1 ${evil}`,
  "user-agent": evil,
  referer: `http://${evil}.test/`,
  "cache-control": `no-cache, ${evil}`,
  "x-request-id": evil,
  "x-correlation-id": evil,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: `${evil}=1`,
  baggage: `role=${evil}`,
  "content-digest": `sha-256=:${evil}:`,
  digest: evil,
  signature: `crosswalk=:${evil}:`,
  "signature-input": `crosswalk=("${evil}")`,
  "crosswalk-caller": `authenticated, agency="${evil}"`,
  "crosswalk-subgraph": evil,
  "crosswalk-request-id": evil,
  "crosswalk-roles": evil,
  "crosswalk-agency": evil,
};

/** All that may reach a subgraph: name, and the form of its value. */
const common: Readonly<Record<string, RegExp>> = {
  host: /^127\.0\.0\.1:\d+$/,
  connection: /^keep-alive$/,
  "content-type": /^application\/json$/,
  accept: /^application\/graphql-response\+json, application\/json;q=0\.9$/,
  "accept-encoding": /^identity$/,
  "content-length": /^\d+$/,
  "content-digest": /^sha-256=:[A-Za-z0-9+/]{43}=:$/,
  "crosswalk-subgraph": /^(people|court|custody)$/,
  "crosswalk-request-id": /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  "signature-input": /^crosswalk=\(("[@a-z-]+" ?)+\);created=\d+;expires=\d+;nonce="[\w-]+";keyid="k";tag="crosswalk"$/,
  signature: /^crosswalk=:[A-Za-z0-9+/]{43}=:$/,
};
const told =
  'authenticated, agency="ICE", ori="TXICE0100", roles=("deportation-officer"), purpose="CUSTODY", case="27-1"';

async function post(url: string, headers: Record<string, string>, body: unknown) {
  const response = await fetch(url, {
    method: "POST",
    headers: { accept: "application/json", ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return {
    requestId: response.headers.get("crosswalk-request-id"),
    body: (await response.json()) as { errors?: unknown },
  };
}

describe("T34: of a request full of other people's authority", () => {
  const asked = {
    query,
    operationName: "Q",
    variables: { n: 1, caller: { agency: evil }, [evil]: evil },
    extensions: { claims: { agency: evil, roles: [evil] }, jwt: evil, user: evil },
  };

  test("these headers reach a subgraph, none of them the client's, and only a personal one is told who asks", async () => {
    clear();
    const own = { ...(await bearer()), "crosswalk-purpose": "CUSTODY", "crosswalk-case": "27-1" };
    const { requestId, body } = await post(gateway.url, { ...hostile, ...own }, asked);
    expect(body.errors).toBeUndefined();
    for (const name of names) {
      expect(recorders[name].seen).toHaveLength(1);
      const [seen] = recorders[name].seen as [Seen];
      const allowed = { ...common, ...(name === "court" ? { "crosswalk-caller": /./ } : {}) };
      expect([...seen.rawNames].sort()).toEqual(Object.keys(allowed).sort());
      for (const [header, form] of Object.entries(allowed))
        expect([header, seen.headers[header]]).toEqual([header, expect.stringMatching(form)]);
      expect(seen.headers["crosswalk-request-id"]).toBe(requestId);
      expect(seen.headers["crosswalk-caller"]).toBe(name === "court" ? told : undefined);
      expect(JSON.stringify(seen)).not.toContain(evil);
      expect(JSON.stringify(seen)).not.toContain(own.authorization.slice(-20));
      expect(Object.keys(JSON.parse(seen.body)).sort()).toEqual(expect.arrayContaining(["query"]));
      expect(Object.keys(JSON.parse(seen.body))).not.toContain("extensions");
    }
  });

  test.each(["Bearer", "bearer"])(
    "a second token is nobody's, and a %s token of another issuer reaches nobody",
    async (scheme) => {
      clear();
      const { authorization } = await bearer();
      for (const forged of [
        `${scheme} ${evil}`,
        `${authorization}, ${scheme} ${evil}`,
        `${scheme} a.b.c`,
        `Basic ${evil}`,
      ])
        expect((await post(gateway.url, { ...hostile, authorization: forged }, asked)).body).toMatchObject({
          errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
        });
      expect(names.flatMap((name) => recorders[name].seen)).toEqual([]);
    },
  );

  test("a case that would end a text or a header is told as it is, inside its text", async () => {
    clear();
    const own = { ...(await bearer()), "crosswalk-purpose": "CUSTODY", "crosswalk-case": 'x", agency="EOIR\\' };
    expect((await post(gateway.url, own, asked)).body.errors).toBeUndefined();
    expect(recorders.court.seen[0]?.headers["crosswalk-caller"]).toBe(told.replace("27-1", 'x\\", agency=\\"EOIR\\\\'));
  });

  test("without authentication nobody is known, whatever the headers say", async () => {
    clear();
    const own = { ...(await bearer()), "crosswalk-purpose": "CUSTODY", "crosswalk-case": "27-1" };
    expect((await post(unauthenticated.url, { ...hostile, ...own }, asked)).body.errors).toBeUndefined();
    expect(recorders.court.seen[0]?.headers["crosswalk-caller"]).toBe("authenticated=?0");
    expect(JSON.stringify(names.map((name) => recorders[name].seen))).not.toContain(evil);
  });
});

describe("in production", () => {
  const key = `k:${randomBytes(32).toString("base64url")}`;
  const start = (env: Record<string, string>) =>
    startTestGateway(
      composeTiny((name) => recorders[name].url),
      {
        CROSSWALK_ENV: "production",
        GATEWAY_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`,
        GATEWAY_INSECURE: "audit,deny-by-default,plaintext",
        ...env,
      },
    );

  test("no gateway starts while a subgraph has no key, unless that is switched off by name", async () => {
    const two = { SUBGRAPH_KEY_PEOPLE: key, SUBGRAPH_KEY_COURT: key };
    await expect(start({})).rejects.toThrow(/subgraph-signature: set SUBGRAPH_KEY_<NAME>/);
    await expect(start(two)).rejects.toThrow(/subgraph custody has no key: set SUBGRAPH_KEY_CUSTODY/);
    await (await start({ ...two, SUBGRAPH_KEY_CUSTODY: key })).close();
    await (await start({ GATEWAY_INSECURE: "audit,deny-by-default,plaintext,subgraph-signature" })).close();
  });
});

type Asking = {
  readonly claims?: JWTPayload;
  readonly headers?: Record<string, string>;
  readonly variables?: unknown;
  readonly query?: string;
};

/** Both at once, the subgraphs held: how often each was asked, and that both got the answer they get alone. */
async function both(first: Asking, second: Asking): Promise<Readonly<Record<Name, number>>> {
  const ask = async ({ claims: own, headers = {}, variables = {}, query: text = query }: Asking) => {
    const all = { ...(await bearer(own)), "crosswalk-purpose": "CUSTODY", ...headers };
    return () => post(gateway.url, all, { query: text, variables }).then(({ body }) => body);
  };
  const asks = [await ask(first), await ask(second)];
  clear();
  const alone = [await asks[0]?.(), await asks[1]?.()];
  clear(200);
  const together = await Promise.all(asks.map((each) => each()));
  expect(alone).toEqual([{ data: expect.anything() }, { data: expect.anything() }]);
  expect(together).toEqual(alone);
  return Object.fromEntries(names.map((name) => [name, recorders[name].seen.length])) as Record<Name, number>;
}

/** Two that came too far apart, on a busy machine, are asked again. */
async function sharedAs(wanted: Readonly<Record<Name, number>>, first: Asking, second: Asking): Promise<void> {
  let counts = await both(first, second);
  for (let tries = 1; tries < 5 && names.some((name) => counts[name] > wanted[name]); tries++)
    counts = await both(first, second);
  expect(counts).toEqual(wanted);
}

describe("T02: two requests at once", () => {
  const one = { people: 1, court: 1, custody: 1 };
  const personalApart = { people: 1, court: 2, custody: 1 };
  const rows: readonly (readonly [string, Record<Name, number>, Asking, Asking])[] = [
    ["of one caller", one, {}, {}],
    ["of two officers of whom the same is told", one, {}, { claims: { sub: "officer-2" } }],
    ["with another scope, which no subgraph is told", one, {}, { claims: { scope: "records:read other" } }],
    ["with another header", one, {}, { headers: { "x-user": "b", "accept-language": "es" } }],
    [
      "with the roles in another order",
      one,
      { claims: { roles: ["deportation-officer", "inspector"] } },
      { claims: { roles: ["inspector", "deportation-officer"] } },
    ],
    ["with another purpose", personalApart, {}, { headers: { "crosswalk-purpose": "REMOVAL_OPERATIONS" } }],
    ["with another case", personalApart, {}, { headers: { "crosswalk-case": "27-2" } }],
    ["with another role", personalApart, {}, { claims: { roles: ["deportation-officer", "inspector"] } }],
    ["with another agency", personalApart, {}, { claims: { agency: "CBP" } }],
    ["with another ORI", personalApart, {}, { claims: { ori: "TXICE0200" } }],
    ["without an ORI", personalApart, {}, { claims: { ori: undefined } }],
    ["with a variable that is null, and one that is absent", personalApart, { variables: { n: null } }, {}],
    ["with another variable", personalApart, { variables: { n: 1 } }, { variables: { n: 2 } }],
  ];
  test.each(rows)(
    "%s: common fetches are one, personal ones where the same is told",
    async (_what, wanted, first, second) => sharedAs(wanted, first, second),
  );

  test("that write are two, whoever asks", async () => {
    const write = { query: 'mutation { note(text: "x") }' };
    expect(await both(write, write)).toEqual({ people: 2, court: 0, custody: 0 });
  });

  test("get none of each other's headers", async () => {
    await sharedAs(personalApart, {}, { headers: { "crosswalk-case": "27-2" } });
    const tellings = recorders.court.seen.map(({ headers }) => headers["crosswalk-caller"]);
    expect(tellings.filter((each) => each?.includes("27-2"))).toHaveLength(1);
    const nonces = names.flatMap((name) => recorders[name].seen.map(({ headers }) => headers["signature-input"]));
    expect(new Set(nonces).size).toBe(nonces.length);
  });
});
