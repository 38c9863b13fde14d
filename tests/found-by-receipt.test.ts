/** To find somebody by the number of a filing tells of the filing. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Graph, startGraph } from "./graph.ts";

/** Of S1, who filed for asylum and for leave to work. */
const [fin, claim] = ["4141592653", "IOE0991596559"];

let graph: Graph;
beforeAll(async () => {
  graph = await startGraph({ population: 64 });
}, 120_000);
afterAll(() => graph?.close());

describe("the receipt number of an asylum application", () => {
  const query = "query ($by: PersonIdentifier!) { person(by: $by) { fin } }";
  const nobody = { data: { person: null } };
  const found = { data: { person: { fin } } };
  test.each([
    ["cbp-officer", nobody],
    ["integrator", nobody],
    ["ero-officer", found],
    ["asylum-officer", found],
    ["court-clerk", found],
  ])("finds for %s whom it may, and nobody beside", async (persona, expected) => {
    const [byReceipt, byFin, byNobodys] = await Promise.all(
      [{ receiptNumber: claim }, { fin }, { receiptNumber: "IOE0999999999" }].map((by) =>
        graph.ask(query, { by }, { persona }),
      ),
    );
    expect(byReceipt?.body).toEqual(expected);
    expect(byFin?.body).toEqual(found);
    expect(byNobodys?.body).toEqual(nobody);
  });
});
