import { createCipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import type { FeedMessage } from "./message.ts";
import { type Received, receiver } from "./receive.ts";

const secret = createSecretKey(randomBytes(32));
const old = createSecretKey(randomBytes(32));
const foreign = createSecretKey(randomBytes(32));

const message: FeedMessage = {
  source: "CASE",
  epoch: "e1",
  seq: 1,
  changes: [{ about: [["ANumber", "000000001"]], alert: { kind: "MOTION_FILED", at: "2026-10-19" } }],
  heartbeat: { clock: "gateway", since: 400, asOf: "2026-10-19T14:00:00Z" },
};

function seal(text: string, by: KeyObject, subgraph = "eoir", key = "k1"): string {
  const nonce = randomBytes(12);
  const derived = new Uint8Array(hkdfSync("sha256", by, "", "crosswalk change feed v1", 32));
  const cipher = createCipheriv("aes-256-gcm", derived, nonce);
  cipher.setAAD(Buffer.from(`crosswalk-changes-v1\n${subgraph}\n${key}`));
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

const sealed = (value: unknown, by = secret) => ({
  subgraph: "eoir",
  key: "k1",
  sealed: seal(JSON.stringify(value), by),
});

function opened() {
  const received: [FeedMessage, number | null][] = [];
  const refused: unknown[] = [];
  const receive = receiver({
    feeds: {
      receive: (given, ageMs) => {
        received.push([given, ageMs]);
        return given.epoch === "gone" ? "retired" : "applied";
      },
    },
    keysOf: (subgraph) =>
      subgraph === "eoir"
        ? [
            { id: "k1", secret },
            { id: "k0", secret: old },
          ]
        : undefined,
    systemsOf: (subgraph) => ({ eoir: ["CASE"], open: ["OPEN"] })[subgraph] ?? [],
    onRefused: (each) => refused.push(each),
  });
  return { received, refused, receive };
}

const clock = { id: "gateway", now: 1000 };

test("what is sealed by the source's own subgraph is taken, with the age of its heartbeat", () => {
  const { receive, received, refused } = opened();
  expect(receive(sealed(message), clock)).toBe("applied");
  expect(
    receive({ subgraph: "eoir", key: "k0", sealed: seal(JSON.stringify(message), old, "eoir", "k0") }, clock),
  ).toBe("applied");
  expect(received).toEqual([
    [message, 600],
    [message, 600],
  ]);
  expect(refused).toEqual([]);
});

const beat = message.heartbeat;
test.each([
  ["of another clock", { clock: "other", since: 400 }],
  ["from the future of this one", { since: 1001 }],
])("a heartbeat %s has no age", (_what, more) => {
  const { receive, received } = opened();
  receive(sealed({ ...message, heartbeat: { ...beat, ...more } }), clock);
  expect(received[0]?.[1]).toBeNull();
});

test("a subgraph without a key seals nothing", () => {
  const { receive, received } = opened();
  expect(receive({ subgraph: "open", message: { ...message, source: "OPEN" } }, clock)).toBe("applied");
  expect(received.length).toBe(1);
});

const withFirstByteChanged = (text: string) => {
  const bytes = Buffer.from(text, "base64url");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString("base64url");
};
const bad = (part: object) => sealed({ ...message, ...part });
test.each<[string, unknown, Received]>([
  ["nothing", null, "malformed"],
  ["a text", "x", "malformed"],
  ["no subgraph", { sealed: "x" }, "malformed"],
  ["a subgraph that has no system", { ...sealed(message), subgraph: "safeguards" }, "malformed"],
  ["a name that every object has", { ...sealed(message), subgraph: "constructor" }, "malformed"],
  ["what is not sealed, where there is a key", { subgraph: "eoir", message }, "unsealed"],
  ["an unknown key", { ...sealed(message), key: "k9" }, "forged"],
  ["another's key", sealed(message, foreign), "forged"],
  ["one key's seal under another's name", { ...sealed(message), key: "k0" }, "forged"],
  ["too few bytes", { ...sealed(message), sealed: "AAAA" }, "forged"],
  [
    "a changed byte",
    { ...sealed(message), sealed: withFirstByteChanged(seal(JSON.stringify(message), secret)) },
    "forged",
  ],
  ["sealed nonsense", { subgraph: "eoir", key: "k1", sealed: seal("{", secret) }, "malformed"],
  ["another's source", bad({ source: "EID" }), "foreign-source"],
  ["an epoch that is over", bad({ epoch: "gone" }), "retired-epoch"],
  ["no epoch", bad({ epoch: "" }), "malformed"],
  ["a part of a count", bad({ seq: 1.5 }), "malformed"],
  ["a count below nothing", bad({ seq: -1 }), "malformed"],
  ["changes before the first", bad({ seq: 0 }), "malformed"],
  ["no list of changes", bad({ changes: {} }), "malformed"],
  ["a change about nobody", bad({ changes: [{ about: [] }] }), "malformed"],
  ["a change about half", bad({ changes: [{ about: [["ANumber"]] }] }), "malformed"],
  ["a change of a number", bad({ changes: [{ about: [["ANumber", 1]] }] }), "malformed"],
  [
    "an alert at no time",
    bad({ changes: [{ about: [["ANumber", "1"]], alert: { kind: "X", at: "soon" } }] }),
    "malformed",
  ],
  ["too many changes", bad({ changes: Array(1001).fill({ all: true }) }), "malformed"],
  ["a heartbeat without a time", bad({ heartbeat: { clock: "gateway", asOf: "2026-10-19" } }), "malformed"],
  ["a heartbeat before all time", bad({ heartbeat: { ...beat, since: -1 } }), "malformed"],
])("%s is refused, and told", (_what, envelope, reason) => {
  const { receive, received, refused } = opened();
  expect(receive(envelope, clock)).toBe(reason);
  expect(received.length).toBe(reason === "retired-epoch" ? 1 : 0);
  expect(refused).toEqual([expect.objectContaining({ reason })]);
});
