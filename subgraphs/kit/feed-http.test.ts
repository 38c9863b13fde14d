import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type HttpCarrierSettings, httpCarrier } from "./feed-http.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A gateway's listener that answers as it is told, and says what it was asked. */
async function gateway(answer: RequestListener = at(1)) {
  const told = { answer, asked: [] as string[], bodies: [] as string[] };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    told.asked.push(`${request.method} ${request.url}`);
    told.bodies.push(Buffer.concat(chunks).toString());
    told.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return Object.assign(told, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/changes` });
}

function at(now: number): RequestListener {
  return (_request, response) => void response.end(JSON.stringify({ clock: "g", now }));
}

const status =
  (code: number): RequestListener =>
  (_request, response) =>
    void response.writeHead(code).end();

function carrierTo(settings: HttpCarrierSettings) {
  const carrier = httpCarrier(settings);
  closers.push(carrier.close);
  return carrier;
}

test("the time is asked for once; then the answer to what was announced is the next", async () => {
  const told = await gateway();
  const carrier = carrierTo(told);
  expect(await carrier.ticket()).toMatchObject({ clock: "g", now: 1 });
  told.answer = at(2);
  await carrier.publish('{"a":"é"}');
  expect(await carrier.ticket()).toMatchObject({ clock: "g", now: 2 });
  expect(told.asked).toEqual(["GET /changes", "POST /changes"]);
  expect(told.bodies[1]).toBe('{"a":"é"}');
});

test.each([400, 401, 413])("a %i is a refusal: the same again would be refused too", async (code) => {
  const carrier = carrierTo(await gateway(status(code)));
  await expect(carrier.publish("{}")).rejects.toMatchObject({ code: "FEED_REFUSED" });
});

describe("nobody can say that it was taken", () => {
  test.each<[string, RequestListener]>([
    ["500", status(500)],
    ["404", status(404)],
    ["no time", (_request, response) => void response.end("{}")],
    ["not JSON", (_request, response) => void response.end("taken")],
    ["too long", (_request, response) => void response.end(JSON.stringify({ clock: "g".repeat(9_000), now: 1 }))],
    ["a time that is none", (_request, response) => void response.end('{"clock":"g","now":null}')],
    ["a connection that ends", (request) => void request.socket.destroy()],
    ["nothing at all", () => undefined],
  ])("%s", async (title, answer) => {
    const told = await gateway();
    // Only who says nothing is to be given up: on a slow machine the others have their time.
    const carrier = carrierTo({ ...told, timeoutMs: title === "nothing at all" ? 1_000 : 30_000 });
    await carrier.ticket();
    told.answer = answer;
    const failure = await carrier.publish("{}").catch((error: { code?: string }) => error);
    expect(failure).toBeDefined();
    expect((failure as { code?: string }).code).not.toBe("FEED_REFUSED");
    // Whoever answers next may be another gateway, with another clock.
    told.answer = at(3);
    expect(await carrier.ticket()).toMatchObject({ now: 3 });
    expect(told.asked.at(-1)).toBe("GET /changes");
  });
});

test("a carrier that is closed ends what is under way, and asks nobody any more", async () => {
  const told = await gateway(() => undefined);
  const carrier = httpCarrier(told);
  const under = carrier.publish("{}").catch(() => "ended");
  while (told.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await carrier.close();
  expect(await under).toBe("ended");
  await expect(carrier.ticket()).rejects.toBeDefined();
  expect(told.asked).toHaveLength(1);
});
