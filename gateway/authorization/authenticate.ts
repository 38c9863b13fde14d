/**
 * Who asks: a JWT of a configured issuer (RFC 9068 access token) becomes a caller.
 *
 * INVARIANT: a token is verified only with the keys of the issuer that it names, and only by the algorithms listed here.
 */
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { type Refusal, refuse } from "../errors.ts";
import { isPurpose, type Purpose } from "./purpose.ts";

export type Caller = {
  readonly subject: string;
  readonly agency: string | null;
  readonly roles: readonly string[];
  /** The first one is the caller's usual one. */
  readonly purposes: readonly Purpose[];
  readonly scopes: readonly string[];
  /** Nine characters of an Originating Agency Identifier. */
  readonly ori: string | null;
  readonly clearances: readonly string[];
};

export type Authenticate = (authorization: string | undefined) => Promise<{ readonly caller: Caller } | Refusal>;

export type AuthenticateSettings = {
  readonly issuers: readonly { readonly issuer: string; readonly jwksUrl: string }[];
  readonly audience: string;
  readonly keysTimeoutMs?: number;
};

const algorithms = ["EdDSA", "ES256", "RS256"];
const clockToleranceSeconds = 30;

/** Keys are fetched when first needed, kept for 10 minutes, and asked for again at most every 30 s for an unknown key id. */
export function authenticator({ issuers, audience, keysTimeoutMs = 3000 }: AuthenticateSettings): Authenticate {
  const keys = new Map(
    issuers.map(({ issuer, jwksUrl }) => [
      issuer,
      createRemoteJWKSet(new URL(jwksUrl), {
        timeoutDuration: keysTimeoutMs,
        cacheMaxAge: 600_000,
        cooldownDuration: 30_000,
      }),
    ]),
  );
  return async (authorization) => {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return unauthenticated;
    try {
      const { iss: issuer = "" } = decodeJwt(token);
      const issuersKeys = keys.get(issuer);
      if (!issuersKeys) return unauthenticated;
      const { payload } = await jwtVerify(token, issuersKeys, {
        issuer,
        audience,
        algorithms,
        typ: "at+jwt",
        requiredClaims: ["exp", "sub"],
        clockTolerance: clockToleranceSeconds,
      });
      const caller = readCaller(payload);
      return caller ? { caller } : unauthenticated;
    } catch (error) {
      return isAboutToken(error)
        ? unauthenticated
        : refuse("AUTHENTICATION_UNAVAILABLE", undefined, { "retry-after": "5" });
    }
  };
}

const unauthenticated = refuse("UNAUTHENTICATED", undefined, { "www-authenticate": 'Bearer realm="crosswalk"' });

/** Whether the token is at fault; everything else means that the issuer's keys could not be had. */
function isAboutToken(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  // The plain JOSE error stands for an answer of the issuer that is no key set.
  const keysAreMissing = [errors.JWKSTimeout.code, errors.JWKSInvalid.code, errors.JOSEError.code];
  return typeof code === "string" && code.startsWith("ERR_J") && !keysAreMissing.includes(code);
}

/** Null when a claim is not of its form: nothing is guessed about who somebody is. */
function readCaller(claims: JWTPayload): Caller | null {
  const text = (value: unknown, form: RegExp) => (typeof value === "string" && form.test(value) ? value : undefined);
  const texts = (value: unknown) => {
    if (value === undefined) return [];
    return Array.isArray(value) && value.every((each) => typeof each === "string") ? (value as string[]) : undefined;
  };
  const subject = text(claims.sub, /^.{1,256}$/s);
  const agency = claims.agency === undefined ? null : text(claims.agency, /^[\w .:/-]{1,64}$/);
  const ori = claims.ori === undefined ? null : text(claims.ori, /^[A-Z0-9]{9}$/);
  const scope = claims.scope === undefined ? "" : text(claims.scope, /^[\x20-\x7e]*$/);
  const [roles, purposes, clearances] = [texts(claims.roles), texts(claims.purposes), texts(claims.clearances)];
  if (subject === undefined || agency === undefined || ori === undefined || scope === undefined) return null;
  if (!roles || !purposes || !clearances) return null;
  const scopes = scope.split(" ").filter((each) => each !== "");
  return { subject, agency, roles, purposes: purposes.filter(isPurpose), scopes, ori, clearances };
}
