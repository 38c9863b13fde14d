/** What becomes of one alert for those who are told alike, by the rights and the data of this moment. */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Told } from "../answer.ts";
import type { About } from "../cache/message.ts";
import type { ErrorCode } from "../errors.ts";
import type { Rights } from "../execution/rights.ts";
import { onGrid } from "../grid.ts";
import type { Supergraph } from "../supergraph/supergraph.ts";
import { readAlertRequest } from "./alert-query.ts";
import { type AlertEvent, type AlertPerson, evaluate, isRefusal, refusedField } from "./evaluate.ts";
import type { AlertEntry, Group } from "./groups.ts";
import { limited } from "./limited.ts";
import { personOf } from "./persons.ts";
import type { Retries } from "./retries.ts";

export type Settling = {
  readonly current: () => Supergraph;
  readonly now: () => number;
  readonly evaluateMs: number;
  /** At once, beside each other. */
  readonly maxEvaluations: number;
  readonly retries: Retries;
  readonly events: {
    readonly alertSettled: (outcome: "told" | "withheld" | "unavailable" | "given-up") => void;
    readonly faultCaught: (error: unknown) => void;
  };
  /** Ends all of a group. */
  readonly end: (group: Group, code: ErrorCode) => void;
};

export type Settler = {
  /** Looked up once for all; again where it could not be. */
  personFor(entry: AlertEntry): Promise<AlertPerson | null | "unavailable">;
  /** Null: it is not told here. */
  settle(group: Group, entry: AlertEntry): Promise<Told | null>;
  /** By the supergraph and the policies in force now; null: the group was ended by them. */
  rightsNow(group: Group): Rights | null;
  /** For the group of this key, or for all: it is tried again later. */
  defer(entry: AlertEntry, key: string | null): void;
};

export function openSettler({ current, now, evaluateMs, maxEvaluations, retries, events, end }: Settling): Settler {
  const evaluations = limited(maxEvaluations);
  const until = (signal: AbortSignal) => ({ signal, deadline: now() + evaluateMs });
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

  const defer: Settler["defer"] = (entry, key) => {
    events.alertSettled(retries.defer(entry, key) ? "unavailable" : "given-up");
  };

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
      if (entry.outcomes.get(group.key) !== "settled") {
        defer(entry, group.key);
        return null;
      }
      // Others of this key were told it here: who catches up is told it here too, and waits for that.
      events.alertSettled(retries.isTooOld(entry) ? "given-up" : "unavailable");
      if (retries.isTooOld(entry)) return null;
      await setTimeout(retries.after(tries), undefined, { signal: group.gone.signal, ref: false }).catch(() => {});
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
        end(group, "SUBSCRIPTION_SCHEMA_RELOAD");
        return null;
      }
      Object.assign(group, { supergraph, operation });
    }
    const rights = first.asked.rightsIn(supergraph, group.operation);
    if (!isRefusal(rights) && refusedField(supergraph, group.request, rights) === null) return rights;
    end(group, "SUBSCRIPTION_UNAUTHORIZED");
    return null;
  }

  return { personFor, settle, rightsNow, defer };
}
