/**
 * Who is told of what happens. What sources announce comes in once for all; who asked alike, with the same rights, is one
 * group, for which each event is settled once; each of the group is told the same, under an event id of its own.
 *
 * INVARIANT: whether somebody is told of an event is settled by the rights and the data of that moment. One that is
 * withheld leaves no trace in what is told; one that cannot be settled is kept and tried again.
 */
import { createHash, randomUUID } from "node:crypto";
import { setImmediate, setTimeout } from "node:timers/promises";
import { overloaded } from "../admission.ts";
import type { About, FeedMessage } from "../cache/message.ts";
import { type ErrorCode, partError, refuse } from "../errors.ts";
import { onGrid } from "../grid.ts";
import type { EventStream, StreamItem, Subscribe, Subscribing, Told } from "../handle.ts";
import type { PreparedOperation } from "../operation/operation-preparer.ts";
import type { Supergraph } from "../supergraph/supergraph.ts";
import { type AlertRequest, readAlertRequest, sameAsked } from "./alert-query.ts";
import { announcements } from "./announcements.ts";
import { type AlertEvent, type AlertPerson, evaluate, isRefusal, refusedField, toldOf } from "./evaluate.ts";
import type { EventIds } from "./event-id.ts";
import { eventLog } from "./event-log.ts";
import { type EventQueue, eventQueue } from "./event-queue.ts";
import { limited } from "./limited.ts";
import { personOf } from "./persons.ts";

export type Hub = {
  readonly subscribe: Subscribe;
  take(message: FeedMessage): void;
  /** Tells everybody that a system does not answer, or does so again. */
  standing(system: string, isLive: boolean): void;
  /** Ends whom it has to, and tries again what is due. To be called often. */
  tick(): void;
  /** Ends everybody, for this reason. */
  endAll(code: ErrorCode): void;
  size(): { readonly subscribers: number; readonly groups: number; readonly waiting: number };
  /** Resolves when nothing is left to be settled. */
  settled(): Promise<void>;
};

export type HubEvents = {
  readonly streamOpened: () => void;
  readonly streamEnded: (code: ErrorCode | "left") => void;
  /** One event, for one group. */
  readonly alertSettled: (outcome: "told" | "withheld" | "unavailable" | "given-up") => void;
  readonly faultCaught: (error: unknown) => void;
};

export type HubSettings = {
  readonly current: () => Supergraph;
  readonly ids: EventIds;
  readonly events: HubEvents;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly now: () => number;
  /** For how long what has happened can be resumed from, and is tried again where it could not be settled. */
  readonly retentionMs: number;
  readonly maxEntries: number;
  readonly maxSubscribers: number;
  /** Events that wait for one subscriber to take them. */
  readonly maxQueued: number;
  /** Settled at once, beside each other. */
  readonly maxEvaluations: number;
  readonly evaluateMs: number;
  /** Before the first try again; then twice as long each time. */
  readonly retryMs: number;
};

