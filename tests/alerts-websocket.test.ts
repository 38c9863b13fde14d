/** Operations and alerts over WebSocket, and the same limits whatever the way. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { type AlertGraph, openSse, startAlertGraph } from "./alerts.ts";
import { startIssuer, type TestIssuer } from "./gateway-graph.ts";

let alerts: AlertGraph;
let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
  alerts = await startAlertGraph({
    GATEWAY_INSECURE: "deny-by-default",
    GATEWAY_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`,
    MAX_BODY_BYTES: "40000",
    CROSSWALK_ENV: "development",
  });
});
afterAll(async () => {
  await alerts.close();
  await issuer.close();
});

const socketUrl = () => alerts.gateway.url.replace("http", "ws");
const watch = "subscription ($by: PersonIdentifier!) { personChanged(by: $by) { kind person { fin } } }";
const variables = { by: { aNumber: "000000011" } };

type Closed = { readonly code: number; readonly reason: string };
/** Frames as they are, with nothing of the protocol known. */
async function openRaw(options: { headers?: Record<string, string>; protocol?: string } = {}) {
  const { headers = {}, protocol = "graphql-transport-ws" } = options;
  const socket = new WebSocket(socketUrl(), protocol, { headers });
  const messages: { type: string; id?: string; payload?: unknown }[] = [];
  let wake = () => {};
  socket.on("message", (data) => {
    messages.push(JSON.parse(String(data)));
    wake();
  });
  const closed = new Promise<Closed>((resolve) =>
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  return {
    socket,
    closed,
    send: (message: unknown) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    async next() {
      while (messages.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return messages.shift() as (typeof messages)[number];
    },
  };
}
async function openInitialised() {
  const raw = await openRaw();
  raw.send({ type: "connection_init", payload: { authorization: `Bearer ${await issuer.token()}` } });
  expect(await raw.next()).toEqual({ type: "connection_ack" });
  return raw;
}

describe("over WebSocket", () => {
  test("the protocol's own client is told alerts, and gets answers to queries", async () => {
    const client = createClient({
      url: socketUrl(),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: async () => ({ authorization: `Bearer ${await issuer.token()}`, purpose: "CUSTODY" }),
    });
    const asked = client.iterate({ query: "{ person(by: { aNumber: 11 }) { fin } }" });
    await expect(asked.next()).rejects.toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
    const answered = client.iterate({ query: '{ person(by: { aNumber: "000000011" }) { fin } }' });
    expect((await answered.next()).value).toMatchObject({ data: { person: { fin: "FIN000001" } } });
    const told = client.iterate({ query: watch, variables });
    const first = told.next();
    await untilStreams(1);
    alerts.feeds.announce("MOTION_FILED", [["ANumber", "000000012"]]);
    expect((await first).value).toEqual({
      data: { personChanged: { kind: "MOTION_FILED", person: { fin: "FIN000001" } } },
      extensions: { eventId: expect.any(String) },
    });
    await told.return?.();
    await untilStreams(0);
    await client.dispose();
  });

  test("a dropped subscription goes on from where it was, by extensions.resume", async () => {
    const first = await openInitialised();
    first.send({ type: "subscribe", id: "1", payload: { query: watch, variables } });
    await untilStreams(1);
    alerts.feeds.announce("MOTION_FILED", [["ANumber", "000000011"]]);
    const { payload } = (await first.next()) as { payload: { extensions: { eventId: string } } };
    first.socket.terminate();
    await untilStreams(0);
    alerts.feeds.announce("BOOKED_IN", [["ANumber", "000000011"]], { system: "EID" });
    const second = await openInitialised();
    const resume = payload.extensions.eventId;
    second.send({ type: "subscribe", id: "1", payload: { query: watch, variables, extensions: { resume } } });
    expect(await second.next()).toMatchObject({ payload: { data: { personChanged: { kind: "BOOKED_IN" } } } });
    // Of another document, and of another person, it is nobody's.
    for (const other of [
      { query: watch, variables: { by: { aNumber: "000000021" } } },
      { query: watch.replace("kind", "kind at"), variables },
    ]) {
      second.send({ type: "subscribe", id: "2", payload: { ...other, extensions: { resume } } });
      expect(await second.next()).toMatchObject({
        type: "error",
        payload: [{ extensions: { code: "SUBSCRIPTION_RESUME_REFUSED" } }],
      });
    }
    second.socket.terminate();
    await untilStreams(0);
  });

  test("who asks is known by the connection: a token in the headers of the upgrade will do", async () => {
    const raw = await openRaw({ headers: { authorization: `Bearer ${await issuer.token()}` } });
    raw.send({ type: "connection_init" });
    expect(await raw.next()).toEqual({ type: "connection_ack" });
    raw.socket.terminate();
  });

  test.each([
    ["no token", {}, 4401, "UNAUTHENTICATED"],
    ["a token in another form", { authorization: 7 }, 4401, "UNAUTHENTICATED"],
    ["a bad token", { authorization: "Bearer a.b.c" }, 4401, "UNAUTHENTICATED"],
  ])("%s closes it: %j", async (_, payload, code, reason) => {
    const raw = await openRaw();
    raw.send({ type: "connection_init", payload });
    expect(await raw.closed).toEqual({ code, reason });
  });

  test.each([
    ["a purpose of others", { purpose: "OVERSIGHT" }, "PURPOSE_NOT_PERMITTED"],
    ["no purpose that there is", { purpose: "CURIOSITY" }, "PURPOSE_UNKNOWN"],
  ])("%s is refused", async (_, payload, code) => {
    const raw = await openRaw();
    const authorization = `Bearer ${await issuer.token()}`;
    raw.send({ type: "connection_init", payload: { authorization, ...payload } });
    await raw.next();
    raw.send({ type: "subscribe", id: "1", payload: { query: "{ people { fin } }" } });
    expect(await raw.next()).toMatchObject({ type: "error", id: "1", payload: [{ extensions: { code } }] });
    raw.socket.terminate();
  });

  test("a token that expires closes the connection, whether or not anything is asked on it", async () => {
    const now = Math.floor(Date.now() / 1000);
    // Clocks may differ by half a minute: this one ends two seconds from now.
    const soon = await issuer.token({ iat: now - 60, exp: now - 28 });
    const [idle, asking] = [await openRaw(), await openRaw()];
    for (const each of [idle, asking]) {
      each.send({ type: "connection_init", payload: { authorization: `Bearer ${soon}` } });
      expect(await each.next()).toEqual({ type: "connection_ack" });
    }
    asking.send({ type: "subscribe", id: "1", payload: { query: watch, variables } });
    const expired = { code: 4401, reason: "SUBSCRIPTION_JWT_EXPIRED" };
    expect([await idle.closed, await asking.closed]).toEqual([expired, expired]);
  });
});

describe("a message that is none", () => {
  test.each([
    ["no JSON", "{", 4400],
    ["no message", "[]", 4400],
    ["a message of no type that there is", { type: "start", id: "1", payload: {} }, 4400],
    ["a subscription before anybody is known", { type: "subscribe", id: "1", payload: { query: "{a}" } }, 4401],
    ["a query that is no text", { type: "subscribe", id: "1", payload: { query: 7 } }, 4400],
    ["one that is too long", `{"type":"ping","payload":{"x":"${"x".repeat(50_000)}"}}`, 1009],
  ])("%s closes the connection", async (_, message, code) => {
    const raw = await openRaw();
    raw.send(message);
    expect((await raw.closed).code).toBe(code);
  });

  test.each([
    ["bytes", 4400, (socket: WebSocket) => socket.send(Buffer.from([1, 2, 3]))],
    ["no UTF-8", 1007, (socket: WebSocket) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false })],
  ])("%s close the connection", async (_, code, send) => {
    const raw = await openRaw();
    send(raw.socket);
    expect((await raw.closed).code).toBe(code);
  });

  test("another protocol is not spoken", async () => {
    const raw = await openRaw({ protocol: "graphql-ws" }).catch((error: Error) => error);
    expect(String(raw)).toMatch(/subprotocol/i);
  });

  test("an operation of a name that is taken closes the connection", async () => {
    const raw = await openInitialised();
    for (const id of ["__proto__", "__proto__"])
      raw.send({ type: "subscribe", id, payload: { query: watch, variables } });
    expect((await raw.closed).code).toBe(4409);
    await untilStreams(0);
  });

  test("a frame that is none ends the connection, and nobody else's", async () => {
    const { hostname, port } = new URL(alerts.gateway.url);
    const other = await openInitialised();
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    socket.write(
      `GET /graphql HTTP/1.1\r\nhost: ${hostname}:${port}\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
        "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
    );
    await new Promise((resolve) => socket.once("data", resolve));
    // Not masked, reserved bits set, longer than anything: no client sends this.
    socket.write(Buffer.from([0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    await new Promise((resolve) => socket.once("close", resolve));
    other.send({ type: "ping" });
    expect(await other.next()).toEqual({ type: "pong" });
    other.socket.terminate();
  });
});

describe("an upgrade", () => {
  test.each([
    ["of a page of another site", "/graphql", { origin: "https://evil.example" }, 403],
    ["of a page that hides where it is from", "/graphql", { origin: "null" }, 403],
    ["that a browser calls cross-site", "/graphql", { "sec-fetch-site": "cross-site" }, 403],
    ["with a token in the address", "/graphql?authorization=x", {}, 400],
    ["elsewhere", "/other", {}, 404],
  ])("%s is refused", async (_, path, headers, status) => {
    const socket = new WebSocket(new URL(path, socketUrl()), "graphql-transport-ws", { headers });
    socket.on("error", () => {});
    const refused = await new Promise((resolve) =>
      socket.once("unexpected-response", (_request, response) => resolve(response.statusCode)),
    );
    expect(refused).toBe(status);
    socket.terminate();
  });

  test("to another protocol is not taken up: the request is answered as any other", async () => {
    const response = await fetch(alerts.gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${await issuer.token()}` },
      body: JSON.stringify({ query: "{ people { fin } }" }),
    });
    expect(response.status).toBe(200);
  });
});

