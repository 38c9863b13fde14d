import { describe, expect, test } from "@jest/globals";
import { refuse } from "../errors.ts";
import { type BreakGlassSettings, breakGlass, type GlassEvent } from "./break-glass.ts";

const minuteMs = 60_000;
const start = Date.UTC(2026, 9, 19, 14);
const request = { purpose: "BREAK_GLASS", reason: "child at risk, duty judge asks" };
const asked = { purpose: "BREAK_GLASS", caseReference: "26-1" } as const;

/** A glass whose clocks stand where the test puts them. */
function glass(settings: Partial<BreakGlassSettings> = {}) {
  const clock = { now: start, elapsed: 5000 };
  const events: GlassEvent[] = [];
  const enter = breakGlass({
    windowMs: 30 * minuteMs,
    acrValues: ["phr", "phrh"],
    onUse: (event) => void events.push(event),
    now: () => clock.now,
    elapsed: () => clock.elapsed,
    ...settings,
  });
  const signedIn = (
    minutesAgo: number | null,
    more: { subject?: string; issuer?: string; acr?: string | null } = {},
  ) => {
    const { subject = "supervisor-1", issuer = "https://issuer.test.example", acr = "phr" } = more;
    const authenticatedAt = minutesAgo === null ? null : Math.floor((clock.now - minutesAgo * minuteMs) / 1000);
    return { subject, agency: "USCIS", assurance: { issuer, authenticatedAt, acr } };
  };
  return {
    events,
    signedIn,
    pass(minutes: number) {
      clock.now += minutes * minuteMs;
      clock.elapsed += minutes * minuteMs;
    },
    setDate(ms: number) {
      clock.now += ms;
    },
    /** `asked` when let in, else the error's code. */
    enter(caller: ReturnType<typeof signedIn>, reason: string | undefined = request.reason) {
      const outcome = enter(asked, { ...request, reason }, caller);
      return "refused" in outcome ? outcome.refused[0]?.extensions.code : outcome;
    },
    raw: enter,
  };
}

const insufficient = "REAUTHENTICATION_REQUIRED";

describe("breaking the glass", () => {
  test("is open for half an hour from the first use, and then needs an authentication that came since", () => {
    const { enter, signedIn, pass, events } = glass();
    const caller = signedIn(14);
    expect(enter(caller)).toBe(asked);
    pass(29);
    expect(enter(caller)).toBe(asked);
    pass(1);
    expect(enter(caller)).toBe(insufficient);
    expect(enter(signedIn(1))).toBe(asked);
    expect(events.map(({ outcome }) => outcome)).toEqual(["opened", "used", insufficient, "opened"]);
  });

  test("a short window is not opened again by the sign-in that opened it, however recent", () => {
    const { enter, signedIn, pass } = glass({ windowMs: minuteMs });
    const caller = signedIn(1);
    expect(enter(caller)).toBe(asked);
    pass(2);
    expect(enter(caller)).toBe(insufficient);
    // Signed in before the last window was opened, with another token.
    expect(enter(signedIn(2.5))).toBe(insufficient);
    expect(enter(signedIn(1))).toBe(asked);
  });

  test.each<[string, number | null, string | null, boolean]>([
    ["15 minutes ago", 15, "phr", true],
    ["16 minutes ago", 16, "phr", false],
    ["at a time unknown", null, "phr", false],
    ["just now, with hardware", 0, "phrh", true],
    ["just now, with a password", 0, "pwd", false],
    ["just now, nobody says how", 0, null, false],
  ])("whoever signed in %s (%s, %s)", (_, minutesAgo, acr, isLetIn) => {
    const { enter, signedIn } = glass();
    expect(enter(signedIn(minutesAgo, { acr }))).toEqual(isLetIn ? asked : insufficient);
  });

  test("a token of weaker sign-in does not enter a window that is open", () => {
    const { enter, signedIn } = glass();
    expect(enter(signedIn(1))).toBe(asked);
    expect(enter(signedIn(1, { acr: "pwd" }))).toBe(insufficient);
  });

  test("a window is one caller's: subjects of two issuers are two, however they are named", () => {
    const { enter, signedIn } = glass();
    expect(enter(signedIn(1))).toBe(asked);
    expect(enter(signedIn(20))).toBe(asked);
    expect(enter(signedIn(20, { subject: "supervisor-2" }))).toBe(insufficient);
    expect(enter(signedIn(20, { issuer: "https://other.test.example" }))).toBe(insufficient);
  });

  test("a window is not held open by a date that is set back", () => {
    const { enter, signedIn, pass, setDate } = glass();
    const caller = signedIn(1);
    expect(enter(caller)).toBe(asked);
    pass(31);
    setDate(-31 * minuteMs);
    expect(enter(caller)).toBe(insufficient);
  });

  test.each<[string | undefined, string]>([
    [undefined, "REASON_REQUIRED"],
    ["", "REASON_REQUIRED"],
    ["urgent", "REASON_INVALID"],
    [" urgent    ", "REASON_INVALID"],
    ["niño en peligro", "REASON_INVALID"],
    ["x".repeat(201), "REASON_INVALID"],
    ["ten chars.\n", "REASON_INVALID"],
  ])("the reason %j is refused, and opens nothing", (reason, code) => {
    const { raw, signedIn, enter } = glass();
    const outcome = raw(asked, { purpose: "BREAK_GLASS", reason }, signedIn(1));
    expect(outcome).toEqual(refuse(code as "REASON_INVALID"));
    expect(enter(signedIn(20))).toBe(insufficient);
  });

  test("says what to ask the issuer for (RFC 9470)", () => {
    const { raw, signedIn } = glass();
    expect(raw(asked, request, signedIn(60))).toMatchObject({
      headers: {
        "www-authenticate":
          'Bearer realm="crosswalk", error="insufficient_user_authentication", acr_values="phr phrh", max_age="900"',
      },
    });
  });

  test("every request is told, let in or not, with its case and never with its reason", () => {
    const { raw, signedIn, events } = glass();
    raw(asked, request, signedIn(1));
    raw(asked, { ...request, reason: undefined }, signedIn(1));
    raw(refuse("PURPOSE_NOT_PERMITTED"), request, signedIn(1));
    const told = { agency: "USCIS", caseReference: "26-1", hasReason: true };
    expect(events).toEqual([
      { ...told, outcome: "opened" },
      { ...told, outcome: "REASON_REQUIRED", hasReason: false },
      { ...told, outcome: "PURPOSE_NOT_PERMITTED", caseReference: null },
    ]);
  });

  test("another purpose is let through and told to nobody; a refusal stays one", () => {
    const { raw, signedIn, events } = glass();
    const other = { purpose: "CUSTODY", caseReference: null } as const;
    expect(raw(other, { purpose: "CUSTODY", reason: undefined }, signedIn(null))).toBe(other);
    const refusal = refuse("PURPOSE_UNKNOWN");
    expect(raw(refusal, { purpose: "X", reason: undefined }, signedIn(null))).toBe(refusal);
    expect(events).toEqual([]);
  });

  test("the ten thousand and first open window is refused; once others are over it is not", () => {
    const { enter, signedIn, pass } = glass();
    for (let each = 0; each < 10_000; each += 1) enter(signedIn(1, { subject: `s${each}` }));
    expect(enter(signedIn(1, { subject: "one more" }))).toBe("OVERLOADED");
    pass(30);
    expect(enter(signedIn(1, { subject: "one more" }))).toBe(asked);
  });
});
