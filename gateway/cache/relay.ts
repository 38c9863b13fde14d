/**
 * What one gateway has been told and the others must know, through the stream that all of them read: sealed with their
 * common keys, since it may name somebody.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type CacheKeys, seal, unseal } from "./seal.ts";

export type Relay = {
  /** Without waiting; repeated until it is there, for a while. */
  pass(text: string): void;
  /** What another gateway passed on; undefined: it is none of these. Null: nobody of ours has sealed it. */
  open(envelope: unknown): string | null | undefined;
  close(): void;
};

export type RelaySettings = {
  readonly keys: CacheKeys;
  /** False: nobody can say that it is there. */
  readonly append: (envelope: string) => Promise<boolean>;
  readonly onLost: () => void;
};

const sealedAs = "crosswalk:relay";
const tries = 20;
const pauseMs = 250;

export function relay({ keys, append, onLost }: RelaySettings): Relay {
  const closing = new AbortController();
  const passOn = async (text: string): Promise<void> => {
    const [key] = keys;
    const envelope = JSON.stringify({ key: key.id, relayed: seal(key, sealedAs, text).toString("base64url") });
    for (let tried = 0; tried < tries; tried++) {
      if (await append(envelope)) return;
      await delay(pauseMs, undefined, { signal: closing.signal });
    }
    onLost();
  };
  return {
    // Ended in the middle: it was taken here, and the issuer is told so; who is left will not learn of it.
    pass: (text) => void passOn(text).catch(onLost),
    open(envelope) {
      const { key: id, relayed } = (envelope ?? {}) as { readonly key?: unknown; readonly relayed?: unknown };
      if (typeof relayed !== "string") return undefined;
      const key = keys.find((each) => each.id === id);
      return (key && unseal(key, sealedAs, Buffer.from(relayed, "base64url"))?.toString()) ?? null;
    },
    close: () => closing.abort(),
  };
}
