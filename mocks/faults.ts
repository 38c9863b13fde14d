/** A TCP proxy in front of one simulator that makes it fail as real systems do, whatever protocol it speaks. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export const faultKinds = ["down", "slow", "refuse", "truncate", "garbage", "stale", "none"] as const;
export type FaultKind = (typeof faultKinds)[number];

export type Fault = {
  /**
   * down: connections are reset. slow: each answer waits `ms`. refuse: the system answers that it will not serve.
   * truncate: an answer ends half-way. garbage: the framing stands, the content is nonsense.
   * stale: it answers, but neither its clock nor its records move on.
   */
  readonly kind: FaultKind;
  /** For slow: milliseconds before an answer; 5000 unless told. */
  readonly ms?: number;
  /** Share of exchanges that fail, above 0 up to 1; 1 unless told. */
  readonly rate?: number;
};

export type FaultyProxy = { readonly port: number; set(fault: Fault): void; close(): Promise<void> };

type ProxySettings = {
  readonly protocol: "http" | "postgres";
  readonly upstreamPort: number;
  readonly port?: number;
  readonly host?: string;
};

/** Listens in front of `upstreamPort`. A new fault applies from the next exchange on; `down` at once. */
export async function faultyProxy(settings: ProxySettings): Promise<FaultyProxy> {
  const { protocol, upstreamPort, port = 0, host = "127.0.0.1" } = settings;
  let fault: Fault = { kind: "none" };
  const clients = new Set<Socket>();
  const strikes = (kind: FaultKind) => fault.kind === kind && Math.random() < (fault.rate ?? 1);

  const server = createServer((client) => {
    clients.add(client);
    client.on("error", () => client.destroy());
    client.on("close", () => clients.delete(client));
    if (strikes("down")) return reset(client);
    relay(client, connect(upstreamPort, "127.0.0.1"));
  });

  function relay(client: Socket, upstream: Socket): void {
    let exchange: Exchange = passing;
    client.on("data", (bytes) => {
      if (strikes("down")) return reset(client);
      if (strikes("refuse")) return void client.end(refusals[protocol]);
      exchange = strikes("slow")
        ? delayed(fault.ms ?? 5000)
        : strikes("truncate")
          ? truncated
          : strikes("garbage")
            ? garbled[protocol]()
            : passing;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => exchange(bytes, client));
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
    // An answer that is still waiting is not overtaken by the end of its connection.
    upstream.on("close", () => exchange(Buffer.alloc(0), client, true));
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      fault = next;
      if (next.kind === "down" && (next.rate ?? 1) === 1) for (const client of clients) reset(client);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}

/** A socket whose end is under way cannot be reset: tried, its handle would stay open for ever. */
function reset(client: Socket): void {
  if (client.writableEnded) client.destroy();
  else client.resetAndDestroy();
}

/** What becomes of the bytes of one answer. `last`: the upstream has closed. */
type Exchange = (bytes: Buffer, client: Socket, last?: boolean) => void;

const passing: Exchange = (bytes, client, last) => {
  if (bytes.length > 0) client.write(bytes);
  if (last) client.end();
};

const truncated: Exchange = (bytes, client) => {
  client.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => client.destroy());
};

function delayed(ms: number): Exchange {
  return (bytes, client, last) => {
    if (client.destroyed) return;
    const timer = setTimeout(() => passing(bytes, client, last), ms);
    client.once("close", () => clearTimeout(timer));
  };
}

const refusals = {
  http: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  // ErrorResponse, severity FATAL, code 57P03: the server takes no connections now.
  postgres: postgresMessage("E", "SFATAL\0VFATAL\0C57P03\0Mthe database system is shutting down\0\0"),
} as const;

function postgresMessage(type: string, payload: string): Buffer {
  const body = Buffer.from(payload, "latin1");
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const garbled: Readonly<Record<ProxySettings["protocol"], () => Exchange>> = {
  http: () => {
    let inBody = false;
    return (bytes, client, last) => {
      const end = bytes.indexOf("\r\n\r\n");
      const from = inBody ? 0 : end < 0 ? bytes.length : end + 4;
      inBody ||= end >= 0;
      const spoiled = Buffer.from(bytes);
      spoiled.fill("\u0015", from);
      passing(spoiled, client, last);
    };
  },
  postgres: () => {
    let pending: Buffer = Buffer.alloc(0);
    return (bytes, client, last) => {
      pending = Buffer.concat([pending, bytes]);
      // The answer to a request for encryption is a bare byte, not a message.
      if (pending.length === 1) return passing(pending, client, last);
      let at = 0;
      while (pending.length - at >= 5 && pending.length - at >= pending.readInt32BE(at + 1) + 1) {
        const length = pending.readInt32BE(at + 1) + 1;
        if (pending[at] === 0x44) spoilDataRow(pending.subarray(at + 5, at + length));
        at += length;
      }
      passing(pending.subarray(0, at), client, last);
      pending = pending.subarray(at);
    };
  },
};

/** A DataRow: count of columns, then each value's length and bytes. Only the values are spoiled. */
function spoilDataRow(row: Buffer): void {
  let at = 2;
  for (let column = row.readInt16BE(0); column > 0; column -= 1) {
    const length = row.readInt32BE(at);
    at += 4;
    if (length > 0) row.fill("\u0015", at, at + length);
    at += Math.max(length, 0);
  }
}
