/** Plans by the text that asks for them: each made once, however many wait for it. */
import { createHash } from "node:crypto";
import { QueryPlanningFailed, QueryPlanningTimeout } from "./plan.ts";

export type PlanCacheSettings<Plan> = {
  readonly make: (text: string) => Promise<Plan>;
  /** Rough size of a plan in memory, in bytes, without its text. */
  readonly sizeOf: (plan: Plan) => number;
  readonly maxBytes: number;
  /** Operations remembered because no plan could be made. */
  readonly maxRefused: number;
};

export type PlanCache<Plan> = {
  /** Rejects as `make` does; at once for an operation whose planning failed or took too long before. */
  get(text: string): Promise<Plan>;
  /** What is held, most used first: what to plan anew before a reload is swapped in. */
  entries(): readonly { readonly text: string; readonly uses: number }[];
  readonly bytes: number;
};

type Entry<Plan> = { readonly plan: Promise<Plan>; bytes: number; uses: number };

/**
 * Keyed by the whole text, which is compared in full. What was used longest ago goes first once there is more than
 * `maxBytes`; a plan that is larger by itself is given, not kept.
 */
export function planCache<Plan>({ make, sizeOf, maxBytes, maxRefused }: PlanCacheSettings<Plan>): PlanCache<Plan> {
  /** In the order of use; JavaScript's maps keep that of insertion. */
  const entries = new Map<string, Entry<Plan>>();
  const refusals = new Map<string, Error>();
  let bytes = 0;

  const drop = (text: string, entry: Entry<Plan>): void => {
    if (entries.get(text) === entry) entries.delete(text);
    bytes -= entry.bytes;
    entry.bytes = 0;
  };
  const keep = (text: string, entry: Entry<Plan>, plan: Plan): void => {
    entry.bytes = sizeOf(plan) + text.length;
    bytes += entry.bytes;
    if (entry.bytes > maxBytes) drop(text, entry);
    for (const [oldest, each] of entries) {
      if (bytes <= maxBytes) return;
      // Those still being made weigh nothing.
      if (each.bytes > 0) drop(oldest, each);
    }
  };
  const refuse = (text: string, error: unknown): void => {
    if (!(error instanceof QueryPlanningFailed || error instanceof QueryPlanningTimeout)) return;
    refusals.set(digestOf(text), error);
    for (const oldest of refusals.keys()) {
      if (refusals.size <= maxRefused) return;
      refusals.delete(oldest);
    }
  };

  return {
    get(text) {
      const held = entries.get(text);
      if (held !== undefined) {
        entries.delete(text);
        entries.set(text, held);
        held.uses += 1;
        return held.plan;
      }
      const refusal = refusals.get(digestOf(text));
      if (refusal !== undefined) return Promise.reject(refusal);
      const entry: Entry<Plan> = { plan: make(text), bytes: 0, uses: 1 };
      entries.set(text, entry);
      entry.plan.then(
        (plan) => keep(text, entry, plan),
        (error: unknown) => {
          drop(text, entry);
          refuse(text, error);
        },
      );
      return entry.plan;
    },
    entries: () =>
      [...entries]
        .map(([text, { uses }]) => ({ text, uses }))
        .reverse()
        .sort((a, b) => b.uses - a.uses),
    get bytes() {
      return bytes;
    },
  };
}

/** Refused documents may be large and of any number: their digests are not. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
