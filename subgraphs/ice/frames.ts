/** The frames of the PostgreSQL protocol, looked at before a client parses what is in them. Pure. */

/** What the server sent is not its protocol. */
export class ProtocolBroken extends Error {
  readonly code = "PROTOCOL_BROKEN";
  constructor(options?: ErrorOptions) {
    super("the server's bytes are not the PostgreSQL protocol", options);
  }
}

/** Types of message a server may send to a client that asks no COPY. */
const types = new Set(Buffer.from("RKSZTDCENInst123Av"));
const maxMessageBytes = 32 * 1024 * 1024;
const headBytes = 5;

/**
 * For one connection: true from the first chunk on in which a frame is impossible or too large. Once the server has
 * agreed to TLS there are no frames to be seen, and it is always false.
 */
export function brokenFrames(): (chunk: Buffer) => boolean {
  let head: Buffer = Buffer.alloc(0);
  /** Bytes of the current message still to come. */
  let expected = 0;
  let encrypted = false;
  let first = true;
  return (chunk) => {
    // The answer to a request for encryption is a bare byte; no conversation starts with message S.
    if (first && chunk.length === 1 && chunk[0] === 0x53) encrypted = true;
    first = false;
    if (encrypted) return false;
    let at = 0;
    while (at < chunk.length) {
      const taken = Math.min(expected, chunk.length - at);
      expected -= taken;
      at += taken;
      if (at === chunk.length) return false;
      const missing = headBytes - head.length;
      head = Buffer.concat([head, chunk.subarray(at, at + missing)]);
      at += Math.min(missing, chunk.length - at);
      if (!types.has(head[0] as number)) return true;
      if (head.length < headBytes) return false;
      const length = head.readInt32BE(1);
      if (length < 4 || length > maxMessageBytes) return true;
      expected = length - 4;
      head = Buffer.alloc(0);
    }
    return false;
  };
}
