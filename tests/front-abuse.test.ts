/** The front under clients that are slow, greedy, confused or hostile. Ids are those of the threats. */
import { spawn } from "node:child_process";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Handle } from "../gateway/handle.ts";
import { ask, converse, type Front, requestBytes, startFront } from "./front.ts";

const good: Handle = async () => ({ data: { a: 1 } });
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function front(handle: Handle = good, settings: Parameters<typeof startFront>[1] = {}): Promise<Front> {
  const started = await startFront(handle, settings);
  open.push(started);
  return started;
}

async function isServed({ url }: { readonly url: string }): Promise<void> {
  expect((await ask(url)).status).toBe(200);
}

function until(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => (isSo() ? resolve() : setTimeout(look, 10));
    look();
  });
}

describe("T76 slow clients are ended in time, and others are served meanwhile", () => {
  // Those of the gateway are 5, 10, 5 and 10 s, looked at every second: all under 15 s.
  const limits = {
    headersMs: 1500,
    requestMs: 2000,
    keepAliveMs: 1500,
    answerMs: 300,
    answerBytesPerMs: 1e6,
    checkEveryMs: 50,
  };
  const clients = 2000;
  const headWithout = (end: string) =>
    `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n${end}`;

  /** What each of so many clients was told before the other side ended its connection. */
  async function endedAll(port: number, count: number, bytes: string, drip: string): Promise<readonly string[]> {
    const all: Promise<string>[] = [];
    const one = () =>
      new Promise<void>((connected) => {
        const told = new Promise<string>((ended) => {
          let text = "";
          let timer: NodeJS.Timeout | undefined;
          const socket = connect(port, "127.0.0.1", () => {
            socket.write(bytes);
            if (drip !== "") timer = setInterval(() => socket.write(drip), 100);
            connected();
          });
          socket.on("data", (chunk) => {
            text += chunk;
          });
          socket.on("error", () => connected());
          socket.once("close", () => {
            clearInterval(timer);
            ended(text);
          });
        });
        all.push(told);
      });
    for (let begun = 0; begun < count; begun += 100) await Promise.all(Array.from({ length: 100 }, one));
    return Promise.all(all);
  }

  test.each([
    ["that say nothing", "", "", "408"],
    ["whose headers drip", headWithout(""), "x: y\r\n", "408"],
    ["whose body drips", headWithout("\r\n"), "{", "408"],
    ["that stop in their body", headWithout('\r\n{"query"'), "", "408"],
    ["that keep a connection they no longer use", requestBytes(), "", "200"],
  ])(`${clients} clients %s`, async (_title, bytes, drip, status) => {
    const started = await front(good, { limits, maxRequests: 100_000 });
    const startedAt = performance.now();
    const ended = endedAll(started.port, clients, bytes, drip);
    await isServed(started);
    const statuses = (await ended).map((text) => /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? "none");
    // 2 s, and what 2,000 clients beside them take of a busy machine; without a limit it is for ever.
    expect(performance.now() - startedAt).toBeLessThan(45_000);
    // One whose connection is reset while it writes may miss what it was told.
    expect(new Set([...statuses, "none"])).toEqual(new Set([status, "none"]));
    expect(statuses.filter((each) => each === status).length).toBeGreaterThan(clients * 0.9);
    await isServed(started);
  });

  test("clients that do not read what they asked for", async () => {
    const large = { list: Array.from({ length: 200 }, () => "x".repeat(100_000)) };
    const single = "x".repeat(20_000_000);
    const started = await front(async ({ query }) => ({ data: { large, single }[query ?? ""] ?? 1 }), { limits });
    const taken = ["large", "single", "large", "single"].map((query) => {
      const socket = connect(started.port, "127.0.0.1", () => socket.write(requestBytes({ query })));
      socket.on("error", () => undefined);
      socket.pause();
      let bytes = 0;
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      return async () => {
        const closed = new Promise((resolve) => socket.once("close", resolve));
        socket.resume();
        await closed;
        return bytes;
      };
    });
    await isServed(started);
    const givenUp = async () => (await started.telemetry.metrics()).text.includes("crosswalk_clients_gone_total 4");
    while (!(await givenUp())) await new Promise((resolve) => setTimeout(resolve, 20));
    // What is left to read is no more than the system had taken.
    for (const read of taken) expect(await read()).toBeLessThan(20_000_000);
  });

  test("a client that reads slowly but fast enough gets its whole answer", async () => {
    const large = "x".repeat(5_000_000);
    const started = await front(async () => ({ data: large }), { limits: { ...limits, answerBytesPerMs: 1000 } });
    const { text } = await ask(started.url);
    expect(text).toHaveLength(large.length + 11);
  });
});

