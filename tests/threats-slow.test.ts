/** T70 through the whole gateway: who waits for a slow agency waits alone. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Fault, startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";

let graph: TinyGraph;
let gateway: TestGateway;
beforeAll(async () => {
  graph = await startTinyGraph();
  gateway = await startTestGateway(graph.sdl, { SUBGRAPH_TIMEOUT_MS: "2000" });
  // The first answer pays for what is made once: it would be measured against the time a subgraph has.
  await gateway.ask("{ people { fin custodyStays { id } courtCases { id } } }");
});
afterEach(() => {
  for (const each of Object.values(graph.subgraphs)) {
    each.fault = null;
    each.requests.length = 0;
  }
});
afterAll(async () => {
  await gateway.close();
  await graph.close();
});

const slow = "{ people { fin custodyStays { id } } }";
const fast = "{ people { fin } }";
/** Until so many have come. */
const turnsUntil = async (isThere: () => boolean) => {
  while (!isThere()) await new Promise((resolve) => setImmediate(resolve));
};
const hanging = () => {
  const seen = { open: 0, end: [] as (() => void)[] };
  graph.subgraphs.custody.fault = (request, response) => {
    request.resume();
    seen.open += 1;
    seen.end.push(() => response.writeHead(500).end());
    request.socket.once("close", () => {
      seen.open -= 1;
    });
  };
  return seen;
};

const drip: Fault = (request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
  const timer = setInterval(() => void response.write(" "), 20);
  response.once("close", () => clearInterval(timer));
};
const ways: readonly (readonly [string, Fault, string])[] = [
  ["takes the request and says nothing", (request) => void request.resume(), "GATEWAY_TIMEOUT"],
  ["sends a byte now and then", drip, "GATEWAY_TIMEOUT"],
  [
    "closes its half in the middle of an answer",
    (request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
      response.write("{", () => response.socket?.end());
    },
    "SUBREQUEST_HTTP_ERROR",
  ],
];

describe("T70: a subgraph that", () => {
  test.each(ways)("%s leaves null with a code at its own fields, and all else whole", async (_title, fault, code) => {
    graph.subgraphs.custody.fault = fault;
    const { status, body } = await gateway.ask("{ people { fin custodyStays { id } courtCases { id } } }");
    expect(status).toBe(200);
    expect(body.errors?.map(({ extensions }) => extensions)).toEqual([{ code, agency: "custody" }]);
    expect(body.data.people.map(({ custodyStays }: { custodyStays: unknown }) => custodyStays)).toEqual([null, null]);
    expect(body.data.people[1].courtCases).toEqual([{ id: "C000000021" }]);
  });

  test("hangs holds up nobody who asks others: all their requests arrive at once, and are answered before", async () => {
    const seen = hanging();
    // No timeout comes between: they hang until the test lets them go.
    const patient = await startTestGateway(graph.sdl, { SUBGRAPH_TIMEOUT_MS: "60000" });
    const ended: string[] = [];
    const ask = (query: string, name: string) =>
      patient.ask(query).then(({ body }) => ended.push(body.errors ? `${name} failed` : name));
    const stuck = Array.from({ length: 30 }, () => ask(slow, "slow"));
    await turnsUntil(() => seen.open === 30);
    // Nobody is answered until every one of them has arrived: one that waits behind a hung request would end this.
    const held: (() => void)[] = [];
    graph.subgraphs.people.fault = (request, response) => {
      request.resume();
      held.push(() => response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"people":[]}}'));
    };
    const fine = Array.from({ length: 30 }, () => ask(fast, "fast"));
    await turnsUntil(() => held.length === 30);
    for (const answer of held) answer();
    await Promise.all(fine);
    expect(ended).toEqual(Array.from({ length: 30 }, () => "fast"));
    expect(seen.open).toBe(30);
    for (const end of seen.end) end();
    await Promise.all(stuck);
    expect(ended.slice(30)).toEqual(Array.from({ length: 30 }, () => "slow failed"));
    await patient.close();
  });
});
