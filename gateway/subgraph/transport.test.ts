import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SubgraphRequest } from "./call.ts";
import { openTransport, type Transport, type TransportSettings } from "./transport.ts";
import { openWatch, type Watch } from "./watch.ts";

const maxBytes = 1024 * 1024;
let watch: Watch;
let closing: (() => Promise<unknown>)[];

beforeEach(() => {
  watch = openWatch();
  closing = [];
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  watch.close();
});

async function listening(server: Server | TcpServer): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

const http = (listener: RequestListener) => listening(createServer(listener));

/** Writes these bytes to whoever has sent a whole request, and does with the connection what it likes. */
const tcp = (onRequest: (socket: Socket) => void) =>
  listening(
    createTcpServer((socket) => {
      let sent = "";
      socket.on("data", (bytes) => {
        sent += bytes.toString("latin1");
        if (!sent.endsWith('{"query":"{a}"}')) return;
        sent = "";
        onRequest(socket);
      });
    }),
  );

function transportTo(url: string, settings: Partial<TransportSettings> = {}): Transport {
  const transport = openTransport({ maxBytes, watch, ...settings });
  closing.push(transport.close);
  return { ...transport, call: (request) => transport.call({ ...request, url: request.url || url }) };
}

const request = (more: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  subgraph: "ice",
  url: "",
  body: '{"query":"{a}"}',
  kind: "query",
  mayJoin: true,
  deadline: watch.now() + 20_000,
  signal: new AbortController().signal,
  ...more,
});

/** What an exchange came to: the body, or the failure's code. */
const outcomeOf = (transport: Transport, more: Partial<SubgraphRequest> = {}): Promise<unknown> =>
  transport.call(request(more)).then(
    ({ body }) => body,
    ({ code }) => code,
  );

test("a request is a POST of its body, says what it takes, and finds its connection again", async () => {
  const seen: unknown[] = [];
  const ports = new Set<number | undefined>();
  const url = await http((request, response) => {
    ports.add(request.socket.remotePort);
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { host: _, ...headers } = request.headers;
      seen.push({ method: request.method, url: request.url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"a":1}}');
    });
  });
  const transport = transportTo(`${url}?x=1`);
  for (let index = 0; index < 9; index++)
    expect(await transport.call(request({ body: '{"é":1}' }))).toEqual({ body: { data: { a: 1 } }, isShared: false });
  expect(seen[0]).toEqual({
    method: "POST",
    url: "/graphql?x=1",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "accept-encoding": "identity",
      connection: "keep-alive",
      "content-length": "8",
      "content-type": "application/json",
    },
    body: '{"é":1}',
  });
  expect(ports.size).toBeLessThan(3);
});

test("a body in many pieces is put together, letters cut in two as well", async () => {
  const text = JSON.stringify({ data: { text: "é漢🙂".repeat(20_000) } });
  const url = await http((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 997) response.write(bytes.subarray(at, at + 997));
    response.end();
  });
  const transport = transportTo(url);
  expect(JSON.stringify(await outcomeOf(transport)) === text).toBe(true);
  expect(transport.readBytes()).toBe(Buffer.byteLength(text));
});

