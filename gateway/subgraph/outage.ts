/** Whether an answer over HTTP 200 says that the subgraph, or all that stands behind it, is down. */

const downCodes: readonly unknown[] = ["SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT"];

type Loose = Readonly<Record<string, unknown>>;

/**
 * An outage is an answer without data whose errors point at nothing in the document (the subgraph failed before it ran
 * it), or one whose every root is empty and whose every error says that a source is down: all of `systems`, where there
 * are several, or one system's outage would close the way to the others.
 *
 * INVARIANT: nothing that a client can put into an operation makes an answer an outage by itself, or a client could have
 * a subgraph refused to everybody. A resolver's error has a path and a refused document has locations: neither counts.
 */
export function isOutage(body: unknown, systems: readonly string[]): boolean {
  const { errors, data } = (body ?? {}) as { readonly errors?: unknown; readonly data?: unknown };
  if (!Array.isArray(errors) || errors.length === 0) return false;
  const isWithoutData = data === null || data === undefined;
  if (isWithoutData && errors.every(pointsNowhere)) return true;
  if (!isWithoutData && !Object.values(data as object).every(isEmpty)) return false;
  const extensions = errors.map((error: Loose | null) => (error?.extensions ?? {}) as Loose);
  if (!extensions.every(({ code }) => downCodes.includes(code))) return false;
  return systems.length <= 1 || systems.every((system) => extensions.some((each) => each.system === system));
}

function pointsNowhere(error: Loose | null): boolean {
  return !isSome(error?.path) && !isSome(error?.locations) && !isRefusal((error?.extensions as Loose | null)?.code);
}

function isSome(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

/** Codes with which servers refuse a request, and say so without pointing. */
const refusals: readonly unknown[] = [
  "BAD_REQUEST",
  "BAD_USER_INPUT",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "UNAUTHENTICATED",
  "FORBIDDEN",
];

function isRefusal(code: unknown): boolean {
  return refusals.includes(code);
}

function isEmpty(root: unknown): boolean {
  return root === null || (Array.isArray(root) && root.every((each) => each === null));
}
