/** From the court's own system to the officer: what is done there is told here. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mintToken } from "../mocks/issuer/mint.ts";
import { scenarios } from "../mocks/population/scenarios.ts";
import { openSse } from "./alerts.ts";
import { type Graph, startGraph } from "./graph.ts";

let graph: Graph;
beforeAll(async () => {
  graph = await startGraph({ population: 32, announces: true });
}, 60_000);
afterAll(() => graph.close());

const rounds = Number(process.env.PROOF_ALERTS ?? 3);

test("a motion filed with the court is in front of the officer, with the stay that it brings", async () => {
  const { aNumber = "" } = scenarios.find(({ id }) => id === "S3")?.identifiers ?? {};
  const stream = await openSse(
    graph.url,
    {
      query: `subscription ($by: PersonIdentifier!) {
        personChanged(by: $by, kinds: [MOTION_FILED]) { kind system person { stays { state } courtCases { motions { kind } } } }
      }`,
      variables: { by: { aNumber } },
    },
    { authorization: `Bearer ${await mintToken("ero-officer")}` },
  );
  const motionsOf = (data: { courtCases: { motions: unknown[] }[] }) =>
    data.courtCases.reduce((sum, { motions }) => sum + motions.length, 0);
  const asked = `{ person(by: { aNumber: "${aNumber}" }) { courtCases { motions { kind } } } }`;
  let before = motionsOf((await graph.ask(asked)).body.data.person);
  const waits: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await graph.mocks.act("case", { act: "file-motion", aNumber, kind: "O" });
    let event = await stream.next();
    while (event.data.data === null) event = await stream.next();
    waits.push(performance.now() - startedAt);
    const { kind, system, person } = event.data.data.personChanged;
    expect([kind, system]).toEqual(["MOTION_FILED", "CASE"]);
    // It is never told before it can be seen.
    expect(motionsOf(person)).toBeGreaterThan(before);
    before = motionsOf(person);
  }
  waits.sort((a, b) => a - b);
  const at = (share: number) => (waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0).toFixed(0);
  if (rounds > 3) console.log(`result: ${rounds} motions: told after ${at(0.5)} ms in the median, p99 ${at(0.99)} ms`);
  stream.drop();
}, 120_000);
