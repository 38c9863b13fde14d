/** For tests of alerts: a tiny supergraph that has them, announcements made by hand, and who reads streams as they come. */
import type { About, Change, FeedMessage } from "../gateway/cache/message.ts";
import type { Overrides } from "../gateway/gateway.ts";
import type { AlertFeeds } from "../gateway/subscriptions/subscriptions.ts";
import { composeTiny, startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";

export type HandMadeFeeds = AlertFeeds & {
  /** One change, as its source would announce it. */
  announce(kind: string, about: readonly About[], options?: { system?: string; at?: string }): void;
  /** As it stands. */
  send(message: Partial<FeedMessage>): void;
  /** The last message once more, as a feed may deliver it. */
  repeat(): void;
  /** How often it was looked. */
  looks(): number;
  /** Whether these systems are heard in time. */
  readonly live: Map<string, boolean>;
};

export function handMadeFeeds(): HandMadeFeeds {
  const listeners = new Set<(message: FeedMessage) => void>();
  const seqs = new Map<string, number>();
  const live = new Map<string, boolean>();
  let last: FeedMessage | null = null;
  let looks = 0;
  const deliver = (message: FeedMessage) => {
    last = message;
    for (const each of [...listeners]) each(message);
  };
  const send = ({ source = "CASE", epoch = "e1", seq, changes = [], heartbeat = null }: Partial<FeedMessage>) => {
    const next = seq ?? (seqs.get(source) ?? 0) + (changes.length > 0 ? 1 : 0);
    seqs.set(source, next);
    deliver({ source, epoch, seq: next, changes, heartbeat });
  };
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    looks: () => looks,
    standing: () => {
      looks += 1;
      return [...live].map(([feed, isLive]) => ({ feed, isLive }));
    },
    announce(kind, about, { system = "CASE", at = "2026-10-19T14:00:00Z" } = {}) {
      const change: Change = { about, alert: { kind, at } };
      send({ source: system, changes: [change] });
    },
    send,
    repeat: () => deliver(last as FeedMessage),
    live,
  };
}

const alertSdl = `
  type Subscription {
    personChanged(by: PersonIdentifier!, kinds: [AlertKind!]): Alert
    agencyAlerts(kinds: [AlertKind!]): Alert
  }
  type Alert { kind: AlertKind! at: DateTime system: String! person: Person }
  enum AlertKind { MOTION_FILED BOOKED_IN BOOKED_OUT }`;

const placed = (sdl: string): string =>
  sdl
    .replace("courtCases(first: Int): [CourtCase!]", '$& @alerts(kinds: ["MOTION_FILED"])')
    .replace("custodyStays: [CustodyStay!]", '$& @alerts(kinds: ["BOOKED_IN", "BOOKED_OUT"])');

export type AlertGraph = {
  readonly graph: TinyGraph;
  readonly gateway: TestGateway;
  readonly feeds: HandMadeFeeds;
  close(): Promise<void>;
};

export const composeAlerts = (graph: TinyGraph): string =>
  composeTiny((name) => graph.subgraphs[name].url, alertSdl, placed);

/** Without authentication, unless `env` says otherwise. */
export async function startAlertGraph(
  env: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
): Promise<AlertGraph> {
  const graph = await startTinyGraph();
  const feeds = handMadeFeeds();
  const sdl = composeAlerts(graph);
  const gateway = await startTestGateway(sdl, env, { feeds, look: async () => sdl, ...overrides });
  return {
    graph,
    gateway,
    feeds,
    async close() {
      await gateway.close();
      await graph.close();
    },
  };
}

export type SseEvent = {
  readonly id: string | null;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was asked for.
  readonly data: any;
};
export type SseStream = {
  readonly status: number;
  readonly headers: Headers;
  /** Without those that only show that the stream is alive. Rejects when the stream ends first. */
  next(): Promise<SseEvent>;
  /** All until the end. */
  rest(): Promise<readonly SseEvent[]>;
  /** The last id that came, with an event or between them. */
  lastId(): string | null;
  /** The one that it began with. */
  firstId(): string | null;
  /** The body of what was refused. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever it says.
  readonly refused: any;
  /** All bytes so far, without ids. */
  text(): string;
  drop(): void;
};

/** As a browser would read it, over one connection. */
export async function openSse(
  url: string,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<SseStream> {
  const gone = new AbortController();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify(body),
    signal: gone.signal,
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const refused = isStream ? null : await response.json();
  const events: SseEvent[] = [];
  let [firstId, lastId]: (string | null)[] = [null, null];
  let [text, isOver] = ["", !isStream];
  let wake = () => {};
  const read = async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      rest += decoder.decode(chunk, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block);
      wake();
    }
  };
  const take = (block: string) => {
    const fields = new Map(
      block.split("\n").map((line): [string, string] => {
        const at = line.indexOf(": ");
        return [line.slice(0, Math.max(at, 0)), line.slice(at + 2)];
      }),
    );
    const id = fields.get("id") ?? null;
    if (id !== null) lastId = id;
    firstId ??= id;
    text += `${id === null ? block : block.replaceAll(id, "ID")}\n\n`;
    const event = fields.get("event");
    const data = fields.get("data") ?? "";
    if (event !== undefined) events.push({ id, event, data: data === "" ? null : JSON.parse(data) });
  };
  const ended = isStream
    ? read()
        .catch(() => {})
        .finally(() => {
          isOver = true;
          wake();
        })
    : Promise.resolve();
  return {
    status: response.status,
    headers: response.headers,
    refused,
    lastId: () => lastId ?? null,
    firstId: () => firstId ?? null,
    text: () => text,
    async next() {
      for (;;) {
        const event = events.shift();
        if (event) return event;
        if (isOver) throw new Error("the stream is over");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async rest() {
      await ended;
      return events.splice(0);
    },
    drop: () => gone.abort(),
  };
}
