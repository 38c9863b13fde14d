/**
 * Asks CASE: the docket for what changed since the snapshot, on every look-up; the snapshot from a store kept beside it.
 * INVARIANT: an answer is made of both or of neither: the snapshot alone could lack a case opened since.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { UnreadableRow } from "#kit/decoded.ts";
import { sinceQuery } from "#kit/listing.ts";
import { httpSystem, SourceError } from "#kit/source.ts";
import { type Docket, type DocketEntries, decodeDocket, decodeEntries } from "./docket.ts";
import type { Load } from "./load.ts";
import type { LoadMessage } from "./load-worker.ts";
import { decodeLookups, type Lookups } from "./records.ts";
import { type CaseRows, type CaseStore, openStore } from "./store.ts";

export type CourtSettings = {
  readonly caseUrl: string;
  /** Folder or URL of the snapshot's files. */
  readonly snapshot: string;
  /** Where stores are kept from one start to the next; null: a temporary folder. */
  readonly storeFolder: string | null;
  readonly sourceTimeoutMs: number;
  /** How long the snapshot's host may stay silent. */
  readonly snapshotSilenceMs: number;
  /** Pause before a load that failed is tried again. */
  readonly retryMs: number;
  readonly progress: (line: string) => void;
};

/** The cases under the asked A-numbers, as they are at `asOf`. */
export type CourtAnswer = {
  readonly answered: true;
  readonly asOf: string;
  readonly cases: readonly CaseRows[];
  /** Cases that may be this person's and cannot be told. */
  readonly nobodys: readonly UnreadableRow[];
  readonly lookups: Lookups;
};
/** `snapshotDate`: what the loaded snapshot vouches for; null while none is. */
export type NoAnswer = {
  readonly answered: false;
  readonly error: SourceError;
  readonly snapshotDate: string | null;
};

export type Court = {
  /** For each list of A-numbers (nine digits) its own answer; one call to the docket for every hundred numbers. */
  lookUp(persons: readonly (readonly string[])[]): Promise<readonly (CourtAnswer | NoAnswer)[]>;
  /** What was entered in the docket since a position; null: where it stands. Throws SourceError. */
  entriesSince(position: string | null): Promise<DocketEntries>;
  /** What its answers are made of beside the docket; null: no snapshot is loaded. */
  held(): { readonly snapshotDate: string; readonly lookups: Lookups } | null;
  /** Settled when the first load has ended, well or not. */
  readonly firstLoad: Promise<void>;
  close(): Promise<void>;
};

type Asked =
  | { readonly dockets: readonly Docket[]; readonly loaded: Loaded }
  | { readonly error: SourceError; readonly snapshotDate: string | null };

const docketLimit = 100;

export function openCourt(settings: CourtSettings): Court {
  const docket = httpSystem({ system: "CASE", url: settings.caseUrl, timeoutMs: settings.sourceTimeoutMs });
  // Of its own: whoever watches does not wait behind those who ask.
  const watching = httpSystem({
    system: "CASE",
    url: settings.caseUrl,
    timeoutMs: settings.sourceTimeoutMs,
    connections: 1,
  });
  const snapshots = keepSnapshot(settings);

  // A month turns: the docket goes on counting from the snapshot that we hold, while we load the next.
  async function changes(aNumbers: readonly string[], since: string | null): Promise<Docket> {
    const body = JSON.stringify({ alienNumbers: aNumbers, ...(since === null ? {} : { since }) });
    const headers = { "content-type": "application/json" };
    const answer = await docket.ask({ method: "POST", path: "/docket/v1/changes", headers, body });
    if (answer.status !== 200) throw new SourceError("SOURCE_REFUSED", "CASE");
    return decodeDocket(answer.body);
  }

  /** The dockets of all these numbers, with the snapshot that they count from; null: that was replaced meanwhile. */
  async function ask(aNumbers: readonly string[]): Promise<Asked | null> {
    const since = snapshots.loaded()?.store.snapshotDate ?? null;
    const parts: string[][] = [];
    for (let at = 0; at === 0 || at < aNumbers.length; at += docketLimit)
      parts.push(aNumbers.slice(at, at + docketLimit));
    const answers = await Promise.allSettled(parts.map((part) => changes(part, since)));
    const failed = answers.find(({ status }) => status === "rejected");
    const loaded = snapshots.loaded();
    if ((loaded?.store.snapshotDate ?? null) !== since) return null;
    if (failed?.status === "rejected") return { error: failed.reason as SourceError, snapshotDate: since };
    const dockets = answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    if (dockets.some(({ latestSnapshotDate }) => latestSnapshotDate !== since)) snapshots.reload();
    if (loaded === null || dockets.some(({ snapshotDate }) => snapshotDate !== since))
      return { error: new SourceError("SOURCE_UNAVAILABLE", "CASE"), snapshotDate: since };
    return { dockets, loaded };
  }

  return {
    firstLoad: snapshots.firstLoad,
    async entriesSince(position) {
      const path = `/docket/v1/entries${sinceQuery(position)}`;
      const answer = await watching.ask({ method: "GET", path });
      if (answer.status !== 200) throw new SourceError("SOURCE_REFUSED", "CASE");
      return decodeEntries(answer.body);
    },
    held() {
      const loaded = snapshots.loaded();
      return loaded && { snapshotDate: loaded.store.snapshotDate, lookups: loaded.lookups };
    },
    async lookUp(persons) {
      const aNumbers = [...new Set(persons.flat())];
      const asked = (await ask(aNumbers)) ??
        (await ask(aNumbers)) ?? { error: new SourceError("SOURCE_UNAVAILABLE", "CASE"), snapshotDate: null };
      return persons.map((numbers) =>
        "error" in asked ? { answered: false, ...asked } : merge(numbers, asked.dockets, asked.loaded),
      );
    },
    async close() {
      await Promise.all([docket.close(), watching.close(), snapshots.close()]);
    },
  };
}

