/**
 * Watches a subgraph's sources, and announces what has changed in them and that they have been looked at. One loop for
 * each source: ticket, poll, publish until taken. The rules are docs/change-feed.md's.
 */
import { randomBytes } from "node:crypto";
import type { Change, FeedMessage } from "./envelope.ts";
import { SourceError } from "./source.ts";

/** The way by which announcements leave. */
export type ChangeCarrier = {
  /** The time on the carrier's clock; one that has passed already is as good. */
  ticket(): Promise<Ticket>;
  /** Resolves once the envelope is taken; rejects where nobody can say that it is, and with FeedRefused where it never will. */
  publish(envelope: string): Promise<void>;
  close(): Promise<void>;
};

export type Ticket = { readonly clock: string; readonly now: number };

/** The receiver understood, and will not take it however often it comes. */
export class FeedRefused extends Error {
  readonly code = "FEED_REFUSED";
}

/** One system of an agency, as whoever watches it asks it. */
export type WatchedSource = {
  readonly system: string;
  /**
   * What has changed since the last call that resolved; the first call: where the system stands. Rejects with SourceError
   * where the system could not be asked, or not understood. INVARIANT: what a rejected call would have said, the next says.
   */
  poll(): Promise<Polled>;
  /** The day that its answers are of; by default the instant's own. When it turns, anything may have changed. */
  readonly dayOf?: (asOf: string) => string;
  /** How long it is left alone between two polls. */
  readonly pollMs?: number;
  /** Opens what the system may wake the poll by; resolves with what closes it. Polling goes on without. */
  readonly listen?: (wake: () => void) => Promise<() => Promise<void>>;
};

export type Polled = { readonly asOf: string; readonly changes: readonly Change[] };

export type FeedSettings = {
  readonly sources: readonly WatchedSource[];
  readonly carrier: ChangeCarrier;
  readonly seal: (message: FeedMessage) => string;
  readonly pollMs?: number;
  readonly beatMs?: number;
  /** The first pause before a message is sent again; it doubles up to a second. */
  readonly retryMs?: number;
  /** How long an outage lasts before the operator is told of it. */
  readonly tellAfterMs?: number;
  readonly writeLine?: (line: string) => void;
};

export type Feed = { close(): Promise<void> };

const maxChanges = 500;
const maxAbouts = 5_000;
/** Of one change: more are told as several. */
const maxAboutsOfOne = 100;
const maxValueChars = 256;
/** Of a flood, so many alerts are still told one by one. */
const maxAlertsOfFlood = 100;

/** Announces until closed. Never throws and never rejects: a gateway or a system that is away is waited for. */
export function openFeed(settings: FeedSettings): Feed {
  const { sources, carrier, writeLine = () => undefined, tellAfterMs = 5_000 } = settings;
  const closing = new AbortController();
  const reach = outages(writeLine, tellAfterMs, () => "changes cannot be announced");
  const loops = sources.map((source) => watch(source, settings, closing.signal, reach));
  return {
    async close() {
      closing.abort();
      // A publication under way is cut off with the carrier.
      await carrier.close();
      await Promise.all(loops);
    },
  };
}

async function watch(
  source: WatchedSource,
  settings: FeedSettings,
  closing: AbortSignal,
  reach: Outages,
): Promise<void> {
  const { carrier, beatMs = 500, writeLine = () => undefined, tellAfterMs = 5_000 } = settings;
  const { system, dayOf = (asOf) => asOf.slice(0, 10), pollMs = settings.pollMs ?? 250 } = source;
  const seen = outages(writeLine, tellAfterMs, () => `changes in ${system} cannot be seen`);
  const publish = publisher(system, settings, closing, reach);
  const bell = wakeable(closing);
  const stopListening = await source.listen?.(bell.ring).catch((): undefined => {
    writeLine(`${system} cannot wake its watcher; it is polled`);
  });
  const pollOnce = async () => {
    const polled = await source.poll();
    return { ...polled, today: dayOf(polled.asOf) };
  };
  let day: string | null = null;
  let beatAt = Number.NEGATIVE_INFINITY;
  while (!closing.aborted) {
    const startedAt = performance.now();
    // INVARIANT: the ticket is taken before the source is asked: whatever delays what follows makes the lease shorter.
    const ticket = await carrier.ticket().then(reach.over, reach.lasts);
    const polled = ticket && (await pollOnce().then(seen.over, seen.lasts));
    if (ticket && polled && !closing.aborted) {
      const { asOf, today } = polled;
      const turned = day !== null && day !== today;
      const changes = bounded(turned ? [{ all: true, told: true }, ...polled.changes] : polled.changes);
      day = today;
      // Half a poll early rather than a whole one late.
      if (changes.length > 0 || startedAt - beatAt >= beatMs - pollMs / 2) {
        beatAt = startedAt;
        await publish(changes, { clock: ticket.clock, since: ticket.now, asOf });
      }
    }
    await bell.pause(Math.max(0, pollMs - (performance.now() - startedAt)));
  }
  await stopListening?.();
}

