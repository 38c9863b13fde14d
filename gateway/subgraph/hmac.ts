/**
 * HMAC-SHA256 (RFC 2104) as two digests of one call each: `createHmac` makes an object for every text, which costs as much
 * again as the digests, and once more when it is collected.
 */
import { createHmac, hash, type KeyObject } from "node:crypto";

const blockBytes = 64;
const digestBytes = 32;
/** Of one text; longer ones go the long way. */
const maxBytes = 4096;

/** What gives the code of a text (as UTF-8) by this key, in base64. */
export function hmacSha256(secret: KeyObject): (text: string) => string {
  const given = secret.export();
  const key = given.length > blockBytes ? hash("sha256", given, "buffer") : given;
  // Slow: nobody else's bytes stand in the same memory.
  const inner = Buffer.allocUnsafeSlow(blockBytes + maxBytes);
  const outer = Buffer.allocUnsafeSlow(blockBytes + digestBytes);
  for (let at = 0; at < blockBytes; at++) {
    const byte = key[at] ?? 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (text) => {
    // A UTF-16 unit is three bytes of UTF-8 at most.
    if (text.length * 3 > maxBytes) return createHmac("sha256", secret).update(text).digest("base64");
    const end = blockBytes + inner.write(text, blockBytes, "utf8");
    outer.write(hash("sha256", inner.subarray(0, end), "binary"), blockBytes, "latin1");
    return hash("sha256", outer, "base64");
  };
}
