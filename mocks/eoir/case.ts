/** CASE, the immigration courts' system: a snapshot of its tables each month, and a live docket for what changed since. */
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeLog } from "../change-log.ts";
import { type HttpAnswer, type HttpRequest, json, listenHttp } from "../http.ts";
import { scenarioPeople } from "../population/scenarios.ts";
import type { CaseFile, PersonFile } from "../population/types.ts";
import { type Act, BadAct, type Simulator, type SimulatorContext, UnknownAct } from "../world.ts";
import { doings } from "./acts.ts";
import { lookups } from "./lookups.ts";
import { type Defects, publish, publishedDefects } from "./publish.ts";
import { changesSince, lastSnapshotDate, rowsNow, type Snapshot, snapshotCases } from "./record.ts";
import { type CaseRows, columns, tableNames } from "./tables.ts";

/** One entry of the docket: a case before it and after it; null: not on record. */
type DocketEntry = {
  readonly at: string;
  readonly idncase: number;
  readonly before: CaseRows | null;
  readonly after: CaseRows | null;
};

type Published = { readonly snapshot: Snapshot; readonly folder: string };

const maxANumbers = 100;
const fileNames = new Set(["Count.txt", ...[...tableNames, ...Object.keys(lookups)].map((name) => `${name}.csv`)]);

/** `defects`: how the published files are damaged; the default is the public release's. */
export function caseSystem(context: SimulatorContext, defects: Defects = publishedDefects): Simulator {
  const { world, clock, progress } = context;
  let current: Published | null = null;
  /** Its files are gone, but the docket still counts from it for those who are loading the next. */
  let former: Snapshot | null = null;
  let publishing: Promise<Published> | null = null;
  let inWork: Snapshot | null = null;
  let closed = false;
  const entries = changeLog<DocketEntry>({ pageSize: 100, kept: 2_000 });
  let sequence = 0;
  const nextId = () => {
    sequence += 1;
    return 2_000_000_000 + sequence;
  };

  async function publishOne(snapshot: Snapshot): Promise<Published> {
    await removeLeftBehind();
    const folder = await mkdtemp(join(tmpdir(), `case-snapshot-${process.pid}-`));
    ownFolders.add(folder);
    await publish({
      folder,
      snapshotDate: snapshot.date,
      persons: whileOpen(world.persons()),
      casesOf: (file) => {
        for (const each of file.cases)
          for (const { rider } of each.leadOf)
            snapshot.leads.set(rider, [...(snapshot.leads.get(rider) ?? []), each.idncase]);
        return snapshotCases(snapshot, file);
      },
      spared: ({ index }) => index < scenarioPeople,
      defects,
      progress,
    }).catch(async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    });
    return { snapshot, folder };
  }

  function* whileOpen(persons: Iterable<PersonFile>): Iterable<PersonFile> {
    for (const person of persons) {
      if (closed) throw new Error("closed while a snapshot was being published");
      yield person;
    }
  }

  /** A month has turned: the old snapshot stays until the new one is complete. */
  function publishWhenDue(): void {
    const date = lastSnapshotDate(clock.now());
    const latest = inWork ?? current?.snapshot;
    if (publishing !== null || (latest && date <= latest.date)) return;
    inWork = { date, first: current === null, before: new Map(), removed: [], leads: new Map() };
    publishing = publishOne(inWork);
    void publishing
      .then(async (next) => {
        const replaced = current;
        current = next;
        progress(`case     snapshot of ${date.slice(0, 10)} published`);
        if (replaced === null) return true;
        former = replaced.snapshot;
        await rm(replaced.folder, { recursive: true, force: true });
        return true;
      })
      .catch((error: unknown) => {
        if (!closed) progress(`case     snapshot of ${date.slice(0, 10)} failed: ${(error as Error).message}`);
        return false;
      })
      .then((done) => {
        inWork = null;
        publishing = null;
        // The month may have turned again meanwhile.
        if (done && !closed) publishWhenDue();
      });
  }
  clock.onChange(() => {
    if (current !== null && !closed) publishWhenDue();
  });

  /** The snapshot that is published; waits for the first one, and tries again when that has failed. */
  const published = async (): Promise<Published> => {
    if (current === null) publishWhenDue();
    return current ?? (await (publishing as Promise<Published>));
  };

  async function answer(request: HttpRequest): Promise<HttpAnswer> {
    const name = /^\/snapshot\/([^/]+)$/.exec(request.path)?.[1];
    if (request.method === "GET" && name !== undefined) return snapshotFile((await published()).folder, name);
    if (request.path === "/docket/v1/entries") return listEntries(request);
    if (request.path !== "/docket/v1/changes") return json(404, { error: "no such resource" });
    if (request.method !== "POST") return json(405, { error: "POST only" }, { allow: "POST" });
    const asked = readQuestion(request.body);
    if (asked === null)
      return json(400, {
        error: `the body must be {"alienNumbers": [...], "since": "..."}, at most ${maxANumbers} strings of nine digits`,
      });
    const latest = (await published()).snapshot;
    const from = former !== null && former.date === asked.since ? former : latest;
    const { asOf, snapshotDate, cases, removed } = changesSince(world, from, clock.now(), asked.aNumbers);
    return json(200, { asOf, snapshotDate, latestSnapshotDate: latest.date, cases: cases.map(whole), removed });
  }

  async function listEntries({ method, query }: HttpRequest): Promise<HttpAnswer> {
    if (method !== "GET") return json(405, { error: "GET only" }, { allow: "GET" });
    const latest = (await published()).snapshot;
    const { entries: found, ...listing } = entries.since(query.get("since"));
    return json(200, {
      asOf: clock.now(),
      latestSnapshotDate: latest.date,
      ...listing,
      entries: found.map(({ at, idncase, before, after }) => ({
        at,
        IDNCASE: String(idncase),
        before: before && whole(before),
        after: after && whole(after),
      })),
    });
  }

  return {
    system: "case",
    agency: "eoir",
    protocol: "http",
    acts: Object.keys(doings),
    async start() {
      const listener = await listenHttp(answer);
      closed = false;
      publishWhenDue();
      return {
        port: listener.port,
        async close() {
          closed = true;
          await listener.close();
          await publishing?.catch(() => undefined);
          if (current !== null) await rm(current.folder, { recursive: true, force: true });
          current = null;
        },
      };
    },
    async act(act) {
      const doing = doings[act.act];
      if (doing === undefined) throw new UnknownAct("case", Object.keys(doings));
      const { person, file } = caseToActOn(world.find("aNumber", act.aNumber), act);
      const done = doing(file, act, { today: clock.now().slice(0, 10), nextId });
      for (const snapshot of [former, current?.snapshot, inWork]) {
        if (!snapshot) continue;
        if (!snapshot.before.has(person.index)) snapshot.before.set(person.index, person.cases);
        const published = snapshotCases(snapshot, person).some(({ idncase }) => idncase === file.idncase);
        if (done.file === null && published) snapshot.removed.push(file);
      }
      // A rider's own rows name the case that it rides with.
      const touched = [file.idncase, ...file.leadOf.map(({ rider }) => rider)];
      const state = () => touched.map((idncase) => rowsNow(world, current?.snapshot ?? inWork, idncase));
      const before = state();
      world.change(person.index, (whole) => ({
        ...whole,
        cases: whole.cases.flatMap((each) =>
          each.idncase !== file.idncase ? [each] : done.file === null ? [] : [done.file],
        ),
      }));
      for (const [index, after] of state().entries()) {
        const entry = { at: clock.now(), idncase: touched[index] as number, before: before[index] ?? null, after };
        if (JSON.stringify(entry.before) !== JSON.stringify(after)) entries.add(entry);
      }
      return done.record;
    },
  };
}

