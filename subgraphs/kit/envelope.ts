/** What a source announces, and the form in which it leaves this process: docs/change-feed.md. */
import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import type { SubgraphKey } from "./verify.ts";

/** Whom or what a change is about: an identifier scalar's name (or ID) and a value, or a type's name and its key. */
export type About = readonly [kind: string, value: string];

/** `at`: when it happened, as the agency's system says; null where that does not say. */
export type Alert = { readonly kind: AlertKind; readonly at: string | null };

export type AlertKind =
  | "MOTION_FILED"
  | "STAY_BEGAN"
  | "STAY_ENDED"
  | "DETAINER_LODGED"
  | "DETAINER_LIFTED"
  | "REMOVAL_SCHEDULED"
  | "BOOKED_IN"
  | "BOOKED_OUT";

/** `all`: anything of this source may have changed. */
export type Change =
  | { readonly all: true; readonly told?: true }
  | { readonly about: readonly About[]; readonly alert?: Alert };

export type Heartbeat = {
  /** Whose clock `since` is on. */
  readonly clock: string;
  /** The time on it, in milliseconds, before the source was checked. */
  readonly since: number;
  /** The instant up to which the source vouches for what it holds. */
  readonly asOf: string;
};

export type FeedMessage = {
  /** An agency's system, as schema/subgraphs.json names it. */
  readonly source: string;
  /** Random, new with each start of the watcher. */
  readonly epoch: string;
  /** How many messages with changes there have been in this epoch, this one included. */
  readonly seq: number;
  /** Empty: nothing but a heartbeat. */
  readonly changes: readonly Change[];
  readonly heartbeat: Heartbeat | null;
};

export type SealSettings = {
  readonly subgraph: string;
  /** Null: the message goes out as it is, which a gateway takes only where it has no key for this subgraph. */
  readonly key: SubgraphKey | null;
  /** 12 bytes, never twice under one key. */
  readonly nonce?: () => Uint8Array;
};

/** The envelope's text: `{"subgraph","key","sealed"}`, or `{"subgraph","message"}` without a key. */
export function sealer({
  subgraph,
  key,
  nonce = () => randomBytes(12),
}: SealSettings): (message: FeedMessage) => string {
  if (key === null) return (message) => JSON.stringify({ subgraph, message });
  const secret = new Uint8Array(hkdfSync("sha256", key.secret, "", "crosswalk change feed v1", 32));
  const associated = Buffer.from(`crosswalk-changes-v1\n${subgraph}\n${key.id}`);
  return (message) => {
    const iv = nonce();
    const cipher = createCipheriv("aes-256-gcm", secret, iv).setAAD(associated);
    const text = [cipher.update(JSON.stringify(message), "utf8"), cipher.final()];
    const sealed = Buffer.concat([iv, ...text, cipher.getAuthTag()]).toString("base64url");
    return JSON.stringify({ subgraph, key: key.id, sealed });
  };
}
