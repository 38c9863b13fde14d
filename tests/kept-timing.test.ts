/**
 * Whether time tells that something of a visible person is hidden, once answers come from memory (T22): a border officer
 * may see a protected person whom CBP has a case of, and not the addresses. Asked with addresses and without, in turn and
 * by chance: where nothing is hidden both come alike. A client's aliases make the answer long.
 */
import { Agent, request as httpRequest } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mintToken } from "../mocks/issuer/mint.ts";
import { drawSeeded } from "./differential/draw.ts";
import { auc, aucBound } from "./distinguish.ts";
import { type Graph, patient, startGraph } from "./graph.ts";
import { protectMore } from "./two-worlds/people.ts";

const pairs = Math.min(1000, Number(process.env.PROOF_TIMING_PAIRS ?? 40));
const bound = aucBound(pairs);

let graph: Graph;
let token: string;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
beforeAll(async () => {
  graph = await startGraph({ announces: true, population: 256, config: patient });
  protectMore(graph.mocks);
  token = await mintToken("cbp-officer");
}, 120_000);
afterAll(async () => {
  agent.destroy();
  await graph?.close();
});

const long = Array.from({ length: 480 }, (_, at) => `e${at}: apprehensions { id apprehendedAt sector }`).join(" ");
const bodyOf = (fin: string, more: string) =>
  JSON.stringify({
    query: `query ($by: PersonIdentifier!) { person(by: $by) { fin ${more} ${long} } }`,
    variables: { by: { fin } },
  });

function post(body: string): Promise<{ readonly text: string; readonly ms: number }> {
  const begunAt = performance.now();
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const request = httpRequest(graph.url, { method: "POST", agent, headers }, (response) => {
      const ms = performance.now() - begunAt;
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => void chunks.push(chunk));
      response.on("end", () => resolve({ text: Buffer.concat(chunks).toString(), ms }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** The first who CBP has a case of, with addresses or without, protected or not. */
async function someone(isProtected: boolean): Promise<string> {
  const query = "query ($by: PersonIdentifier!) { person(by: $by) { addresses { lines } apprehensions { id } } }";
  const options = {
    persona: "protected-persons-supervisor",
    headers: { "crosswalk-purpose": "PROTECTED_PERSONS_1367" },
  };
  for (const { ident, e3, elis } of graph.mocks.world.persons()) {
    const [first] = ident;
    if (first === undefined || e3.length === 0) continue;
    if (elis.cases.some(({ protection }) => protection === "1367") !== isProtected) continue;
    const { person } = (await graph.ask(query, { by: { fin: first.fin } }, options)).body.data;
    if (person?.apprehensions?.length > 0 && person.addresses?.length > 0 === isProtected) return first.fin;
  }
  throw new Error("the population has nobody of the kind");
}

test.each([
  ["no addresses", false],
  ["addresses that are hidden", true],
])(
  "time does not tell whether somebody has %s",
  async (title, isProtected) => {
    const fin = await someone(isProtected);
    const [asked, unasked] = [bodyOf(fin, "addresses { lines }"), bodyOf(fin, "")];
    for (let at = 0; at < 5; at++) for (const each of [asked, unasked]) await post(each);
    expect(JSON.parse((await post(asked)).text).data.person.addresses).toEqual([]);
    const draw = drawSeeded(7);
    const times = new Map<string, number[]>([asked, unasked].map((each) => [each, []]));
    for (let at = 0; at < pairs; at++)
      for (const each of draw.chance(50) ? [asked, unasked] : [unasked, asked])
        times.get(each)?.push((await post(each)).ms);
    const [a = [], b = []] = times.values();
    const told = auc(a, b);
    console.log(`result: ${title}: AUC ${told.toFixed(3)} of ${pairs} pairs`);
    expect(Math.abs(told - 0.5)).toBeLessThanOrEqual(bound);
  },
  60_000 + pairs * 1_000,
);
