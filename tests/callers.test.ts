/** Who asks (THREATS T37 to T41, T43, T44): what is no good token of a configured issuer lets nobody in, and says nothing. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { compactVerify, importJWK, type JWK } from "jose";
import { type AuthenticateSettings, authenticator } from "../gateway/authorization/authenticate.ts";
import { startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";
import {
  base64url,
  exponentOneKey,
  type KeyServer,
  keyPair,
  neutralKey,
  rawToken,
  rocaKey,
  serving,
  startKeyServer,
  type TestKey,
} from "./issuers.ts";

const issuer = "https://issuer.test.example";
const other = "https://other.test.example";
const good = keyPair("ES256");
const othersKey = keyPair("EdDSA", "o1");
const seconds = () => Math.floor(Date.now() / 1000);
const header = { alg: "ES256", typ: "at+jwt", kid: "k1" };
const claims = () => ({
  iss: issuer,
  sub: "officer-1",
  aud: "crosswalk",
  iat: seconds(),
  exp: seconds() + 300,
  agency: "ICE",
  roles: ["deportation-officer"],
  purposes: ["CUSTODY"],
  scope: "person:read",
});

let keys: KeyServer;
let othersKeys: KeyServer;
/** Where a token may point to: nobody may ever look. */
let elsewhere: KeyServer;
beforeAll(async () => {
  [keys, othersKeys, elsewhere] = await Promise.all([
    startKeyServer({ ...good.jwk, alg: "ES256", use: "sig" }),
    startKeyServer(othersKey.jwk),
    startKeyServer(keyPair("ES256").jwk),
  ]);
});
afterAll(() => Promise.all([keys, othersKeys, elsewhere].map((each) => each.close())));

/** An authenticator over these two issuers, or over one with these keys. */
function authenticating(settings: Partial<AuthenticateSettings> = {}, url = keys.url) {
  const refusedKeys: { kid: string | null; fault: string }[] = [];
  const fetches: string[] = [];
  const faults: string[] = [];
  const authenticate = authenticator({
    issuers: [
      { issuer, jwksUrl: url },
      { issuer: other, jwksUrl: othersKeys.url },
    ],
    audience: "crosswalk",
    events: {
      issuerKeyRefused: ({ kid, fault }) => void refusedKeys.push({ kid, fault }),
      issuerKeysFetched: ({ outcome }) => void fetches.push(outcome),
      tokenRefused: (fault) => void faults.push(fault),
    },
    ...settings,
  });
  return {
    refusedKeys,
    fetches,
    faults,
    /** The error's code, or the caller. */
    async ask(token: string) {
      const outcome = await authenticate(`Bearer ${token}`);
      return "refused" in outcome ? outcome.refused[0]?.extensions.code : outcome.caller;
    },
  };
}

const accepted = expect.objectContaining({ subject: "officer-1" });

