/**
 * The subgraphs' stand-in, a process of its own: the first time a request is seen it is answered by the real thing
 * (graphql-js over the bench's schemas, or the running subgraph behind it); from then on by the same bytes, from memory.
 *
 * `node bench/stub.ts shop | row | forward name=url…`, with an IPC channel.
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, parse } from "graphql";
import { type Message, requestReader } from "./http-reader.ts";
import { type BenchGraph, rowGraph, shopGraph } from "./shop/subgraphs.ts";

/** What one request got: kept under its path and body. */
export type RecordedCall = { readonly path: string; readonly body: string; readonly answer: string };

export type StubCount = {
  readonly calls: number;
  /** Requests never seen before, which had to be worked out. */
  readonly firstSights: number;
  readonly recordings: number;
};

/** To the stub: `count` gives and resets the count; `trace` starts noting calls, `traced` gives what was noted. */
export type StubRequest = "count" | "trace" | "traced";
export type StubReply =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "count"; readonly count: StubCount }
  | { readonly kind: "trace" }
  | { readonly kind: "traced"; readonly calls: readonly RecordedCall[] };

type GraphqlBody = {
  readonly query: string;
  readonly variables?: Record<string, unknown> | null;
  readonly operationName?: string | null;
};
type Answerer = (path: string, body: string) => Promise<string>;
type Recording = { readonly response: Buffer; readonly answer: string };

export const rowLength = 10;

function answerFrom({ subgraphs }: BenchGraph): Answerer {
  const schemas = new Map(
    Object.entries(subgraphs).map(([name, { sdl, resolvers }]) => [
      `/${name}`,
      // biome-ignore lint/suspicious/noExplicitAny: the resolver map's type is the package's own.
      buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as any }]),
    ]),
  );
  return async (path, body) => {
    const schema = schemas.get(path);
    if (!schema) throw new Error(`no subgraph at ${path}`);
    const { query, variables, operationName } = JSON.parse(body) as GraphqlBody;
    const document = parse(query);
    return JSON.stringify(
      await execute({ schema, document, variableValues: variables ?? null, operationName: operationName ?? null }),
    );
  };
}

function answerByForwarding(targets: ReadonlyMap<string, string>): Answerer {
  return async (path, body) => {
    const url = targets.get(path);
    if (url === undefined) throw new Error(`no subgraph at ${path}`);
    const headers = { "content-type": "application/json", accept: "application/json" };
    return (await fetch(url, { method: "POST", headers, body })).text();
  };
}

function openStub(answerer: Answerer) {
  const recordings = new Map<string, Recording | Promise<Recording>>();
  let [calls, firstSights] = [0, 0];
  let trace: RecordedCall[] | null = null;

  const record = async (path: string, body: string): Promise<Recording> => {
    firstSights += 1;
    const answer = await answerer(path, Buffer.from(body, "latin1").toString());
    const bytes = Buffer.from(answer);
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n`;
    return { response: Buffer.concat([Buffer.from(head), bytes]), answer };
  };

  const find = (key: string, path: string, body: string): Recording | Promise<Recording> => {
    const found = recordings.get(key);
    if (found !== undefined) return found;
    const pending = record(path, body);
    recordings.set(key, pending);
    pending.then(
      (made) => recordings.set(key, made),
      () => recordings.delete(key),
    );
    return pending;
  };

  const serve = (socket: Socket): void => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    // Answers leave in the order of their requests; only a first sight makes those behind it wait.
    let waiting: Promise<void> | null = null;
    const send = ({ path, body, recording }: Message & { readonly recording: Recording }) => {
      trace?.push({ path, body, answer: recording.answer });
      socket.write(recording.response);
    };
    const take = requestReader((message) => {
      calls += 1;
      const { path, body } = message;
      const found = find(`${path}\n${body}`, path, body);
      if (waiting === null && !(found instanceof Promise)) return send({ ...message, recording: found });
      const before = waiting;
      const inTurn = async () => {
        await before;
        send({ ...message, recording: await found });
      };
      const mine = inTurn().finally(() => {
        if (waiting === mine) waiting = null;
      });
      waiting = mine;
      mine.catch((error: unknown) => {
        console.error(`stub: ${path}: ${String(error)}`);
        socket.destroy();
      });
    });
    socket.on("data", take);
  };

  const server = createServer(serve);
  process.on("message", (request: StubRequest) => {
    const reply = (message: StubReply) => void process.send?.(message);
    if (request === "trace") {
      trace = [];
      reply({ kind: "trace" });
    } else if (request === "traced") {
      reply({ kind: "traced", calls: trace ?? [] });
      trace = null;
    } else {
      reply({ kind: "count", count: { calls, firstSights, recordings: recordings.size } });
      [calls, firstSights] = [0, 0];
    }
  });
  process.once("disconnect", () => process.exit(0));
  process.on("SIGINT", () => undefined);
  server.listen(0, "127.0.0.1", () => {
    process.send?.({ kind: "ready", port: (server.address() as AddressInfo).port } satisfies StubReply);
  });
}

if (import.meta.main) {
  const [kind, ...targets] = process.argv.slice(2);
  if (kind === "shop") openStub(answerFrom(shopGraph));
  else if (kind === "row") openStub(answerFrom(rowGraph(rowLength)));
  else
    openStub(
      answerByForwarding(
        new Map(
          targets.map((each): [string, string] => {
            const at = each.indexOf("=");
            return [`/${each.slice(0, at)}`, each.slice(at + 1)];
          }),
        ),
      ),
    );
}
