/** EID's change log under transactions that overlap: what can be seen is told, whenever its transaction began. */
import { afterEach, expect } from "@jest/globals";
import { Client } from "pg";
import { createChangeLog, createSchema } from "../mocks/ice/tables.ts";
import { eidSource } from "../subgraphs/ice/source.ts";
import { watchedEid } from "../subgraphs/ice/watch.ts";
import { type Server, startPostgres, testWithServers } from "./servers.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start() {
  const server: Server = await startPostgres();
  closers.push(server.close);
  const connected = async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    closers.push(() => client.end());
    return client;
  };
  const [owner, other] = [await connected(), await connected()];
  const fill = async () => {
    for (const statement of createSchema()) await owner.query(statement);
    await owner.query(`INSERT INTO "EID"."Replication Status" VALUES ('2026-10-19 14:00:00')`);
    for (const statement of createChangeLog()) await owner.query(statement);
  };
  await fill();
  const source = eidSource({ url: server.url, timeoutMs: 20_000 });
  closers.push(source.close);
  const { poll } = watchedEid(source);
  return { owner, other, poll: async () => (await poll()).changes, fill };
}

const insert = (subject: string) =>
  `INSERT INTO "EID"."Detainers" ("EID Subject ID", "EID DTA ID") VALUES ('${subject}', 'D-${subject}')`;
const lodged = (subject: string) => ({
  about: [
    ["EidSubjectId", subject],
    ["ID", `D-${subject}`],
  ],
  alert: { kind: "DETAINER_LODGED", at: "2026-10-19T14:00:00Z" },
});

testWithServers(
  "one that began before and ends after is not passed over, and nothing is told twice",
  async () => {
    const { owner, other, poll } = await start();
    await owner.query(insert("EARLIER"));
    expect(await poll()).toEqual([]);
    await other.query("BEGIN");
    await other.query(insert("LONG"));
    await owner.query(insert("A"));
    expect(await poll()).toEqual([lodged("A")]);
    await owner.query(insert("B"));
    expect(await poll()).toEqual([lodged("B")]);
    expect(await poll()).toEqual([]);
    await other.query("COMMIT");
    expect(await poll()).toEqual([lodged("LONG")]);
    await owner.query(insert("C"));
    expect(await poll()).toEqual([lodged("C")]);
    expect(await poll()).toEqual([]);
  },
  60_000,
);

testWithServers(
  "what is rolled back is told of nobody",
  async () => {
    const { owner, poll } = await start();
    await poll();
    await owner.query("BEGIN");
    await owner.query(insert("GONE"));
    await owner.query("ROLLBACK");
    expect(await poll()).toEqual([]);
  },
  60_000,
);

testWithServers(
  "a database made anew, and more at once than comes in a list, may have changed anything",
  async () => {
    const { owner, poll, fill } = await start();
    await poll();
    await owner.query(insert("A"));
    await owner.query('DROP SCHEMA "EID" CASCADE');
    await fill();
    expect(await poll()).toEqual([{ all: true }]);
    await owner.query(insert("B"));
    expect(await poll()).toEqual([lodged("B")]);
    const many = `INSERT INTO "EID"."Detainers" ("EID Subject ID") SELECT 'S' || n FROM generate_series(1, 1500) AS n`;
    await owner.query(many);
    expect(await poll()).toEqual([{ all: true }]);
    await owner.query(insert("C"));
    expect(await poll()).toEqual([lodged("C")]);
  },
  60_000,
);

testWithServers(
  "a row without an identifier that can be read may be anybody's",
  async () => {
    const { owner, poll } = await start();
    await poll();
    await owner.query(`INSERT INTO "EID"."Detainers" ("EID DTA ID") VALUES ('D')`);
    expect(await poll()).toEqual([{ all: true }]);
  },
  60_000,
);
