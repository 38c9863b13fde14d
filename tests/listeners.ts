/** What tests put in front of a subgraph or of a simulated system: listeners on free ports that see what is asked there. */
import { createServer, request as forward, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Standing = { readonly url: string; close(): Promise<void> };

export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closing(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

async function standing(listener: RequestListener): Promise<Standing> {
  const server = createServer(listener);
  return { url: await listening(server), close: () => closing(server) };
}

export type Passed = { readonly status: number; readonly type: string; readonly text: string };

/**
 * Stands in front of a subgraph: each request to it is answered by `answer`, which may `pass` one on. Where that gives
 * null or fails, the connection is cut.
 */
export async function beforeSubgraph(
  answer: (request: IncomingMessage, body: string) => Promise<Passed | null>,
): Promise<Standing> {
  const { url, close } = await standing((request, response) => {
    const respond = async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const answered = await answer(request, Buffer.concat(chunks).toString());
      if (answered === null) response.destroy();
      else response.writeHead(answered.status, { "content-type": answered.type }).end(answered.text);
    };
    respond().catch(() => response.destroy());
  });
  return { url: `${url}/graphql`, close };
}

/** Asks the subgraph itself. */
export async function pass(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Passed> {
  const answer = await fetch(url, { method: "POST", headers, body });
  const type = answer.headers.get("content-type") ?? "application/json";
  return { status: answer.status, type, text: await answer.text() };
}

/** Stands in front of a system: passes everything on, bytes as they are, and tells `see` of each request. */
export function beforeSystem(upstream: string, see: (request: IncomingMessage) => void): Promise<Standing> {
  const { port, hostname: host } = new URL(upstream);
  return standing((incoming, outgoing) => {
    see(incoming);
    const { method, url: path, headers } = incoming;
    const onwards = forward({ port, host, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    onwards.on("error", () => outgoing.destroy());
    incoming.pipe(onwards);
  });
}