describe("T37: forged tokens", () => {
  const forger = keyPair("ES256");
  const secret = (text: string | Buffer) => ({
    sign: (signed: string) => createHmac("sha256", text).update(signed).digest(),
  });
  const unsigned = { sign: () => Buffer.alloc(0) };
  const fixed = (hex: string) => ({ sign: () => Buffer.from(hex, "hex") });
  const forgeries: readonly [string, () => string][] = [
    ...["none", "None", "NONE", "nOnE"].flatMap((alg): [string, () => string][] => [
      [`alg ${alg}, not signed`, () => rawToken({ ...header, alg }, claims(), unsigned)],
      [`alg ${alg}, signed`, () => rawToken({ ...header, alg }, claims(), good)],
    ]),
    ["no alg", () => rawToken({ ...header, alg: undefined }, claims(), good)],
    ...["HS256", "HS384", "HS512"].map((alg): [string, () => string] => [
      `alg ${alg} with the public key as its secret`,
      () => rawToken({ ...header, alg }, claims(), secret(JSON.stringify(good.jwk))),
    ]),
    [
      "alg HS256 with the public key's x",
      () => rawToken({ ...header, alg: "HS256" }, claims(), secret(String(good.jwk.x))),
    ],
    ["another algorithm than the key's", () => rawToken({ ...header, alg: "EdDSA" }, claims(), good)],
    ["RS256 for a key on a curve", () => rawToken({ ...header, alg: "RS256" }, claims(), good)],
    ["an embedded key", () => rawToken({ ...header, jwk: forger.jwk }, claims(), forger)],
    ["an embedded key, signed by the issuer", () => rawToken({ ...header, jwk: good.jwk }, claims(), good)],
    ["an embedded certificate", () => rawToken({ ...header, x5c: ["MIIB"] }, claims(), forger)],
    ["jku", () => rawToken({ ...header, jku: elsewhere.url }, claims(), forger)],
    ["jku, signed by the issuer", () => rawToken({ ...header, jku: elsewhere.url }, claims(), good)],
    ["x5u", () => rawToken({ ...header, x5u: elsewhere.url }, claims(), forger)],
    ["an issuer that is an address", () => rawToken(header, { ...claims(), iss: elsewhere.url }, forger)],
    ...["../../etc/passwd", "/dev/null", "k1' OR '1'='1", "__proto__", "constructor", "", "K1", "k1\u0000"].map(
      (kid): [string, () => string] => [
        `kid ${JSON.stringify(kid)}`,
        () => rawToken({ ...header, kid }, claims(), forger),
      ],
    ),
    ["kid that is an address", () => rawToken({ ...header, kid: elsewhere.url }, claims(), forger)],
    ["kid that is a list", () => rawToken({ ...header, kid: ["k1"] }, claims(), good)],
    ["no kid", () => rawToken({ ...header, kid: undefined }, claims(), good)],
    ["crit", () => rawToken({ ...header, crit: ["exp"], exp: 1 }, claims(), good)],
    ["b64 false", () => rawToken({ ...header, b64: false, crit: ["b64"] }, claims(), good)],
    ["b64 false, not critical", () => rawToken({ ...header, b64: false }, claims(), good)],
    ["alg twice", () => rawToken('{"alg":"none","typ":"at+jwt","kid":"k1","alg":"ES256"}', claims(), good)],
    ["sub twice", () => rawToken(header, `${JSON.stringify(claims()).slice(0, -1)},"sub":"admin"}`, good)],
    [
      "roles twice, once spelt with an escape",
      () => rawToken(header, `${JSON.stringify(claims()).slice(0, -1)},"r\\u006fles":["inspector"]}`, good),
    ],
    [
      "a member twice further in",
      () => rawToken(header, `${JSON.stringify(claims()).slice(0, -1)},"x":[{"a":1,"a":2}]}`, good),
    ],
    ["a signature of zeros (r = s = 0)", () => rawToken(header, claims(), fixed("00".repeat(64)))],
    [
      "a signature of r = n, s = n",
      () =>
        rawToken(header, claims(), fixed("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".repeat(2))),
    ],
    ["no signature", () => `${rawToken(header, claims(), good).split(".").slice(0, 2).join(".")}.`],
    ["a signature in DER", () => rawToken(header, claims(), fixed("3006020100020100"))],
    [
      "the same signature in another spelling",
      () => {
        const token = rawToken(header, claims(), good);
        // 64 bytes end in a character of which only two bits count.
        const at = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return token.slice(0, -1) + at[at.indexOf(token.at(-1) ?? "A") + 1];
      },
    ],
    [
      "another's claims under a good signature",
      () => {
        const [head, , signature] = rawToken(header, claims(), good).split(".");
        const [, body] = rawToken(header, { ...claims(), sub: "admin" }, good).split(".");
        return [head, body, signature].join(".");
      },
    ],
    ["claims that are no object", () => rawToken(header, "[]", good)],
    [
      "claims that are not UTF-8",
      () => {
        const [head] = rawToken(header, {}, good).split(".");
        const body = Buffer.from(JSON.stringify(claims()).replace("officer", "\u00ff"), "latin1").toString("base64url");
        return `${head}.${body}.${good.sign(`${head}.${body}`).toString("base64url")}`;
      },
    ],
    ["five parts", () => `${rawToken(header, claims(), good)}.a.b`],
    ["12 kB", () => rawToken({ ...header, more: "x".repeat(9000) }, claims(), good)],
    ["a good token with blanks within", () => rawToken(header, claims(), good).replace(".", " .")],
  ];

  let graph: TinyGraph;
  let gateway: TestGateway;
  let plainBody: string;
  beforeAll(async () => {
    graph = await startTinyGraph();
    gateway = await startTestGateway(graph.sdl, {
      GATEWAY_ISSUERS: `${issuer}=${keys.url},${other}=${othersKeys.url}`,
      GATEWAY_INSECURE: "deny-by-default",
    });
    plainBody = (await gateway.ask("{ people { fin } }")).text;
  });
  afterAll(async () => {
    await gateway.close();
    await graph.close();
  });
  const send = (token: string) =>
    gateway.ask("{ people { fin } }", {}, { authorization: `Bearer ${token}`, "crosswalk-purpose": "CUSTODY" });

  test("what they are all made from is accepted", async () => {
    const { status, body } = await send(rawToken(header, claims(), good));
    expect([status, body.data.people]).toEqual([200, [{ fin: "FIN000001" }, { fin: "FIN000002" }]]);
  });

  test.each(forgeries)(
    "%s: 401 in the same words as without a token, and nobody is asked for keys",
    async (_, make) => {
      const [asked, looked] = [graph.subgraphs.people.requests.length, elsewhere.count];
      const { status, text } = await send(make());
      expect([status, text]).toEqual([401, plainBody]);
      expect([graph.subgraphs.people.requests.length - asked, elsewhere.count - looked]).toEqual([0, 0]);
    },
  );

  test("a header of 1 MB is never held whole, and one that comes further is not looked at", async () => {
    const token = "x".repeat(1_000_000);
    const answered = await send(token).then(
      ({ status }) => status,
      () => "cut off",
    );
    expect([431, "cut off"]).toContain(answered);
    const direct = authenticating();
    expect(await direct.ask(`${token}.${token}.${token}`)).toBe("UNAUTHENTICATED");
    expect([direct.faults, direct.fetches]).toEqual([["malformed"], []]);
  });
});

