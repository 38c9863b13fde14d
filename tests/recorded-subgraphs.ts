/** A listener in front of a subgraph that passes everything on, keeps what was asked, and spoils answers on demand. */
import { beforeSubgraph, pass, type Standing } from "./listeners.ts";

export type Asked = { readonly subgraph: string; readonly query: string; readonly variables: Record<string, unknown> };

export type Recorder = {
  /** In the order in which they came. */
  readonly asked: Asked[];
  /** What is answered in place of what the subgraph has answered; null: the connection is cut. */
  spoil: ((asked: Asked, answer: string) => string | null) | null;
  /** Stands in front of the subgraph at `url`. */
  before(subgraph: string, url: string): Promise<Standing>;
};

export function recorder(): Recorder {
  const asked: Asked[] = [];
  const self: Recorder = {
    asked,
    spoil: null,
    before: (subgraph, url) =>
      beforeSubgraph(async (request, body) => {
        const question = { subgraph, ...(JSON.parse(body) as Omit<Asked, "subgraph">) };
        asked.push(question);
        const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
        const answer = await pass(url, body, headers as Record<string, string>);
        const text = self.spoil === null ? answer.text : self.spoil(question, answer.text);
        return text === null ? null : { ...answer, text };
      }),
  };
  return self;
}
