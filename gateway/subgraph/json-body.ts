/** The bytes of an answer as a value: fatal UTF-8, JSON, and bounds on how deep it may be nested. */
import { isAscii, isUtf8 } from "node:buffer";

/**
 * Far above what an answer needs, below what `JSON.stringify` bears (it overflows between 3000 and 5000 levels;
 * `JSON.parse` itself never does).
 */
export const maxDepth = 1000;

/**
 * Below this an answer is parsed without looking at its depth first: to look at every byte costs a fifth of parsing it.
 * Some 65,000 levels may be parsed then, in 15 to 40 ms; scalars nested deeper than
 * execution/complete.ts lets in are refused there before anything is written.
 */
const scannedFromBytes = 128 * 1024;

/** Throws what JSON.parse throws, or a TypeError for bytes that are not UTF-8 or nested too deep. */
export function readJson(bytes: Buffer): unknown {
  const text = hasByteOrderMark(bytes) ? bytes.subarray(3) : bytes;
  if (text.length >= scannedFromBytes && nestingOf(text) > maxDepth) throw new TypeError("nested too deep");
  // Half the cost of a fatal TextDecoder.
  if (isAscii(text)) return JSON.parse(text.toString("latin1"));
  if (!isUtf8(text)) throw new TypeError("not UTF-8");
  return JSON.parse(text.toString("utf8"));
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

const quote = 0x22;
const backslash = 0x5c;

/** Exact for JSON; for anything else JSON.parse has the last word. */
function nestingOf(text: Buffer): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] as number;
    if (byte === quote) at = endOfString(text, at);
    // [ and { differ in one bit, and so do ] and }.
    else if ((byte | 0x20) === 0x7b) deepest = Math.max(deepest, ++depth);
    else if ((byte | 0x20) === 0x7d) depth--;
  }
  return deepest;
}

function endOfString(text: Buffer, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === backslash) at++;
    else if (text[at] === quote) return at;
  }
  return text.length;
}
