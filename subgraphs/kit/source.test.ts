import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type HttpSystem, httpSystem, parseJson } from "./source.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function systemAnswering(listener: RequestListener, timeoutMs = 2_000): Promise<HttpSystem> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  const system = httpSystem({ system: "SYS", url, timeoutMs, maxBytes: 1_000 });
  open.push(system.close, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return system;
}

const ask = (system: HttpSystem) => system.ask({ method: "GET", path: "/rows" });

test("an answer below 500 is handed on with its status and bytes", async () => {
  const system = await systemAnswering((request, response) => response.writeHead(404).end(request.url));
  expect(await ask(system)).toMatchObject({ status: 404, body: Buffer.from("/base/rows") });
});

describe("no usable answer is an error that names the system and says why", () => {
  test.each<[string, RequestListener, string]>([
    ["an outage", (_request, response) => response.writeHead(503).end(), "SOURCE_UNAVAILABLE"],
    ["a cut connection", (request) => request.socket.destroy(), "SOURCE_UNAVAILABLE"],
    ["silence", () => undefined, "SOURCE_TIMEOUT"],
    ["one byte and silence", (_request, response) => void response.write("x"), "SOURCE_TIMEOUT"],
    ["something that is not HTTP", (request) => request.socket.end("nonsense\r\n\r\n"), "SOURCE_INVALID"],
    ["more than is allowed", (_request, response) => response.end("x".repeat(1_001)), "SOURCE_INVALID"],
  ])("%s", async (_title, listener, code) => {
    // Only who is silent is to be given up: on a slow machine the others have their time.
    const system = await systemAnswering(listener, code === "SOURCE_TIMEOUT" ? 150 : 30_000);
    await expect(ask(system)).rejects.toMatchObject({ extensions: { code, system: "SYS" } });
  });

  test("nobody listening", async () => {
    const system = httpSystem({ system: "SYS", url: "http://127.0.0.1:9", timeoutMs: 30_000 });
    open.push(system.close);
    await expect(ask(system)).rejects.toMatchObject({ extensions: { code: "SOURCE_UNAVAILABLE" } });
  });
});

test("a stream that breaks off ends in an error, not in a short file", async () => {
  const system = await systemAnswering((_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("half", () => response.destroy());
  });
  const read = async () => {
    for await (const _chunk of await system.stream({ method: "GET", path: "/file" }));
  };
  await expect(read()).rejects.toMatchObject({ extensions: { code: "SOURCE_UNAVAILABLE" } });
});

test.each([Buffer.from("{"), Buffer.from([0x22, 0xff, 0x22]), Buffer.alloc(0)])(
  "bytes that are no JSON are refused",
  (body) => {
    expect(() => parseJson("SYS", body)).toThrow(
      expect.objectContaining({ extensions: { code: "SOURCE_INVALID", system: "SYS" } }),
    );
  },
);
