/**
 * `npm run -s revoke -- <persona>` prints a Security Event Token (RFC 8417) that takes back the persona's sessions, as an
 * identity provider would push it (CAEP, session-revoked). Needs nothing running.
 */
import { randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import { issuerKey } from "./keys.ts";
import { audience, issuerName } from "./mint.ts";
import { isPersonaName, personaNames, personas } from "./personas.ts";

const sessionRevoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";

/** All tokens of the persona that were made until now. Throws a line that lists the personas when this is none of them. */
export async function mintRevocation(name: string, home?: string): Promise<string> {
  if (!isPersonaName(name)) throw new Error(`there is no such persona; choose one of ${personaNames().join(", ")}`);
  const { kid, privateJwk } = await issuerKey(home);
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    sub_id: { format: "iss_sub", iss: issuerName, sub: personas[name].sub },
    events: { [sessionRevoked]: { event_timestamp: now, initiating_entity: "admin" } },
  })
    .setProtectedHeader({ alg: "ES256", typ: "secevent+jwt", kid })
    .setIssuer(issuerName)
    .setAudience(audience)
    .setIssuedAt(now)
    .setJti(randomUUID())
    .sign(await importJWK(privateJwk, "ES256"));
}

if (import.meta.main) {
  mintRevocation(process.argv[2] ?? "").then(console.log, (error: Error) => {
    console.error(`revoke: ${error.message}`);
    process.exitCode = 1;
  });
}
