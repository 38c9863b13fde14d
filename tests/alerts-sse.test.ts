/** Alerts over `text/event-stream`. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createClient } from "graphql-sse";
import { type AlertGraph, openSse, startAlertGraph } from "./alerts.ts";

let alerts: AlertGraph;
beforeAll(async () => {
  alerts = await startAlertGraph();
});
afterAll(() => alerts.close());

const watch = `subscription ($by: PersonIdentifier!, $kinds: [AlertKind!]) {
  changed: personChanged(by: $by, kinds: $kinds) { __typename what: kind at system person { fin cases: courtCases { id } } }
}`;
const about = (aNumber: string) => [["ANumber", aNumber]] as const;

describe("a subscription over SSE", () => {
  test("tells what happens to the person, by whatever identifier the change and the client know it", async () => {
    const stream = await openSse(alerts.gateway.url, { query: watch, variables: { by: { aNumber: "000000012" } } });
    expect(stream.status).toBe(200);
    alerts.feeds.announce("MOTION_FILED", about("000000021"));
    alerts.feeds.announce("MOTION_FILED", about("000000011"));
    expect(await stream.next()).toEqual({
      id: expect.any(String),
      event: "next",
      data: {
        data: {
          changed: {
            __typename: "Alert",
            what: "MOTION_FILED",
            at: "2026-10-19T14:00:00Z",
            system: "CASE",
            person: { fin: "FIN000001", cases: [{ id: "C000000011" }, { id: "C000000012" }] },
          },
        },
        extensions: { eventId: expect.any(String) },
      },
    });
    stream.drop();
  });

  test("is read by the protocol's own client", async () => {
    const client = createClient({ url: alerts.gateway.url, retryAttempts: 0 });
    const results = client.iterate({
      query: "subscription { agencyAlerts(kinds: [BOOKED_IN]) { kind person { fin } } }",
    });
    const first = results.next();
    // The client connects by itself: it is there when its stream is.
    while (!(await isOpen(1))) await new Promise((resolve) => setImmediate(resolve));
    alerts.feeds.announce("BOOKED_OUT", about("000000011"), { system: "EID" });
    alerts.feeds.announce("BOOKED_IN", about("000000011"), { system: "EID" });
    expect((await first).value).toMatchObject({
      data: { agencyAlerts: { kind: "BOOKED_IN", person: { fin: "FIN000001" } } },
    });
    await results.return?.();
    client.dispose();
  });
});

async function isOpen(streams: number): Promise<boolean> {
  const text = await (await fetch(`${alerts.gateway.internalUrl}/metrics`)).text();
  return Number(/^crosswalk_streams (\d+)/m.exec(text)?.[1]) >= streams;
}
