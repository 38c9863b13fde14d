import { expect, test } from "@jest/globals";
import { type Message, requestReader } from "./http-reader.ts";

const byLength = 'POST /reviews HTTP/1.1\r\nhost: x\r\nContent-Length: 9\r\n\r\n{"a":"é"}'.replace("9", "10");
const inChunks = "POST /p HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwiki\r\n5\r\npedia\r\n0\r\n\r\n";
const bare = "GET /live HTTP/1.1\r\nhost: x\r\n\r\n";
const bytes = Buffer.from(byLength + inChunks + bare);
const latin1 = Buffer.from('{"a":"é"}').toString("latin1");

test("requests are read alike wherever the socket cuts them", () => {
  for (let size = 1; size <= bytes.length; size += 1) {
    const messages: Message[] = [];
    const take = requestReader((message) => messages.push(message));
    for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
    expect(messages).toEqual([
      { path: "/reviews", body: latin1 },
      { path: "/p", body: "wikipedia" },
      { path: "/live", body: "" },
    ]);
  }
});
