import { describe, expect, test } from "@jest/globals";
import { guardedLookup, urlRefusal } from "./addresses.ts";

describe("T91: where no subgraph is asked", () => {
  test.each([
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.0.1",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[febf::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "https://user:password@agency.example/graphql",
    "file:///etc/passwd",
    "gopher://agency.example/",
    "ftp://agency.example/",
    "data:application/json,{}",
    "javascript:1",
    "agency.example/graphql",
    "",
  ])("%s", (url) => expect(urlRefusal(url)).not.toBeNull());

  test.each([
    "http://127.0.0.1:4101/graphql",
    "http://[::1]:4101/",
    "http://10.0.0.7/",
    "https://agency.example/graphql",
  ])("but at %s one is", (url) => expect(urlRefusal(url)).toBeNull());
});

describe("T91: a name that resolves", () => {
  type Found = { readonly error: Error | null; readonly address: unknown };
  const look = (addresses: readonly string[], all: boolean) =>
    new Promise<Found>((resolve) => {
      const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
      const lookup = guardedLookup((_, __, callback) => callback(null, found));
      lookup("agency.example", { all: all as true }, (error, address) => resolve({ error, address }));
    });

  test.each([
    [["169.254.169.254"]],
    [["10.0.0.7", "169.254.169.254"]],
    [["fe80::1"]],
    [["::ffff:169.254.169.254"]],
    [[]],
  ])("to %j is not connected to", async (addresses) => {
    expect((await look(addresses, true)).error).not.toBeNull();
    expect((await look(addresses, false)).error).not.toBeNull();
  });

  test("to an ordinary address is, in the form that was asked for", async () => {
    expect(await look(["10.0.0.7", "::1"], false)).toEqual({ error: null, address: "10.0.0.7" });
    expect((await look(["10.0.0.7", "::1"], true)).address).toHaveLength(2);
  });
});
