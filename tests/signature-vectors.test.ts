/** docs/subgraph-signature.md's examples: right by RFC 9421's own words, as ours signs, as ours verifies, and in Python. */
import { execFileSync } from "node:child_process";
import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { callerHeader } from "../gateway/subgraph/caller.ts";
import { requestSigner } from "../gateway/subgraph/signature.ts";
import { readCaller } from "../subgraphs/kit/caller.ts";
import { signatureVerifier } from "../subgraphs/kit/verify.ts";
import { digestOf, type Message, macOf, signedText } from "./signed-by-hand.ts";

const page = readFileSync(new URL("../docs/subgraph-signature.md", import.meta.url), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, "gms"))].map(([, text]) => text ?? "");

const secret = Buffer.from(/`(\w{43})` in base64url/.exec(page)?.[1] ?? "", "base64url");
const key = createSecretKey(secret);

function read(block: string): Message {
  const [head = "", body = ""] = block.split("\n\n");
  const [first = "", ...lines] = head.split("\n");
  const [method = "", target = ""] = first.split(" ");
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(": ");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
  });
  return { method, target, headers: Object.fromEntries(headers), body };
}

const messages = blocks("http").map(read);
const bases = blocks("text");
const createdSeconds = 1792425600;
const caller = {
  agency: "ICE",
  ori: "TXICE0100",
  roles: ["supervisor", "officer", "officer"],
  purpose: "CUSTODY",
  caseReference: '27-"A"\\3',
};

test("the signing by hand gives the value that RFC 9421 prints in B.2.5", () => {
  const rfcKey = Buffer.from(
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
    "base64",
  );
  const headers = {
    host: "example.com",
    date: "Tue, 20 Apr 2021 02:07:55 GMT",
    "content-type": "application/json",
    "signature-input": 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
  };
  const mac = macOf(rfcKey, { method: "POST", target: "/foo?param=Value&Pet=dog", headers, body: "" });
  expect(mac).toBe("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
  expect(digestOf('{"hello": "world"}')).toBe("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
});

describe.each([0, 1])("example %i", (index) => {
  const message = messages[index] as Message;
  const { headers, body, target } = message;
  const subgraph = headers["crosswalk-subgraph"] ?? "";
  const [, nonce = "", keyId = ""] = /nonce="(.*?)";keyid="(.*?)"/.exec(headers["signature-input"] ?? "") ?? [];

  test("has the base, the digest and the signature that it says", () => {
    expect(messages).toHaveLength(2);
    expect(signedText(message)).toBe(bases[index]);
    expect(headers["content-digest"]).toBe(digestOf(body));
    expect(headers.signature).toBe(`crosswalk=:${macOf(secret, message)}:`);
  });

  test("is what the gateway sends", () => {
    const sign = requestSigner(
      () => ({ id: keyId, secret: key }),
      () => createdSeconds * 1000 + 999,
      () => nonce,
    );
    const { pathname: path, search } = new URL(target, "http://subgraph.test");
    const told = index === 0 ? undefined : (callerHeader(caller) ?? undefined);
    const requestId = headers["crosswalk-request-id"];
    const sent = sign({ subgraph, path, search, body, requestId, caller: told });
    const pairs = sent.flatMap((name, at) => (at % 2 === 0 ? [[name, sent[at + 1]]] : []));
    expect({ "content-type": "application/json", ...Object.fromEntries(pairs) }).toEqual(headers);
  });

  test("is what the kit takes, once", () => {
    let now = createdSeconds * 1000;
    const verify = signatureVerifier({
      subgraph,
      keys: [{ id: keyId, secret: key }],
      fetches: index === 0 ? "common" : "personal",
      now: () => now,
    });
    now += 59_000;
    const head = { method: "POST", url: target, headers };
    const signed = verify(head);
    if ("refused" in signed) throw new Error(signed.refused);
    expect(signed.accept(Buffer.from(body))).toBeNull();
    expect(signed.caller).toEqual(
      index === 0 ? null : { isAuthenticated: true, ...caller, roles: ["officer", "supervisor"] },
    );
    const again = verify(head);
    expect("refused" in again || again.accept(Buffer.from(body))).toBe("seen before");
  });

  const testWithPython = hasPython() ? test : test.skip;
  testWithPython("is what the page's own Python takes, once, and not changed (needs python3)", () => {
    const harness = `
import json, sys
given = json.load(sys.stdin)
def run(seen, **changed):
    message = {**given["message"], **changed}
    return verify(message["method"], message["target"], message["headers"], message["body"].encode(),
        subgraph=given["subgraph"], personal=given["personal"], keys={given["keyId"]: bytes(range(32))},
        seen=seen, began=${createdSeconds}, now=${createdSeconds} + 59)
seen = set()
other = {**given["message"]["headers"], "crosswalk-request-id": "other"}
print(json.dumps([run(seen), run(seen), run(set(), body="{}"), run(set(), target="/other"), run(set(), headers=other)]))`;
    const given = { message, subgraph, keyId, personal: index === 1 };
    const output = execFileSync("python3", ["-c", `${blocks("python")[0]}\n${harness}`], {
      input: JSON.stringify(given),
      encoding: "utf8",
      timeout: 20_000,
    });
    expect(JSON.parse(output)).toEqual([true, false, false, false, false]);
  });
});

function hasPython(): boolean {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

describe("what is said of a caller", () => {
  const nobody = { agency: null, ori: null, roles: [], purpose: null, caseReference: null };
  test("is read as it was written, whatever characters a header can carry", () => {
    const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => index + 32));
    const every = {
      agency: printable,
      ori: '"',
      roles: ["\\", '", roles=("x")', "a b"],
      purpose: "",
      caseReference: ", ",
    };
    expect(readCaller(callerHeader(every) ?? "")).toEqual({
      isAuthenticated: true,
      ...every,
      roles: [...every.roles].sort(),
    });
    expect(readCaller(callerHeader(nobody) ?? "")).toEqual({ isAuthenticated: true, ...nobody });
    expect(readCaller(callerHeader(null) ?? "")).toEqual({ isAuthenticated: false, ...nobody });
  });

  test.each(["é", "a\nb", "a\r\nx-user: b", "\u0000", "a\tb"])("is nothing at all where a value is %j", (value) => {
    expect(callerHeader({ ...nobody, agency: value })).toBeNull();
    expect(callerHeader({ ...nobody, roles: ["a", value] })).toBeNull();
  });

  test.each([
    "",
    "authenticated=?1",
    'authenticated=?0, agency="ICE"',
    'agency="ICE"',
    'authenticated, agency="ICE", agency="CBP"',
    'authenticated, purpose="A", agency="ICE"',
    'authenticated, agency="I"CE"',
    "authenticated, roles=()",
    'authenticated, agency="ICE", more="x"',
  ])("is refused as %j", (text) => expect(readCaller(text)).toBeNull());
});
