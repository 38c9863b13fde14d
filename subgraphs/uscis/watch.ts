/**
 * Watches Global and ELIS: each lists whose records have changed, and calls whoever has subscribed. The call wakes the
 * poll, and is trusted with nothing else: without it changes are seen at the next poll.
 */
import type { About, Change } from "#kit/envelope.ts";
import type { WatchedSource } from "#kit/feed.ts";
import { listedSince } from "#kit/listing.ts";
import { openWebhook } from "#kit/webhook.ts";
import { parseReceiptNumber } from "#schema/scalars.ts";
import type { ChangedRecord } from "./changes.ts";
import type { WatchedUscis } from "./source.ts";

/** A system that was started anew has forgotten who subscribed. */
const subscribeEveryMs = 30_000;

export function watchedUscis(watched: WatchedUscis): WatchedSource {
  let position: string | null = null;
  let callback: string | null = null;
  let subscribedAt = Number.NEGATIVE_INFINITY;
  return {
    system: watched.system,
    async listen(wake) {
      const { url, close } = await openWebhook(wake);
      callback = url;
      return close;
    },
    async poll() {
      const page = await listedSince(watched.changes, position);
      if (callback !== null && performance.now() - subscribedAt >= subscribeEveryMs) {
        subscribedAt = performance.now();
        // One that fails is tried again: until then there are the polls.
        await watched.subscribe(callback).catch(() => undefined);
      }
      position = page.position;
      const changes = page.entries.map(changeOf);
      return { asOf: page.asOf, changes: page.complete ? changes : [{ all: true }, ...changes] };
    },
  };
}

/** A record under a number that cannot be read may be anybody's, as for whoever asks. */
function changeOf({ aNumber, recordId }: ChangedRecord): Change {
  if (aNumber === null) return { all: true };
  const receiptNumber = parseReceiptNumber(recordId);
  const record: About = receiptNumber === null ? ["ID", recordId] : ["ReceiptNumber", receiptNumber];
  return { about: [["ANumber", aNumber], record] };
}
