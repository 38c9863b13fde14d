/** Asking EID: a PostgreSQL database that we may only read. Nothing else here opens sockets. */
import { Socket } from "node:net";
import { Client, type ClientConfig, Pool } from "pg";
import { SourceError } from "#kit/source.ts";
import { system } from "./cells.ts";
import { type EidChanges, maxListed, readChanges } from "./changes.ts";
import { brokenFrames, ProtocolBroken } from "./frames.ts";
import { columns, type EidAnswer, readAnswer, tables } from "./records.ts";

export type EidSource = {
  /** Every row in which one of these identifiers stands, of all tables in one snapshot. Throws `SourceError`. */
  find(subjectIds: readonly string[], aNumbers: readonly string[]): Promise<EidAnswer>;
  /**
   * Rows of the change log of transactions from `from` on (null: from those that have not ended), but for the changes that
   * are known already. Throws `SourceError`.
   */
  changes(from: string | null, known: readonly string[]): Promise<EidChanges>;
  close(): Promise<void>;
};

export type EidSourceSettings = {
  readonly url: string;
  /** Bounds a call as a whole: waiting for a connection, opening one, and the answer. */
  readonly timeoutMs: number;
};

/** Whoever watches has a connection of its own, and does not wait behind those who ask. */
export function eidSource(settings: EidSourceSettings): EidSource {
  const [asking, watching] = [eidPool(settings, 8), eidPool(settings, 1)];
  return {
    find: async (subjectIds, aNumbers) => readAnswer(await asking.row(statement, [subjectIds, aNumbers])),
    changes: async (from, known) => readChanges(await watching.row(changesStatement, [from, known])),
    close: async () => void (await Promise.all([asking.close(), watching.close()])),
  };
}

type EidPool = {
  /** The statement's one row; undefined for any other number of them. Throws `SourceError`. */
  row(text: string, values: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
};

/** A pool that mends itself: a connection that fails is dropped, and the next call opens another. */
function eidPool({ url, timeoutMs }: EidSourceSettings, max: number): EidPool {
  const sockets = new Set<Socket>();
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    idleTimeoutMillis: 30_000,
    application_name: "crosswalk-ice",
    options: "-c default_transaction_read_only=on",
    stream: () => watched(sockets),
    Client: HeardClient,
  });
  let ending: Promise<void> | undefined;
  // An idle connection that ends is said here, and has left the pool already; unheard it would end the process.
  pool.on("error", () => {});

  return {
    async row(text, values) {
      const deadline = performance.now() + timeoutMs;
      const client = await connected(pool);
      let answer: unknown;
      try {
        const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
        const query = { text, values: [...values], query_timeout: leftMs };
        const { rows } = await client.query<Record<string, unknown>>(query);
        answer = rows.length === 1 ? rows[0] : undefined;
      } catch (error) {
        // What state the connection is in, nobody knows: it is not used again.
        client.release(true);
        throw asSourceError(client.failure ?? error);
      }
      client.release();
      return answer;
    },
    close() {
      ending ??= pool.end();
      // A connection in use does not hold up the end.
      for (const socket of sockets) socket.destroy();
      return ending;
    },
  };
}

async function connected(pool: Pool): Promise<PooledClient> {
  try {
    return (await pool.connect()) as unknown as PooledClient;
  } catch (error) {
    throw asSourceError(error);
  }
}

type PooledClient = HeardClient & { release(broken?: boolean): void };

/**
 * A client whose errors are always heard. The pool hears them while a client is idle, and a query while it runs: one
 * that fell in between would end the process.
 */
class HeardClient extends Client {
  /** Why its connection is of no more use. */
  failure: Error | null = null;
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on("error", (error) => {
      this.failure ??= error;
    });
  }
}

/**
 * One statement, so one round trip and one snapshot: the rows are as of the clock that is read with them. Each table's
 * rows come as one JSON array, which keeps their columns apart whatever they hold.
 */
const statement = [
  `SELECT (SELECT json_agg("As Of") FROM "EID"."Replication Status") AS "Replication Status"`,
  ...tables.map((table) => {
    const list = columns[table].map((column) => `"${column}"`).join(", ");
    const where = `"EID Subject ID" = ANY($1::text[]) OR "Alien File Number" = ANY($2::text[])`;
    const rows = `SELECT ${list} FROM "EID"."${table}" WHERE ${where}`;
    return `(SELECT coalesce(json_agg(found), '[]'::json) FROM (${rows}) AS found) AS "${table}"`;
  }),
].join(",\n");

/**
 * What can be seen of the log with this statement's snapshot, with the clock and the log's name. Numbers go to transactions
 * as they begin: one that ends later may have a lower one, so from the lowest that had not ended everything is read again.
 */
const changesStatement = `SELECT
  (SELECT json_agg("As Of") FROM "EID"."Replication Status") AS "As Of",
  (SELECT json_agg("Log Id") FROM "EID"."Replication Status") AS "Log Id",
  pg_snapshot_xmin(pg_current_snapshot())::text AS "Open From",
  (SELECT coalesce(json_agg(found), '[]'::json) FROM (
    SELECT "Change Number"::text, "Transaction"::text, "Changed At", "Table Name", "Before", "After" FROM "EID"."Change Log"
    WHERE "Transaction" >= coalesce($1::bigint, pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
      AND NOT "Change Number" = ANY($2::bigint[])
    ORDER BY "Change Number" LIMIT ${maxListed}) AS found) AS "Changes"`;

/**
 * A socket on which nonsense ends the connection. `pg` parses in its "data" listener: what it throws there, at a message
 * cut short inside its frame, would be nobody's to catch and would end the process.
 */
function watched(sockets: Set<Socket>): Socket {
  const socket = new Socket();
  const isBroken = brokenFrames();
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== "data") return emit(event, ...values);
    try {
      if (!isBroken(values[0] as Buffer)) return emit(event, ...values);
      socket.destroy(new ProtocolBroken());
    } catch (cause) {
      socket.destroy(new ProtocolBroken({ cause }));
    }
    return true;
  };
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
  return socket;
}

const unavailable = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);
const timedOut = new Set(["ETIMEDOUT", "57014"]);

/** By Node's codes, PostgreSQL's SQLSTATE, and, where `pg` gives neither, its words. */
function asSourceError(error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  const { code, message, name } = error as { code?: unknown; message: string; name: string };
  const as = (kind: ConstructorParameters<typeof SourceError>[0]) => new SourceError(kind, system, error);
  if (typeof code !== "string") {
    if (/timeout/i.test(message)) return as("SOURCE_TIMEOUT");
    if (name !== "SyntaxError" && /^Connection terminated|^Client has encountered/.test(message))
      return as("SOURCE_UNAVAILABLE");
    return as("SOURCE_INVALID");
  }
  if (unavailable.has(code) || /^(08|53|57P)/.test(code)) return as("SOURCE_UNAVAILABLE");
  if (timedOut.has(code)) return as("SOURCE_TIMEOUT");
  // Log-in refused, no such database, no right to a table.
  if (/^(28|3D)/.test(code) || code === "42501") return as("SOURCE_REFUSED");
  return as("SOURCE_INVALID");
}