describe("T71: of answers that are broken in some way", () => {
  const json = "application/json";
  const graphql = "application/graphql-response+json";
  const malformed = "SUBREQUEST_MALFORMED_RESPONSE";
  const failed = "SUBREQUEST_HTTP_ERROR";
  const data = { data: { a: 1 } };
  const text = JSON.stringify(data);
  type Headers = Readonly<Record<string, string>>;
  type Row = readonly [string, number, Headers, string | Buffer, unknown];
  const typed = (type: string): Headers => ({ "content-type": type });
  const rows: readonly Row[] = [
    ["plain JSON", 200, typed(json), text, data],
    ["the newer media type", 200, typed(graphql), text, data],
    ["a media type with parameters, in capitals", 200, typed("Application/JSON ; charset=utf-8"), text, data],
    ["a byte order mark", 200, typed(json), `\uFEFF${text}`, data],
    ["a body that is a list", 200, typed(json), "[]", []],
    ["a body that is null", 200, typed(json), "null", null],
    ["a body that is a number", 200, typed(json), "7", 7],
    ["white space around", 200, typed(json), ` \r\n${text}\t`, data],
    ["201", 201, typed(json), text, data],
    ["400 of the subgraph itself", 400, typed(graphql), text, data],
    ["500 of the subgraph itself", 500, typed(graphql), text, data],
    ["503 of the subgraph itself, unreadable", 503, typed(graphql), "{", malformed],
    ["400", 400, typed(json), text, failed],
    ["401", 401, typed(json), text, failed],
    ["404 with a page", 404, typed("text/html"), "<html>", failed],
    ["429", 429, typed(json), text, failed],
    ["500", 500, typed(json), text, failed],
    ["502 with a page", 502, typed("text/html"), "<html>", failed],
    ["503 with nothing", 503, {}, "", failed],
    ["504", 504, typed("text/plain"), "late", failed],
    ["599", 599, typed(json), text, failed],
    ["301 to elsewhere", 301, { ...typed(json), location: "/other" }, text, failed],
    ["302 that says it is an answer", 302, { ...typed(graphql), location: "/other" }, text, failed],
    ["307", 307, { location: "http://127.0.0.1:1/" }, "", failed],
    ["304", 304, typed(json), "", failed],
    ["204", 204, typed(json), "", malformed],
    ["no media type", 200, {}, text, malformed],
    ["an empty media type", 200, typed(""), text, malformed],
    ["HTML", 200, typed("text/html"), "<html>", malformed],
    ["JSON as text", 200, typed("text/plain"), text, malformed],
    ["another kind of JSON", 200, typed("application/problem+json"), text, malformed],
    ["two media types", 200, typed("application/json, text/html"), text, malformed],
    ["gzip that was not asked for", 200, { ...typed(json), "content-encoding": "gzip" }, gzipSync(text), malformed],
    ["another coding", 200, { ...typed(json), "content-encoding": "br" }, text, malformed],
    ["a body of nothing", 200, typed(json), "", malformed],
    ["a body of white space", 200, typed(json), "  ", malformed],
    ["a byte order mark alone", 200, typed(json), "\uFEFF", malformed],
    ["half of it", 200, typed(json), text.slice(0, -3), malformed],
    ["something after it", 200, typed(json), `${text}x`, malformed],
    ["two of them", 200, typed(json), text + text, malformed],
    ["a comma too many", 200, typed(json), '{"data":{"a":1,}}', malformed],
    ["single quotes", 200, typed(json), "{'data':1}", malformed],
    ["a comment", 200, typed(json), `/**/${text}`, malformed],
    ["NaN", 200, typed(json), '{"data":NaN}', malformed],
    ["undefined", 200, typed(json), "undefined", malformed],
    ["a control character in a string", 200, typed(json), '{"data":"\u0001"}', malformed],
    ["an open string", 200, typed(json), '{"data":"', malformed],
    ["a broken escape", 200, typed(json), '{"data":"\\u12"}', malformed],
    ["a byte that is no UTF-8", 200, typed(json), Buffer.from('{"data":"\xff"}', "latin1"), malformed],
    ["Latin-1", 200, typed("application/json; charset=iso-8859-1"), Buffer.from('{"data":"é"}', "latin1"), malformed],
    ["UTF-16", 200, typed(json), Buffer.from(`\uFEFF${text}`, "utf16le"), malformed],
    ["zero bytes", 200, typed(json), Buffer.alloc(64), malformed],
    ["a million levels", 200, typed(json), "[".repeat(maxBytes), malformed],
    ["JavaScript", 200, typed(json), ")]}',\n{}", malformed],
    ["GraphQL", 200, typed(json), "{ a }", malformed],
  ];

  test.each(rows)("%s (%i) is told apart", async (_, status, headers, body, expected) => {
    const url = await http((_request, response) => void response.writeHead(status, headers).end(body));
    expect(await outcomeOf(transportTo(url))).toEqual(expected);
  });

  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${json}\r\n`;
  test.each<readonly [string, string | Buffer, unknown]>([
    ["no status line", "nonsense\r\n\r\n", malformed],
    ["another protocol", "SSH-2.0-OpenSSH_9\r\n", malformed],
    ["a length that is no number", `${head}content-length: x\r\n\r\n`, malformed],
    ["two lengths", `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, failed],
    [
      "a length and pieces",
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      failed,
    ],
    ["pieces of no size", `${head}transfer-encoding: chunked\r\n\r\nz\r\n{}\r\n`, malformed],
    ["headers without end", `${head}${`x: ${"y".repeat(1000)}\r\n`.repeat(100)}`, malformed],
    ["less than it says", `${head}content-length: 100\r\n\r\n{"data":`, failed],
    ["pieces that stop", `${head}transfer-encoding: chunked\r\n\r\n8\r\n{"data":\r\n`, failed],
    ["headers that stop", head, failed],
    ["nothing at all", "", failed],
    ["an upgrade", "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", failed],
    ["a body to the end of the connection, whole", `${head}connection: close\r\n\r\n{"data":1}`, { data: 1 }],
    ["a body to the end of the connection, cut", `${head}connection: close\r\n\r\n{"data":`, malformed],
    [
      "early hints before the answer",
      `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${head}content-length: 2\r\n\r\n{}`,
      {},
    ],
  ])("%s is told apart", async (_, bytes, expected) => {
    const url = await tcp((socket) => void socket.end(bytes));
    expect(await outcomeOf(transportTo(url))).toEqual(expected);
  });

  test("a broken one leaves the next one whole, on the same connections", async () => {
    let turn = 0;
    const ports = new Set<number | undefined>();
    const url = await http((incoming, response) => {
      ports.add(incoming.socket.remotePort);
      incoming.resume();
      const [, status, headers, body] = rows[turn++ % rows.length] as Row;
      response.writeHead(status, headers).end(body);
    });
    const transport = transportTo(url);
    for (const [, , , , expected] of rows) expect(await outcomeOf(transport)).toEqual(expected);
    expect(ports.size).toBeLessThan(5);
  });
});

