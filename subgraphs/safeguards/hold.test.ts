import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { defaultCalendar } from "./calendar.ts";
import { readFacts } from "./facts.ts";
import { type HoldSettings, holdOf } from "./hold.ts";

const asOf = "2026-10-19T14:00:00Z";
const hourMs = 3_600_000;
const settings: HoldSettings = { calendar: defaultCalendar(), staleAfterMs: hourMs, nowMs: () => null };

const active = {
  status: "ACTIVE",
  preparedAt: "2026-10-12T06:00:00Z",
  servedAt: "2026-10-12T14:30:00Z",
  liftedAt: null,
  basis: ["PENDING_PROCEEDINGS", "BIOMETRIC_MATCH"],
  warrantForm: "I200",
  facilityCode: "SANDCTX",
  isWhole: true,
};
const lifted = { ...active, status: "LIFTED", liftedAt: "2026-10-14T09:00:00Z" };
const identity = { isAnswered: true, isComplete: true, minor: false, asOf };
const protection = { protected1367: false, asOf };
const held = { identity, detainerFacts: { detainers: [active], unreadable: 0, asOf }, protection, releaseAt: null };
const free = { ...held, detainerFacts: { detainers: [] as unknown[], unreadable: 0, asOf } };
const withRows = (...detainers: unknown[]) => ({ ...held, detainerFacts: { detainers, unreadable: 0, asOf } });

const hold = (representation: unknown, more: Partial<HoldSettings> = {}) =>
  holdOf(readFacts(representation), { ...settings, ...more });

const nothingTold = {
  warrantForm: null,
  basis: null,
  servedAt: null,
  expiresAt: null,
  expiresAtExcludingNonBusinessDays: null,
  expiryCountedFrom: null,
  requestedNotifyBy: null,
};

describe("a hold", () => {
  test("is told with its form, its ground and its two ends", () => {
    expect(hold(held)).toEqual({
      state: "HOLD",
      warrantForm: "I200",
      basis: ["PENDING_PROCEEDINGS", "BIOMETRIC_MATCH"],
      servedAt: "2026-10-12T14:30:00Z",
      expiresAt: "2026-10-14T14:30:00Z",
      expiresAtExcludingNonBusinessDays: "2026-10-15T05:00:00Z",
      expiryCountedFrom: "SERVICE",
      requestedNotifyBy: null,
      asOf,
    });
  });

  test("that was served on a day without a time is counted from that day's first instant", () => {
    const { servedAt, expiresAt } = hold(withRows({ ...active, servedAt: "2026-10-13" }));
    expect([servedAt, expiresAt]).toEqual(["2026-10-13", "2026-10-15T00:00:00Z"]);
  });

  test("that was not served holds nobody yet: no end, though a release be named", () => {
    expect(hold({ ...withRows({ ...active, servedAt: null }), releaseAt: "2026-10-23T23:00:00Z" })).toMatchObject({
      state: "HOLD",
      expiresAt: null,
      expiresAtExcludingNonBusinessDays: null,
      expiryCountedFrom: null,
      requestedNotifyBy: "2026-10-21T23:00:00Z",
    });
  });

  test("that stands there twice, saying the same, is one: the one served last counts", () => {
    const again = { ...active, servedAt: "2026-10-15T10:00:00Z", basis: [...active.basis].reverse() };
    expect(hold(withRows(active, again, lifted))).toMatchObject({ state: "HOLD", servedAt: again.servedAt });
  });

  test("is found though another identifier of the person cannot be read", () => {
    expect(hold({ ...held, identity: { ...identity, isComplete: false } }).state).toBe("HOLD");
  });
});

describe("REFER, and nothing beside it, stands for", () => {
  test.each<[string, unknown]>([
    ["a row that cannot be read", { ...held, detainerFacts: { ...held.detainerFacts, unreadable: 1 } }],
    ["something withheld", withRows({ ...active, isWhole: false })],
    ["a ground that is withheld", withRows({ ...active, basis: null, isWhole: false })],
    ["no ground at all", withRows({ ...active, basis: [] })],
    ["no warrant", withRows({ ...active, warrantForm: null })],
    ["no date of preparation", withRows({ ...active, preparedAt: null })],
    ["service before preparation", withRows({ ...active, servedAt: "2026-10-11" })],
    ["service in time to come", withRows({ ...active, servedAt: "2026-10-20" })],
    ["preparation in time to come", withRows({ ...active, preparedAt: "2026-10-20", servedAt: null })],
    ["two that disagree on the ground", withRows(active, { ...active, basis: ["FINAL_ORDER"] })],
    ["two that disagree on the warrant", withRows(active, { ...active, warrantForm: "I205" })],
    ["a lift before preparation", withRows({ ...lifted, liftedAt: "2026-10-11" })],
    ["a lift of today, without a time", withRows({ ...lifted, liftedAt: "2026-10-19" })],
    ["a lift of an hour to come", withRows({ ...lifted, liftedAt: "2026-10-19T15:00:00Z" })],
  ])("%s", (_, representation) => {
    expect(hold(representation)).toEqual({ ...nothingTold, state: "REFER", asOf });
  });
});

