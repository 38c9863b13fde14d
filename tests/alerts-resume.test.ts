/** What a subscriber is told over connections that break, and when it does not take what it is told. */
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { eventIds } from "../gateway/subscriptions/event-id.ts";
import { eventLog } from "../gateway/subscriptions/event-log.ts";
import { eventQueue } from "../gateway/subscriptions/event-queue.ts";
import { type AlertGraph, openSse, type SseStream, startAlertGraph } from "./alerts.ts";
import { answerRoot, answerWith, startTinyGraph } from "./gateway-graph.ts";

let alerts: AlertGraph;
beforeAll(async () => {
  const subscriptions = { retryMs: 20, tickMs: 20, maxQueued: 8, standingMs: 20 };
  alerts = await startAlertGraph({}, { subscriptions });
});
afterAll(() => alerts.close());

const query = "subscription ($by: PersonIdentifier!) { personChanged(by: $by) { at } }";
const variables = { by: { aNumber: "000000011" } };
const filed = (at: string) => alerts.feeds.announce("MOTION_FILED", [["ANumber", "000000012"]], { at });
const subscribe = (resume?: string) =>
  openSse(alerts.gateway.url, { query, variables }, resume === undefined ? {} : { "last-event-id": resume });
const atOf = (event: Awaited<ReturnType<SseStream["next"]>>): string => event.data.data?.personChanged.at;