describe("T38: weak and hostile keys are not used, somebody is told, and the others serve on", () => {
  const sound = keyPair("EdDSA", "sound");
  const rsa = keyPair("RS256");
  const changed = (jwk: object): TestKey => ({ ...good, jwk: { ...good.jwk, ...jwk } });
  const weak: readonly [string, () => TestKey, string, alg?: string][] = [
    ["RSA of 1024 bits", () => keyPair("RS256", "k1", 1024), "short-modulus"],
    ["RSA of 2047 bits", () => ({ ...rsa, jwk: { ...rsa.jwk, n: base64url((1n << 2047n) - 1n) } }), "short-modulus"],
    ["RSA with e = 1", () => exponentOneKey(), "weak-exponent"],
    ["RSA with e = 3", () => ({ ...rsa, jwk: { ...rsa.jwk, e: "Aw" } }), "weak-exponent"],
    ["RSA with an even e", () => ({ ...rsa, jwk: { ...rsa.jwk, e: base64url(65538n) } }), "weak-exponent"],
    ["RSA of the shape of CVE-2017-15361", () => rocaKey(), "roca"],
    [
      "RSA that seven divides",
      () => ({ ...rsa, jwk: { ...rsa.jwk, n: base64url(7n * ((1n << 2048n) + 1n)) } }),
      "factored-modulus",
    ],
    ["RSA of 16,384 bits", () => ({ ...rsa, jwk: { ...rsa.jwk, n: base64url((1n << 16_383n) + 1n) } }), "malformed"],
    ["the neutral element of Ed25519", () => neutralKey(), "small-order"],
    ["a secret", () => ({ ...good, jwk: { kty: "oct", k: "c2VjcmV0", kid: "k1" } }), "symmetric"],
    ["a key with a secret beside it", () => changed({ k: "c2VjcmV0" }), "symmetric"],
    ["a private key", () => changed({ d: good.jwk.y }), "private"],
    ["a key for encryption", () => changed({ use: "enc" }), "not-for-signatures"],
    ["a key whose operations are others", () => changed({ key_ops: ["encrypt"] }), "not-for-signatures"],
    ["a key that says another algorithm", () => changed({ alg: "ES384" }), "other-algorithm"],
    ["a key that says HS256", () => changed({ alg: "HS256" }), "other-algorithm"],
    ["a key on another curve", () => changed({ crv: "P-384" }), "unknown-type"],
    ["a point that is not on its curve", () => changed({ x: "A".repeat(43) }), "malformed"],
  ];
  test.each(weak)("%s", async (_, make, fault) => {
    const key = make();
    const server = await startKeyServer(key.jwk, sound.jwk);
    const { ask, refusedKeys } = authenticating({}, server.url);
    const alg = key.jwk.kty === "RSA" ? "RS256" : key.jwk.kty === "OKP" ? "EdDSA" : "ES256";
    expect(await ask(rawToken({ ...header, alg }, claims(), key))).toBe("UNAUTHENTICATED");
    expect(await ask(rawToken({ ...header, alg: "EdDSA", kid: "sound" }, claims(), sound))).toEqual(accepted);
    await server.close();
    expect(refusedKeys).toEqual([{ kid: "k1", fault }]);
  });

  test.each<[string, () => TestKey, string]>([
    ["RSA with e = 1", exponentOneKey, "RS256"],
    ["RSA of the shape of CVE-2017-15361", rocaKey, "RS256"],
  ])("the package alone takes %s", async (_, make, alg) => {
    const key = make();
    const token = rawToken({ ...header, alg }, claims(), key);
    await expect(compactVerify(token, await importJWK(key.jwk as JWK, alg))).resolves.toBeDefined();
  });

  test("of two keys by one name neither is used, be one of them a secret", async () => {
    const twin = keyPair("ES256");
    const both = [
      [good.jwk, twin.jwk],
      [good.jwk, { kty: "oct", k: "c2VjcmV0", kid: "k1" }],
    ];
    for (const set of both) {
      const server = await startKeyServer(...set);
      const { ask, refusedKeys } = authenticating({}, server.url);
      expect(await ask(rawToken(header, claims(), good))).toBe("UNAUTHENTICATED");
      expect(await ask(rawToken(header, claims(), twin))).toBe("UNAUTHENTICATED");
      await server.close();
      expect(refusedKeys).toEqual([
        { kid: "k1", fault: "duplicate-kid" },
        { kid: "k1", fault: "duplicate-kid" },
      ]);
    }
  });

  test("sound keys of all three kinds are used", async () => {
    const sets: [TestKey, string][] = [
      [keyPair("RS256", "k1", 3072), "RS256"],
      [rsa, "RS256"],
      [keyPair("EdDSA"), "EdDSA"],
      [good, "ES256"],
    ];
    for (const [key, alg] of sets) {
      const server = await startKeyServer({ ...key.jwk, alg, use: "sig", key_ops: ["verify"], x5c: ["unread"] });
      const { ask, refusedKeys } = authenticating({}, server.url);
      expect(await ask(rawToken({ ...header, alg }, claims(), key))).toEqual(accepted);
      await server.close();
      expect(refusedKeys).toEqual([]);
    }
  });
});

