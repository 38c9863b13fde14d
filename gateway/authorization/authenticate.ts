/**
 * Who asks: a JWT of a configured issuer (RFC 9068 access token) becomes a caller.
 *
 * INVARIANT: a token is verified only with the keys of the issuer that it names, by the one algorithm of that key; what is
 * remembered of it holds only as long as that key set is in use and the token's times permit.
 */
import { hash } from "node:crypto";
import { jwtVerify } from "jose";
import { type Refusal, refuse } from "../errors.ts";
import { type Caller, type ClaimsFault, clockToleranceSeconds, readClaims, type Times, timesFault } from "./claims.ts";
import { type FetchFault, type IssuerKeys, issuerKeys } from "./issuer-keys.ts";
import type { KeySet, RefusedKey, VerifyingKey } from "./key-set.ts";
import { bearerToken, readToken, type UnverifiedToken, usualToken } from "./token.ts";

export type { Caller } from "./claims.ts";

export type Authenticate = (authorization: string | undefined) => Promise<Accepted | Refusal>;

export type Accepted = {
  readonly caller: Caller;
  /** What is told of the token when it is revoked. */
  readonly token: TokenAbout;
  /** What is wrong with the token by now; null: it still holds. Asked again by whatever outlives a request. */
  fault(): TokenFault | "unavailable" | null;
};

/** INVARIANT: nothing here lets whoever reads it be the caller. */
export type TokenAbout = {
  readonly issuer: string;
  readonly subject: string;
  /** `jti` and `sid`; null where the token has none. */
  readonly id: string | null;
  readonly session: string | null;
  /** In seconds since the epoch. */
  readonly issuedAt: number;
};

/** Why a token was not accepted: for metrics alone, the client learns nothing of it. The list is closed. */
export type TokenFault =
  | "absent"
  | "malformed"
  | "issuer"
  | "key"
  | "algorithm"
  | "signature"
  | "expired"
  | "early"
  | "too-old"
  | "revoked"
  | ClaimsFault;

/** What happens that somebody should know of. */
export type AuthenticationEvents = {
  readonly tokenRefused: (fault: TokenFault) => void;
  readonly issuerKeysFetched: (fetched: { readonly issuer: string; readonly outcome: "fetched" | FetchFault }) => void;
  readonly issuerKeyRefused: (refused: RefusedKey & { readonly issuer: string }) => void;
};

export type AuthenticateSettings = {
  readonly issuers: readonly {
    readonly issuer: string;
    readonly jwksUrl: string;
    /** For which it speaks; empty: for all. */
    readonly agencies?: readonly string[];
  }[];
  readonly audience: string;
  /** Clients through which callers may come; empty: any. */
  readonly clients?: readonly string[];
  readonly keysTimeoutMs?: number;
  readonly keysMaxAgeMs?: number;
  /** By issuer; opened here where they are not given. */
  readonly keys?: ReadonlyMap<string, IssuerKeys>;
  /** Sessions and tokens that their issuer has taken back (revocations.ts). */
  readonly isRevoked?: (token: TokenAbout) => boolean;
  /** Tokens that are too old for as long as nobody can say what their issuer has taken back. */
  readonly isOutlived?: (token: TokenAbout) => boolean;
  readonly events?: Partial<AuthenticationEvents>;
  /** The date, in milliseconds since the epoch; and time that passes, on a clock that is never set. */
  readonly now?: () => number;
  readonly elapsed?: () => number;
};

/** How many verified tokens are remembered. */
const maxRemembered = 20_000;

type Remembered = {
  readonly accepted: Accepted;
  readonly times: Times;
  readonly keys: IssuerKeys;
  readonly keySet: KeySet;
};

