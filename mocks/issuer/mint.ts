/** Makes a persona's access token (RFC 9068), as the agencies' own identity provider would. Needs nothing running. */
import { randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import { issuerKey } from "./keys.ts";
import { isPersonaName, type Persona, personaNames, personas } from "./personas.ts";

export const issuerName = "https://issuer.crosswalk.example";
export const audience = "crosswalk";

const usualMinutes = 8 * 60;

export type MintSettings = {
  readonly minutes?: number;
  /** How long ago it was made, and how long before that the person signed in. */
  readonly madeMinutesAgo?: number;
  readonly signedInMinutesBefore?: number;
  /** How surely, in place of the persona's own. */
  readonly acr?: string;
  /** The folder with the issuer's key. */
  readonly home?: string;
};

/** A signed JWT. Throws a line that lists the personas when this is none of them. */
export async function mintToken(name: string, settings: MintSettings = {}): Promise<string> {
  const { minutes = usualMinutes, madeMinutesAgo = 0, signedInMinutesBefore = 0, home } = settings;
  if (!isPersonaName(name)) throw new Error(`there is no such persona; choose one of ${personaNames().join(", ")}`);
  const { kid, privateJwk } = await issuerKey(home);
  const { sub, agency, roles, purposes, scope, ori, clearances, ...persona }: Persona = personas[name];
  const acr = settings.acr ?? persona.acr;
  const issuedAt = Math.floor(Date.now() / 1000 - madeMinutesAgo * 60);
  return new SignJWT({
    auth_time: Math.floor(issuedAt - signedInMinutesBefore * 60),
    client_id: "crosswalk-development",
    agency,
    roles,
    purposes,
    scope,
    ...(ori === undefined ? {} : { ori }),
    clearances,
    ...(acr === undefined ? {} : { acr }),
  })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid })
    .setIssuer(issuerName)
    .setAudience(audience)
    .setSubject(sub)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + Math.round(minutes * 60))
    .setJti(randomUUID())
    .sign(await importJWK(privateJwk, "ES256"));
}
