/**
 * How fresh a client wants its answer, and what it is told of how fresh its sources are. INVARIANT: what is told depends
 * on the operation and on the sources alone, never on a person, nor on whether anything was kept.
 */
import { type Refusal, refuse } from "./errors.ts";
import type { Freshness } from "./subgraph/call.ts";

/** As its headers and its document say. */
export type FreshnessAsked = {
  /** Crosswalk-Max-Age: whole seconds. */
  readonly maxAge: string | undefined;
  /** Crosswalk-At-Least: tokens of `extensions.freshness`, separated by commas. */
  readonly atLeast: string | undefined;
};

/** How a source stands. */
export type Standing = {
  /** It is being watched: what changes in it is known within the lease. */
  readonly isLive: boolean;
  /** Up to which it vouches for what it holds; null where it has not been heard of. */
  readonly asOf: string | null;
  readonly position: { readonly epoch: string; readonly seq: number } | null;
};

/** One member of `extensions.freshness`. */
export type SourceFreshness = {
  readonly system: string;
  /** False: it is not known whether it has changed; it was asked itself. */
  readonly live: boolean;
  readonly asOf: string | null;
  /** How late the source itself may learn of a change, in milliseconds; null where nobody has said. */
  readonly lagMs: number | null;
  /** Stands for all that is known of it now. */
  readonly token: string | null;
};

const maxTokens = 32;
const maxSeconds = 86_400;

/** Undefined: as fresh as everything is. `written`: in the document, in seconds. The narrower bound counts. */
export function readFreshness(
  { maxAge, atLeast }: FreshnessAsked,
  written: number | null,
): Freshness | undefined | Refusal {
  if (maxAge === undefined && atLeast === undefined && written === null) return undefined;
  if (maxAge !== undefined && !(/^\d{1,6}$/.test(maxAge) && Number(maxAge) <= maxSeconds))
    return refuse("FRESHNESS_INVALID", `the header Crosswalk-Max-Age takes whole seconds, from 0 to ${maxSeconds}`);
  const tokens = atLeast === undefined ? [] : atLeast.split(",").map((each) => readToken(each.trim()));
  if (tokens.length > maxTokens || !tokens.every((each) => each !== null)) return refuse("FRESHNESS_INVALID");
  const newest = new Map(tokens.map(({ feed, epoch, seq }) => [feed, { epoch, seq }]));
  if (newest.size < tokens.length)
    return refuse("FRESHNESS_INVALID", "the header Crosswalk-At-Least takes one token a source: the last one given");
  const bounds = [maxAge, written].flatMap((each) => (each === undefined || each === null ? [] : [Number(each)]));
  return {
    maxAgeMs: bounds.length === 0 ? null : Math.min(...bounds) * 1000,
    atLeast: newest,
  };
}

/** Of a source that an operation is answered from. `standing`: undefined where nothing was ever heard of it. */
export function freshnessOf(
  system: string,
  standing: Standing | undefined,
  lagMs: number | undefined,
): SourceFreshness {
  const { isLive = false, asOf = null, position = null } = standing ?? {};
  const token = position === null ? null : tokenOf(system, position.epoch, position.seq);
  return { system, live: isLive, asOf, lagMs: lagMs ?? null, token };
}

function tokenOf(feed: string, epoch: string, seq: number): string {
  return Buffer.from(JSON.stringify([feed, epoch, seq])).toString("base64url");
}

function readToken(token: string): { readonly feed: string; readonly epoch: string; readonly seq: number } | null {
  if (!/^[\w-]{8,256}$/.test(token)) return null;
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length !== 3) return null;
  const [feed, epoch, seq] = parts as readonly unknown[];
  const isToken = typeof feed === "string" && typeof epoch === "string" && Number.isSafeInteger(seq);
  return isToken ? { feed, epoch, seq: Number(seq) } : null;
}
