/**
 * ICE's EID, simulated: a PostgreSQL database over its own wire protocol. See README.md for what a foreign
 * programmer finds there.
 */
import { Pool } from "pg";
import { type Act, type Simulator, type SimulatorContext, UnknownAct } from "../world.ts";
import { acts } from "./acts.ts";
import { type Engine, type EngineSettings, readEngineSettings, startEngine } from "./engine.ts";
import { loadPopulation } from "./load.ts";
import { printInstant } from "./print.ts";
import { tablePath } from "./tables.ts";

/** Values come back as the database prints them: a timestamp has no zone that anybody's clock could shift. */
const asPrinted = { getTypeParser: () => (text: string) => text };

/** `engine` overrides EID_ENGINE and DATABASE_URL. */
export function eid(
  context: SimulatorContext,
  engine: Omit<EngineSettings, "progress"> = readEngineSettings(process.env),
): Simulator {
  const { world, clock, progress } = context;
  let running: { readonly owner: Pool } | null = null;
  // INVARIANT: acts and the clock change the store one after the other, in the order they were made.
  let writing: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(write: () => Promise<T>): Promise<T> => {
    const done = writing.then(write);
    writing = done.catch(() => {});
    return done;
  };
  const stateClock = async () => {
    await running?.owner.query(`UPDATE ${tablePath("Replication Status")} SET "As Of" = $1`, [
      printInstant(clock.now()),
    ]);
  };
  clock.onChange(() => {
    inTurn(stateClock).catch((error: Error) => progress(`eid      the clock could not be stated: ${error.message}`));
  });

  return {
    system: "eid",
    agency: "ice",
    protocol: "postgres",
    acts: Object.keys(acts),
    async start() {
      const startedAt = performance.now();
      const server = await startEngine({ ...engine, progress });
      const owner = new Pool({ connectionString: server.ownerUrl, max: 1, types: asPrinted });
      // A server that goes away shows when it is asked next.
      owner.on("error", () => {});
      const close = async () => {
        running = null;
        await writing;
        await owner.end();
        await server.close();
      };
      try {
        const rows = await fill(owner, server, context);
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
        progress(`eid      ${rows} rows of ${world.size} persons in ${server.description}, ${seconds} s`);
      } catch (error) {
        await close().catch(() => {});
        throw error;
      }
      running = { owner };
      return { port: server.port, url: readerUrl(server), close };
    },
    async act(act: Act) {
      const perform = Object.hasOwn(acts, act.act) ? acts[act.act] : undefined;
      if (perform === undefined) throw new UnknownAct("eid", Object.keys(acts));
      return inTurn(async () => {
        if (running === null) throw new Error("eid is not running");
        const client = await running.owner.connect();
        try {
          await client.query("BEGIN");
          const done = await perform({ client, world, now: clock.now() }, act);
          await client.query("COMMIT");
          return done;
        } catch (error) {
          await client.query("ROLLBACK");
          throw error;
        } finally {
          client.release();
        }
      });
    },
  };
}

async function fill(owner: Pool, { reader }: Engine, context: SimulatorContext): Promise<number> {
  const { world, clock, progress } = context;
  const client = await owner.connect();
  try {
    return await loadPopulation({ client, world, now: clock.now(), reader, progress });
  } finally {
    client.release();
  }
}

/** What the agency's readers connect to. */
function readerUrl({ port, database, reader }: Engine): string {
  return `postgres://${reader.user}:${reader.password}@127.0.0.1:${port}/${database}`;
}