/** Keys are fetched when first needed. Throws nothing: what cannot be verified is refused. */
export function authenticator(settings: AuthenticateSettings): Authenticate {
  const { now = Date.now, events = {}, isRevoked = () => false, isOutlived = () => false } = settings;
  const { audience, clients = [], keys: keysOf = openIssuerKeys(settings) } = settings;
  const issuers = new Map(
    settings.issuers.map(({ issuer, agencies = [] }) => [
      issuer,
      { keys: keysOf.get(issuer) as IssuerKeys, claims: { audience, clients, agencies } },
    ]),
  );
  const remembered = new Map<string, Remembered>();

  const refused = (fault: TokenFault): Refusal => {
    events.tokenRefused?.(fault);
    return unauthenticated;
  };

  const takenBack = (token: TokenAbout): "revoked" | "too-old" | null =>
    isRevoked(token) ? "revoked" : isOutlived(token) ? "too-old" : null;

  /** Verifying costs more than all the rest of finding out who asks; the same token comes again and again. */
  function recall(digest: string): Accepted | Refusal | null {
    const known = remembered.get(digest);
    if (known === undefined) return null;
    const fault = timesFault(known.times, now() / 1000) ?? takenBack(known.accepted.token);
    if (fault === null && known.keys.current() === known.keySet) return known.accepted;
    remembered.delete(digest);
    return fault === null ? null : refused(fault);
  }

  function remember(digest: string, verified: Remembered): void {
    // The oldest goes: whoever still uses it verifies it once more.
    const [oldest] = remembered.size >= maxRemembered ? remembered.keys() : [];
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(digest, verified);
  }

  return async (authorization) => {
    // Its form was looked at when it was verified: whoever is remembered is found before that.
    const usual = usualToken(authorization);
    const recalledAtOnce = usual === null ? null : recall(digestOf(usual));
    if (recalledAtOnce !== null) return recalledAtOnce;
    const token = bearerToken(authorization);
    if (token === null) return refused(authorization === undefined ? "absent" : "malformed");
    const digest = digestOf(token);
    const recalled = token === usual ? null : recall(digest);
    if (recalled !== null) return recalled;
    const read = readToken(token);
    if (read === null) return refused("malformed");
    const issuer = issuers.get(read.issuer);
    if (issuer === undefined) return refused("issuer");
    const found = await issuer.keys.find(read.kid);
    if (found === "unavailable") return unavailable;
    if (found === "unknown") return refused("key");
    if (found.key.algorithm !== read.algorithm) return refused("algorithm");
    const date = now();
    const verdict = await verify(token, read, found.key, audience, date);
    if (verdict === "signature") return refused("signature");
    const claims = readClaims(read.claims, issuer.claims);
    if (typeof claims === "string") return refused(claims);
    const { caller, times } = claims;
    const fault = timesFault(times, date / 1000);
    if (fault !== null || verdict !== null) return refused(fault ?? "claims");
    const about = aboutToken(read.claims, caller, times);
    const over = takenBack(about);
    if (over !== null) return refused(over);
    const accepted: Accepted = {
      caller,
      token: about,
      fault: () =>
        timesFault(times, now() / 1000) ?? takenBack(about) ?? keyFault(issuer.keys, read.kid, found.key.digest),
    };
    remember(digest, { accepted, times, keys: issuer.keys, keySet: found.keySet });
    return accepted;
  };
}

/** Not the token itself: it would let whoever reads this memory be the caller. */
const digestOf = (token: string): string => hash("sha256", token, "base64url");

/** The issuer must still publish the key that the token was verified with. */
function keyFault(keys: IssuerKeys, kid: string, digest: string): "key" | "unavailable" | null {
  const keySet = keys.current();
  if (keySet === null) return "unavailable";
  return keySet.get(kid)?.digest === digest ? null : "key";
}

function aboutToken(
  { jti, sid }: UnverifiedToken["claims"],
  { subject, assurance: { issuer } }: Caller,
  { issuedAt }: Times,
): TokenAbout {
  const textOf = (value: unknown) => (typeof value === "string" ? value : null);
  return { issuer, subject, id: textOf(jti), session: textOf(sid), issuedAt };
}

/** The keys of every configured issuer, fetched when first needed. */
export function openIssuerKeys(
  settings: Pick<AuthenticateSettings, "issuers" | "events" | "keysTimeoutMs" | "keysMaxAgeMs" | "elapsed">,
): ReadonlyMap<string, IssuerKeys> {
  return new Map(settings.issuers.map(({ issuer, jwksUrl }) => [issuer, keysFor(settings, issuer, jwksUrl)]));
}

function keysFor(settings: Parameters<typeof openIssuerKeys>[0], issuer: string, url: string): IssuerKeys {
  const { events = {}, keysTimeoutMs = 3000, keysMaxAgeMs = 600_000, elapsed = () => performance.now() } = settings;
  return issuerKeys({
    url,
    timeoutMs: keysTimeoutMs,
    maxAgeMs: keysMaxAgeMs,
    elapsed,
    onFetch: (outcome) => events.issuerKeysFetched?.({ issuer, outcome }),
    onRefusedKey: (refused) => events.issuerKeyRefused?.({ issuer, ...refused }),
  });
}

/** One text for all that is wrong with a token: whoever tries learns nothing. */
const unauthenticated = refuse("UNAUTHENTICATED", undefined, { "www-authenticate": 'Bearer realm="crosswalk"' });
const unavailable = refuse("AUTHENTICATION_UNAVAILABLE", undefined, { "retry-after": "5" });

/** The signature, and once more by another's hand what is checked of the claims here. */
async function verify(
  token: string,
  { issuer }: UnverifiedToken,
  { algorithm, key }: VerifyingKey,
  audience: string,
  date: number,
): Promise<"signature" | "claims" | null> {
  try {
    await jwtVerify(token, key, {
      algorithms: [algorithm],
      issuer,
      audience,
      typ: "at+jwt",
      requiredClaims: ["exp", "iat", "sub"],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(date),
    });
    return null;
  } catch (error) {
    // The package looks at claims only when the signature was good.
    const { code } = error as { code?: unknown };
    return typeof code === "string" && /^ERR_JWT_(EXPIRED|CLAIM_)/.test(code) ? "claims" : "signature";
  }
}
