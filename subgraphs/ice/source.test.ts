import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SourceError } from "#kit/source.ts";
import { type EidSource, eidSource } from "./source.ts";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const message = (type: string, body: Buffer | string = ""): Buffer => {
  const content = Buffer.from(body as string);
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
};
const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number) => Buffer.concat([int16(value >>> 16), int16(value & 0xffff)]);
const ready = message("Z", "I");
const welcome = Buffer.concat([message("R", int32(0)), message("K", Buffer.alloc(8)), ready]);
const failure = (code: string) => message("E", `SERROR\0VERROR\0C${code}\0Mwhat happened\0\0`);

const answered: Readonly<Record<string, string>> = {
  "Replication Status": '["2026-10-19T14:00:00"]',
  "Detention Stints": "[]",
  Detainers: "[]",
  Removals: "[]",
  Cases: "[]",
};

/** The answer to one statement: as many rows as given, columns as JSON. */
function result(...rows: readonly Readonly<Record<string, string>>[]): Buffer {
  const names = Object.keys(answered);
  const column = (name: string) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(0),
      int16(0),
      int32(114),
      int16(-1 & 0xffff),
      int32(-1 >>> 0),
      int16(0),
    ]);
  const value = (text: string) => Buffer.concat([int32(Buffer.byteLength(text)), Buffer.from(text)]);
  return Buffer.concat([
    message("1"),
    message("2"),
    message("T", Buffer.concat([int16(names.length), ...names.map(column)])),
    ...rows.map((row) =>
      message("D", Buffer.concat([int16(names.length), ...names.map((name) => value(row[name] ?? ""))])),
    ),
    message("C", `SELECT ${rows.length}\0`),
    ready,
  ]);
}

type Behaviour = {
  /** What a connection gets first; null: nothing. */
  readonly onConnect?: Buffer | null;
  /** What the nth statement gets; null: nothing; "drop": the connection ends. */
  readonly onStatement?: (n: number) => Buffer | null | "drop";
};

