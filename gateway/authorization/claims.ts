/**
 * Claims of a verified token become a caller. Every claim has one documented form (docs/callers.md); one that is there in
 * another form makes the token unusable: nothing is guessed about who somebody is.
 */
import { isPurpose, type Purpose, policePurposes, purposesOfRoles } from "./purpose.ts";

export type Caller = {
  readonly subject: string;
  readonly agency: string | null;
  readonly roles: readonly string[];
  /** Those claimed that a role of the caller may state, as the issuer orders them. */
  readonly purposes: readonly Purpose[];
  readonly scopes: readonly string[];
  /** Nine characters of an Originating Agency Identifier. */
  readonly ori: string | null;
  readonly clearances: readonly string[];
  /** How and when the caller proved who it is. */
  readonly assurance: Assurance;
};

export type Assurance = {
  /** Subjects are told apart only within one issuer. */
  readonly issuer: string;
  /** `auth_time`, in seconds since the epoch; null where the issuer does not say. */
  readonly authenticatedAt: number | null;
  /** `acr`: the authentication context class (OpenID Connect Core, 2). */
  readonly acr: string | null;
};

/** When a token holds, in seconds since the epoch. */
export type Times = {
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly notBefore: number;
  /** `auth_time` where there is one, else `iat`. */
  readonly assertedAt: number;
  /** Of the assertion; Infinity: no bound but its expiry. */
  readonly maxAgeSeconds: number;
};

export type ClaimsFault = "claims" | "audience" | "client" | "life" | "bound" | "agency";

export type ClaimsSettings = {
  readonly audience: string;
  /** `client_id` (RFC 9068) of those who may ask; empty: any. */
  readonly clients: readonly string[];
  /** For which the token's issuer speaks; empty: for all. */
  readonly agencies: readonly string[];
};

/** Of clocks that do not agree. */
export const clockToleranceSeconds = 30;
/** A token that claims to live longer was made by mistake, or by somebody else. */
export const maxLifeSeconds = 24 * 3600;
/** CJIS Security Policy, 5.6.4: an assertion about somebody who asks criminal justice systems is at most 12 hours old. */
const maxPoliceAgeSeconds = 12 * 3600;

export function readClaims(
  claims: Readonly<Record<string, unknown>>,
  { audience, clients, agencies }: ClaimsSettings,
): { readonly caller: Caller; readonly times: Times } | ClaimsFault {
  if (!names(claims.aud, audience)) return "audience";
  // RFC 7800: bound to a key or a connection, and nobody here looks whether the sender has it.
  if ("cnf" in claims) return "bound";
  const times = readTimes(claims);
  if (times === null) return "claims";
  if (times.expiresAt <= times.issuedAt || times.expiresAt - times.issuedAt > maxLifeSeconds) return "life";
  if (!isOurClient(claims, clients)) return "client";
  const caller = readCaller(claims);
  if (caller === null) return "claims";
  if (agencies.length > 0 && !agencies.includes(caller.agency ?? "")) return "agency";
  const claimed = claims.purposes as readonly string[] | undefined;
  const isPolice = caller.agency === "POLICE" || claimed?.some((each) => policePurposes.has(each));
  return { caller, times: { ...times, maxAgeSeconds: isPolice ? maxPoliceAgeSeconds : Number.POSITIVE_INFINITY } };
}

/** Whether the token holds at this moment; asked again whenever it is used. */
export function timesFault(times: Times, nowSeconds: number): "expired" | "early" | "too-old" | null {
  const { issuedAt, expiresAt, notBefore, assertedAt, maxAgeSeconds } = times;
  if (!(nowSeconds < expiresAt + clockToleranceSeconds)) return "expired";
  if (Math.max(issuedAt, notBefore, assertedAt) > nowSeconds + clockToleranceSeconds) return "early";
  return nowSeconds - assertedAt > maxAgeSeconds ? "too-old" : null;
}

function readTimes(claims: Readonly<Record<string, unknown>>): Omit<Times, "maxAgeSeconds"> | null {
  const { exp, iat, nbf = iat, auth_time: authTime = iat } = claims;
  if (!isInstant(exp) || !isInstant(iat) || !isInstant(nbf) || !isInstant(authTime)) return null;
  return { issuedAt: iat, expiresAt: exp, notBefore: nbf, assertedAt: authTime };
}

/** NumericDate (RFC 7519, 2), up to the end of the year 9999. */
export function isInstant(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 253_402_300_799;
}

/** A text, or a list of texts (RFC 7519, 4.1.3). */
export function names(given: unknown, audience: string): boolean {
  return given === audience || (textsOf(given)?.includes(audience) ?? false);
}

/** `azp` says in OpenID Connect what `client_id` says in RFC 9068: where both stand they must say the same. */
function isOurClient({ client_id: client, azp }: Readonly<Record<string, unknown>>, clients: readonly string[]) {
  for (const each of [client, azp])
    if (each !== undefined && textOf(each, /^[\x20-\x7e]{1,256}$/) === null) return false;
  if (client !== undefined && azp !== undefined && client !== azp) return false;
  return clients.length === 0 || clients.includes((client ?? azp ?? "") as string);
}

function readCaller(claims: Readonly<Record<string, unknown>>): Caller | null {
  const subject = textOf(claims.sub, /^.{1,256}$/s);
  const optional = (value: unknown, form: RegExp) => (value === undefined ? null : (textOf(value, form) ?? undefined));
  const agency = optional(claims.agency, /^[\w .:/-]{1,64}$/);
  const ori = optional(claims.ori, /^[A-Z0-9]{9}$/);
  const scope = optional(claims.scope, /^[\x20-\x7e]*$/);
  const acr = optional(claims.acr, /^[\x21-\x7e]{1,256}$/);
  const roles = textsOf(claims.roles ?? []);
  const purposes = textsOf(claims.purposes ?? []);
  const clearances = textsOf(claims.clearances ?? []);
  if (subject === null || agency === undefined || ori === undefined || scope === undefined || acr === undefined)
    return null;
  if (roles === null || purposes === null || clearances === null) return null;
  const permitted = purposesOfRoles(roles);
  return {
    subject,
    agency,
    roles,
    purposes: purposes.filter(isPurpose).filter((each) => permitted.has(each)),
    scopes: (scope ?? "").split(" ").filter((each) => each !== ""),
    ori,
    clearances,
    assurance: {
      issuer: claims.iss as string,
      authenticatedAt: (claims.auth_time as number | undefined) ?? null,
      acr,
    },
  };
}

function textOf(value: unknown, form: RegExp): string | null {
  return typeof value === "string" && form.test(value) ? value : null;
}

function textsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : null;
}
