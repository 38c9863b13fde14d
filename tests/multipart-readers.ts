/**
 * Readers of multipart answers that behave as two clients do, faults included: what pleases both is what is sent.
 * Written from their behaviour; neither shares code with the gateway's writer.
 */

export type Part = {
  readonly data?: unknown;
  readonly errors?: unknown;
  readonly incremental?: unknown;
  readonly hasNext?: boolean;
};

/** Bytes as they come, as text. */
async function* textOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>)
    yield decoder.decode(bytes, { stream: true });
}

/**
 * Apollo Client (3.7 and later): the boundary follows a line end, and is searched for where new text came only; a part's
 * head decides whether it is JSON; a part that says nothing but that there is no more is the end.
 */
export async function* readLikeApolloClient(response: Response): AsyncGenerator<Part> {
  const type = response.headers.get("content-type") ?? "";
  const named = type.includes("boundary=") ? type.slice(type.indexOf("boundary=") + 9) : "-";
  const boundary = `\r\n--${named.replace(/['"]/g, "").replace(/;.*/, "").trim()}`;
  let held = "";
  for await (const text of textOf(response)) {
    const from = Math.max(0, held.length - boundary.length + 1);
    held += text;
    for (let at = held.indexOf(boundary, from); at >= 0; at = held.indexOf(boundary)) {
      const message = held.slice(0, at);
      held = held.slice(at + boundary.length);
      const body = message.indexOf("\r\n\r\n");
      const head = body < 0 ? "" : message.slice(0, body);
      const contentType = /^content-type:(.*)$/im.exec(head)?.[1];
      if (contentType !== undefined && !contentType.toLowerCase().includes("application/json"))
        throw new Error("a part of another type");
      const json = body < 0 ? "" : message.slice(body);
      if (json.trim() === "") continue;
      const part = JSON.parse(json) as Part;
      const says = Object.keys(part);
      if (says.length > 1 || says.some((each) => ["data", "incremental", "errors"].includes(each))) yield part;
      else {
        yield part;
        return;
      }
    }
  }
}

/**
 * urql: the boundary is searched for anywhere, in values too; a part is what stands between an empty line and the last
 * line end; what cannot be read is skipped in silence; the end is where nothing more is promised.
 */
export async function* readLikeUrql(response: Response): AsyncGenerator<Part> {
  const type = response.headers.get("content-type") ?? "";
  if (!/multipart\/mixed/i.test(type)) throw new Error("not in parts");
  const boundary = `--${/boundary="?([^=";]+)"?/i.exec(type)?.[1] ?? "-"}`;
  let held = "";
  let isPreamble = true;
  for await (const text of textOf(response)) {
    held += text;
    for (let at = held.indexOf(boundary); at >= 0; at = held.indexOf(boundary)) {
      const message = held.slice(0, at);
      held = held.slice(at + boundary.length);
      if (isPreamble) {
        isPreamble = false;
        continue;
      }
      let part: Part | undefined;
      try {
        part = JSON.parse(message.slice(message.indexOf("\r\n\r\n") + 4, message.lastIndexOf("\r\n"))) as Part;
      } catch {
        // As the client does.
      }
      if (part) yield part;
      if (held.startsWith("--") || part?.hasNext === false) return;
    }
  }
}
