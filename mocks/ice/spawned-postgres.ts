/** A PostgreSQL server of this machine's own binaries, in a temporary folder, for as long as this process lives. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Client } from "pg";
import type { Engine } from "./engine.ts";

export type Binaries = { readonly initdb: string; readonly postgres: string };

/** On the PATH, else Debian's newest version; null when there are none. */
export function findBinaries(path = process.env.PATH ?? "", debian = "/usr/lib/postgresql"): Binaries | null {
  const folders = [...path.split(delimiter).filter(Boolean), ...debianFolders(debian)];
  for (const folder of folders) {
    const [initdb, postgres] = [join(folder, "initdb"), join(folder, "postgres")];
    if (isExecutable(initdb) && isExecutable(postgres)) return { initdb, postgres };
  }
  return null;
}

function debianFolders(root: string): string[] {
  try {
    const versions = readdirSync(root).filter((name) => /^\d+$/.test(name));
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, "bin"));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes the cluster and holds the server. Its standard input is a pipe from us: when that ends, however we ended, it
 * stops the server at once (nothing in it is to be kept) and removes the folder. A cluster in the making is waited for.
 */
const keeper = `
folder=$1 initdb=$2; shift 2
trap : TERM INT HUP
{ "$initdb" -D data -U eid_owner --pwfile=password -A scram-sha-256 -E UTF8 --no-locale --no-sync >/dev/null && "$@"
  echo "ended $?"; } </dev/null &
job=$!
while read -r _; do :; done
while kill -0 $job 2>/dev/null; do
  server=$(head -n 1 data/postmaster.pid 2>/dev/null)
  case $server in ""|-*) ;; *) kill -QUIT "$server" 2>/dev/null ;; esac
  sleep 0.05
done
cd / && rm -rf "$folder"
`;

const readyWithinMs = 30_000;

/** Throws a line with the server's own last words when it does not come up. */
export async function spawnPostgres(binaries: Binaries): Promise<Engine> {
  // A port that was free a moment ago may be taken by the time the server binds it.
  for (let attempt = 1; ; attempt += 1) {
    const server = await runServer(binaries);
    if (typeof server !== "string") return server;
    if (attempt === 3 || !server.includes("could not bind"))
      throw new Error(`PostgreSQL did not start: ${server.trim().split("\n").at(-1)}`);
  }
}

/** The running server, or what it said when it ended instead. */
async function runServer({ initdb, postgres }: Binaries): Promise<Engine | string> {
  const account = unprivilegedAccount();
  const password = randomBytes(18).toString("hex");
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    wal_level: "minimal",
    max_wal_senders: 0,
    max_connections: 100,
    max_wal_size: "1GB",
    timezone: "UTC",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-eid-"));
  writeFileSync(join(folder, "password"), password, { mode: 0o600 });
  if (account !== null)
    for (const path of [folder, join(folder, "password")]) chownSync(path, account.uid, account.gid);
  const keeperArguments = ["-c", keeper, "sh", folder, initdb, postgres, "-D", "data", ...options];
  const child = spawn("/bin/sh", keeperArguments, {
    ...account,
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    // A group of its own, so that Ctrl-C in a terminal does not end it before those who use it.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  let ended = false;
  child.stderr.on("data", (bytes) => {
    said = (said + bytes).slice(-2000);
  });
  child.stdout.on("data", () => {
    ended = true;
  });
  const exited = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      said = error.message;
      ended = true;
      resolve();
    });
  });
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on("error", () => {});
  const close = async () => {
    child.stdin.end();
    await exited;
  };
  const ownerUrl = `postgres://eid_owner:${password}@127.0.0.1:${port}/`;
  const deadline = Date.now() + readyWithinMs;
  let version: string | null = null;
  while (version === null && !ended && Date.now() < deadline) version = await createDatabase(`${ownerUrl}postgres`);
  if (version === null) {
    const lastWords = said.split("\n").findLast((line) => line.includes("FATAL")) ?? said.trim();
    await close();
    return lastWords || "it did not answer in time";
  }
  return {
    description: `PostgreSQL ${version}`,
    port,
    database: "eid",
    ownerUrl: `${ownerUrl}eid`,
    reader: { user: "eid_reader", password: "eid_reader" },
    close,
  };
}

/** Creates the database `eid` and returns the server's version; null while the server does not answer. */
async function createDatabase(url: string): Promise<string | null> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("CREATE DATABASE eid");
    const { rows } = await client.query("SHOW server_version");
    return String(rows[0].server_version).split(" ")[0] as string;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 25));
    return null;
  } finally {
    await client.end().catch(() => {});
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, else `nobody`. Null: as ourselves. */
function unprivilegedAccount(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("it does not run as root, and there is no account `postgres` or `nobody`");
}
