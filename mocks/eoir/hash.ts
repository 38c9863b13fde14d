/** Drift that is the same on every run: decided by a hash of the record's id. */

/** FNV-1a with a final mix, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}

/** True for about one text in `oneIn`. */
export function chance(text: string, oneIn: number): boolean {
  return hash(text) % oneIn === 0;
}
