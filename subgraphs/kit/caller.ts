/** Who asks, as the gateway tells a personal subgraph: the header Crosswalk-Caller, a dictionary of RFC 9651. */

export type AssertedCaller = {
  /** False: the gateway knows nobody, and the rest is empty. */
  readonly isAuthenticated: boolean;
  readonly agency: string | null;
  readonly ori: string | null;
  readonly roles: readonly string[];
  readonly purpose: string | null;
  /** The caller's own reference of its case. */
  readonly caseReference: string | null;
};

const text = String.raw`"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"`;
const form = new RegExp(
  `^authenticated(?:(?<nobody>=\\?0)|${[
    `(?:, agency=(?<agency>${text}))?`,
    `(?:, ori=(?<ori>${text}))?`,
    `(?:, roles=\\((?<roles>${text}(?: ${text})*)\\))?`,
    `(?:, purpose=(?<purpose>${text}))?`,
    `(?:, case=(?<case>${text}))?`,
  ].join("")})$`,
);
const eachText = new RegExp(text, "g");

/** Null when it is not in the form that the gateway writes. */
export function readCaller(header: string): AssertedCaller | null {
  const found = form.exec(header)?.groups;
  if (found === undefined) return null;
  return {
    isAuthenticated: found.nobody === undefined,
    agency: unquoted(found.agency),
    ori: unquoted(found.ori),
    roles: (found.roles?.match(eachText) ?? []).map((each) => unquoted(each) ?? ""),
    purpose: unquoted(found.purpose),
    caseReference: unquoted(found.case),
  };
}

function unquoted(quoted: string | undefined): string | null {
  return quoted === undefined ? null : quoted.slice(1, -1).replace(/\\(["\\])/g, "$1");
}
