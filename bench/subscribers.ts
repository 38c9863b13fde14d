/**
 * Many subscribers of one gateway, which is a process of its own: what each costs in memory, and how long it takes until
 * all of them are told. `node bench/subscribers.ts [how many]`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { request } from "node:http";
import { WebSocket } from "ws";
import { startAlertGraph } from "../tests/alerts.ts";

type Report =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "memory"; readonly rss: number; readonly heap: number }
  | { readonly kind: "announced" };
type Order = "memory" | "announce" | "end";

export type Outcome = {
  readonly subscribers: number;
  readonly bytesEach: number;
  readonly heapBytesEach: number;
  /** From the announcement to when the median, nearly all and the last of those who are to be told were. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly lastMs: number;
  /** Of those who were to be told: how many alerts came to each, and to those who were not. */
  readonly toldEach: number;
  readonly toldOthers: number;
};

const rounds = 5;
/** Opened at once: more would wait in the same queue. */
const openedAtOnce = 100;

/**
 * Half subscribe to all alerts, alike; half each to another person, none of whom exists. One in ten by WebSocket. Rejects
 * where one could not subscribe.
 */
export async function manySubscribers(count: number): Promise<Outcome> {
  const gateway = fork(new URL(import.meta.url), ["gateway"], {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const subscribers: Subscriber[] = [];
  try {
    const { url } = await reported(gateway, "ready");
    const before = await memoryOf(gateway);
    for (let at = 0; at < count; at += openedAtOnce) {
      const some = Array.from({ length: Math.min(openedAtOnce, count - at) }, (_, index) => openOne(url, at + index));
      subscribers.push(...(await Promise.all(some)));
    }
    const after = await memoryOf(gateway);
    const waits: number[] = [];
    const told = subscribers.filter(({ isTold }) => isTold);
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      const all = told.map((each) => each.next().then(() => waits.push(performance.now() - startedAt)));
      gateway.send("announce" satisfies Order);
      await Promise.all(all);
    }
    waits.sort((a, b) => a - b);
    const others = subscribers.filter(({ isTold }) => !isTold);
    return {
      subscribers: subscribers.length,
      bytesEach: Math.round((after.rss - before.rss) / count),
      heapBytesEach: Math.round((after.heap - before.heap) / count),
      medianMs: waits[Math.floor(waits.length / 2)] ?? 0,
      p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
      lastMs: waits.at(-1) ?? 0,
      toldEach: Math.max(...told.map(({ events }) => events())),
      toldOthers: others.reduce((sum, { events }) => sum + events(), 0),
    };
  } finally {
    for (const each of subscribers) each.end();
    gateway.send("end" satisfies Order);
    await new Promise((resolve) => gateway.once("exit", resolve));
  }
}

type Subscriber = {
  readonly isTold: boolean;
  next(): Promise<void>;
  events(): number;
  end(): void;
};

const all = { query: "subscription { agencyAlerts { kind at person { fin } } }" };
const one = (at: number) => ({
  query: "subscription ($by: PersonIdentifier!) { personChanged(by: $by) { kind person { fin } } }",
  variables: { by: { aNumber: String(900_000_000 + at) } },
});

async function openOne(url: string, at: number): Promise<Subscriber> {
  const isTold = at % 2 === 0;
  const body = isTold ? all : one(at);
  let [events, wake] = [0, () => {}];
  const count = (text: string) => {
    for (const _ of text.matchAll(/"data":\{/g)) {
      events += 1;
      wake();
    }
  };
  const end = await (at % 10 < 1 ? overSocket : overHttp)(url, body, count);
  return {
    isTold,
    events: () => events,
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    end,
  };
}

function overHttp(url: string, body: object, onText: (text: string) => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", accept: "text/event-stream" };
    const asked = request(url, { method: "POST", headers, agent: false }, (response) => {
      response.on("data", (chunk: Buffer) => onText(String(chunk)));
      response.on("error", () => {});
      if (response.statusCode === 200) resolve(() => asked.destroy());
      else reject(new Error(`answered ${response.statusCode}`));
    });
    asked.on("error", reject);
    asked.end(JSON.stringify(body));
  });
}

function overSocket(url: string, body: object, onText: (text: string) => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
    socket.on("error", reject);
    socket.on("open", () => socket.send('{"type":"connection_init"}'));
    socket.on("message", (data) => {
      const text = String(data);
      onText(text);
      if (text.includes("connection_ack")) {
        socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: body }));
        // Answered after what was sent before it has begun.
        socket.send('{"type":"ping"}');
      } else if (text.includes('"pong"')) resolve(() => socket.terminate());
    });
  });
}

function reported<Kind extends Report["kind"]>(child: ChildProcess, kind: Kind): Promise<Report & { kind: Kind }> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error("the gateway ended"));
    child.once("exit", onExit);
    const onMessage = (report: Report) => {
      if (report.kind !== kind) return;
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(report as Report & { kind: Kind });
    };
    child.on("message", onMessage);
  });
}

async function memoryOf(child: ChildProcess) {
  const report = reported(child, "memory");
  child.send("memory" satisfies Order);
  return report;
}

async function runGateway(): Promise<void> {
  const report = (each: Report) => void process.send?.(each);
  const { gateway, feeds, close } = await startAlertGraph({ MAX_REQUESTS: "5000" });
  process.on("message", (order: Order) => {
    if (order === "announce") feeds.announce("MOTION_FILED", [["ANumber", "000000011"]]);
    else if (order === "end") void close().then(() => process.exit(0));
    else {
      for (let n = 0; n < 3; n++) globalThis.gc?.();
      const { rss, heapUsed: heap } = process.memoryUsage();
      report({ kind: "memory", rss, heap });
    }
  });
  report({ kind: "ready", url: gateway.url });
}

async function main(count: number): Promise<void> {
  const outcome = await manySubscribers(count);
  const { subscribers, bytesEach, heapBytesEach, medianMs, p99Ms, lastMs, toldEach, toldOthers } = outcome;
  const half = Math.ceil(count / 2);
  console.log(
    `result: ${subscribers} subscribers on one gateway, one in ten by WebSocket; half to all alerts, half each to another person`,
  );
  console.log(
    `result: each costs ${(bytesEach / 1024).toFixed(1)} KB of resident memory, ${(heapBytesEach / 1024).toFixed(1)} KB of it heap`,
  );
  console.log(
    `result: ${rounds} alerts, each told to ${half}: median ${medianMs.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms, the last ${lastMs.toFixed(0)} ms after it was announced`,
  );
  if (subscribers !== count || toldEach !== rounds || toldOthers !== 0 || p99Ms > 1_000) process.exitCode = 1;
}

if (import.meta.main) void (process.argv[2] === "gateway" ? runGateway() : main(Number(process.argv[2] ?? 10_000)));
