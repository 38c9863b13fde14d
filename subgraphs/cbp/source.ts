/** Asks ADIS, I-94 and e3. The only file of this subgraph that opens sockets. */

import { type Listing, sinceQuery } from "#kit/listing.ts";
import { type HttpSystem, httpSystem, SourceError } from "#kit/source.ts";
import {
  type Answer,
  answerOf,
  type Page,
  type RowChange,
  readChangedRows,
  readDrop,
  readDrops,
  readPage,
} from "./answers.ts";
import type { System } from "./cells.ts";

export type CbpSources = {
  findCrossings(keys: {
    readonly fins: readonly string[];
    readonly admissionNumbers: readonly string[];
  }): Promise<Answer>;
  findAdmissions(keys: { readonly admissionNumbers: readonly string[] }): Promise<Answer>;
  findSubjects(keys: { readonly fins: readonly string[]; readonly afileNumbers: readonly string[] }): Promise<Answer>;
  close(): Promise<void>;
};

export type CbpSourceSettings = {
  readonly adisUrl: string;
  readonly i94Url: string;
  readonly e3Url: string;
  readonly sourceTimeoutMs: number;
};

/** The three systems as whoever watches them asks: with a connection of its own to each. */
export type WatchedCbp = {
  readonly changes: {
    readonly [Each in "ADIS" | "I94"]: (position: string | null) => Promise<Listing<RowChange>>;
  };
  /** Names of the files that e3 has dropped since. */
  drops(position: string | null): Promise<Listing<string>>;
  drop(name: string): Promise<readonly RowChange[]>;
  findCrossings: CbpSources["findCrossings"];
  close(): Promise<void>;
};

/** The largest page that the systems give. */
const pageSize = 500;

export function watchedCbp({ adisUrl, i94Url, e3Url, sourceTimeoutMs: timeoutMs }: CbpSourceSettings): WatchedCbp {
  const adis = httpSystem({ system: "ADIS", url: adisUrl, timeoutMs, connections: 1 });
  const i94 = httpSystem({ system: "I94", url: i94Url, timeoutMs, connections: 1 });
  const e3 = httpSystem({ system: "E3", url: e3Url, timeoutMs, connections: 1 });
  const get = async (http: HttpSystem, path: string): Promise<Buffer> => {
    const { status, body } = await http.ask({ method: "GET", path });
    if (status !== 200) throw new SourceError("SOURCE_REFUSED", http.system);
    return body;
  };
  return {
    changes: {
      ADIS: async (position) => readChangedRows("ADIS", await get(adis, `/adis/v2/changes${sinceQuery(position)}`)),
      I94: async (position) => readChangedRows("I94", await get(i94, `/i94/v1/changes${sinceQuery(position)}`)),
    },
    drops: async (position) => readDrops(await get(e3, `/e3/v1/drops${sinceQuery(position)}`)),
    drop: async (name) => readDrop(await get(e3, `/e3/v1/drops/${encodeURIComponent(name)}`)),
    findCrossings: (keys) => search(adis, "ADIS", "/adis/v2/crossings/search", keys, timeoutMs),
    close: async () => {
      await Promise.all([adis.close(), i94.close(), e3.close()]);
    },
  };
}

/** Connection pools to the three systems. Every failure is a SourceError that names its system. */
export function cbpSources({ adisUrl, i94Url, e3Url, sourceTimeoutMs: timeoutMs }: CbpSourceSettings): CbpSources {
  const adis = httpSystem({ system: "ADIS", url: adisUrl, timeoutMs });
  const i94 = httpSystem({ system: "I94", url: i94Url, timeoutMs });
  const e3 = httpSystem({ system: "E3", url: e3Url, timeoutMs });
  return {
    findCrossings: (keys) => search(adis, "ADIS", "/adis/v2/crossings/search", keys, timeoutMs),
    findAdmissions: (keys) => search(i94, "I94", "/i94/v1/admissions/search", keys, timeoutMs),
    findSubjects: (keys) => search(e3, "E3", "/e3/v1/subjects/search", keys, timeoutMs),
    close: async () => {
      await Promise.all([adis.close(), i94.close(), e3.close()]);
    },
  };
}

/**
 * Reads every page, or fails: half an answer would show too little and say nothing of it. A system that keeps
 * promising another page is given up after `timeoutMs`.
 */
async function search(
  http: HttpSystem,
  system: System,
  path: string,
  keys: object,
  timeoutMs: number,
): Promise<Answer> {
  const startedAt = performance.now();
  const pages: Page[] = [];
  for (let next: string | null = null; pages.length === 0 || next !== null; ) {
    if (performance.now() - startedAt > timeoutMs) throw new SourceError("SOURCE_TIMEOUT", system);
    const { status, body } = await http.ask({
      method: "POST",
      path,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...keys, pageSize, ...(next === null ? {} : { next }) }),
    });
    if (status !== 200) throw new SourceError(status >= 400 ? "SOURCE_REFUSED" : "SOURCE_INVALID", system);
    const page = readPage(system, body);
    if (page.next !== null && page.next === next) throw new SourceError("SOURCE_INVALID", system);
    pages.push(page);
    next = page.next;
  }
  return answerOf(pages);
}
