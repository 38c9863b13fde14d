/**
 * The closed table of everything that can go wrong, as a client sees it. `docs/errors.md` is generated from it.
 *
 * INVARIANT: an error is built from this table, from the schema and from positions in the client's own document; never
 * from a value, from what a client typed, or from the text of a subgraph.
 */

/**
 * What an error is about. A refused `request` and a refused `document` have no `data`; `application/json` answers a
 * refused document with 200, as GraphQL over HTTP asks. A `part` is missing from an answer that otherwise stands.
 */
export type ErrorKind = "request" | "document" | "part";

/** What a client sees beside message and code. */
export type Shown = "locations" | "path" | "agency" | "system" | "authority" | "callback";

type ErrorEntry = {
  readonly kind: ErrorKind;
  readonly status: number;
  /** The message, unless a more exact one was built from the schema. */
  readonly text: string;
  readonly shows: readonly Shown[];
};

const request = (status: number, text: string): ErrorEntry => ({ kind: "request", status, text, shows: [] });
const document = (text: string): ErrorEntry => ({ kind: "document", status: 400, text, shows: ["locations"] });
const part = (text: string, shows: readonly Shown[] = ["path", "agency", "system"]): ErrorEntry => ({
  kind: "part",
  status: 200,
  text,
  shows,
});

