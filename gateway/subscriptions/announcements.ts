/**
 * From a source's messages to what is to be told of them: each alert once, and where something may be missing, that it may
 * be.
 */
import type { About, Alert, FeedMessage } from "../cache/message.ts";

export type Announced = {
  readonly alerts: readonly { readonly alert: Alert; readonly about: readonly About[] }[];
  /** What came before these cannot have come whole. */
  readonly isMissing: boolean;
};

/** Per source: how far it has come. Bounded: sources are those that the gateway's feeds know. */
export function announcements(): (message: FeedMessage) => Announced {
  const heard = new Map<string, { readonly epoch: string; readonly seq: number }>();
  return ({ source, epoch, seq, changes }) => {
    const before = heard.get(source);
    const isNew = before?.epoch !== epoch;
    if (!isNew && changes.length > 0 && seq <= before.seq) return { alerts: [], isMissing: false };
    if (isNew || seq > before.seq) heard.set(source, { epoch, seq });
    // Of what was before the first that is heard of a source nobody was promised anything.
    const isGap = before !== undefined && (isNew || seq > before.seq + (changes.length > 0 ? 1 : 0));
    return {
      alerts: changes.flatMap((each) =>
        "about" in each && each.alert ? [{ alert: each.alert, about: each.about }] : [],
      ),
      isMissing: isGap || changes.some((each) => "all" in each && each.told !== true),
    };
  };
}
