import { createHmac, createSecretKey } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hmacSha256 } from "./hmac.ts";

describe("the code of a text", () => {
  // RFC 4231, 4.3: a key shorter than a block.
  test("is that of the RFC's example", () => {
    const mac = hmacSha256(createSecretKey(Buffer.from("Jefe")));
    const hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    expect(mac("what do ya want for nothing?")).toBe(Buffer.from(hex, "hex").toString("base64"));
  });

  test("is that of createHmac for any key and text, one after the other by the same key", () => {
    const keys = fc.uint8Array({ minLength: 1, maxLength: 200 });
    const texts = fc.array(fc.string({ unit: "binary", maxLength: 3000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(keys, texts, (key, all) => {
        const secret = createSecretKey(key);
        const mac = hmacSha256(secret);
        for (const text of all) expect(mac(text)).toBe(createHmac("sha256", secret).update(text).digest("base64"));
      }),
      { numRuns: 200 },
    );
  });

  test.each([0, 63, 64, 1365, 1366, 5000])("of %p characters is right whatever they take of bytes", (length) => {
    const secret = createSecretKey(Buffer.alloc(32, 7));
    for (const character of ["a", "\u00e9", "\u20ac"]) {
      const text = character.repeat(length);
      expect(hmacSha256(secret)(text)).toBe(createHmac("sha256", secret).update(text).digest("base64"));
    }
  });
});
