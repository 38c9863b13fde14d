/** T29 and T42: what a stream goes on telling, and to whom, over the whole graph with its own policies. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mintToken } from "../mocks/issuer/mint.ts";
import { mintRevocation } from "../mocks/issuer/revoke.ts";
import { scenarios } from "../mocks/population/scenarios.ts";
import { handMadeFeeds, openSse, type SseStream } from "./alerts.ts";
import { type Graph, startGraph } from "./graph.ts";

const feeds = handMadeFeeds();
let graph: Graph;
beforeAll(async () => {
  graph = await startGraph({ population: 32, overrides: { feeds, subscriptions: { tickMs: 100, retryMs: 100 } } });
}, 60_000);
afterAll(() => graph.close());

const numbersOf = (id: string): { aNumber: string; fin: string } => {
  const found = scenarios.find((each) => each.id === id)?.identifiers;
  return found as unknown as { aNumber: string; fin: string };
};
const watch = `subscription ($by: PersonIdentifier!) {
  personChanged(by: $by) { kind system person { fin detainers { id } } }
}`;

type Options = { persona?: string; resume?: string; query?: string; headers?: Record<string, string>; token?: string };
async function subscribe(by: object, options: Options = {}): Promise<SseStream> {
  const { persona = "ero-officer", resume, query = watch, headers = {}, token = await mintToken(persona) } = options;
  return openSse(
    graph.url,
    { query, ...(query.includes("$by") ? { variables: { by } } : {}) },
    { authorization: `Bearer ${token}`, ...(resume ? { "last-event-id": resume } : {}), ...headers },
  );
}
const filed = (aNumber: string) => feeds.announce("MOTION_FILED", [["ANumber", aNumber]]);

describe("T29: a person who is hidden", () => {
  const [shown, hidden] = [numbersOf("S1"), numbersOf("S15")];
  const absent = { aNumber: "999999999", fin: "9999999999" };

  test("is accepted and silent, byte for byte as one who does not exist, before and after what happens to them", async () => {
    const streams = await Promise.all([hidden, absent, shown].map(({ aNumber }) => subscribe({ aNumber })));
    for (const each of streams) expect(each.status).toBe(200);
    filed(hidden.aNumber);
    filed(absent.aNumber);
    filed(shown.aNumber);
    const [ofHidden, ofAbsent, ofShown] = streams as [SseStream, SseStream, SseStream];
    expect((await ofShown.next()).data).toMatchObject({ data: { personChanged: { kind: "MOTION_FILED" } } });
    // All that happened before it has been settled by now: what is next is told to all alike.
    feeds.send({ source: "CASE", changes: [{ all: true }] });
    const missed = [{ extensions: { code: "ALERTS_MISSED", system: "CASE" } }];
    expect((await ofHidden.next()).data).toMatchObject({ data: null, errors: missed });
    expect((await ofAbsent.next()).data).toMatchObject({ data: null, errors: missed });
    expect(ofHidden.text()).toBe(ofAbsent.text());
    expect([...ofHidden.headers.keys()]).toEqual([...ofAbsent.headers.keys()]);
    for (const each of streams) each.drop();
  });

  test("is told to who may know of them, and to nobody by the number of a filing that may not be known", async () => {
    const supervisor = { persona: "protected-persons-supervisor" };
    const stream = await subscribe({ aNumber: hidden.aNumber }, supervisor);
    const receipt = { receiptNumber: (numbersOf("S11") as unknown as Record<string, string>).protectedReceiptNumber };
    const byFiling = await subscribe(receipt);
    const byNumber = await subscribe({ aNumber: numbersOf("S11").aNumber });
    filed(numbersOf("S11").aNumber);
    filed(hidden.aNumber);
    expect((await byNumber.next()).data).toMatchObject({ data: { personChanged: { kind: "MOTION_FILED" } } });
    expect((await stream.next()).data).toMatchObject({ data: { personChanged: { person: { fin: hidden.fin } } } });
    feeds.send({ source: "CASE", changes: [{ all: true }] });
    expect((await byFiling.next()).data).toMatchObject({ data: null });
    for (const each of [stream, byFiling, byNumber]) each.drop();
  });

  test("leaves no trace in what is told of others: ids are as long, and of no order", async () => {
    const query = "subscription { agencyAlerts { kind person { fin } } }";
    const stream = await subscribe({}, { query });
    const ids: string[] = [];
    for (const before of [0, 3, 0]) {
      for (let n = 0; n < before; n++) filed(hidden.aNumber);
      filed(shown.aNumber);
      const { id, data } = await stream.next();
      expect(data).toMatchObject({ data: { agencyAlerts: { person: { fin: shown.fin } } } });
      ids.push(String(id));
    }
    expect(new Set(ids.map((each) => each.length)).size).toBe(1);
    expect(new Set(ids).size).toBe(3);
    stream.drop();
  });
});

describe("T29: a caller", () => {
  const { aNumber } = numbersOf("S1");

  test.each(["police-patrol", "police-jail", "nobody"])("%s is refused as for the person itself", async (persona) => {
    const ask = async (query: string) =>
      (await graph.ask(query, {}, { persona })).body.errors?.map(({ extensions }) => extensions.code);
    const stream = await subscribe({ aNumber }, { persona });
    const said = stream.refused?.errors ?? (await stream.rest())[0]?.data.errors;
    expect(said.map((each: { extensions: { code: string } }) => each.extensions.code)).toEqual(
      await ask(`{ person(by: { aNumber: "${aNumber}" }) { fin } }`),
    );
  });

  test("is told what it may see, and another of the same event what that one may", async () => {
    const ero = await subscribe({ aNumber });
    const clerk = await subscribe(
      { aNumber },
      { persona: "court-clerk", query: watch.replace("detainers { id }", "courtCases { id }") },
    );
    filed(aNumber);
    const [toEro, toClerk] = [(await ero.next()).data, (await clerk.next()).data];
    expect(toEro.data.personChanged.person).toHaveProperty("detainers");
    expect(toClerk.data.personChanged.person).toHaveProperty("courtCases");
    ero.drop();
    clerk.drop();
  });

  test("whose token expires is told so within 5 s, and nothing afterwards", async () => {
    // Clocks may differ by half a minute: it ends four seconds from now.
    const token = await mintToken("ero-officer", { minutes: 1, madeMinutesAgo: 86 / 60 });
    const stream = await subscribe({ aNumber }, { token });
    const startedAt = performance.now();
    expect(await stream.rest()).toMatchObject([
      { event: "next", data: { data: null, errors: [{ extensions: { code: "SUBSCRIPTION_JWT_EXPIRED" } }] } },
      { event: "complete" },
    ]);
    expect(performance.now() - startedAt).toBeLessThan(4_000 + 5_000);
  });

  test("who broke the glass is told for as long as it is open", async () => {
    const headers = {
      "crosswalk-purpose": "BREAK_GLASS",
      "crosswalk-case": "case-1",
      "crosswalk-reason": "a child was taken from a school",
    };
    const stream = await subscribe({ aNumber }, { persona: "protected-persons-supervisor", headers });
    filed(aNumber);
    expect((await stream.next()).data).toMatchObject({ data: { personChanged: { kind: "MOTION_FILED" } } });
    stream.drop();
  });
});

describe("T29: a source of facts that does not answer", () => {
  const { aNumber } = numbersOf("S1");

  test("holds an alert back, for hidden and shown alike, and it is told when it does; once", async () => {
    const [stream, ofHidden] = [await subscribe({ aNumber }), await subscribe({ aNumber: numbersOf("S15").aNumber })];
    await graph.mocks.setFault("elis", { kind: "down" });
    filed(aNumber);
    filed(numbersOf("S15").aNumber);
    await untilMetric("crosswalk_alerts_total", 'outcome="unavailable"');
    await graph.mocks.setFault("elis", { kind: "none" });
    expect((await stream.next()).data).toMatchObject({ data: { personChanged: { kind: "MOTION_FILED" } } });
    feeds.send({ source: "CASE", changes: [{ all: true }] });
    expect((await stream.next()).data).toMatchObject({ data: null });
    expect((await ofHidden.next()).data).toMatchObject({ data: null });
    for (const each of [stream, ofHidden]) each.drop();
  }, 60_000);
});

describe("T42: a session that is taken back", () => {
  const { aNumber } = numbersOf("S1");
  const push = (set: string) =>
    fetch(`${graph.internalUrl}/changes`, {
      method: "POST",
      headers: { "content-type": "application/secevent+jwt" },
      body: set,
    });

  test("ends its streams within 5 s, and is refused from then on; who signs in anew is not", async () => {
    const before = await mintToken("asylum-officer");
    const stream = await subscribe({ aNumber }, { token: before });
    const other = await subscribe({ aNumber }, { persona: "oversight" });
    const startedAt = performance.now();
    expect((await push(await mintRevocation("asylum-officer"))).status).toBe(202);
    expect(await stream.rest()).toMatchObject([
      { data: { data: null, errors: [{ extensions: { code: "SUBSCRIPTION_REVOKED" } }] } },
      { event: "complete" },
    ]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect((await subscribe({ aNumber }, { token: before })).status).toBe(401);
    const asked = await fetch(graph.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${before}` },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    expect(asked.status).toBe(401);
    const after = await mintToken("asylum-officer", { madeMinutesAgo: -1 / 30 });
    const anew = await subscribe({ aNumber }, { token: after });
    expect(anew.status).toBe(200);
    filed(aNumber);
    expect((await other.next()).data).toMatchObject({ data: { personChanged: {} } });
    for (const each of [anew, other]) each.drop();
  });

  test("by somebody else, by a forger or once more, nothing happens but an alert", async () => {
    const stream = await subscribe({ aNumber }, { persona: "cbp-officer" });
    const good = await mintRevocation("asylum-officer");
    const forged = `${good.slice(0, -8)}AAAAAAAA`;
    expect((await push(good)).status).toBe(202);
    expect(await (await push(good)).json()).toEqual({ err: "invalid_request", description: "replayed" });
    expect(await (await push(forged)).json()).toEqual({ err: "authentication_failed", description: "signature" });
    expect(await (await push(await mintToken("asylum-officer"))).json()).toMatchObject({ description: "malformed" });
    await untilMetric("crosswalk_security_events_total", 'outcome="signature"');
    filed(aNumber);
    expect((await stream.next()).data).toMatchObject({ data: { personChanged: {} } });
    stream.drop();
  });
});

async function untilMetric(name: string, label: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${graph.internalUrl}/metrics`)).text();
    const line = text.split("\n").find((each) => each.startsWith(name) && each.includes(label));
    if (line && Number(line.split(" ").at(-1)) > 0) return;
  }
}
