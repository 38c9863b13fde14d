import { once } from "node:events";
import { Duplex } from "node:stream";
import { expect, test } from "@jest/globals";
import { refuseUnparsed } from "./response.ts";

test("a client that keeps its side open after it was refused does not keep the connection", async () => {
  const sent: string[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (bytes, _encoding, done) => {
      sent.push(String(bytes));
      done();
    },
  });
  refuseUnparsed(socket, "ERR_HTTP_REQUEST_TIMEOUT");
  await once(socket, "close");
  expect(sent.join("")).toMatch(/^HTTP\/1\.1 408 .*REQUEST_TIMEOUT/s);
});
