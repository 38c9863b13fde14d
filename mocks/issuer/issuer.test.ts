import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { defaultHome } from "../development-keys.ts";
import { startIssuer } from "./issuer.ts";
import { issuerKey } from "./keys.ts";
import { audience, issuerName, mintToken } from "./mint.ts";
import { type Persona, personaNames, personas } from "./personas.ts";

const program = fileURLToPath(new URL("./token.ts", import.meta.url));

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "crosswalk-issuer-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const token = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    env: { ...process.env, CROSSWALK_HOME: home, NODE_OPTIONS: "" },
  });

describe("personas", () => {
  test("are the documented ones, with their usual purpose first", () => {
    expect(Object.fromEntries(personaNames().map((name) => [name, personas[name].purposes]))).toEqual({
      "ero-officer": ["CUSTODY", "REMOVAL_OPERATIONS"],
      "cbp-officer": ["BORDER_INSPECTION"],
      "asylum-officer": ["ASYLUM_ADJUDICATION"],
      "court-clerk": ["COURT_PROCEEDING"],
      "police-patrol": ["LAW_ENFORCEMENT_INQUIRY"],
      "police-jail": ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
      "police-287g-jail": ["JAIL_INTAKE", "LAW_ENFORCEMENT_INQUIRY"],
      "police-287g-warrant": ["LAW_ENFORCEMENT_INQUIRY"],
      "orr-caseworker": ["CHILD_PLACEMENT"],
      "protected-persons-supervisor": ["PROTECTED_PERSONS_1367", "BREAK_GLASS"],
      oversight: ["OVERSIGHT"],
      integrator: ["OVERSIGHT"],
      nobody: [],
    });
  });

  test("police carry an ORI of nine characters, and nobody else does", () => {
    for (const name of personaNames()) {
      const { ori }: Persona = personas[name];
      expect([name, /^[A-Z]{2}[A-Z0-9]{7}$/.test(ori ?? "")]).toEqual([name, name.startsWith("police")]);
    }
  });

  test("nobody else is the same subject", () => {
    expect(new Set(personaNames().map((name) => personas[name].sub)).size).toBe(personaNames().length);
  });
});

describe("the key", () => {
  test("is made once, in a file that only its owner can read", async () => {
    const first = await issuerKey(home);
    expect(await issuerKey(home)).toEqual(first);
    expect(statSync(join(home, "issuer-key.json")).mode & 0o777).toBe(0o600);
    expect(readdirSync(home)).toEqual(["issuer-key.json"]);
  });

  test("is one and the same for all that start together", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => issuerKey(home)));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
    expect(readdirSync(home)).toEqual(["issuer-key.json"]);
  });

  test("has no secret part in what others see", async () => {
    const { publicJwk } = await issuerKey(home);
    expect(Object.keys(publicJwk).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  });

  test.each(["", "{}", "nonsense", '{"kty":"EC","crv":"P-256","x":"a","y":"b"}'])(
    "a file that is no key (%j) is refused with what to do, and left alone",
    async (text) => {
      writeFileSync(join(home, "issuer-key.json"), text);
      await expect(issuerKey(home)).rejects.toThrow("delete it");
      expect(readFileSync(join(home, "issuer-key.json"), "utf8")).toBe(text);
    },
  );

  test("a file that cannot be read is not replaced", async () => {
    await expect(issuerKey(join(program, "below-a-file"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  test("stands in .crosswalk unless CROSSWALK_HOME says otherwise", () => {
    expect(defaultHome({})).toMatch(/[\\/]\.crosswalk$/);
    expect(defaultHome({ CROSSWALK_HOME: "/elsewhere" })).toBe("/elsewhere");
  });
});

describe("a token", () => {
  test("is verified by what the issuer's listener publishes", async () => {
    const listening = await startIssuer({ port: 0, home });
    try {
      const at = `http://127.0.0.1:${listening.port}`;
      const configuration = await (await fetch(`${at}/.well-known/openid-configuration`)).json();
      expect(configuration).toMatchObject({ issuer: issuerName, jwks_uri: `${at}/jwks.json` });
      const keys = createRemoteJWKSet(new URL(`${at}/jwks.json`));
      const { payload, protectedHeader } = await jwtVerify(await mintToken("police-jail", { home }), keys, {
        issuer: "https://issuer.crosswalk.example",
        audience: "crosswalk",
        typ: "at+jwt",
        algorithms: ["ES256"],
        requiredClaims: ["exp", "iat", "jti", "sub", "client_id", "auth_time"],
      });
      expect(protectedHeader.kid).toBe((await issuerKey(home)).kid);
      const { sub, ...claims }: Persona = personas["police-jail"];
      expect(payload).toMatchObject({ sub, ...claims });
      expect(Number(payload.exp) - Number(payload.iat)).toBe(8 * 3600);
      expect((await fetch(`${at}/other`)).status).toBe(404);
      expect((await fetch(`${at}/jwks.json`, { method: "POST" })).status).toBe(405);
    } finally {
      await listening.close();
    }
  });

  test.each(personaNames())("is made for %s with all of its claims and no others", async (name) => {
    const claims = decodeJwt(await mintToken(name, { home, minutes: 3 }));
    const { auth_time: signedInAt, client_id: client, iss, aud, iat, exp, jti, ...persona } = claims;
    expect(persona).toEqual(personas[name]);
    expect([iss, aud, client, signedInAt]).toEqual([issuerName, audience, "crosswalk-development", iat]);
    expect(Number(exp) - Number(iat)).toBe(180);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test("a token can be made as an old one, of somebody who signed in before", async () => {
  const settings = { home, minutes: 30, madeMinutesAgo: 60, signedInMinutesBefore: 15, acr: "phrh" };
  const claims = decodeJwt(await mintToken("court-clerk", settings));
  const agoMinutes = (instant: unknown) => Math.round((Date.now() / 1000 - Number(instant)) / 60);
  expect([claims.exp, claims.iat, claims.auth_time].map(agoMinutes)).toEqual([30, 60, 75]);
  expect(claims.acr).toBe("phrh");
});

describe("npm run -s token", () => {
  test("prints one token and nothing else, with nothing running", () => {
    const { status, stdout, stderr } = token("ero-officer", "--minutes", "5");
    expect([status, stderr]).toEqual([0, ""]);
    expect(decodeProtectedHeader(stdout.trim())).toMatchObject({ alg: "ES256", typ: "at+jwt" });
    const { sub, exp, iat } = decodeJwt(stdout.trim());
    expect([sub, Number(exp) - Number(iat)]).toEqual(["ero-officer-1", 300]);
  });

  test.each([
    [["constructor"], "choose one of ero-officer, cbp-officer"],
    [["ero-officer", "--minutes", "soon"], "--minutes takes a whole number"],
    [["ero-officer", "--minutes", "0"], "--minutes takes a whole number"],
    [["ero-officer", "--minutes", "1441"], "--minutes takes a whole number"],
  ])("%j is refused in one line, with exit code 1", (args, line) => {
    const { status, stdout, stderr } = token(...args);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(line);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test.each([[[]], [["ero-officer", "oversight"]], [["--hours", "3", "ero-officer"]]])(
    "%j is answered with all personas and what they may ask for, with exit code 1",
    (args) => {
      const { status, stdout, stderr } = token(...args);
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^token: npm run -s token -- <persona>/);
      const listed = stderr.match(/^ {2}\S+(?= )/gm)?.map((line) => line.trim());
      expect(listed).toEqual(personaNames());
      expect(stderr).toMatch(/^ {2}ero-officer +CUSTODY, REMOVAL_OPERATIONS$/m);
    },
  );
});
