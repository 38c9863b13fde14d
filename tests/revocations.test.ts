/** Sessions taken back: what is believed, whose it is, and for how long it holds. */
import { describe, expect, test } from "@jest/globals";
import type { TokenAbout } from "../gateway/authorization/authenticate.ts";
import type { IssuerKeys } from "../gateway/authorization/issuer-keys.ts";
import { type KeySet, readKeySet } from "../gateway/authorization/key-set.ts";
import { pushAnswer, revocations, type SetOutcome } from "../gateway/authorization/revocations.ts";
import { keyPair, rawToken } from "./issuers.ts";

const issuer = "https://issuer.test.example";
const other = "https://other.test.example";
const start = 1_800_000_000;
const own = keyPair("ES256");
const foreign = keyPair("ES256");
const caep = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const verification = "https://schemas.openid.net/secevent/ssf/event-type/verification";

const keysOf = async (jwk: object): Promise<IssuerKeys> => {
  const { keys } = await readKeySet(Buffer.from(JSON.stringify({ keys: [jwk] })));
  const current = (): KeySet => keys;
  return {
    current,
    async find(kid) {
      const key = keys.get(kid);
      return key ? { key, keySet: keys } : "unknown";
    },
  };
};

async function open(more: { maxEntries?: number; heardEverySeconds?: ReadonlyMap<string, number> } = {}) {
  /** `aheadSeconds`: of the machine's clock, which may be set; time goes on all the same. */
  const clock = { seconds: start, aheadSeconds: 0 };
  const passed: string[] = [];
  const outcomes: SetOutcome[] = [];
  const silences: [string, boolean][] = [];
  const revoked = revocations({
    keys: new Map([
      [issuer, await keysOf(own.jwk)],
      [other, await keysOf(foreign.jwk)],
    ]),
    audience: "crosswalk",
    pass: (set) => void passed.push(set),
    onOutcome: (outcome) => void outcomes.push(outcome),
    onSilence: (who, isSilent) => void silences.push([who, isSilent]),
    now: () => (clock.seconds + clock.aheadSeconds) * 1000,
    elapsed: () => (clock.seconds - start) * 1000,
    ...more,
  });
  return { clock, passed, outcomes, silences, revoked };
}

let jtis = 0;
const header = { alg: "ES256", typ: "secevent+jwt", kid: "k1" };
const claims = (more: object = {}) => ({
  iss: issuer,
  aud: "crosswalk",
  iat: start,
  jti: `j${++jtis}`,
  sub_id: { format: "iss_sub", iss: issuer, sub: "officer-1" },
  events: { [caep]: { event_timestamp: start } },
  ...more,
});
const set = (more: object = {}, head: object = {}, key = own) => rawToken({ ...header, ...head }, claims(more), key);
const token = (more: Partial<TokenAbout> = {}): TokenAbout => ({
  issuer,
  subject: "officer-1",
  id: "t1",
  session: "s1",
  issuedAt: start - 60,
  ...more,
});

