/**
 * What a personal subgraph is told of who asks: the header Crosswalk-Caller, a dictionary of RFC 9651.
 *
 * INVARIANT: everything in it comes from the caller's verified token or from what the gateway has checked against that;
 * nothing that a client sent reaches a subgraph as it was sent.
 */

/** As a token and the request's own purpose have it. */
export type ToldCaller = {
  readonly agency: string | null;
  readonly ori: string | null;
  readonly roles: readonly string[];
  readonly purpose: string | null;
  /** The caller's own reference of its case. */
  readonly caseReference: string | null;
};

/** The client's request that a fetch is made for. */
export type Origin = {
  /** The gateway's own id of it. */
  readonly requestId: string;
  /** Null: nobody is known, since authentication is off. */
  readonly caller: ToldCaller | null;
};

/** Of whom nothing is known: two of them need not be one. */
export const unknownCaller = "authenticated=?0";

/**
 * The header's value; equal for equal identity, whatever the order of roles. Null where a value has characters that a
 * header cannot carry: who somebody is, is not told in part.
 */
export function callerHeader(caller: ToldCaller | null): string | null {
  if (caller === null) return unknownCaller;
  const { agency, ori, roles, purpose, caseReference } = caller;
  const values = [agency, ori, purpose, caseReference, ...roles];
  if (!values.every((value) => value === null || /^[\x20-\x7e]*$/.test(value))) return null;
  let text = "authenticated";
  if (agency !== null) text += `, agency=${quoted(agency)}`;
  if (ori !== null) text += `, ori=${quoted(ori)}`;
  if (roles.length > 0) text += `, roles=(${[...new Set(roles)].sort().map(quoted).join(" ")})`;
  if (purpose !== null) text += `, purpose=${quoted(purpose)}`;
  if (caseReference !== null) text += `, case=${quoted(caseReference)}`;
  return text;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
