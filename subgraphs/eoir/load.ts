/** Loads a snapshot, from a folder or a URL, into a store: streamed, counted, checked against `Count.txt`. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { httpSystem, SourceError } from "#kit/source.ts";
import { type Counts, parseCounts, rowReader, type TableFormat, tableFormats } from "./snapshot.ts";
import { createStore, openStore, type StoreWriter } from "./store.ts";

export type LoadSettings = {
  /** A folder's path or an http(s) URL. */
  readonly snapshot: string;
  readonly storeFolder: string;
  /** How long the snapshot's host may stay silent. */
  readonly silenceMs: number;
  readonly progress: (line: string) => void;
};

export type Load = {
  readonly path: string;
  readonly snapshotDate: string;
  readonly reused: boolean;
  readonly rows: number;
  readonly unreadable: number;
  /** Of these: rows of which nobody can tell whose case they belong to. */
  readonly nobodys: number;
  readonly seconds: number;
};

/** The snapshot is not what it says it is: nothing of it is used. */
export class SnapshotRefused extends Error {}

/**
 * Loads the snapshot, or finds the store already built from it. Throws SnapshotRefused (a file has not the rows that
 * Count.txt states, or the snapshot changed meanwhile) or SourceError; what had been written is removed again.
 */
export async function loadSnapshot(settings: LoadSettings): Promise<Load> {
  const { storeFolder, progress } = settings;
  const files = snapshotFiles(settings);
  const startedAt = performance.now();
  let partial: string | null = null;
  try {
    const countBytes = await gather(await files.read("Count.txt"));
    const counts = parseCounts(countBytes);
    const fingerprint = createHash("sha256").update(countBytes).digest("hex");
    const path = join(storeFolder, `case-${counts.snapshotDate.slice(0, 10)}-${fingerprint.slice(0, 8)}.sqlite`);
    const seconds = () => (performance.now() - startedAt) / 1000;
    if (reusable(path, fingerprint))
      return { path, snapshotDate: counts.snapshotDate, reused: true, ...nothing, seconds: seconds() };
    mkdirSync(storeFolder, { recursive: true, mode: 0o700 });
    partial = `${path}.${process.pid}.loading`;
    rmSync(partial, { force: true });
    const store = createStore(partial);
    const total = { ...nothing };
    try {
      for (const format of tableFormats) {
        const loaded = await loadTable(format, { files, store, counts, progress });
        total.rows += loaded.rows;
        total.unreadable += loaded.unreadable;
        total.nobodys += loaded.nobodys;
      }
      if (!(await gather(await files.read("Count.txt"))).equals(countBytes))
        throw new SnapshotRefused("another snapshot was published while this one was being loaded");
      store.finish({ snapshotDate: counts.snapshotDate, fingerprint });
    } finally {
      store.close();
    }
    renameSync(partial, path);
    const load = { path, snapshotDate: counts.snapshotDate, reused: false, ...total, seconds: seconds() };
    progress(summary(load));
    return load;
  } finally {
    if (partial !== null) rmSync(partial, { force: true });
    await files.close();
  }
}

const nothing = { rows: 0, unreadable: 0, nobodys: 0 };

type TableLoad = {
  readonly files: SnapshotFiles;
  readonly store: StoreWriter;
  readonly counts: Counts;
  readonly progress: (line: string) => void;
};

async function loadTable(format: TableFormat, { files, store, counts, progress }: TableLoad): Promise<typeof nothing> {
  const { name } = format;
  const expected = counts.rows.get(name);
  if (expected === undefined) throw new SnapshotRefused(`Count.txt says nothing of ${name}`);
  let writer: ReturnType<StoreWriter["begin"]> | null = null;
  let read = 0;
  let unreadable = 0;
  let nobodys = 0;
  const reader = rowReader(format, {
    header: (columns) => {
      writer = store.begin(format, columns);
    },
    row: (line, first, second, kept) => {
      read += 1;
      writer?.row(line, first, second, kept);
    },
    unreadable: (line, field, keys) => {
      unreadable += 1;
      if (keys.length === 0) nobodys += 1;
      writer?.unreadable(line, field, keys);
    },
  });
  const startedAt = performance.now();
  let saidAt = startedAt;
  for await (const chunk of await files.read(`${name}.csv`)) {
    reader.push(chunk);
    const now = performance.now();
    if (now - saidAt < progressEveryMs) continue;
    saidAt = now;
    progress(`CASE     ${name}: ${count(read)} of ${count(expected)} rows, ${pace(read, now - startedAt)}`);
  }
  const rows = reader.end();
  if (rows !== expected)
    throw new SnapshotRefused(`${name}.csv has ${count(rows)} rows and Count.txt states ${count(expected)}`);
  // A row of this table that cannot be read would leave somebody's case with nobody, and nobody could tell whose.
  if (name === "tbl_AlienNumber" && unreadable > 0)
    throw new SnapshotRefused(`${count(unreadable)} rows of ${name}.csv cannot be read`);
  (writer as ReturnType<StoreWriter["begin"]> | null)?.end();
  return { rows, unreadable, nobodys };
}

const progressEveryMs = 2_000;

function reusable(path: string, fingerprint: string): boolean {
  if (!existsSync(path)) return false;
  const store = openStore(path, fingerprint);
  store?.close();
  return store !== null;
}

type SnapshotFiles = { read(name: string): Promise<AsyncIterable<Buffer>>; close(): Promise<void> };

function snapshotFiles({ snapshot, silenceMs }: LoadSettings): SnapshotFiles {
  if (/^https?:/.test(snapshot)) {
    const system = httpSystem({ system: "CASE", url: snapshot, timeoutMs: silenceMs });
    return { read: (name) => system.stream({ method: "GET", path: `/${name}` }), close: system.close };
  }
  const folder = snapshot.startsWith("file:") ? fileURLToPath(snapshot) : snapshot;
  return {
    read: async (name) => {
      const path = join(folder, name);
      if (!existsSync(path)) throw new SourceError("SOURCE_UNAVAILABLE", "CASE");
      return createReadStream(path, { highWaterMark: 1024 * 1024 });
    },
    close: async () => undefined,
  };
}

const maxCountBytes = 1024 * 1024;

/** `Count.txt` whole, read twice: it is small. */
async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxCountBytes) throw new SourceError("SOURCE_INVALID", "CASE");
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function summary({ snapshotDate, rows, unreadable, nobodys, seconds, path }: Load): string {
  const megabytes = (bytes: number) => `${count(Math.ceil(bytes / 1e6))} MB`;
  const store = megabytes(statSync(path).size);
  return (
    `CASE     snapshot of ${snapshotDate.slice(0, 10)} loaded: ${count(rows)} rows in ${seconds.toFixed(1)} s ` +
    `(${pace(rows, seconds * 1000)}), ${count(unreadable)} unreadable (${count(nobodys)} without a case), store ${store}, ` +
    `memory of the process ${megabytes(process.memoryUsage.rss())}`
  );
}

const count = (rows: number) => rows.toLocaleString("en-US");
const pace = (rows: number, ms: number) => `${count(Math.round((rows / Math.max(ms, 1)) * 1000))} rows/s`;