describe("T39: claims of any form but the documented one", () => {
  const ofOther = { ...header, alg: "EdDSA", kid: "o1" };
  const { aud: _aud, ...withoutAudience } = claims();
  const withoutClaim = (name: string) => ({ ...claims(), [name]: undefined });
  const refused: readonly [string, () => string][] = [
    ["an issuer's key in another's name", () => rawToken({ ...ofOther }, claims(), othersKey)],
    ["another's key id in one's own name", () => rawToken(ofOther, { ...claims(), iss: other }, good)],
    ["an issuer with a slash more", () => rawToken(header, { ...claims(), iss: `${issuer}/` }, good)],
    ["issuers in a list", () => rawToken(header, { ...claims(), iss: [issuer] }, good)],
    ["no issuer", () => rawToken(header, withoutClaim("iss"), good)],
    ["another audience", () => rawToken(header, { ...claims(), aud: "crosswalk2" }, good)],
    ["no audience", () => rawToken(header, withoutAudience, good)],
    ["an empty list of audiences", () => rawToken(header, { ...claims(), aud: [] }, good)],
    ["audiences nested", () => rawToken(header, { ...claims(), aud: [["crosswalk"]] }, good)],
    ["an audience that is an object", () => rawToken(header, { ...claims(), aud: { crosswalk: 1 } }, good)],
    ["an ID token", () => rawToken({ ...header, typ: "JWT" }, claims(), good)],
    ["no type", () => rawToken({ ...header, typ: undefined }, claims(), good)],
    ["a logout token", () => rawToken({ ...header, typ: "logout+jwt" }, claims(), good)],
    ["no expiry", () => rawToken(header, withoutClaim("exp"), good)],
    ["an expiry of 1e18", () => rawToken(header, { ...claims(), exp: 1e18 }, good)],
    ["an expiry in a text", () => rawToken(header, { ...claims(), exp: String(seconds() + 300) }, good)],
    ["an expiry in milliseconds", () => rawToken(header, { ...claims(), exp: Date.now() + 300_000 }, good)],
    ["a life of two days", () => rawToken(header, { ...claims(), exp: seconds() + 172_800 }, good)],
    [
      "an expiry before it was made",
      () => rawToken(header, { ...claims(), iat: seconds() + 20, exp: seconds() + 10 }, good),
    ],
    ["no time of making", () => rawToken(header, withoutClaim("iat"), good)],
    ["made in the future", () => rawToken(header, { ...claims(), iat: seconds() + 120, exp: seconds() + 400 }, good)],
    ["valid in the future", () => rawToken(header, { ...claims(), nbf: seconds() + 120 }, good)],
    ["signed in in the future", () => rawToken(header, { ...claims(), auth_time: seconds() + 120 }, good)],
    ["auth_time in a text", () => rawToken(header, { ...claims(), auth_time: "1" }, good)],
    ["no subject", () => rawToken(header, withoutClaim("sub"), good)],
    ["a subject that is a number", () => rawToken(header, { ...claims(), sub: 1 }, good)],
    ["an empty subject", () => rawToken(header, { ...claims(), sub: "" }, good)],
    ["scopes in a list", () => rawToken(header, { ...claims(), scope: ["person:read"] }, good)],
    ["scopes nested", () => rawToken(header, { ...claims(), scope: { all: ["person:read"] } }, good)],
    ["scopes null", () => rawToken(header, { ...claims(), scope: null }, good)],
    ["roles in a text", () => rawToken(header, { ...claims(), roles: "inspector" }, good)],
    ["roles nested", () => rawToken(header, { ...claims(), roles: [["inspector"]] }, good)],
    ["an agency in a list", () => rawToken(header, { ...claims(), agency: ["ICE", "EOIR"] }, good)],
    ["an acr that is a number", () => rawToken(header, { ...claims(), acr: 3 }, good)],
    ["an azp that is not the client", () => rawToken(header, { ...claims(), client_id: "a", azp: "b" }, good)],
    ["an azp in a list", () => rawToken(header, { ...claims(), azp: ["a"] }, good)],
  ];
  test.each(refused)("%s is refused", async (_, make) => {
    expect(await authenticating().ask(make())).toBe("UNAUTHENTICATED");
  });

  test.each<[string, object, object?]>([
    ["audiences in a list", { aud: ["elsewhere", "crosswalk"] }],
    ["the type in full", {}, { typ: "application/at+jwt" }],
    ["a fraction of a second", { exp: seconds() + 300.5 }],
    ["a client, said twice", { client_id: "a", azp: "a" }],
    ["no scope and no roles", { scope: undefined, roles: undefined, purposes: undefined }],
  ])("%s is taken", async (_, more, head = {}) => {
    expect(await authenticating().ask(rawToken({ ...header, ...head }, { ...claims(), ...more }, good))).toEqual(
      accepted,
    );
  });

  test("an issuer's own key in its own name is taken", async () => {
    const token = rawToken(ofOther, { ...claims(), iss: other }, othersKey);
    expect(await authenticating().ask(token)).toEqual(accepted);
  });

  test("an issuer that speaks for some agencies speaks for no other, nor for nobody", async () => {
    const issuers = [{ issuer, jwksUrl: keys.url, agencies: ["POLICE", "SHERIFF"] }];
    const { ask, faults } = authenticating({ issuers });
    const of = (agency: string | undefined) => ask(rawToken(header, { ...claims(), agency }, good));
    expect([await of("POLICE"), await of("SHERIFF")]).toEqual([accepted, accepted]);
    expect([await of("ICE"), await of(undefined)]).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
    expect(faults).toEqual(["agency", "agency"]);
  });

  test("where clients are named no other one is taken, nor a token that names none", async () => {
    const { ask } = authenticating({ clients: ["records-desk"] });
    const ofClient = (more: object) => ask(rawToken(header, { ...claims(), ...more }, good));
    expect(await ofClient({ client_id: "records-desk" })).toEqual(accepted);
    expect(await ofClient({ azp: "records-desk" })).toEqual(accepted);
    expect(await ofClient({ client_id: "somebody-else" })).toBe("UNAUTHENTICATED");
    expect(await ofClient({})).toBe("UNAUTHENTICATED");
  });
});

