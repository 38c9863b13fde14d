/** Announcements by HTTP to one gateway's internal listener, and its clock by the answers to them. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { type ChangeCarrier, FeedRefused, type Ticket } from "./feed.ts";

export type HttpCarrierSettings = {
  /** Such as http://127.0.0.1:4001/changes. */
  readonly url: string;
  readonly timeoutMs?: number;
};

/** How old an answer may be whose time still serves as a ticket. An older one is safe too, and only wastes lease. */
const ticketMs = 600;
const maxAnswerBytes = 4_096;
/** What will be no other if it is sent again. */
const refusals = new Set([400, 401, 413]);

export function httpCarrier({ url, timeoutMs = 2_000 }: HttpCarrierSettings): ChangeCarrier {
  const isSecure = url.startsWith("https:");
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 16 });
  let isClosed = false;
  let last: (Ticket & { readonly at: number }) | null = null;

  async function call(method: "GET" | "POST", body: string | null): Promise<Ticket> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      if (isClosed) throw new Error("closed");
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = (isSecure ? requestHttps : requestHttp)(url, {
          method,
          agent,
          signal,
          headers: headersOf(body),
        });
        request.on("response", resolve).on("error", reject);
        request.end(body ?? undefined);
      });
      const ticket = await readTicket(response);
      last = { ...ticket, at: performance.now() };
      return ticket;
    } catch (error) {
      // It may be another gateway that answers next.
      last = null;
      throw error;
    }
  }

  return {
    async ticket() {
      return last !== null && performance.now() - last.at <= ticketMs ? last : call("GET", null);
    },
    async publish(envelope) {
      await call("POST", envelope);
    },
    async close() {
      isClosed = true;
      agent.destroy();
    },
  };
}

function headersOf(body: string | null): Readonly<Record<string, string>> {
  if (body === null) return { accept: "application/json" };
  return {
    accept: "application/json",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  };
}

async function readTicket(response: IncomingMessage): Promise<Ticket> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error("the answer is longer than a time can be");
    chunks.push(chunk);
  }
  const { statusCode = 0 } = response;
  if (refusals.has(statusCode)) throw new FeedRefused(`status ${statusCode}`);
  if (statusCode !== 200) throw Object.assign(new Error("not taken"), { code: `HTTP ${statusCode}` });
  const { clock, now } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Readonly<Record<string, unknown>>;
  if (typeof clock !== "string" || clock === "" || typeof now !== "number" || !Number.isFinite(now))
    throw new Error("the answer is not a time");
  return { clock, now };
}
