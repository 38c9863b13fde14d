import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { type LoadResult, load } from "./load.ts";

const request = { body: '{"query":"{ a b }"}', expected: { a: 1, b: ["x", null] } };
const good = '{"data":{"a":1,"b":["x",null]}}';
let server: Server | undefined;
afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))));

/** Loads for longer, until it shows something: a busy machine may come to nothing in a short time. */
async function loadUntil(listener: RequestListener, isEnough: (result: LoadResult) => boolean): Promise<LoadResult> {
  for (let windowMs = 120; ; windowMs *= 4) {
    const result = await loadOver(listener, windowMs);
    if (isEnough(result) || windowMs > 10_000) return result;
    await new Promise((resolve) => server?.close(resolve));
  }
}

async function loadOver(listener: RequestListener, windowMs: number): Promise<LoadResult> {
  const listening = createServer((incoming, response) => {
    incoming.resume().once("end", () => listener(incoming, response));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  const watched = { gatewayPid: process.pid, stubPid: process.pid };
  const result = await load({
    port,
    requests: [request],
    knownGood: [good],
    ownRequests: false,
    connections: 3,
    headers: {},
    settleMs: 20,
    windowMs,
    ...watched,
  });
  listening.closeAllConnections();
  return result;
}

const whole =
  (body: string, status = 200): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { "content-length": Buffer.byteLength(body) }).end(body);
const inPieces =
  (...pieces: readonly string[]): RequestListener =>
  (_request, response) => {
    for (const piece of pieces) response.write(piece);
    response.end();
  };

test.each<[string, RequestListener]>([
  ["the very bytes", whole(good)],
  ["the same in another order", whole('{"data":{"b":["x",null],"a":1}}')],
  ["the same with extensions", whole('{"extensions":{},"data":{"a":1,"b":["x",null]}}')],
  ["the same in chunks", inPieces(good.slice(0, 7), good.slice(7))],
])("an answer with %s is counted", async (_, listener) => {
  const { answers, wrong, p50Ms } = await loadUntil(listener, (result) => result.answers > 10);
  expect(wrong).toBe(0);
  expect(answers).toBeGreaterThan(10);
  expect(p50Ms).toBeGreaterThan(0);
});

test.each<[string, RequestListener]>([
  ["of the right length with one character changed", whole(good.replace("1", "2"))],
  ["with a null too many", whole('{"data":{"a":null,"b":["x",null]}}')],
  ["with a field too many", whole('{"data":{"a":1,"b":["x",null],"c":1}}')],
  ["with errors beside the right data", whole(`{"errors":[{"message":"x"}],${good.slice(1)}`)],
  ["with the right bytes and another status", whole(good, 500)],
  ["in chunks and wrong", inPieces(good.slice(0, 7), good.slice(7).replace("x", "y"))],
  ["that is not JSON", whole("<html>")],
  ["without anything", whole("")],
  ["that never comes", (_request, response) => void response.destroy()],
])("an answer %s is wrong and not counted", async (_, listener) => {
  const { answers, wrong, firstWrong } = await loadUntil(listener, (result) => result.wrong > 0);
  expect(answers).toBe(0);
  expect(wrong).toBeGreaterThan(0);
  expect(firstWrong).not.toBeNull();
});

test("one wrong answer among right ones is seen, and the right ones are counted", async () => {
  let asked = 0;
  const oneWrong: RequestListener = (incoming, response) => {
    asked += 1;
    whole(asked === 20 ? good.replace("x", "y") : good)(incoming, response);
  };
  const { answers, wrong } = await loadUntil(oneWrong, (result) => {
    const isEnough = result.answers > 10 && asked >= 20;
    if (!isEnough) asked = 0;
    return isEnough;
  });
  expect(wrong).toBe(1);
  expect(answers).toBeGreaterThan(10);
});