describe("T40: an issuer that is down, slow, large, elsewhere or has new keys", () => {
  let server: KeyServer;
  let elapsedMs: number;
  beforeEach(async () => {
    server = await startKeyServer(good.jwk);
    elapsedMs = 1_000_000;
  });
  afterEach(() => server.close());
  const minutes = (count: number) => count * 60_000;
  const opened = (keysTimeoutMs = 5000) => authenticating({ elapsed: () => elapsedMs, keysTimeoutMs }, server.url);
  const token = (key = good) => rawToken({ ...header, kid: key.jwk.kid }, claims(), key);
  const settled = async (fetches: readonly string[], count: number) => {
    while (fetches.length < count) await new Promise(setImmediate);
  };

  test("known keys serve without a fetch, and are looked at again in good time while nobody waits", async () => {
    const { ask, fetches } = opened();
    for (const ms of [0, 1000, minutes(4)]) {
      elapsedMs = 1_000_000 + ms;
      expect(await ask(token())).toEqual(accepted);
    }
    expect(server.count).toBe(1);
    elapsedMs += minutes(2);
    expect(await ask(token())).toEqual(accepted);
    await settled(fetches, 2);
    expect(server.count).toBe(2);
  });

  test("while the issuer is down known keys serve until they are ten minutes old, remembered tokens too", async () => {
    const { ask, fetches } = opened();
    const remembered = token();
    expect(await ask(remembered)).toEqual(accepted);
    server.answer = (_request, response) => void response.destroy();
    elapsedMs += minutes(10) - 1;
    expect([await ask(remembered), await ask(token())]).toEqual([accepted, accepted]);
    await settled(fetches, 2);
    elapsedMs += 1;
    expect([await ask(remembered), await ask(token())]).toEqual(Array(2).fill("AUTHENTICATION_UNAVAILABLE"));
    // It was asked once, half a minute has not gone by: a failing issuer is not flooded.
    expect(server.count).toBe(2);
    server.answer = serving(good.jwk);
    elapsedMs += 30_000;
    expect(await ask(remembered)).toEqual(accepted);
  });

  test("ten thousand tokens with unknown keys are one fetch in half a minute", async () => {
    const { ask } = opened();
    expect(await ask(token())).toEqual(accepted);
    const strange = () => ask(token({ ...good, jwk: { ...good.jwk, kid: `k${Math.random()}` } }));
    const outcomes = new Set<unknown>();
    for (let round = 0; round < 100; round += 1)
      for (const outcome of await Promise.all(Array.from({ length: 100 }, strange))) outcomes.add(outcome);
    expect([server.count, [...outcomes]]).toEqual([1, ["UNAUTHENTICATED"]]);
    elapsedMs += 30_000;
    await Promise.all(Array.from({ length: 100 }, strange));
    expect(server.count).toBe(2);
  });

  test("without any key an issuer that is down is asked after 1, 2, 4 … 30 seconds, not for every request", async () => {
    server.answer = (_request, response) => void response.destroy();
    const { ask } = opened();
    const askedAt: number[] = [];
    for (const start = elapsedMs; elapsedMs - start < 120_000; elapsedMs += 500) {
      const before = server.count;
      expect(await ask(token())).toBe("AUTHENTICATION_UNAVAILABLE");
      if (server.count > before) askedAt.push((elapsedMs - start) / 1000);
    }
    expect(askedAt).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
  });

  test("a new key is known at the first token that names it; the old one stops with the same fetch", async () => {
    const { ask } = opened();
    const old = token();
    expect(await ask(old)).toEqual(accepted);
    const next = keyPair("EdDSA", "k2");
    server.answer = serving(next.jwk);
    elapsedMs += 30_000;
    expect(await ask(rawToken({ ...header, alg: "EdDSA", kid: "k2" }, claims(), next))).toEqual(accepted);
    expect([await ask(old), await ask(token())]).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
    expect(server.count).toBe(2);
  });

  test("a key by an old name does not bring back what was remembered of the old one", async () => {
    const { ask, fetches } = opened();
    const old = token();
    expect(await ask(old)).toEqual(accepted);
    server.answer = serving(keyPair("ES256").jwk);
    elapsedMs += minutes(6);
    expect(await ask(old)).toEqual(accepted);
    await settled(fetches, 2);
    expect(await ask(old)).toBe("UNAUTHENTICATED");
  });

  test.each<[string, KeyServer["answer"], string]>([
    ["slow", () => {}, "timeout"],
    ["slow to end", (_request, response) => void response.write('{"keys":['), "timeout"],
    [
      "redirecting",
      (_request, response) => void response.writeHead(302, { location: elsewhere.url }).end(),
      "redirect",
    ],
    ["failing", (_request, response) => void response.writeHead(500).end("{}"), "status"],
    ["no JSON", (_request, response) => void response.end("<html>"), "malformed"],
    ["of members named twice", (_request, response) => void response.end('{"keys":[],"keys":[]}'), "malformed"],
    ["no key set", (_request, response) => void response.end('{"keys":{}}'), "malformed"],
    ["more keys than anybody has", serving(...Array.from({ length: 101 }, () => good.jwk)), "malformed"],
  ])("an answer that is %s is none: 503, and nothing is followed", async (_, answer, outcome) => {
    server.answer = answer;
    const { ask, fetches } = opened(outcome === "timeout" ? 200 : 5000);
    const looked = elsewhere.count;
    expect(await ask(token())).toBe("AUTHENTICATION_UNAVAILABLE");
    expect([fetches, elsewhere.count - looked]).toEqual([[outcome], 0]);
  });

  test("an answer of 10 MB is left where it is too large", async () => {
    let sent = 0;
    let closed: Promise<unknown> = Promise.resolve();
    server.answer = (_request, response) => {
      closed = once(response, "close");
      response.write('{"keys":[');
      const more = () => {
        while (sent < 10_000_000 && !response.destroyed) {
          sent += 64 * 1024;
          if (!response.write(" ".repeat(64 * 1024))) return void response.once("drain", more);
        }
        response.end("]}");
      };
      more();
    };
    const { ask, fetches } = opened();
    expect(await ask(token())).toBe("AUTHENTICATION_UNAVAILABLE");
    await closed;
    expect(fetches).toEqual(["too-large"]);
    expect(sent).toBeLessThan(10_000_000);
  });
});

