/**
 * Announcements on their way to a gateway: to one that is started after those who announce to it, and with what they say
 * read along the way, so that a test can wait until a source has been looked at.
 */
import { createDecipheriv, hkdfSync } from "node:crypto";
import type { FeedMessage } from "../subgraphs/kit/envelope.ts";
import type { ChangeCarrier } from "../subgraphs/kit/feed.ts";
import { httpCarrier } from "../subgraphs/kit/feed-http.ts";
import type { SubgraphKey } from "../subgraphs/kit/verify.ts";

export type Announcing = {
  /** One for each who announces; it waits until it is known where to. */
  carrier(): ChangeCarrier;
  /** `internalUrl`: of a gateway. */
  leadTo(internalUrl: string): void;
};

export function announcing(): Announcing {
  const lead = Promise.withResolvers<string>();
  return {
    carrier: () => carrierTo(lead.promise.then((url) => httpCarrier({ url }))),
    leadTo: (internalUrl) => lead.resolve(`${internalUrl}/changes`),
  };
}

function carrierTo(opening: Promise<ChangeCarrier>): ChangeCarrier {
  const closing = Promise.withResolvers<never>();
  closing.promise.catch(() => undefined);
  let opened: ChangeCarrier | null = null;
  const way = async () => {
    opened ??= await Promise.race([opening, closing.promise]);
    return opened;
  };
  return {
    ticket: async () => (await way()).ticket(),
    publish: async (envelope) => (await way()).publish(envelope),
    async close() {
      closing.reject(new Error("closed"));
      await opened?.close();
    },
  };
}

export type Tap = {
  /** Everything passes; what was taken is known here. */
  on(carrier: ChangeCarrier, keys: readonly SubgraphKey[] | null): ChangeCarrier;
  /** The last one of each source that was taken. */
  last(source: string): FeedMessage | undefined;
  /** Resolves when the source has been looked at from beginning to end after this call, and that has been taken. */
  lookedAt(source: string): Promise<void>;
};

/** `onTaken`: told of each message, in order. */
export function openTap(onTaken: (message: FeedMessage, envelope: string) => void = () => undefined): Tap {
  const last = new Map<string, FeedMessage>();
  /** By a ticket's time, when it was first given out here. */
  const givenAt = new Map<string, number>();
  const waiting = new Set<() => void>();
  return {
    on: (carrier, keys) => ({
      async ticket() {
        const ticket = await carrier.ticket();
        const name = `${ticket.clock} ${ticket.now}`;
        if (!givenAt.has(name)) givenAt.set(name, performance.now());
        return ticket;
      },
      async publish(envelope) {
        await carrier.publish(envelope);
        const message = opened(envelope, keys);
        last.set(message.source, message);
        onTaken(message, envelope);
        for (const each of [...waiting]) each();
      },
      close: () => carrier.close(),
    }),
    last: (source) => last.get(source),
    lookedAt(source) {
      const from = performance.now();
      return new Promise((resolve) => {
        const look = () => {
          const heartbeat = last.get(source)?.heartbeat;
          if (!heartbeat || (givenAt.get(`${heartbeat.clock} ${heartbeat.since}`) ?? 0) <= from) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
  };
}

/** As docs/change-feed.md has it; nothing of the gateway's or of the subgraphs' own code is asked. */
function opened(envelope: string, keys: readonly SubgraphKey[] | null): FeedMessage {
  const { subgraph, key, sealed, message } = JSON.parse(envelope);
  const secret = keys?.find(({ id }) => id === key)?.secret;
  if (secret === undefined) return message;
  const bytes = Buffer.from(sealed, "base64url");
  const opening = new Uint8Array(hkdfSync("sha256", secret, "", "crosswalk change feed v1", 32));
  const decipher = createDecipheriv("aes-256-gcm", opening, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(`crosswalk-changes-v1\n${subgraph}\n${key}`)).setAuthTag(bytes.subarray(-16));
  return JSON.parse(decipher.update(bytes.subarray(12, -16), undefined, "utf8") + decipher.final("utf8"));
}
