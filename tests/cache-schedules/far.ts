/** A far tier on virtual time that several gateways share: slow, now and then away, and forgetful when it fails over. */
import type { Entry, FarTier } from "../../gateway/cache/entry.ts";
import type { Chance } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

type Kept = { readonly key: string; readonly entry: Entry; readonly until: number };

export type SharedFar = {
  /** As one gateway has it. `deliver`: hands it an answer, when it does not stand still. */
  door(deliver: (hand: () => void) => void): FarTier;
  /** Another takes over, which lacks the last writes: what was there before them is there again. */
  failOver(): void;
};

export function openFar(timeline: Timeline, chance: Chance): SharedFar {
  let writes: Kept[] = [];
  let isAway = false;
  const find = (key: string) => {
    const kept = writes.findLast((each) => each.key === key);
    const leftMs = (kept?.until ?? 0) - timeline.now();
    // It gives out a copy, as whatever comes over a wire.
    return kept && leftMs > 0 ? { entry: structuredClone(kept.entry), leftMs } : null;
  };
  return {
    door: (deliver) => ({
      read: (keys) =>
        new Promise((resolve) => {
          timeline.in(chance.between(0, 25), () => {
            const found = keys.map((key) => (isAway ? null : find(key)));
            timeline.in(chance.between(0, 25), () => deliver(() => resolve(found)));
          });
        }),
      write(entries) {
        timeline.in(chance.between(0, 50), () => {
          if (isAway) return;
          for (const { key, entry, lifetimeMs } of entries)
            writes.push({ key, entry: structuredClone(entry), until: timeline.now() + lifetimeMs });
        });
      },
    }),
    failOver() {
      writes = writes.slice(0, Math.max(0, writes.length - chance.between(0, 5)));
      isAway = true;
      timeline.in(chance.between(0, 500), () => {
        isAway = false;
      });
    },
  };
}
