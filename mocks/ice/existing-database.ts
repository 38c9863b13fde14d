/** A database of our own in a PostgreSQL server that somebody else runs; dropped again when we end. */
import { randomBytes } from "node:crypto";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Client } from "pg";
import type { Engine } from "./engine.ts";

const prefix = "crosswalk_eid_";

/** The comment by which a database of a fixed name is known to be ours to drop. */
const mark = "simulated EID of Crosswalk";

/**
 * `url` names a role that may create databases and roles. `name` is the database's; null: one that nobody else has.
 * Under a fixed name the reading role is `eid_reader`, as in a server of our own. Readers reach the server through a relay on loopback, so
 * that its end is in our hands. Throws a line that says what is lacking.
 */
export async function existingDatabase(url: string, name: string | null = null): Promise<Engine> {
  if (!URL.canParse(url)) throw new Error("DATABASE_URL must be a URL, such as postgres://user:password@host:5432/db");
  const { hostname, port } = new URL(url);
  const database = name ?? prefix + randomBytes(6).toString("hex");
  const reader =
    name === null
      ? { user: `${database}_reader`, password: randomBytes(18).toString("hex") }
      : { user: "eid_reader", password: "eid_reader" };
  // INVARIANT: as long as a database of ours is in use, this session holds the advisory lock of its name.
  const session = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  session.on("error", () => {});
  let version: string;
  try {
    await session.connect();
    await dropAbandoned(session);
    const { rows: lock } = await session.query("SELECT pg_try_advisory_lock(hashtext($1)) AS ours", [database]);
    if (!lock[0].ours) throw new Error(`another process uses its database ${database}; set EID_DATABASE to another`);
    if (name !== null) await dropOurs(session, database, reader.user);
    await session.query(`CREATE DATABASE ${database}`);
    await session.query(`COMMENT ON DATABASE ${database} IS '${mark}'`);
    const { rows } = await session.query("SHOW server_version");
    version = String(rows[0].server_version).split(" ")[0] as string;
  } catch (error) {
    await session.end().catch(() => {});
    throw new Error(`DATABASE_URL cannot be used: ${(error as Error).message}`);
  }
  const relay = await listenRelay(hostname.replace(/^\[|\]$/g, "") || "127.0.0.1", Number(port || 5432));
  const owner = new URL(url);
  owner.pathname = `/${database}`;
  let closing: Promise<void> | undefined;
  return {
    description: `PostgreSQL ${version} of DATABASE_URL`,
    port: relay.port,
    database,
    ownerUrl: owner.href,
    reader,
    close: () => {
      closing ??= (async () => {
        await relay.close();
        await session.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`).catch(() => {});
        await session.query(`DROP ROLE IF EXISTS ${reader.user}`).catch(() => {});
        await session.end().catch(() => {});
      })();
      return closing;
    },
  };
}

/**
 * A database of a fixed name that an earlier process of ours left behind, and its reading role.
 * INVARIANT: what does not bear our mark is never dropped.
 */
async function dropOurs(session: Client, database: string, role: string): Promise<void> {
  const { rows } = await session.query(
    "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1",
    [database],
  );
  if (rows.length === 0) return;
  if (rows[0].comment !== mark)
    throw new Error(`its database ${database} is somebody else's; set EID_DATABASE to another name`);
  await session.query(`DROP DATABASE ${database} WITH (FORCE)`);
  await session.query(`DROP ROLE IF EXISTS ${role}`);
}

/** Databases whose owner was killed: nobody holds their lock any more. */
async function dropAbandoned(session: Client): Promise<void> {
  const { rows } = await session.query("SELECT datname FROM pg_database WHERE datname ~ $1", [
    `^${prefix}[0-9a-f]{12}$`,
  ]);
  for (const { datname } of rows as { datname: string }[]) {
    const locked = await session.query("SELECT pg_try_advisory_lock(hashtext($1)) AS free", [datname]);
    if (!locked.rows[0].free) continue;
    await session.query(`DROP DATABASE IF EXISTS ${datname}`).catch(() => {});
    await session.query(`DROP ROLE IF EXISTS ${datname}_reader`).catch(() => {});
    await session.query("SELECT pg_advisory_unlock(hashtext($1))", [datname]);
  }
}

async function listenRelay(host: string, port: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    const upstream = connect(port, host);
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy()).on("close", () => clients.delete(client) && upstream.destroy());
    upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}
