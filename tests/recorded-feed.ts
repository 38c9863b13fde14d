/** A way for announcements that ends here: every message is kept, and can be waited for. */
import type { FeedMessage } from "../subgraphs/kit/envelope.ts";
import type { ChangeCarrier } from "../subgraphs/kit/feed.ts";

export type RecordedFeed = ChangeCarrier & {
  readonly messages: readonly FeedMessage[];
  /** How often the time was asked for: once before each look at a source. */
  readonly tickets: () => number;
  /** The first message from now on, or of before, that is so. */
  until(isSo: (message: FeedMessage) => boolean): Promise<FeedMessage>;
  /** Resolves when the source has been looked at from beginning to end after this call: all that it had to say is here. */
  lookedAt(source: string): Promise<void>;
  /** Resolves after so many more looks at any source, well or not. */
  looks(count: number): Promise<void>;
};

/** Takes envelopes that are not sealed. `take` may throw in its place, as a carrier that fails. */
export function recordedFeed(take: (envelope: string) => void | Promise<void> = () => undefined): RecordedFeed {
  const messages: FeedMessage[] = [];
  const waiting = new Set<() => void>();
  let tickets = 0;
  const changed = () => {
    for (const each of [...waiting]) each();
  };
  const when = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const until = async (isSo: (message: FeedMessage) => boolean): Promise<FeedMessage> => {
    await when(() => messages.some(isSo));
    return messages.find(isSo) as FeedMessage;
  };
  return {
    messages,
    tickets: () => tickets,
    until,
    async lookedAt(source) {
      const from = performance.now();
      await until((each) => each.source === source && (each.heartbeat?.since ?? 0) > from);
    },
    async looks(count) {
      const enough = tickets + count;
      await when(() => tickets >= enough);
    },
    async ticket() {
      tickets += 1;
      changed();
      return { clock: "this test", now: performance.now() };
    },
    async publish(envelope) {
      await take(envelope);
      messages.push((JSON.parse(envelope) as { message: FeedMessage }).message);
      changed();
    },
    async close() {},
  };
}