describe("T41: a request that was captured and sent again", () => {
  test("a token that is bound to a key or a connection is refused: that binding is not checked here", async () => {
    const { ask } = authenticating();
    for (const cnf of [{ jkt: "x" }, { "x5t#S256": "x" }, null])
      expect(await ask(rawToken(header, { ...claims(), cnf }, good))).toBe("UNAUTHENTICATED");
  });

  test("one that is bound to nothing is taken as often as it is sent, until it expires and no longer", async () => {
    let now = Date.now();
    const { ask } = authenticating({ now: () => now });
    const token = rawToken(header, claims(), good);
    expect([await ask(token), await ask(token)]).toEqual([accepted, accepted]);
    now += 331_000;
    expect([await ask(token), await ask(token)]).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
  });
});

describe("T43: clocks that do not agree", () => {
  test.each<[string, number, boolean]>([
    ["29 seconds after its end", 329_000, true],
    ["a minute after its end", 360_000, false],
    ["29 seconds before it was made", -29_000, true],
    ["a minute before it was made", -61_000, false],
    ["an hour late", 3_600_000, false],
    ["an hour early", -3_600_000, false],
  ])("%s", async (_, aheadMs, isTaken) => {
    const made = { ...claims(), iat: seconds(), exp: seconds() + 300 };
    const { ask, faults } = authenticating({ now: () => made.iat * 1000 + aheadMs });
    expect(await ask(rawToken(header, made, good))).toEqual(isTaken ? accepted : "UNAUTHENTICATED");
    expect(faults).toEqual(isTaken ? [] : [aheadMs > 0 ? "expired" : "early"]);
  });

  test("a remembered token is not kept alive by a clock that was set back", async () => {
    const made = claims();
    let now = made.iat * 1000;
    const { ask } = authenticating({ now: () => now });
    const token = rawToken(header, made, good);
    expect(await ask(token)).toEqual(accepted);
    now -= 3_600_000;
    expect(await ask(token)).toBe("UNAUTHENTICATED");
  });
});

