/** One connection to the embedded PostgreSQL: start-up, password, then exchanges, each ended by Query or Sync. */
import type { Socket } from "node:net";
import type { Session, SessionClient } from "./embedded-session.ts";

export type ServerSettings = {
  readonly session: Session;
  readonly database: string;
  readonly roles: Readonly<Record<string, string>>;
  readonly serverVersion: string;
};

const maxMessageBytes = 64 * 1024 * 1024;
const requests = { cancel: 80877102, encryption: 80877103, gssEncryption: 80877104, version3: 196608 } as const;

/** Serves until either side ends the connection; a message that breaks the protocol ends it too. */
export function serveClient(socket: Socket, settings: ServerSettings): void {
  const { session, database, roles } = settings;
  let unread: Buffer = Buffer.alloc(0);
  let user: string | null = null;
  let client: SessionClient | null = null;
  let exchange: Uint8Array[] = [];
  let work = Promise.resolve();

  const refuse = (code: string, text: string) => {
    socket.end(message("E", `SFATAL\0VFATAL\0C${code}\0M${text}\0\0`));
    unread = Buffer.alloc(0);
  };

  function startUp(code: number, body: Buffer): void {
    if (code === requests.encryption || code === requests.gssEncryption) return void socket.write("N");
    if (code === requests.cancel) return void socket.end();
    if (code !== requests.version3) return void refuse("08P01", "this server speaks version 3.0 of the protocol");
    const words = body.toString("utf8").split("\0");
    const parameters = new Map<string, string>();
    for (let at = 0; at + 1 < words.length; at += 2) parameters.set(words[at] as string, words[at + 1] as string);
    user = parameters.get("user") ?? "";
    if ((parameters.get("database") ?? user) !== database) return void refuse("3D000", "there is no such database");
    socket.write(message("R", int32(3)));
  }

  function logIn(password: string): void {
    if (user === null || !Object.hasOwn(roles, user) || roles[user] !== password) {
      refuse("28P01", "password authentication failed");
      return;
    }
    client = { role: user };
    const parameters = {
      server_version: settings.serverVersion,
      server_encoding: "UTF8",
      client_encoding: "UTF8",
      DateStyle: "ISO, MDY",
      integer_datetimes: "on",
      standard_conforming_strings: "on",
      TimeZone: "UTC",
    };
    socket.write(message("R", int32(0)));
    for (const [name, value] of Object.entries(parameters)) socket.write(message("S", `${name}\0${value}\0`));
    socket.write(message("K", Buffer.concat([int32(process.pid), int32(0)])));
    socket.write(message("Z", "I"));
  }

  function take(type: string, bytes: Buffer): void {
    if (client === null) {
      if (type === "p") logIn(bytes.toString("utf8", 5, bytes.length - 1));
      else refuse("08P01", "a password was expected");
      return;
    }
    if (type === "X") return void socket.end();
    // Flush only asks for what comes with Sync anyway; COPY, which has no exchange of its own, is not offered.
    if (!"HcdfS".includes(type) || type === "S") exchange.push(new Uint8Array(bytes));
    if (type !== "Q" && type !== "S" && type !== "F") return;
    const [by, messages] = [client, exchange];
    exchange = [];
    work = work
      .then(() => session.exchange(by, messages))
      .then(
        (answers) => void (socket.writable && socket.write(Buffer.concat(answers))),
        () => refuse("XX000", "the embedded engine failed"),
      );
  }

  socket.on("data", (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    while (!socket.writableEnded) {
      const typed = user === null ? 0 : 1;
      if (unread.length < typed + 4) return;
      const length = unread.readInt32BE(typed);
      if (length < 4 || length > maxMessageBytes)
        return void refuse("08P01", "a message of that length is not accepted");
      if (unread.length < typed + length) return;
      const bytesOfMessage = unread.subarray(0, typed + length);
      unread = unread.subarray(typed + length);
      if (typed === 1) take(String.fromCharCode(bytesOfMessage[0] as number), bytesOfMessage);
      else if (length >= 8) startUp(bytesOfMessage.readInt32BE(4), bytesOfMessage.subarray(8));
      else refuse("08P01", "this is not a start-up message");
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    if (client === null) return;
    const by = client;
    void work.then(() => session.leave(by));
  });
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

function message(type: string, body: string | Buffer): Buffer {
  const content = Buffer.from(body as string);
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content]);
}
