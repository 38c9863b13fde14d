/** Media types of GraphQL over HTTP: which one an answer takes, and what a request may be. */

export type ResponseType = {
  /** Which rules of status the answer follows. */
  readonly mediaType: "application/graphql-response+json" | "application/json";
  readonly contentType: string;
};

/** What a client takes. */
export type Accepted = {
  /** Null: nothing that we send. */
  readonly type: ResponseType | null;
  /** Whether parts of the answer may come later, as multipart. */
  readonly acceptsDefer: boolean;
  /** Whether it takes a stream of events. */
  readonly acceptsEvents: boolean;
};

export const graphqlResponse: ResponseType = {
  mediaType: "application/graphql-response+json",
  contentType: "application/graphql-response+json; charset=utf-8",
};
export const plainJson: ResponseType = {
  mediaType: "application/json",
  contentType: "application/json; charset=utf-8",
};
/**
 * A client that names no type gets the statuses of `application/graphql-response+json` under the
 * content type that the audits of graphql-http want for it.
 */
const unnamed: ResponseType = { mediaType: graphqlResponse.mediaType, contentType: plainJson.contentType };

const maxRemembered = 200;
const remembered = new Map<string, Accepted>();

/** A service hears the same few Accept headers again and again: each is read once. */
export function negotiate(accept: string | undefined): Accepted {
  if (accept === undefined) return acceptsAnything;
  const known = remembered.get(accept);
  if (known) return known;
  const accepted = readAccept(accept);
  if (remembered.size >= maxRemembered) remembered.clear();
  if (accept.length <= 500) remembered.set(accept, accepted);
  return accepted;
}

const acceptsAnything: Accepted = { type: unnamed, acceptsDefer: false, acceptsEvents: false };

function readAccept(accept: string): Accepted {
  if (accept.trim() === "") return acceptsAnything;
  const ranges = accept.split(",").map(readRange);
  const best = ranges.flatMap(({ type, quality }) => (type ? [{ type, quality }] : []));
  best.sort((a, b) => b.quality - a.quality);
  const acceptsDefer = ranges.some(({ isDefer }) => isDefer);
  return {
    // Who names parts alone gets what has none as JSON, as Apollo Router sends it.
    type: best[0]?.type ?? (acceptsDefer ? unnamed : null),
    acceptsDefer,
    acceptsEvents: ranges.some(({ isEvents }) => isEvents),
  };
}

function readRange(text: string): {
  readonly type: ResponseType | null;
  readonly quality: number;
  readonly isDefer: boolean;
  readonly isEvents: boolean;
} {
  const [range = "", ...parameters] = text.split(";").map((each) => each.trim().toLowerCase());
  const parameter = (name: string) =>
    parameters
      .find((each) => each.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replace(/"/g, "");
  const quality = Number(parameter("q") ?? 1);
  const charset = parameter("charset");
  const isPossible = quality > 0 && (charset === undefined || /^utf-?8$/.test(charset));
  const type = types.get(range) ?? null;
  // Apollo Client names the format; urql lists a bare multipart/mixed and reads the same one.
  const isDefer = range === "multipart/mixed" && (parameter("deferspec") ?? deferSpec) === deferSpec;
  const isOtherStream = parameter("subscriptionspec") !== undefined;
  return {
    type: isPossible ? type : null,
    quality,
    isDefer: isDefer && isPossible && !isOtherStream,
    isEvents: range === "text/event-stream" && isPossible,
  };
}

const deferSpec = "20220824";
const types: ReadonlyMap<string, ResponseType> = new Map([
  ["*/*", unnamed],
  ["application/*", unnamed],
  [plainJson.mediaType, plainJson],
  [graphqlResponse.mediaType, graphqlResponse],
]);

/** Whether a request's body is JSON in UTF-8. No other type is read: a form of another site can send those unasked. */
export function isJsonRequest(contentType: string | undefined): boolean {
  if (contentType === "application/json") return true;
  const [mediaType = "", ...parameters] = (contentType ?? "").split(";").map((each) => each.trim().toLowerCase());
  const charsets = parameters.filter((each) => each.startsWith("charset="));
  return mediaType === "application/json" && charsets.every((each) => /^charset="?utf-?8"?$/.test(each));
}