/** The docket's cases stand in place of the snapshot's; those it calls removed are gone. */
function merge(aNumbers: readonly string[], dockets: readonly Docket[], { store, lookups }: Loaded): CourtAnswer {
  const mine = new Set(aNumbers);
  const cases = new Map<string, CaseRows>();
  for (const aNumber of mine) for (const found of store.find(aNumber)) cases.set(found.id, found);
  for (const { removed, cases: changed } of dockets) {
    for (const id of removed) cases.delete(id);
    for (const [id, { aNumbers: under, rows }] of changed) {
      cases.delete(id);
      if (under.some((each) => mine.has(each))) cases.set(id, rows);
    }
  }
  return {
    answered: true,
    // The oldest of several answers is what all of them vouch for.
    asOf: dockets.map(({ asOf }) => asOf).reduce((a, b) => (b < a ? b : a)),
    cases: [...cases.values()],
    nobodys: dockets.flatMap(({ nobodys }) => nobodys),
    lookups,
  };
}

type Loaded = { readonly store: CaseStore; readonly lookups: Lookups };

type Snapshots = {
  loaded(): Loaded | null;
  /** Loads what is published now, unless that is under way or has just failed. */
  reload(): void;
  readonly firstLoad: Promise<void>;
  close(): Promise<void>;
};

/** Keeps the last good snapshot open, and loads the next in a thread of its own. */
function keepSnapshot(settings: CourtSettings): Snapshots {
  const { storeFolder, snapshot, snapshotSilenceMs: silenceMs, retryMs, progress } = settings;
  if (storeFolder === null) removeLeftBehind();
  const folder = storeFolder ?? mkdtempSync(join(tmpdir(), `case-store-${process.pid}-`));
  ownFolders.add(folder);
  let current: Loaded | null = null;
  let worker: Worker | null = null;
  let retry: NodeJS.Timeout | null = null;
  let closed = false;
  let settleFirst: () => void = () => undefined;
  const firstLoad = new Promise<void>((resolve) => {
    settleFirst = resolve;
  });

  function load(): void {
    if (worker !== null || closed) return;
    if (retry !== null) clearTimeout(retry);
    retry = null;
    const started = new Worker(new URL("./load-worker.ts", import.meta.url), {
      workerData: { snapshot, storeFolder: folder, silenceMs },
    });
    worker = started;
    let ended = false;
    const end = (problem: string | null) => {
      if (ended) return;
      ended = true;
      worker = null;
      if (closed) return;
      if (problem !== null) {
        const kept = current === null ? "none is loaded" : `that of ${current.store.snapshotDate.slice(0, 10)} is kept`;
        progress(`CASE     snapshot not loaded: ${problem}; ${kept}; next attempt in ${retryMs / 1000} s`);
        pause(load);
      }
      settleFirst();
    };
    started.on("message", (message: LoadMessage) => {
      if (message.kind === "progress") return progress(message.line);
      if (message.kind === "failed") return end(message.why);
      end(closed || use(message.load) ? null : "its store cannot be opened");
    });
    started.on("error", (error: Error) => end(error.message));
    started.on("exit", () => end("the load ended before its time"));
  }

  function pause(then: () => void = () => undefined): void {
    retry = setTimeout(() => {
      retry = null;
      then();
    }, retryMs);
    retry.unref();
  }

  function use({ path, snapshotDate, reused }: Load): boolean {
    const store = openStore(path);
    if (store === null) return false;
    const former = current;
    try {
      const lookups = decodeLookups(store.rows("tblLookupCourtDecision"), store.rows("tblLookup_Juvenile"));
      current = { store, lookups };
    } catch {
      store.close();
      return false;
    }
    // Nothing newer was to be had: asked again at once, it would be the same.
    if (former?.store.snapshotDate === snapshotDate) pause();
    former?.store.close();
    if (reused) progress(`CASE     snapshot of ${snapshotDate.slice(0, 10)}: the store built from it before is used`);
    forget((file) => file !== basename(path) && /^case-[\w-]+\.sqlite$/.test(file));
    return true;
  }

  function forget(which: (file: string) => boolean): void {
    if (!existsSync(folder)) return;
    for (const file of readdirSync(folder)) if (which(file)) rmSync(join(folder, file), { force: true });
  }

  load();
  return {
    loaded: () => current,
    reload: () => {
      if (retry === null) load();
    },
    firstLoad,
    async close() {
      closed = true;
      if (retry !== null) clearTimeout(retry);
      await worker?.terminate();
      current?.store.close();
      current = null;
      if (storeFolder === null) rmSync(folder, { recursive: true, force: true });
      else forget((file) => file.endsWith(`.${process.pid}.loading`));
      settleFirst();
    },
  };
}

/** This process's; any other under its id is of a process before it, as in a container that was started again. */
const ownFolders = new Set<string>();

/** Stores of processes that were killed: nobody's court records stay behind. */
function removeLeftBehind(): void {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    const owner = Number(/^case-store-(\d+)-/.exec(name)?.[1]);
    if (Number.isNaN(owner) || (owner === process.pid ? ownFolders.has(path) : isRunning(owner))) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another user's: not ours to remove, and no reason not to start.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
