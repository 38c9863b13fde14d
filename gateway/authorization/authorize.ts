/** Who asks, and why: what a request says of it is looked into before anything of its operation is. */
import type { ErrorCode, Refusal } from "../errors.ts";
import type { Origin } from "../subgraph/caller.ts";
import type { Accepted, Authenticate } from "./authenticate.ts";
import type { BreakGlass } from "./break-glass.ts";
import { type CallerClass, classOf } from "./caller-class.ts";
import { readPurpose, usualPurpose } from "./purpose.ts";

export type AuthorizeSettings = {
  readonly mode: "development" | "production";
  /** Null: authentication is switched off, and nobody is known. */
  readonly authenticate: Authenticate | null;
  /** False: any caller may ask for any purpose, or for none. */
  readonly requirePurpose: boolean;
  readonly breakGlass: BreakGlass;
};

export type ToAuthorize = {
  /** The gateway's own id of the request; a batch has one. */
  readonly requestId: string;
  /** Who asks, where that was found out before: on a connection that stays. `authorization` is then not looked at. */
  readonly accepted?: Accepted | null;
  readonly authorization: string | undefined;
  readonly purpose: string | undefined;
  readonly caseReference: string | undefined;
  /** Why the glass is broken. */
  readonly reason: string | undefined;
};

export type Authorized = {
  /** Who asks, as far as rights depend on it. */
  readonly callerClass: CallerClass;
  /** What subgraphs may be told of it. */
  readonly origin: Origin;
  /** Who it is among subscribers, injectively. */
  readonly subscriber: string;
  /** Why what outlives the request ends; null: it goes on. */
  endedBy(): ErrorCode | null;
};

/** What logs and metrics may know of who asks. */
export type AboutCaller = { agency?: string | null; purpose?: string | null };

/** `about` is filled in as it becomes known. */
export async function authorize(
  { mode, authenticate, requirePurpose, breakGlass }: AuthorizeSettings,
  input: ToAuthorize,
  about: AboutCaller,
): Promise<Authorized | Refusal> {
  const { requestId } = input;
  if (!authenticate) return { ...nobodyKnown, origin: { requestId, caller: null } };
  // What no longer holds is refused as if nothing had come.
  const known = input.accepted?.fault() === null ? input.accepted : null;
  const accepted = known ?? (await authenticate(input.accepted ? undefined : input.authorization));
  if ("refused" in accepted) return accepted;
  const { caller } = accepted;
  about.agency = caller.agency;
  // With `purpose` switched off, what a caller usually asks for is what is assumed.
  const asked = requirePurpose
    ? breakGlass(readPurpose(input, caller, mode), input, caller)
    : { purpose: usualPurpose(caller), caseReference: null };
  if ("refused" in asked) return asked;
  const { purpose, caseReference } = asked;
  about.purpose = purpose;
  const { agency, ori, roles } = caller;
  const origin = { requestId, caller: { agency, ori, roles, purpose, caseReference } };
  return {
    callerClass: classOf(caller, purpose),
    origin,
    subscriber: JSON.stringify([caller.assurance.issuer, caller.subject, purpose]),
    endedBy: () => endOf(accepted) ?? (purpose !== "BREAK_GLASS" || breakGlass.isOpen(caller) ? null : glassClosed),
  };
}

const nobodyKnown = { callerClass: classOf(null, null), subscriber: "", endedBy: () => null };
const glassClosed: ErrorCode = "REAUTHENTICATION_REQUIRED";

/** What a token that no longer holds ends what is being told with; null while it holds. */
export function endOf({ fault }: Pick<Accepted, "fault">): ErrorCode | null {
  const found = fault();
  if (found === null) return null;
  if (found === "revoked") return "SUBSCRIPTION_REVOKED";
  return found === "unavailable" ? "AUTHENTICATION_UNAVAILABLE" : "SUBSCRIPTION_JWT_EXPIRED";
}