describe("T70: a subgraph that takes its time", () => {
  const stuck: readonly (readonly [string, (socket: Socket) => void])[] = [
    ["takes the request and says nothing", () => {}],
    [
      "closes its half of the connection after the headers",
      (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n"),
    ],
    [
      "sends a byte now and then",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n");
        const drip = setInterval(() => void socket.write(" "), 5);
        socket.once("close", () => clearInterval(drip));
      },
    ],
    [
      "sends hints for ever",
      (socket) => {
        const drip = setInterval(() => void socket.write("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"), 5);
        socket.once("close", () => clearInterval(drip));
      },
    ],
    [
      "refuses with a body that does not end",
      (socket) => {
        socket.write("HTTP/1.1 503 Busy\r\ncontent-length: 1000\r\n\r\n");
        const drip = setInterval(() => void socket.write(" "), 5);
        socket.once("close", () => clearInterval(drip));
      },
    ],
  ];

  test.each(stuck)("and %s is given up at the deadline, and its connection closed", async (_, onRequest) => {
    const closed = Promise.withResolvers<void>();
    const url = await tcp((socket) => {
      socket.once("close", () => closed.resolve());
      onRequest(socket);
    });
    const startedAt = watch.now();
    const outcome = await outcomeOf(transportTo(url), { deadline: startedAt + 60 });
    const tookMs = watch.now() - startedAt;
    expect(["GATEWAY_TIMEOUT", "SUBREQUEST_HTTP_ERROR"]).toContain(outcome);
    if (!_.includes("closes") && !_.includes("refuses"))
      expect([outcome, tookMs >= 60]).toEqual(["GATEWAY_TIMEOUT", true]);
    // 60 ms, and what a busy machine adds: none of them ever ends by itself.
    expect(tookMs).toBeLessThan(10_000);
    await closed.promise;
  });

  test("is given up while no connection comes about", async () => {
    const transport = transportTo("http://agency.example/", { resolve: () => {} });
    expect(await outcomeOf(transport, { deadline: watch.now() + 30 })).toBe("GATEWAY_TIMEOUT");
  });

  test("is given up while all connections are taken, and what was given up is never sent", async () => {
    const sockets: Socket[] = [];
    const bodies: string[] = [];
    const answers: (() => void)[] = [];
    const url = await http((incoming, response) => {
      sockets.push(incoming.socket);
      incoming.on("data", (chunk) => bodies.push(String(chunk)));
      answers.push(() => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
      if (answers.length > 1) answers.at(-1)?.();
    });
    const transport = transportTo(url, { connectionsPerOrigin: 1 });
    const first = outcomeOf(transport, { body: '"first"' });
    const client = new AbortController();
    const late = outcomeOf(transport, { body: '"late"', deadline: watch.now() + 30 });
    const gone = outcomeOf(transport, { body: '"gone"', signal: client.signal });
    const patient = outcomeOf(transport, { body: '"patient"' });
    client.abort();
    expect([await late, await gone]).toEqual(["GATEWAY_TIMEOUT", "SUBREQUEST_HTTP_ERROR"]);
    answers[0]?.();
    expect([await first, await patient]).toEqual([{}, {}]);
    expect(bodies).toEqual(['"first"', '"patient"']);
    expect(new Set(sockets).size).toBe(1);
  });

  test("is asked over so many connections at once and no more", async () => {
    let connections = 0;
    const server = createServer(() => {}).on("connection", () => connections++);
    const transport = transportTo(await listening(server), { connectionsPerOrigin: 3 });
    const client = new AbortController();
    const outcomes = Array.from({ length: 20 }, () => outcomeOf(transport, { signal: client.signal }));
    while (connections < 3) await new Promise((resolve) => setImmediate(resolve));
    // All are made at once: a fourth would come with them.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    client.abort();
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["SUBREQUEST_HTTP_ERROR"]));
    expect(connections).toBe(3);
  });

  test("is let go within 100 ms of its client's going", async () => {
    let onArrival: (socket: Socket) => void = () => {};
    const transport = transportTo(await tcp((socket) => onArrival(socket)));
    const took: number[] = [];
    for (let round = 0; round < 5; round++) {
      const closed = Promise.withResolvers<number>();
      const arrived = new Promise<void>((resolve) => {
        onArrival = (socket) => {
          socket.once("close", () => closed.resolve(performance.now()));
          resolve();
        };
      });
      const client = new AbortController();
      const outcome = outcomeOf(transport, { signal: client.signal });
      await arrived;
      const abortedAt = performance.now();
      client.abort();
      expect(await outcome).toBe("SUBREQUEST_HTTP_ERROR");
      took.push((await closed.promise) - abortedAt);
    }
    // The best of some: a busy machine may be late with any of them.
    expect(Math.min(...took)).toBeLessThan(100);
  });

  test("is not asked for a client that has gone, nor after the deadline", async () => {
    let requests = 0;
    const transport = transportTo(await http(() => requests++));
    expect(await outcomeOf(transport, { signal: AbortSignal.abort() })).toBe("SUBREQUEST_HTTP_ERROR");
    expect(await outcomeOf(transport, { deadline: watch.now() })).toBe("GATEWAY_TIMEOUT");
    expect(requests).toBe(0);
  });
});

