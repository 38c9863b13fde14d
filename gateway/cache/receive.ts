/**
 * Opens what subgraphs announce, whichever way it came, and gives it to the feeds. INVARIANT: a source is spoken for by the
 * subgraph alone that has it, as its key proves; whatever else comes changes nothing.
 */
import { createDecipheriv, hkdfSync, type KeyObject } from "node:crypto";
import { type About, type Change, type FeedMessage, type Heartbeat, isInstant } from "./message.ts";

/** The clock of whoever carries messages, at the moment when one has come. */
export type CarrierClock = { readonly id: string; readonly now: number };

export type Refused = "malformed" | "unsealed" | "forged" | "foreign-source" | "retired-epoch";
export type Received = "applied" | "duplicate" | "flushed" | Refused;

export type Receive = (envelope: unknown, clock: CarrierClock) => Received;

export type ReceiveSettings = {
  readonly feeds: {
    receive(message: FeedMessage, ageMs: number | null): "applied" | "duplicate" | "flushed" | "retired";
  };
  /** By which its messages are sealed; undefined: it has none, and seals nothing. */
  readonly keysOf: (subgraph: string) => readonly { readonly id: string; readonly secret: KeyObject }[] | undefined;
  readonly systemsOf: (subgraph: string) => readonly string[];
  /** Somebody should look: `subgraph` as the message claims, where there is one of that name. */
  readonly onRefused: (refused: { readonly subgraph: string | null; readonly reason: Refused }) => void;
};

export function receiver({ feeds, keysOf, systemsOf, onRefused }: ReceiveSettings): Receive {
  const read = (envelope: unknown): { readonly subgraph: string; readonly message: FeedMessage } | Refusal => {
    const { subgraph, key, sealed, message: plain } = asRecord(envelope);
    if (typeof subgraph !== "string" || systemsOf(subgraph).length === 0)
      return { reason: "malformed", subgraph: null };
    const keys = keysOf(subgraph);
    let given = plain;
    if (keys !== undefined) {
      if (typeof sealed !== "string" || typeof key !== "string") return { reason: "unsealed", subgraph };
      const secret = keys.find(({ id }) => id === key)?.secret;
      const text = secret === undefined ? null : open(sealed, secret, `crosswalk-changes-v1\n${subgraph}\n${key}`);
      if (text === null) return { reason: "forged", subgraph };
      given = parseJson(text);
    }
    const message = readMessage(given);
    if (message === null) return { reason: "malformed", subgraph };
    return systemsOf(subgraph).includes(message.source)
      ? { subgraph, message }
      : { reason: "foreign-source", subgraph };
  };
  return (envelope, clock) => {
    const announced = read(envelope);
    if ("reason" in announced) {
      onRefused(announced);
      return announced.reason;
    }
    const { subgraph, message } = announced;
    const outcome = feeds.receive(message, ageOf(message.heartbeat, clock));
    if (outcome !== "retired") return outcome;
    onRefused({ subgraph, reason: "retired-epoch" });
    return "retired-epoch";
  };
}

type Refusal = { readonly subgraph: string | null; readonly reason: Refused };

/** Null: by another clock, or by one that has gone back; nobody can say how old it is. */
function ageOf(heartbeat: Heartbeat | null, { id, now }: CarrierClock): number | null {
  if (heartbeat === null || heartbeat.clock !== id || heartbeat.since > now) return null;
  return now - heartbeat.since;
}

const [nonceBytes, tagBytes] = [12, 16];

/** Null for what this key has not sealed. The form: docs/change-feed.md. */
function open(sealed: string, secret: KeyObject, about: string): string | null {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < nonceBytes + tagBytes) return null;
  const decipher = createDecipheriv("aes-256-gcm", sealingKey(secret), bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, "utf8");
    return text + decipher.final("utf8");
  } catch {
    return null;
  }
}

const sealingKeys = new WeakMap<KeyObject, Uint8Array>();

function sealingKey(secret: KeyObject): Uint8Array {
  let key = sealingKeys.get(secret);
  if (!key) {
    key = new Uint8Array(hkdfSync("sha256", secret, "", "crosswalk change feed v1", 32));
    sealingKeys.set(secret, key);
  }
  return key;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const maxChanges = 1000;
const maxAbout = 100;

/** Null for what is no message. */
function readMessage(value: unknown): FeedMessage | null {
  const { source, epoch, seq, changes, heartbeat } = asRecord(value);
  if (!isName(source) || !isName(epoch) || !isCount(seq)) return null;
  if (!Array.isArray(changes) || changes.length > maxChanges || (changes.length > 0 && seq === 0)) return null;
  const read = changes.map(readChange);
  const beat = heartbeat === null ? null : readHeartbeat(heartbeat);
  if (!read.every((each) => each !== null) || beat === undefined) return null;
  return { source, epoch, seq, changes: read, heartbeat: beat };
}

function readChange(value: unknown): Change | null {
  const { all, told, about, alert } = asRecord(value);
  if (all === true) return told === true ? { all, told } : { all };
  if (!Array.isArray(about) || about.length === 0 || about.length > maxAbout || !about.every(isAbout)) return null;
  if (alert === undefined) return { about };
  const { kind, at } = asRecord(alert);
  if (!isName(kind) || !(at === null || (typeof at === "string" && isInstant(at)))) return null;
  return { about, alert: { kind, at } };
}

function readHeartbeat(value: unknown): Heartbeat | undefined {
  const { clock, since, asOf } = asRecord(value);
  if (!isName(clock) || typeof since !== "number" || !(since >= 0) || typeof asOf !== "string" || !isInstant(asOf))
    return undefined;
  return { clock, since, asOf };
}

const isAbout = (value: unknown): value is About =>
  Array.isArray(value) && value.length === 2 && isName(value[0]) && isValue(value[1]);
const isName = (value: unknown): value is string => typeof value === "string" && /^[\w.:-]{1,64}$/.test(value);
const isValue = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= 256;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
