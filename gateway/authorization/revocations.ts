/**
 * Sessions that their issuer has taken back: CAEP `session-revoked` as a Security Event Token (RFC 8417), pushed here
 * (RFC 8935) or passed on by another gateway. Effective at once for what is asked and for what is being told.
 *
 * INVARIANT: an issuer takes back what is its own, and nobody else does. What was taken back stays so until no token of
 * its time can hold any longer, whatever else comes and however much.
 */
import { jwtVerify } from "jose";
import type { TokenAbout } from "./authenticate.ts";
import { clockToleranceSeconds, isInstant, maxLifeSeconds, names } from "./claims.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { readToken, type UnverifiedToken } from "./token.ts";

/** Why an announcement was not taken; the list is closed, and stands in logs and metrics. */
export type SetFault =
  | "malformed"
  | "issuer"
  | "key"
  | "algorithm"
  | "signature"
  | "audience"
  | "stale"
  | "early"
  | "replayed"
  | "event"
  | "subject"
  | "unavailable"
  | "too-many";

/** `revoked`: it was not known before. `verified`: a test of the way here. `known`: passed on, and in force already. */
export type SetOutcome = "revoked" | "verified" | "known" | { readonly refused: SetFault };

export type Revocations = {
  isRevoked(token: TokenAbout): boolean;
  /** Nothing was heard from its issuer for longer than it promised, and it was made before what is believed meanwhile. */
  isOutlived(token: TokenAbout): boolean;
  /** Looks who is silent, and tells of it. To be called often: where nobody asks, nobody would notice. */
  tick(): void;
  /** `push`: from the issuer, fresh and once. `stream`: from another gateway that took it, perhaps long ago. */
  receive(set: string, from: "push" | "stream"): Promise<SetOutcome>;
  /** Called at once when something was taken back. */
  onRevoked(listener: () => void): () => void;
};

export type RevocationSettings = {
  /** By issuer. */
  readonly keys: ReadonlyMap<string, IssuerKeys>;
  readonly audience: string;
  /** Hands on what was pushed here to the other gateways. */
  readonly pass?: (set: string) => void;
  readonly onOutcome?: (outcome: SetOutcome, from: "push" | "stream") => void;
  /** By issuer: in how many seconds at most it proves the way here, if only by a verification event. */
  readonly heardEverySeconds?: ReadonlyMap<string, number>;
  /** An issuer is silent for too long, or is heard again. */
  readonly onSilence?: (issuer: string, isSilent: boolean) => void;
  /** The date, in milliseconds since the epoch. */
  readonly now?: () => number;
  /** Milliseconds on a clock that is never set. */
  readonly elapsed?: () => number;
  readonly maxEntries?: number;
};

/** Of a pushed announcement: what is older was held back by somebody. */
const maxPushAgeSeconds = 300;
const maxSetChars = 16 * 1024;
/** How old a token may be while nobody can say what its issuer has taken back: as old as one that nobody can take back. */
const unheardLifeSeconds = 300;
/** Of its own interval: one event may be late. */
const silentAfterIntervals = 2;
/** No token issued before holds any longer. */
const keptSeconds = maxLifeSeconds + 2 * clockToleranceSeconds;

const caep = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const verification = [
  "https://schemas.openid.net/secevent/ssf/event-type/verification",
  "https://schemas.openid.net/secevent/sse/event-type/verification",
];

type Entry = { readonly issuer: string; readonly at: number; readonly until: number };