describe("a stream that breaks", () => {
  test("goes on without loss and without telling anything twice, wherever it broke", async () => {
    let number = 0;
    const steps = fc.oneof(
      { weight: 4, arbitrary: fc.constant("event" as const) },
      { weight: 3, arbitrary: fc.constant("take" as const) },
      { weight: 3, arbitrary: fc.constant("drop" as const) },
      { weight: 2, arbitrary: fc.constant("repeat" as const) },
      { weight: 1, arbitrary: fc.constant("outage" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async (all) => {
        const sent: string[] = [];
        const told: string[] = [];
        const happen = () => {
          const at = `2026-10-19T14:00:00.${number++}Z`;
          sent.push(at);
          filed(at);
        };
        let stream = await begun();
        // Told alike, over a connection that holds: what is told once more to another is not told once more to it.
        const steady = await begun();
        let last: string | null = null;
        for (const each of all) {
          if (each === "event") happen();
          else if (each === "repeat" && sent.length > 0) alerts.feeds.repeat();
          else if (each === "outage") await outage(happen);
          else if (each === "take" && told.length < sent.length) {
            const event = await stream.next();
            told.push(atOf(event));
            last = event.id;
          } else if (each === "drop") {
            stream.drop();
            // By what was taken; what came after it on the broken connection is lost.
            stream = await begun(last ?? (stream.firstId() as string));
          }
        }
        while (told.length < sent.length) told.push(atOf(await stream.next()));
        const toSteady: string[] = [];
        while (toSteady.length < sent.length) toSteady.push(atOf(await steady.next()));
        alerts.feeds.send({ source: "CASE", changes: [{ all: true }] });
        for (const each of [stream, steady]) expect((await each.next()).data).toMatchObject({ data: null });
        stream.drop();
        steady.drop();
        expect(toSteady.sort()).toEqual([...sent].sort());
        expect([...told].sort()).toEqual([...sent].sort());
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  test("tells again what could not be settled, to those alone for whom it could not", async () => {
    const { custody } = alerts.graph.subgraphs;
    const open = (fields: string) =>
      openSse(alerts.gateway.url, {
        query: `subscription { agencyAlerts(kinds: [BOOKED_IN]) { kind person { custodyStays { ${fields} } } } }`,
      });
    const [some, all] = [await open("id"), await open("id bookedInAt")];
    let [failed, isDown] = [0, true];
    // An answer to whoever asks for all; the others' is as it was.
    const other = await startTinyGraph();
    custody.fault = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.once("end", async () => {
        const body = String(Buffer.concat(chunks));
        if (body.includes("bookedInAt") && isDown) {
          failed += 1;
          response.writeHead(503).end();
          return;
        }
        const headers = { "content-type": "application/json" };
        const answered = await fetch(other.subgraphs.custody.url, { method: "POST", headers, body });
        response.writeHead(200, headers).end(await answered.text());
      });
    };
    alerts.feeds.announce("BOOKED_IN", [["ANumber", "000000011"]], { system: "EID" });
    expect((await some.next()).data).toMatchObject({ data: { agencyAlerts: { kind: "BOOKED_IN" } } });
    while (failed < 2) await new Promise((resolve) => setImmediate(resolve));
    isDown = false;
    expect((await all.next()).data).toMatchObject({ data: { agencyAlerts: { kind: "BOOKED_IN" } } });
    custody.fault = null;
    alerts.feeds.send({ source: "EID", changes: [{ all: true }] });
    for (const each of [some, all]) {
      expect((await each.next()).data).toMatchObject({ data: null });
      each.drop();
    }
    await other.close();
  });

  test("who catches up while facts cannot be had waits for them, and nobody is told again what was told", async () => {
    const { court } = alerts.graph.subgraphs;
    const [steady, first] = [await begun(), await begun()];
    const id = first.firstId() as string;
    first.drop();
    filed("2026-02-02");
    expect(atOf(await steady.next())).toBe("2026-02-02");
    const before = await unavailable();
    court.fault = answerWith(503, "text/plain", "");
    const resumed = await subscribe(id);
    while ((await unavailable()) === before);
    court.fault = null;
    expect(atOf(await resumed.next())).toBe("2026-02-02");
    alerts.feeds.send({ source: "CASE", changes: [{ all: true }] });
    for (const each of [steady, resumed]) {
      expect((await each.next()).data).toMatchObject({ data: null });
      each.drop();
    }
  });

  test("begins with something to resume from, before anything has happened", async () => {
    const stream = await begun();
    const id = stream.firstId() as string;
    stream.drop();
    filed("2026-01-01");
    const resumed = await subscribe(id);
    expect(atOf(await resumed.next())).toBe("2026-01-01");
    resumed.drop();
  });

  test.each([
    ["nobody's", () => "x"],
    ["another gateway's", () => eventIds().seal(0, "x")],
  ])("from an id that is %s it does not, and is told so", async (_, id) => {
    const { status, refused } = await subscribe(id());
    expect([status, refused.errors[0].extensions.code]).toEqual([409, "SUBSCRIPTION_RESUME_REFUSED"]);
  });
});

/** Once it has something to resume from. */
async function begun(resume?: string): Promise<SseStream> {
  const stream = await subscribe(resume);
  while (stream.firstId() === null) await new Promise((resolve) => setImmediate(resolve));
  return stream;
}

/** Nobody can say who it is about: what happens meanwhile waits, and is told afterwards. */
async function outage(happen: () => void): Promise<void> {
  const { people } = alerts.graph.subgraphs;
  const before = await unavailable();
  people.fault = answerRoot(null, [{ path: ["#"], extensions: { code: "SOURCE_INVALID" } }]);
  happen();
  while ((await unavailable()) === before);
  people.fault = null;
}

async function unavailable(): Promise<number> {
  const text = await (await fetch(`${alerts.gateway.internalUrl}/metrics`)).text();
  return Number(/^crosswalk_alerts_total\{outcome="unavailable"\} (\d+)/m.exec(text)?.[1] ?? 0);
}

describe("a subscriber that does not take what it is told", () => {
  test("is let go of with a code, beyond a bound, and can resume", async () => {
    const { hostname, port, pathname } = new URL(alerts.gateway.url);
    const search = new URLSearchParams({
      query: "subscription { agencyAlerts { at person { fin aNumbers fbiNumbers } } }",
    });
    const headers = { accept: "text/event-stream" };
    const response = await new Promise<import("node:http").IncomingMessage>((resolve) => {
      get({ hostname, port, path: `${pathname}?${search}`, headers }, resolve);
    });
    // Whatever fits into buffers on the way is taken; what comes then waits here.
    const at = "x".repeat(100_000);
    for (let n = 0; n < 200; n++) filed(`${n} ${at}`);
    await untilMetric('crosswalk_streams_ended_total{code="SUBSCRIPTION_OVERFLOW"}');
    let text = "";
    for await (const chunk of response) text += String(chunk);
    const events = text.split("\n\n").filter((each) => each.includes("event: "));
    expect(events.at(-1)).toMatch(/^event: complete/);
    expect(events.at(-2)).toMatch(/SUBSCRIPTION_OVERFLOW/);
    const ids = [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id);
    const resumed = await openSse(
      alerts.gateway.url,
      { query: search.get("query") },
      { "last-event-id": String(ids.at(-1)) },
    );
    const next = events.length - 2;
    expect((await resumed.next()).data.data.agencyAlerts.at.split(" ")[0]).toBe(String(next));
    resumed.drop();
  }, 60_000);
});

describe("a source that falls silent", () => {
  test("is told of to everybody, and to who subscribes meanwhile; and that it is back", async () => {
    alerts.feeds.live.set("EID", true);
    const stream = await subscribe();
    const looks = alerts.feeds.looks();
    while (alerts.feeds.looks() === looks) await new Promise((resolve) => setImmediate(resolve));
    alerts.feeds.live.set("EID", false);
    expect((await stream.next()).data.errors).toMatchObject([
      { extensions: { code: "ALERTS_DELAYED", system: "EID" } },
    ]);
    const late = await subscribe();
    expect((await late.next()).data.errors).toMatchObject([{ extensions: { code: "ALERTS_DELAYED", system: "EID" } }]);
    alerts.feeds.live.set("EID", true);
    for (const each of [stream, late])
      expect((await each.next()).data.errors).toMatchObject([{ extensions: { code: "ALERTS_IN_TIME" } }]);
    for (const each of [stream, late]) each.drop();
  });

  test("that comes back with a gap is said to have one", async () => {
    const stream = await subscribe();
    alerts.feeds.send({ source: "GLOBAL", seq: 3 });
    alerts.feeds.send({ source: "GLOBAL", seq: 5, changes: [{ about: [["ANumber", "000000011"]] }] });
    expect((await stream.next()).data.errors).toMatchObject([
      { extensions: { code: "ALERTS_MISSED", system: "GLOBAL" } },
    ]);
    alerts.feeds.send({ source: "GLOBAL", epoch: "e2", seq: 0 });
    expect((await stream.next()).data.errors).toMatchObject([
      { extensions: { code: "ALERTS_MISSED", system: "GLOBAL" } },
    ]);
    stream.drop();
  });
});

describe("an event id", () => {
  test("is its owner's alone, as any two of one event are two", () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.string(), (number, owner, other) => {
        const ids = eventIds();
        const id = ids.seal(number, owner);
        expect(ids.open(id, owner)).toBe(number);
        expect(ids.seal(number, owner)).not.toBe(id);
        if (owner !== other) expect(ids.open(id, other)).toBeNull();
        const at = number % id.length;
        const changed = `${id.slice(0, at)}${id[at] === "A" ? "B" : "A"}${id.slice(at + 1)}`;
        expect(ids.open(changed, owner)).toBeNull();
      }),
    );
  });
});

describe("what has happened lately", () => {
  test("is there after any number that nothing was forgotten after, and else refused", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (waits, maxEntries) => {
        const clock = { now: 0 };
        const log = eventLog<number>({ maxEntries, retentionMs: 100, now: () => clock.now });
        const all: { number: number; at: number }[] = [];
        for (const wait of waits) {
          clock.now += wait;
          log.add((number) => {
            all.push({ number, at: clock.now });
            return number;
          });
        }
        const kept = all.filter(({ number, at }) => number > all.length - maxEntries && at >= clock.now - 100);
        const first = kept[0]?.number ?? all.length + 1;
        for (let number = 0; number <= all.length + 1; number++) {
          const expected =
            number < first - 1 || number > all.length
              ? null
              : kept.map((each) => each.number).filter((n) => n > number);
          expect(log.after(number)).toEqual(expected);
        }
      }),
    );
  });
});

describe("a queue", () => {
  test("is bounded, in order, ended once, and lets go of what nobody takes", async () => {
    let returned = 0;
    const queue = eventQueue<number>(2, () => {
      returned += 1;
    });
    expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false]);
    queue.end(9);
    expect(queue.push(4)).toBe(true);
    const taken: number[] = [];
    for await (const each of queue) taken.push(each);
    expect([taken, returned]).toEqual([[1, 2, 9], 1]);
    const waited = eventQueue<number>(1, () => {});
    const next = waited.next();
    await waited.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

async function untilMetric(start: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${alerts.gateway.internalUrl}/metrics`)).text();
    if (text.split("\n").some((each) => each.startsWith(start) && !each.endsWith(" 0"))) return;
  }
}
