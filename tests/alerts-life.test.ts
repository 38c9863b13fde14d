/** Streams when the gateway around them changes, or ends. */
import { afterEach, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { composeAlerts, handMadeFeeds, openSse } from "./alerts.ts";
import { startIssuer, startTestGateway, startTinyGraph } from "./gateway-graph.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const query = "subscription { agencyAlerts { kind person { birthDate } } }";
const codesOf = (events: readonly { data: { errors?: { extensions: { code: string } }[] } | null }[]) =>
  events.flatMap(({ data }) => data?.errors?.map(({ extensions }) => extensions.code) ?? []);

/** A gateway whose supergraph can be changed. */
async function startChanging(env: Record<string, string> = {}) {
  const graph = await startTinyGraph();
  ends.push(graph.close);
  const feeds = handMadeFeeds();
  let sdl = composeAlerts(graph);
  const gateway = await startTestGateway(sdl, env, { feeds, look: async () => sdl, subscriptions: { tickMs: 20 } });
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await gateway.close();
    isClosed = true;
  };
  ends.push(close);
  return {
    url: gateway.url,
    close,
    announce: () => feeds.announce("MOTION_FILED", [["ANumber", "000000011"]]),
    async change(edit: (text: string) => string) {
      sdl = edit(sdl);
      expect((await fetch(`${gateway.internalUrl}/reload`, { method: "POST" })).status).toBe(200);
    },
  };
}

test("a stream goes on with the next supergraph, and ends with a code where its document no longer fits", async () => {
  const { url, announce, change } = await startChanging();
  const stream = await openSse(url, { query });
  await change((sdl) => `${sdl}\n# another`);
  announce();
  expect((await stream.next()).data).toEqual({
    data: { agencyAlerts: { kind: "MOTION_FILED", person: { birthDate: null } } },
    extensions: { eventId: expect.any(String) },
  });
  await change((sdl) => sdl.replaceAll("birthDate", "born"));
  expect(codesOf(await stream.rest())).toEqual(["SUBSCRIPTION_SCHEMA_RELOAD"]);
});

test("a stream ends with a code where what it tells is no longer permitted", async () => {
  const issuer = await startIssuer();
  ends.push(issuer.close);
  const { url, change } = await startChanging({
    GATEWAY_INSECURE: "deny-by-default",
    GATEWAY_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`,
  });
  const headers = { authorization: `Bearer ${await issuer.token()}` };
  const [stream, anew] = [await openSse(url, { query }, headers), () => openSse(url, { query }, headers)];
  const spec = 'schema\n  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)';
  await change((sdl) =>
    sdl
      .replace("schema", spec)
      .replace(
        "directive @join__directive",
        "directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION\ndirective @join__directive",
      )
      .replace(/agencyAlerts\(kinds: \[AlertKind!\]\): Alert/, '$& @requiresScopes(scopes: [["alerts"]])'),
  );
  expect(codesOf(await stream.rest())).toEqual(["SUBSCRIPTION_UNAUTHORIZED"]);
  expect(codesOf(await (await anew()).rest())).toEqual(["UNAUTHORIZED_FIELD_OR_TYPE"]);
});

test("T83: a gateway that ends sends every stream elsewhere at once, and is not held up by any", async () => {
  const { url, close } = await startChanging();
  const streams = await Promise.all([1, 2, 3].map(() => openSse(url, { query })));
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await new Promise<void>((resolve) => {
    socket.once("open", () => socket.send('{"type":"connection_init"}'));
    socket.on("message", (data) => {
      if (!String(data).includes("pong")) {
        socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query } }));
        socket.send('{"type":"ping"}');
      } else resolve();
    });
  });
  const startedAt = performance.now();
  await close();
  // Within the time that a process is given (DRAIN_MS and a second to say goodbye).
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(await closed).toBe(1001);
  for (const each of streams) {
    const events = await each.rest();
    expect([codesOf(events), events.at(-1)?.event]).toEqual([["SHUTTING_DOWN"], "complete"]);
  }
});
