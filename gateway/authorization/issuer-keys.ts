/**
 * The keys of one issuer: fetched when first needed and again before they are too old, at bounded cost to both sides.
 *
 * INVARIANT: no key verifies anything longer than `maxAgeMs` after the issuer was last seen to publish it, and only what
 * the configured URL answers is a key of this issuer.
 */
import { type KeySet, type RefusedKey, readKeySet, type VerifyingKey } from "./key-set.ts";

/** Why the issuer's answer was not taken; the list is closed, and stands in logs and metrics. */
export type FetchFault = "unreachable" | "timeout" | "redirect" | "status" | "too-large" | "malformed";

export type IssuerKeysSettings = {
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxAgeMs: number;
  /** Milliseconds on a clock that is never set: a wrong date must not keep keys alive. */
  readonly elapsed: () => number;
  readonly onFetch: (outcome: "fetched" | FetchFault) => void;
  readonly onRefusedKey: (refused: RefusedKey) => void;
};

export type IssuerKeys = {
  /** Those at hand and not too old; null when there are none. The same object as long as the issuer publishes the same. */
  current(): KeySet | null;
  /** `unknown`: the issuer has no such key. `unavailable`: it could not be asked. */
  find(kid: string): Promise<{ readonly key: VerifyingKey; readonly keySet: KeySet } | "unknown" | "unavailable">;
};

const maxBytes = 256 * 1024;
/** Between two fetches, as long as there are keys: whoever sends unknown key ids makes no traffic. */
const cooldownMs = 30_000;

export function issuerKeys(settings: IssuerKeysSettings): IssuerKeys {
  const { maxAgeMs, elapsed, onFetch, onRefusedKey } = settings;
  let held: { readonly bytes: Buffer; readonly keySet: KeySet; readonly fetchedAt: number } | null = null;
  let underWay: Promise<void> | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  /** In a row. */
  let failures = 0;

  async function fetchOnce(): Promise<void> {
    askedAt = elapsed();
    const startedAt = askedAt;
    try {
      const bytes = await download(settings);
      // The same text is the same set: what was verified with it stays verified.
      let keySet = held?.bytes.equals(bytes) ? held.keySet : null;
      if (keySet === null) {
        const read = await readKeySet(bytes).catch(() => fail("malformed"));
        for (const each of read.refused) onRefusedKey(each);
        keySet = read.keys;
      }
      held = { bytes, keySet, fetchedAt: startedAt };
      failures = 0;
      onFetch("fetched");
    } catch (error) {
      failures += 1;
      onFetch(error instanceof KeysFault ? error.fault : "unreachable");
    }
  }

  function refresh(): Promise<void> {
    underWay ??= fetchOnce().finally(() => {
      underWay = null;
    });
    return underWay;
  }

  const usable = (): KeySet | null => (held !== null && elapsed() - held.fetchedAt < maxAgeMs ? held.keySet : null);

  function mayAsk(): boolean {
    // Without keys nobody is let in: the issuer is asked sooner, at first after a second.
    const waitMs = usable() !== null ? cooldownMs : failures === 0 ? 0 : Math.min(cooldownMs, 500 * 2 ** failures);
    return elapsed() - askedAt >= waitMs;
  }

  function current(): KeySet | null {
    const keySet = usable();
    // In good time, and nobody waits for it.
    if (keySet !== null && held !== null && elapsed() - held.fetchedAt >= maxAgeMs / 2 && mayAsk()) void refresh();
    return keySet;
  }

  return {
    current,
    async find(kid) {
      const atHand = current();
      const known = atHand?.get(kid);
      if (atHand && known) return { key: known, keySet: atHand };
      if (underWay !== null || mayAsk()) await refresh();
      const keySet = usable();
      const key = keySet?.get(kid);
      if (keySet && key) return { key, keySet };
      return keySet === null || failures > 0 ? "unavailable" : "unknown";
    },
  };
}

class KeysFault extends Error {
  readonly fault: FetchFault;
  constructor(fault: FetchFault) {
    super(fault);
    this.fault = fault;
  }
}

function fail(fault: FetchFault): never {
  throw new KeysFault(fault);
}

async function download({ url, timeoutMs }: IssuerKeysSettings): Promise<Buffer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // A redirect is an answer like any other that is no key set: it is not followed.
    const response = await fetch(url, { signal, redirect: "manual", headers: { accept: "application/json" } });
    if (response.status !== 200) {
      await response.body?.cancel();
      return fail(response.status >= 300 && response.status < 400 ? "redirect" : "status");
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength;
      // Leaving the loop ends the download. What came compressed is counted as it unfolds.
      if (length > maxBytes) return fail("too-large");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof KeysFault) throw error;
    return fail(signal.aborted ? "timeout" : "unreachable");
  }
}
