/**
 * Who is told of what happens. What sources announce comes in once for all; who asked alike, with the same rights, is one
 * group, for which each event is settled once; each of the group is told the same, under an event id of its own.
 *
 * INVARIANT: whether somebody is told of an event is settled by the rights and the data of that moment. One that is
 * withheld leaves no trace in what is told; one that cannot be settled is kept and tried again.
 */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { overloaded } from "../admission.ts";
import type { EventStream, StreamItem, Told } from "../answer.ts";
import type { FeedMessage } from "../cache/message.ts";
import { type ErrorCode, partError, refuse } from "../errors.ts";
import type { Subscribe, Subscribing } from "../handle.ts";
import type { Supergraph } from "../supergraph/supergraph.ts";
import { readAlertRequest, sameAsked } from "./alert-query.ts";
import { announcements } from "./announcements.ts";
import { isRefusal, refusedField, toldOf } from "./evaluate.ts";
import type { EventIds } from "./event-id.ts";
import { eventLog } from "./event-log.ts";
import { eventQueue } from "./event-queue.ts";
import { type Entry, type Group, openGroups, type Subscriber } from "./groups.ts";
import { openRetries } from "./retries.ts";
import { openSettler } from "./settle.ts";

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

const maxWaitingPerGroup = 5_000;
const toldAtOnce = 256;

export function openHub(settings: HubSettings): Hub {
  const { ids, events, now, retentionMs } = settings;
  const log = eventLog<Entry>({ maxEntries: settings.maxEntries, retentionMs, now });
  const read = announcements();
  const groups = openGroups();
  const retries = openRetries(settings);
  const { personFor, settle, rightsNow, defer } = openSettler({ ...settings, retries, end: endGroup });
  const delayed = new Map<string, Told>();
  let subscribers = 0;
  /** Up to here every entry has been handed to the groups that it may be for. */
  let dispatched = 0;
  let dispatching = Promise.resolve();
  let settling = 0;
  let onSettled: (() => void)[] = [];

  // What comes in.

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
      for (const group of groups.all) enqueue(group, entry);
    } else if (groups.all.size > 0) {
      const person = await personFor(entry);
      if (person === "unavailable") defer(entry, null);
      else if (person !== null) {
        for (const group of groups.meantBy(person.tags)) enqueue(group, entry);
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
      groups.join(group);
    }
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
    const known = missed.length === 0 ? groups.shared(key) : undefined;
    const group = known ?? groups.open({ key, request, tag, supergraph, operation });
    const member = openMember(group, asked, owner, taken);
    for (const told of asked.resume === null ? delayed.values() : []) push(member, told, taken);
    for (const entry of missed) enqueue(group, entry);
    return streamOf(member);
  };

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
    if (group.members.size === 0) groups.close(group);
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
      for (const group of [...groups.all]) {
        for (const member of [...group.members]) {
          const code = member.asked.endedBy();
          if (code !== null) end(member, code);
        }
        if (group.members.size > 0) rightsNow(group);
        groups.join(group);
      }
      for (const entry of retries.due()) append((number) => ({ ...entry, number }));
    },
    endAll(code) {
      for (const group of [...groups.all]) endGroup(group, code);
    },
    size: () => ({ subscribers, groups: groups.all.size, waiting: retries.size() }),
    settled: () => (settling === 0 ? Promise.resolve() : new Promise((resolve) => void onSettled.push(resolve))),
  };
}

function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