describe("a session that its issuer takes back", () => {
  test.each([
    ["by whose it is", {}, [token(), token({ id: null, session: null })], [token({ subject: "officer-2" })]],
    [
      "by the token",
      { sub_id: { format: "jwt_id", iss: issuer, jti: "t1" } },
      [token(), token({ issuedAt: start + 60 })],
      [token({ id: "t2" }), token({ id: null }), token({ issuer: other })],
    ],
    [
      "by the session",
      { sub_id: { format: "opaque", id: "s1" } },
      [token(), token({ subject: "officer-2" })],
      [token({ session: "s2" }), token({ session: null }), token({ issuer: other })],
    ],
    [
      "by a subject of several parts: its session",
      {
        sub_id: {
          format: "complex",
          user: { format: "iss_sub", iss: issuer, sub: "officer-1" },
          session: { format: "opaque", id: "s1" },
        },
      },
      [token()],
      [token({ session: "s2" })],
    ],
  ] as const)("is over: %s", async (_, more, over, standing) => {
    const { revoked, passed } = await open();
    for (const each of over) expect(revoked.isRevoked(each)).toBe(false);
    const given = set(more);
    expect(await revoked.receive(given, "push")).toBe("revoked");
    expect(over.map(revoked.isRevoked)).toEqual(over.map(() => true));
    expect(standing.map(revoked.isRevoked)).toEqual(standing.map(() => false));
    expect(passed).toEqual([given]);
  });

  test("is over for tokens made before, and not for those who signed in since", async () => {
    const { revoked } = await open();
    await revoked.receive(set(), "push");
    expect(revoked.isRevoked(token({ issuedAt: start }))).toBe(true);
    expect(revoked.isRevoked(token({ issuedAt: start + 1 }))).toBe(false);
  });

  test("stays so for as long as any token of its time could hold", async () => {
    const { revoked, clock } = await open();
    await revoked.receive(set(), "push");
    clock.seconds += 24 * 3600;
    await revoked.receive(set({ iat: clock.seconds, sub_id: { format: "opaque", id: "s9" } }), "push");
    expect(revoked.isRevoked(token())).toBe(true);
  });

  test("is told at once", async () => {
    const { revoked } = await open();
    const told: boolean[] = [];
    const leave = revoked.onRevoked(() => void told.push(revoked.isRevoked(token())));
    await revoked.receive(set(), "push");
    leave();
    await revoked.receive(set(), "push");
    expect(told).toEqual([true]);
  });
});

