import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type FaultyProxy, faultyProxy } from "./faults.ts";

let upstream: Server;
let proxy: FaultyProxy;

beforeAll(async () => {
  upstream = createServer((_request, response) => response.end(JSON.stringify({ rows: ["x".repeat(200)] })));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  proxy = await faultyProxy({ protocol: "http", upstreamPort: (upstream.address() as AddressInfo).port });
});
afterAll(async () => {
  await proxy.close();
  await new Promise((resolve) => {
    upstream.close(resolve);
    upstream.closeAllConnections();
  });
});
beforeEach(() => proxy.set({ kind: "none" }));

const ask = (signal?: AbortSignal) => fetch(`http://127.0.0.1:${proxy.port}/`, signal ? { signal } : {});

test("without a fault an answer passes unchanged", async () => {
  expect(await (await ask()).json()).toEqual({ rows: ["x".repeat(200)] });
});

test("a system that is down resets connections, and serves again when the fault is lifted", async () => {
  proxy.set({ kind: "down" });
  await expect(ask()).rejects.toThrow();
  proxy.set({ kind: "none" });
  expect((await ask()).status).toBe(200);
});

test("a slow system answers nothing before its time", async () => {
  proxy.set({ kind: "slow", ms: 60_000 });
  await expect(ask(AbortSignal.timeout(100))).rejects.toMatchObject({ name: "TimeoutError" });
});

test("a system that refuses says so in its protocol", async () => {
  proxy.set({ kind: "refuse" });
  expect((await ask()).status).toBe(503);
});

test("a truncated answer ends before its length", async () => {
  proxy.set({ kind: "truncate" });
  await expect(ask().then((response) => response.text())).rejects.toThrow();
});

test("garbage keeps the framing and spoils the content", async () => {
  proxy.set({ kind: "garbage" });
  const response = await ask();
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(/^\u0015+$/);
});

test("a rate of nearly nothing strikes hardly ever", async () => {
  proxy.set({ kind: "refuse", rate: 1e-9 });
  expect((await ask()).status).toBe(200);
});
