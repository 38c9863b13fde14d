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
  /** The folder with the issuer's key. */
  readonly home?: string;
};

/** A signed JWT. Throws a line that lists the personas when this is none of them. */
export async function mintToken(name: string, { minutes = usualMinutes, home }: MintSettings = {}): Promise<string> {
  if (!isPersonaName(name)) throw new Error(`there is no such persona; choose one of ${personaNames().join(", ")}`);
  const { kid, privateJwk } = await issuerKey(home);
  const { sub, agency, roles, purposes, scope, ori, clearances }: Persona = personas[name];
  const issuedAt = Math.floor(Date.now() / 1000);
  return new SignJWT({
    auth_time: issuedAt,
    client_id: "crosswalk-development",
    agency,
    roles,
    purposes,
    scope,
    ...(ori === undefined ? {} : { ori }),
    clearances,
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
