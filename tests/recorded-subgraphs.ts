/** A listener in front of a subgraph that passes everything on, and keeps what was asked. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Asked = { readonly subgraph: string; readonly query: string; readonly variables: Record<string, unknown> };

export type Recorder = {
  /** In the order in which they came. */
  readonly asked: Asked[];
  /** Stands in front of the subgraph at `url`. */
  before(subgraph: string, url: string): Promise<{ readonly url: string; close(): Promise<void> }>;
};

export function recorder(): Recorder {
  const asked: Asked[] = [];
  return {
    asked,
    async before(subgraph, url) {
      const server = createServer((request, response) => {
        const pass = async () => {
          const chunks: Buffer[] = [];
          for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
          const body = Buffer.concat(chunks).toString();
          asked.push({ subgraph, ...(JSON.parse(body) as Omit<Asked, "subgraph">) });
          const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
          const answer = await fetch(url, { method: "POST", headers: headers as Record<string, string>, body });
          const type = answer.headers.get("content-type") ?? "application/json";
          response.writeHead(answer.status, { "content-type": type }).end(await answer.text());
        };
        pass().catch(() => response.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
        close: () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
    },
  };
}
