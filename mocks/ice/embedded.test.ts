import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Engine } from "./engine.ts";
import { spawnEmbedded } from "./spawned-embedded.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await spawnEmbedded();
});
afterAll(() => engine?.close());

test("a client whose messages arrive in pieces gets its own answer, whoever asks in between", async () => {
  const [first, second] = [await loggedIn(), await loggedIn()];
  first.send(parse("SELECT 'the first'::text"));
  second.send(parse("SELECT 'the second'::text"), ...run);
  expect(await second.until("Z")).toContain("the second");
  first.send(...run);
  const answer = await first.until("Z");
  expect(answer).toContain("the first");
  expect(answer).not.toContain("the second");
  for (const each of [first, second]) each.socket.destroy();
});

test("a statement that fails is answered once, and the session goes on", async () => {
  const client = await loggedIn();
  client.send(parse("SELECT nonsense"), ...run);
  expect(await client.until("Z")).toContain("C42703");
  client.send(parse("SELECT 'again'::text"), ...run);
  expect(await client.until("Z")).toContain("again");
  client.socket.destroy();
});

test.each([
  ["another version of the protocol", [startup(131072)], "C08P01"],
  ["a start-up message of impossible length", [Buffer.from([0x7f, 0xff, 0xff, 0xff])], "C08P01"],
  ["something else than a password", [startup(196608), message("Q", "SELECT 1\0")], "C08P01"],
  ["a wrong password", [startup(196608), message("p", "guess\0")], "C28P01"],
  ["nobody's role", [startup(196608, "constructor"), message("p", "x\0")], "C28P01"],
] as const)("%s is refused, and the connection closed", async (_what, messages, code) => {
  const client = open();
  client.send(...messages);
  expect(await client.ended).toContain(code);
});

test("a request for encryption is declined, and one to cancel is not answered", async () => {
  const client = open();
  client.send(Buffer.concat([int32(8), int32(80877103)]));
  expect(await client.until("N")).toBe("N");
  client.send(Buffer.concat([int32(16), int32(80877102), int32(1), int32(2)]));
  expect(await client.ended).toBe("N");
});

function open() {
  const socket: Socket = connect(engine.port, "127.0.0.1");
  let got = "";
  let heard = () => {};
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    got += bytes.toString("latin1");
    heard();
  });
  return {
    socket,
    send: (...messages: readonly Buffer[]) => void socket.write(Buffer.concat(messages)),
    /** Everything so far, once a message of this type has come that ends an exchange. */
    until: async (type: "N" | "R" | "Z") => {
      const isThere = () => (type === "Z" ? /Z\0\0\0\x05[ITE]$/.test(got) : got.startsWith(type));
      while (!isThere()) await new Promise<void>((resolve) => (heard = resolve));
      const answer = got;
      if (type === "Z") got = "";
      return answer;
    },
    ended: new Promise<string>((resolve) => socket.once("close", () => resolve(got))),
  };
}

async function loggedIn() {
  const client = open();
  const { password } = new URL(engine.ownerUrl);
  client.send(startup(196608, "eid_owner"));
  await client.until("R");
  client.send(message("p", `${password}\0`));
  await client.until("Z");
  return client;
}

const parse = (sql: string) => message("P", `\0${sql}\0\0\0`);
const run = [message("B", "\0\0\0\0\0\0\0\0"), message("E", "\0\0\0\0\0"), message("S", "")];

function startup(version: number, user = "eid_reader"): Buffer {
  const body = Buffer.concat([int32(version), Buffer.from(`user\0${user}\0database\0eid\0\0`)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

function message(type: string, body: string): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), Buffer.from(body, "latin1")]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