describe("T77 what parsers could read in two ways is refused, and never answered twice", () => {
  const body = '{"query":"{ a }"}';
  const json = "Content-Type: application/json\r\n";
  const head = `POST /graphql HTTP/1.1\r\nHost: x\r\n${json}`;
  const length = `Content-Length: ${body.length}\r\n`;
  const chunked = "Transfer-Encoding: chunked\r\n";
  const size = body.length.toString(16);
  const inChunks = `${size}\r\n${body}\r\n0\r\n\r\n`;
  const hidden = `GET /graphql?query={hidden} HTTP/1.1\r\nHost: x\r\n\r\n`;

  test.each([
    ["a length and chunks", `${head}Content-Length: 4\r\n${chunked}\r\n0\r\n\r\n${hidden}`],
    ["chunks and a length", `${head}${chunked}Content-Length: 4\r\n\r\n5c\r\n${hidden}\r\n0\r\n\r\n`],
    ["chunks that are then none", `${head}${chunked}Transfer-Encoding: identity\r\n\r\n${inChunks}`],
    ["an unknown transfer encoding", `${head}Transfer-Encoding: xchunked\r\n\r\n${inChunks}`],
    ["chunked not last", `${head}Transfer-Encoding: chunked, gzip\r\n\r\n${inChunks}`],
    ["a space before the colon", `${head}Transfer-Encoding : chunked\r\n\r\n${inChunks}`],
    ["chunks before HTTP/1.1", `POST /graphql HTTP/1.0\r\nHost: x\r\n${json}${chunked}\r\n${inChunks}`],
    ["the same length twice", `${head}${length}${length}\r\n${body}`],
    ["two lengths", `${head}${length}Content-Length: 99\r\n\r\n${body}`],
    ["a list of lengths", `${head}Content-Length: ${body.length}, ${body.length}\r\n\r\n${body}`],
    ["a length with a sign", `${head}Content-Length: +${body.length}\r\n\r\n${body}`],
    ["a negative length", `${head}Content-Length: -1\r\n\r\n${body}`],
    ["a hexadecimal length", `${head}Content-Length: 0x${size}\r\n\r\n${body}`],
    ["a length beyond all bounds", `${head}Content-Length: 99999999999999999999999\r\n\r\n${body}`],
    ["a folded header", `POST /graphql HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n${json}${length}\r\n${body}`],
    ["a folded transfer encoding", `${head}Transfer-Encoding:\r\n chunked\r\n\r\n${inChunks}`],
    ["lines that end in LF alone", `${head}${length}\r\n${body}`.replaceAll("\r\n", "\n")],
    ["one line that ends in LF alone", `POST /graphql HTTP/1.1\r\nHost: x\n${json}${length}\r\n${body}`],
    ["one line that ends in CR alone", `POST /graphql HTTP/1.1\r\nHost: x\r${json}${length}\r\n${body}`],
    ["a NUL in a header", `POST /graphql HTTP/1.1\r\nHost: x\0\r\n${json}${length}\r\n${body}`],
    ["a chunk's extension that ends in LF", `${head}${chunked}\r\n${size};a\n${body}\r\n0\r\n\r\n`],
    ["a chunk's extension of 20 kB", `${head}${chunked}\r\n${size};${"a".repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`],
    ["a negative chunk", `${head}${chunked}\r\n-${size}\r\n${body}\r\n0\r\n\r\n`],
    ["a chunk's size with 0x", `${head}${chunked}\r\n0x${size}\r\n${body}\r\n0\r\n\r\n`],
    ["a chunk's size with a space", `${head}${chunked}\r\n${size} \r\n${body}\r\n0\r\n\r\n`],
    ["a chunk longer than its size", `${head}${chunked}\r\n5\r\n${body}\r\n0\r\n\r\n`],
    ["chunks that end in LF alone", `${head}${chunked}\r\n${size}\n${body}\n0\n\n`],
    ["a length after the chunks", `${head}${chunked}\r\n${size}\r\n${body}\r\n0\r\nContent-Length: 4\r\n\r\n`],
    ["HTTP/0.9", "GET /graphql?query={a}\r\n\r\n"],
    ["HTTP/0.9 by name", "GET /graphql?query={a} HTTP/0.9\r\nHost: x\r\n\r\n"],
    ["HTTP/2.0 in lines of text", `POST /graphql HTTP/2.0\r\nHost: x\r\n${json}${length}\r\n${body}`],
    ["HTTP/1.10", `POST /graphql HTTP/1.10\r\nHost: x\r\n${json}${length}\r\n${body}`],
    ["no host", `POST /graphql HTTP/1.1\r\n${json}${length}\r\n${body}`],
    ["two hosts", `${head}host: y\r\n${length}\r\n${body}`],
    ["two tokens", `${head}Authorization: a\r\nauthorization: b\r\n${length}\r\n${body}`],
    ["a space in the path", `POST /graphql x HTTP/1.1\r\nHost: x\r\n${json}${length}\r\n${body}`],
    ["a space in a header's name", `${head}X A: b\r\n${length}\r\n${body}`],
    ["a header without a name", `${head}: b\r\n${length}\r\n${body}`],
    ["a space before the first header", `POST /graphql HTTP/1.1\r\n X: a\r\nHost: x\r\n${json}${length}\r\n${body}`],
    ["a method in small letters", `post /graphql HTTP/1.1\r\nHost: x\r\n${json}${length}\r\n${body}`],
    ["an expectation nobody knows", `${head}Expect: more\r\n${length}\r\n${body}`],
    ["the beginning of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ])("%s", async (_title, bytes) => {
    let asked = 0;
    const started = await front(async () => {
      asked += 1;
      return { data: 1 };
    });
    const { statuses, isClosed, text } = await converse(started.port, bytes);
    expect({ statuses, isClosed, asked }).toEqual({ statuses: ["400"], isClosed: true, asked: 0 });
    expect(text).toContain("content-security-policy: default-src 'none'");
    expect(text).toContain('"code":"BAD_REQUEST"');
    await isServed(started);
  });

  test.each([
    ["a chunk's extension", `${head}${chunked}\r\n${size};a=b\r\n${body}\r\n0\r\n\r\n`],
    [
      "a GET with a request for its body",
      `GET /graphql?query={a} HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    ],
    ["empty lines before the request", `\r\n\r\n${head}${length}\r\n${body}`],
    ["an upgrade to what we do not speak", `${head}Connection: Upgrade\r\nUpgrade: websocket\r\n${length}\r\n${body}`],
  ])("%s can be read in one way, and is answered once", async (_title, bytes) => {
    const queries: unknown[] = [];
    const started = await front(async ({ query }) => {
      queries.push(query);
      return { data: 1 };
    });
    const { statuses } = await converse(started.port, bytes, 1);
    expect(statuses).toEqual(["200"]);
    expect(queries).toHaveLength(1);
    expect(queries).not.toContain("{hidden}");
  });

  test("requests in one piece are answered in their order, one answer each", async () => {
    const started = await front(async ({ query }) => {
      if (query === "{ slow }") await new Promise((resolve) => setTimeout(resolve, 50));
      return { data: query };
    });
    const bytes = ["{ slow }", "{ b }", "{ c }"].map((query) => requestBytes({ query })).join("");
    const { text } = await converse(started.port, bytes, 3);
    expect([...text.matchAll(/\{"data":"(.*?)"\}/g)].map(([, query]) => query)).toEqual(["{ slow }", "{ b }", "{ c }"]);
  });

  test("what is no HTTP after a request ends the connection, and is not taken for the answer to it", async () => {
    const started = await front(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { data: 1 };
    });
    const { statuses, isClosed } = await converse(started.port, `${requestBytes()}NO HTTP\r\n\r\n`);
    expect([statuses, isClosed]).toEqual([[], true]);
  });
});

describe("T78 HTTP/2 is not spoken, and floods of it change nothing for others", () => {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const resets = Buffer.concat(
    Array.from({ length: 500 }, (_, index) =>
      Buffer.from([0, 0, 1, 1, 5, 0, 0, 0, (index * 2 + 1) & 0x7f, 0x82, 0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]),
    ),
  );
  const continuations = Buffer.concat(
    Array.from({ length: 500 }, () => Buffer.from([0, 0, 1, 9, 0, 0, 0, 0, 1, 0x82])),
  );

  test.each([
    ["the preface", preface],
    ["SETTINGS without end", Buffer.concat([preface, ...Array.from({ length: 2000 }, () => settings)])],
    ["requests that are reset at once", Buffer.concat([preface, settings, resets])],
    ["CONTINUATION without end", Buffer.concat([preface, settings, continuations])],
  ])("%s, 200 times", async (_title, bytes) => {
    const started = await front();
    const flood = Array.from({ length: 200 }, () => converse(started.port, bytes));
    await isServed(started);
    const all = await Promise.all(flood);
    expect(all.every(({ isClosed }) => isClosed)).toBe(true);
    expect(new Set(all.flatMap(({ statuses }) => statuses))).toEqual(new Set(["400"]));
    await isServed(started);
  });

  test("a client that insists on HTTP/2 is refused", async () => {
    const started = await front();
    const session = connectHttp2(`http://127.0.0.1:${started.port}`);
    const code = await new Promise((resolve) =>
      session.once("error", (error) => resolve((error as { code?: unknown }).code)),
    );
    expect(code).toBeDefined();
    session.destroy();
  });

  test("an upgrade to h2c is answered in HTTP/1.1", async () => {
    const started = await front();
    const headers =
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    const { statuses, text } = await converse(started.port, requestBytes(undefined, headers), 1);
    expect(statuses).toEqual(["200"]);
    expect(text).toContain('{"data":{"a":1}}');
  });

  test("CONNECT makes no tunnel", async () => {
    const started = await front();
    const { statuses, isClosed } = await converse(started.port, "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect([statuses, isClosed]).toEqual([[], true]);
  });
});

test("T79 with 64 files to open and 400 connections at once, those that are in are served, and then everybody", async () => {
  const main = new URL("./front-process.ts", import.meta.url).pathname;
  const child = spawn("prlimit", ["--nofile=64", process.execPath, main], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  open.push({ close: () => child.kill("SIGKILL") });
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      const ready = /^ready (\S+)$/m.exec(text)?.[1];
      if (ready) resolve(ready);
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
  });
  const port = Number(new URL(url).port);
  const inside = connect(port, "127.0.0.1");
  let answered = "";
  inside.on("data", (chunk) => {
    answered += chunk;
  });
  const answers = () => answered.match(/\{"data"/g)?.length ?? 0;
  inside.write(requestBytes());
  await until(() => answers() === 1);

  const flood: Socket[] = Array.from({ length: 400 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  await Promise.all(flood.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  for (const count of [2, 3, 4]) {
    inside.write(requestBytes());
    await until(() => answers() === count);
  }
  for (const socket of flood) socket.destroy();
  inside.destroy();
  await until(() => inside.closed);
  let status = 0;
  while (status !== 200)
    status = await ask(url).then(
      (answer) => answer.status,
      () => 0,
    );
  expect(child.exitCode).toBeNull();
});

describe("T84 one request's fault is that request's alone", () => {
  const failing: readonly [string, Handle][] = [
    ["that rejects", async () => Promise.reject(new Error("A123456789"))],
    [
      "that throws",
      () => {
        throw new Error("A123456789");
      },
    ],
    ["that rejects with nothing", async () => Promise.reject(undefined)],
    ["whose answer cannot be printed", async () => ({ data: { a: 1n } })],
    [
      "whose answer holds itself",
      async () => {
        const data: Record<string, unknown> = {};
        data.data = data;
        return { data };
      },
    ],
    [
      "whose answer is deeper than the stack",
      async () => {
        let data: unknown = 1;
        for (let level = 0; level < 50_000; level++) data = [data];
        return { data };
      },
    ],
    [
      "whose answer throws when it is looked at",
      async () => ({
        data: {
          get a() {
            throw new Error("A123456789");
          },
        },
      }),
    ],
  ];
  test.each(failing)("a handle %s", async (_title, bad) => {
    let isBad = true;
    const started = await front(async (input, about) => (isBad ? bad(input, about) : good(input, about)));
    const { status, text } = await ask(started.url);
    expect(status).toBe(500);
    expect(JSON.parse(text)).toEqual({
      errors: [expect.objectContaining({ extensions: { code: "INTERNAL_SERVER_ERROR" } })],
    });
    expect(started.lines.join()).not.toContain("A123456789");
    isBad = false;
    await isServed(started);
  });

  test("telemetry that throws whenever it is told of anything", async () => {
    const throwing = new Proxy(
      {},
      {
        get: () => () => {
          throw new Error("full");
        },
      },
    ) as Front["telemetry"];
    let isBad = false;
    const started = await front(
      async () => {
        if (isBad) throw new Error("bad");
        return { data: 1 };
      },
      { telemetry: throwing },
    );
    await isServed(started);
    isBad = true;
    expect((await ask(started.url)).status).toBe(500);
    isBad = false;
    await isServed(started);
  });

  // npm test sends a few thousand; a proof sends as many as it is told to.
  const rounds = Number(process.env.PROOF_FUZZ_ROUNDS ?? 3000);
  test(`${rounds} connections that send what chance says`, async () => {
    const started = await front();
    const random = seeded(Number(process.env.PROOF_SEED ?? 1));
    const whole = Buffer.from(requestBytes({ query: "{ a }", variables: { a: [1, "ü", null] } }, "Accept: */*\r\n"));
    const bytes = (): Buffer => {
      const kind = random(4);
      if (kind === 0) return Buffer.from(Array.from({ length: random(300) }, () => random(256)));
      const mutated = Buffer.from(whole);
      for (let change = 0; change <= random(6); change++) mutated[random(mutated.length)] = random(256);
      if (kind === 1) return mutated;
      if (kind === 2) return mutated.subarray(0, random(mutated.length));
      const at = random(whole.length);
      return Buffer.concat([
        whole.subarray(0, at),
        Buffer.from(Array.from({ length: random(20) }, () => random(256))),
        whole.subarray(at),
      ]);
    };
    const allowed = new Set(["200", "400", "403", "404", "405", "406", "408", "413", "415", "431"]);
    const seen = new Set<string>();
    for (let sent = 0; sent < rounds; sent += 50) {
      const many = await Promise.all(Array.from({ length: 50 }, () => once(started.port, bytes())));
      for (const statuses of many) {
        expect(statuses.length).toBeLessThanOrEqual(1);
        for (const status of statuses) seen.add(status);
      }
    }
    expect([...seen].filter((status) => !allowed.has(status))).toEqual([]);
    expect(seen.size).toBeGreaterThan(3);
    await isServed(started);
  });
});

test("T85 an answer of 10 MB never keeps others waiting for 50 ms", async () => {
  const record = (index: number) => ({
    id: `C${index}`,
    bookedInAt: "2026-10-19T14:00:00Z",
    facility: { code: "ABC", name: "Somewhere Processing Center", lines: ["1 Main St", "Springfield"] },
    source: { system: "CASE", asOf: "2026-10-19T14:00:00Z" },
  });
  const data = { people: Array.from({ length: 50_000 }, (_, index) => record(index)) };
  const started = await front(async () => ({ data }));
  expect((await ask(started.url)).text.length).toBeGreaterThan(10_000_000);
  // On the processor's clock, one turn of the event loop after the other: what other processes do is not counted.
  let [isOver, longestMs] = [false, 0];
  const longest: number[] = [];
  const turns = (async () => {
    while (!isOver) {
      const before = process.threadCpuUsage();
      await new Promise((resolve) => setImmediate(resolve));
      const { user, system } = process.threadCpuUsage(before);
      longestMs = Math.max(longestMs, (user + system) / 1000);
    }
  })();
  for (let round = 0; round < 3; round++) {
    longestMs = 0;
    const received = await new Promise<number>((resolve) => {
      let bytes = 0;
      const socket = connect(started.port, "127.0.0.1", () =>
        socket.write(requestBytes(undefined, "Connection: close\r\n")),
      );
      socket.on("data", (chunk) => {
        bytes += chunk.length;
      });
      socket.once("close", () => resolve(bytes));
    });
    expect(received).toBeGreaterThan(10_000_000);
    longest.push(longestMs);
  }
  isOver = true;
  await turns;
  // The best of some: what else the machine does shows in caches too.
  expect(Math.min(...longest)).toBeLessThan(50);
});

/** Sends, says that nothing more will come, and gives back the statuses of what is answered. */
function once(port: number, bytes: Buffer): Promise<readonly string[]> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.once("close", () =>
      resolve([...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => status as string)),
    );
  });
}

function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("T92 a page of another site gets nothing", () => {
  const query = "?query={a}";
  test.each<[string, string, string, Record<string, string>, number]>([
    ["a form", "POST", "", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["a form with files", "POST", "", { "content-type": "multipart/form-data; boundary=x" }, 415],
    ["plain text", "POST", "", { "content-type": "text/plain" }, 415],
    ["plain text that says JSON", "POST", "", { "content-type": "text/plain; application/json" }, 415],
    ["two types in one", "POST", "", { "content-type": "text/plain, application/json" }, 415],
    ["no type", "POST", "", {}, 415],
    ["GET with a form's type", "GET", query, { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["GET with plain text", "GET", query, { "content-type": "text/plain" }, 415],
    ["GET with an odd type", "GET", query, { "content-type": "x/y;application/json" }, 415],
    ["GET with an empty type", "GET", query, { "content-type": "" }, 415],
    [
      "a fetch from another site",
      "POST",
      "",
      { "content-type": "application/json", "sec-fetch-site": "cross-site" },
      403,
    ],
    ["a fetch from a sibling", "POST", "", { "content-type": "application/json", "sec-fetch-site": "same-site" }, 403],
    ["an image of another site", "GET", query, { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" }, 403],
    ["a page that hides its origin", "POST", "", { "content-type": "application/json", origin: "null" }, 403],
    ["a link of a page that hides its origin", "GET", query, { origin: "null" }, 403],
    ["asking first", "OPTIONS", "", { origin: "https://x.example", "access-control-request-method": "POST" }, 405],
    ["a mutation in a HEAD", "HEAD", query, {}, 405],
  ])("%s", async (_title, method, search, headers, status) => {
    let asked = 0;
    const started = await front(async () => {
      asked += 1;
      return { data: 1 };
    });
    const body = method === "POST" ? '{"query":"{ a }"}' : "";
    const lines = Object.entries({ host: "x", "content-length": String(body.length), ...headers });
    const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const answer = await converse(
      started.port,
      `${method} /graphql${search} HTTP/1.1\r\n${text}connection: close\r\n\r\n${body}`,
    );
    expect([answer.statuses, asked]).toEqual([[String(status)], 0]);
    expect(answer.text).not.toMatch(/access-control-|set-cookie/i);
    expect(answer.text).toContain("cross-origin-resource-policy: same-origin");
    expect(answer.text).toContain("cross-origin-opener-policy: same-origin");
  });

  test("its own page, and a program, are served", async () => {
    const started = await front();
    for (const headers of [{}, { "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }])
      expect((await ask(started.url, undefined, headers as Record<string, string>)).status).toBe(200);
  });
});
