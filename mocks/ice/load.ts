/** Fills the empty database with the whole population, as a stream. */
import type { ClientBase } from "pg";
import type { World } from "../world.ts";
import { printInstant } from "./print.ts";
import { rowsOf } from "./rows.ts";
import {
  createChangeLog,
  createIndexes,
  createSchema,
  type Row,
  type TableName,
  tableNames,
  tablePath,
} from "./tables.ts";

const batchRows = 2_000;
const progressEveryMs = 5_000;
/** How many persons are made before whoever shares this process gets its turn. */
const personsAtATime = 200;

export type LoadSettings = {
  readonly client: ClientBase;
  readonly world: World;
  readonly now: string;
  readonly reader: { readonly user: string; readonly password: string };
  readonly progress: (line: string) => void;
};

/** Returns the number of rows. INVARIANT: one transaction, so that nobody ever reads half a population. */
export async function loadPopulation(settings: LoadSettings): Promise<number> {
  const { client, world, now, reader } = settings;
  await client.query("BEGIN");
  for (const statement of createSchema()) await client.query(statement);
  const rows = await insertPersons(settings);
  await client.query(`INSERT INTO ${tablePath("Replication Status")} VALUES ($1)`, [printInstant(now)]);
  const database = await client.query("SELECT quote_ident(current_database()) AS name");
  const statements = [...createIndexes(), ...createChangeLog(), ...grants(reader, database.rows[0].name)];
  for (const statement of statements) await client.query(statement);
  await client.query("COMMIT");
  // A small table is read whole anyway; the planner has to know the large ones.
  if (world.size > 10_000) await client.query("ANALYZE");
  return rows;
}

async function insertPersons({ client, world, progress }: LoadSettings): Promise<number> {
  const batches = new Map<TableName, Row[]>(tableNames.map((table) => [table, []]));
  const startedAt = performance.now();
  let [persons, rows, toldAt] = [0, 0, startedAt];
  // One batch is on its way while the next is being made; never more, so memory stays bounded.
  let underWay: Promise<unknown> = Promise.resolve();
  const send = async (table: TableName): Promise<void> => {
    const batch = batches.get(table) as Row[];
    batches.set(table, []);
    await underWay;
    underWay = insertRows(client, table, batch);
    // A failure shows where it is awaited, next time round.
    underWay.catch(() => {});
  };
  for (const file of world.persons()) {
    for (const [table, row] of rowsOf(file)) {
      const batch = batches.get(table) as Row[];
      rows += 1;
      if (batch.push(row) >= batchRows) await send(table);
    }
    persons += 1;
    if (persons % personsAtATime !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() - toldAt < progressEveryMs) continue;
    toldAt = performance.now();
    const perSecond = Math.round(persons / ((toldAt - startedAt) / 1000));
    const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
    progress(`eid      ${persons} of ${world.size} persons loaded, ${perSecond}/s, ${megabytes} MB`);
  }
  for (const table of tableNames) await send(table);
  await underWay;
  return rows;
}

/** Rows travel as one JSON text: columns that are not named in it become NULL. */
export async function insertRows(client: ClientBase, table: TableName, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const path = tablePath(table);
  await client.query({
    text: `INSERT INTO ${path} SELECT * FROM json_populate_recordset(NULL::${path}, $1::json)`,
    values: [JSON.stringify(rows)],
  });
}

/** The agency's readers see everything here and change nothing. */
function grants({ user, password }: LoadSettings["reader"], database: string): string[] {
  return [
    `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`,
    `ALTER ROLE ${user} SET default_transaction_read_only = on`,
    `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    `GRANT CONNECT ON DATABASE ${database} TO ${user}`,
    `GRANT USAGE ON SCHEMA "EID" TO ${user}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA "EID" TO ${user}`,
  ];
}
