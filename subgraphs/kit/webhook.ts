/** A door on this machine by which a system says that something has changed. Whatever is said, it only wakes a poll. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Webhook = {
  /** Its path cannot be guessed. */
  readonly url: string;
  close(): Promise<void>;
};

export async function openWebhook(ring: () => void): Promise<Webhook> {
  const path = `/${randomBytes(24).toString("base64url")}`;
  const server = createServer((request, response) => {
    request.resume();
    const isRing = request.method === "POST" && request.url === path;
    response.writeHead(isRing ? 204 : 404).end();
    if (isRing) ring();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
