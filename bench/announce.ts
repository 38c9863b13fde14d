/**
 * Announces for every system that the subgraphs have, as their watchers would (docs/change-feed.md): that it has been
 * looked at, and, where persons are to change, who has.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type About, type Change, sealer } from "../subgraphs/kit/envelope.ts";
import { keysSetting } from "../subgraphs/kit/settings.ts";

export type AnnounceSettings = {
  readonly internalPort: number;
  /** Files, as the gateway has them: which subgraph has which systems, and the keys. */
  readonly traits: string;
  readonly keys: string;
  /** By person: the identifiers that a change of it is announced by. */
  readonly persons: readonly (readonly About[])[];
  /** So much of them changes in a second, each in one system. */
  readonly changing: number;
};

const everyMs = 500;

/** Resolves when every system has been heard once. Rejects when the gateway does not take what is announced. */
export async function announce(settings: AnnounceSettings): Promise<{ stop(): void }> {
  const { internalPort, persons, changing } = settings;
  const url = `http://127.0.0.1:${internalPort}/changes`;
  const post = async (body: string | null): Promise<Ticket> => {
    const init = body === null ? {} : { method: "POST", body };
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5000) });
    if (response.status !== 200) throw new Error(`announcements are not taken: ${response.status}`);
    return (await response.json()) as Ticket;
  };
  const sources = sourcesOf(settings).map(({ source, seal }) => ({ source, seal, epoch: randomUUID(), seq: 0 }));
  let ticket = await post(null);
  let due = 0;
  let nextPerson = 0;
  const announceAll = async (): Promise<void> => {
    const changesBySource = sources.map((): Change[] => []);
    for (due += (persons.length * changing * everyMs) / 1000; due >= 1; due -= 1) {
      const about = persons[nextPerson % persons.length] as readonly About[];
      changesBySource[nextPerson % sources.length]?.push({ about });
      nextPerson += 1;
    }
    // As a watcher has it: the time was asked for before the source was looked at.
    const { clock, now: since } = ticket;
    for (const [at, each] of sources.entries()) {
      const changes = changesBySource[at] as Change[];
      if (changes.length > 0) each.seq += 1;
      const { source, epoch, seq } = each;
      ticket = await post(each.seal({ source, epoch, seq, changes, heartbeat: { clock, since, asOf } }));
    }
  };
  await announceAll();
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    // Not taken in time: the gateway asks the subgraphs meanwhile, which the figures show.
    announceAll()
      .catch(() => {})
      .finally(() => {
        isBusy = false;
      });
  }, everyMs);
  return { stop: () => clearInterval(timer) };
}

type Ticket = { readonly clock: string; readonly now: number };
const asOf = "2026-10-19T14:00:00Z";

function sourcesOf({ traits, keys }: AnnounceSettings) {
  const named = JSON.parse(readFileSync(traits, "utf8")) as readonly { name: string; systems: readonly string[] }[];
  return named.flatMap(({ name, systems }) => {
    const seal = sealer({ subgraph: name, key: keysSetting({ SUBGRAPH_KEYS_FILE: keys }, name)?.[0] ?? null });
    return systems.map((source) => ({ source, seal }));
  });
}
