import { once } from "node:events";
import { Duplex } from "node:stream";
import { expect, test } from "@jest/globals";
import { type Answer, printed } from "../answer.ts";
import { clientError } from "../errors.ts";
import type { Printed } from "../execution/kept-runs.ts";
import { answerBody, refuseUnparsed } from "./response.ts";

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

test("what was printed is not printed again, unless it is too long to be kept", () => {
  const data = { person: { name: "ÅÉ\u2028" } };
  const other = { person: { name: "of an answer that nobody looks at" } };
  const text = JSON.stringify({ data });
  const known = (maxLength: number): Printed => ({ bytes: null, kept: null, maxLength });
  const [room, none] = [known(1000), known(10)];
  for (const each of [room, none])
    expect(answerBody({ data, [printed]: each })).toEqual({ text, bytes: Buffer.byteLength(text) });
  expect(room.kept).toEqual({ data, text: JSON.stringify(data), bytes: Buffer.byteLength(JSON.stringify(data)) });
  expect(none.kept).toBeNull();
  expect(answerBody({ data: other, [printed]: room }).text).toBe(text);
  expect(answerBody({ data: other, [printed]: none }).text).toBe(JSON.stringify({ data: other }));
});

test("an answer's text is what JSON has for it, with as many bytes, the first time and every other", () => {
  const freshness = [{ system: 'a "CASE"', live: true, asOf: null, lagMs: 250, token: "t" }];
  const errors = [clientError("GUARD_UNAVAILABLE")];
  const data = { person: { name: 'ÅÉ\u2028"}' } };
  const bodyOf = (answer: Answer) => {
    const text = JSON.stringify(answer);
    return { text, bytes: Buffer.byteLength(text) };
  };
  for (const answer of [
    { data },
    { errors, data: null },
    { data, extensions: { freshness } },
    { errors, data, extensions: { freshness } },
    { data: {}, extensions: { freshness: [] } },
  ])
    for (let times = 0; times < 2; times += 1) expect(answerBody(answer)).toEqual(bodyOf(answer));
});
