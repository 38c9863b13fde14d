/** Who asks: every persona with each of its purposes, and claims that nobody has in earnest. Tokens are made by hand. */
import { randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import { issuerKey } from "../../mocks/issuer/keys.ts";
import { audience, issuerName } from "../../mocks/issuer/mint.ts";
import { type Persona, personaNames, personas } from "../../mocks/issuer/personas.ts";
import type { Caller } from "./law.ts";

export type Asker = {
  readonly name: string;
  readonly caller: Caller;
  readonly headers: Readonly<Record<string, string>>;
};

type Claims = Omit<Persona, "sub"> & { readonly sub?: string };

const changed = (name: keyof typeof personas, more: Partial<Claims>): Claims => ({ ...personas[name], ...more });

const { ori: _state, ...withoutState } = personas["police-patrol"];

/** Each lacks or adds one thing that a rule asks for. */
const madeUp: Readonly<Record<string, Claims>> = {
  "an ICE officer of another role": changed("ero-officer", { roles: ["deportation-officer", "trainee"] }),
  "a border officer who may state the purposes of ICE": changed("cbp-officer", {
    roles: ["border-officer", "deportation-officer"],
    purposes: ["CUSTODY", "BORDER_INSPECTION"],
  }),
  "an asylum officer without clearance": changed("asylum-officer", { clearances: [] }),
  "a court clerk without clearance": changed("court-clerk", { clearances: [] }),
  "a court clerk cleared for 1367": changed("court-clerk", { clearances: ["1367", "asylum"] }),
  "a supervisor without clearance for 1367": changed("protected-persons-supervisor", { clearances: ["asylum"] }),
  "a supervisor without clearance for asylum": changed("protected-persons-supervisor", { clearances: ["1367"] }),
  "a supervisor of another agency": changed("protected-persons-supervisor", { agency: "OIG" }),
  "an inspector without scope": changed("oversight", { scope: "" }),
  "an inspector who breaks the glass": changed("oversight", {
    roles: ["break-glass"],
    purposes: ["BREAK_GLASS"],
    acr: "phr",
  }),
  "an officer of ICE who breaks the glass": changed("ero-officer", {
    roles: ["deportation-officer", "break-glass"],
    purposes: ["BREAK_GLASS", "CUSTODY"],
    acr: "phr",
  }),
  "an integrator who breaks the glass": changed("integrator", {
    roles: ["break-glass"],
    purposes: ["BREAK_GLASS"],
    acr: "phr",
  }),
  "police with the scope of officers": changed("police-jail", { scope: "hold:read person:read" }),
  "police of a state that ICE does not answer": changed("police-287g-jail", { ori: "MD999013C" }),
  "police without a state": withoutState,
  "police without scope": changed("police-287g-warrant", { scope: "" }),
  "an officer of ICE who asks about holds": changed("ero-officer", { scope: "person:read hold:read" }),
  "somebody of no agency with every scope": changed("nobody", { scope: "person:read hold:read" }),
};

/** All of them, each with a token that holds for hours. */
export async function readAskers(): Promise<readonly Asker[]> {
  const known = Object.fromEntries(personaNames().map((name): [string, Claims] => [name, personas[name]]));
  const askers: Asker[] = [];
  for (const [name, claims] of [...Object.entries(known), ...Object.entries(madeUp)])
    for (const purpose of claims.purposes.length > 0 ? claims.purposes : [""])
      askers.push({
        name: purpose === "" ? name : `${name}, ${purpose}`,
        caller: {
          agency: claims.agency,
          jurisdiction: claims.ori?.slice(0, 2) ?? "",
          roles: claims.roles,
          scopes: claims.scope.split(" ").filter((each) => each !== ""),
          clearances: claims.clearances,
          purpose,
        },
        headers: {
          authorization: `Bearer ${await tokenOf(claims)}`,
          ...(purpose === "" ? {} : { "crosswalk-purpose": purpose }),
          ...(purpose === "BREAK_GLASS" ? { "crosswalk-reason": "somebody is in danger" } : {}),
        },
      });
  return askers;
}

async function tokenOf(claims: Claims): Promise<string> {
  const { kid, privateJwk } = await issuerKey();
  const { agency, roles, purposes, scope, ori, clearances, acr } = claims;
  const now = Math.floor(Date.now() / 1000);
  const given = { agency, roles, purposes, scope, ori, clearances, acr, auth_time: now, client_id: "reference" };
  return new SignJWT(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid })
    .setIssuer(issuerName)
    .setAudience(audience)
    .setSubject(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + 8 * 3600)
    .setJti(randomUUID())
    .sign(await importJWK(privateJwk, "ES256"));
}
