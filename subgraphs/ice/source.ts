/** Asking EID: a PostgreSQL database that we may only read. Nothing else here opens sockets. */
import { Socket } from "node:net";
import { Client, type ClientConfig, Pool } from "pg";
import { SourceError } from "#kit/source.ts";
import { system } from "./cells.ts";
import { brokenFrames, ProtocolBroken } from "./frames.ts";
import { columns, type EidAnswer, readAnswer, tables } from "./records.ts";

export type EidSource = {
  /** Every row in which one of these identifiers stands, of all tables in one snapshot. Throws `SourceError`. */
  find(subjectIds: readonly string[], aNumbers: readonly string[]): Promise<EidAnswer>;
  close(): Promise<void>;
};

export type EidSourceSettings = {
  readonly url: string;
  /** Bounds a call as a whole: waiting for a connection, opening one, and the answer. */
  readonly timeoutMs: number;
};

/** A pool that mends itself: a connection that fails is dropped, and the next call opens another. */
export function eidSource({ url, timeoutMs }: EidSourceSettings): EidSource {
  const sockets = new Set<Socket>();
  const pool = new Pool({
    connectionString: url,
    max: 8,
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
    async find(subjectIds, aNumbers) {
      const deadline = performance.now() + timeoutMs;
      const client = await connected(pool);
      let answer: unknown;
      try {
        const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
        const query = { text: statement, values: [subjectIds, aNumbers], query_timeout: leftMs };
        const { rows } = await client.query<Record<string, unknown>>(query);
        answer = rows.length === 1 ? rows[0] : undefined;
      } catch (error) {
        // What state the connection is in, nobody knows: it is not used again.
        client.release(true);
        throw asSourceError(client.failure ?? error);
      }
      client.release();
      return readAnswer(answer);
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
