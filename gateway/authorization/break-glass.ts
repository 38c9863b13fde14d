/**
 * Breaking the glass: in an emergency a caller may see what its usual purposes do not show, for a limited time, for a
 * reason, after proving anew who it is; and each time somebody is told. What a statute bars stays barred: that is said by
 * the policies, which this purpose changes nothing of.
 */
import { type ErrorCode, type Refusal, refuse } from "../errors.ts";
import type { Caller } from "./claims.ts";
import type { PurposeOfRequest } from "./purpose.ts";

export type GlassEvent = {
  readonly outcome: "opened" | "used" | ErrorCode;
  readonly agency: string | null;
  readonly caseReference: string | null;
  readonly hasReason: boolean;
};

export type BreakGlassSettings = {
  readonly windowMs: number;
  /** Authentication contexts (`acr`) that are sure enough. */
  readonly acrValues: readonly string[];
  /** Told of every request for this purpose, whatever becomes of it. Never the reason's text. */
  readonly onUse: (event: GlassEvent) => void;
  /** The date, in milliseconds since the epoch; and time that passes, on a clock that is never set. */
  readonly now?: () => number;
  readonly elapsed?: () => number;
};

export type BreakGlass = {
  /** What was asked for, or why it is refused; of another purpose it says nothing. */
  (
    asked: PurposeOfRequest | Refusal,
    request: { readonly purpose: string | undefined; readonly reason: string | undefined },
    caller: Pick<Caller, "subject" | "agency" | "assurance">,
  ): PurposeOfRequest | Refusal;
  /** Whether this caller's window is open: asked again by whatever outlives a request. */
  isOpen(caller: WindowOwner): boolean;
};

type WindowOwner = Pick<Caller, "subject" | "assurance">;

/** Of the authentication with which a window is opened. */
const maxAuthenticationAgeSeconds = 15 * 60;
/** Callers whose window is remembered; beyond them nobody opens another. */
const maxWindows = 10_000;

type Window = { readonly openedAt: number; readonly openedOn: number };

/**
 * A window is opened by the first request and closes `windowMs` later; the next one needs an authentication that came
 * after this one was opened. Windows are this process's own: another one wants its own recent authentication.
 */
export function breakGlass(settings: BreakGlassSettings): BreakGlass {
  const { windowMs, acrValues, onUse, now = Date.now, elapsed = () => performance.now() } = settings;
  const windows = new Map<string, Window>();
  const insufficient = refuse("REAUTHENTICATION_REQUIRED", undefined, {
    // RFC 9470, 3: what an authorization server is to be asked for.
    "www-authenticate": `Bearer realm="crosswalk", error="insufficient_user_authentication", acr_values="${acrValues.join(" ")}", max_age="${maxAuthenticationAgeSeconds}"`,
  });

  const keyOf = ({ subject, assurance }: WindowOwner) => JSON.stringify([assurance.issuer, subject]);

  function enter(caller: WindowOwner): "opened" | "used" | Refusal {
    const { authenticatedAt, acr } = caller.assurance;
    if (acr === null || !acrValues.includes(acr)) return insufficient;
    const key = keyOf(caller);
    const last = windows.get(key);
    if (last && elapsed() < last.openedAt + windowMs) return "used";
    if (authenticatedAt === null || now() / 1000 - authenticatedAt > maxAuthenticationAgeSeconds) return insufficient;
    if (last && authenticatedAt * 1000 <= last.openedOn) return insufficient;
    forgetClosed();
    if (!windows.has(key) && windows.size >= maxWindows) return refuse("OVERLOADED");
    windows.set(key, { openedAt: elapsed(), openedOn: now() });
    return "opened";
  }

  /** A window may be forgotten once no authentication from before it was opened is recent any more. */
  function forgetClosed(): void {
    const keptMs = Math.max(windowMs, maxAuthenticationAgeSeconds * 1000);
    for (const [key, { openedAt }] of windows) if (elapsed() >= openedAt + keptMs) windows.delete(key);
  }

  const ask = (
    asked: Parameters<BreakGlass>[0],
    { purpose, reason }: Parameters<BreakGlass>[1],
    caller: Parameters<BreakGlass>[2],
  ) => {
    if (purpose !== "BREAK_GLASS") return asked;
    const caseReference = "refused" in asked ? null : asked.caseReference;
    const entered = "refused" in asked ? asked : (reasonRefusal(reason) ?? enter(caller));
    const outcome = typeof entered === "string" ? entered : (entered.refused[0]?.extensions.code ?? "BAD_REQUEST");
    onUse({ outcome, agency: caller.agency, caseReference, hasReason: reason !== undefined });
    return typeof entered === "string" ? asked : entered;
  };
  const isOpen = (caller: WindowOwner): boolean => {
    const last = windows.get(keyOf(caller));
    return last !== undefined && elapsed() < last.openedAt + windowMs;
  };
  return Object.assign(ask, { isOpen });
}

function reasonRefusal(reason: string | undefined): Refusal | null {
  if (reason === undefined || reason === "") return refuse("REASON_REQUIRED");
  return /^[\x20-\x7e]{10,200}$/.test(reason) && reason.trim().length >= 10 ? null : refuse("REASON_INVALID");
}
