/** T82: a supergraph is replaced a hundred times while everybody asks, and nobody notices. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";

const reloads = Number(process.env.PROOF_RELOADS ?? 10);
const clients = 16;

let graphs: readonly [TinyGraph, TinyGraph];
let gateway: TestGateway;
/** Whose supergraph is looked at. */
let shown = 0;
let count = 0;

beforeAll(async () => {
  graphs = [await startTinyGraph(), await startTinyGraph()];
  // Each world marks what it answers: an answer put together from both would be seen.
  for (const [world, { subgraphs }] of graphs.entries()) {
    for (const part of ["custody", "court"] as const) {
      subgraphs[part].fault = (request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.once("end", () => {
          const { variables } = JSON.parse(Buffer.concat(chunks).toString());
          const entity = ({ fin }: { fin: string }) =>
            part === "custody"
              ? { fin, custodyStays: [{ id: `S${world}` }] }
              : { fin, courtCases: [{ id: `C${world}` }] };
          response.writeHead(200, { "content-type": "application/json" });
          response.end(JSON.stringify({ data: { _entities: variables.representations.map(entity) } }));
        });
      };
    }
  }
  gateway = await startTestGateway(
    graphs[0].sdl,
    { GATEWAY_SUPERGRAPH_POLL_MS: "100000" },
    // A comment makes it another supergraph each time.
    { look: async () => `${graphs[shown % 2]?.sdl}\n# ${count}` },
  );
}, 60_000);
afterAll(async () => {
  await gateway.close();
  for (const graph of graphs) await graph.close();
});

test(`${reloads} reloads under load: no request fails, none mixes two supergraphs`, async () => {
  let isOver = false;
  const answered = { total: 0, byWorld: [0, 0] };
  const ask = async (client: number) => {
    for (let round = 0; !isOver; round += 1) {
      // Some ask what has a plan, some what has none yet.
      const fresh = round % 5 === 0 ? `alias${client}x${round}: birthDate` : "";
      const { status, body } = await gateway.ask(`{ people { fin custodyStays { id } courtCases { id } ${fresh} } }`);
      // Told to ask again, as on a busy machine anybody may be: by who comes in first, whatever supergraph there is.
      if (status === 503 && body.errors?.[0]?.extensions.code === "OVERLOADED") continue;
      expect({ status, errors: body.errors }).toEqual({ status: 200 });
      const ids = body.data.people.flatMap(({ custodyStays, courtCases }: Record<string, { id: string }[]>) =>
        [...(custodyStays ?? []), ...(courtCases ?? [])].map(({ id }) => id[1]),
      );
      expect(new Set(ids).size).toBe(1);
      answered.total += 1;
      const world = Number(ids[0]);
      answered.byWorld[world] = (answered.byWorld[world] ?? 0) + 1;
    }
  };
  const asking = Array.from({ length: clients }, (_, client) => ask(client));
  const reloading = (async () => {
    for (; count < reloads; ) {
      count += 1;
      shown += 1;
      const response = await fetch(`${gateway.internalUrl}/reload`, { method: "POST" });
      expect(response.status).toBe(200);
    }
  })();
  try {
    await Promise.race([reloading, ...asking]);
  } finally {
    isOver = true;
  }
  await Promise.all([reloading, ...asking]);
  expect(Math.min(...answered.byWorld)).toBeGreaterThan(0);
  console.log(`result: ${reloads} reloads, ${answered.total} answers, 0 failed, 0 mixed`);
}, 600_000);