describe("T44: what vouches for the police is at most 12 hours old (CJIS 5.6.4)", () => {
  const hours = 3600;
  const police = {
    agency: "POLICE",
    roles: ["patrol-officer"],
    purposes: ["LAW_ENFORCEMENT_INQUIRY"],
    ori: "TX9990000",
  };
  const aged = (age: number, more: object) => {
    const iat = seconds() - 300;
    return rawToken(
      header,
      { ...claims(), iat, exp: seconds() + 3 * hours, auth_time: seconds() - age, ...more },
      good,
    );
  };
  test.each<[string, number, object, boolean]>([
    ["the police, 11 hours and 59 minutes", 12 * hours - 60, police, true],
    ["the police, 12 hours and a minute", 12 * hours + 60, police, false],
    ["another agency that claims a purpose of the police", 12 * hours + 60, { ...police, agency: "PD" }, false],
    ["a federal agency", 20 * hours, {}, true],
  ])("%s: signed in so long ago", async (_, age, more, isTaken) => {
    const { ask, faults } = authenticating();
    expect(await ask(aged(age, more))).toEqual(isTaken ? accepted : "UNAUTHENTICATED");
    expect(faults).toEqual(isTaken ? [] : ["too-old"]);
  });

  test("without auth_time the token's own age counts", async () => {
    const ofAge = (age: number) =>
      rawToken(header, { ...claims(), ...police, iat: seconds() - age, exp: seconds() + hours }, good);
    const { ask } = authenticating();
    expect([await ask(ofAge(11 * hours)), await ask(ofAge(13 * hours))]).toEqual([accepted, "UNAUTHENTICATED"]);
  });

  test("a remembered token grows too old like any other", async () => {
    let now = Date.now();
    const { ask } = authenticating({ now: () => now, elapsed: () => 0 });
    const token = aged(11 * hours, police);
    expect(await ask(token)).toEqual(accepted);
    now += hours * 1000 + 1000;
    expect(await ask(token)).toBe("UNAUTHENTICATED");
  });
});

test("T42: a token that is outlived while its issuer is silent is refused, remembered or not, and taken again afterwards", async () => {
  let isSilent = false;
  const { ask, faults } = authenticating({ isOutlived: ({ subject }) => isSilent && subject === "officer-1" });
  const [token, unseen] = [rawToken(header, claims(), good), rawToken(header, claims(), good)];
  expect(await ask(token)).toEqual(accepted);
  isSilent = true;
  expect([await ask(token), await ask(unseen)]).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
  expect(faults).toEqual(["too-old", "too-old"]);
  isSilent = false;
  expect(await ask(token)).toEqual(accepted);
});