/** This process's; any other under its id is of a process before it, as in a container that was started again. */
const ownFolders = new Set<string>();

/** Snapshots of processes that were killed. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const path = join(tmpdir(), name);
    const owner = Number(/^case-snapshot-(\d+)-/.exec(name)?.[1]);
    if (Number.isNaN(owner) || (owner === process.pid ? ownFolders.has(path) : isRunning(owner))) continue;
    // Another user's is not ours to remove, and no reason not to publish.
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The case asked for by `idncase`, else this number's latest. */
function caseToActOn(
  persons: readonly PersonFile[],
  { aNumber, idncase }: Act,
): { person: PersonFile; file: CaseFile } {
  const found = persons
    .flatMap((person) => person.cases.map((file) => ({ person, file })))
    .filter(
      ({ file }) => file.aNumber === aNumber && (idncase === undefined || String(file.idncase) === String(idncase)),
    )
    .sort((a, b) => opened(a.file).localeCompare(opened(b.file)) || a.file.idncase - b.file.idncase);
  const last = found.at(-1);
  if (last === undefined) throw new BadAct("the court has no case under this A-number");
  return last;
}

function opened({ proceedings }: CaseFile): string {
  return proceedings[0]?.oscDate ?? proceedings[0]?.inputDate ?? "";
}

async function snapshotFile(folder: string, name: string): Promise<HttpAnswer> {
  if (!fileNames.has(name)) return json(404, { error: "no such file in the snapshot" });
  const path = join(folder, name);
  const { size, mtime } = await stat(path);
  const headers = {
    "content-type": name.endsWith(".txt") ? "text/plain" : "text/csv",
    "content-length": String(size),
    "last-modified": mtime.toUTCString(),
  };
  return { status: 200, headers, body: createReadStream(path) };
}

type Question = { readonly aNumbers: ReadonlySet<string>; readonly since: string | null };

function readQuestion(body: Buffer): Question | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
  const { alienNumbers, since = null } = (value ?? {}) as { alienNumbers?: unknown; since?: unknown };
  if (!Array.isArray(alienNumbers) || alienNumbers.length > maxANumbers) return null;
  if (!alienNumbers.every((each) => typeof each === "string" && /^\d{9}$/.test(each))) return null;
  if (since !== null && typeof since !== "string") return null;
  return { aNumbers: new Set(alienNumbers as string[]), since };
}

/** Every column of every row, as in the files; what is empty there is null here. */
function whole(rows: ReturnType<typeof changesSince>["cases"][number]): Record<string, unknown> {
  return Object.fromEntries(
    tableNames.map((table) => [
      table,
      rows[table].map((row) => Object.fromEntries(columns[table].map((column) => [column, row[column] || null]))),
    ]),
  );
}
