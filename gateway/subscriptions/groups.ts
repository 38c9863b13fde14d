/** Who is told alike: by what they asked for, by whom they asked about, and those who have yet to catch up. */
import type { StreamItem, Told } from "../answer.ts";
import type { About } from "../cache/message.ts";
import type { Subscribing } from "../handle.ts";
import type { PreparedOperation } from "../operation/operation-preparer.ts";
import type { Supergraph } from "../supergraph/supergraph.ts";
import type { AlertRequest } from "./alert-query.ts";
import type { AlertEvent, AlertPerson } from "./evaluate.ts";
import type { EventQueue } from "./event-queue.ts";

export type AlertEntry = {
  readonly number: number;
  readonly event: AlertEvent;
  readonly about: readonly About[];
  readonly since: number;
  readonly attempt: number;
  /** Groups for which it could not be settled before; null: it is told to all. */
  readonly only: ReadonlySet<string> | null;
  /**
   * What has become of it, by group key. INVARIANT: of all who are told alike it is told at its place or, once for all of
   * them, at the place of a later try: so a number alone says what somebody has been told.
   */
  readonly outcomes: Map<string, "settled" | "deferred">;
  /** Nobody could say whom it is about: a later try is for everybody. */
  isDeferred: boolean;
  person: Promise<AlertPerson | null | "unavailable"> | null;
};
export type Entry = AlertEntry | { readonly number: number; readonly notice: Told };

export type Subscriber = {
  readonly asked: Subscribing;
  readonly owner: string;
  readonly queue: EventQueue<StreamItem & { readonly number: number }>;
  /** Nothing up to here is for it. */
  readonly from: number;
  /** Up to here everything was taken by its reader. */
  taken: number;
  /** Items in the queue. */
  queued: number;
  group: Group;
};

export type Group = {
  /** The same for all who are told alike. */
  readonly key: string;
  readonly request: AlertRequest;
  readonly tag: string | null;
  readonly members: Set<Subscriber>;
  supergraph: Supergraph;
  operation: PreparedOperation;
  /** To be settled, in order. */
  readonly waiting: Entry[];
  isSettling: boolean;
  readonly gone: AbortController;
};

export type Groups = {
  readonly all: ReadonlySet<Group>;
  /** Of those who are told alike, the one that new ones join. */
  shared(key: string): Group | undefined;
  open(about: Pick<Group, "key" | "request" | "tag" | "supergraph" | "operation">): Group;
  close(group: Group): void;
  /** Those who ask about anybody, or about somebody who is known so. */
  meantBy(tags: ReadonlySet<string>): ReadonlySet<Group>;
  /** Where both have settled all there is, who has caught up stands where the others stand. */
  join(group: Group): void;
};

export function openGroups(): Groups {
  const all = new Set<Group>();
  /** Those who catch up have groups of their own until they have. */
  const shared = new Map<string, Group>();
  const byTag = new Map<string, Set<Group>>();
  const untagged = new Set<Group>();

  const open: Groups["open"] = (about) => {
    const group: Group = {
      ...about,
      members: new Set(),
      waiting: [],
      isSettling: false,
      gone: new AbortController(),
    };
    all.add(group);
    if (!shared.has(group.key)) shared.set(group.key, group);
    if (group.tag === null) untagged.add(group);
    else {
      const alike = byTag.get(group.tag) ?? new Set();
      byTag.set(group.tag, alike.add(group));
    }
    return group;
  };

  const close: Groups["close"] = (group) => {
    all.delete(group);
    untagged.delete(group);
    if (shared.get(group.key) === group) shared.delete(group.key);
    const alike = byTag.get(group.tag ?? "");
    alike?.delete(group);
    if (alike?.size === 0) byTag.delete(group.tag ?? "");
    group.waiting.length = 0;
    group.gone.abort();
  };

  const join: Groups["join"] = (group) => {
    const other = shared.get(group.key);
    if (!all.has(group) || other === group) return;
    if (!other) return void shared.set(group.key, group);
    if (group.waiting.length > 0 || other.waiting.length > 0) return;
    for (const member of group.members) {
      other.members.add(member);
      member.group = other;
    }
    group.members.clear();
    close(group);
  };

  return {
    all,
    shared: (key) => shared.get(key),
    open,
    close,
    // One group may be found by several.
    meantBy: (tags) => new Set([...untagged, ...[...tags].flatMap((tag) => [...(byTag.get(tag) ?? [])])]),
    join,
  };
}
