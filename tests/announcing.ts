/** Ways for announcements to a gateway that is started after those who announce to it, as it asks them for answers. */
import type { ChangeCarrier } from "../subgraphs/kit/feed.ts";
import { httpCarrier } from "../subgraphs/kit/feed-http.ts";

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