describe("T73: an answer that is too large", () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

  /** Sends as much as is taken, up to a gigabyte, and says how much that was when the connection is closed. */
  const flood = (start: string, block: Buffer) => {
    const taken = Promise.withResolvers<number>();
    const url = tcp((socket) => {
      let sent = 0;
      const pour = () => {
        while (sent < 1024 ** 3 && !socket.destroyed) {
          sent += block.length;
          if (!socket.write(block)) return;
        }
      };
      socket.on("drain", pour).once("close", () => taken.resolve(sent));
      socket.write(start);
      pour();
    });
    return { url, taken: taken.promise };
  };

  const block = Buffer.alloc(256 * 1024, "1,");
  const chunk = Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from("\r\n")]);
  test.each([
    ["that says so", `${head}content-length: ${1024 ** 3}\r\n\r\n[`, block],
    ["in pieces", `${head}transfer-encoding: chunked\r\n\r\n`, chunk],
    ["to the end of the connection", `${head}connection: close\r\n\r\n[`, block],
    ["in pieces of one byte", `${head}transfer-encoding: chunked\r\n\r\n`, Buffer.from("1\r\n1\r\n".repeat(20_000))],
    ["packed", `${head}content-encoding: gzip\r\ncontent-length: ${1024 ** 3}\r\n\r\n`, block],
    ["of an error", `HTTP/1.1 500 No\r\ncontent-length: ${1024 ** 3}\r\n\r\n`, block],
  ])("%s is not taken beyond the limit", async (_, start, bytes) => {
    const { url, taken } = flood(start, bytes);
    const transport = transportTo(await url);
    const before = process.memoryUsage.rss();
    const outcome = await outcomeOf(transport);
    const grownBy = process.memoryUsage.rss() - before;
    expect(outcome).toBe(start.includes(" 500 ") ? "SUBREQUEST_HTTP_ERROR" : "SUBREQUEST_MALFORMED_RESPONSE");
    // What was taken, and what lay in the system's buffers on both sides; pieces cost six bytes for each.
    expect(await taken).toBeLessThan(6 * maxBytes + 32 * 1024 * 1024);
    expect(grownBy).toBeLessThan(96 * 1024 * 1024);
  });

  test("a list of ten million elements is not taken either, and one at the limit is", async () => {
    let text = JSON.stringify(Array(10_000_000).fill(0));
    const url = await http(
      (_, response) => void response.writeHead(200, { "content-type": "application/json" }).end(text),
    );
    expect(await outcomeOf(transportTo(url))).toBe("SUBREQUEST_MALFORMED_RESPONSE");
    text = `"${"x".repeat(maxBytes - 2)}"`;
    expect(await outcomeOf(transportTo(url))).toHaveLength(maxBytes - 2);
    text = `"${"x".repeat(maxBytes - 1)}"`;
    expect(await outcomeOf(transportTo(url))).toBe("SUBREQUEST_MALFORMED_RESPONSE");
  });

  test("a gzip bomb is never unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const url = await http((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb);
    });
    const before = process.memoryUsage().arrayBuffers;
    expect(await outcomeOf(transportTo(url))).toBe("SUBREQUEST_MALFORMED_RESPONSE");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bomb.length + maxBytes);
  });
});