export function revocations(settings: RevocationSettings): Revocations {
  const { keys, audience, pass, onOutcome, now = Date.now, maxEntries = 100_000 } = settings;
  const { heardEverySeconds = new Map<string, number>(), onSilence, elapsed = () => performance.now() } = settings;
  /** By what was taken back, oldest first. */
  const entries = new Map<string, Entry>();
  /** By issuer: up to when everything is taken to be. */
  const floors = new Map<string, number>();
  /** Announcements by issuer and `jti`, each with the date until which it could come again. */
  const seen = new Map<string, number>();
  const listeners = new Set<() => void>();
  const seconds = () => now() / 1000;
  /** By issuer, in elapsed seconds: when it last said anything. The beginning counts, or nobody could sign in after it. */
  const heardAt = new Map([...heardEverySeconds.keys()].map((issuer) => [issuer, elapsed() / 1000]));
  const silent = new Set<string>();

  const isSilent = (issuer: string): boolean => {
    const every = heardEverySeconds.get(issuer);
    if (every === undefined) return false;
    const silence = elapsed() / 1000 - (heardAt.get(issuer) ?? 0);
    const isOver = silence > silentAfterIntervals * every + clockToleranceSeconds;
    if (isOver === silent.has(issuer)) return isOver;
    if (isOver) silent.add(issuer);
    else silent.delete(issuer);
    onSilence?.(issuer, isOver);
    return isOver;
  };
  /** `at`: on the issuer's clock. What lay somewhere for a while counts from when it was said. */
  const heard = (issuer: string, at: number): void => {
    const before = heardAt.get(issuer);
    if (before === undefined) return;
    const ago = Math.max(0, seconds() - at);
    heardAt.set(issuer, Math.max(before, elapsed() / 1000 - ago));
    isSilent(issuer);
  };
  const drop = (key: string, { issuer, at }: Entry): void => {
    entries.delete(key);
    // Rather than forget one, everybody who signed in before it signs in anew.
    floors.set(issuer, Math.max(floors.get(issuer) ?? 0, at));
  };
  const add = (key: string, entry: Entry): void => {
    const before = entries.get(key);
    entries.delete(key);
    entries.set(key, before && before.at > entry.at ? before : entry);
    for (const [each, { until }] of entries) {
      if (until > seconds()) break;
      entries.delete(each);
    }
    for (const [each, oldest] of entries) {
      if (entries.size <= maxEntries) break;
      drop(each, oldest);
    }
  };
  const forgetSeen = (): void => {
    for (const [key, until] of seen) {
      if (until > seconds()) break;
      seen.delete(key);
    }
  };

  const take = async (set: string, from: "push" | "stream"): Promise<SetOutcome> => {
    const read = set.length > maxSetChars ? null : readToken(set, "event");
    if (read === null) return { refused: "malformed" };
    const fault = await verify(read, set, keys, audience);
    if (fault !== null) return { refused: fault };
    const { iat, jti, events } = read.claims;
    if (!isInstant(iat) || typeof jti !== "string" || jti === "" || jti.length > 256) return { refused: "malformed" };
    if (iat > seconds() + clockToleranceSeconds) return { refused: "early" };
    if (seconds() - iat > (from === "push" ? maxPushAgeSeconds : keptSeconds)) return { refused: "stale" };
    const once = JSON.stringify([read.issuer, jti]);
    forgetSeen();
    if (seen.has(once)) return from === "push" ? { refused: "replayed" } : "known";
    const event = readEvents(events, read);
    if (typeof event === "object" && "refused" in event) return event;
    // Only to whom what is refused here is told, and who tries again: the issuer itself.
    if (from === "push" && seen.size >= maxEntries) return { refused: "too-many" };
    if (seen.size < maxEntries) seen.set(once, iat + maxPushAgeSeconds + clockToleranceSeconds);
    if (event !== "verified" && event.at > seconds() + clockToleranceSeconds) return { refused: "early" };
    heard(read.issuer, iat);
    if (from === "push") pass?.(set);
    if (event === "verified") return "verified";
    const { key, at } = event;
    add(key, { issuer: read.issuer, at, until: Math.max(at, iat) + keptSeconds });
    for (const each of [...listeners]) each();
    return "revoked";
  };

  return {
    isRevoked({ issuer, subject, id, session, issuedAt }) {
      if (entries.size === 0 && floors.size === 0) return false;
      const byId = (kind: string, value: string | null) => value !== null && entries.has(keyOf(kind, issuer, value));
      const ofSubject = entries.get(keyOf("subject", issuer, subject));
      return (
        issuedAt <= (floors.get(issuer) ?? -1) ||
        // Whoever signed in afterwards has a session of its own.
        (ofSubject !== undefined && issuedAt <= ofSubject.at) ||
        byId("token", id) ||
        byId("session", session)
      );
    },
    tick() {
      for (const issuer of heardEverySeconds.keys()) isSilent(issuer);
    },
    isOutlived: ({ issuer, issuedAt }) => isSilent(issuer) && seconds() - issuedAt > unheardLifeSeconds,
    async receive(set, from) {
      const outcome = await take(set, from);
      onOutcome?.(outcome, from);
      return outcome;
    },
    onRevoked(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

type Revoked = { readonly key: string; readonly at: number };

const keyOf = (kind: string, issuer: string, value: string): string => JSON.stringify([kind, issuer, value]);

/** One event of the two that are known; anything beside it would be passed over. */
function readEvents(
  events: unknown,
  { issuer, claims }: UnverifiedToken,
): Revoked | "verified" | { readonly refused: SetFault } {
  if (!isObject(events)) return { refused: "event" };
  const [name, ...more] = Object.keys(events);
  if (name === undefined || more.length > 0) return { refused: "event" };
  if (verification.includes(name)) return "verified";
  const event = events[name];
  if (name !== caep || !isObject(event)) return { refused: "event" };
  const { event_timestamp: at = claims.iat } = event;
  if (!isInstant(at)) return { refused: "event" };
  const key = subjectKey(claims.sub_id ?? event.subject, issuer);
  return key === null ? { refused: "subject" } : { key, at };
}

/** RFC 9493: whose session, which session, or which token. Of a complex one its session, where it has one. */
function subjectKey(given: unknown, issuer: string): string | null {
  if (!isObject(given)) return null;
  const { format, iss, sub, jti, id, session, user } = given;
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= 256;
  switch (format) {
    case "iss_sub":
      return iss === issuer && isText(sub) ? keyOf("subject", issuer, sub) : null;
    case "jwt_id":
      return iss === issuer && isText(jti) ? keyOf("token", issuer, jti) : null;
    case "opaque":
      return isText(id) ? keyOf("session", issuer, id) : null;
    case "complex": {
      const inner = session ?? user;
      return isObject(inner) && inner.format !== "complex" ? subjectKey(inner, issuer) : null;
    }
    default:
      return null;
  }
}

async function verify(
  { issuer, kid, algorithm, claims }: UnverifiedToken,
  set: string,
  keys: RevocationSettings["keys"],
  audience: string,
): Promise<SetFault | null> {
  const known = keys.get(issuer);
  if (known === undefined) return "issuer";
  const found = await known.find(kid);
  if (found === "unavailable") return "unavailable";
  if (found === "unknown") return "key";
  if (found.key.algorithm !== algorithm) return "algorithm";
  try {
    await jwtVerify(set, found.key.key, { algorithms: [found.key.algorithm], typ: "secevent+jwt" });
  } catch (error) {
    // The package looks at claims only when the signature was good; and a SET has no times of its own but `iat`.
    const { code } = error as { code?: unknown };
    return typeof code === "string" && /^ERR_JWT_(EXPIRED|CLAIM_)/.test(code) ? "malformed" : "signature";
  }
  return names(claims.aud, audience) ? null : "audience";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 8935, 2.3 and 2.4: what the transmitter is answered. */
export function pushAnswer(outcome: SetOutcome): { readonly status: 202 | 400 | 503; readonly body: string } {
  if (typeof outcome === "string") return { status: 202, body: "" };
  const { refused } = outcome;
  if (refused === "unavailable" || refused === "too-many") return { status: 503, body: "" };
  const err = errors[refused] ?? "invalid_request";
  return { status: 400, body: JSON.stringify({ err, description: refused }) };
}

const errors: Readonly<Partial<Record<SetFault, string>>> = {
  issuer: "invalid_issuer",
  audience: "invalid_audience",
  key: "invalid_key",
  algorithm: "invalid_key",
  signature: "authentication_failed",
};