/** Speaks just enough of the protocol to misbehave in it. */
async function fakeEid({ onConnect = welcome, onStatement = () => result(answered) }: Behaviour, port = 0) {
  const sockets = new Set<Socket>();
  let [connections, statements] = [0, 0];
  const server = createServer((socket) => {
    sockets.add(socket);
    connections += 1;
    let started = false;
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      if (!started) {
        started = true;
        if (onConnect !== null) socket.write(onConnect);
        return;
      }
      // A statement's messages come in one piece, with Sync at their end.
      if (!bytes.subarray(-5).equals(message("S"))) return;
      statements += 1;
      const answer = onStatement(statements);
      if (answer === "drop") socket.destroy();
      else if (answer !== null) socket.write(answer);
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const running = {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    statements: () => statements,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  };
  open.push(running);
  return running;
}

function sourceAt(port: number, timeoutMs = 300): EidSource {
  const source = eidSource({ url: `postgres://eid_reader:x@127.0.0.1:${port}/eid`, timeoutMs });
  open.push(source);
  return source;
}

const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => "answered",
    (error: SourceError) => {
      expect(error).toBeInstanceOf(SourceError);
      expect(error.extensions.system).toBe("EID");
      return error.extensions.code;
    },
  );

describe("EID", () => {
  test("is asked by one statement, and one connection serves many", async () => {
    const eid = await fakeEid({});
    const source = sourceAt(eid.port);
    for (let turn = 1; turn <= 3; turn += 1) {
      expect(await source.find(["S1"], ["012345678"])).toMatchObject({ asOf: "2026-10-19T14:00:00Z" });
      expect([eid.connections(), eid.statements()]).toEqual([1, turn]);
    }
  });

  test.each([
    ["says nothing at all", { onConnect: null }, "SOURCE_TIMEOUT"],
    ["says nothing to a statement", { onStatement: () => null }, "SOURCE_TIMEOUT"],
    ["speaks another protocol", { onConnect: Buffer.from("HTTP/1.1 200 OK\r\n\r\n") }, "SOURCE_INVALID"],
    ["sends a log-in message that lacks its body", { onConnect: message("R") }, "SOURCE_INVALID"],
    ["sends a row that ends before its columns", { onStatement: () => message("D", int16(9)) }, "SOURCE_INVALID"],
    ["speaks before it is asked", { onConnect: Buffer.concat([welcome, message("1")]) }, "SOURCE_INVALID"],
    ["announces a message of a gigabyte", { onStatement: () => Buffer.from([0x44, 0x40, 0, 0, 0]) }, "SOURCE_INVALID"],
    ["sends no JSON", { onStatement: () => result({ ...answered, Cases: "\u0015\u0015" }) }, "SOURCE_INVALID"],
    ["sends no row", { onStatement: () => result() }, "SOURCE_INVALID"],
    ["sends two rows", { onStatement: () => result(answered, answered) }, "SOURCE_INVALID"],
    ["has no clock", { onStatement: () => result({ ...answered, "Replication Status": "[]" }) }, "SOURCE_INVALID"],
    ["drops the connection", { onStatement: () => "drop" as const }, "SOURCE_UNAVAILABLE"],
    ["takes no connections now", { onConnect: failure("57P03") }, "SOURCE_UNAVAILABLE"],
    ["has too many clients", { onConnect: failure("53300") }, "SOURCE_UNAVAILABLE"],
    ["refuses the log-in", { onConnect: failure("28P01") }, "SOURCE_REFUSED"],
    ["has no such database", { onConnect: failure("3D000") }, "SOURCE_REFUSED"],
    ["gives no right to a table", { onStatement: () => Buffer.concat([failure("42501"), ready]) }, "SOURCE_REFUSED"],
    ["cancels the statement", { onStatement: () => Buffer.concat([failure("57014"), ready]) }, "SOURCE_TIMEOUT"],
    ["has no such column", { onStatement: () => Buffer.concat([failure("42703"), ready]) }, "SOURCE_INVALID"],
  ] as readonly [string, Behaviour, string][])("that %s fails with the code for it", async (_what, behaviour, code) => {
    const eid = await fakeEid(behaviour);
    expect(await codeOf(sourceAt(eid.port).find(["S1"], []))).toBe(code);
  });

  test("that is not there is SOURCE_UNAVAILABLE", async () => {
    const eid = await fakeEid({});
    await eid.close();
    expect(await codeOf(sourceAt(eid.port).find(["S1"], []))).toBe("SOURCE_UNAVAILABLE");
  });

  test("is never waited for longer than the bound, not even by those who wait for a connection", async () => {
    const eid = await fakeEid({ onStatement: () => null });
    const source = sourceAt(eid.port, 200);
    const startedAt = performance.now();
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(source.find(["S1"], []))));
    expect(new Set(codes)).toEqual(new Set(["SOURCE_TIMEOUT"]));
    // 200 ms for each to come by a connection and 200 for its answer, and what a busy machine adds; else for ever.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  test("is asked again after it failed, over a new connection", async () => {
    const eid = await fakeEid({
      onStatement: (n) => (n === 1 ? null : n === 2 ? message("D", int16(9)) : result(answered)),
    });
    const source = sourceAt(eid.port);
    expect(await codeOf(source.find(["S1"], []))).toBe("SOURCE_TIMEOUT");
    expect(await codeOf(source.find(["S1"], []))).toBe("SOURCE_INVALID");
    expect(await codeOf(source.find(["S1"], []))).toBe("answered");
    expect(eid.connections()).toBe(3);
  });

  test("is found again after an outage that met an idle connection", async () => {
    const before = await fakeEid({});
    const source = sourceAt(before.port);
    expect(await codeOf(source.find(["S1"], []))).toBe("answered");
    await before.close();
    expect(await codeOf(source.find(["S1"], []))).toBe("SOURCE_UNAVAILABLE");
    await fakeEid({}, before.port);
    expect(await codeOf(source.find(["S1"], []))).toBe("answered");
  });

  test("does not hold up closing, whatever it is doing", async () => {
    const eid = await fakeEid({ onStatement: () => null });
    const source = sourceAt(eid.port, 10_000);
    const asked = codeOf(source.find(["S1"], []));
    while (eid.statements() === 0) await new Promise((next) => setImmediate(next));
    await source.close();
    expect(await asked).toBe("SOURCE_UNAVAILABLE");
  });
});
