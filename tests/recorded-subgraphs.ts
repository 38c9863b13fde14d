/** A listener in front of a subgraph that passes everything on, keeps what was asked, and spoils answers on demand. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Asked = { readonly subgraph: string; readonly query: string; readonly variables: Record<string, unknown> };

export type Recorder = {
  /** In the order in which they came. */
  readonly asked: Asked[];
  /** What is answered in place of what the subgraph has answered; null: the connection is cut. */
  spoil: ((asked: Asked, answer: string) => string | null) | null;
  /** Stands in front of the subgraph at `url`. */
  before(subgraph: string, url: string): Promise<{ readonly url: string; close(): Promise<void> }>;
};

export function recorder(): Recorder {
  const asked: Asked[] = [];
  const self: Recorder = {
    asked,
    spoil: null,
    async before(subgraph, url) {
      const server = createServer((request, response) => {
        const pass = async () => {
          const chunks: Buffer[] = [];
          for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
          const body = Buffer.concat(chunks).toString();
          const question = { subgraph, ...(JSON.parse(body) as Omit<Asked, "subgraph">) };
          asked.push(question);
          const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
          const answer = await fetch(url, { method: "POST", headers: headers as Record<string, string>, body });
          const type = answer.headers.get("content-type") ?? "application/json";
          const text = await answer.text();
          const told = self.spoil === null ? text : self.spoil(question, text);
          if (told === null) response.destroy();
          else response.writeHead(answer.status, { "content-type": type }).end(told);
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
  return self;
}