const entries = {
  BAD_REQUEST: request(400, "not a well-formed GraphQL request"),
  UNAUTHENTICATED: request(
    401,
    "no token, or one that is not accepted: send `Authorization: Bearer` and a current token",
  ),
  AUTHENTICATION_UNAVAILABLE: request(503, "the issuer's keys could not be had; try again"),
  PURPOSE_REQUIRED: request(400, "the header Crosswalk-Purpose is required"),
  PURPOSE_UNKNOWN: request(400, "the header Crosswalk-Purpose names no known purpose"),
  PURPOSE_NOT_PERMITTED: request(403, "the purpose in Crosswalk-Purpose is not among this caller's own"),
  CASE_REQUIRED: request(400, "this purpose requires the header Crosswalk-Case"),
  CASE_INVALID: request(400, "the header Crosswalk-Case takes 1 to 64 printable ASCII characters"),
  REASON_REQUIRED: request(400, "this purpose requires the header Crosswalk-Reason: why the glass is broken"),
  REASON_INVALID: request(400, "the header Crosswalk-Reason takes 10 to 200 printable ASCII characters"),
  FRESHNESS_INVALID: request(
    400,
    "the header Crosswalk-At-Least takes tokens of extensions.freshness, as they were given",
  ),
  REAUTHENTICATION_REQUIRED: request(
    401,
    "this purpose requires a recent and strong authentication: sign in anew, as WWW-Authenticate says",
  ),
  CROSS_SITE_REFUSED: request(403, "a page of another site may not ask"),
  NOT_FOUND: request(404, "nothing is here; operations go to /graphql"),
  METHOD_NOT_ALLOWED: request(405, "this method is not allowed here"),
  NOT_ACCEPTABLE: request(406, "answers are application/graphql-response+json or application/json"),
  REQUEST_TIMEOUT: request(408, "the request did not come whole in time"),
  PAYLOAD_TOO_LARGE: request(413, "the request body is too large"),
  UNSUPPORTED_MEDIA_TYPE: request(415, "requests are application/json in UTF-8, not compressed"),
  REQUEST_HEADERS_TOO_LARGE: request(431, "the request's headers are too large"),
  INTERNAL_SERVER_ERROR: request(500, "the gateway failed; nothing of the answer was kept"),
  SUBSCRIPTION_RESUME_REFUSED: request(
    409,
    "nothing can be resumed from this event id: it is another's, another gateway's or too old; ask anew, then subscribe",
  ),
  SHUTTING_DOWN: request(503, "this gateway is shutting down; ask again"),
  OVERLOADED: request(503, "this gateway has more to do than it can; ask again after the time in Retry-After"),

  GRAPHQL_PARSE_FAILED: document("the document is not GraphQL"),
  GRAPHQL_VALIDATION_FAILED: document("the document does not fit the schema"),
  OPERATION_RESOLUTION_FAILURE: document("operationName must name exactly one operation of the document"),
  OPERATION_NOT_SUPPORTED: document("this kind of operation is not offered"),
  BAD_USER_INPUT: document("a value is not of the form its type takes"),
  MAX_TOKENS_LIMIT: document("the document has too many tokens"),
  MAX_DEPTH_LIMIT: document("the operation is too deep"),
  MAX_FIELDS_LIMIT: document("the operation has too many fields"),
  MAX_ALIASES_LIMIT: document("the document has too many aliases"),
  MAX_ROOT_FIELDS_LIMIT: document("the operation has too many fields at its root"),
  MAX_DIRECTIVES_LIMIT: document("the document has too many directives"),
  COST_ESTIMATED_TOO_EXPENSIVE: document("the operation may cost more than is allowed; ask for less at once"),
  PERSISTED_QUERY_NOT_IN_LIST: document("no trusted document has this id"),
  PERSISTED_QUERY_ID_REQUIRED: document("only trusted documents are taken, by their id"),
  UNAUTHORIZED_OPERATION: { ...document("something of this operation is refused to you"), status: 403, shows: [] },
  QUERY_PLANNING_FAILED: document("no plan was found for this operation; ask for less at once"),
  QUERY_PLANNING_TIMEOUT: document("planning this operation took too long; ask for less at once"),

  UNAUTHORIZED_FIELD_OR_TYPE: part("Unauthorized field or type", ["path"]),
  MASKED: part("this is withheld from you by the authority named", ["path", "authority"]),
  OWNER_REFER: part("ask the agency that owns this record, at the place named", ["path", "callback"]),
  GUARD_UNAVAILABLE: part("whether you may see this could not be settled; ask again later", ["path"]),
  SUBREQUEST_HTTP_ERROR: part("this agency could not be asked"),
  SUBREQUEST_MALFORMED_RESPONSE: part("this agency's answer could not be read"),
  GATEWAY_TIMEOUT: part("this agency did not answer in time"),
  SUBREQUEST_NOT_SENT: part("this agency fails or is overloaded, and is not asked for the moment; ask again later"),
  SUBGRAPH_ERROR: part("this agency answered with an error"),
  VALUE_INACCESSIBLE: part("what stands here is not for clients to know, and null may not stand here", ["path"]),
  PART_NOT_ASKED: part("the gateway asked nobody for this: take it as unknown", ["path"]),
  ENTITY_MISMATCH: part("this agency answered about another record than was asked; its answer is withheld"),
  SOURCE_UNAVAILABLE: part("the agency's system could not be reached"),
  SOURCE_TIMEOUT: part("the agency's system did not answer in time"),
  SOURCE_INVALID: part("the agency's system answered with something that cannot be read"),
  SOURCE_REFUSED: part("the agency's system refused to answer"),
  REDACTED_BY_SOURCE: part("the agency's system withholds this value"),
  VALUE_UNREADABLE: part("the agency's system holds something unreadable here"),
  RECORD_UNREADABLE: part("some records here could not be read and are left out"),
  AMBIGUOUS_IDENTIFIER: part("this identifier belongs to more than one person; use another one"),
  SUBSCRIPTION_JWT_EXPIRED: part("the token no longer holds: subscribe with a current one", []),
  SUBSCRIPTION_REVOKED: part("the session was revoked by its issuer: sign in anew", []),
  SUBSCRIPTION_UNAUTHORIZED: part("this is no longer permitted to you", []),
  SUBSCRIPTION_SCHEMA_RELOAD: part("the schema has changed, and this document no longer fits it", []),
  SUBSCRIPTION_OVERFLOW: part("events came faster than they were taken: resume from the last event id", []),
  ALERTS_MISSED: part("alerts of this system may be missing: ask anew for what matters", ["system"]),
  ALERTS_DELAYED: part("this system is not heard: alerts of it may come late", ["system"]),
  ALERTS_IN_TIME: part("this system is heard again: alerts of it come in time", ["system"]),
  TOO_MANY_ERRORS: part("there are more errors than are shown", []),
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof entries;

export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = entries;

/** Codes with which a subgraph may explain a missing part, and what each becomes. Any other becomes SUBGRAPH_ERROR. */
const subgraphCodes: Readonly<Record<string, ErrorCode>> = {
  SOURCE_UNAVAILABLE: "SOURCE_UNAVAILABLE",
  SOURCE_TIMEOUT: "SOURCE_TIMEOUT",
  SOURCE_INVALID: "SOURCE_INVALID",
  SOURCE_REFUSED: "SOURCE_REFUSED",
  REDACTED_BY_SOURCE: "REDACTED_BY_SOURCE",
  VALUE_UNREADABLE: "VALUE_UNREADABLE",
  RECORD_UNREADABLE: "RECORD_UNREADABLE",
  AMBIGUOUS_IDENTIFIER: "AMBIGUOUS_IDENTIFIER",
  INVALID_IDENTIFIER: "BAD_USER_INPUT",
};

export type Path = readonly (string | number)[];

/** A part of the answer that is missing or incomplete: where, why, and whose. */
export type PartError = {
  readonly code: ErrorCode;
  readonly path: Path;
  /** The subgraph's name. */
  readonly agency?: string;
  /** The agency's own system, where the subgraph named it. */
  readonly system?: string;
  /** The law or order under which it is withheld. */
  readonly authority?: string;
  /** Whom to call instead. */
  readonly callback?: string;
};

/** One element of `errors`, as it is sent. */
export type ClientError = {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly path?: Path;
  readonly extensions: {
    readonly code: ErrorCode;
    readonly agency?: string;
    readonly system?: string;
    readonly authority?: string;
    readonly callback?: string;
  };
};

/** A whole request that gets no data. `errors[0]` decides the status. */
export type Refusal = { readonly refused: readonly ClientError[]; readonly headers?: Readonly<Record<string, string>> };

/** Refuses a request. `message`, where given, is a fixed text or built from the schema. */
export function refuse(code: ErrorCode, message?: string, headers?: Readonly<Record<string, string>>): Refusal {
  return { refused: [clientError(code, message)], ...(headers ? { headers } : {}) };
}

export function clientError(
  code: ErrorCode,
  message: string = errorTable[code].text,
  locations?: ClientError["locations"],
): ClientError {
  return { message, ...(locations?.length ? { locations } : {}), extensions: { code } };
}

/** The error that stands in `errors` for a missing part; only what the table says is shown. */
export function partError({ code, path, agency, system, authority, callback }: PartError): ClientError {
  return {
    message: errorTable[code].text,
    ...(path.length > 0 ? { path } : {}),
    extensions: {
      code,
      ...(agency ? { agency } : {}),
      ...(system ? { system } : {}),
      ...(authority ? { authority } : {}),
      ...(callback ? { callback } : {}),
    },
  };
}

/** The `code` and `system` of a subgraph's error that may pass. */
export function readSubgraphError(extensions: unknown): { readonly code: ErrorCode; readonly system?: string } {
  const { code, system } = (extensions ?? {}) as { code?: unknown; system?: unknown };
  const known = typeof code === "string" && Object.hasOwn(subgraphCodes, code) ? subgraphCodes[code] : undefined;
  const named = typeof system === "string" && /^[A-Z][A-Z0-9]{1,11}$/.test(system) ? { system } : {};
  return { code: known ?? "SUBGRAPH_ERROR", ...named };
}

/** HTTP status of a refusal in each of the two media types. */
export function refusalStatus(
  { refused }: Refusal,
  mediaType: "application/graphql-response+json" | "application/json",
) {
  const code = refused[0]?.extensions.code ?? "INTERNAL_SERVER_ERROR";
  const { kind, status } = errorTable[code];
  return kind === "document" && mediaType === "application/json" ? 200 : status;
}
