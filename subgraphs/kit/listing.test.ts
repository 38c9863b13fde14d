import { describe, expect, test } from "@jest/globals";
import { type Listing, listedSince, readListing, sinceQuery } from "./listing.ts";
import { SourceError } from "./source.ts";

const page = (over: Partial<Listing<number>>): Listing<number> => ({
  asOf: "2026-10-19T14:00:00Z",
  position: "p",
  more: false,
  complete: true,
  entries: [],
  ...over,
});

/** Gives these pages one after the other, and keeps from where it was asked. */
function listing(...pages: readonly Listing<number>[]) {
  const left = [...pages];
  const asked: (string | null)[] = [];
  const list = async (position: string | null) => {
    asked.push(position);
    return left.shift() ?? page({ position: "end" });
  };
  return { list, asked };
}

test("pages are read until there is no more, each from where the last one ended", async () => {
  const { list, asked } = listing(
    page({ position: "a", more: true, entries: [1, 2] }),
    page({ position: "b", more: true, entries: [3], asOf: "2026-10-19T14:00:01Z" }),
    page({ position: "c", entries: [4], asOf: "2026-10-19T14:00:02Z" }),
  );
  expect(await listedSince(list, "start")).toEqual(
    page({ position: "c", entries: [1, 2, 3, 4], asOf: "2026-10-19T14:00:02Z" }),
  );
  expect(asked).toEqual(["start", "a", "b"]);
});

test("what one page lacks the whole lacks", async () => {
  const { list } = listing(page({ position: "a", more: true, complete: false }), page({ position: "b", entries: [1] }));
  expect(await listedSince(list, "old")).toMatchObject({ complete: false, entries: [1], position: "b" });
});

test("a flood is left where it is, and where the system stands is asked for", async () => {
  const flood = page({ position: "a", more: true, entries: [1, 2, 3] });
  const { list, asked } = listing(flood, page({ position: "now" }));
  expect(await listedSince(list, "start", 2)).toEqual(page({ position: "now", complete: false }));
  expect(asked).toEqual(["start", null]);
});

test("a system that promises more and does not move on is not understood", async () => {
  const stuck = page({ position: "a", more: true });
  await expect(listedSince(listing(stuck, stuck).list, null)).rejects.toBeInstanceOf(SourceError);
});

describe("a page in JSON", () => {
  const form = {
    system: "SYS",
    asOf: "at",
    entries: "rows",
    isInstant: (text: string) => text.endsWith("Z"),
    entry: Number,
  };
  const good = { at: "14:00Z", rows: ["1", "2"], position: "p", more: false, complete: true };
  const read = (value: unknown) => readListing(form, Buffer.from(JSON.stringify(value)));

  test("is read under the system's own names", () => {
    expect(read(good)).toEqual({ asOf: "14:00Z", position: "p", more: false, complete: true, entries: [1, 2] });
  });

  test.each<[string, unknown]>([
    ["nothing", null],
    ["no clock", { ...good, at: undefined }],
    ["another clock", { ...good, at: "today" }],
    ["no position", { ...good, position: null }],
    ["an empty position", { ...good, position: "" }],
    ["a position without end", { ...good, position: "p".repeat(129) }],
    ["no list", { ...good, rows: {} }],
    ["more of what", { ...good, more: 1 }],
    ["perhaps complete", { ...good, complete: undefined }],
  ])("is none with %s", (_title, value) => expect(() => read(value)).toThrow(SourceError));
});

test("a position is asked from as it was given", () => {
  expect([sinceQuery(null), sinceQuery("a&b=c")]).toEqual(["", "?since=a%26b%3Dc"]);
});