describe("T42: an announcement that is not to be believed", () => {
  test.each([
    ["no token", () => "x.y.z", "malformed"],
    ["an access token", () => set({}, { typ: "at+jwt" }), "malformed"],
    ["a key of its own", () => set({}, { jwk: own.jwk }), "malformed"],
    ["nobody's issuer", () => set({ iss: "https://nobody.example" }), "issuer"],
    ["another issuer's key", () => set({}, {}, foreign), "signature"],
    ["an unknown key", () => set({}, { kid: "k2" }), "key"],
    ["another algorithm", () => set({}, { alg: "RS256" }), "algorithm"],
    ["for another audience", () => set({ aud: "elsewhere" }), "audience"],
    ["an old one, held back", () => set({ iat: start - 301 }), "stale"],
    ["one of tomorrow", () => set({ iat: start + 31 }), "early"],
    ["an event of tomorrow", () => set({ events: { [caep]: { event_timestamp: start + 31 } } }), "early"],
    ["no jti", () => set({ jti: undefined }), "malformed"],
    ["another event", () => set({ events: { "https://schemas.example/other": {} } }), "event"],
    ["two events", () => set({ events: { [caep]: {}, [verification]: {} } }), "event"],
    ["another issuer's subject", () => set({ sub_id: { format: "iss_sub", iss: other, sub: "officer-1" } }), "subject"],
    ["no subject", () => set({ sub_id: undefined }), "subject"],
  ])("%s", async (_, given, refused) => {
    const { revoked, passed } = await open();
    const outcome = await revoked.receive(given(), "push");
    expect(outcome).toEqual({ refused });
    expect(revoked.isRevoked(token())).toBe(false);
    expect(passed).toEqual([]);
    expect(pushAnswer(outcome).status).toBe(400);
  });

  test("twice: the second is refused, the first stands; passed on by others it is known", async () => {
    const { revoked, outcomes } = await open();
    const given = set();
    await revoked.receive(given, "push");
    await revoked.receive(given, "push");
    await revoked.receive(given, "stream");
    expect(outcomes).toEqual(["revoked", { refused: "replayed" }, "known"]);
    expect(revoked.isRevoked(token())).toBe(true);
  });

  test("changed by one character is refused", async () => {
    const { revoked } = await open();
    const given = set();
    const [head = "", body = "", signature = ""] = given.split(".");
    const flipped = `${head}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    expect(await revoked.receive(flipped, "push")).toEqual({ refused: "signature" });
  });

  test("a gateway that starts later learns from others what was pushed hours ago", async () => {
    const { revoked, clock, passed } = await open();
    const given = set();
    clock.seconds += 20 * 3600;
    expect(await revoked.receive(given, "push")).toEqual({ refused: "stale" });
    expect(await revoked.receive(given, "stream")).toBe("revoked");
    expect(revoked.isRevoked(token())).toBe(true);
    // It came from there.
    expect(passed).toEqual([]);
  });

  test("a test of the way is taken once, handed on, and takes nothing back", async () => {
    const { revoked, passed, outcomes } = await open();
    const given = set({ events: { [verification]: { state: "x" } } });
    for (const from of ["push", "push", "stream"] as const) await revoked.receive(given, from);
    expect(outcomes).toEqual(["verified", { refused: "replayed" }, "known"]);
    expect(passed).toEqual([given]);
    expect(revoked.isRevoked(token())).toBe(false);
  });

  test("more than can be remembered: none is forgotten, the oldest become an hour before which nobody's holds", async () => {
    const { revoked } = await open({ maxEntries: 3 });
    for (const sub of ["a", "b", "c", "d"])
      await revoked.receive(set({ sub_id: { format: "iss_sub", iss: issuer, sub } }), "stream");
    for (const subject of ["a", "b", "c", "d"]) expect(revoked.isRevoked(token({ subject }))).toBe(true);
    expect(revoked.isRevoked(token({ subject: "e", issuedAt: start + 1 }))).toBe(false);
  });
});

describe("T42: an issuer that promises to be heard every minute", () => {
  const promised = { heardEverySeconds: new Map([[issuer, 60]]) };
  const old = token({ issuedAt: start - 3600 });
  const verified = (iat: number) => set({ iat, events: { [verification]: {} } });

  test("and is: its tokens hold as long as they say", async () => {
    const { revoked, clock, silences } = await open(promised);
    for (let minute = 1; minute <= 5; minute += 1) {
      clock.seconds = start + 60 * minute;
      await revoked.receive(verified(clock.seconds), "push");
      expect(revoked.isOutlived(old)).toBe(false);
    }
    expect(silences).toEqual([]);
  });

  test("and is silent for twice as long: only tokens of the last five minutes hold, until it is heard again", async () => {
    const { revoked, clock, silences } = await open(promised);
    // Twice, and what clocks may differ by.
    clock.seconds += 150;
    revoked.tick();
    expect([revoked.isOutlived(old), silences]).toEqual([false, []]);
    clock.seconds += 1;
    revoked.tick();
    expect(silences).toEqual([[issuer, true]]);
    const made = (secondsAgo: number) => token({ issuedAt: clock.seconds - secondsAgo });
    expect([old, made(301), made(300), made(0)].map(revoked.isOutlived)).toEqual([true, true, false, false]);
    expect(revoked.isOutlived(token({ issuer: other, issuedAt: start - 3600 }))).toBe(false);
    await revoked.receive(verified(clock.seconds), "stream");
    expect(revoked.isOutlived(old)).toBe(false);
    expect(silences).toEqual([
      [issuer, true],
      [issuer, false],
    ]);
  });

  test.each([
    ["what it said long ago", (now: number) => verified(now - 170)],
    ["another issuer's", () => set({ iss: other, events: { [verification]: {} } }, {}, foreign)],
    ["a forged one", (now: number) => set({ iat: now, events: { [verification]: {} } }, {}, foreign)],
  ])("is not heard by %s", async (_, given) => {
    const { revoked, clock } = await open(promised);
    clock.seconds += 200;
    await revoked.receive(given(clock.seconds), "push");
    expect(revoked.isOutlived(old)).toBe(true);
  });

  test("is not believed for longer because this machine's clock was set back", async () => {
    const { revoked, clock } = await open(promised);
    clock.aheadSeconds = -3600;
    clock.seconds += 200;
    expect(revoked.isOutlived(token({ issuedAt: start - 2 * 3600 }))).toBe(true);
  });

  test("is heard by whatever it takes back as well", async () => {
    const { revoked, clock } = await open(promised);
    clock.seconds += 200;
    await revoked.receive(set({ iat: clock.seconds, sub_id: { format: "opaque", id: "s9" } }), "push");
    expect(revoked.isOutlived(old)).toBe(false);
  });
});
