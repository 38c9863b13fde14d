/** What has changed, for whoever asks; and a call to whoever wants to be told that something has. */
import type { ChangeLog } from "../change-log.ts";
import type { HttpRequest } from "../http.ts";
import { type Route, refusal } from "./torch.ts";

/** One record that has changed, and whose it is: nothing of what it holds. */
export type ChangedRecord = { readonly alienNumber: string; readonly recordId: string };

const maxCallbacks = 16;

/** `base`: the system's own path. Neither route counts towards the rate limit. */
export function changeRoutes(
  base: "global" | "elis",
  log: ChangeLog<ChangedRecord>,
  now: () => string,
): readonly Route[] {
  const callbacks = new Set<string>();
  log.onAdd(() => {
    for (const callback of callbacks)
      void tell(callback).then(
        () => undefined,
        // Gone: whoever is still there subscribes again.
        () => callbacks.delete(callback),
      );
  });
  return [
    {
      method: "GET",
      path: new RegExp(`^/${base}/v1/changes$`),
      isCounted: false,
      answer: ({ query }) => {
        const { entries, ...listing } = log.since(query.get("since"));
        return { asOf: now(), ...listing, changes: entries };
      },
    },
    {
      method: "POST",
      path: new RegExp(`^/${base}/v1/subscriptions$`),
      isCounted: false,
      answer: (request) => {
        const callback = readCallback(request);
        if (!callbacks.has(callback) && callbacks.size >= maxCallbacks)
          throw refusal(422, "TOO_MANY", "There are too many subscriptions");
        callbacks.add(callback);
        return { subscribed: true };
      },
    },
  ];
}

/** Nothing of what has changed: whoever is told asks. */
async function tell(callback: string): Promise<void> {
  const answer = await fetch(callback, { method: "POST", signal: AbortSignal.timeout(2_000) });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error("not taken");
}

function readCallback({ body }: HttpRequest): string {
  let callback: unknown;
  try {
    callback = (JSON.parse(body.toString("utf8")) as { callback?: unknown } | null)?.callback;
  } catch {
    throw refusal(400, "BAD_REQUEST", "The body must be JSON");
  }
  if (typeof callback === "string" && /^http:\/\/127\.0\.0\.1:\d{1,5}\/[\w-]{16,64}$/.test(callback)) return callback;
  throw refusal(422, "INVALID_FORMAT", "callback must be a URL on this machine, with a path that cannot be guessed");
}
