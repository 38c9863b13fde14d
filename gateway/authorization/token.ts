/** A token as text: what stands in it, before anything of it is believed (JWS compact form, RFC 7515; RFC 9068). */
import { parseStrictJson } from "./strict-json.ts";

export type UnverifiedToken = {
  readonly algorithm: string;
  readonly kid: string;
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
};

/** Of an Authorization header: what is longer is not looked at. */
const maxAuthorizationChars = 8 * 1024;

/** Members by which a token would bring its own key, say where to fetch one, or change how it is to be read. */
const neverTaken = ["jwk", "jku", "x5c", "x5u", "crit", "b64", "zip", "enc"];

/** The token of an Authorization header; null when there is none in the one form that is taken. */
export function bearerToken(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > maxAuthorizationChars) return null;
  return /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1] ?? null;
}

/** What stands where the token stands in the usual spelling; whether it is one, nobody has looked. */
export function usualToken(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > maxAuthorizationChars) return null;
  return authorization.startsWith("Bearer ") ? authorization.slice("Bearer ".length) : null;
}

/** What a token says that it is. RFC 9068, 4: an ID token must not pass for an access token; nor may a SET (RFC 8417, 2.3). */
const types = { access: /^(application\/)?at\+jwt$/i, event: /^(application\/)?secevent\+jwt$/i } as const;

/** Null when it is not of the form of such a token. */
export function readToken(token: string, type: keyof typeof types = "access"): UnverifiedToken | null {
  const [header, claims, signature = ""] = token.split(".");
  try {
    const { alg: algorithm, kid, typ, ...others } = readPart(header);
    const given = readPart(claims);
    bytesOf(signature);
    if (typeof algorithm !== "string" || typeof kid !== "string" || typeof typ !== "string") return null;
    if (!types[type].test(typ)) return null;
    if (neverTaken.some((name) => name in others) || typeof given.iss !== "string") return null;
    return { algorithm, kid, issuer: given.iss, claims: given };
  } catch {
    return null;
  }
}

function readPart(part = ""): Readonly<Record<string, unknown>> {
  const value = parseStrictJson(bytesOf(part));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError("no object");
  return value as Readonly<Record<string, unknown>>;
}

/** One text for the same bytes: other spellings of a token are not that token. */
function bytesOf(part: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) throw new SyntaxError("not base64url in its one form");
  return bytes;
}