/** GHSA-w42g-7vfc-xf37 and CVE-2026-30241: a way on which a limit was forgotten. */
describe("every way to ask", () => {
  const deep = `{ person(by: { fin: "FIN000001" }) ${"{ courtCases { source ".repeat(14)} { system } ${"} } ".repeat(14)}}`;
  const cases: readonly (readonly [what: string, body: Record<string, unknown>, code: string])[] = [
    ["too deep", { query: `subscription { agencyAlerts ${deep.slice(1)}` }, "MAX_DEPTH_LIMIT"],
    ["too many tokens", { query: `{ ${"a ".repeat(12_000)} }` }, "MAX_TOKENS_LIMIT"],
    [
      "too many aliases",
      { query: `{ ${Array.from({ length: 120 }, (_, at) => `a${at}: people { fin }`).join(" ")} }` },
      "MAX_",
    ],
    ["an unknown field", { query: "subscription { nothing }" }, "GRAPHQL_VALIDATION_FAILED"],
    ["no GraphQL", { query: "subscription {" }, "GRAPHQL_PARSE_FAILED"],
    [
      "two fields of a subscription",
      { query: "subscription { a: agencyAlerts { kind } b: agencyAlerts { kind } }" },
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "a subscription without a name, and a field of the schema's own",
      { query: "subscription { __typename }" },
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "a subscription that depends on a condition",
      { query: "subscription ($x: Boolean!) { agencyAlerts @include(if: $x) { kind } }", variables: { x: true } },
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["a value of another form", { query: watch, variables: { by: { aNumber: "x" } } }, "BAD_USER_INPUT"],
    [
      "two identifiers",
      { query: watch, variables: { by: { aNumber: "000000011", fin: "FIN000001" } } },
      "BAD_USER_INPUT",
    ],
    ["an unknown document", { query: "", documentId: "0".repeat(64) }, "PERSISTED_QUERY_NOT_IN_LIST"],
    ["no operation of that name", { query: watch, variables, operationName: "other" }, "OPERATION_RESOLUTION_FAILURE"],
    ["an event id of nobody", { query: watch, variables, extensions: { resume: "x" } }, "SUBSCRIPTION_RESUME_REFUSED"],
    ["too long", { query: `# ${"x".repeat(50_000)}\n${watch}`, variables }, "PAYLOAD_TOO_LARGE"],
  ];
  test.each(cases)("refuses what is %s", async (_, body, code) => {
    const authorization = `Bearer ${await issuer.token()}`;
    const post = async (accept: string) => {
      const response = await fetch(alerts.gateway.url, {
        method: "POST",
        headers: { "content-type": "application/json", accept, authorization },
        body: JSON.stringify(body),
      });
      return codesOf((await response.json()) as never);
    };
    const overSocket = async () => {
      const raw = await openInitialised();
      raw.send({ type: "subscribe", id: "1", payload: body });
      const answer = await Promise.race([raw.next(), raw.closed]);
      raw.socket.terminate();
      return "code" in answer
        ? answer.code === 1009
          ? ["PAYLOAD_TOO_LARGE"]
          : [`closed ${answer.code}`]
        : codesOf({ errors: answer.payload as never });
    };
    const get = async () => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(body))
        search.set(name, typeof value === "string" ? value : JSON.stringify(value));
      const response = await fetch(`${alerts.gateway.url}?${search}`, {
        headers: { accept: "text/event-stream", authorization },
      });
      return codesOf((await response.json()) as never);
    };
    const said = [await post("text/event-stream"), await overSocket()];
    // A subscription is no use where nothing can follow; all else is refused there as well.
    if (!code.startsWith("SUBSCRIPTION")) said.push(await post("application/graphql-response+json"));
    if (code !== "PAYLOAD_TOO_LARGE" && !code.startsWith("MAX_")) said.push(await get());
    for (const each of said) expect(each[0]).toMatch(new RegExp(`^${code}`));
  });

  test("tells a subscription where nothing can follow how it is to be asked", async () => {
    const { status, body } = await alerts.gateway.ask(watch, variables, {
      authorization: `Bearer ${await issuer.token()}`,
    });
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, "OPERATION_NOT_SUPPORTED"]);
    const sse = await openSse(
      alerts.gateway.url,
      { query: "{ people { fin } }" },
      { authorization: `Bearer ${await issuer.token()}` },
    );
    expect(await sse.rest()).toMatchObject([
      { event: "next", data: { data: { people: [{}, {}] } } },
      { event: "complete" },
    ]);
  });
});

const codesOf = ({ errors = [] }: { errors?: readonly { extensions: { code: string } }[] }) =>
  errors.map(({ extensions }) => extensions.code);

async function untilStreams(streams: number): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${alerts.gateway.internalUrl}/metrics`)).text();
    if (Number(/^crosswalk_streams (\d+)/m.exec(text)?.[1]) === streams) return;
  }
}
