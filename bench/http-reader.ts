/** Just enough HTTP/1.1 to take requests off a socket at the least cost: heads, bodies by length or in chunks. */

export type Message = {
  readonly path: string;
  /** As latin1: cheap to make and to look up by. */
  readonly body: string;
};

const headEnd = "\r\n\r\n";

/** Feed it the socket's chunks; it calls back once for every whole request. */
export function requestReader(onMessage: (message: Message) => void): (chunk: Buffer) => void {
  let held: Buffer | null = null;

  /** Where the request that starts at `from` ends; -1 when it is not all here. */
  const takeOne = (bytes: Buffer, from: number): number => {
    const headTo = bytes.indexOf(headEnd, from, "latin1");
    if (headTo === -1) return -1;
    const head = bytes.toString("latin1", from, headTo);
    const bodyFrom = headTo + headEnd.length;
    const pathFrom = head.indexOf(" ") + 1;
    const path = head.slice(pathFrom, head.indexOf(" ", pathFrom));
    const length = contentLength(head);
    if (length === null) {
      const chunked = readChunks(bytes, bodyFrom);
      if (chunked === null) return -1;
      onMessage({ path, body: chunked.body.toString("latin1") });
      return chunked.end;
    }
    const end = bodyFrom + length;
    if (end > bytes.length) return -1;
    onMessage({ path, body: bytes.toString("latin1", bodyFrom, end) });
    return end;
  };

  return (chunk) => {
    const bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk]);
    let from = 0;
    while (from < bytes.length) {
      const end = takeOne(bytes, from);
      if (end === -1) break;
      from = end;
    }
    held = from === bytes.length ? null : bytes.subarray(from);
  };
}

/** Null: the body comes in chunks. */
export function contentLength(head: string): number | null {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  return /\r\ntransfer-encoding: *chunked/i.test(head) ? null : 0;
}

/** A whole chunked body; null when it is not all here. Trailers are not expected. */
export function readChunks(bytes: Buffer, from: number): { readonly body: Buffer; readonly end: number } | null {
  const parts: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at, "latin1");
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (next > bytes.length) return null;
    if (size === 0) return { body: Buffer.concat(parts), end: next };
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
