/**
 * A process of its own: PGlite behind a listener that speaks the PostgreSQL wire protocol. PGlite is one session.
 * pglite-socket hands it the single messages of all its clients as they come: a client whose Parse and Bind arrive apart
 * can get the rows of another's statement (tried). Here a client has the session to itself for a whole exchange, and
 * until its transaction ends.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { serveClient } from "./embedded-client.ts";
import { shareSession } from "./embedded-session.ts";
import type { EmbeddedReady, EmbeddedSettings } from "./spawned-embedded.ts";

const version = "0.5.14";
const memory = { initialMemory: 128 * 1024 * 1024 };

/** Making a cluster takes seconds and 1.1 GB; an empty one is made once on a machine, and copied. */
async function preparedCluster(into: string): Promise<void> {
  const cache = fileURLToPath(new URL("../../.crosswalk/", import.meta.url));
  const prepared = join(cache, `pglite-${version}`);
  if (!existsSync(prepared)) {
    const db = await PGlite.create({ dataDir: into, postgresqlconf: ["shared_buffers=8MB"] });
    await db.close();
    try {
      // Whole or not at all: another process may be making the same.
      mkdirSync(cache, { recursive: true });
      const own = mkdtempSync(join(cache, "pglite-"));
      cpSync(into, join(own, "data"), { recursive: true });
      renameSync(join(own, "data"), prepared);
      rmSync(own, { recursive: true });
    } catch {
      // A read-only folder, or somebody was faster: ours is in place already.
    }
    return;
  }
  cpSync(prepared, into, { recursive: true });
}

async function serve({ folder, database, roles }: EmbeddedSettings): Promise<EmbeddedReady> {
  const cluster = join(folder, "data");
  await preparedCluster(cluster);
  const db = await PGlite.create({ dataDir: cluster, ...memory });
  const { rows } = await db.query<{ version: string }>("SELECT current_setting('server_version') AS version");
  const serverVersion = (rows[0]?.version ?? "").split(" ")[0] as string;
  const session = shareSession(db, Object.keys(roles)[0] as string);
  const server = createServer((socket) => serveClient(socket, { session, database, roles, serverVersion }));
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    description: `PostgreSQL ${serverVersion}, embedded (PGlite ${version})`,
  };
}

if (import.meta.main) {
  // Ctrl-C reaches the whole group; this one ends when its parent lets go of it, or is no more.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => process.exit(0));
  process.on("disconnect", () => process.exit(0));
  process.once("message", (message) => {
    const settings = message as EmbeddedSettings;
    process.on("exit", () => rmSync(settings.folder, { recursive: true, force: true }));
    serve(settings).then(
      (ready) => process.send?.(ready),
      (error: Error) => {
        console.error(error.message);
        process.exit(1);
      },
    );
  });
}
