/** docs/change-feed.md's examples: as the kit seals, opened by hand from the page's words, and in Python. */
import { execFileSync } from "node:child_process";
import { createDecipheriv, createHmac, createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { type FeedMessage, sealer } from "../subgraphs/kit/envelope.ts";

const page = readFileSync(new URL("../docs/change-feed.md", import.meta.url), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, "gms"))].map(([, text]) => text ?? "");

type Envelope = { readonly subgraph: string; readonly key: string; readonly sealed: string };

const [firstMessage = "", , firstEnvelope = "", secondMessage = "", secondEnvelope = ""] = blocks("json");
const examples = [
  [0, firstMessage, firstEnvelope],
  [16, secondMessage, secondEnvelope],
] as const;
const secret = Buffer.from(/`(\w{43})` in base64url/.exec(page)?.[1] ?? "", "base64url");
const key = { id: "2026-10", secret: createSecretKey(secret) };
const nonceFrom = (first: number) => Uint8Array.from({ length: 12 }, (_, index) => first + index);

/** RFC 5869, by hand: one block is all that 32 bytes need. */
function derived(): Buffer {
  const prk = createHmac("sha256", Buffer.alloc(32)).update(secret).digest();
  return createHmac("sha256", prk).update("crosswalk change feed v1\x01").digest();
}

function opened({ subgraph, key: id, sealed }: Envelope): unknown {
  const bytes = Buffer.from(sealed, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", derived(), bytes.subarray(0, 12));
  decipher.setAAD(Buffer.from(`crosswalk-changes-v1\n${subgraph}\n${id}`)).setAuthTag(bytes.subarray(-16));
  return JSON.parse(`${decipher.update(bytes.subarray(12, -16), undefined, "utf8")}${decipher.final("utf8")}`);
}

describe.each(examples)("the example with the nonce from %i", (first, message, envelope) => {
  test("is what the kit seals", () => {
    const seal = sealer({ subgraph: "eoir", key, nonce: () => nonceFrom(first) });
    expect(seal(JSON.parse(message) as FeedMessage)).toBe(envelope);
  });

  test("opens by the page's own words, and not when anything in it is another's", () => {
    const sealed = JSON.parse(envelope) as Envelope;
    expect(opened(sealed)).toEqual(JSON.parse(message));
    const flipped = Buffer.from(sealed.sealed, "base64url");
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    for (const other of [{ subgraph: "ice" }, { key: "2026-11" }, { sealed: flipped.toString("base64url") }])
      expect(() => opened({ ...sealed, ...other })).toThrow();
  });

  const testWithPython = hasPython() ? test : test.skip;
  testWithPython("opens in the page's own Python, which seals as well (needs python3 and its cryptography)", () => {
    const harness = `
import sys
given = json.load(sys.stdin)
keys = {"2026-10": bytes(range(32))}
def run(**changed):
    try: return opened({**given["envelope"], **changed}, keys=keys)
    except Exception: return None
again = seal(given["message"], subgraph="eoir", key_id="2026-10", secret=bytes(range(32)), nonce=bytes(12))
print(json.dumps([run(), run(subgraph="ice"), again]))`;
    const output = execFileSync("python3", ["-c", `${blocks("python")[0]}\n${harness}`], {
      input: JSON.stringify({ envelope: JSON.parse(envelope), message: JSON.parse(message) }),
      encoding: "utf8",
      timeout: 20_000,
    });
    const [right, wrong, again] = JSON.parse(output) as [unknown, unknown, Envelope];
    expect(right).toEqual(JSON.parse(message));
    expect(wrong).toBeNull();
    expect(opened(again)).toEqual(JSON.parse(message));
  });
});

test("no two envelopes of one message are alike, and nothing of it can be read in them", () => {
  const seal = sealer({ subgraph: "eoir", key });
  const message = JSON.parse(firstMessage) as FeedMessage;
  const envelopes = Array.from({ length: 50 }, () => seal(message));
  expect(new Set(envelopes).size).toBe(50);
  for (const each of envelopes) expect(opened(JSON.parse(each) as Envelope)).toEqual(message);
  for (const each of envelopes) expect(each).not.toContain("012345678");
});

test("without a key the message is in the envelope as it is", () => {
  const seal = sealer({ subgraph: "eoir", key: null });
  expect(JSON.parse(seal(JSON.parse(firstMessage) as FeedMessage))).toEqual({
    subgraph: "eoir",
    message: JSON.parse(firstMessage),
  });
});

function hasPython(): boolean {
  try {
    execFileSync("python3", ["-c", "import cryptography"], { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