type AlertEntry = {
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
type Entry = AlertEntry | { readonly number: number; readonly notice: Told };

type Subscriber = {
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

type Group = {
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

type Retry = { readonly entry: AlertEntry; readonly keys: Set<string> | "all"; readonly dueAt: number };

const maxRetries = 10_000;
const maxWaitingPerGroup = 5_000;
const maxRetryMs = 30_000;
const toldAtOnce = 256;

export function openHub(settings: HubSettings): Hub {
  const { current, ids, events, now, retentionMs } = settings;
  const log = eventLog<Entry>({ maxEntries: settings.maxEntries, retentionMs, now });
  const read = announcements();
  const groups = new Set<Group>();
  /** Those who catch up have groups of their own until they have. */
  const shared = new Map<string, Group>();
  const byTag = new Map<string, Set<Group>>();
  const untagged = new Set<Group>();
  const delayed = new Map<string, Told>();
  const evaluations = limited(settings.maxEvaluations);
  let retries: Retry[] = [];
  let subscribers = 0;
  /** Up to here every entry has been handed to the groups that it may be for. */
  let dispatched = 0;
  let dispatching = Promise.resolve();
  let settling = 0;
  let onSettled: (() => void)[] = [];

  // What comes in.

  const until = (signal: AbortSignal) => ({ signal, deadline: now() + settings.evaluateMs });
  const never = new AbortController().signal;

  const personFor = (entry: AlertEntry): NonNullable<AlertEntry["person"]> => {
    entry.person ??= evaluations(() => lookUp(entry.about)).then(
      (person) => {
        if (person === "unavailable") entry.person = null;
        return person;
      },
      (error: unknown) => {
        events.faultCaught(error);
        entry.person = null;
        return "unavailable";
      },
    );
    return entry.person;
  };
  const lookUp = (about: readonly About[]) => {
    const supergraph = current();
    const letGo = supergraph.hold();
    return personOf(supergraph, about, until(never)).finally(letGo);
  };

  const append = (make: (number: number) => Entry): void => {
    const entry = log.add(make);
    begin();
    dispatching = dispatching
      .then(() => dispatch(entry))
      .catch(events.faultCaught)
      .finally(finish);
  };

  async function dispatch(entry: Entry): Promise<void> {
    if ("notice" in entry) {
      for (const group of groups) enqueue(group, entry);
    } else if (groups.size > 0) {
      const person = await personFor(entry);
      if (person === "unavailable") defer(entry, null);
      else if (person !== null) {
        // One group may be found by several.
        const meant = new Set([...untagged, ...[...person.tags].flatMap((tag) => [...(byTag.get(tag) ?? [])])]);
        for (const group of meant) enqueue(group, entry);
      }
    }
    dispatched = entry.number;
  }

  const notice = (told: Told): void => append((number) => ({ number, notice: told }));

  // What is told.

  function enqueue(group: Group, entry: Entry): void {
    if (group.waiting.length >= maxWaitingPerGroup) {
      endGroup(group, "SUBSCRIPTION_OVERFLOW");
      return;
    }
    group.waiting.push(entry);
    if (!group.isSettling) void settleAll(group);
  }

  async function settleAll(group: Group): Promise<void> {
    group.isSettling = true;
    begin();
    try {
      for (let entry = group.waiting[0]; entry; entry = group.waiting[0]) {
        const told = "notice" in entry ? entry.notice : await settle(group, entry);
        if (told !== null) await tell(group, told, entry.number);
        group.waiting.shift();
      }
    } finally {
      group.isSettling = false;
      finish();
      joinShared(group);
    }
  }

  async function settle(group: Group, entry: AlertEntry): Promise<Told | null> {
    const { kinds, by } = group.request;
    if (kinds !== null && !kinds.has(entry.event.kind)) return null;
    if (entry.only !== null && !entry.only.has(group.key)) return null;
    for (let tries = 0; ; tries++) {
      if (isDeferred(group, entry)) return null;
      const startedAt = now();
      const { outcome, mayHide } = await tryToSettle(group, entry, by !== null);
      if (outcome === null || group.members.size === 0 || isDeferred(group, entry)) return null;
      if (outcome !== "unavailable") {
        entry.outcomes.set(group.key, "settled");
        events.alertSettled(outcome === "withheld" ? "withheld" : "told");
        if (outcome === "withheld") return null;
        if (mayHide) await onGrid(startedAt, group.gone.signal);
        return outcome;
      }
      if (entry.outcomes.get(group.key) !== "settled") return defer(entry, group.key);
      // Others of this key were told it here: who catches up is told it here too, and waits for that.
      events.alertSettled(isTooOld(entry) ? "given-up" : "unavailable");
      if (isTooOld(entry)) return null;
      await setTimeout(retryAfter(tries), undefined, { signal: group.gone.signal, ref: false }).catch(() => {});
    }
  }

  type Tried = { readonly outcome: Told | "withheld" | "unavailable" | null; readonly mayHide: boolean };

  /** `outcome` null: it is not about whom the group asks for. */
  async function tryToSettle(group: Group, entry: AlertEntry, isOfOne: boolean): Promise<Tried> {
    const person = await personFor(entry);
    if (person === "unavailable") return { outcome: person, mayHide: false };
    if (person === null || (isOfOne && !person.tags.has(group.tag ?? ""))) return { outcome: null, mayHide: false };
    return evaluations(() => evaluateFor(group, entry.event, person)).catch((error: unknown) => {
      if (!group.gone.signal.aborted) events.faultCaught(error);
      return { outcome: "unavailable" as const, mayHide: false };
    });
  }

  const isDeferred = ({ key }: Group, { outcomes, isDeferred: forAll }: AlertEntry): boolean =>
    forAll || outcomes.get(key) === "deferred";
  const isTooOld = ({ since }: AlertEntry): boolean => now() - since >= retentionMs;
  const retryAfter = (tries: number): number => Math.min(maxRetryMs, settings.retryMs * 2 ** tries);

  async function evaluateFor(group: Group, event: AlertEvent, person: AlertPerson) {
    const rights = rightsNow(group);
    const [first] = group.members;
    const contract = group.supergraph.alerts;
    if (rights === null || !first || !contract) return { outcome: "withheld" as const, mayHide: false };
    const { supergraph, request, operation, gone } = group;
    const origin = { ...first.asked.origin, requestId: randomUUID() };
    const letGo = supergraph.hold();
    try {
      const asked = { supergraph, contract, request, operation, rights, origin, ...until(gone.signal) };
      return { outcome: await evaluate(asked, event, person), mayHide: rights.mayHide };
    } finally {
      letGo();
    }
  }

  /** By the supergraph and the policies in force now; null: the group was ended by them. */
  function rightsNow(group: Group) {
    const supergraph = current();
    const [first] = group.members;
    if (!first) return null;
    if (supergraph !== group.supergraph) {
      const operation = supergraph.prepare(first.asked.request, { acceptsDefer: false });
      const isFit =
        !("refused" in operation) &&
        supergraph.alerts !== null &&
        !("refused" in readAlertRequest(operation, supergraph.alerts, supergraph.apiSchema));
      if (!isFit || "refused" in operation) {
        endGroup(group, "SUBSCRIPTION_SCHEMA_RELOAD");
        return null;
      }
      Object.assign(group, { supergraph, operation });
    }
    const rights = first.asked.rightsIn(supergraph, group.operation);
    if (!isRefusal(rights) && refusedField(supergraph, group.request, rights) === null) return rights;
    endGroup(group, "SUBSCRIPTION_UNAUTHORIZED");
    return null;
  }

  async function tell(group: Group, told: Told, number: number): Promise<void> {
    const members = [...group.members];
    for (const [index, member] of members.entries()) {
      // Nobody else waits for as long as it takes to tell ten thousand.
      if (index % toldAtOnce === toldAtOnce - 1) await setImmediate();
      if (!group.members.has(member) || number <= member.from) continue;
      const code = member.asked.endedBy();
      if (code !== null) end(member, code);
      else push(member, told, number);
    }
  }

  function push(member: Subscriber, told: Told, number: number): void {
    member.queued += 1;
    const item = { kind: "next", told, number, eventId: ids.seal(number, member.owner) } as const;
    if (!member.queue.push(item)) {
      member.queued -= 1;
      end(member, "SUBSCRIPTION_OVERFLOW");
    }
  }

  /** `key`: of the group for which it could not be settled; null: for none. */
  function defer(entry: AlertEntry, key: string | null): null {
    const isOver = isTooOld(entry) || retries.length >= maxRetries;
    events.alertSettled(isOver ? "given-up" : "unavailable");
    if (isOver) return null;
    const dueAt = now() + retryAfter(entry.attempt);
    const pending = retries.find((each) => each.entry === entry);
    if (key === null) {
      entry.isDeferred = true;
      // To whom an earlier try was told, this one was not meant for.
      retries.push({ entry, keys: entry.only === null ? "all" : new Set(entry.only), dueAt });
    } else {
      entry.outcomes.set(key, "deferred");
      if (pending && pending.keys !== "all") pending.keys.add(key);
      else retries.push({ entry, keys: new Set([key]), dueAt });
    }
    return null;
  }

  function retryDue(): void {
    const due = retries.filter(({ dueAt }) => dueAt <= now());
    if (due.length === 0) return;
    retries = retries.filter(({ dueAt }) => dueAt > now());
    for (const { entry, keys } of due)
      append((number) => ({
        ...entry,
        number,
        attempt: entry.attempt + 1,
        only: keys === "all" ? null : keys,
        outcomes: new Map(),
        isDeferred: false,
        person: null,
      }));
  }

  // Who is told.

  const subscribe: Subscribe = (asked) => {
    const { supergraph, operation, callerClass, origin } = asked;
    const { alerts } = supergraph;
    if (alerts === null) return refuse("OPERATION_NOT_SUPPORTED");
    const request = readAlertRequest(operation, alerts, supergraph.apiSchema);
    if ("refused" in request) return request;
    const rights = asked.rightsIn(supergraph, operation);
    if (isRefusal(rights)) return rights;
    if (refusedField(supergraph, request, rights) !== null) {
      const path = [request.clientKey];
      return { data: null, errors: [partError({ code: "UNAUTHORIZED_FIELD_OR_TYPE", path })] };
    }
    const tag = request.by === null ? null : alerts.tagOf(request.by);
    if (request.by !== null && tag === null) return refuse("OPERATION_NOT_SUPPORTED");
    if (subscribers >= settings.maxSubscribers) return overloaded();
    const key = digest([callerClass.key, origin.caller, sameAsked(operation)]);
    const owner = digest([asked.subscriber, key]);
    let missed: readonly Entry[] = [];
    let taken = dispatched;
    if (asked.resume !== null) {
      const number = ids.open(asked.resume, owner);
      const after = number === null ? null : log.after(number);
      if (number === null || after === null) return refuse("SUBSCRIPTION_RESUME_REFUSED");
      missed = after.filter((each) => each.number <= dispatched);
      taken = Math.min(number, dispatched);
    }
    const known = missed.length === 0 ? shared.get(key) : undefined;
    const group = known ?? openGroup({ key, request, tag, supergraph, operation });
    const member = openMember(group, asked, owner, taken);
    for (const told of asked.resume === null ? delayed.values() : []) push(member, told, taken);
    for (const entry of missed) enqueue(group, entry);
    return streamOf(member);
  };

  function openGroup(about: Pick<Group, "key" | "request" | "tag" | "supergraph" | "operation">): Group {
    const group: Group = {
      ...about,
      members: new Set(),
      waiting: [],
      isSettling: false,
      gone: new AbortController(),
    };
    groups.add(group);
    if (!shared.has(group.key)) shared.set(group.key, group);
    if (group.tag === null) untagged.add(group);
    else {
      const alike = byTag.get(group.tag) ?? new Set();
      byTag.set(group.tag, alike.add(group));
    }
    return group;
  }

  function closeGroup(group: Group): void {
    groups.delete(group);
    untagged.delete(group);
    if (shared.get(group.key) === group) shared.delete(group.key);
    const alike = byTag.get(group.tag ?? "");
    alike?.delete(group);
    if (alike?.size === 0) byTag.delete(group.tag ?? "");
    group.waiting.length = 0;
    group.gone.abort();
  }

  /** Where both have settled all there is, who has caught up stands where the others stand. */
  function joinShared(group: Group): void {
    const other = shared.get(group.key);
    if (!groups.has(group) || other === group) return;
    if (!other) return void shared.set(group.key, group);
    if (group.waiting.length > 0 || other.waiting.length > 0) return;
    for (const member of group.members) {
      other.members.add(member);
      member.group = other;
    }
    group.members.clear();
    closeGroup(group);
  }

  function openMember(group: Group, asked: Subscribing, owner: string, taken: number): Subscriber {
    const queue: Subscriber["queue"] = eventQueue(settings.maxQueued, () => leave(member, "left"));
    const member: Subscriber = { asked, owner, queue, from: taken, taken, queued: 0, group };
    group.members.add(member);
    subscribers += 1;
    events.streamOpened();
    return member;
  }

  function leave(member: Subscriber, code: ErrorCode | "left"): void {
    const { group } = member;
    if (!group.members.delete(member)) return;
    subscribers -= 1;
    events.streamEnded(code);
    if (group.members.size === 0) closeGroup(group);
  }

  function end(member: Subscriber, code: ErrorCode): void {
    leave(member, code);
    member.queue.end({ kind: "end", code, number: member.taken });
  }

  function endGroup(group: Group, code: ErrorCode): void {
    for (const member of [...group.members]) end(member, code);
  }

  function streamOf(member: Subscriber): EventStream {
    const { queue } = member;
    return {
      async next() {
        const result = await queue.next();
        if (!result.done && result.value.kind === "next") {
          member.queued -= 1;
          member.taken = Math.max(member.taken, result.value.number);
        }
        return result;
      },
      return: () => queue.return?.() as Promise<IteratorResult<StreamItem>>,
      [Symbol.asyncIterator]() {
        return this;
      },
      position() {
        const [first] = member.group.waiting;
        if (member.queued === 0) member.taken = Math.max(member.taken, first ? first.number - 1 : dispatched);
        return ids.seal(member.taken, member.owner);
      },
    };
  }

  function begin(): void {
    settling += 1;
  }
  function finish(): void {
    settling -= 1;
    if (settling > 0) return;
    const told = onSettled;
    onSettled = [];
    for (const each of told) each();
  }

  return {
    subscribe,
    take(message) {
      const { alerts, isMissing } = read(message);
      const { source: system } = message;
      if (isMissing) notice(toldOf(null, [{ code: "ALERTS_MISSED", path: [], system }]));
      for (const { alert, about } of alerts) {
        const event = { kind: alert.kind, at: alert.at, system, about };
        const rest = { event, about, since: now(), attempt: 0, only: null, isDeferred: false, person: null };
        append((number) => ({ number, ...rest, outcomes: new Map() }));
      }
    },
    standing(system, isLive) {
      if (isLive) delayed.delete(system);
      const told = toldOf(null, [{ code: isLive ? "ALERTS_IN_TIME" : "ALERTS_DELAYED", path: [], system }]);
      if (!isLive) delayed.set(system, told);
      notice(told);
    },
    tick() {
      log.forgetOld();
      for (const group of [...groups]) {
        for (const member of [...group.members]) {
          const code = member.asked.endedBy();
          if (code !== null) end(member, code);
        }
        if (group.members.size > 0) rightsNow(group);
        joinShared(group);
      }
      retryDue();
    },
    endAll(code) {
      for (const group of [...groups]) endGroup(group, code);
    },
    size: () => ({ subscribers, groups: groups.size, waiting: retries.length }),
    settled: () => (settling === 0 ? Promise.resolve() : new Promise((resolve) => void onSettled.push(resolve))),
  };
}

function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
