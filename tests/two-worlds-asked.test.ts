/** What is left by those who asked before, and what many questions in one request come to: T24, T31, and T23's other half. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mintToken } from "../mocks/issuer/mint.ts";
import { personRecord } from "./graph.ts";
import { observe } from "./two-worlds/client.ts";
import { representationsOf } from "./two-worlds/subgraph-without.ts";
import { startWorlds, type Worlds } from "./two-worlds/worlds.ts";

let worlds: Worlds;
beforeAll(async () => {
  worlds = await startWorlds({ population: 64, config: { maxBatch: 4 } });
}, 120_000);
afterAll(() => worlds?.close());

const protectedFin = "3758439249";
const nobody = "9999999998";
const inCustody = "9010768789";

async function ask(persona: string, body: unknown, more: Readonly<Record<string, string>> = {}) {
  const { whole } = worlds;
  whole.subgraphs.asked.length = 0;
  const answer = await observe(whole.port, {
    method: "POST",
    path: "/graphql",
    headers: { "content-type": "application/json", authorization: `Bearer ${await mintToken(persona)}`, ...more },
    body: JSON.stringify(body),
  });
  return { ...answer, asked: whole.subgraphs.asked.map(({ subgraph, query }) => `${subgraph} ${query}`).sort() };
}

const recordOf = (fin: string) => ({ query: personRecord, variables: { by: { fin } } });

test.each([
  ["a person whom both see", inCustody],
  ["a person whom the second does not see", protectedFin],
  ["nobody", nobody],
])("T24: nothing tells whether somebody has asked about %s before", async (_, fin) => {
  const before = await ask("cbp-officer", recordOf(fin));
  for (const persona of ["asylum-officer", "ero-officer", "protected-persons-supervisor"])
    await ask(persona, recordOf(fin));
  expect(await ask("cbp-officer", recordOf(fin))).toEqual(before);
  const names = before.headers.map((each) => each.slice(0, each.indexOf(":")).toLowerCase());
  for (const name of names)
    expect(name).not.toMatch(
      /^(age|etag|last-modified|expires|x-cache.*|cache-status|server-timing|x-cost.*|ratelimit.*)$/,
    );
  expect(before.headers).toContain("cache-control: no-store");
});

test.each(["gzip", "br", "zstd", "deflate, gzip;q=1.0, *;q=0.5"])(
  "T23: whatever a client takes (%s), nothing is compressed",
  async (accepted) => {
    for (const fin of [inCustody, protectedFin, nobody]) {
      const plain = await ask("ero-officer", recordOf(fin));
      expect(await ask("ero-officer", recordOf(fin), { "accept-encoding": accepted })).toEqual(plain);
    }
  },
);

test("T31: each person of one operation, and of one batch, is asked about and decided about as one", async () => {
  const fins = [protectedFin, protectedFin, nobody, "9999999997", inCustody];
  const fields = fins.map((fin, at) => `p${at}: person(by: { fin: "${fin}" }) { fin }`);
  const subjects = async (body: unknown) => {
    const { asked, chunks } = await ask("ero-officer", body);
    const facts = worlds.whole.subgraphs.asked.filter(({ subgraph }) => subgraph === "uscis");
    return { asked, chunks, count: facts.reduce((sum, { variables }) => sum + representationsOf(variables).length, 0) };
  };
  const aliased = await subjects({ query: `{ ${fields.join(" ")} }` });
  expect(aliased.count).toBe(fins.length);
  expect(JSON.parse(aliased.chunks.join("")).data).toEqual({
    p0: null,
    p1: null,
    p2: null,
    p3: null,
    p4: { fin: inCustody },
  });
  const batched = await subjects(fins.slice(1).map((_, at) => ({ query: `{ ${fields[at + 1]} }` })));
  expect(batched.count).toBe(fins.length - 1);
});

test("T31: no request asks about more persons than the bounds of batches and of fields at the root allow", async () => {
  const field = (at: number) => `p${at}: person(by: { fin: "${inCustody}" }) { fin }`;
  const batch = await ask(
    "ero-officer",
    Array.from({ length: 5 }, (_, at) => ({ query: `{ ${field(at)} }` })),
  );
  expect(batch.status).toMatch(/ 4\d\d /);
  const wide = await ask("ero-officer", {
    query: `{ ${Array.from({ length: 101 }, (_, at) => field(at)).join(" ")} }`,
  });
  expect(wide.chunks.join("")).toContain("MAX_ROOT_FIELDS_LIMIT");
  expect([...batch.asked, ...wide.asked]).toEqual([]);
});