describe("T91: a subgraph is asked at its own address", () => {
  test.each(["http://169.254.169.254/", "http://[fe80::1]/", "file:///etc/passwd", "gopher://127.0.0.1/", "nowhere"])(
    "and not at %s",
    async (url) => expect(await outcomeOf(transportTo(url))).toBe("SUBREQUEST_HTTP_ERROR"),
  );

  test("and not where its name leads to a refused address, though it did not before", async () => {
    let requests = 0;
    const url = await http((incoming, response) => {
      requests++;
      incoming.resume();
      response.writeHead(200, { "content-type": "application/json", connection: "close" }).end("{}");
    });
    let address = "127.0.0.1";
    const transport = transportTo(url.replace("127.0.0.1", "agency.example"), {
      resolve: (_, __, callback) => callback(null, [{ address, family: 4 }]),
    });
    expect(await outcomeOf(transport)).toEqual({});
    address = "169.254.169.254";
    expect(await outcomeOf(transport)).toBe("SUBREQUEST_HTTP_ERROR");
    address = "127.0.0.1";
    expect(await outcomeOf(transport)).toEqual({});
    expect(requests).toBe(2);
  });

  test("and not where it sends us", async () => {
    let followed = 0;
    const elsewhere = await http(() => followed++);
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await http((_, response) => void response.writeHead(status, { location: elsewhere }).end());
      expect(await outcomeOf(transportTo(url))).toBe("SUBREQUEST_HTTP_ERROR");
    }
    expect(followed).toBe(0);
  });

  test("which may change between two requests", async () => {
    const answering = (value: number) =>
      http((_, response) => void response.writeHead(200, { "content-type": "application/json" }).end(String(value)));
    const transport = transportTo("");
    const [one, other] = [request({ url: await answering(1) }), request({ url: await answering(2) })];
    expect([await outcomeOf(transport, one), await outcomeOf(transport, other)]).toEqual([1, 2]);
  });
});

test("nothing is left when it is closed: requests under way fail, and no more are made", async () => {
  const transport = transportTo(await tcp(() => {}));
  const outcome = outcomeOf(transport);
  await transport.close();
  expect(await outcome).toBe("SUBREQUEST_HTTP_ERROR");
  expect(await outcomeOf(transport)).toBe("SUBREQUEST_HTTP_ERROR");
});

test("what a subgraph says of how long its answer may be kept comes with it", async () => {
  const said: Record<string, string>[] = [{}, { "cache-control": "max-age=60, public", age: "20" }];
  const url = await http((_, response) => {
    response.writeHead(200, { "content-type": "application/json", ...said.shift() }).end("{}");
  });
  const transport = transportTo(url);
  expect(await transport.call(request())).toEqual({ body: {}, isShared: false });
  expect(await transport.call(request())).toEqual({ body: {}, isShared: false, keepMs: 40_000 });
});