describe("NONE_FOUND stands for", () => {
  test.each<[string, unknown]>([
    ["no detainer", free],
    ["one that was lifted", withRows(lifted)],
    ["one lifted this very moment", withRows({ ...lifted, liftedAt: asOf })],
    ["one lifted for a reason, on no known day", withRows({ ...lifted, liftedAt: null })],
    ["one whose lift is withheld, being lifted all the same", withRows({ ...lifted, liftedAt: null, isWhole: false })],
  ])("%s", (_, representation) => {
    expect(hold(representation)).toEqual({ ...nothingTold, state: "NONE_FOUND", asOf });
  });
});

describe("UNKNOWN stands for", () => {
  const { identity: _identity, ...noIdentity } = held;
  const { protection: _protection, ...noProtection } = held;
  test.each<[string, unknown]>([
    ["nobody having said whose identifier it is", { ...noIdentity, __unanswered: ["identity"] }],
    ["IDENT not having answered", { ...held, identity: { ...identity, isAnswered: false, asOf: null } }],
    ["ELIS not having answered", { ...noProtection, __unanswered: ["protection"] }],
    ["a case of the person that cannot be read", { ...held, protection: { ...protection, protected1367: null } }],
    ["an age that cannot be told", { ...held, identity: { ...identity, minor: null } }],
    ["no detainer under the identifiers that can be read", { ...free, identity: { ...identity, isComplete: false } }],
    ["an answer not in its form", { ...held, protection: { protected1367: "no", asOf } }],
    ["an answer of no known instant", { ...held, protection: { ...protection, asOf: "yesterday" } }],
    ["IDENT being stale", { ...held, identity: { ...identity, asOf: "2026-10-19T12:59:59Z" } }],
    ["ELIS being stale", { ...held, protection: { ...protection, asOf: "2026-10-19T12:59:59Z" } }],
  ])("%s", (_, representation) => {
    expect(hold(representation)).toEqual({ ...nothingTold, state: "UNKNOWN", asOf });
  });

  test("EID not having answered: then of no instant", () => {
    const { detainerFacts: _, ...rest } = held;
    expect(hold({ ...rest, __unanswered: ["detainerFacts"] })).toEqual({
      ...nothingTold,
      state: "UNKNOWN",
      asOf: null,
    });
    expect(hold({ ...held, detainerFacts: { detainers: [{}], unreadable: 0, asOf } }).state).toBe("UNKNOWN");
  });

  test("EID being stale, beside the others or by this machine's clock", () => {
    const stale = { ...held, detainerFacts: { ...held.detainerFacts, asOf: "2026-10-19T12:59:59Z" } };
    expect(hold(stale)).toMatchObject({ state: "UNKNOWN", asOf: "2026-10-19T12:59:59Z" });
    expect(hold(stale, { staleAfterMs: 2 * hourMs }).state).toBe("HOLD");
    expect(hold(held, { nowMs: () => Date.parse(asOf) + hourMs }).state).toBe("HOLD");
    expect(hold(held, { nowMs: () => Date.parse(asOf) + hourMs + 1 }).state).toBe("UNKNOWN");
  });

  test("anything that is no representation at all", () => {
    fc.assert(fc.property(fc.anything(), (value) => expect(hold(value)).toMatchObject({ state: "UNKNOWN" })));
  });
});

describe("a person who is hidden from police", () => {
  const day = fc
    .integer({ min: 0, max: 40 })
    .map((days) => new Date(Date.UTC(2026, 8, 20) + days * 24 * hourMs).toISOString().slice(0, 10));
  const row = fc.record({
    status: fc.constantFrom("ACTIVE", "LIFTED"),
    preparedAt: fc.option(day),
    servedAt: fc.option(day),
    liftedAt: fc.option(day),
    basis: fc.option(fc.subarray(["FINAL_ORDER", "PENDING_PROCEEDINGS"])),
    warrantForm: fc.option(fc.constantFrom("I200", "I205")),
    facilityCode: fc.constant(null),
    isWhole: fc.boolean(),
  });
  const hiding = fc.constantFrom(
    { identity: { ...identity, minor: true } },
    { protection: { ...protection, protected1367: true } },
    { identity: { ...identity, minor: null }, protection: { ...protection, protected1367: true } },
    { identity: { ...identity, minor: true, isComplete: false }, protection: { ...protection, protected1367: null } },
  );

  test("reads as nobody, whatever ICE has on record", () => {
    fc.assert(
      fc.property(hiding, fc.array(row, { maxLength: 4 }), fc.nat(2), (facts, detainers, unreadable) => {
        const hidden = { ...held, ...facts, detainerFacts: { detainers, unreadable, asOf } };
        expect(hold(hidden)).toEqual(hold(free));
      }),
    );
  });

  test("reads as nobody while a source does not answer: UNKNOWN", () => {
    fc.assert(
      fc.property(hiding, fc.constantFrom("identity", "detainerFacts", "protection"), (facts, part) => {
        expect(hold({ ...held, ...facts, [part]: undefined })).toEqual(hold({ ...free, [part]: undefined }));
      }),
    );
  });
});
