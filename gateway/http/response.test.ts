import { once } from "node:events";
import { Duplex } from "node:stream";
import { expect, test } from "@jest/globals";
import { clientError } from "../errors.ts";
import { answerText, refuseUnparsed } from "./response.ts";

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

test("an answer's text is what JSON has for it, the first time and every other", () => {
  const freshness = [{ system: 'a "CASE"', live: true, asOf: null, lagMs: 250, token: "t" }];
  const errors = [clientError("GUARD_UNAVAILABLE")];
  const data = { person: { name: 'ÅÉ\u2028"}' } };
  for (const answer of [
    { data },
    { errors, data: null },
    { data, extensions: { freshness } },
    { errors, data, extensions: { freshness } },
    { data: {}, extensions: { freshness: [] } },
  ])
    for (let times = 0; times < 2; times += 1) expect(answerText(answer)).toBe(JSON.stringify(answer));
});
