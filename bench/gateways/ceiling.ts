/**
 * No gateways: what the least that a gateway must do costs. `node ceiling.ts <port> bare|parse|calls <recording>`.
 * bare: the answer's bytes behind node:http; parse: also the subgraphs' bodies parsed and the answer written out;
 * calls: also not parsed, but as many real calls as the gateway that was recorded makes, all at once, through undici.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Pool } from "undici";
import type { RecordedCall } from "../stub.ts";

export type Recorded = {
  readonly stubUrl: string;
  readonly requests: readonly {
    readonly body: string;
    readonly answer: string;
    readonly calls: readonly RecordedCall[];
  }[];
};

type Prepared = {
  readonly bytes: Buffer;
  readonly parsed: unknown;
  readonly answers: readonly string[];
  readonly calls: readonly { readonly path: string; readonly body: Buffer }[];
};

if (import.meta.main) {
  const [port, mode, file] = process.argv.slice(2) as [string, string, string];
  const { stubUrl, requests } = JSON.parse(readFileSync(file, "utf8")) as Recorded;
  const prepared = new Map(
    requests.map(({ body, answer, calls }): [string, Prepared] => [
      body,
      {
        bytes: Buffer.from(answer),
        parsed: JSON.parse(answer),
        answers: calls.map((each) => each.answer),
        calls: calls.map((each) => ({ path: each.path, body: Buffer.from(each.body, "latin1") })),
      },
    ]),
  );
  const pool = new Pool(stubUrl, { connections: 128, pipelining: 1 });
  const headers = { "content-type": "application/json" };
  const call = async ({ path, body }: Prepared["calls"][number]) => {
    const response = await pool.request({ method: "POST", path, headers, body });
    return (await response.body.arrayBuffer()).byteLength;
  };
  const answerTo = async (prepared: Prepared): Promise<Buffer | string> => {
    if (mode === "bare") return prepared.bytes;
    if (mode === "calls") {
      await Promise.all(prepared.calls.map(call));
      return prepared.bytes;
    }
    for (const answer of prepared.answers) JSON.parse(answer);
    return JSON.stringify(prepared.parsed);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const found = prepared.get(Buffer.concat(chunks).toString());
      if (!found) return void response.writeHead(404).end();
      answerTo(found).then(
        (answer) => {
          const body = typeof answer === "string" ? Buffer.from(answer) : answer;
          response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
        },
        () => response.destroy(),
      );
    });
  });
  server.listen(Number(port), "127.0.0.1");
  process.once("disconnect", () => process.exit(0));
  process.on("SIGINT", () => undefined);
}