/** Too many to be told one by one are told as all; what they alert to is not lost with it. */
function bounded(changes: readonly Change[]): readonly Change[] {
  const parts = changes.flatMap(inParts);
  const abouts = parts.reduce((sum, each) => sum + ("about" in each ? each.about.length : 0), 0);
  if (parts.length <= maxChanges && abouts <= maxAbouts) return parts;
  const alerts = changes.filter((each) => "alert" in each && each.about.length <= maxAboutsOfOne / 2);
  return [{ all: true }, ...alerts.slice(0, maxAlertsOfFlood)];
}

function inParts(change: Change): readonly Change[] {
  if ("all" in change) return [change];
  const { about, alert } = change;
  // What is too long to be told is nobody's identifier; whose record it is may still hang on it.
  if (about.length === 0 || about.some(([, value]) => value === "" || value.length > maxValueChars))
    return [{ all: true }];
  if (about.length <= maxAboutsOfOne) return [change];
  const parts = Array.from({ length: Math.ceil(about.length / maxAboutsOfOne) }, (_, index) => ({
    about: about.slice(index * maxAboutsOfOne, (index + 1) * maxAboutsOfOne),
  }));
  return alert === undefined ? parts : parts.map((part, index) => (index === 0 ? { ...part, alert } : part));
}

type Publish = (changes: readonly Change[], heartbeat: FeedMessage["heartbeat"]) => Promise<void>;

/** One message at a time, in order, each repeated until it is taken. */
function publisher(source: string, settings: FeedSettings, closing: AbortSignal, reach: Outages): Publish {
  const { carrier, seal, retryMs = 50, writeLine = () => undefined } = settings;
  let epoch = newEpoch();
  let seq = 0;
  return async (changes, heartbeat) => {
    if (changes.length > 0) seq += 1;
    let message: FeedMessage = { source, epoch, seq, changes, heartbeat };
    let refusals = 0;
    for (let attempt = 0; !closing.aborted; attempt += 1) {
      const failure = await carrier.publish(seal(message)).then(
        () => null,
        (error: unknown) => error as { readonly code?: unknown },
      );
      if (failure === null) return void reach.over(null);
      reach.lasts(failure);
      if (failure.code === "FEED_REFUSED") {
        // Under a new epoch whoever takes it forgets everything of before: nothing that was missed can do harm.
        refusals += 1;
        epoch = newEpoch();
        seq = refusals === 1 && changes.length > 0 ? 1 : 0;
        writeLine(`changes in ${source} were refused; ${refusals > 1 ? "they are lost" : "they are announced anew"}`);
        if (refusals > 1) return pause(refusedPauseMs, closing);
        message = { ...message, epoch, seq };
      }
      await pause(Math.min(retryMs * 2 ** Math.min(attempt, 10), 1_000), closing);
    }
  };
}

const refusedPauseMs = 1_000;
const newEpoch = () => randomBytes(12).toString("base64url");

type Outages = { over<T>(value: T): T; lasts(error: unknown): null };

/** Tells of an outage that lasts, once, and of its end. INVARIANT: no line repeats what a system or a gateway said. */
function outages(writeLine: (line: string) => void, tellAfterMs: number, what: () => string): Outages {
  let since: number | null = null;
  let isTold = false;
  return {
    over(value) {
      if (isTold) writeLine(`${what()}: that is over`);
      since = null;
      isTold = false;
      return value;
    },
    lasts(error) {
      since ??= performance.now();
      if (!isTold && performance.now() - since >= tellAfterMs) {
        isTold = true;
        const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
        const why = error instanceof SourceError ? error.message : String(code ?? name ?? "no reason given");
        writeLine(`${what()}: ${why}`);
      }
      return null;
    },
  };
}

/** A pause that a ring ends; a ring while nobody pauses ends the next one. */
function wakeable(closing: AbortSignal) {
  let rung = false;
  let end: (() => void) | null = null;
  const ring = () => {
    rung = true;
    end?.();
  };
  closing.addEventListener("abort", ring);
  return {
    ring,
    async pause(ms: number): Promise<void> {
      if (!rung)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      end = null;
      rung = closing.aborted;
    },
  };
}

function pause(ms: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (closing.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      closing.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    closing.addEventListener("abort", end);
  });
}
