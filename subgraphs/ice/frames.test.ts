import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { brokenFrames } from "./frames.ts";

const frame = (type: string, body: Buffer | string = ""): Buffer => {
  const content = Buffer.from(body as string);
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
};

const feed = (chunks: readonly Buffer[]): boolean => {
  const isBroken = brokenFrames();
  return chunks.map((chunk) => isBroken(chunk)).some(Boolean);
};

describe("frames of the PostgreSQL protocol", () => {
  test("pass, however they are cut up", () => {
    const whole = Buffer.concat([
      frame("R", Buffer.alloc(4)),
      frame("S", "TimeZone\0UTC\0"),
      frame("Z", "I"),
      frame("1"),
      frame("D", Buffer.alloc(3_000)),
      frame("Z", "I"),
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: whole.length }), { maxLength: 20 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
        // A first chunk of one byte is not message S here, so it is no word about encryption.
        expect(feed(at.slice(1).map((end, index) => whole.subarray(at[index], end)))).toBe(false);
      }),
    );
  });

  test.each([
    ["another protocol", Buffer.from("HTTP/1.1 200 OK\r\n\r\n")],
    ["a type no server sends", frame("Q", "SELECT 1\0")],
    ["COPY, which nobody asked for", frame("G", Buffer.alloc(3))],
    ["a length below its own size", Buffer.from([0x5a, 0, 0, 0, 3])],
    ["a negative length", Buffer.from([0x44, 0xff, 0, 0, 0])],
    ["a message of a gigabyte", Buffer.from([0x44, 0x40, 0, 0, 0])],
  ])("are broken by %s, at once", (_what, bytes) => {
    expect(feed([frame("Z", "I"), bytes])).toBe(true);
    expect(feed([bytes.subarray(0, 3), bytes.subarray(3)])).toBe(true);
  });

  test("are not to be seen once the server has agreed to encryption", () => {
    expect(feed([Buffer.from("S"), Buffer.from([0x16, 3, 3, 0, 1])])).toBe(false);
    expect(feed([Buffer.from("N"), Buffer.from([0x16, 3, 3, 0, 1])])).toBe(true);
  });
});
