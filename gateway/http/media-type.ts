/** Media types of GraphQL over HTTP: which one an answer takes, and what a request may be. */

export type ResponseType = {
  /** Which rules of status the answer follows. */
  readonly mediaType: "application/graphql-response+json" | "application/json";
  readonly contentType: string;
};

const graphqlResponse: ResponseType = {
  mediaType: "application/graphql-response+json",
  contentType: "application/graphql-response+json; charset=utf-8",
};
const json: ResponseType = { mediaType: "application/json", contentType: "application/json; charset=utf-8" };
/**
 * A client that names no type gets the statuses of `application/graphql-response+json` under the
 * content type that the audits of graphql-http want for it.
 */
const unnamed: ResponseType = { mediaType: graphqlResponse.mediaType, contentType: json.contentType };

/** Null when the client accepts nothing that we send. `unnamed` for no Accept at all. */
export function negotiate(accept: string | undefined): ResponseType | null {
  if (accept === undefined || accept.trim() === "") return unnamed;
  const ranges = accept.split(",").flatMap(readRange);
  const best = ranges.sort((a, b) => b.quality - a.quality)[0];
  return best?.type ?? null;
}

function readRange(text: string): readonly { readonly type: ResponseType; readonly quality: number }[] {
  const [range = "", ...parameters] = text.split(";").map((each) => each.trim().toLowerCase());
  const quality = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
  const charset = parameters
    .find((each) => each.startsWith("charset="))
    ?.slice(8)
    .replace(/"/g, "");
  const type = {
    "*/*": unnamed,
    "application/*": unnamed,
    [json.mediaType]: json,
    [graphqlResponse.mediaType]: graphqlResponse,
  }[range];
  const isPossible = quality > 0 && (charset === undefined || /^utf-?8$/.test(charset));
  return type && isPossible ? [{ type, quality }] : [];
}

/** Whether a request's body is JSON in UTF-8. No other type is read: a form of another site can send those unasked. */
export function isJsonRequest(contentType: string | undefined): boolean {
  const [mediaType = "", ...parameters] = (contentType ?? "").split(";").map((each) => each.trim().toLowerCase());
  const charsets = parameters.filter((each) => each.startsWith("charset="));
  return mediaType === "application/json" && charsets.every((each) => /^charset="?utf-?8"?$/.test(each));
}
